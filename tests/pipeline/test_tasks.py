"""TASK and its script, runtime and env, in every form that files have."""

from __future__ import annotations

import pytest

from runner.pipeline.problems import Place
from runner.pipeline.sealed import Envelope, Secure
from tests.pipeline.reading import errors, printed, read_job, read_task, read_text, warnings

HOST = "shippable.yml:{}: warning: tasks run on this host, not in the container or image that is asked for by: j"


@pytest.mark.parametrize(
    "task",
    [
        "\n    script:\n      - one\n      - two",
        "\n    script: [[one], [[two]]]",
        "\n    - script: one\n    - script: two",
        "\n    - script: [one, two]",
        "\n    - [{script: one}]\n    - script: two",
        "\n    - runtime: {nodePool: x, container: false}\n    - script: one\n    - script: two",
    ],
)
def test_a_script_is_read_from_every_form(task: str) -> None:
    read, reading = read_task(task)
    assert errors(reading) == []
    assert [item.text for item in read.script] == ["one", "two"]


@pytest.mark.parametrize("task", ["one", "\n    - one", "\n    - one\n    - script: two"])
def test_plain_texts_as_task_are_commands_and_a_warning(task: str) -> None:
    read, reading = read_task(task)
    assert read.script[0].text == "one"
    assert len(warnings(reading)) == 1
    assert "better written" in warnings(reading)[0]
    assert errors(reading) == []


@pytest.mark.parametrize("script", ["make", "|\n        make\n        make test", "'true'", "true", "'5'"])
def test_one_text_is_a_script_of_one_entry(script: str) -> None:
    read, reading = read_task(f"\n    script: {script}")
    assert printed(reading) == []
    assert len(read.script) == 1


@pytest.mark.parametrize(
    ("task", "sentence"),
    [
        ("", "jobs[0].steps[0].TASK: the TASK is empty (name, runtime and script are indented below TASK)"),
        ("[]", "jobs[0].steps[0].TASK: the TASK is empty"),
        ("{}", "jobs[0].steps[0].TASK: the TASK has no script"),
        ("{name: x}", "jobs[0].steps[0].TASK: the TASK has no script"),
        ("{scrpt: x}", "jobs[0].steps[0].TASK.scrpt: 'scrpt' is not a key of a TASK (did you mean 'script'?)"),
        ("{script: }", "jobs[0].steps[0].TASK.script: a script entry cannot be empty"),
        ("{script: []}", "jobs[0].steps[0].TASK.script: the script is empty"),
        ("{script: ['']}", "jobs[0].steps[0].TASK.script[0]: a script entry cannot be empty"),
        ("{script: [5]}", "jobs[0].steps[0].TASK.script[0]: must be text, not the number 5"),
        ("{script: {a: b}}", "jobs[0].steps[0].TASK.script: must be text, not a mapping (put a line that holds"
         " ': ' in quotes)"),
        ("[{script: }]", "jobs[0].steps[0].TASK[0].script: a script entry cannot be empty"),
        ("[{scirpt: x}]", "jobs[0].steps[0].TASK[0].scirpt: 'scirpt' is not a key of a TASK (did you mean 'script'?)"),
        ("managed", "jobs[0].steps[0].TASK: 'TASK: managed' is for managed jobs; a runSh job needs a script"),
        ("{script: [x], name: [y]}", "jobs[0].steps[0].TASK.name: must be text, not a list"),
        ("{script: [x], runtime: 5}", "jobs[0].steps[0].TASK.runtime: must be a mapping"),
    ],
)  # fmt: skip
def test_a_task_that_cannot_run_is_one_sentence(task: str, sentence: str) -> None:
    reading = read_job(f"steps:\n  - TASK: {task}\n")[1]
    assert [line.split(": ", 1)[1] for line in errors(reading)] == [sentence]


def test_a_runsh_job_without_a_task_is_refused() -> None:
    for body in ("", "steps:", "steps: []", "steps:\n  - IN: a"):
        assert errors(read_job(body)[1]) == [
            "shippable.yml:2:11: jobs[0]: job 'j': runSh needs at least one TASK with a script"
        ]


def test_tasks_without_a_name_are_numbered_from_zero() -> None:
    job, _ = read_job("steps:\n  - TASK: {script: a}\n  - TASK: {script: b, name: mine}\n  - TASK: {script: c}")
    assert [task.name for task in job.tasks] == ["Task 0", "mine", "Task 2"]


@pytest.mark.parametrize(
    "runtime",
    [
        "options: {env: [{A: 0.10}, {B: 5}, {C: True}, {D: ~}, {E: off}, {'x-y': $HOME}]}",
        "options: {env: {A: 0.10, B: 5, C: True, D: ~, E: off, 'x-y': $HOME}}",
        "env: {A: 0.10, B: 5, C: True, D: ~, E: off, 'x-y': $HOME}",
        "options: [{env: [{A: 0.10, B: 5, C: True}, [{D: ~, E: off, 'x-y': $HOME}]]}]",
    ],
)
def test_variables_keep_their_text_and_their_order(runtime: str) -> None:
    task, reading = read_task(f"\n    script: x\n    runtime: {{{runtime}}}")
    assert printed(reading) == []
    assert task.env == (("A", "0.10"), ("B", "5"), ("C", "true"), ("D", ""), ("E", "off"), ("xy", "$HOME"))


def test_a_later_variable_wins_in_the_place_of_the_first() -> None:
    task, _ = read_task("\n    script: x\n    runtime: {options: {env: [{A: 1}, {B: 2}, {A: 3}]}}")
    assert task.env == (("A", "3"), ("B", "2"))


