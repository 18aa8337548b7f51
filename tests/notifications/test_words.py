"""The words and the patience of notifications."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.integrations.catalogue import CATALOGUE
from runner.integrations.model import ResolvedIntegration
from runner.notifications.destinations import (
    NOT_SENT,
    SENT_WITH,
    Destination,
    Email,
    Irc,
    Slack,
    Webhook,
    addressed,
    recipients_of,
    why_not_sent,
)
from runner.notifications.news import News, spoken
from runner.notifications.outcome import NotSentError
from runner.notifications.patience import Patience
from runner.pipeline.model import Data
from runner.secret import Secret


@pytest.mark.parametrize(
    ("status", "seconds", "headline"),
    [
        ("processing", None, "a/1 has started"),
        ("success", 0.44, "a/1 succeeded after 0.4 s"),
        ("failure", 61, "a/1 failed after 1 min 1 s"),
        ("error", 9, "a/1 could not be run after 9 s"),
        ("timeout", 3725, "a/1 ran into its time limit after 1 h 2 min"),
        ("unstable", 12.2, "a/1 is unstable after 12 s"),
        ("cancelled", 3, "a/1 was cancelled after 3 s"),
    ],
)
def test_the_headline_says_how_a_build_is(status: str, seconds: float | None, headline: str) -> None:
    duration = None if seconds is None else timedelta(seconds=seconds)
    news = News(build=1, name="a/1", job="a", number=1, status=status, triggered_by="a", log="x", duration=duration)
    assert news.headline == headline


@pytest.mark.parametrize(
    ("triggered_by", "by", "why"),
    [
        ("a", None, "Started by itself"),
        ("a", "ann", "Started by ann"),
        ("repo", None, "Triggered by repo"),
        ("repo", "ann", "Triggered by repo by ann"),
    ],
)
def test_the_details_say_why_it_runs(triggered_by: str, by: str | None, why: str) -> None:
    news = News(
        build=1, name="a/1", job="a", number=1, status="success", triggered_by=triggered_by, log="the log", by=by
    )
    assert news.details == f"{why}\nLog: the log"


def test_a_negative_duration_is_none() -> None:
    assert spoken(timedelta(seconds=-3)) == "0 s"


PATIENCE = Patience(first=timedelta(seconds=5), longest=timedelta(minutes=15), total=timedelta(hours=1))
BEGAN = datetime(2024, 5, 1, tzinfo=UTC)


def test_pauses_grow_and_end() -> None:
    now, pauses = BEGAN, []
    for attempts in range(1, 100):
        due = PATIENCE.next(BEGAN, attempts, now)
        if due is None:
            break
        pauses.append((due - now).total_seconds())
        now = due
    assert pauses == [5, 20, 80, 320, 900, 900, 900]


def test_a_service_that_asks_for_more_time_gets_it() -> None:
    due = PATIENCE.next(BEGAN, 1, BEGAN, timedelta(minutes=2))
    assert due == BEGAN + timedelta(minutes=2)
    assert PATIENCE.next(BEGAN, 1, BEGAN, timedelta(hours=2)) is None


@given(st.integers(1, 10**6), st.timedeltas(timedelta(), timedelta(days=999)), st.timedeltas(timedelta()))
def test_nothing_is_tried_beyond_the_limit(attempts: int, passed: timedelta, after: timedelta) -> None:
    due = PATIENCE.next(BEGAN, attempts, BEGAN + passed, after)
    assert due is None or BEGAN < due <= BEGAN + PATIENCE.total


def integration(kind: str, **values: str) -> ResolvedIntegration:
    secret = {name: Secret(value) for name, value in values.items()}
    return ResolvedIntegration(name="chat", type=CATALOGUE[kind], values=secret)


@pytest.mark.parametrize(
    ("method", "kind", "destination"),
    [
        (None, "slackKey", Slack(Secret("http://h/x"))),
        (None, "Slack", Slack(Secret("http://h/x"))),
        (None, "webhookV2", Webhook(Secret("http://h/x"), Secret("Bearer t"))),
        (None, "webhook", Webhook(Secret("http://h/x"), Secret("Bearer t"))),
        ("email", None, Email()),
        ("irc", None, Irc()),
        ("email", "slackKey", Email()),
        (None, "Email", Email()),
        (None, "irc", Irc()),
    ],
)
def test_the_method_or_the_integration_says_how(method: str | None, kind: str | None, destination: Destination) -> None:
    url = {"webhookUrl": "h/x\n", "webhookURL": " h/x", "authorization": "Bearer t\n"}
    found = addressed(method, ["#a", "", "#a", " #b"], integration(kind, **url) if kind else None)
    assert (found.destination, found.recipients) == (destination, ("#a", "#b"))


def test_an_old_integration_of_email_names_the_recipient() -> None:
    assert addressed(None, [], integration("Email", Address="a@x.example")).recipients == ("a@x.example",)


@pytest.mark.parametrize(
    ("method", "kind", "recipients", "sentence"),
    [
        (None, None, ["#a"], "it has neither an integration nor a method (email, irc)"),
        ("email", None, [], "it names no recipients"),
        ("irc", None, [""], "it names no recipients"),
        (None, "slackKey", ["#a"], "its integration chat has no webhookUrl"),
        (None, "webhookV2", ["#a"], "its integration chat has no webhookURL"),
        (None, "hipchatKey", ["#a"], f"its integration chat is of type hipchatKey: {NOT_SENT['hipchatKey']}"),
        (None, "airBrakeKey", ["1"], f"its integration chat is of type airBrakeKey: {NOT_SENT['jira']}"),
    ],
)
def test_what_cannot_be_told_says_why(
    method: str | None, kind: str | None, recipients: list[str], sentence: str
) -> None:
    with pytest.raises(NotSentError) as error:
        addressed(method, recipients, integration(kind) if kind else None)
    assert str(error.value) == sentence


@pytest.mark.parametrize("kind", sorted(CATALOGUE))
def test_every_type_of_integration_is_sent_with_or_says_why_not(kind: str) -> None:
    assert (why_not_sent(kind) is None) == (kind in SENT_WITH)


@pytest.mark.parametrize(
    ("written", "read"), [(("#a", 5), ("#a", "5")), ("a@x", ("a@x",)), (None, ()), (({"a": 1}, None), ())]
)
def test_recipients_are_a_list_or_a_text(written: Data, read: tuple[str, ...]) -> None:
    assert recipients_of(written) == read
