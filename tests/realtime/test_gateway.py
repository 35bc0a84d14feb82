"""People's browsers at the edge, with real sockets: who they are, what they ask, what they are told."""

from __future__ import annotations

import asyncio
import json
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
import socketio

from server.realtime.limits import MEDIA
from tests.realtime.edge import FAY, OTT, SAM, VIC, Browser, Edge, raw_socket, running, until


async def refused(browser: Browser, **how: object) -> dict[str, object]:
    """What a browser is told that is not let in."""
    told: list[dict[str, object]] = []
    browser.client.on("connect_error", told.append)
    with pytest.raises(socketio.exceptions.ConnectionError):
        await browser.open(**how)  # type: ignore[arg-type]  # passed through
    return told[-1]


async def test_a_whole_way_into_the_circle(edge: Edge) -> None:
    fay, vic, ott = await edge.begun(VIC, OTT)
    await vic.must("set_microphone", on=True)
    await until(lambda: edge.plane.hears(OTT, VIC))
    await ott.seen(lambda view: any(seat["id"] == VIC and seat["speaking"] for seat in view["here"]))
    assert {seat["id"] for seat in vic.view["here"]} == {FAY, VIC, OTT}
    assert fay.view["console"] is not None
    assert vic.view["console"] is None


async def test_the_ack_comes_after_the_view_that_it_speaks_of(edge: Edge) -> None:
    fay = await edge.arrive(FAY)
    answer = await fay.give("open_doors")
    assert answer == {"ok": True, "rev": fay.of("view")[-1]["rev"]}
    assert fay.view["phase"] == "doors_open"


async def test_a_refusal_has_a_code_a_detail_and_a_sentence(edge: Edge) -> None:
    fay = await edge.arrive(FAY)
    answer = await fay.give("begin")
    assert answer["kind"] == "refused"
    assert answer["code"] == "wrong_phase"
    assert answer["detail"] == {"phase": "scheduled"}
    assert answer["say"].endswith(".")


async def test_right_after_connecting_the_browser_learns_of_its_media(edge: Edge) -> None:
    fay = await edge.arrive(FAY)
    await until(lambda: fay.of("media"))
    assert fay.of("media") == [{"kind": "state", "generation": None}]
    await edge.join_media(fay)
    generation = fay.of("media")[-1]["generation"]
    await fay.close()
    again = await edge.arrive(FAY, fay.token)
    await until(lambda: again.of("media"))
    assert again.of("media")[0] == {"kind": "state", "generation": generation}


async def test_media_are_not_for_somebody_who_has_not_answered_at_the_door(edge: Edge) -> None:
    fay = await edge.arrive(FAY)
    await fay.must("open_doors")
    vic = await edge.arrive(VIC)
    answer = await vic.ask("media", {"kind": "join"})
    assert (answer["kind"], answer["code"]) == ("refused", "no_media_now")


async def test_an_answer_to_an_older_offer_is_refused(edge: Edge) -> None:
    fay = await edge.arrive(FAY)
    answer = await fay.ask("media", {"kind": "answer", "generation": "g0", "sdp": "v=0"})
    assert (answer["kind"], answer["code"]) == ("refused", "stale_generation")


# ---- who somebody is -----------------------------------------------------------------------------------------


async def test_no_cookie_no_entry(edge: Edge) -> None:
    told = await refused(await edge.browser(VIC), cookie="")
    assert told["message"] == "session_ended"
    assert str(told["data"]["say"]).endswith(".")  # type: ignore[index]  # it is JSON


async def test_another_persons_cookie_does_not_open(edge: Edge) -> None:
    token = await edge.session(OTT)
    told = await refused(await edge.browser(VIC), cookie=f"tp_{VIC}={token}; tp_{OTT}={token}")
    assert told["message"] == "session_ended"


async def test_without_saying_who_nobody_comes_in(edge: Edge) -> None:
    for auth in ({"person": 5}, {"person": "vic", "role": "facilitator"}, {}):
        told = await refused(await edge.browser(VIC), auth=auth or {"x": 1})
        assert told["message"] in ("missing_field", "unknown_field", "wrong_value")


async def test_a_session_that_was_ended_does_not_open(edge: Edge) -> None:
    browser = await edge.browser(VIC)
    await edge.sessions.close(browser.token)
    assert (await refused(browser))["message"] == "session_ended"


async def test_ending_a_session_closes_its_line_with_a_word(edge: Edge) -> None:
    vic = await edge.arrive(VIC)
    edge.gateway.end_sessions(VIC)
    await until(lambda: not vic.client.connected)
    assert vic.of("bye") == [{"reason": "session_ended"}]


