"""Telling people of builds: what is recorded is sent, again and again, and never holds a build up."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from runner.errors import StoreError
from runner.execution.model import EndedBy
from runner.notifications.letter import Letter
from runner.notifications.outcome import Attempt
from runner.notifications.patience import Patience
from runner.service.addresses import HookAddresses
from runner.service.build import Build
from runner.service.courier import Courier, Told
from runner.service.engine import Engine
from runner.store.notices import NoticeRow, of_build
from runner.store.rows import BuildRow
from tests.service.world import Ran, World, world

JOBS = """
    resources:
      - {name: team, type: notification, pointer: {method: irc, recipients: [irc.example#a, irc.example#b]}}
      - {name: boss, type: notification, pointer: {method: email, recipients: [boss@x.example]}}
    jobs:
      - {name: a, type: runSh, steps: [TASK: {script: ["true"]}], on_start: [NOTIFY: team], always: [NOTIFY: boss]}
      - name: b
        type: runSh
        steps: [TASK: {script: [echo it broke, exit 3]}]
        on_failure: {NOTIFY: [team, {name: boss, sendFailingSnippet: true}]}
      - {name: c, type: runSh, steps: [TASK: {script: ["true"]}], on_success: [NOTIFY: team]}
"""
PATIENCE = Patience(first=timedelta(seconds=5), longest=timedelta(minutes=15), total=timedelta(hours=1))


class Clock:
    """Its time passes when nothing else is to be done: `wait` goes to the end at once, once the clock is let run."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC) + timedelta(seconds=1)
        self.running = asyncio.Event()
        self.waits: list[float] = []

    def now(self) -> datetime:
        return self.time

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        async with asyncio.TaskGroup() as group:
            woken = group.create_task(event.wait())
            running = group.create_task(self.running.wait())
            await asyncio.wait([woken, running] if until is not None else [woken], return_when=asyncio.FIRST_COMPLETED)
            if not woken.done() and until is not None:
                self.waits.append(round((until - self.time).total_seconds()))
                self.time = until
            woken.cancel()
            running.cancel()


@dataclass
class Post:
    """A sender whose answers a test gives; without one everybody is told."""

    answers: list[Callable[[Letter], Attempt]] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    held: asyncio.Event | None = None
    """Where it is there, nothing is sent before it is set."""

    async def send(self, letter: Letter) -> Attempt:
        self.letters.append(letter)
        if self.held is not None:
            await self.held.wait()
        return self.answers.pop(0)(letter) if self.answers else Attempt(told=tuple(letter.recipients))

    @property
    def sent(self) -> list[tuple[str, list[str]]]:
        return [(letter.news.headline.partition(" after")[0], list(letter.recipients)) for letter in self.letters]


@dataclass
class Watcher:
    tell: Callable[[int, str, str], object] = lambda build_id, text, level: None
    all: list[Told] = field(default_factory=list)
    first: asyncio.Event = field(default_factory=asyncio.Event)

    def told(self, told: Told) -> None:
        self.all.append(told)
        self.first.set()
        self.tell(told.build.id, told.text, "info" if told.complete else "warning")

    def trouble(self, error: StoreError) -> None:
        raise error


@dataclass
class Office:
    """A world whose builds are told of."""

    world: World
    post: Post
    clock: Clock
    watcher: Watcher
    courier: Courier

    async def built(self, job: str) -> Ran:
        build = await self.begun(job)
        return Ran(await build.run(), build.journal.path)

    async def begun(self, job: str) -> Build:
        engine = replace(self.world.engine, courier=self.courier)
        build = await World(engine, self.world.pipeline, self.world.run).build(job)
        self.watcher.tell = lambda build_id, text, level: build.tell(text, level)
        return build

    async def notices(self, build: int) -> list[NoticeRow]:
        return await self.world.engine.store.read(lambda tx: of_build(tx, build))


def refused(letter: Letter) -> Attempt:
    return Attempt(refused=tuple((name, "no such user") for name in letter.recipients))


def later(letter: Letter) -> Attempt:
    return Attempt(later=tuple((name, "it is down") for name in letter.recipients))


@asynccontextmanager
async def office(made: World, post: Post) -> AsyncIterator[Office]:
    """A courier at work."""

    async def engine_of(build: BuildRow) -> Engine:
        return made.engine

    clock, watcher = Clock(), Watcher()
    addresses = HookAddresses(made.engine.store, engine_of, lambda build: f"runner logs {build.name}")
    courier = Courier(made.engine.store, addresses, lambda: post, lambda: PATIENCE, watcher, clock=clock)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(courier.run())
        yield Office(made, post, clock, watcher, courier)
        task.cancel()


async def test_start_and_end_are_told_and_the_log_says_so(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    text = JOBS.replace('script: ["true"]}], on_start', f"script: [cat {pipe}]}}], on_start")
    async with world(tmp_path / "state", text) as made, office(made, Post()) as here:
        build = await here.begun("a")
        async with asyncio.TaskGroup() as group:
            running = group.create_task(build.run())
            await here.watcher.first.wait()  # while the build runs
            await asyncio.to_thread(pipe.write_text, "go on\n")
        ran = Ran(running.result(), build.journal.path)
        assert sorted(here.post.sent) == [
            ("a/1 has started", ["irc.example#a", "irc.example#b"]),
            ("a/1 succeeded", ["boss@x.example"]),
        ]
        texts = [message["text"] for message in ran.messages]
        assert "NOTIFY team (on_start): told irc.example#a, irc.example#b" in texts
        assert "NOTIFY boss (always): told boss@x.example" in texts
        assert ran.warnings == []
        assert ran.records[-1]["type"] == "result"


async def test_a_failure_is_told_with_what_failed(tmp_path: Path) -> None:
    async with world(tmp_path, JOBS) as made, office(made, Post()) as here:
        await here.built("b")
        by_recipient = {letter.recipients[0]: letter.news for letter in here.post.letters}
        assert (
            by_recipient["boss@x.example"].snippet == "$ exit 3" or "exit 3" in by_recipient["boss@x.example"].snippet
        )
        assert by_recipient["irc.example#a"].snippet == ""
        assert by_recipient["irc.example#a"].details == (
            "Reason: task 'Task 0' failed: exit status 3\nStarted by itself\nLog: runner logs b/1"
        )


async def test_a_sender_that_hangs_holds_no_build_up(tmp_path: Path) -> None:
    post = Post(held=asyncio.Event())
    async with world(tmp_path, JOBS) as made, office(made, post) as here:
        ran = await here.built("a")
        assert ran.ended.status == "success"
        assert [m["text"] for m in ran.messages if "on its way" in m["text"]] == [
            "NOTIFY team: on its way",
            "NOTIFY boss: on its way",
        ]
        assert post.held is not None
        post.held.set()
        assert await here.courier.drained(timedelta(seconds=30)) == 0


async def test_what_does_not_get_through_is_tried_again_with_pauses(tmp_path: Path) -> None:
    async with world(tmp_path, JOBS) as made, office(made, Post([later] * 4)) as here:
        ran = await here.built("c")
        sentence = "irc.example#a, irc.example#b not told: it is down; tried again in 5 s"
        assert ran.warnings == [f"NOTIFY team (on_success): {sentence}"]
        assert ran.ended.status == "success"
        here.clock.running.set()
        assert await here.courier.drained(timedelta(seconds=30)) == 0
        assert here.clock.waits == [5, 20, 80, 320]
        assert here.watcher.all[-1].text == "NOTIFY team (on_success): told irc.example#a, irc.example#b"
        assert len({letter.identity for letter in here.post.letters}) == 1  # the same message keeps its name


async def test_nothing_is_tried_for_ever(tmp_path: Path) -> None:
    async with world(tmp_path, JOBS) as made, office(made, Post([later] * 100)) as here:
        ran = await here.built("c")
        here.clock.running.set()
        assert await here.courier.drained(timedelta(seconds=30)) == 0
        assert here.clock.waits == [5, 20, 80, 320, 900, 900, 900]
        (row,) = await here.notices(ran.ended.build)
        assert (row.next_at, row.attempts, row.outcome) == (None, 8, "it is down")
        assert here.watcher.all[-1].text.endswith("not told: it is down; nothing more is tried")


async def test_who_was_told_is_not_told_again(tmp_path: Path) -> None:
    def half(letter: Letter) -> Attempt:
        first, *rest = letter.recipients
        return Attempt(told=(first,), later=tuple((name, "it is down") for name in rest))

    async with world(tmp_path, JOBS) as made, office(made, Post([half])) as here:
        here.clock.running.set()
        await here.built("a")
        await here.courier.drained(timedelta(seconds=30))
        team = [letter.recipients for letter in here.post.letters if letter.recipients != ["boss@x.example"]]
        assert team == [["irc.example#a", "irc.example#b"], ["irc.example#b"]]


async def test_a_refusal_is_not_tried_again_and_fails_no_build(tmp_path: Path) -> None:
    async with world(tmp_path, JOBS) as made, office(made, Post([refused, refused])) as here:
        ran = await here.built("a")
        assert ran.ended.status == "success"
        assert "NOTIFY boss (always): boss@x.example not told: no such user" in ran.warnings
        assert await here.courier.drained(timedelta(seconds=30)) == 0
        assert len(here.post.letters) == 2


async def test_what_was_not_sent_is_sent_by_the_next_process(tmp_path: Path) -> None:
    async with world(tmp_path, JOBS) as made:
        async with office(made, Post([later, later])) as here:
            await here.built("b")
        async with office(made, Post()) as again:
            assert await again.courier.drained(timedelta(seconds=30)) == 0  # at once, not after the pause
            assert sorted(recipients for _, recipients in again.post.sent) == [
                ["boss@x.example"],
                ["irc.example#a", "irc.example#b"],
            ]


async def test_a_process_that_ends_in_the_middle_leaves_what_is_sent_once_more(tmp_path: Path) -> None:
    async with world(tmp_path, JOBS) as made:
        async with office(made, Post(held=asyncio.Event())) as here:
            ran = await here.built("b")
            assert len(here.post.letters) == 2
            rows = await here.notices(ran.ended.build)
            assert [row.attempts for row in rows] == [1, 1]  # recorded before anything was sent
        async with office(made, Post()) as again:
            assert await again.courier.drained(timedelta(seconds=30)) == 0
            assert len(again.post.letters) == 2


async def test_a_cancelled_build_tells_its_hook(tmp_path: Path) -> None:
    text = JOBS.replace("on_failure:", "on_cancel:")
    async with world(tmp_path, text) as made, office(made, Post()) as here:
        build = await here.begun("b")
        build.cancel("not wanted", EndedBy.USER)
        await build.run()
        assert here.post.sent[0] == ("b/1 was cancelled", ["irc.example#a", "irc.example#b"])
        assert here.post.letters[0].news.reason == "not wanted"


async def test_what_cannot_be_addressed_is_a_warning(tmp_path: Path) -> None:
    text = JOBS.replace("pointer: {method: email, recipients: [boss@x.example]}", "pointer: {recipients: [x]}")
    async with world(tmp_path, text) as made, office(made, Post()) as here:
        ran = await here.built("a")
        assert ran.warnings == [
            "NOTIFY boss (always): not told: it has neither an integration nor a method (email, irc)"
        ]


async def test_a_bug_of_a_build_is_told_too(tmp_path: Path) -> None:
    async with world(tmp_path, JOBS, job_types={}) as made, office(made, Post()) as here:
        ran = await here.built("b")
        assert ran.ended.status == "error"
        assert here.post.sent[0][0] == "b/1 could not be run"
