"""The page about the file: its examples are read without a word, and its tables name what the code knows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runner.pipeline.job_types import DEAD_JOBS, JOB_TYPES
from runner.pipeline.reader import SourceFile, read
from runner.pipeline.resource_types import DEAD_RESOURCES, RESOURCE_TYPES
from runner.pipeline.steps import IN_OPTIONS, OUT_OPTIONS
from runner.pipeline.unsupported import UNSUPPORTED_JOBS, UNSUPPORTED_RESOURCES
from tests.pipeline.reading import printed, read_job

PAGE = (Path(__file__).parents[2] / "docs/file.md").read_text()
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_first_example_is_read_without_a_word() -> None:
    reading = read([SourceFile("shippable.yml", EXAMPLES[0])])
    assert printed(reading) == []
    assert list(reading.pipeline.jobs) == ["build", "publish"]
    assert reading.pipeline.resources["settings"].property_bag == {"params": {"REGION": "us-east-1", "RELEASE": "0.10"}}


def test_the_example_of_templates_is_read_without_a_word() -> None:
    files = [SourceFile("shippable.templates.yml", EXAMPLES[1]), SourceFile("shippable.yml", EXAMPLES[2])]
    reading = read(files)
    assert printed(reading) == []
    assert len(reading.pipeline.jobs["build"].tasks[0].script) == 3


def test_the_examples_of_task_and_hooks_are_read() -> None:
    job, reading = read_job(f"steps:\n- IN: slack\n{EXAMPLES[3]}{EXAMPLES[4].replace('team', 'slack')}")
    assert printed(reading) == []
    assert job.tasks[0].env == (("MODE", "fast"), ("LEVEL", "3"))


@pytest.mark.parametrize(
    "word",
    sorted(
        {*JOB_TYPES, *RESOURCE_TYPES, *DEAD_JOBS, *DEAD_RESOURCES, *UNSUPPORTED_JOBS, *UNSUPPORTED_RESOURCES}
        | {*IN_OPTIONS, *OUT_OPTIONS, *JOB_TYPES["runSh"].keys}
    ),
)
def test_the_page_names_everything_that_a_file_may_hold(word: str) -> None:
    assert f"`{word}`" in PAGE
