"""Whatever a file holds, deep in its jobs, resources and CI part: `validate` tells its problems with their places, and
what is not refused can be planned and drawn. `python -m tests.pipeline.test_wild 20000` looks longer."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.diagnostics.diagnose import Subject, diagnose
from runner.diagnostics.excerpts import Paint, excerpt
from runner.diagnostics.formats import github_lines, json_lines
from runner.diagnostics.sources import Sources
from runner.drawing.picture import picture_of
from runner.drawing.text import text_of
from runner.pipeline.ci.expansion import expand, size_of
from runner.pipeline.ignores import LINE_BREAK
from runner.pipeline.reader import SourceFile
from runner.sealing.keyring import Keyring
from runner.service.plan import make_plan
from runner.service.project import Project, project_of
from runner.service.selection import select_rules
from runner.workspace.variables import platform_names
from tests.pipeline.wild import Wild

NO_KEYS = Keyring(Path("/nonexistent"))


def look(seed: int) -> Project:
    """Read what comes of this seed as `validate` does, and go on as `plan` and `graph` do."""
    wild = Wild(Random(seed), strange=(0.01, 0.05, 0.2)[seed % 3])
    files = [SourceFile("shippable.yml", wild.text())]
    if seed % 4 == 0:
        files.append(SourceFile("a/shippable.yml", wild.text(), in_root=False))
    project = project_of(files, None)
    _told(project, files)
    if not project.refused:
        rules = select_rules(project, ())
        plan = make_plan(project, rules, {}, {}, NO_KEYS)
        assert {planned.job for planned in plan.jobs} <= project.pipeline.jobs.keys()
        assert text_of(picture_of(project.pipeline, ()), 100)
    if project.ci is not None and not project.ci.refused:
        assert len(expand(project.ci.part)) <= size_of(project.ci.part)
    return project


def _told(project: Project, files: list[SourceFile]) -> None:
    """Every problem has its place in one of the files, and can be shown in every format."""
    subject = Subject(
        pipeline=project.pipeline,
        files=files,
        problems=project.problems,
        ci=project.ci,
        ignored=project.ignored,
        keyring=NO_KEYS,
    )
    problems, sources = diagnose(subject, platform_names(), shell=False), Sources(files)
    lines = {file.name: LINE_BREAK.split(file.text) for file in files}
    for problem in problems:
        of_file = lines[problem.place.file]
        assert 1 <= problem.place.line <= len(of_file) + 1
        line = of_file[problem.place.line - 1] if problem.place.line <= len(of_file) else ""
        assert 1 <= problem.place.column <= len(line) + 2
        assert "\n" not in "".join((str(problem), *excerpt(problem, sources, Paint(False))))
    assert len(list(json_lines(problems, sources))) == len(problems)
    assert not any("\n" in line for line in github_lines(problems, sources))


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**64))
def test_any_file_of_the_language_is_told_about_planned_and_drawn(seed: int) -> None:
    look(seed)


def test_files_that_nothing_is_wrong_with_are_among_them() -> None:
    found = [look(seed) for seed in range(0, 300, 3)]
    assert sum(not project.refused for project in found) > 10
    assert any(project.pipeline.jobs and not project.refused for project in found)


if __name__ == "__main__":
    for seed in range(int(sys.argv[1])):
        print(f"\r{seed}", end="", flush=True)  # the last one is what is needed to see a failure again
        look(seed)
