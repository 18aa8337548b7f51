"""What a job gets, as anybody may see it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A variable as anybody may see it. `value` has `****` where something secret is, and is None where only a build
    will know it; `secret`: all of it is one."""

    name: str
    value: str | None
    source: str
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What a TASK of a job would start with (`task` None: the job has no TASK; `tasks` are all it has). `notes` are
    sentences about what is not so simple."""

    job: str
    task: str | None
    tasks: tuple[str, ...]
    variables: tuple[Shown, ...]
    notes: tuple[str, ...] = ()
