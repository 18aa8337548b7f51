"""Text in, pipeline and problems out. Pure: no file is touched here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

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
from runner.pipeline.report import Report, Spot
from runner.pipeline.sections import CI_FILES, OTHER_LANGUAGE, is_templates, sections_of
from runner.pipeline.source import Anchored, compose


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file. `name` as the user knows it; files of one `repository` share its shippable.templates.yml.
    `unread_templates` is another one that stands beside it and does not count. `in_root`: it stands in the root of its
    repository, where a CI part counts."""

    name: str
    text: str
    repository: str = ""
    unread_templates: str = ""
    in_root: bool = True

    @property
    def has_ci(self) -> bool:
        return self.in_root and PurePath(self.name).name in CI_FILES


def read(texts: Sequence[SourceFile], unread: Sequence[Problem] = ()) -> Reading:
    """Read all files as one pipeline. Never raises: whatever is wrong is a problem with its place. `unread` are the
    problems of files that could not be read."""
    ignores = Ignores()
    for file in texts:
        ignores.read(file.name, file.text)
    report, entries = Report(ignores), Entries()
    for problem in unread:
        report.add(problem)
    anchors = _templates([file for file in texts if is_templates(file.name)], report)
    whole = not unread
    ci: CiReading | None = None
    for file in texts:
        if not is_templates(file.name):
            read_whole, found = _file(file, anchors.get(file.repository, {}), report, entries, ignores)
            whole &= read_whole
            ci = ci or found
    pipeline = Pipeline(jobs=entries.jobs, resources=entries.resources)
    if whole and entries.whole:
        check_references(entries, report)
        check_managed(entries, report)
    check_ci_names(entries, report)
    check_variables(entries, report)
    check_own_integrations(pipeline, report)
    check_loops(pipeline, report)
    return Reading(pipeline=pipeline, problems=report.problems(), ci=ci, ignored=ignores.used)


def _templates(files: Sequence[SourceFile], report: Report) -> Mapping[str, Mapping[str, Anchored]]:
    """The anchors that each repository shares."""
    found: dict[str, dict[str, Anchored]] = {}
    for file in files:
        document = compose(file.name, file.text)
        for problem in document.problems:
            report.add(problem)
        found.setdefault(file.repository, {}).update(document.anchors)
        entry = document.root.find("externalReferences") if isinstance(document.root, MappingNode) else None
        if entry is not None:
            report.warn(
                Code.REFERENCES_NOT_FETCHED,
                entry.key.place,
                "",
                "externalReferences are not fetched yet: their anchors are not known",
            )
    return found


def _file(
    file: SourceFile, anchors: Mapping[str, Anchored], report: Report, entries: Entries, ignores: Ignores
) -> tuple[bool, CiReading | None]:
    """Read one file into the entries, and its CI part; false where it could not be composed, so that names may be
    missing."""
    document = compose(file.name, file.text, anchors, unread_templates=file.unread_templates)
    for problem in document.problems:
        report.add(problem)
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
