"""What a pipeline is once it has been read: frozen, typed, complete. Nothing behind this border looks at YAML again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from runner.pipeline.ignores import Ignore
from runner.pipeline.problems import Place, Problem, Severity
from runner.pipeline.sealed import Secure

if TYPE_CHECKING:
    from runner.pipeline.ci.model import CiReading

Data: TypeAlias = "bool | int | float | str | tuple[Data, ...] | Mapping[str, Data] | None"
"""Plain content of a file. A scalar is a number only where printing it gives back its source text (`5`, `0.5`);
else it stays the text that was written (`0.10`, `022`, `off`, `22:22`). `true`/`false` are bool, `~`/`null` None."""


TaskEnv: TypeAlias = tuple[tuple[str, str] | Secure, ...]
"""Variables of a TASK in their order, a later one wins: sanitized names (case kept) with literal values, and encrypted
texts that stand for some."""


class DependencyMode(StrEnum):
    CHRONO = "chrono"
    STRICT = "strict"
    IMMEDIATE = "immediate"


class TriggerMode(StrEnum):
    SERIAL = "serial"
    PARALLEL = "parallel"


class Syntax(StrEnum):
    """The two generations in which a resource writes its content."""

    NEW = "versionTemplate"
    OLD = "pointer, seed, version"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Named:
    """A name written somewhere, with its place (an integration, a service)."""

    name: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class In:
    """An input. `written` is the step as the file has it (it goes into version.json as `step`)."""

    name: str
    place: Place
    switch: bool = True
    version_name: str | None = None
    version_number: int | None = None
    apply_to: Data = None
    force: bool = False
    deploy_name: str | None = None
    show_build_status: bool = False
    scopes: tuple[str, ...] = ()
    dependency_mode: DependencyMode | None = None
    trigger_on_success: bool = True
    trigger_on_failure: bool = False
    written: Mapping[str, Data] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Out:
    """An output. `written` is the step as the file has it."""

    name: str
    place: Place
    replicate: str | None = None
    replicate_on_pull_request: bool = True
    overwrite: bool = False
    on_failure: bool = False
    written: Mapping[str, Data] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScriptItem:
    """One entry of a script: it is evaluated as a whole in the shell of its TASK."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A TASK: its entries share one shell. `name` is `Task <index>` where the file gives none.

    `container` is what the file asks for (None: it says nothing); `image` as `name:tag` if one is named.
    """

    name: str
    place: Place
    script: tuple[ScriptItem, ...]
    env: TaskEnv = ()
    container: bool | None = None
    image: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """`- TASK: managed` of a managed job, with what stands beside it (`bump`, `deployMethod`)."""

    place: Place
    options: Mapping[str, Data] = field(default_factory=dict)


Step: TypeAlias = In | Out | Task | Managed


@dataclass(frozen=True, slots=True)
class Target:
    """A notification resource that is told of a job. `failing_snippet`: an e-mail quotes the failing command."""

    name: str
    place: Place
    failing_snippet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """What is done at one event: script entries (runSh and runCI only) and notification resources."""

    script: tuple[ScriptItem, ...] = ()
    notify: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    on_start: Hook = Hook()
    on_success: Hook = Hook()
    on_failure: Hook = Hook()
    on_cancel: Hook = Hook()
    always: Hook = Hook()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a build may use; None: as much as the host has. `memory`, `core`, `log` and `disk` are bytes, `pids` and
    `open_files` numbers, `cpu_weight` is 1..10000 beside the 100 of everything else. `saved_files` is how many bytes
    each set of files may hold that outlives it (None: the usual)."""

    memory: int | None = None
    pids: int | None = None
    cpu_weight: int | None = None
    open_files: int | None = None
    core: int | None = None
    log: int | None = None
    disk: int | None = None
    saved_files: int | None = None

    def given(self) -> Mapping[str, int]:
        """Only what is limited."""
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None}

    def within(self, host: Limits) -> Limits:
        """These limits on a host that has its own: the narrower one of each counts."""
        return Limits(**{f.name: _narrower(getattr(self, f.name), getattr(host, f.name)) for f in fields(self)})


def _narrower(first: int | None, second: int | None) -> int | None:
    return min((value for value in (first, second) if value is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """`runtime` of a job. `limit` is `timeoutMinutes`; `grace` is how long processes may take to end when they are
    asked to (None: the host's setting)."""

    limit: timedelta = timedelta(minutes=60)
    grace: timedelta | None = None
    limits: Limits = Limits()
    node_pool: str | None = None
    container: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job. `steps` keep the order of the file; `options` hold the keys of its type that the engine does not
    interpret itself (`bump`, `method`, `maxWaitTime` …)."""

    name: str
    type: str
    place: Place
    steps: tuple[Step, ...] = ()
    hooks: Hooks = Hooks()
    flags: tuple[str, ...] = ()
    dependency_mode: DependencyMode = DependencyMode.CHRONO
    trigger_mode: TriggerMode = TriggerMode.SERIAL
    priority: int = 9999
    allow_public_access: bool = False
    runtime: Runtime = Runtime()
    integrations: tuple[Named, ...] = ()
    options: Mapping[str, Data] = field(default_factory=dict)

    @property
    def ins(self) -> tuple[In, ...]:
        return tuple(s for s in self.steps if isinstance(s, In))

    @property
    def outs(self) -> tuple[Out, ...]:
        return tuple(s for s in self.steps if isinstance(s, Out))

    @property
    def tasks(self) -> tuple[Task, ...]:
        return tuple(s for s in self.steps if isinstance(s, Task))


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource. `yml` is the whole entry as written (it becomes `propertyBag.yml` of version.json); the first
    version's name and bag are derived from it: `pointer.*`, `version.*` and `versionTemplate.*` (without
    `versionName`) make the bag; `seed.versionName` or `versionTemplate.versionName` the name.
    `secure` are the encrypted texts of params, with their places."""

    name: str
    type: str
    place: Place
    syntax: Syntax = Syntax.NONE
    integration: Named | None = None
    flags: tuple[str, ...] = ()
    yml: Mapping[str, Data] = field(default_factory=dict)
    version_name: str | None = None
    property_bag: Mapping[str, Data] = field(default_factory=dict)
    secure: tuple[Secure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """All jobs and resources of all files, by name, in the order of the files. Names are unique over both."""

    jobs: Mapping[str, Job] = field(default_factory=dict)
    resources: Mapping[str, Resource] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What reading gave: the pipeline as far as it could be read, and every problem, sorted by place.

    Where a problem is an ERROR the pipeline must not be run. `inconsistent` names the jobs and resources that name
    something nothing defines. `ci` is the CI part with problems of its own, where a file has one. `ignored` are the
    comments that asked not to hear of a warning, and did not."""

    pipeline: Pipeline
    problems: tuple[Problem, ...] = ()
    ci: CiReading | None = None
    ignored: frozenset[Ignore] = frozenset()

    @property
    def refused(self) -> bool:
        return any(p.severity is Severity.ERROR for p in self.problems)

    @property
    def inconsistent(self) -> frozenset[str]:
        return frozenset(p.node for p in self.problems if p.severity is Severity.INCONSISTENT and p.node)
