"""What can go wrong between a command and a service."""

from __future__ import annotations

from runner.errors import RunnerError, UsageError


class ServiceError(RunnerError):
    """The service cannot be asked, or does not do what it was asked for: the sentence says why and what to do."""


class LostError(ServiceError):
    """The connection was not made, or broke off: the same may succeed a moment later."""


class RefusedError(ServiceError):
    """The service does not let this caller do that: another token, scope or group is needed."""


class WrongRequestError(UsageError):
    """The service says that what was asked for is not there, or makes no sense now (exit 2)."""


class NotThereError(WrongRequestError):
    """What was named is not there."""
