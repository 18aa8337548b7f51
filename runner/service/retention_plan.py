"""What goes by the limits of retention, as people read it and as it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from runner.service.leftovers import Leftover


@dataclass(frozen=True, slots=True)
class GoingBuild:
    """`bytes` are those of its directory."""

    id: int
    job: str
    number: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What goes, or has gone. `files` are contents of saved files, `leftovers` directories and notes that belong to no
    build or run, `bytes` what all of it holds on the disk."""

    builds: tuple[GoingBuild, ...] = ()
    versions: int = 0
    files: int = 0
    runs: int = 0
    deliveries: int = 0
    leftovers: int = 0
    bytes: int = 0

    @property
    def nothing(self) -> bool:
        return self == Tally()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What goes. `sizes` are those of builds that were measured for it, to be recorded: the bytes of the directory, and
    of the files that it was the first to save."""

    tally: Tally
    versions: tuple[int, ...]
    file_sets: tuple[str, ...]
    runs: tuple[int, ...]
    leftovers: tuple[Leftover, ...]
    deliveries_before: datetime
    sizes: Mapping[int, tuple[int, int]]
