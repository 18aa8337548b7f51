"""What came of telling somebody: values, since a message that is not taken is nobody's bug."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta

from runner.errors import RunnerError


class NotSentError(RunnerError):
    """A message was not taken, for good: mend what the sentence names."""


class UnreachableError(NotSentError):
    """A message was not taken, but may be when it is tried again, `after` a time that the other side asks for."""

    def __init__(self, sentence: str, after: timedelta | None = None) -> None:
        super().__init__(sentence)
        self.after = after


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of one attempt: who was told, who refused (with the sentence), and who may be told later."""

    told: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    later: tuple[tuple[str, str], ...] = ()
    after: timedelta | None = None


def told_by(error: OSError) -> str:
    """What is wrong with a connection, in the words of the system: asyncio has words of its own for some."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or str(error) or type(error).__name__
