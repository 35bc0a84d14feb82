from __future__ import annotations

from tests.signalling.stage import BOTH, stage, until


async def test_a_voice_and_a_picture_arrive_as_planned() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        ana.speak()
        assert ana.high is not None
        ana.show(ana.high)
        s.plan({"ben": {"ana": BOTH}})
        await until(lambda: len(ben.of(0, "audio")) > 20 and len(ben.of(0, "video")) > 20)
        assert s.told.slots["ben"] == {0: "ana"}
        assert s.told.wants["ana"] == (True, True, True)
        assert not ana.rtp
