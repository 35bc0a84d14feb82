"""What the program knows anyway, read when Prometheus asks: nothing is counted twice, and nothing on the hot path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from prometheus_client import Metric, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from server.host.registry import Registry
from server.realtime.gateway import Gateway
from server.room.state import Phase
from server.room.view import Line
from signalling.plane import MediaPlane
from signalling.workers import Workers

_DROPPED: Final = ("strange", "undeclared", "unauthentic", "malformed", "repeated", "probes", "excess")
"""Fields of `signalling.counters.Counters`, which says what each of them means."""


class Reading(Collector):
    def __init__(self, rooms: Registry, gateway: Gateway, plane: MediaPlane | Workers) -> None:
        self._rooms, self._gateway, self._plane = rooms, gateway, plane

    def collect(self) -> Iterator[Metric]:
        yield from self._meetings()
        yield from self._lines()
        yield from self._media()
        yield from self._workers()

    def _meetings(self) -> Iterator[Metric]:
        census = self._rooms.census()
        phases = Counter(room.phase for room in census)
        yield _gauges(
            "talkingpiece_meetings",
            "Meetings that are live in this process, by phase",
            "phase",
            {phase.value: phases[phase] for phase in Phase},
        )
        yield GaugeMetricFamily(
            "talkingpiece_meetings_stalled",
            "Live meetings that can record nothing now, and therefore stand still",
            sum(room.stalled for room in census),
        )
        yield GaugeMetricFamily(
            "talkingpiece_people_connected", "People with a live line", sum(room.people for room in census)
        )
        lines = Counter(line for room in census for line in room.lines)
        yield _gauges(
            "talkingpiece_people_media",
            "People with sound and picture, by how good their line is",
            "line",
            {line.value: lines[line] for line in Line},
        )

    def _lines(self) -> Iterator[Metric]:
        sockets = self._gateway.sockets
        yield GaugeMetricFamily("talkingpiece_sockets_open", "Live sockets, of whomever", sockets.total)
        yield GaugeMetricFamily(
            "talkingpiece_sockets_limit",
            "How many may be open at once; one more is turned away",
            sockets.ceilings.total,
        )
        yield _counters(
            "talkingpiece_commands",
            "Commands that people gave, by what became of them",
            "outcome",
            self._gateway.outcomes.counts,
        )

    def _media(self) -> Iterator[Metric]:
        counts = self._plane.counters
        yield CounterMetricFamily(
            "talkingpiece_media_packets_received", "Authentic packets of sound and pictures", counts.received
        )
        yield CounterMetricFamily(
            "talkingpiece_media_packets_forwarded", "Copies that were sent on to somebody", counts.forwarded
        )
        yield _counters(
            "talkingpiece_media_packets_dropped",
            "Datagrams that went nowhere, by reason",
            "reason",
            {reason: getattr(counts, reason) for reason in _DROPPED},
        )
        yield CounterMetricFamily(
            "talkingpiece_media_packets_unsent", "Copies that the full socket did not take", counts.unsent
        )
        yield CounterMetricFamily(
            "talkingpiece_media_stalls",
            "Times that sound and pictures stood still for more than a quarter of a second by our own fault",
            counts.stalls,
        )

    def _workers(self) -> Iterator[Metric]:
        homes = self._plane.homes if isinstance(self._plane, Workers) else ()
        ready = sum(home.ready for home in homes)
        yield _gauges(
            "talkingpiece_media_workers",
            "Processes for sound and pictures; none where the program carries them itself",
            "state",
            {"ready": ready, "starting": len(homes) - ready},
        )
        cpu = CounterMetricFamily(
            "talkingpiece_media_worker_cpu_seconds", "CPU time of the process that lives there now", labels=["worker"]
        )
        for number, home in enumerate(homes):
            if home.pid is not None:
                cpu.add_metric([str(number)], _cpu_seconds(home.pid))
        yield cpu


def _cpu_seconds(pid: int) -> float:
    families = ProcessCollector(pid=lambda: pid, registry=None).collect()
    return sum(s.value for family in families for s in family.samples if s.name == "process_cpu_seconds_total")


def _gauges(name: str, text: str, label: str, values: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family


def _counters(name: str, text: str, label: str, values: dict[str, int]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family
