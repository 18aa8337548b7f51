"""The one place where the state of a service changes: facts, what the rules say to them, and the queue, all in one
transaction of the store."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar

from runner.scheduling.events import (
    Command,
    Draining,
    Event,
    NotTriggered,
    PoolsSet,
    Queue,
    Stale,
    Start,
    StopWaiting,
    Synced,
    Wait,
    Withdraw,
)
from runner.scheduling.graph import Graph
from runner.scheduling.rules import Rules
from runner.store import queueing
from runner.store.ends import withdraw
from runner.store.queueing import Request
from runner.store.rows import BuildRow, build_row
from runner.store.sqlite import Transaction
from runner.store.store import Store

T = TypeVar("T")

HOST_POOL = "host"
"""Where the builds of one host are given out: the node pools of the pipeline are held to by the rules."""


class Attempts(Protocol):
    """Where builds are given out to be run (see runner/dispatch)."""

    def put(self, tx: Transaction, *, pool: str, priority: int, lock: str | None, payload: str) -> int: ...


@dataclass(frozen=True, slots=True)
class Facts(Generic[T]):
    """What a change has recorded: the events that the rules are to be told of, the value for whoever asked, and what
    was asked of the build that follows. `behind_rules`: something that the rules do not learn by an event: they are
    read again."""

    value: T
    events: Sequence[Event] = ()
    request: Request = field(default_factory=Request)
    behind_rules: bool = False


@dataclass(frozen=True, slots=True)
class Decided(Generic[T]):
    value: T
    commands: tuple[Command, ...]

    def queued_of(self, job: str) -> tuple[int, ...]:
        """The builds of a job that were queued."""
        queued = (command for command in self.commands if isinstance(command, Queue))
        return tuple(command.build for command in queued if command.job == job)


@dataclass(frozen=True, slots=True)
class _Setting:
    """What the rules are made with beside the snapshot."""

    graph: Graph
    pools: Mapping[str, int]
    draining: bool = False

    def after(self, events: Sequence[Event]) -> _Setting:
        """The same as events have changed it."""
        setting = self
        for event in events:
            match event:
                case Synced():
                    setting = replace(setting, graph=event.graph)
                case PoolsSet():
                    setting = replace(setting, pools=event.pools)
                case Draining():
                    setting = replace(setting, draining=event.on)
                case _:
                    pass  # the other events are recorded with what follows from them
        return setting


class Decisions:
    """Decides, one change after another. The rules live on the store's thread: a change sees the facts and the rules
    of one moment, and where its transaction fails the rules are read again from what is recorded."""

    def __init__(self, store: Store, attempts: Attempts, told: Callable[[Command], None]) -> None:
        """`told` hears, on the event loop, of every command that was recorded."""
        self._store = store
        self._attempts = attempts
        self._told = told
        self._rules: Rules | None = None
        self._setting = _Setting(Graph({}), {})
        self.changed = asyncio.Event()
        """Set when the next change is recorded; then another event takes its place."""

    async def open(self, graph: Graph, pools: Mapping[str, int]) -> None:
        """Begin with what is recorded: builds that were queued may start, and those that nobody has any more (a bug
        ended their attempts, but not them) get another attempt, which takes over what runs. Raises StoreError."""
        self._setting = _Setting(graph, pools)

        def change(tx: Transaction, rules: Rules) -> Facts[None]:
            for row in queueing.nobody_has(tx):
                queueing.give_out_again(tx, row, self._attempt(tx, row, graph))
            return Facts(None)

        await self.decide(change)

    async def decide(
        self, change: Callable[[Transaction, Rules], Facts[T]], then: Callable[[Decided[T]], None] | None = None
    ) -> Decided[T]:
        """Record the facts of `change` with all that follows, or nothing of it. Raises StoreError, and whatever
        `change` raises.

        `then` is called on the event loop once it is recorded, before anything else hears of it. Where we are
        cancelled meanwhile nobody can tell whether it was recorded; if it was, `then` is called all the same."""
        loop = asyncio.get_running_loop()

        def announce(decided: Decided[T]) -> None:
            if then is not None:
                then(decided)
            self._announce(decided.commands)

        def recorded(decided: Decided[T]) -> None:
            loop.call_soon_threadsafe(announce, decided)

        def work(tx: Transaction) -> Decided[T]:
            resumed: list[Command] = []
            rules = self._rules
            if rules is None:
                rules = self._restored(tx)
                resumed = rules.resume()
            self._rules = None
            facts = change(tx, rules)
            setting = self._setting.after(facts.events)
            commands = [*resumed, *(command for event in facts.events for command in rules.apply(event))]
            for command in commands:
                self._record(tx, command, facts.request, setting)
            decided = Decided(facts.value, tuple(commands))
            tx.after_commit(lambda: self._keep(None if facts.behind_rules else rules, setting))
            tx.after_commit(lambda: recorded(decided))
            return decided

        return await self._store.transaction(work)

    def tell_change(self) -> None:
        """Wake whoever waits for a change: something was recorded."""
        self.changed.set()
        self.changed = asyncio.Event()

    async def look(self, question: Callable[[Transaction, Rules], T]) -> T:
        """Ask what is recorded and what the rules think of it, of one moment. Raises StoreError."""

        def work(tx: Transaction) -> T:
            return question(tx, self._rules or self._restored(tx))

        return await self._store.read(work)

    def _announce(self, commands: Sequence[Command]) -> None:
        self.tell_change()
        for command in commands:
            self._told(command)

    def _keep(self, rules: Rules | None, setting: _Setting) -> None:
        self._rules, self._setting = rules, setting

    def _restored(self, tx: Transaction) -> Rules:
        setting = self._setting
        return Rules.restore(setting.graph, setting.pools, queueing.snapshot(tx, draining=setting.draining))

    def _record(self, tx: Transaction, command: Command, request: Request, setting: _Setting) -> None:
        match command:
            case Queue():
                queueing.queue(tx, command, request if command.manual else Request())
            case Start():
                self._give_out(tx, command.build, setting.graph)
            case Wait():
                queueing.wait(tx, command)
            case StopWaiting():
                queueing.stop_waiting(tx, command)
            case Stale():
                queueing.mark_stale(tx, command)
            case Withdraw():
                withdraw(tx, command.build, command.reason, "superseded")
            case NotTriggered():
                pass  # nothing follows from it but a line in the log

    def _give_out(self, tx: Transaction, build_id: int, graph: Graph) -> None:
        row = build_row(tx.row("build", id=build_id))
        queueing.give_out(tx, build_id, self._attempt(tx, row, graph))

    def _attempt(self, tx: Transaction, row: BuildRow, graph: Graph) -> int:
        rule = graph.jobs.get(row.job)
        lock = None if rule is not None and rule.parallel else row.job
        payload = json.dumps({"build": row.id})
        return self._attempts.put(tx, pool=HOST_POOL, priority=row.priority, lock=lock, payload=payload)
