"""A stage for each test: a whole host over edges that can fail."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.host.fakes import Stage


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    stage.journal.down = False
    if stage.journal.hang is not None:
        stage.journal.hang.set()
    await stage.registry.close()
