"""What every implementation of the dispatch seam promises, as a scheduler sees it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from runner.dispatch.seam import AttemptId, AttemptState, Dispatch
from tests.dispatch.bodies import payload
from tests.dispatch.implementations import IMPLEMENTATIONS
from tests.dispatch.workers import WorkerProcess, serving, worker_process

AT_ONCE = timedelta(0)
"""A silence after which everybody else counts as dead."""


@dataclass(frozen=True, slots=True)
class Queue:
    """One implementation at one place, open in this process."""

    implementation: str
    place: str
    dispatch: Dispatch[Any]

    async def put(self, text: str, *, pool: str = "default", priority: int = 100, lock: str | None = None) -> AttemptId:
        (attempt_id,) = await self.put_all((text, pool, priority, lock))
        return attempt_id

    async def put_all(self, *rows: tuple[str, str, int, str | None]) -> list[AttemptId]:
        """Payload, pool, priority and lock of each, in one transaction."""

        def work(tx: Any) -> list[AttemptId]:
            return [
                self.dispatch.put(tx, pool=pool, priority=priority, lock=lock, payload=text)
                for text, pool, priority, lock in rows
            ]

        return await self.dispatch.transaction(work)

    def worker(self, name: str, *, slots: int = 1) -> AbstractAsyncContextManager[WorkerProcess]:
        return worker_process(self.implementation, self.place, "default", name=name, slots=slots)

    async def requeue_the_orphan(self, expected: AttemptId, text: str, pool: str) -> AttemptId:
        """The policy *requeue*: the dead attempt fails and a new one is there, or neither."""
        async with IMPLEMENTATIONS[self.implementation](self.place, AT_ONCE) as observer:
            (orphan,) = await observer.orphans()
        assert orphan.id == expected

        def work(tx: Any) -> AttemptId:
            assert self.dispatch.bury(tx, orphan.id)
            return self.dispatch.put(tx, pool=pool, priority=100, lock=None, payload=text)

        return await self.dispatch.transaction(work)


@pytest.fixture(params=IMPLEMENTATIONS)
async def queue(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Queue]:
    async with IMPLEMENTATIONS[request.param](str(tmp_path), timedelta(minutes=1)) as dispatch:
        yield Queue(request.param, str(tmp_path), dispatch)


async def test_two_processes_claim_each_of_300_attempts_once(queue: Queue) -> None:
    async with queue.worker("one") as one, queue.worker("two") as two:
        await queue.put_all(*((payload("first", gate="go"), "default", 0, None) for _ in range(2)))
        assert [await one.says(), await two.says()] == ["began first"] * 2  # so both of them are there
        await queue.put_all(*((payload(str(number), finish=True), "default", 100, None) for number in range(298)))
        said: list[str] = []

        async def listen(worker: WorkerProcess) -> None:
            worker.open("go")
            while len(said) < 2 * 298:
                said.append(await worker.says())

        async with asyncio.TaskGroup() as group:
            listening = [group.create_task(listen(worker)) for worker in (one, two)]
            await asyncio.wait(listening, return_when=asyncio.FIRST_COMPLETED)
            for task in listening:
                task.cancel()
    assert Counter(said) == Counter(line for n in range(298) for line in (f"began {n}", f"finished {n}: True"))


async def test_a_worker_claims_from_its_pools_alone(queue: Queue) -> None:
    elsewhere = await queue.put(payload("gpu"), pool="gpu", priority=0)
    await queue.put(payload("default"), pool="default")
    await queue.put(payload("arm"), pool="arm")
    async with serving(queue.dispatch, "default", "arm") as worker:
        assert await worker.say(2) == ["began default", "began arm"]
    assert await queue.dispatch.state(elsewhere) is AttemptState.TODO


async def test_a_put_that_is_rolled_back_never_runs(queue: Queue) -> None:
    def work(tx: Any) -> None:
        queue.dispatch.put(tx, pool="default", priority=0, lock=None, payload=payload("undone"))
        raise KeyError

    async with serving(queue.dispatch, "default") as worker:
        with pytest.raises(KeyError):
            await queue.dispatch.transaction(work)
        for name in ("one", "two"):
            await queue.put(payload(name))
        assert await worker.say(2) == ["began one", "began two"]


async def test_priority_0_goes_first_and_among_equals_the_eldest(queue: Queue) -> None:
    for name, priority in (("a", 100), ("b", 1), ("c", 0), ("d", 100), ("e", 0)):
        await queue.put(payload(name), priority=priority)
    async with serving(queue.dispatch, "default") as worker:
        assert await worker.say(5) == [f"began {name}" for name in "cebad"]


async def test_a_lock_serializes_first_in_first_out_until_the_body_has_ended_also_after_an_abort(queue: Queue) -> None:
    async with serving(queue.dispatch, "default", slots=4) as worker:
        first = await queue.put(payload("a", gate="never", last_gate="clean"), lock="deploy")
        await queue.put(payload("b", gate="b"), lock="deploy")
        await queue.put(payload("c"), lock="deploy", priority=0)
        assert await worker.says() == "began a"
        await queue.dispatch.abort(first)
        assert await worker.says() == "cancelled a"
        await queue.put(payload("free"))  # younger than b: it would not be first if the lock had been let go
        assert await worker.says() == "began free"
        assert await queue.dispatch.state(first) is AttemptState.DOING
        worker.bodies.open("clean")
        assert await worker.says() == "began b"
        assert await queue.dispatch.state(first) is AttemptState.ABORTED
        await queue.put(payload("free again"))
        assert await worker.says() == "began free again"
        worker.bodies.open("b")
        assert await worker.says() == "began c"


async def test_an_abort_reaches_another_process(queue: Queue) -> None:
    async with queue.worker("one") as worker:
        running, waiting = await queue.put_all(
            (payload("a", gate="never"), "default", 100, None), (payload("b"), "default", 100, None)
        )
        assert await worker.says() == "began a"
        await queue.dispatch.abort(waiting)
        await queue.dispatch.abort(running)
        assert await worker.says() == "cancelled a"
        await queue.put(payload("c"))
        assert await worker.says() == "began c"
    assert await queue.dispatch.state(running) is AttemptState.ABORTED
    assert await queue.dispatch.state(waiting) is AttemptState.ABORTED


async def test_what_a_killed_worker_was_doing_is_an_orphan_that_fails_or_is_followed_by_a_new_attempt(
    queue: Queue,
) -> None:
    async with queue.worker("one", slots=2) as worker:
        failing = await queue.put(payload("a", gate="never"))
        again = await queue.put(payload("b", gate="never"))
        assert {await worker.says(), await worker.says()} == {"began a", "began b"}
        assert await queue.dispatch.orphans() == []
        await worker.kill()
    assert await queue.dispatch.transaction(lambda tx: queue.dispatch.bury(tx, failing))
    new = await queue.requeue_the_orphan(again, payload("b again"), "default")
    assert new > again
    async with serving(queue.dispatch, "default") as other:
        assert await other.says() == "began b again"
    assert await queue.dispatch.state(failing) is AttemptState.FAILED
    assert await queue.dispatch.state(again) is AttemptState.FAILED


async def test_a_stopped_worker_that_was_declared_dead_is_refused_its_finish_and_lives_on(queue: Queue) -> None:
    async with queue.worker("one") as worker:
        dead = await queue.put(payload("a", gate="go", finish=True))
        assert await worker.says() == "began a"
        worker.stop()
        new = await queue.requeue_the_orphan(dead, payload("a again"), "elsewhere")
        worker.go_on()
        worker.open("go")
        said = [await worker.says()]
        if said == ["cancelled a"]:  # it may hear of its death first
            said = [await worker.says()]
        assert said == ["finished a: False"]
        await queue.put(payload("next", finish=True))
        assert [await worker.says(), await worker.says()] == ["began next", "finished next: True"]
    assert await queue.dispatch.state(dead) is AttemptState.FAILED
    assert await queue.dispatch.state(new) is AttemptState.TODO
