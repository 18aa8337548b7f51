"""What stands in the way of a job, in one sentence."""

from __future__ import annotations

from runner.scheduling import gates
from runner.scheduling.graph import Graph
from runner.scheduling.ledger import Ledger
from runner.scheduling.slots import Slots
from runner.scheduling.snapshot import OpenBuild


def stands_in_the_way(graph: Graph, ledger: Ledger, slots: Slots, job: str, *, draining: bool) -> str | None:
    """Why the oldest queued build of the job, or else its waiting entry, does not start now; where it has neither,
    why a trigger would be refused now."""
    rule = graph.jobs.get(job)
    if rule is None:
        return f"{job} is not a job of the pipeline"
    line = ledger.lines.get(job)
    oldest = None if line is None else line.first(held=False)
    if oldest is not None:
        build = ledger.builds[oldest]
        return gates.too_early(graph, ledger, build) or _no_slot(slots, build, draining=draining)
    if ledger.records[job].waiting is not None:
        return gates.keeps_waiting(graph, ledger, rule)
    return gates.refused(graph, ledger, rule, rule.mode)


def _no_slot(slots: Slots, build: OpenBuild, *, draining: bool) -> str | None:
    if draining:
        return "the service is draining: it starts nothing more"
    pool = slots.pool(build.pool)
    if pool.size <= 0:
        return f"pool {pool.name} has no slots"
    if pool.used >= pool.size:
        return f"all slots of pool {pool.name} are in use ({pool.used} of {pool.size})"
    return None
