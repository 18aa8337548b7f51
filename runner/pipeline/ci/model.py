"""What the CI part of a file is once it has been read: frozen, typed, complete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from runner.pipeline.model import Data, Named, ScriptItem
from runner.pipeline.problems import Place, Problem, Severity
from runner.pipeline.sealed import Secure


@dataclass(frozen=True, slots=True)
class Assignment:
    """`NAME=word`: the word is evaluated by the shell (`$HOME/x`, `"$(cat VERSION)"`)."""

    name: str
    word: str

    def __str__(self) -> str:
        return f"{self.name}={self.word}"


@dataclass(frozen=True, slots=True)
class EnvItem:
    """One item of a list of variables: what it sets, in order."""

    parts: tuple[Assignment | Secure, ...] = ()

    def __str__(self) -> str:
        return " ".join(str(part) for part in self.parts)

    def same(self, other: EnvItem) -> bool:
        """Whether both say the same; where an encrypted text stands does not matter."""
        return _plain(self) == _plain(other)


def _plain(item: EnvItem) -> tuple[Assignment | str, ...]:
    return tuple(part.text if isinstance(part, Secure) else part for part in item.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Env:
    """`env`: what every item of the matrix gets, and the axis."""

    shared: tuple[EnvItem, ...] = ()
    axis: tuple[EnvItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Axis:
    """A key with several versions, as they are written (`0.10` keeps its zero)."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """An entry of `matrix`: the versions (and gemfile) by their keys, and what else it names."""

    place: Place
    versions: tuple[tuple[str, str], ...] = ()
    env: EnvItem | None = None
    pool: str | None = None

    @property
    def says_something(self) -> bool:
        return bool(self.versions) or self.env is not None or self.pool is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    include: tuple[Combination, ...] = ()
    exclude: tuple[Combination, ...] = ()
    allow_failures: tuple[Combination, ...] = ()


Commands: TypeAlias = tuple[ScriptItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """`build`. None: the key is not there, so that a pool's own `build` leaves it as it is. `boot_env` is all that is
    used of `pre_ci_boot`; `cache_dirs` are paths as they are written."""

    pre_ci: Commands | None = None
    ci: Commands | None = None
    post_ci: Commands | None = None
    on_success: Commands | None = None
    on_failure: Commands | None = None
    always: Commands | None = None
    boot_env: tuple[EnvItem, ...] | None = None
    cache: bool | None = None
    cache_dirs: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """An entry of `runtime`; its `build` takes the place of the file's, key by key."""

    name: str | None = None
    build: Sections | None = None


@dataclass(frozen=True, slots=True)
class Branches:
    """`branches`: names with `*`. An empty `only` lets every name pass."""

    only: tuple[str, ...] = ()
    excepted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CiIntegration:
    """An entry of `integrations`. `kind` is hub, key, generic or deploy; `settings` everything else."""

    kind: str
    name: Named | None
    type: str | None
    settings: Mapping[str, Data] = field(default_factory=dict)


class When(StrEnum):
    """Whether something is told; `change`: only if the build before ended otherwise."""

    ALWAYS = "always"
    CHANGE = "change"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class CiNotification:
    """An entry of `integrations.notifications`."""

    name: Named | None
    type: str | None
    recipients: tuple[str, ...] = ()
    branches: Branches = Branches()
    on_start: When = When.NEVER
    on_success: When = When.CHANGE
    on_failure: When = When.ALWAYS
    on_cancel: When = When.ALWAYS
    on_pull_request: When = When.ALWAYS
    failing_snippet: bool = False
    payload: Data = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CiPart:
    """The CI part of a file. `place` is where it begins; `git_config` are settings as they are written."""

    place: Place
    language: str = "none"
    axes: tuple[Axis, ...] = ()
    bundler_args: str | None = None
    env: Env = Env()
    matrix: Matrix = Matrix()
    pools: tuple[Pool, ...] = ()
    branches: Branches = Branches()
    services: tuple[Named, ...] = ()
    depth: int | None = None
    git_config: tuple[str, ...] = ()
    submodules: bool = True
    build: Sections = Sections()
    integrations: tuple[CiIntegration, ...] = ()
    notifications: tuple[CiNotification, ...] = ()
    vote: Data = None

    @property
    def env_items(self) -> Iterator[EnvItem]:
        """Every item of every list of variables."""
        yield from (*self.env.shared, *self.env.axis)
        yield from (each.env for each in self.matrix.include if each.env is not None)
        for build in (self.build, *(pool.build for pool in self.pools if pool.build is not None)):
            yield from build.boot_env or ()


@dataclass(frozen=True, slots=True)
class CiReading:
    """What reading a CI part gave. The jobs and resources of the same file are read, and run, without it."""

    part: CiPart
    problems: tuple[Problem, ...] = ()

    @property
    def refused(self) -> bool:
        return any(problem.severity is Severity.ERROR for problem in self.problems)
