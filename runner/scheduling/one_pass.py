"""Which job of a local run starts when, and why another does not: state + event → new state + commands, no I/O.

The trigger rules are those of the platform for one pass over a pipeline in which a job runs at most once:

- A job that has no upstream job starts. A job whose links to upstream jobs are all switched off is a gate: it waits
  for a person, so this run leaves it out.
- A link starts its job when the upstream job succeeded and, where it goes through a resource, has published a new
  version of it. `triggerOnFailure` makes a failed upstream job start it too.
- `chrono` waits for every upstream job and is blocked by an input job whose last build did not succeed; `strict` is
  blocked by a failed job behind an input resource too; `immediate` starts at the first trigger.
- Jobs that form a loop do not wait for each other. A loop that nothing outside starts begins with the jobs that no
  other of it triggers, else with its first job.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from runner.pipeline.model import DependencyMode
from runner.scheduling.ends import SUCCESS, blocks, starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`upstream` reaches the job through `via`: the upstream job itself, or a resource that it gives out.

    `triggers` is False for a switched-off or pinned input and for `state`; `pinned`: a pinned input job's last
    status does not block."""

    upstream: str
    via: str
    triggers: bool = True
    pinned: bool = False
    on_success: bool = True
    on_failure: bool = False
    mode: DependencyMode = DependencyMode.CHRONO

    @property
    def direct(self) -> bool:
        return self.via == self.upstream


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is fixed about one job.

    `links` name every upstream job but the job itself; `loop` are the other jobs of the loop it is in, switched-off
    links counted; `manual`: a person asked for it, so it needs no trigger; `excluded`: why it cannot run at all."""

    job: str
    manual: bool = False
    excluded: str | None = None
    priority: int = 9999
    links: tuple[Link, ...] = ()
    loop: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finished:
    """A build of `job` ended with `status` and published new versions of `published` (resources)."""

    job: str
    status: str
    published: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Start:
    """Start `job` now; `triggered_by` is the job or resource that asked for it (itself: a root of the run)."""

    job: str
    triggered_by: str


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """`job` will not run in this run."""

    job: str
    reason: str


Command: TypeAlias = Start | LeaveOut


@dataclass(slots=True)
class LocalRun:
    """One pass over a pipeline. `earlier` holds the last status of jobs from before this run, `capacity` how many
    builds may run at once. `begin` and `finished` give the commands that follow, in order."""

    rules: Mapping[str, Rule]
    earlier: Mapping[str, str]
    capacity: int
    _done: dict[str, str | None] = field(default_factory=dict)
    _triggered: dict[str, Link] = field(default_factory=dict)
    _by: dict[str, str] = field(default_factory=dict)
    _ready: list[str] = field(default_factory=list)
    _chosen: set[str] = field(default_factory=set)
    _running: set[str] = field(default_factory=set)
    _position: dict[str, int] = field(default_factory=dict)
    _below: dict[str, list[str]] = field(default_factory=dict)

    def begin(self) -> list[Command]:
        """The roots of the run."""
        self._position = {job: index for index, job in enumerate(self.rules)}
        for rule in self.rules.values():
            for link in rule.links:
                self._below.setdefault(link.upstream, []).append(rule.job)
        excluded = [LeaveOut(rule.job, rule.excluded) for rule in self.rules.values() if rule.excluded is not None]
        self._done.update({left.job: None for left in excluded})
        for rule in self.rules.values():
            if not any(link.upstream in self.rules for link in rule.links) or self._begins_loop(rule):
                self._make_ready(rule.job, rule.job)
        return self._commands([*excluded, *self._settle(self.rules)])

    def finished(self, event: Finished) -> list[Command]:
        """What follows from the end of a build."""
        self._running.discard(event.job)
        self._done[event.job] = event.status
        for job in self._below.get(event.job, ()):
            if self._waits(job) and not self.rules[job].manual:
                self._trigger(self.rules[job], event)
        return self._commands(self._settle(self._below.get(event.job, ())))

    def stop(self, reason: str) -> list[Command]:
        """Start nothing more: everything that has not started is left out."""
        ready = set(self._ready)
        waiting = [job for job in self.rules if job in ready or self._waits(job)]
        self._ready.clear()
        self._done.update(dict.fromkeys(waiting))
        return [LeaveOut(job, reason) for job in waiting]

    def _begins_loop(self, rule: Rule) -> bool:
        """Whether the job is where a loop begins that nothing outside starts: what no other member triggers, else the
        member that the file has first."""
        members = rule.loop | {rule.job}
        links = [(job, link) for job in members for link in self.rules[job].links]
        if not rule.loop or any(link.upstream not in members for _, link in links):
            return False
        triggered = {job for job, link in links if link.triggers}
        first = min(members, key=self._position.__getitem__)
        return rule.job not in triggered if triggered < members else rule.job == first

    def _trigger(self, rule: Rule, event: Finished) -> None:
        for link in rule.links:
            if link.upstream == event.job and fires(link, event):
                self._triggered.setdefault(rule.job, link)
                if link.mode is DependencyMode.IMMEDIATE:
                    self._make_ready(rule.job, link.via)

    def _settle(self, jobs: Iterable[str]) -> list[LeaveOut]:
        """Decide about waiting jobs until nothing more follows; gives those that are left out."""
        out: list[LeaveOut] = []
        queue = deque(jobs)
        while queue or not (self._running or self._ready):
            if queue:
                job = queue.popleft()
                verdict = self._verdict(self.rules[job]) if self._waits(job) else None
            else:
                waiting = [job for job in self.rules if self._waits(job)]
                if not waiting:
                    break
                job = next((job for job in waiting if self.rules[job].loop), waiting[0])
                verdict = f"nothing triggered it: it is in a loop with {', '.join(sorted(self.rules[job].loop))}"
            if verdict is not None:
                self._done[job] = None
                out.append(LeaveOut(job, verdict))
                queue.extend(self._below.get(job, ()))
        return out

    def _waits(self, job: str) -> bool:
        return job not in self._done and job not in self._chosen

    def _verdict(self, rule: Rule) -> str | None:
        """Why the job is left out; None where it is ready or must go on waiting."""
        upstream = (link.upstream for link in rule.links)
        open_ = {job for job in upstream if job in self.rules and job not in self._done}
        if open_ - rule.loop:
            return None
        trigger = self._triggered.get(rule.job)
        if trigger is None and not rule.manual:
            return None if open_ else self._silence(rule)
        mode = trigger.mode if trigger else DependencyMode.CHRONO
        blocked = next((text for link in rule.links if (text := self._blocks(rule, link, mode))), None)
        if blocked is None:
            self._make_ready(rule.job, trigger.via if trigger else rule.job)
        return blocked

    def _blocks(self, rule: Rule, link: Link, mode: DependencyMode) -> str | None:
        if link.pinned or link.upstream in rule.loop or not (link.direct or mode is DependencyMode.STRICT):
            return None
        status = self._done.get(link.upstream) or self.earlier.get(link.upstream)
        if status is None:
            return f"blocked: input job {link.upstream} has never run" if link.direct else None
        return f"blocked: {link.upstream} ended with {status}" if blocks(status, on_failure=link.on_failure) else None

    def _silence(self, rule: Rule) -> str:
        """Why nothing triggered the job."""
        if not any(link.triggers for link in rule.links):
            return "gate: every input that comes from another job is switched off or pinned; start it with --job"
        for link in rule.links:
            status = self._done.get(link.upstream)
            if status is not None and status != SUCCESS:
                return f"blocked: {link.upstream} ended with {status}"
        for link in rule.links:
            if self._done.get(link.upstream) is None:
                return f"blocked: {link.upstream} was not run"
        unchanged = next(link for link in rule.links if link.triggers)
        return f"no input changed: {unchanged.upstream} gave no new version of {unchanged.via}"

    def _make_ready(self, job: str, triggered_by: str) -> None:
        if self._waits(job):
            self._by[job] = triggered_by
            self._chosen.add(job)
            insort(self._ready, job, key=lambda name: (self.rules[name].priority, self._position[name]))

    def _commands(self, left_out: Sequence[LeaveOut]) -> list[Command]:
        commands: list[Command] = list(left_out)
        while self._ready and len(self._running) < self.capacity:
            job = self._ready.pop(0)
            self._running.add(job)
            commands.append(Start(job, self._by[job]))
        return commands


def fires(link: Link, event: Finished) -> bool:
    """Whether the end of an upstream build starts the job behind the link."""
    if not link.triggers:
        return False
    if not link.direct:
        return link.via in event.published
    return starts(event.status, on_success=link.on_success, on_failure=link.on_failure)
