"""The queue in the store's file: what outlives a process, a clock and a database that cannot be used."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from runner.dispatch import attempts
from runner.dispatch.local import Local
from runner.dispatch.seam import AttemptId, AttemptState
from runner.errors import StoreError, UsageError
from runner.store.queries import statements
from runner.store.sqlite import SQLite, Transaction
from tests.dispatch.bodies import payload
from tests.dispatch.implementations import local
from tests.dispatch.workers import serving, worker_process


@pytest.fixture
async def dispatch(tmp_path: Path) -> AsyncIterator[Local]:
    async with local(str(tmp_path)) as opened:
        yield opened


async def put(dispatch: Local, text: str, lock: str | None = None, pool: str = "default") -> AttemptId:
    return await dispatch.transaction(lambda tx: dispatch.put(tx, pool=pool, priority=100, lock=lock, payload=text))


@contextmanager
def changed(place: Path) -> Iterator[sqlite3.Connection]:
    """The database behind the back of those that use it."""
    with closing(sqlite3.connect(place / "runner.db", isolation_level=None)) as database:
        yield database


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


async def test_one_live_process_has_the_name_of_a_worker(dispatch: Local, tmp_path: Path) -> None:
    async with local(str(tmp_path)) as second, serving(dispatch, "default") as worker:
        await put(dispatch, payload("a"))
        await worker.says()
        with pytest.raises(StoreError, match="another process serves as here"):
            await second.serve(["default"], 1, worker.bodies.handler, worker="here", report=worker.bodies.report)
        with pytest.raises(UsageError, match="cannot be the name of a worker"):
            await second.serve(["default"], 1, worker.bodies.handler, worker="a/b", report=worker.bodies.report)


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


async def test_held_back_it_claims_nothing_and_still_hears_of_aborts(dispatch: Local) -> None:
    async with serving(dispatch, "default", slots=2) as worker:
        running = await put(dispatch, payload("a", gate="never"))
        assert await worker.says() == "began a"
        dispatch.hold()
        waiting = await put(dispatch, payload("b"))
        await dispatch.abort(running)
        assert await worker.says() == "cancelled a"  # so it has looked since b was put
        assert await dispatch.state(waiting) is AttemptState.TODO
        dispatch.go_on()
        assert await worker.says() == "began b"


async def test_what_was_buried_although_its_handler_lives_is_cancelled(dispatch: Local, tmp_path: Path) -> None:
    async with local(str(tmp_path)) as elsewhere, serving(dispatch, "default") as worker:
        attempt_id = await put(dispatch, payload("a", gate="never", finish=True))
        assert await worker.says() == "began a"
        assert await elsewhere.transaction(lambda tx: elsewhere.bury(tx, attempt_id))
        assert not await elsewhere.transaction(lambda tx: elsewhere.bury(tx, attempt_id))
        assert await worker.say(2) == ["cancelled a", "finished a: False"]


async def test_with_each_beat_a_worker_shows_a_sign_of_life_and_looks_for_what_no_wake_has_told(tmp_path: Path) -> None:
    async with local(str(tmp_path), beat=timedelta(milliseconds=20)) as dispatch:
        await put(dispatch, payload("a"), pool="elsewhere")
        with changed(tmp_path) as database:
            database.execute(
                "CREATE TRIGGER told AFTER UPDATE ON worker WHEN new.beat > old.beat "
                "BEGIN UPDATE attempt SET pool = 'default'; END"
            )
        async with serving(dispatch, "default") as worker:
            assert await worker.says() == "began a"


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


@pytest.mark.parametrize(("boot", "beat", "dead"), [("this", 0.0, True), ("this", 1e9, False), ("another", 1e9, True)])
async def test_only_the_monotonic_clock_of_this_boot_makes_an_orphan(
    tmp_path: Path, boot: str, beat: float, dead: bool
) -> None:
    async with local(str(tmp_path), timedelta(seconds=1)) as dispatch:
        attempt_id = await put(dispatch, payload("a"))
        async with serving(dispatch, "default") as worker:
            assert await worker.says() == "began a"
        # as if it were doing it still, by a beat of then
        values = (attempts.boot() if boot == "this" else boot, beat)
        with changed(tmp_path) as database:
            database.execute("UPDATE attempt SET state = 'doing', claimed_at = '2999-01-01T00:00:00.000000Z'")
            database.execute("UPDATE worker SET boot = ?, beat = ?", values)
        assert [orphan.id for orphan in await dispatch.orphans()] == [attempt_id] * dead


async def test_the_age_of_an_attempt_is_the_order_of_putting_whatever_the_clock_said(
    dispatch: Local, tmp_path: Path
) -> None:
    for name in "ab":
        await put(dispatch, payload(name))
    with changed(tmp_path) as database:
        database.execute("UPDATE attempt SET created_at = '2999-01-01T00:00:00.000000Z' WHERE id = 1")
    async with serving(dispatch, "default") as worker:
        assert await worker.say(2) == ["began a", "began b"]


async def test_attempts_that_ended_long_ago_are_forgotten_and_their_numbers_never_come_again(
    dispatch: Local, tmp_path: Path
) -> None:
    old = await put(dispatch, payload("old"))
    waiting = await put(dispatch, payload("waiting"))
    await dispatch.abort(old)
    with changed(tmp_path) as database:
        database.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'attempt'", (attempts.KEPT + old,))
    newest = await put(dispatch, payload("newest"), pool="nobody's")
    await dispatch.transaction(lambda tx: attempts.beat(tx, "somebody"))
    assert newest == attempts.KEPT + old + 1
    assert await dispatch.state(old) is None
    assert await dispatch.state(waiting) is AttemptState.TODO


NAMES = ("pool", "priority", "lock", "payload", "created_at", "worker", "moment", "boot", "silence", "kept", "most")


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        ("first_of_pool", "attempt_claimable"),
        ("put_attempt", "attempt_of_lock"),
        ("unblock_next", "attempt_of_lock"),
        ("attempts_of_worker", "attempt_of_worker"),
        ("silent_attempts", "attempt_of_worker"),
        ("forget_attempts", "attempt_ended"),
    ],
)
async def test_no_question_of_a_claim_reads_attempts_that_have_ended(
    tmp_path: Path, dispatch: Local, statement: str, index: str
) -> None:
    await put(dispatch, payload("a"))
    values = dict.fromkeys(NAMES, "")
    with changed(tmp_path) as database:
        plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {statements()[statement]}", values)]
    assert any(index in line for line in plan), plan
    assert not any(line.startswith("SCAN attempt") and index not in line for line in plan), plan


async def test_what_is_to_follow_a_commit_does_not_follow_a_rollback(tmp_path: Path) -> None:
    database, called = SQLite(tmp_path / "runner.db"), []
    await database.open()

    def work(tx: Transaction, fails: bool) -> None:
        tx.after_commit(lambda: called.append(fails))
        if fails:
            raise KeyError

    with pytest.raises(KeyError):
        await database.transaction(lambda tx: work(tx, True))
    await database.transaction(lambda tx: work(tx, False))
    assert called == [False]
    await database.close()
