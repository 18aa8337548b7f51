"""Fixtures that every room's tests may use."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from tests.runner_command import Project

settings.register_profile("runner", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("runner")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)
