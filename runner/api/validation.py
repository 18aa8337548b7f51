"""Checking pipeline files that somebody sends: nothing is applied, nothing on this host is read."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from runner.api.pipeline_shapes import FileBody, ProblemShape, ValidateAnswer, ValidateBody
from runner.api.refusals import RefusedError
from runner.api.routing import Call
from runner.api.shapes import NoParams
from runner.pipeline.problems import Problem, Severity
from runner.pipeline.reader import SourceFile, read

LONGEST = 1_000_000
"""Signs of all files together."""
_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="validate")
"""One at a time: reading a file takes a processor, and those are the builds'."""


async def validate(call: Call[NoParams, ValidateBody]) -> ValidateAnswer:
    if sum(len(file.text) for file in call.body.files) > LONGEST:
        raise RefusedError(413, f"files are checked up to {LONGEST} signs: call `runner validate` beside them instead")
    problems = await asyncio.get_running_loop().run_in_executor(_THREAD, _problems, call.body.files)
    return ValidateAnswer(
        refused=any(problem.severity is Severity.ERROR for problem in problems),
        problems=tuple(map(_shape, problems)),
    )


def _problems(files: tuple[FileBody, ...]) -> tuple[Problem, ...]:
    reading = read([SourceFile(file.name, file.text) for file in files], ())
    found = (*reading.problems, *(reading.ci.problems if reading.ci else ()))
    return tuple(problem for problem in found if not problem.of_local_run)


def _shape(problem: Problem) -> ProblemShape:
    place = problem.place
    return ProblemShape(
        file=place.file, line=place.line, column=place.column, severity=problem.severity, text=str(problem)
    )
