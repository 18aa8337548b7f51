"""The clock: which tick comes next, which was missed, and that none comes twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import UsageError
from runner.pipeline.content_kinds import is_cron
from runner.triggers.cron import missed, next_tick

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday
EVERY = ["* * * * *", "*/7 * * * *", "0 9-17 * * 1-5", "30 4 1,15 * *", "0 0 29 2 *", "0 12 * jan-jun MON", "0 0 L * *"]
times = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(lambda when: when.replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("expression", "after", "tick"),
    [
        ("*/5 * * * *", NOON, NOON + timedelta(minutes=5)),
        ("*/5 * * * *", NOON + timedelta(microseconds=1), NOON + timedelta(minutes=5)),
        ("0 12 * * *", NOON - timedelta(microseconds=1), NOON),
        ("0 12 * * *", NOON, NOON + timedelta(days=1)),
        ("0 0 1 1 *", NOON, datetime(2027, 1, 1, tzinfo=UTC)),
        ("0 0 29 2 *", NOON, datetime(2028, 2, 29, tzinfo=UTC)),
        ("0 13 * * *", NOON.astimezone(timezone(timedelta(hours=5))), NOON + timedelta(hours=1)),
    ],
)
def test_the_next_tick_is_in_utc_and_later_than_now(expression: str, after: datetime, tick: datetime) -> None:
    assert next_tick(expression, after) == tick


def test_however_many_ticks_were_missed_the_newest_is_made_up_for() -> None:
    assert missed("0 * * * *", NOON - timedelta(days=3), NOON + timedelta(minutes=20)) == NOON


def test_a_tick_that_is_now_counts_as_missed_until_it_is_taken() -> None:
    assert missed("0 * * * *", NOON - timedelta(hours=1), NOON) == NOON
    assert missed("0 * * * *", NOON, NOON) is None


def test_nothing_is_missed_between_two_ticks() -> None:
    assert missed("0 * * * *", NOON, NOON + timedelta(minutes=59)) is None


def test_a_clock_that_goes_back_brings_no_tick_twice() -> None:
    earlier = NOON - timedelta(hours=3)
    assert missed("0 * * * *", NOON, earlier) is None
    assert next_tick("0 * * * *", earlier, last=NOON) == NOON + timedelta(hours=1)


@given(st.sampled_from(EVERY), times, times)
def test_what_was_missed_is_a_tick_between_the_last_one_and_now(expression: str, last: datetime, now: datetime) -> None:
    tick = missed(expression, last, now)
    if tick is None:
        assert next_tick(expression, last) > now
    else:
        assert last < tick <= now < next_tick(expression, tick)
        assert next_tick(expression, tick - timedelta(seconds=1)) == tick


@given(st.sampled_from(EVERY), st.lists(times, min_size=2, max_size=8))
def test_a_clock_that_jumps_at_will_takes_each_tick_once(expression: str, clock: list[datetime]) -> None:
    last, taken = clock[0], []
    for now in clock[1:]:
        tick = missed(expression, last, now)
        if tick is not None:
            taken.append(tick)
            last = tick
    assert taken == sorted(set(taken))


@pytest.mark.parametrize(
    "expression", ["$EVERY", "@daily", "* * * * * *", "0 0 30 2 *", "61 * * * *", "*/" + "9" * 5000 + " * * * *"]
)
def test_what_is_no_cron_expression_is_told(expression: str) -> None:
    with pytest.raises(UsageError, match="cron expression"):
        next_tick(expression, NOON)


@given(st.lists(st.text("0123456789*/-,LW#MONJA²", min_size=1, max_size=5), min_size=5, max_size=5).map(" ".join))
def test_what_validation_takes_the_clock_can_read_and_nothing_else(expression: str) -> None:
    try:
        next_tick(expression, NOON)
    except UsageError:
        assert not is_cron(expression)
    else:
        assert is_cron(expression)
