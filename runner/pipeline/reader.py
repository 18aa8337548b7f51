"""Text in, pipeline and problems out. Pure: no file is touched here."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from runner.pipeline.checks import check_loops, check_own_integrations, check_references, check_variables
from runner.pipeline.ci.keys import CI_KEYS
from runner.pipeline.ci.model import CiReading
from runner.pipeline.ci.reader import read_ci
from runner.pipeline.codes import Code
from runner.pipeline.entries import Entries, Section, read_section
from runner.pipeline.ignores import Ignores
from runner.pipeline.managed import check_ci_names, check_managed
from runner.pipeline.model import Pipeline, Reading
from runner.pipeline.nodes import Entry, MappingNode, SequenceNode, Unresolved, is_null, kind_of
from runner.pipeline.problems import Problem, nearest, slip
from runner.pipeline.references import KEY, read_references
from runner.pipeline.report import Report, Spot
from runner.pipeline.sections import (
    CI_FILES,
    OTHER_LANGUAGE,
    base_name,
    holds_anchors_only,
    is_reference,
    is_templates,
    sections_of,
)
from runner.pipeline.source import Anchored, compose


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file. `name` as the user knows it, or the address of an external reference; files of one `repository` share
    its shippable.templates.yml and what that refers to.
    `unread_templates` is another one that stands beside it and does not count. `in_root`: it stands in the root of its
    repository, where a CI part counts."""

    name: str
    text: str
    repository: str = ""
    unread_templates: str = ""
    in_root: bool = True

    @property
    def has_ci(self) -> bool:
        return self.in_root and base_name(self.name) in CI_FILES


@dataclass(slots=True)
class _Shared:
    """The anchors that the files of one repository share; `incomplete` where there are more than could be read."""

    anchors: dict[str, Anchored] = field(default_factory=dict)
    incomplete: bool = False


