"""What the tests of this room read with: text in, reading or printed problems out."""

from __future__ import annotations

from textwrap import dedent

from runner.pipeline.model import Job, Reading, Resource, Task
from runner.pipeline.problems import Problem, Severity
from runner.pipeline.reader import SourceFile, read
from tests.reference.agreement import agreeing


def _read(files: list[SourceFile]) -> Reading:
    return agreeing(files, read(files))


def read_text(text: str, name: str = "shippable.yml") -> Reading:
    """Read one file of this text (a common indentation is taken off)."""
    return _read([SourceFile(name, dedent(text))])


def read_files(**texts: str) -> Reading:
    """Read several files of one repository; `__` in a name stands for a dot."""
    return read([SourceFile(name.replace("__", "."), dedent(text)) for name, text in texts.items()])


def printed(reading: Reading) -> list[str]:
    """The problems as the user reads them, without their codes: the page of problems and its tests are about those."""
    return [without_code(problem) for problem in reading.problems]


def errors(reading: Reading) -> list[str]:
    return [without_code(problem) for problem in reading.problems if problem.severity is not Severity.WARNING]


def warnings(reading: Reading) -> list[str]:
    return [without_code(problem) for problem in reading.problems if problem.severity is Severity.WARNING]


def without_code(problem: Problem) -> str:
    return str(problem).removesuffix(f" [{problem.code}]")


def read_job(body: str, job_type: str = "runSh", name: str = "j") -> tuple[Job, Reading]:
    """One job with these further lines; what it may have as inputs and outputs is there: see below."""
    head = f"jobs:\n  - name: {name}\n    type: {job_type}\n"
    lines = "".join(f"    {line}\n" if line else "\n" for line in dedent(body).strip("\n").splitlines())
    file = SourceFile("shippable.yml", head + lines)
    reading = read([file, SourceFile("other/shippable.yml", _OTHERS)])
    agreeing([file], reading)
    return reading.pipeline.jobs[name], reading


def read_task(task: str) -> tuple[Task, Reading]:
    """The first TASK of a job whose one step is this text, after `- TASK:`."""
    text = dedent(task)
    inner = "".join(f"\n      {line}" for line in text.splitlines()) if text.startswith("\n") else f" {text}"
    job, reading = read_job(f"steps:\n  - TASK:{inner}\n")
    return job.tasks[0], reading


def read_resource(body: str, resource_type: str) -> tuple[Resource, Reading]:
    """One resource `r` of this type with these further lines."""
    lines = "".join(f"    {line}\n" for line in dedent(body).strip("\n").splitlines())
    reading = _read([SourceFile("shippable.yml", f"resources:\n  - name: r\n    type: {resource_type}\n{lines}")])
    return reading.pipeline.resources["r"], reading


_OTHERS = """
resources:
  - {name: a, type: params, versionTemplate: {params: {K: 1}}}
  - {name: b, type: params, versionTemplate: {params: {K: 1}}}
  - {name: slack, type: notification, integration: s, versionTemplate: {recipients: ["#c"]}}
  - {name: img, type: image, versionTemplate: {sourceName: i, versionName: "1"}}
  - {name: txt, type: file, versionTemplate: {sourceName: f}}
  - {name: vers, type: version, versionTemplate: {versionName: 1.0.0}}
  - {name: where, type: cluster, versionTemplate: {sourceName: c}}
  - {name: else, type: cluster, versionTemplate: {sourceName: c}}
  - {name: repo, type: gitRepo, versionTemplate: {sourceName: a/b}}
  - {name: load, type: loadBalancer, versionTemplate: {sourceName: l}}
"""
