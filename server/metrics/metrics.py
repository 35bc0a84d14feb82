"""The program's metrics as one object: what it measures as it happens, what is read when it is asked, and the port."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path

from cryptography import x509
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

from server.host.ports import Journal
from server.host.registry import Registry
from server.metrics.journal import MeasuredJournal
from server.metrics.lag import watch_lag
from server.metrics.reading import Reading
from server.metrics.requests import Requests
from server.metrics.serving import serve
from server.realtime.gateway import Gateway
from signalling.plane import MediaPlane
from signalling.workers import Workers


class Metrics:
    """One for each program, with a registry of its own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # twice the lines, and no query that needs them
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        Info("talkingpiece_build", "The version that runs", registry=self.registry).info(
            {"version": version("talkingpiece")}
        )
        self.requests = Requests(self.registry)
        self._lost = Counter(
            "talkingpiece_media_workers_lost",
            "Processes for sound and pictures that ended or had to be ended, by how it was noticed",
            ["fate"],
            registry=self.registry,
        )
        for fate in ("died", "silent", "disobedient", "deaf"):
            self._lost.labels(fate)
        self._lag = Histogram(
            "talkingpiece_event_loop_lag_seconds",
            "How late the event loop wakes somebody up; looked at ten times a second",
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
            registry=self.registry,
        )

    def measured(self, journal: Journal) -> Journal:
        """The same journal, measured."""
        return MeasuredJournal(journal, self.registry)

    def certificate(self, file: Path) -> None:
        """The program serves https with the certificate in this PEM file, from now until it ends."""
        with contextlib.suppress(ValueError):  # OpenSSL, which serves it, is less strict: then there is no figure
            until = x509.load_pem_x509_certificates(file.read_bytes())[0].not_valid_after_utc
            Gauge(
                "talkingpiece_certificate_expiry_timestamp_seconds",
                "When the certificate runs out that the program itself serves",
                registry=self.registry,
            ).set(until.timestamp())

    def worker_lost(self, fate: str) -> None:
        self._lost.labels(fate).inc()

    @contextlib.asynccontextmanager
    async def served(
        self, host: str, port: int, token: str, *, rooms: Registry, gateway: Gateway, plane: MediaPlane | Workers
    ) -> AsyncIterator[int]:
        """Open to Prometheus inside the block, at the port that comes out; 0 takes a free one.

        Raises `MetricsPortTaken`.
        """
        self.registry.register(Reading(rooms, gateway, plane))
        watching = asyncio.create_task(watch_lag(self._lag))
        try:
            async with serve(self.registry, host, port, token) as taken:
                yield taken
        finally:
            watching.cancel()
