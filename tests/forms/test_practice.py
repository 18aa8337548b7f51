"""Every form in which people have written shippable.yml, read as it was meant, or refused with what was meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from runner.pipeline.codes import Code
from tests.cli.remote_service import Command
from tests.forms.told import codes_of, told, write

PAGE = (Path(__file__).with_name("practice.md")).read_text()
_FORM = re.compile(r"^### (.+)\n```yaml\n([\s\S]*?)```\n(.+)\n(?:```\n([\s\S]*?)```\n)?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Form:
    """`files` as `write` takes them; `codes` of what `validate` says; `means`: None where that is no matter."""

    files: str
    codes: list[str]
    means: list[str] | None


def forms() -> dict[str, Form]:
    found = {}
    for name, files, codes, means in _FORM.findall(PAGE):
        lines = [line.replace("\\n", "\n") for line in means.splitlines()] if means else None
        found[name] = Form(files, [] if codes == "no problem" else codes.split(), lines)
    return found


FORMS = forms()


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_read_as_it_was_meant(name: str, runner: Command) -> None:
    form = FORMS[name]
    write(form.files)
    code, codes = codes_of(runner)
    assert codes == form.codes
    assert code == (2 if any(code.startswith("E") for code in codes) else 0)
    if form.means is not None:
        assert told() == form.means


def test_every_form_of_the_page_is_tested() -> None:
    assert len(FORMS) == PAGE.count("\n### ") > 100
    assert {code for form in FORMS.values() for code in form.codes} <= set(Code)


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "resources:\njobs:\ntriggers:\n", "~\n"])
def test_a_file_or_section_without_content_is_no_problem(text: str, runner: Command) -> None:
    Path("shippable.yml").write_text(text)
    assert codes_of(runner) == (0, [])


@pytest.mark.parametrize(
    "text",
    [
        "resources:\t\n\t\n  - name: r\t\t\n    type: state\t\n \t \njobs:\n",
        "resources:\r\n  - name: r\r\n    type: state\r\n",
        "\ufeffresources:\n  - name: r\n    type: state\n",
    ],
)
def test_tabs_behind_values_and_lines_of_windows_change_nothing(text: str, runner: Command) -> None:
    Path("shippable.yml").write_text(text, newline="")
    assert codes_of(runner) == (0, ["W205"])
    assert told() == ["r: state"]


REPLACED = """
resources:
  - {name: a, type: tripubCluster}
  - {name: b, type: kickStart}
jobs:
  - {name: c, type: dclDeploy}
  - {name: d, type: jenkinsJob}
  - {name: e, type: ciJob}
  - {name: f, type: runSh, steps: [{GET: a, switch: off}, {TASK: {script: make}}, {PUT: b}]}
"""


def test_what_is_gone_is_refused_with_its_place_and_what_took_its_place(runner: Command) -> None:
    write(REPLACED)
    said = runner("validate", "--format", "concise", "--no-shell")
    assert said.code == 2
    assert said.out.splitlines() == [
        "shippable.yml:3:21: resources[0].type: 'tripubCluster' is no longer a resource type (use cluster) [E402]",
        "shippable.yml:4:21: resources[1].type: 'kickStart' is no longer a resource type (use trigger: jobs start when"
        " its content changes) [E402]",
        "shippable.yml:6:21: jobs[0].type: 'dclDeploy' is no longer a job type (use deploy) [E302]",
        "shippable.yml:7:21: jobs[1].type: 'jenkinsJob' is no longer a job type (use externalCI) [E302]",
        "shippable.yml:8:21: jobs[2].type: 'ciJob' is no longer a job type (use runCI) [E302]",
        "shippable.yml:9:37: jobs[3].steps[0].GET: 'GET' is no longer a step (use IN) [E304]",
        "shippable.yml:9:84: jobs[3].steps[2].PUT: 'PUT' is no longer a step (use OUT) [E304]",
    ]
    planned = runner("plan")
    assert planned.code == 2
    assert "use externalCI" in planned.err
