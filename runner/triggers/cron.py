"""The ticks of a `time` resource, in UTC. Source: the platform's five fields; a missed tick is caught up once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cronsim import CronSim, CronSimError

from runner.errors import UsageError


def next_tick(expression: str, after: datetime, last: datetime | None = None) -> datetime:
    """The first tick later than `after` and than `last`, the newest tick that there has been: a clock that goes back
    brings none for the second time. All times are aware. Raises UsageError for what is no cron expression, or for one
    that never comes."""
    start = after if last is None else max(after, last)
    return _first(expression, start, backwards=False)


def missed(expression: str, last: datetime, now: datetime) -> datetime | None:
    """The newest tick later than `last` and not later than `now`: however many were missed, one is made up for.
    None where there is none, also when the clock went back behind `last`. Raises UsageError as `next_tick` does."""
    if now <= last:
        return None
    newest = _first(expression, now.replace(microsecond=0) + timedelta(seconds=1), backwards=True)
    return newest if newest > last else None


def _first(expression: str, start: datetime, *, backwards: bool) -> datetime:
    if len(expression.split()) != 5:
        raise UsageError(f"'{expression}' is not a cron expression: it needs five fields")
    try:
        return next(CronSim(expression, start.astimezone(UTC), reverse=backwards))
    except (CronSimError, ValueError) as error:  # a number of thousands of digits
        raise UsageError(f"'{expression}' is not a cron expression: {str(error).lower()}") from error
    except (StopIteration, OverflowError) as error:
        raise UsageError(f"'{expression}' has no tick in 50 years") from error
