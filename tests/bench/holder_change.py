"""How long it takes until the new holder is heard: the media's part.

`media_half` measures from `set_plan`, which opens the gate, to the first packet of that voice on the listener's
socket, with real ICE, DTLS and SRTP on loopback and both people in this process.  A voice is a packet every 20 ms, so
the gate waits 10 ms on average for something to pass; `every` makes it talk faster, so that what is left is the
plane's own part.

    python -m tests.bench.holder_change
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Sequence

from signalling.profile import OPUS_SILENCE
from tests.signalling.client import Received
from tests.signalling.stage import SOUND, stage, until


async def media_half(rounds: int = 300, every: float = 0.001) -> list[float]:
    """Seconds from the call of `set_plan` to the first forwarded packet, once for each of `rounds` openings."""
    rng = random.Random(1)
    took: list[float] = []
    async with stage() as s:
        holder, listener = await s.join("holder"), await s.join("listener")
        heard: asyncio.Future[float] = asyncio.get_running_loop().create_future()

        def arrived(packet: Received) -> None:
            if packet.payload != OPUS_SILENCE and not heard.done():
                heard.set_result(packet.at)

        listener.on_rtp = arrived
        holder.speak(every=every)
        await until(lambda: s.plane.counters.received > 10)
        for _ in range(rounds):
            heard = asyncio.get_running_loop().create_future()
            start = time.monotonic()
            s.plan({"listener": {"holder": SOUND}})
            took.append(await heard - start)
            s.plan({})
            await asyncio.sleep(0.005 + rng.random() * 0.02)
    return took


def percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


async def main() -> None:
    for every in (0.001, 0.02):
        took = await media_half(every=every)
        p50, p99 = (1000 * percentile(took, p) for p in (50, 99))
        print(f"open to first packet, one each {1000 * every:.0f} ms: p50 {p50:.2f} ms, p99 {p99:.2f} ms")


if __name__ == "__main__":
    asyncio.run(main())
