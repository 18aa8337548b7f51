"""What keeps a trigger from starting its job, a waiting entry from being released and a queued build from starting.

Each rule gives the sentence that a user reads, None where it lets through."""

from __future__ import annotations

from runner.pipeline.model import DependencyMode
from runner.scheduling.ends import SUCCESS, blocks
from runner.scheduling.graph import Graph, JobRule, Upstream
from runner.scheduling.ledger import Ledger
from runner.scheduling.snapshot import OpenBuild

CHRONO, STRICT, IMMEDIATE = DependencyMode.CHRONO, DependencyMode.STRICT, DependencyMode.IMMEDIATE


def refused(graph: Graph, ledger: Ledger, rule: JobRule, mode: DependencyMode) -> str | None:
    """Why an automatic trigger starts nothing, neither now nor by waiting."""
    if rule.inconsistent is not None:
        return inconsistent(rule)
    if ledger.records[rule.name].paused:
        return f"{rule.name} is paused: resume it, or start it by hand"
    if mode is IMMEDIATE:
        return None
    if rule.broken is not None:
        return f"an input or output of {rule.name} cannot be used: {rule.broken}"
    if mode is STRICT and must_wait(graph, ledger, rule.name):
        return None
    return _input_job_blocks(graph, ledger, rule)


def inconsistent(rule: JobRule) -> str | None:
    return None if rule.inconsistent is None else f"the definition of {rule.name} cannot be used: {rule.inconsistent}"


def own_cause(rule: JobRule, chain: frozenset[str]) -> str | None:
    """A chain of triggers that comes back to a job through its own cause ends there."""
    if rule.name not in chain:
        return None
    return f"{rule.name} would be its own cause: the chain of {', '.join(sorted(chain))} began with it or passed it"


def must_wait(graph: Graph, ledger: Ledger, job: str) -> bool:
    """Whether a strict trigger makes a waiting entry, or joins the one that is there."""
    if ledger.records[job].waiting is not None:
        return True
    return any(ledger.is_open(above.job) for above in graph.upstream.get(job, ()))


def keeps_waiting(graph: Graph, ledger: Ledger, rule: JobRule) -> str | None:
    """Why the waiting entry of the job is not released. An upstream job that has never run does not matter."""
    if ledger.records[rule.name].paused:
        return f"{rule.name} is paused: resume it"
    if rule.inconsistent is not None:
        return inconsistent(rule)
    if rule.broken is not None:
        return f"an input or output of {rule.name} cannot be used: {rule.broken}"
    for above in graph.upstream.get(rule.name, ()):
        reason = _holds(ledger, above)
        if reason is not None:
            return reason
    return None


def too_early(graph: Graph, ledger: Ledger, build: OpenBuild) -> str | None:
    """Why the build does not start even if its pool has a free slot."""
    first = ledger.next_of(build.job)
    if first is not build:
        if not build.manual and ledger.records[build.job].paused:
            return f"{build.job} is paused: resume it"
        return f"build {first.id if first else '?'} of {build.job} goes first: it is older"
    if ledger.records[build.job].running and not graph.jobs[build.job].parallel:
        return f"another build of {build.job} is processing, and its triggerMode is serial"
    return _neighbour_goes_first(graph, ledger, build) if build.mode is CHRONO else None


def _input_job_blocks(graph: Graph, ledger: Ledger, rule: JobRule) -> str | None:
    """Jobs of a loop do not block each other: one failure would stop the loop for good."""
    loop = graph.loop(rule.name)
    for step in rule.inputs:
        if not step.is_job or step.pinned or step.name in loop or step.name not in graph.jobs:
            continue
        status = ledger.records[step.name].last_status
        if status is None:
            return f"input job {step.name} has never run"
        if blocks(status, on_failure=step.on_failure):
            return f"the last build of input job {step.name} ended with {status}"
    return None


def _holds(ledger: Ledger, above: Upstream) -> str | None:
    record = ledger.records[above.job]
    if ledger.is_open(above.job):
        state = "processing" if record.running else "queued" if above.job in ledger.lines else "waiting"
        return f"upstream job {above.job} is {state}"
    status = record.last_status or SUCCESS
    if not above.pinned and blocks(status, on_failure=above.on_failure):
        return f"the last build of upstream job {above.job} ended with {status}: it must succeed first"
    return None


def _neighbour_goes_first(graph: Graph, ledger: Ledger, build: OpenBuild) -> str | None:
    """chrono: directly connected jobs do not run at the same time, and go in the order of creation."""
    for name in graph.neighbours.get(build.job, ()):
        if ledger.records[name].running:
            return f"{name}, which is directly connected, is processing"
        first = ledger.next_of(name)
        if first is not None and first.id < build.id:
            return f"build {first.id} of {name}, which is directly connected, goes first: it is older"
    return None
