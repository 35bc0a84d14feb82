"""A running edge for each test."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.realtime.edge import Edge, running


@pytest.fixture
async def edge(tmp_path: Path) -> AsyncIterator[Edge]:
    async with running(tmp_path) as edge:
        yield edge


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What any library logs, from `warning` up."""
    loggers = [logging.getLogger(name) for name in ("server.realtime.library", "engineio.server", "socketio.server")]
    before = [(logger.level, logger.disabled) for logger in loggers]
    caplog.set_level(logging.WARNING)
    for logger in loggers:
        logger.disabled = False
    yield caplog
    for logger, (level, disabled) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.disabled = disabled
