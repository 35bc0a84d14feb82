"""A fresh site for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.http import site as sites


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[sites.Site]:
    async with sites.running(tmp_path) as running:
        yield running
        print(running.log.getvalue())  # shown when the test fails
