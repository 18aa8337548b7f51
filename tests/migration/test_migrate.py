"""`runner migrate`: older syntax becomes new, everything else stays, and the pipeline means the same."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.cli.migrate import command
from runner.errors import RunnerError
from runner.migration.layout import comments
from runner.migration.meaning import meanings
from runner.migration.migrate import migrate
from runner.pipeline.model import Syntax
from runner.pipeline.reader import SourceFile, read


def rewritten(text: str, shared: str = "") -> tuple[str, list[str]]:
    """The new text, and what was left."""
    files = [SourceFile("shippable.yml", text)]
    if shared:
        files.append(SourceFile("shippable.templates.yml", shared))
    found = migrate(files)
    return found.texts.get("shippable.yml", text), [str(left) for left in found.left]


def resource(body: str) -> str:
    return f"resources:\n  - name: r\n{indent(dedent(body).strip(), '    ')}\n"


def job(body: str, job_type: str = "runSh") -> str:
    return f"jobs:\n  - name: j\n    type: {job_type}\n{indent(dedent(body).strip(), '    ')}\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("type: image\npointer:\n  sourceName: 'a'  # where\n# the tag\nseed:\n  versionName: 0.10",
         "type: image\nversionTemplate:\n  sourceName: 'a'  # where\n  # the tag\n  versionName: 0.10"),
        ("type: params\nversion:\n  params: {A: off, B: ~, D: 022}",
         "type: params\nversionTemplate:\n  params: {A: off, B: ~, D: 022}"),
        ("type: time\nseed: {interval: '* * * * *'}", "type: time\nversionTemplate: {interval: '* * * * *'}"),
        ("type: image\nsource:\n  name: a/b\n  tag: x\n  isPull: false",
         "type: image\nversionTemplate:\n  sourceName: a/b\n  versionName: x\n  isPull: false"),
        ("type: image\npointer: {sourceName: a}\ninitialVersion: {versionName: x}",
         "type: image\nversionTemplate: {sourceName: a, versionName: x}"),
        ("type: integration\nintegrationName: aws  # mine", "type: integration\nintegration: aws        # mine"),
        ("type: trigger\nversion:\n  counter: 1\nflags: x", "type: trigger\nversionTemplate:\n  counter: 1\nflags: x"),
    ],
)  # fmt: skip
def test_a_resource_gets_one_version_template(old: str, new: str) -> None:
    assert rewritten(resource(old)) == (resource(new), [])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("steps:\n  - TASK:\n    # 1\n    - script: a  # x\n    - script: |\n        b\n         c\n",
         "steps:\n  - TASK:\n      # 1\n      script:\n        - a      # x\n        - |\n          b\n           c\n"),
        ("steps:\n  - TASK:\n      - runtime: {options: {env: {A: 1}}}\n      - script: a",
         "steps:\n  - TASK:\n      runtime: {options: {env: {A: 1}}}\n      script:\n        - a"),
        ("steps:\n  - TASK: make", "steps:\n  - TASK:\n      script: make"),
        ("steps:\n  - TASK: [make, {script: test}]", "steps:\n  - TASK: {script: [make, test]}"),
        ("runtime:\n  - nodePool: x\n  - timeoutMinutes: 5\nsteps: [TASK: {script: [a]}]",
         "runtime:\n  nodePool: x\n  timeoutMinutes: 5\nsteps: [TASK: {script: [a]}]"),
        ("steps: [TASK: {script: [a]}]\non_failure:\n  - script: a\n  - NOTIFY: n\n  - script: b",
         "steps: [TASK: {script: [a]}]\non_failure:\n  script:\n    - a\n    - b\n  NOTIFY:\n    - n"),
        ("steps: [TASK: {script: [a]}]\nalways: cleanup", "steps: [TASK: {script: [a]}]\nalways:\n  script: cleanup"),
    ],
)  # fmt: skip
def test_a_job_gets_mappings(old: str, new: str) -> None:
    notification = "resources:\n- {name: n, type: notification, integration: s, versionTemplate: {recipients: [a]}}\n"
    assert rewritten(notification + job(old)) == (notification + job(new), [])


@pytest.mark.parametrize(
    ("job_type", "option", "new"),
    [("release", "bump: rc", "bump: rc"), ("deploy", "deployMethod: replace", "method: replace")],
)
def test_options_beside_managed_tasks_become_keys_of_the_job(job_type: str, option: str, new: str) -> None:
    text = job(f"steps:\n  - TASK: managed\n    {option}  # so", job_type)
    anew, left = rewritten(text + "# below\n")
    assert left == []
    assert anew.splitlines()[3].split("#")[0].strip() == new
    assert anew.endswith("  steps:\n      - TASK: managed\n# below\n")


def test_an_older_name_of_a_type_is_replaced() -> None:
    assert rewritten(job("steps: [TASK: {script: [a]}]", "runCLI")) == (job("steps: [TASK: {script: [a]}]"), [])


def test_what_is_in_the_new_syntax_stays_byte_for_byte() -> None:
    text = "# x\njobs:\n-   name:   'j'\n    type: runSh\n    steps: [ {TASK: {script: [a,b]}} ]\t\n\n\n"
    old = "resources:\n  - {name: r, type: params, version: {params: {A: 1}}}\n"
    assert rewritten(text)[0] == text
    assert rewritten(text + old)[0] == text + old.replace("version:", "versionTemplate:")


def test_anchors_aliases_and_merge_keys_stay() -> None:
    text = dedent("""\
        lines: &lines
          - a
        base: &base {triggerMode: parallel}
        jobs:
          - name: j
            <<: *base
            type: runSh
            steps:
              - TASK:
                - script: &s b
                - *lines
                - script: *s
                - *shared
        """)
    anew, left = rewritten(text, "shared: &shared [c, d]\n")
    assert left == []
    assert (
        "          script:\n            - &s b\n            - *lines\n            - *s\n            - *shared\n" in anew
    )
    assert "<<: *base" in anew


def test_line_ends_of_windows_stay() -> None:
    text = resource("type: params\nversion:\n  params: {A: 1}").replace("\n", "\r\n")
    assert rewritten(text)[0] == text.replace("version:", "versionTemplate:")


@pytest.mark.parametrize(
    ("script", "used"),
    [
        ("echo $R_POINTER_SOURCENAME", "$R_POINTER_…"),
        ("echo ${R_SEED_VERSIONNAME}", "${R_SEED_…"),
        ('eval echo "\\$${NAME}_POINTER_REGION"', "${NAME}_POINTER_…"),
        ("shipctl get_resource_pointer_key r region", "shipctl get_resource_pointer_key"),
    ],
)
def test_a_resource_whose_older_variables_are_used_is_left_alone(script: str, used: str) -> None:
    text = resource("type: cluster\npointer: {sourceName: a, region: b}") + job(
        f"steps: [TASK: {{script: ['{script}']}}]"
    )
    reason = f"scripts use {used}, which the new syntax does not give"
    assert rewritten(text) == (text, [f"shippable.yml:2:1: 'r' is left as it is: {reason}"])


def test_what_would_mean_something_else_is_left_alone() -> None:
    text = resource("type: trigger\nversion: {versionName: x}")
    assert rewritten(text) == (text, ["shippable.yml:2:1: 'r' is left as it is: it would not mean the same"])


words = st.sampled_from(["a/b", "'quoted'", '"double"', "0.10", "off", "v1", "022", "~x"])
remarks = st.sampled_from(["", "", "", "  # remark", " # '"])


@st.composite
def old_pipelines(draw: st.DrawFn) -> str:
    """Resources and jobs in the older syntax, indented as people do, with comments anywhere."""
    dash = draw(st.sampled_from(["", "  "]))
    lines = ["# head", "resources:"]
    for number in range(draw(st.integers(1, 4))):
        parts = draw(st.permutations(draw(st.sampled_from(_CONTENTS))))
        entry = [f"- name: r{number}{draw(remarks)}", *(line for part in parts for line in _lines(draw, part, dash))]
        lines += [f"{dash}{entry[0]}", *(f"{dash}  {line}" for line in entry[1:]), *draw(_gaps)]
    lines.append("jobs:")
    for number in range(draw(st.integers(1, 3))):
        hooks = draw(st.lists(st.sampled_from(["on_success", "on_failure", "always"]), unique=True))
        body = [f"name: j{number}", f"type: {draw(st.sampled_from(['runSh', 'runCLI']))}", "steps:"]
        body += [f"{dash}- IN: r0{draw(remarks)}", f"{dash}- TASK:{draw(remarks)}"]
        body += [f"{dash}  {dash}{line}" for line in _script(draw)]
        for hook in hooks:
            body += [f"{hook}:{draw(remarks)}", *(f"{dash}{line}" for line in _script(draw, "notify"))]
        lines += [f"{dash}- {body[0]}", *(f"{dash}  {line}" for line in body[1:]), *draw(_gaps)]
    for kind, option in draw(st.lists(st.sampled_from(_MANAGED), max_size=2)):
        lines += [f"{dash}- name: m{len(lines)}", f"{dash}  type: {kind}", f"{dash}  steps:"]
        lines += [f"{dash}  {dash}- IN: r0{draw(remarks)}", f"{dash}  {dash}- TASK: managed{draw(remarks)}"]
        lines += [f"{dash}  {dash}  {option}{draw(remarks)}"]
    return "\n".join(lines) + "\n"


_MANAGED = (("release", "bump: patch"), ("deploy", "deployMethod: upgrade"), ("deploy", "deployMethod: replace"))
_CONTENTS = (
    ("type: image", "pointer:|sourceName", "seed:|versionName", "flags: x"),
    ("type: params", "version:|params: {A: 0.10, B: [off]}"),
    ("type: cluster", "integrationName: i", "pointer:|sourceName|region"),
    ("type: image", "source:|name|tag"),
    ("type: image", "pointer:|sourceName", "initialVersion:|versionName"),
    ("type: gitRepo", "integration: i", "pointer:|sourceName|branch|buildOnTagPush: on"),
    ("type: version", "seed:|versionName: 1.10.0"),
    ("type: time", "seed:|interval: '*/5 * * * *'"),
    ("type: trigger", "version:|counter: 051|message"),
    ("type: dockerOptions", "version:|memory: 512|portMappings: [22:22, '80:80']|labels: {A: 1.0}"),
    ("type: replicas", "version: {count: 2}"),
    ("type: notification", "pointer:|method: email|recipients: [a]"),
    ("type: cliConfig", "integration: i", "pointer:|region"),
    ("type: file", "pointer:|sourceName", "seed:|versionName"),
    ("type: loadBalancer", "pointer:|sourceName|role", "version:|ports: [{port: 80}]|selector: {a: b}"),
    ("type: webhook", "pointer:|webhookKey"),
)
_gaps = st.sampled_from([[], [""], ["", "# between", ""]])


def _lines(draw: st.DrawFn, part: str, dash: str) -> list[str]:
    head, *below = part.split("|")
    step = draw(st.sampled_from(["  ", "    "]))
    found = [f"{head}{draw(remarks)}"]
    for key in below:
        if draw(st.booleans()):
            found.append(f"{step}# about {key.split(':')[0]}")
        found.append(f"{step}{key if ':' in key else f'{key}: {draw(words)}'}{draw(remarks)}")
    return found


def _script(draw: st.DrawFn, *further: str) -> list[str]:
    found: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            found.append("# on its own")
        form = draw(st.sampled_from(["plain", "block", "folded", "bare", *further]))
        match form:
            case "plain":
                found.append(f"- script: echo {draw(words)}{draw(remarks)}")
            case "notify":
                found.append(f"- NOTIFY: team{draw(remarks)}")
            case "bare":
                found.append(f"- make{draw(remarks)}")
            case _:
                found += [
                    f"- script: {'|' if form == 'block' else '>-'}",
                    "    one  # two",
                    "      # three",
                    "    four",
                ]
    return found


@settings(max_examples=30, deadline=None, report_multiple_bugs=False)
@given(old_pipelines())
def test_a_rewritten_pipeline_means_the_same_and_keeps_its_comments(text: str) -> None:
    old = read([SourceFile("shippable.yml", text)])
    assert not old.refused
    anew, left = rewritten(text)
    new = read([SourceFile("shippable.yml", anew)])
    assert left == []
    assert meanings(new.pipeline) == meanings(old.pipeline)
    assert comments(anew) == comments(text)
    assert {found.syntax for found in new.pipeline.resources.values()} == {Syntax.NEW}
    assert not any("older" in str(problem) or "better written" in str(problem) for problem in new.problems)
    assert rewritten(anew) == (anew, [])


def test_the_command_shows_a_difference_or_writes_it(tmp_path: Path) -> None:
    file = tmp_path / "shippable.yml"
    file.write_text(text := resource("type: params\nversion:\n  params: {A: 1}"))
    file.chmod(0o640)
    said = CliRunner().invoke(command, [str(tmp_path)])
    assert "-    version:\n+    versionTemplate:\n" in said.output
    assert file.read_text() == text
    assert CliRunner().invoke(command, [str(tmp_path), "--write"]).output == f"rewritten: {file}\n"
    assert file.read_text() == text.replace("version:", "versionTemplate:")
    assert (file.stat().st_mode & 0o777, [path.name for path in tmp_path.iterdir()]) == (0o640, ["shippable.yml"])
    assert CliRunner().invoke(command, [str(tmp_path), "--write"]).output == "nothing to rewrite\n"


def test_a_wrong_file_is_not_rewritten(tmp_path: Path) -> None:
    (tmp_path / "shippable.yml").write_text("resources: [{name: r, type: imag, pointer: {sourceName: a}}]\n")
    said = CliRunner().invoke(command, [str(tmp_path), "--write"])
    assert isinstance(said.exception, RunnerError)
    assert "did you mean 'image'?" in said.output
