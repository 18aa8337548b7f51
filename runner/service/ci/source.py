"""Where the CI part of a run comes from, and what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from runner.external.resolving import Library
from runner.pipeline.ci.model import CiReading
from runner.pipeline.sealed import Secure
from runner.secret import Secret

RUN_CI = "runCI"
"""The type of jobs that run the CI part of a checkout."""
Unseal: TypeAlias = Callable[[Secure], Mapping[str, Secret]]
"""Turns an encrypted text into the variables that it stands for. Raises SealedError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CiSource:
    """`directory` lies in the checkout in which the run was called, and `reading` is of its file; None: there is none.
    `cache` is where caches of projects are kept; `library` has what templates of repositories refer to; `parallel`
    items run at once."""

    directory: Path | None
    reading: CiReading | None
    cache: Path
    unseal: Unseal
    library: Library
    parallel: int = 4
    working_tree: bool = False
    least_coverage: float | None = None
