"""Hooks in every form that files have."""

from __future__ import annotations

import pytest

from runner.pipeline.model import Hook
from tests.pipeline.reading import errors, printed, read_job, read_text, warnings

TASK = "steps:\n  - TASK: {script: make}\n"


def texts(hook: Hook) -> tuple[list[str], list[str]]:
    return [item.text for item in hook.script], [named.name for named in hook.notify]


@pytest.mark.parametrize("hook", ["on_success", "on_failure", "always"])
@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("[{script: one}, {script: two}]", (["one", "two"], [])),
        ("{script: [one, [two]]}", (["one", "two"], [])),
        ("{script: one}", (["one"], [])),
        ("[{NOTIFY: slack}, {script: one}]", (["one"], ["slack"])),
        ("{NOTIFY: slack, script: one}", (["one"], ["slack"])),
        ("{NOTIFY: [slack, slack]}", ([], ["slack", "slack"])),
        ("{NOTIFY: [{name: slack, sendFailingSnippet: true}]}", ([], ["slack"])),
        ("[[{script: one}], {script: [two]}]", (["one", "two"], [])),
        ("", ([], [])),
        ("[]", ([], [])),
        ("one", (["one"], [])),
        ("[one, two]", (["one", "two"], [])),
    ],
)
def test_a_hook_is_read_from_every_form(hook: str, value: str, read: tuple[list[str], list[str]]) -> None:
    job, reading = read_job(f"{TASK}{hook}: {value}")
    assert errors(reading) == []
    assert texts(getattr(job.hooks, hook)) == read


def test_commands_of_a_hook_without_script_are_a_warning() -> None:
    reading = read_job(f"{TASK}always: make clean")[1]
    assert printed(reading) == [
        "shippable.yml:6:13: warning: jobs[0].always: a command of a hook is better written as 'script: …'"
    ]


@pytest.mark.parametrize("hook", ["on_start", "on_cancel"])
def test_scripts_at_start_and_cancel_are_ignored_with_a_warning(hook: str) -> None:
    job, reading = read_job(f"{TASK}{hook}: [{{script: x}}, {{NOTIFY: slack}}]")
    assert texts(getattr(job.hooks, hook)) == ([], ["slack"])
    assert [line.split("warning: ")[1] for line in warnings(reading)] == [
        "on_start and on_cancel take no scripts: those are ignored in: j",
    ]


def test_scripts_in_hooks_of_managed_jobs_are_ignored_with_a_warning() -> None:
    job, reading = read_job("on_success: {script: x, NOTIFY: slack}", "manifest")
    assert texts(job.hooks.on_success) == ([], ["slack"])
    assert "hooks of a manifest job take NOTIFY only: the script is ignored" in warnings(reading)[1]


def test_a_hook_says_whether_an_email_quotes_what_failed() -> None:
    job = read_job(f"{TASK}on_failure: {{NOTIFY: [slack, {{name: slack, sendFailingSnippet: true}}]}}")[0]
    assert [target.failing_snippet for target in job.hooks.on_failure.notify] == [False, True]


def test_notifications_that_cannot_be_sent_are_told_once() -> None:
    jobs = "".join(
        f"  - {{name: j{i}, type: runSh, steps: [{{TASK: {{script: x}}}}], always: [{{NOTIFY: [n, m, e]}}]}}\n"
        for i in range(3)
    )
    rest = "type: notification, versionTemplate: {recipients: [a]}"
    email = "type: notification, pointer: {method: email, recipients: [a]}"
    reading = read_text(
        f"resources:\n  - {{name: n, {rest}}}\n  - {{name: m, {rest}}}\n  - {{name: e, {email}}}\njobs:\n{jobs}"
    )
    assert printed(reading) == [
        "shippable.yml:2:12: warning: without 'integration' or 'method' (email, irc) nothing is sent to: n, m"
    ]


def test_notify_as_a_step_counts_as_always() -> None:
    job, reading = read_job(f"{TASK}  - NOTIFY: slack\n")
    assert texts(job.hooks.always) == ([], ["slack"])
    assert warnings(reading)[0].endswith("NOTIFY as a step counts as NOTIFY under 'always'")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("always: {script: 5}", "always.script: must be text, not the number 5"),
        ("always: {script: []}", "always.script: the script is empty"),
        ("always: [{script: {a: b}}]", "always[0].script: must be text, not a mapping (put a line that holds ':"
         " ' in quotes)"),
        ("always: {NOTIFY: [[], {x: y}]}", "always.NOTIFY[1]: name is required"),
    ],
)  # fmt: skip
def test_a_hook_that_is_wrong_is_one_sentence(line: str, sentence: str) -> None:
    assert [e.split("jobs[0].", 1)[1] for e in errors(read_job(f"{TASK}{line}")[1])] == [sentence]


def test_a_misspelt_key_of_a_hook_is_an_error() -> None:
    reading = read_job(f"{TASK}always: {{SCRIPT: x}}")[1]
    assert "'SCRIPT' is not a key of a hook (did you mean 'script'?)" in errors(reading)[0]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("a", "shippable.yml:6:22: job 'j': NOTIFY 'a' is not a notification"),
        ("j", "shippable.yml:6:22: job 'j': NOTIFY 'j' is not a notification"),
        ("slick", "shippable.yml:6:22: job 'j': NOTIFY 'slick' does not exist (did you mean 'slack'?)"),
    ],
)
def test_notify_names_a_notification(name: str, sentence: str) -> None:
    assert errors(read_job(f"{TASK}always: {{NOTIFY: {name}}}")[1]) == [sentence]
