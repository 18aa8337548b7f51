"""Text in, pipeline and problems out. Pure: no file is touched here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runner.pipeline.checks import check_loops, check_references, check_variables
from runner.pipeline.codes import Code
from runner.pipeline.entries import Entries, Section, read_section
from runner.pipeline.ignores import Ignores
from runner.pipeline.model import Pipeline, Reading
from runner.pipeline.nodes import MappingNode, Unresolved, is_null, kind_of
from runner.pipeline.problems import Problem, nearest, slip
from runner.pipeline.report import Report, Spot
from runner.pipeline.sections import CI_KEYS, OTHER_LANGUAGE, is_templates, sections_of
from runner.pipeline.source import Anchored, compose


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file. `name` as the user knows it; files of one `repository` share its shippable.templates.yml.
    `unread_templates` is another one that stands beside it and does not count."""

    name: str
    text: str
    repository: str = ""
    unread_templates: str = ""


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
    for file in texts:
        if not is_templates(file.name):
            whole &= _file(file, anchors.get(file.repository, {}), report, entries)
    pipeline = Pipeline(jobs=entries.jobs, resources=entries.resources)
    if whole and entries.whole:
        check_references(entries, report)
    check_variables(entries, report)
    check_loops(pipeline, report)
    return Reading(pipeline=pipeline, problems=report.problems(), ignored=ignores.used)


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


def _file(file: SourceFile, anchors: Mapping[str, Anchored], report: Report, entries: Entries) -> bool:
    """Read one file into the entries; false where it could not be composed, so that names may be missing."""
    document = compose(file.name, file.text, anchors, unread_templates=file.unread_templates)
    for problem in document.problems:
        report.add(problem)
    root = document.root
    if root is None:
        return not document.problems
    if isinstance(root, MappingNode):
        _top(Spot(root, "", report), root, sections_of(file.name), entries)
    elif not is_null(root) and not isinstance(root, Unresolved):
        _no_mapping(Spot(root, "", report))
    return True


def _no_mapping(spot: Spot) -> None:
    spot.error(Code.NOT_A_PIPELINE, f"a file is a mapping with {', '.join(Section)}, not {kind_of(spot.node)}")


def _top(spot: Spot, root: MappingNode, counted: frozenset[Section], entries: Entries) -> None:
    """The sections that count here; a word about everything else that looks as if it should count."""
    ci_told = False
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
                below.warn(Code.CI_NOT_RUN, "the CI part of this file is not run yet")
            ci_told = True
        elif name == OTHER_LANGUAGE:
            below.warn(Code.OTHER_LANGUAGE, "this is written for JFrog Pipelines, which is another language")
        elif meant := slip(name, Section):
            below.error(Code.MISSPELT_SECTION, f"'{name}' is not a section of the file", f"did you mean '{meant}'?")
            entries.whole = False
        elif hint := nearest(name, Section):
            below.warn(Code.UNKNOWN_SECTION, f"'{name}' is not a section of the file", hint)
