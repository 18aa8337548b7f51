"""The claim loop: what it goes on with, what it gives up, and what cannot end it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from runner.dispatch.local import Local
from runner.dispatch.seam import AttemptId, AttemptState
from tests.dispatch.bodies import payload
from tests.dispatch.implementations import local
from tests.dispatch.queueing import changed, put
from tests.dispatch.workers import PATIENCE_S, serving, worker_process


@pytest.mark.parametrize("how", ["kill", "restart"])
async def test_a_worker_that_comes_back_goes_on_with_what_it_was_doing(
    dispatch: Local, tmp_path: Path, how: str
) -> None:
    one = await put(dispatch, payload("one", gate="go", finish=how == "kill"))
    two = await put(dispatch, payload("two", gate="go"))
    async with worker_process("local", str(tmp_path), "default", name="host", slots=2) as worker:
        assert {await worker.says(), await worker.says()} == {"began one", "began two"}
        await (worker.kill() if how == "kill" else worker.end())
    assert await dispatch.state(one) is AttemptState.DOING
    await put(dispatch, payload("three", finish=True))
    async with serving(dispatch, "default", name="host", slots=1) as same:  # fewer slots than before hold nothing back
        assert await same.say(2) == ["began one", "began two"]
        same.bodies.open("go")
        expected = [*["finished one: True"] * (how == "kill"), "began three", "finished three: True"]
        assert await same.say(len(expected)) == expected
    assert await dispatch.state(one) is AttemptState.DONE
    assert await dispatch.state(two) is AttemptState.DONE


async def test_an_abort_that_came_while_the_worker_was_away_reaches_the_handler_after_its_first_line(
    dispatch: Local,
) -> None:
    attempt_id = await put(dispatch, payload("a", gate="never", last_gate="go"))
    async with serving(dispatch, "default") as worker:
        assert await worker.says() == "began a"
        worker.bodies.open("go")
    await dispatch.abort(attempt_id)
    assert await dispatch.state(attempt_id) is AttemptState.DOING
    async with serving(dispatch, "default") as worker:
        assert await worker.say(2) == ["began a", "cancelled a"]
        worker.bodies.open("go")
        await put(dispatch, payload("b"))
        assert await worker.says() == "began b"
    assert await dispatch.state(attempt_id) is AttemptState.ABORTED


async def test_a_handler_that_raises_makes_its_attempt_fail_and_the_next_begins(dispatch: Local) -> None:
    broken = await put(dispatch, "this is no JSON", lock="same")
    async with serving(dispatch, "default") as worker:
        await put(dispatch, payload("next", finish=True), lock="same")
        first, *rest = await worker.say(3)
    assert first.startswith(f"reported {broken}: Expecting value")
    assert rest == ["began next", "finished next: True"]
    assert await dispatch.state(broken) is AttemptState.FAILED


async def test_a_database_that_cannot_be_used_ends_neither_the_loop_nor_what_runs(
    dispatch: Local, tmp_path: Path
) -> None:
    running = await put(dispatch, payload("a", gate="go"))
    async with serving(dispatch, "default") as worker:
        assert await worker.says() == "began a"
        with changed(tmp_path) as database:
            database.execute("ALTER TABLE attempt RENAME TO away")
            dispatch.go_on()  # which has it look
            assert "no such table" in await worker.says()
            worker.bodies.open("go")  # its end cannot be recorded yet
            while not (said := await worker.says()).startswith(f"reported {running}: "):
                assert "no such table" in said
            database.execute("ALTER TABLE away RENAME TO attempt")
        await put(dispatch, payload("b"))
        while (said := await worker.says()) != "began b":
            assert "no such table" in said
    assert await dispatch.state(running) is AttemptState.DONE


async def test_held_back_it_claims_nothing_and_still_resumes_and_hears_of_aborts(dispatch: Local) -> None:
    running = await put(dispatch, payload("a", gate="never"))
    async with serving(dispatch, "default") as worker:
        assert await worker.says() == "began a"
    dispatch.hold()
    waiting = await put(dispatch, payload("b"))
    async with serving(dispatch, "default", slots=2) as worker:
        assert await worker.says() == "began a"  # so it has looked since b was put
        assert await dispatch.state(waiting) is AttemptState.TODO
        await dispatch.abort(running)
        assert await worker.says() == "cancelled a"
        assert await dispatch.state(waiting) is AttemptState.TODO
        dispatch.go_on()
        assert await worker.says() == "began b"


async def test_an_abort_that_comes_after_the_body_has_ended_does_not_undo_its_end(
    dispatch: Local, tmp_path: Path
) -> None:
    ended = await put(dispatch, payload("a"), lock="same")
    with changed(tmp_path) as database:
        database.execute(
            "CREATE TRIGGER refusing BEFORE UPDATE ON attempt WHEN new.state = 'done' AND new.lock = 'same' "
            "BEGIN SELECT json('not now'); END"  # an error as those of a file that cannot be written
        )
        async with serving(dispatch, "default", slots=2) as worker:
            assert await worker.says() == "began a"
            assert "malformed JSON" in await worker.says()
            await dispatch.abort(ended)
            await put(dispatch, payload("b"))
            while (said := await worker.says()) != "began b":  # so it has looked since the abort
                assert "malformed JSON" in said
            database.execute("DROP TRIGGER refusing")
            await put(dispatch, payload("c"), lock="same")
            while (said := await worker.says()) != "began c":
                assert "malformed JSON" in said
    assert await dispatch.state(ended) is AttemptState.DONE


async def test_a_handler_may_go_on_after_it_has_finished_its_attempt(dispatch: Local) -> None:
    said: asyncio.Queue[str] = asyncio.Queue()
    go_on = asyncio.Event()

    async def handler(text: str, attempt_id: AttemptId) -> None:
        await dispatch.transaction(lambda tx: dispatch.finish(tx, attempt_id))
        await said.put(text)
        if text == "one":
            await go_on.wait()
            await said.put("one went on")

    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        serve = dispatch.serve(
            ["default"], 2, handler, worker="here", report=lambda *error: said.put_nowait(str(error))
        )
        task = group.create_task(serve)
        for text in ("one", "two", "three"):  # each is begun by a look that could mistake the end of the first
            await put(dispatch, text)
            assert await said.get() == text
        go_on.set()
        assert await said.get() == "one went on"
        task.cancel()


async def test_a_handler_that_cancels_itself_has_failed(dispatch: Local) -> None:
    said: asyncio.Queue[str] = asyncio.Queue()

    async def handler(text: str, attempt_id: AttemptId) -> None:
        raise asyncio.CancelledError

    attempt_id = await put(dispatch, "a", lock="same")
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        serve = dispatch.serve(
            ["default"], 1, handler, worker="here", report=lambda *error: said.put_nowait(str(error))
        )
        task = group.create_task(serve)
        assert "cancelled itself" in await said.get()
        await put(dispatch, "b", lock="same")
        assert "cancelled itself" in await said.get()
        task.cancel()
    assert await dispatch.state(attempt_id) is AttemptState.FAILED


async def test_what_was_buried_although_its_handler_lives_is_cancelled(dispatch: Local, tmp_path: Path) -> None:
    async with local(str(tmp_path)) as elsewhere, serving(dispatch, "default") as worker:
        attempt_id = await put(dispatch, payload("a", gate="never", finish=True))
        assert await worker.says() == "began a"
        assert await elsewhere.transaction(lambda tx: elsewhere.bury(tx, attempt_id))
        assert not await elsewhere.transaction(lambda tx: elsewhere.bury(tx, attempt_id))
        assert await worker.say(2) == ["cancelled a", "finished a: False"]


async def test_the_next_in_line_for_a_lock_begins_in_whichever_pool_it_waits(dispatch: Local) -> None:
    async with serving(dispatch, "one", name="1") as one, serving(dispatch, "two", name="2") as two:
        await put(dispatch, payload("a", gate="go"), lock="deploy", pool="one")
        await put(dispatch, payload("b", gate="go", finish=True), lock="deploy", pool="two")
        await put(dispatch, payload("c", gate="go"), lock="deploy", pool="one")
        assert await one.says() == "began a"
        one.bodies.open("go")
        assert await two.says() == "began b"
        two.bodies.open("go")
        assert await two.says() == "finished b: True"
        assert await one.says() == "began c"