async def test_a_session_that_runs_out_closes_its_line_with_a_word(edge: Edge) -> None:
    token = await edge.session(VIC, timedelta(seconds=1.5))
    vic = await edge.arrive(VIC, token)
    await until(lambda: not vic.client.connected)
    assert vic.of("bye") == [{"reason": "session_ended"}]
    assert (await refused(await edge.browser(VIC, token)))["message"] == "session_ended"


async def test_a_command_in_the_name_of_another_is_malformed(edge: Edge) -> None:
    fay = await edge.arrive(FAY)
    vic = await edge.arrive(VIC)
    answer = await vic.give("open_doors", actor=FAY)
    assert (answer["kind"], answer["code"]) == ("malformed", "unknown_field")
    answer = await vic.give("open_doors")
    assert (answer["kind"], answer["code"]) == ("refused", "not_your_role")
    assert fay.view["phase"] == "scheduled"


# ---- coming back ---------------------------------------------------------------------------------------------


async def test_a_second_device_takes_over_and_the_first_is_told(edge: Edge) -> None:
    fay, vic = await edge.begun(VIC)
    tablet = await edge.arrive(VIC)
    await until(lambda: not vic.client.connected)
    assert vic.of("bye") == [{"reason": "elsewhere"}]
    assert tablet.view["me"]["door"] == "arriving"
    await fay.seen(lambda view: next(r for r in view["console"]["people"] if r["id"] == VIC)["door"] == "arriving")


async def test_what_the_first_device_says_after_the_takeover_does_not_count(edge: Edge) -> None:
    fay = await edge.arrive(FAY)
    await fay.must("open_doors")
    async with raw_socket(edge, token=await edge.session(VIC)) as raw:
        await raw.connect(VIC)
        tablet = await edge.arrive(VIC)
        while "elsewhere" not in await raw.hear():
            pass
        command = {"id": str(uuid.uuid4()), "type": "withdraw_consent"}
        await raw.say("427" + json.dumps(["command", command]))
        assert not any(packet.startswith("437") for packet in await raw.everything())
    assert (await tablet.give("enter_now"))["kind"] == "refused"
    assert tablet.view["me"]["door"] == "arriving"


async def test_the_same_device_comes_back_to_its_place(edge: Edge) -> None:
    _, vic = await edge.begun(VIC)
    await vic.close()
    again = await edge.arrive(VIC, vic.token)
    assert again.view["me"]["in_circle"]


async def test_a_resend_after_a_reconnect_is_answered_and_not_repeated(edge: Edge) -> None:
    fay, vic = await edge.begun(VIC)
    id_ = str(uuid.uuid4())
    assert (await vic.give("send_signal", id_, signal="need_a_moment"))["ok"]
    await fay.must("clear_signal", person=VIC)
    await vic.close()
    again = await edge.arrive(VIC, vic.token)
    assert (await again.give("send_signal", id_, signal="need_a_moment"))["ok"]
    assert again.view["me"]["signal"] is None


async def test_everything_is_as_it_was_after_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as edge:
        _, vic, ott = await edge.begun(VIC, OTT)
        tokens = {browser.person: browser.token for browser in edge.browsers}
        seen = vic.view["here"]
        edge.browsers.clear()  # nobody says goodbye
    async with running(tmp_path) as edge:
        fay, vic, ott = [await edge.arrive(person, tokens[person]) for person in (FAY, VIC, OTT)]
        assert fay.view["phase"] == "under_way"
        assert {seat["id"] for seat in ott.view["here"]} == {FAY, OTT}, "nobody guards yet"
        await edge.join_media(fay)
        await ott.seen(lambda view: {seat["id"] for seat in view["here"]} == {seat["id"] for seat in seen})
        await edge.join_media(vic)
        await edge.join_media(ott)
        await vic.must("set_microphone", on=True)
        await until(lambda: edge.plane.hears(OTT, VIC))


# ---- messages ------------------------------------------------------------------------------------------------


async def test_a_message_goes_to_the_facilitators_and_to_nobody_else(edge: Edge) -> None:
    fay, vic, ott = await edge.begun(VIC, OTT)
    assert (await vic.give("send_message", text="  Could we\x00 slow down?\ud800 "))["ok"]
    await until(lambda: vic.of("message"))
    heard = fay.of("message")[0]
    assert heard["text"] == "Could we slow down?"
    assert (heard["from"], heard["label"], heard["to"], heard["mine"]) == (VIC, "Vic", None, False)
    assert vic.of("message")[0] == {**heard, "mine": True}
    assert ott.of("message") == []