@pytest.mark.parametrize(
    ("item", "env"),
    [
        ("A=1", (("A", "1"),)),
        ("'A=1 B=\"x y\"'", (("A", "1"), ("B", "x y"))),
        ("'A=hello world'", (("A", "hello world"),)),
        ("A:1", (("A", "1"),)),
        ("'URL=http://x:1'", (("URL", "http://x:1"),)),
        ("A=", (("A", ""),)),
        ('"A=it\'s"', (("A", "it's"),)),
    ],
)
def test_variables_written_as_one_text_are_read_with_a_warning(item: str, env: tuple[tuple[str, str], ...]) -> None:
    task, reading = read_task(f"\n    script: x\n    runtime: {{options: {{env: [{item}]}}}}")
    assert task.env == env
    assert [line.split("]: ")[-1] for line in warnings(reading)] == ["a variable is better written as 'KEY: value'"]


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ("5", "must be a mapping of variables, or a list of them"),
        ("[x]", "must be a mapping of variables, or a list of them"),
        ("{A: [1]}", "the value of a variable must be text, not a list"),
        ("{1A: x}", "'1A' cannot be the name of a variable"),
        ("['-=x']", "'-' cannot be the name of a variable"),
    ],
)
def test_what_is_no_variable_is_refused(env: str, sentence: str) -> None:
    reading = read_task(f"\n    script: x\n    runtime: {{options: {{env: {env}}}}}")[1]
    assert [line.rsplit(": ", 1)[1] for line in errors(reading)] == [sentence]


def test_secure_variables_keep_their_place_among_the_others() -> None:
    text = str(Envelope("0123456789abcdef", bytes(60)))
    env = f"[{{A: 1}}, {{secure: [{text}]}}, {{A: 2, secure: {text}x}}]"
    task, reading = read_task(f"\n    script: x\n    runtime: {{options: {{env: {env}}}}}")
    assert task.env == (Secure(text, Place("shippable.yml", 8, 55)), ("A", "2"))
    assert errors(reading) == [
        "shippable.yml:8:179: jobs[0].steps[0].TASK.runtime.options.env[2].secure: this value is damaged: a part of it"
        " is missing or changed (paste the whole line again)"
    ]


@pytest.mark.parametrize(
    "runtime",
    [
        "{options: {imageName: a/b, imageTag: 0.10, pull: false, options: '--net=bridge'}}",
        "{imageName: a/b, imageTag: 0.10, options: '--net=bridge'}",
        "[{container: true}, {options: {imageName: a/b, imageTag: '0.10'}}]",
    ],
)
def test_a_named_image_is_kept_and_told_as_not_used(runtime: str) -> None:
    task, reading = read_task(f"\n    script: x\n    runtime: {runtime}")
    assert task.image == "a/b:0.10"
    assert printed(reading)[0] == HOST.format("8:20")
    assert len(printed(reading)) == (2 if "--net" in runtime else 1)


@pytest.mark.parametrize(
    ("runtime", "sentence"),
    [
        ("{options: {options: '--net=bridge'}}", "no container is started, so runtime.options.options means nothing"),
        ("{options: '--net=bridge'}", "no container is started, so runtime.options.options means nothing"),
        ("{options: {pull: true}}", "no image is pulled yet"),
        ("{options: {imageTag: x}}", "imageTag means nothing without imageName"),
    ],
)
def test_what_is_asked_of_a_container_is_told_by_name(runtime: str, sentence: str) -> None:
    reading = read_task(f"\n    script: x\n    runtime: {runtime}")[1]
    assert [line.split("warning: ")[1].startswith(sentence) for line in printed(reading)] == [True]


def test_an_image_without_a_tag_is_the_latest() -> None:
    assert read_task("\n    script: x\n    runtime: {imageName: a}")[0].image == "a:latest"


@pytest.mark.parametrize(("written", "container"), [("true", True), ("false", False), ("on", True), ("'off'", False)])
def test_container_is_kept_as_the_file_asks(written: str, container: bool) -> None:
    task, reading = read_task(f"\n    script: x\n    runtime: {{container: {written}}}")
    assert task.container is container
    assert bool(warnings(reading)) is container


def test_containers_are_told_once_for_each_file_with_the_jobs_that_ask() -> None:
    jobs = "".join(
        f"  - {{name: j{i}, type: runSh, runtime: {{container: true}}, steps: [{{TASK: {{script: x}}}}]}}\n"
        for i in range(12)
    )
    reading = read_text(f"jobs:\n{jobs}")
    assert printed(reading) == [
        "shippable.yml:2:38: warning: tasks run on this host, not in the container or image that is asked for by:"
        " j0, j1, j2, j3, j4, j5, j6, j7, j8, j9 and 2 more"
    ]


def test_misspelt_keys_of_a_task_are_errors_with_the_ones_that_were_meant() -> None:
    reading = read_task("\n    script: x\n    nmae: y\n    runtime: {contaner: true}")[1]
    assert [line.split("TASK")[1] for line in errors(reading)] == [
        ".nmae: 'nmae' is not a key of a ",
        ".runtime.contaner: 'contaner' is not a key of a ",
    ]
    assert "(did you mean 'container'?)" in errors(reading)[1]


@pytest.mark.parametrize("key", ["env: [{A: b}]", "container: false", "options: {imageName: x}"])
def test_a_key_of_the_runtime_that_stands_beside_it_is_ignored_with_its_place(key: str) -> None:
    task, reading = read_task(f"{{script: x, {key}}}")
    assert [line.partition(" is ")[2] for line in warnings(reading)] == [
        "not a key of a TASK and is ignored (put it below 'runtime')"
    ]
    assert task.env == ()
