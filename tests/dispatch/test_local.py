"""The queue in the store's file: names, clocks, indexes, and what is forgotten."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from runner.dispatch import attempts
from runner.dispatch.local import Local
from runner.dispatch.seam import AttemptState
from runner.errors import StoreError, UsageError
from runner.store.queries import statements
from tests.dispatch.bodies import payload
from tests.dispatch.implementations import local
from tests.dispatch.queueing import changed, put
from tests.dispatch.workers import serving


async def test_one_live_process_has_the_name_of_a_worker(dispatch: Local, tmp_path: Path) -> None:
    async with local(str(tmp_path)) as second, serving(dispatch, "default") as worker:
        await put(dispatch, payload("a"))
        await worker.says()
        with pytest.raises(StoreError, match="another process serves as here"):
            await second.serve(["default"], 1, worker.bodies.handler, worker="here", report=worker.bodies.report)
        with pytest.raises(UsageError, match="cannot be the name of a worker"):
            await second.serve(["default"], 1, worker.bodies.handler, worker="a/b", report=worker.bodies.report)


async def test_what_one_serves_oneself_is_no_orphan_however_late_the_beat(tmp_path: Path) -> None:
    async with local(str(tmp_path), silence=timedelta(0)) as dispatch:
        attempt_id = await put(dispatch, payload("a", gate="never"))
        async with serving(dispatch, "default") as worker:
            assert await worker.says() == "began a"
            assert await dispatch.orphans() == []
        assert [orphan.id for orphan in await dispatch.orphans()] == [attempt_id]


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
