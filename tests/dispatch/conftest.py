"""A queue in a directory of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runner.dispatch.local import Local
from tests.dispatch.implementations import local


@pytest.fixture
async def dispatch(tmp_path: Path) -> AsyncIterator[Local]:
    async with local(str(tmp_path)) as opened:
        yield opened
