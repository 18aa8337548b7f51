"""What is sent in one attempt, and who sends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from runner.notifications.destinations import Addressed
from runner.notifications.news import News
from runner.notifications.outcome import Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is sent to whom. `recipients` are those that are still to be told; `identity` and `at` are the same in every
    attempt."""

    news: News
    addressed: Addressed
    recipients: Sequence[str]
    identity: str
    at: datetime


class Sender(Protocol):
    """Tells the recipients of a letter; never raises for what the other side does."""

    async def send(self, letter: Letter) -> Attempt: ...
