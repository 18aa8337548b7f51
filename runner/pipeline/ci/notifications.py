"""`integrations.notifications` of the CI part: who is told of its builds."""

from __future__ import annotations

from collections.abc import Iterator

from runner.pipeline.ci.branches import read_filter
from runner.pipeline.ci.model import Branches, CiNotification, When
from runner.pipeline.ci.notification_keys import (
    CONSOLE_LOGS,
    COVERAGE,
    INTEGRATION_NAME,
    NOTIFICATION_KEYS,
    NOTIFICATION_TYPES,
    ON_CANCEL,
    ON_FAILURE,
    ON_PULL_REQUEST,
    ON_START,
    ON_SUCCESS,
    OTHER_NAMES,
    OWNERS,
    PAYLOAD,
    RECIPIENTS,
    SNIPPET,
    TO_BRANCHES,
    TYPE,
    UNSENT_TYPES,
)
from runner.pipeline.codes import Code
from runner.pipeline.fields import Fields, Key, read_fields
from runner.pipeline.kinds import flat
from runner.pipeline.model import Named
from runner.pipeline.nodes import MappingNode, Scalar, Unresolved, is_null, kind_of
from runner.pipeline.problems import nearest
from runner.pipeline.report import Spot


def read_notifications(spot: Spot) -> Iterator[CiNotification]:
    """Each entry of the list, with a word about what of it is not done here."""
    for item in flat(spot):
        if isinstance(item.node, MappingNode):
            yield _read(item, read_fields(item, item.node, NOTIFICATION_KEYS, "a notification"))
        elif not is_null(item.node) and not isinstance(item.node, Unresolved):
            item.error(Code.WRONG_VALUE, f"must be a mapping with type and recipients, not {kind_of(item.node)}")


def _read(spot: Spot, fields: Fields) -> CiNotification:
    named, kind = fields.get(INTEGRATION_NAME), fields.get(TYPE)
    recipients = fields.get(RECIPIENTS, ())
    _tell_type(spot, kind)
    _tell_unused(spot, fields, recipients)
    branches = fields.get(TO_BRANCHES)
    on_failure = _when(fields, ON_FAILURE, When.ALWAYS)
    return CiNotification(
        name=None if named is None else Named(named.text, named.place),
        type=None if kind is None else kind.text,
        recipients=tuple(word.text for word in recipients if word.text != OWNERS),
        branches=Branches() if branches is None else read_filter(spot.at(branches, ".branches"), branches),
        on_start=_when(fields, ON_START, When.NEVER),
        on_success=_when(fields, ON_SUCCESS, When.CHANGE),
        on_failure=on_failure,
        on_cancel=_when(fields, ON_CANCEL, on_failure),
        on_pull_request=_when(fields, ON_PULL_REQUEST, When.ALWAYS),
        failing_snippet=fields.get(SNIPPET, False),
        payload=fields.get(PAYLOAD),
    )


def _when(fields: Fields, key: Key[str], default: When) -> When:
    return When(fields.get(key, default))


def _tell_type(spot: Spot, kind: Scalar | None) -> None:
    if kind is None:
        return
    below = spot.at(kind, ".type")
    if (why := UNSENT_TYPES.get(kind.text)) is not None:
        below.warn(Code.CI_INTEGRATION, f"nothing is sent to {kind.text}", why)
    elif kind.text not in (*NOTIFICATION_TYPES, *OTHER_NAMES):
        hint = nearest(kind.text, NOTIFICATION_TYPES) or f"there are {', '.join(NOTIFICATION_TYPES)}"
        below.warn(Code.CI_INTEGRATION, f"nothing is sent to '{kind.text}'", hint)


def _tell_unused(spot: Spot, fields: Fields, recipients: tuple[Scalar, ...]) -> None:
    for word in recipients:
        if word.text == OWNERS:
            spot.at(word, ".recipients").warn(Code.CI_INTEGRATION, f"'{OWNERS}' is nobody: a checkout has no owners")
    for key in (CONSOLE_LOGS, COVERAGE):
        if fields.get(key, False):
            told = f"{key.name} attaches nothing to an e-mail"
            spot.warn(Code.CI_INTEGRATION, told, "sendFailingSnippet quotes what failed")
