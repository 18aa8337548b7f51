"""`runner schema`: it is one, it says what the reader says, and it helps whoever writes."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import ruamel.yaml
from click.testing import CliRunner

from runner.cli.schema import command
from runner.pipeline.job_types import JOB_TYPES
from runner.pipeline.reader import SourceFile, read
from runner.pipeline.resource_types import RESOURCE_TYPES
from runner.reference.schema import DRAFT, schema_of
from tests.reference.agreement import agreeing, refusals

ROOT = Path(__file__).parents[2]
TOP = re.compile(r"^(jobs|resources|triggers|language|build):", re.MULTILINE)
SECTION = re.compile(r"^\s*(jobs|resources|triggers|language|build):", re.MULTILINE)
FILE = re.compile(r"^==== \S+\n", re.MULTILINE)
"""Where a file begins in a text that holds several."""


def _fixtures() -> list[str]:
    """Every text of the tests, the pages and the examples that holds the sections of a pipeline."""
    texts = [(ROOT / "examples/shippable.yml").read_text()]
    for page in (*(ROOT / "docs").glob("*.md"), ROOT / "tests/forms/practice.md"):
        texts += re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)
    for file in (ROOT / "tests").rglob("*.py"):
        if SECTION.search(source := file.read_text()):
            nodes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
            texts += [node.value for node in nodes if isinstance(node.value, str) and SECTION.search(node.value)]
    files = {file for text in map(dedent, texts) for file in FILE.split(text)}
    return sorted(file for file in files if TOP.search(file))


def test_schema_and_reader_agree_on_every_pipeline_of_the_tests_pages_and_examples() -> None:
    fixtures = _fixtures()
    assert len(fixtures) > 100
    for text in fixtures:
        files = [SourceFile("shippable.yml", text)]
        agreeing(files, read(files))


@pytest.mark.parametrize(
    "entry",
    [
        "{name: j, type: runSsh, steps: [TASK: {script: [a]}]}",
        "{name: j, type: jenkinsJob}",
        "{name: j, type: runSh}",
        "{name: j, type: runSh, steps: [IN: a]}",
        "{name: j, type: runSh, steps: [TASK: managed]}",
        "{name: j, type: runSh, steps: [TASK: {name: x}]}",
        "{name: j, type: runSh, steps: [TASK: [{name: x}]]}",
        "{name: j, type: runSh, steps: [TASK: {script: [5]}]}",
        "{name: j, type: runSh, steps: {IN: a}}",
        "{name: j, type: runSh, priority: 20000, steps: [TASK: {script: [a]}]}",
        "{name: j, type: runSh, dependencyMode: sometimes, steps: [TASK: {script: [a]}]}",
        "{name: j, type: runSh, runtime: {timeoutMinutes: soon}, steps: [TASK: {script: [a]}]}",
        "{name: j, type: runSh, runtime: {limits: {ram: 1G}}, steps: [TASK: {script: [a]}]}",
        "{name: j, type: runSh, steps: [{IN: a, OUT: a}, {TASK: {script: [a]}}]}",
        "{name: j, type: runSh, steps: [{IN: a, switch: perhaps}, {TASK: {script: [a]}}]}",
        "{name: j, type: runSh, steps: [{IN: a, versionName: x, versionNumber: 1}, {TASK: {script: [a]}}]}",
        "{name: j, type: runSh, steps: [{GET: a}, {TASK: {script: [a]}}]}",
        "{name: j, type: runCI, steps: [TASK: {script: [a]}]}",
        "{name: j, type: release, bump: huge}",
        "{name: /, type: runSh, steps: [TASK: {script: [a]}]}",
        "{type: runSh}",
        "name",
    ],
)
def test_reader_and_schema_both_refuse_a_wrong_job(entry: str) -> None:
    files = [SourceFile("shippable.yml", f"resources: [{{name: a, type: state}}]\njobs:\n- {entry}\n")]
    reading = agreeing(files, read(files))
    assert reading.refused


@pytest.mark.parametrize("strict", [False, True])
def test_a_misspelt_key_is_underlined_by_the_strict_schema_alone(*, strict: bool) -> None:
    job = {"name": "j", "type": "runSh", "steps": [{"TASK": {"script": ["a"], "runtme": {}}}]}
    assert bool(refusals({"jobs": [job]}, strict=strict)) is strict


def test_values_count_as_an_editor_reads_them() -> None:
    """Editors read YAML 1.2: `off` is text there, `0.10` a number."""
    text = """
    resources:
      - {name: img, type: image, versionTemplate: {sourceName: a/b, versionName: 0.10}}
      - {name: p, type: params, versionTemplate: {params: {A: 0.10, B: off, C: null}}}
    jobs:
      - {name: 1, type: runSh, steps: [{IN: img, switch: off}, {IN: p, switch: true}, {TASK: {script: [true]}}]}
    """
    assert refusals(ruamel.yaml.YAML(typ="safe", pure=True).load(text)) == []


def test_everything_that_can_be_completed_is_described() -> None:
    definitions = schema_of()["$defs"]
    for name in JOB_TYPES:
        _all_described(definitions[f"job.{name}"])
    for name in RESOURCE_TYPES:
        _all_described(definitions[f"resource.{name}"])
    assert definitions["job"]["properties"]["type"]["anyOf"][0] == {"const": "runSh", "description": "Runs scripts."}
    assert definitions["resource.image"]["properties"]["pointer"]["deprecated"] is True


def _all_described(entry: dict[str, Any]) -> None:
    assert all(value["description"].endswith(".") for value in entry["properties"].values())


def test_the_command_prints_the_schema() -> None:
    said = CliRunner().invoke(command, ["--strict"])
    assert said.exit_code == 0
    assert json.loads(said.output) == json.loads(json.dumps(schema_of(strict=True)))
    assert json.loads(said.output)["$schema"] == DRAFT
