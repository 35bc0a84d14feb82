"""Token buckets and ceilings, with time that passes on demand."""

from __future__ import annotations

from server.realtime.limits import Bucket, Ceilings, Rate, Sockets
from tests.host.fakes import FakeClock


async def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    clock = FakeClock()
    bucket = Bucket(Rate(5, 2), clock)
    assert [bucket.take() for _ in range(6)] == [True] * 5 + [False]
    await clock.pass_(seconds=0.49)
    assert not bucket.take()
    await clock.pass_(seconds=0.02)
    assert bucket.take()
    assert not bucket.take()


async def test_a_bucket_is_never_more_than_full() -> None:
    clock = FakeClock()
    bucket = Bucket(Rate(3, 10), clock)
    await clock.pass_(hours=1)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


async def test_asking_in_vain_costs_nothing() -> None:
    clock = FakeClock()
    bucket = Bucket(Rate(1, 1), clock)
    assert bucket.take()
    for _ in range(100):
        assert not bucket.take()
        await clock.pass_(seconds=0.005)
    await clock.pass_(seconds=0.51)
    assert bucket.take()


def test_sockets_are_counted_by_address_and_forgotten() -> None:
    sockets = Sockets(Ceilings(total=3, per_address=2))
    assert [sockets.enter("a"), sockets.enter("a"), sockets.enter("a")] == [True, True, False]
    assert sockets.enter("b")
    assert not sockets.enter("c"), "all together"
    sockets.leave("a")
    assert sockets.enter("c")
    sockets.leave("a")
    sockets.leave("b")
    sockets.leave("c")
    assert sockets.total == 0
    assert not sockets.by_address
