"""Who is to be told of a build, by the hooks of its job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from runner.notifications.news import Moment
from runner.pipeline.model import Hooks, Target
from runner.store.rows import NewNotice

MOMENTS: Mapping[str, Moment] = {
    "success": Moment.ON_SUCCESS,
    "failure": Moment.ON_FAILURE,
    "error": Moment.ON_FAILURE,
    "timeout": Moment.ON_FAILURE,
    "unstable": Moment.ON_FAILURE,
    "cancelled": Moment.ON_CANCEL,
}
"""Which hook an end is for. Source: the platform counted timeouts, errors and unstable builds among the failures."""


def at_start(hooks: Hooks) -> tuple[NewNotice, ...]:
    return tuple(_notices(Moment.ON_START, hooks.on_start.notify))


def at_end(hooks: Hooks, status: str) -> tuple[NewNotice, ...]:
    """A resource that the hook of this end names and `always` as well is told once."""
    moment = MOMENTS.get(status)
    hook = {
        Moment.ON_SUCCESS: hooks.on_success,
        Moment.ON_FAILURE: hooks.on_failure,
        Moment.ON_CANCEL: hooks.on_cancel,
    }
    named = _notices(moment, hook[moment].notify) if moment is not None else ()
    told = {new.target: new for new in _notices(Moment.ALWAYS, hooks.always.notify)}
    return tuple({**told, **{new.target: new for new in named}}.values())


def _notices(moment: Moment, targets: Iterable[Target]) -> Iterable[NewNotice]:
    quoted = {target.name for target in targets if target.failing_snippet}
    return [
        NewNotice(moment=moment, target=name, snippet=name in quoted)
        for name in dict.fromkeys(target.name for target in targets)
    ]
