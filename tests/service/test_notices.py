"""Which hooks are told of which end."""

from __future__ import annotations

import pytest

from runner.pipeline.model import Hook, Hooks, Target
from runner.pipeline.problems import Place
from runner.service.notices import at_end, at_start


def hook(*names: str) -> Hook:
    return Hook(notify=tuple(Target(name, Place("f"), name == "quoted") for name in names))


HOOKS = Hooks(
    on_start=hook("start"),
    on_success=hook("good", "both", "good"),
    on_failure=hook("bad", "both", "quoted"),
    on_cancel=hook("gone"),
    always=hook("every", "both"),
)
FAILED = [("always", "every"), ("on_failure", "bad"), ("on_failure", "both"), ("on_failure", "quoted")]


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("success", [("always", "every"), ("on_success", "both"), ("on_success", "good")]),
        ("failure", FAILED),
        ("error", FAILED),
        ("timeout", FAILED),
        ("unstable", FAILED),
        ("cancelled", [("always", "both"), ("always", "every"), ("on_cancel", "gone")]),
        ("skipped", [("always", "both"), ("always", "every")]),
    ],
)
def test_an_end_is_told_by_its_hook_and_by_always(status: str, told: list[tuple[str, str]]) -> None:
    notices = at_end(HOOKS, status)
    assert sorted((str(new.moment), new.target) for new in notices) == told
    assert [new.target for new in notices if new.snippet] == (["quoted"] if told is FAILED else [])


def test_a_start_is_told_by_its_hook_alone() -> None:
    assert [(str(new.moment), new.target) for new in at_start(HOOKS)] == [("on_start", "start")]
