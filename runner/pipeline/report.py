"""Collects the problems of one reading."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from runner.pipeline.codes import Code
from runner.pipeline.ignores import Ignores
from runner.pipeline.problems import Place, Problem, Severity

if TYPE_CHECKING:
    from runner.pipeline.nodes import Node

_SHOWN = 10
"""How many names a note spells out."""


class Note(Enum):
    """What is said once about many jobs, not once for each: its code, the sentence before the names, whether each file
    gets its own, and whether it is true of a local run only."""

    CONTAINER = (Code.CONTAINER, "tasks run on this host, not in the container or image that is asked for by", True)
    NOTIFY = (Code.NOTIFICATIONS, "without 'integration' or 'method' (email, irc) nothing is sent to")
    IGNORED_HOOK = (Code.IGNORED_SCRIPT, "on_start and on_cancel take no scripts: those are ignored in")
    TIME = (
        Code.NO_CLOCK,
        "clocks do not tick in a local run, --job starts what they would start: the time resources",
        False,
        True,
    )
    WEBHOOK = (Code.NO_WEBHOOK, "nothing is received in a local run: the webhook resources", False, True)
    NODE_POOL = (Code.NODE_POOL, "every job runs on this host, whatever nodePool is named by", False, True)
    RUN_OPTIONS = (Code.CONTAINER, "no container is started, so runtime.options.options means nothing yet in")
    PULL = (Code.CONTAINER, "no image is pulled yet, as runtime.options.pull asks for in")
    IMAGE_TAG = (Code.MEANINGLESS_OPTION, "imageTag means nothing without imageName in")
    BUILD_STATUS = (Code.UNUSED_OPTION, "the status is not shown at the commit yet; showBuildStatus is asked for by")
    VOTE = (Code.UNUSED_OPTION, "nothing votes at Gerrit yet; vote is asked for by")
    FORCE = (Code.MEANINGLESS_OPTION, "nothing is deployed by a runSh job, so force means nothing in")
    DEPLOY_NAME = (Code.MEANINGLESS_OPTION, "nothing is deployed by a runSh job, so deployName means nothing in")
    PULL_INPUT = (Code.UNUSED_OPTION, "no input is pulled yet; pull is asked for by")

    def __init__(self, code: Code, sentence: str, per_file: bool = False, of_local_run: bool = False) -> None:
        self.code = code
        self.sentence = sentence
        self.per_file = per_file
        self.of_local_run = of_local_run


@dataclass(slots=True)
class _Noted:
    place: Place
    names: dict[str, None]


class Report:
    """Problems as they are found. The same sentence at the same place (a template used twice) counts once; a warning
    that its line asks to ignore does not."""

    def __init__(self, ignores: Ignores | None = None) -> None:
        self._ignores = ignores or Ignores()
        self._problems: dict[tuple[Place, str], Problem] = {}
        self._notes: dict[tuple[Note, str], _Noted] = {}

    def error(self, code: Code, place: Place, subject: str, message: str, hint: str = "") -> None:
        severity = Severity.ERROR
        self.add(Problem(code=code, place=place, severity=severity, message=message, subject=subject, hint=hint))

    def warn(self, code: Code, place: Place, subject: str, message: str, hint: str = "") -> None:
        if self._ignores.covers(code, place):
            return
        severity = Severity.WARNING
        self.add(Problem(code=code, place=place, severity=severity, message=message, subject=subject, hint=hint))

    def add(self, problem: Problem) -> None:
        self._problems.setdefault((problem.place, problem.message), problem)

    def knows(self, place: Place) -> bool:
        """Whether something was said about what stands there."""
        return any(known == place for known, _ in self._problems)

    def note(self, note: Note, place: Place, name: str) -> None:
        """Remember that this note concerns the job or resource `name`."""
        if self._ignores.covers(note.code, place):
            return
        noted = self._notes.setdefault((note, place.file if note.per_file else ""), _Noted(place, {}))
        noted.place = min(noted.place, place)
        noted.names.setdefault(name)

    def problems(self) -> tuple[Problem, ...]:
        """All of them, sorted by place."""
        notes = (
            Problem(
                code=note.code,
                place=noted.place,
                severity=Severity.WARNING,
                message=f"{note.sentence}: {_listed(noted.names)}",
                of_local_run=note.of_local_run,
            )
            for (note, _), noted in self._notes.items()
        )
        return tuple(sorted((*self._problems.values(), *notes), key=lambda problem: problem.place))


def _listed(names: dict[str, None]) -> str:
    shown = list(names)[:_SHOWN]
    return ", ".join(shown) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


@dataclass(frozen=True, slots=True)
class Spot:
    """A node with its path in the document (`jobs[0].steps`) and the report that hears about it."""

    node: Node
    path: str
    report: Report

    def at(self, node: Node, step: str) -> Spot:
        """What stands below: `step` is `.key` or `[index]`; a key at the top is its name alone."""
        return Spot(node, (self.path + step).removeprefix("."), self.report)

    def error(self, code: Code, message: str, hint: str = "") -> None:
        self.report.error(code, self.node.place, self.path, message, hint)

    def warn(self, code: Code, message: str, hint: str = "") -> None:
        self.report.warn(code, self.node.place, self.path, message, hint)
