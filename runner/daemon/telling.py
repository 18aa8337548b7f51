"""What a service tells its operators of its decisions and of its queue."""

from __future__ import annotations

import structlog

from runner.dispatch.seam import AttemptId
from runner.errors import RunnerError
from runner.scheduling.events import Command, NotTriggered, Queue, Stale, Start, StopWaiting, Wait, Withdraw

log = structlog.stdlib.get_logger("runner.scheduling")


def told(command: Command) -> None:
    """One line for each command of the rules."""
    match command:
        case Queue():
            log.info("build.queued", build=command.build, job=command.job, triggered_by=command.triggered_by)
        case Start():
            log.debug("build.given_out", build=command.build)
        case Wait():
            log.info("job.waiting", job=command.job, triggered_by=command.triggered_by)
        case StopWaiting():
            log.info("job.not_waiting", job=command.job)
        case Stale():
            log.info("job.stale" if command.stale else "job.fresh", job=command.job)
        case Withdraw():
            log.info("build.withdrawn", build=command.build, reason=command.reason)
        case NotTriggered():
            log.info("job.not_triggered", job=command.job, triggered_by=command.triggered_by, reason=command.reason)


def report(error: Exception, attempt: AttemptId | None) -> None:
    """What the queue could not do."""
    if isinstance(error, RunnerError):
        log.error("dispatch.failed", attempt=attempt, error=str(error))
    else:
        log.error("dispatch.bug", attempt=attempt, exc_info=error)