async def test_a_browser_that_asks_whether_its_line_stands_is_answered(edge: Edge) -> None:
    vic = await edge.arrive(VIC)
    for _ in range(20):
        assert await vic.ask("there", {}) == {"ok": True}


async def test_a_message_that_no_browser_shows_is_not_delivered(edge: Edge) -> None:
    fay, vic = await edge.begun(VIC)
    fay.receives = False
    answer = await vic.give("send_message", text="Is anybody there?")
    assert (answer["kind"], answer["code"]) == ("refused", "not_delivered")
    assert vic.of("message") == []


async def test_waiting_for_a_message_holds_up_nothing_else(edge: Edge) -> None:
    fay, vic = await edge.begun(VIC)
    fay.receives = False
    message = asyncio.create_task(vic.give("send_message", text="Is anybody there?"))
    await until(lambda: fay.of("message"))
    await vic.must("pause")
    assert not message.done()
    await message


# ---- order and rates -----------------------------------------------------------------------------------------


async def test_a_burst_keeps_its_order(edge: Edge) -> None:
    fay = await edge.arrive(FAY)
    await edge.join_media(fay)
    answers: list[int] = []
    for n in range(20):
        body = {"id": str(uuid.uuid4()), "type": "set_camera", "on": n % 2 == 0}
        await fay.client.emit("command", body, callback=lambda _, n=n: answers.append(n))
    await until(lambda: len(answers) == 20)
    assert answers == list(range(20))
    revs = [body["rev"] for body in fay.of("view")]
    assert revs == sorted(set(revs))
    cameras = [body["view"]["me"]["camera"] for body in fay.of("view")]
    assert cameras[-4:] == [True, False, True, False]


async def test_too_many_commands_are_told_to_slow_down_but_a_stop_is_heard(edge: Edge) -> None:
    _, vic = await edge.begun(VIC)
    burst = [vic.give("set_camera", on=n % 2 == 0) for n in range(40)]
    *answers, pause = await asyncio.gather(*burst, vic.give("pause"))
    codes = [answer.get("code") for answer in answers]
    assert codes.count("slow_down") >= 10
    assert codes[-1] == "slow_down"
    assert pause["ok"]


async def test_who_does_not_slow_down_is_disconnected(edge: Edge) -> None:
    vic = await edge.arrive(VIC)
    for _ in range(90):
        await vic.client.emit("command", {"id": str(uuid.uuid4()), "type": "set_camera", "on": True})
    await until(lambda: not vic.client.connected)
    assert vic.of("bye") == [{"reason": "slow_down"}]


async def test_who_asks_for_ever_new_media_connections_is_told_to_slow_down(edge: Edge) -> None:
    _, vic = await edge.begun(VIC)
    answers = await asyncio.gather(*[vic.ask("media", {"kind": "join"}) for _ in range(30)])
    assert sum(answer["ok"] for answer in answers) <= MEDIA.burst + 1
    assert {answer["code"] for answer in answers if not answer["ok"]} == {"slow_down"}
    assert answers[0]["ok"]


async def test_three_malformed_commands_close_the_line_and_two_do_not(edge: Edge) -> None:
    vic = await edge.arrive(VIC)
    for _ in range(2):
        assert (await vic.ask("command", {"type": "pause"}))["code"] == "missing_field"
    assert (await vic.give("set_camera", on=True))["kind"] == "refused"
    await vic.client.emit("command", {"type": "pause"})
    await until(lambda: not vic.client.connected)
    assert vic.of("bye") == [{"reason": "malformed"}]


async def test_a_long_or_empty_text_is_a_slip_and_not_an_attack(edge: Edge) -> None:
    vic = await edge.arrive(VIC)
    for text in ("", "x" * 2001, " \n", "y" * 50_000):
        answer = await vic.give("send_message", text=text)
        assert answer["code"] in ("text_empty", "text_too_long")
    assert vic.client.connected


async def test_a_supporter_sees_nothing_of_the_circle_while_waiting(edge: Edge) -> None:
    fay = await edge.arrive(FAY)
    await edge.join_media(fay)
    await fay.must("open_doors")
    sam = await edge.arrive(SAM)
    await sam.must("answer_door", willing="yes")
    told = len(sam.told)
    ott = await edge.arrive(OTT)
    await ott.must("answer_door", willing="not_sure")
    await ott.must("send_signal", signal="not_safe")
    await fay.must("set_mode", mode="chaired")
    await ott.close()
    await fay.seen(lambda view: not next(r for r in view["console"]["people"] if r["id"] == OTT)["connected"])
    assert sam.told[told:] == []
