"""Reading the figures as Prometheus does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.app import RunningApp


@dataclass(frozen=True)
class Scrape:
    text: str
    samples: list[Sample]

    def value(self, name: str, **labels: str) -> float:
        """Of the one sample with exactly these labels."""
        (found,) = [sample.value for sample in self.samples if sample.name == name and sample.labels == labels]
        return found

    def labels(self) -> set[tuple[str, str]]:
        return {pair for sample in self.samples for pair in sample.labels.items()}


def metrics_port(app: RunningApp) -> int:
    """As the program has logged it when it started last."""
    return int([line for line in app.log() if line["event"] == "metrics_open"][-1]["port"])


async def scrape(app: RunningApp, headers: Mapping[str, str] | None = None) -> Scrape:
    url = f"http://127.0.0.1:{metrics_port(app)}/metrics"
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/plain"
        text = await answer.text()
    return Scrape(text, [sample for family in text_string_to_metric_families(text) for sample in family.samples])
