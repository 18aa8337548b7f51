"""What the end of an upstream build means to the job that names the upstream job as input."""

from __future__ import annotations

SUCCESS, FAILURE = "success", "failure"


def starts(status: str, *, on_success: bool, on_failure: bool) -> bool:
    """Whether a build that ended with `status` starts the job behind an input with these options.

    No other status ever does (the platform made no version of such a build)."""
    return (status == SUCCESS and on_success) or (status == FAILURE and on_failure)


def blocks(status: str, *, on_failure: bool) -> bool:
    """Whether an input job whose last build ended with `status` keeps the job behind it from starting."""
    return not (status == SUCCESS or (status == FAILURE and on_failure))
