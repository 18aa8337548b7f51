"""A close look at a pipeline that has been read: everything that a run can do without knowing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runner.diagnostics.bash import Finding, parse_all
from runner.diagnostics.misplaced import misplaced_options
from runner.diagnostics.naming import empty_outputs, unused_resources
from runner.diagnostics.scripts import Script, place_in, scripts
from runner.diagnostics.secure import secure_values, unopened
from runner.diagnostics.shellcheck import find_shellcheck, findings
from runner.diagnostics.sources import Sources
from runner.diagnostics.starting import unstarted_jobs
from runner.diagnostics.targets import apply_to
from runner.diagnostics.variables import missing_fields, unknown_variables
from runner.pipeline.codes import Code
from runner.pipeline.ignores import Ignore, Ignores, find_ignores
from runner.pipeline.model import Pipeline
from runner.pipeline.problems import Problem, Severity, nearest

if TYPE_CHECKING:
    from runner.integrations.model import Integration
    from runner.pipeline.ci.model import CiReading
    from runner.pipeline.model import ScriptItem
    from runner.pipeline.reader import SourceFile
    from runner.sealing.keyring import Keyring

_CODES = {code.value: code for code in Code}
_SHELLCHECK = "W9"
_OPEN = "the here-document is not ended in this entry: '{}' must stand alone on a line of it"
_COMPLETE = "each entry of a script is complete in itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What has been read, and with what: `problems`, the CI part with its own, and the comments that were `ignored` on
    the way. `keyring`: the private keys that are here, None: nothing is decrypted."""

    pipeline: Pipeline
    files: Sequence[SourceFile] = ()
    integrations: Mapping[str, Integration] = field(default_factory=dict)
    problems: Sequence[Problem] = ()
    ci: CiReading | None = None
    ignored: frozenset[Ignore] = frozenset()
    keyring: Keyring | None = None

    @property
    def refused(self) -> bool:
        return any(problem.severity is Severity.ERROR for problem in self.problems)

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        """Those of the CI part too."""
        return (*self.problems, *(self.ci.problems if self.ci else ()))


def diagnose(subject: Subject, platform: frozenset[str], *, shell: bool = True) -> tuple[Problem, ...]:
    """All problems, sorted by place: those of the reading and what a closer look finds. `platform` are the variables of
    every job; `shell`: scripts are parsed by bash, and looked at by shellcheck if there is one.

    Names are only compared where nothing was refused: what was not read cannot be named. Raises SetupError where bash
    or shellcheck fail.
    """
    sources = Sources(subject.files)
    ignores = Ignores()
    for name, text in sources.files:
        ignores.read(name, text)
    program = find_shellcheck() if shell else None
    found = dict.fromkeys(subject.all_problems)
    for problem in _closer(subject, sources, platform, shell=shell, program=program):
        if problem.severity.broken or not ignores.covers(problem.code, problem.place):
            found[problem] = None
    if not subject.refused:
        used = subject.ignored | ignores.used
        found.update(dict.fromkeys(_useless(sources, used, shellcheck=program is not None, shell=shell)))
    return tuple(sorted(found, key=lambda problem: problem.place))


def _closer(
    subject: Subject, sources: Sources, platform: frozenset[str], *, shell: bool, program: str | None
) -> Iterator[Problem]:
    pipeline = subject.pipeline
    if not subject.refused:
        yield from unused_resources(pipeline)
        yield from empty_outputs(pipeline)
        yield from apply_to(pipeline)
        yield from misplaced_options(pipeline)
        yield from unstarted_jobs(pipeline)
        yield from unknown_variables(pipeline, sources, platform)
        yield from missing_fields(pipeline, sources, subject.integrations)
    if subject.keyring is not None:
        part = subject.ci.part if subject.ci else None
        yield from unopened(secure_values(pipeline, part, subject.integrations), subject.keyring)
    if shell:
        yield from _shell(list(scripts(pipeline, subject.ci.part if subject.ci else None)), sources, program)


def _shell(found: Sequence[Script], sources: Sources, program: str | None) -> Iterator[Problem]:
    said = parse_all([item.text for script in found for item in script.items])
    for script in found:
        for item in script.items:
            if (finding := said.get(item.text)) is not None:
                yield _of_bash(script, item, finding, sources)
    if program is not None:
        whole = [script for script in found if not any(_refused(item, said) for item in script.items)]
        yield from findings(program, whole, sources)


def _refused(item: ScriptItem, said: Mapping[str, Finding]) -> bool:
    return item.text in said and not said[item.text].open_here_document


def _of_bash(script: Script, item: ScriptItem, finding: Finding, sources: Sources) -> Problem:
    opened = finding.open_here_document
    message = _OPEN.format(finding.message) if opened else f"bash cannot parse this: {finding.message}"
    return Problem(
        code=Code.OPEN_HERE_DOCUMENT if opened else Code.SCRIPT_SYNTAX,
        place=place_in(item, finding.line, finding.column(item.text), sources),
        severity=Severity.WARNING if opened else Severity.ERROR,
        message=f"{script.of}: {message}",
        hint=_COMPLETE if opened or "end of file" in finding.message or "EOF" in finding.message else "",
    )


def _useless(sources: Sources, used: Iterable[Ignore], *, shell: bool, shellcheck: bool) -> Iterator[Problem]:
    """Comments that ignore what cannot be ignored, or what is not there. What was not looked for may be there."""
    unseen = () if shellcheck else tuple(code for code in Code if code.startswith(_SHELLCHECK))
    unseen += () if shell else (Code.OPEN_HERE_DOCUMENT,)
    unseen += (Code.OTHER_KEY_PAIR,)  # it depends on who looks
    for name, text in sources.files:
        for ignore in find_ignores(name, text):
            wrong = _wrong(ignore)
            if wrong is not None:
                yield wrong
            elif ignore not in used and ignore.code not in unseen:
                message = f"there is no {ignore.code} to ignore in this line"
                yield _about(Code.USELESS_IGNORE, ignore, message, "take the comment away")


def _wrong(ignore: Ignore) -> Problem | None:
    if not ignore.code:
        return _about(Code.WRONG_IGNORE, ignore, "the comment names no code", "write: # runner: ignore[W204]")
    if ignore.code not in _CODES:
        return _about(Code.WRONG_IGNORE, ignore, f"there is no code '{ignore.code}'", nearest(ignore.code, _CODES))
    if not _CODES[ignore.code].ignorable:
        return _about(Code.WRONG_IGNORE, ignore, f"{ignore.code} is an error, and errors are not ignored", "")
    return None


def _about(code: Code, ignore: Ignore, message: str, hint: str) -> Problem:
    return Problem(code=code, place=ignore.place, severity=Severity.WARNING, message=message, hint=hint)