def read(texts: Sequence[SourceFile], unread: Sequence[Problem] = ()) -> Reading:
    """Read all files as one pipeline. Never raises: whatever is wrong is a problem with its place. `unread` are the
    problems of files that could not be read."""
    with _collector_paused():
        return _read(texts, unread)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """A reading makes many objects and no cycles: looking for some again and again would take longer the more there
    are, so that the time for one job would grow with their number."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _read(texts: Sequence[SourceFile], unread: Sequence[Problem]) -> Reading:
    ignores = Ignores()
    for file in texts:
        ignores.read(file.name, file.text)
    report, entries = Report(ignores), Entries()
    _add(unread, report)
    shared = _templates(texts, report)
    whole = not any(problem.severity.broken for problem in unread)
    parts: list[tuple[SourceFile, CiReading]] = []
    for file in texts:
        if not holds_anchors_only(file.name):
            read_whole, part = _file(file, shared.get(file.repository, _Shared()), report, entries, ignores)
            whole &= read_whole
            parts += [(file, part)] if part is not None else []
    pipeline = Pipeline(jobs=entries.jobs, resources=entries.resources)
    if whole and entries.whole:
        check_references(entries, report)
        check_managed(entries, report)
    check_ci_names(entries, report)
    check_variables(entries, report)
    check_own_integrations(pipeline, report)
    check_loops(pipeline, report)
    ci = _counting(parts, report)
    return Reading(pipeline=pipeline, problems=report.problems(), ci=ci, ignored=ignores.used)


def _counting(parts: Sequence[tuple[SourceFile, CiReading]], report: Report) -> CiReading | None:
    """The CI part that counts: of the first repository that has one, in the order of `CI_FILES`."""
    of_first = [(file, part) for file, part in parts if file.repository == parts[0][0].repository]
    of_first.sort(key=lambda found: CI_FILES.index(base_name(found[0].name)))
    for _, part in of_first[1:]:
        counts = of_first[0][0].name
        report.warn(Code.CI_NOT_COUNTED, part.part.place, "", f"this CI part does not count: that of {counts} does")
    return of_first[0][1] if of_first else None


def _templates(texts: Sequence[SourceFile], report: Report) -> Mapping[str, _Shared]:
    """The anchors that each repository shares."""
    fetched = {(file.repository, file.name): file for file in texts if is_reference(file.name)}
    found: dict[str, _Shared] = {}
    for file in texts:
        if is_templates(file.name):
            shared = found.setdefault(file.repository, _Shared())
            if KEY in file.text:
                _references(file, fetched, shared, report)
            _anchors(file, shared, report)
    return found


def _references(
    file: SourceFile, fetched: Mapping[tuple[str, str], SourceFile], shared: _Shared, report: Report
) -> None:
    """The anchors of what a templates file refers to, which come before its own, in the order of the list."""
    wrong = Report()
    references = read_references(compose(file.name, file.text, incomplete=True).root, wrong)
    _add(wrong.problems(), report)
    shared.incomplete |= bool(wrong.problems())
    for reference in references:
        text = fetched.get((file.repository, reference.name))
        if text is not None:
            _anchors(text, shared, report)
            continue
        shared.incomplete = True
        if not report.knows(reference.place):
            report.warn(
                Code.REFERENCES_NOT_FETCHED,
                reference.place,
                reference.subject,
                "is not fetched here, so that its anchors are not known",
            )


def _anchors(file: SourceFile, shared: _Shared, report: Report) -> None:
    document = compose(file.name, file.text, shared.anchors, incomplete=shared.incomplete)
    _add(document.problems, report)
    shared.anchors.update(document.anchors)
    shared.incomplete |= document.root is None and bool(document.problems)


def _add(problems: Iterable[Problem], report: Report) -> None:
    for problem in problems:
        report.add(problem)


def _file(
    file: SourceFile, shared: _Shared, report: Report, entries: Entries, ignores: Ignores
) -> tuple[bool, CiReading | None]:
    """Read one file into the entries, and its CI part; false where it could not be composed, so that names may be
    missing."""
    document = compose(
        file.name,
        file.text,
        shared.anchors,
        unread_templates=file.unread_templates,
        incomplete=shared.incomplete,
    )
    _add(document.problems, report)
    root = document.root
    if root is None:
        return not document.problems, None
    if isinstance(root, MappingNode):
        others = _top(Spot(root, "", report), root, file, entries)
        return True, read_ci(root, others, ignores) if file.has_ci else None
    if not is_null(root) and not isinstance(root, Unresolved):
        _no_mapping(Spot(root, "", report), file)
    return True, None


def _no_mapping(spot: Spot, file: SourceFile) -> None:
    of_entries = isinstance(spot.node, SequenceNode) and isinstance(next(iter(spot.node.items), None), MappingNode)
    spot.error(
        Code.NOT_A_PIPELINE,
        f"a file is a mapping with {', '.join(Section)}, not {kind_of(spot.node)}",
        f"put '{_section_of(file)}:' above the list" if of_entries else "",
    )


def _section_of(file: SourceFile) -> str:
    """What a list without a name is meant to be in a file of this name."""
    counted = sections_of(file.name)
    return Section.TRIGGERS if counted != set(Section) and Section.TRIGGERS in counted else min(counted)


def _top(spot: Spot, root: MappingNode, file: SourceFile, entries: Entries) -> list[Entry]:
    """The sections that count here; a word about everything else that looks as if it should count. Gives what nothing
    knows."""
    counted = sections_of(file.name)
    ci_told = file.has_ci
    unknown: list[Entry] = []
    for entry in root.entries:
        name, below = entry.key.text, spot.at(entry.key, entry.key.text)
        if name in counted:
            read_section(spot.at(entry.value, name), Section(name), entries)
        elif name in set(Section):
            below.warn(
                Code.SECTION_NOT_COUNTED,
                f"'{name}' does not count in a file of this name",
                "name the file shippable.yml",
            )
        elif name in CI_KEYS:
            if not ci_told:
                below.warn(Code.CI_NOT_COUNTED, "a CI part counts in shippable.yml in the root of a repository only")
            ci_told = True
        elif name == OTHER_LANGUAGE:
            below.warn(Code.OTHER_LANGUAGE, "this is written for JFrog Pipelines, which is another language")
        elif meant := slip(name, Section):
            below.error(Code.MISSPELT_SECTION, f"'{name}' is not a section of the file", f"did you mean '{meant}'?")
            entries.whole = False
        else:
            unknown.append(entry)
            if hint := nearest(name, Section):
                below.warn(Code.UNKNOWN_SECTION, f"'{name}' is not a section of the file", hint)
    return unknown
