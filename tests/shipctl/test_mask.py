"""`shipctl mask`: what a script learns while it runs is hidden from the moment the command returns."""

from __future__ import annotations

from tests.runner_command import Project
from tests.shipctl.conftest import Job

SCRIPT = """
    jobs:
      - name: a
        type: runSh
        steps:
          - TASK:
              script:
                - token=$(printf 'lear%s-42' ned)
                - shipctl mask "$token"; echo "it is $token"
                - echo "$token" | base64
                - printf 'fr%s secret' om-stdin > value; shipctl mask - < value; cat value
"""


def test_a_value_is_hidden_in_all_that_is_printed_after_the_command(project: Project) -> None:
    project.write(SCRIPT)
    said = project.run()
    assert said.statuses() == {"a": "success"}
    assert said.messages("a") == ["it is ****", "****", "****"]


def test_outside_a_job_it_says_so(job: Job) -> None:
    answer = job.shipctl("mask", "value")
    assert (answer.status, answer.out) == (
        99,
        "shipctl: SHIPPABLE_SUPERVISOR is not set: this command works inside a job\n",
    )


def test_a_supervisor_that_is_gone_is_an_error(job: Job) -> None:
    answer = job.shipctl("mask", "value", environ={"SHIPPABLE_SUPERVISOR": f"{job.root}/control"})
    assert answer.status == 1
    assert answer.err.startswith("shipctl mask: ")


def test_it_needs_a_value(job: Job) -> None:
    assert job.shipctl("mask").out == "Usage: shipctl mask VALUE...\n"


def test_what_cannot_be_hidden_is_an_error(project: Project) -> None:
    script = '["shipctl mask abc || echo refused", "shipctl mask - </dev/null || echo refused"]'
    project.write(f"jobs: [{{name: a, type: runSh, steps: [TASK: {{script: {script}}}]}}]")
    said = project.run().messages("a")
    assert said.count("refused") == 2
    assert any("a value of fewer than 4 bytes cannot be hidden" in line for line in said)
