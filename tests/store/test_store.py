"""The store: what is recorded, once, and what a crash leaves."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from runner.errors import SetupError, StoreError
from runner.pipeline.model import In, Job, Out, Pipeline, Resource
from runner.pipeline.problems import Place
from runner.store.queries import migrations
from runner.store.rows import BuildEnd
from runner.store.runs import DeadRun, Run
from runner.store.sqlite import SQLite, Transaction
from runner.store.store import Store
from runner.workspace.versions import NewVersion, SavedFile

PLACE = Place("shippable.yml")
RUN = {"digest": "d", "started_at": "t", "detached": 0, "options": "{}", "earlier": "{}"}
PIPELINE = Pipeline(
    jobs={"a": Job(name="a", type="runSh", place=PLACE)},
    resources={
        "img": Resource(
            name="img",
            type="image",
            place=PLACE,
            yml={"versionTemplate": {"sourceName": "r", "versionName": "v"}},
            version_name="v",
            property_bag={"sourceName": "r"},
        )
    },
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store(tmp_path)
    await opened.open()
    await opened.sync(PIPELINE)
    yield opened
    await opened.close()


@pytest.fixture
async def run(store: Store) -> AsyncIterator[Run]:
    begun = await store.runs.begin("digest")
    yield begun
    await store.runs.end(begun)


async def test_a_build_ends_once_and_its_versions_come_with_its_end(store: Store, run: Run) -> None:
    build = await store.add_build(run.id, "a", "a")
    version = NewVersion(node="img", name="w", property_bag={"sourceName": "r"})
    assert await store.start_build(build.id)
    assert not await store.start_build(build.id)
    assert await store.finish_build(build.id, BuildEnd(status="success", exit_code=0, by="script"), [version])
    assert not await store.finish_build(build.id, BuildEnd(status="error", reason="late", by="runner"), [version])
    (selected,) = await store.select([In(name="img", place=PLACE)])
    assert selected.version is not None
    assert (selected.version.number, selected.version.name) == (2, "w")
    assert [row.status for row in await store.builds("a")] == ["success"]


async def test_an_end_that_cannot_be_recorded_whole_is_not_recorded_at_all(store: Store, run: Run) -> None:
    build = await store.add_build(run.id, "a", "a")
    good = NewVersion(node="img", name="w")
    unknown = NewVersion(node="img", property_bag={"what": object()})  # no JSON
    with pytest.raises(TypeError):
        await store.finish_build(build.id, BuildEnd(status="success", by="script"), [good, unknown])
    (row,) = await store.builds("a")
    assert row.status == "queued"
    (selected,) = await store.select([In(name="img", place=PLACE)])
    assert selected.version is not None
    assert selected.version.number == 1


async def test_a_run_whose_process_is_gone_is_dead_until_it_is_closed(store: Store, tmp_path: Path) -> None:
    run = await store.runs.begin("digest")
    build = await store.add_build(run.id, "a", "a")
    other = Store(tmp_path)
    await other.open()
    assert await other.runs.dead() == []
    assert await other.runs.lead(run.id) is None
    os.close(run.lock)  # as the end of a process does
    assert await other.runs.dead() == [DeadRun(run.id, False)]
    assert [row.id for row in await other.runs.builds(run.id)] == [build.id]
    led = await other.runs.lead(run.id)
    assert led is not None
    assert await store.runs.dead() == []
    await other.runs.end(led)
    assert await other.runs.dead() == []
    assert await store.runs.lead(run.id) is None
    await other.close()


async def test_two_processes_that_count_builds_never_get_the_same_number(
    tmp_path: Path, store: Store, run: Run
) -> None:
    other = Store(tmp_path)
    await other.open()
    async with asyncio.TaskGroup() as group:
        added = [group.create_task(one.add_build(run.id, "a", "a")) for one in (store, other) for _ in range(20)]
    assert sorted(task.result().number for task in added) == list(range(1, 41))
    await other.close()


async def test_saved_files_come_back_with_their_modes_and_equal_contents_are_stored_once(
    store: Store, run: Run, tmp_path: Path
) -> None:
    files = (SavedFile("d/one", 0o751, b"\0same"), SavedFile("two", 0o600, b"\0same"))
    for _ in range(2):
        build = await store.add_build(run.id, "a", "a")
        end = BuildEnd(status="success", exit_code=0, by="script")
        await store.finish_build(build.id, end, [NewVersion(node="a", files=files)])
    assert await store.previous_state("a") == files
    with sqlite3.connect(tmp_path / "runner.db") as database:
        assert database.execute("SELECT count(*) FROM blob").fetchone() == (1,)
    database.close()


async def test_a_name_with_another_type_begins_anew(store: Store) -> None:
    changed = Pipeline(resources={"img": Resource(name="img", type="state", place=PLACE)})
    await store.sync(changed)
    (selected,) = await store.select([Out(name="img", place=PLACE)])
    assert selected.version is not None
    assert (selected.version.number, selected.version.name) == (1, None)


async def test_an_input_that_is_not_known_any_more_is_a_sentence(store: Store) -> None:
    with pytest.raises(SetupError, match="gone was removed from the file, or was never in it"):
        await store.select([In(name="gone", place=PLACE)])


@pytest.mark.parametrize("content", [b"not a database, certainly not one", b""])
async def test_a_file_that_is_no_store_is_a_sentence_or_becomes_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "runner.db").write_bytes(content)
    store = Store(tmp_path)
    if content:
        with pytest.raises(StoreError, match=r"runner\.db cannot be used"):
            await store.open()
    else:
        await store.open()
        assert await store.builds() == []
    await store.close()


async def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "runner.db") as database:
        database.execute("PRAGMA user_version = 999")
    database.close()
    store = Store(tmp_path)
    with pytest.raises(StoreError, match="newer version"):
        await store.open()
    await store.close()


async def test_whoever_only_looks_leaves_a_store_of_an_older_version_as_it_is(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "runner.db")) as database:
        database.execute("PRAGMA user_version = 1")
    store = Store(tmp_path)
    with pytest.raises(StoreError, match="older version"):
        await store.open(migrate=False)
    await store.close()
    with closing(sqlite3.connect(tmp_path / "runner.db")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (1,)


async def test_what_fails_inside_a_transaction_leaves_nothing(tmp_path: Path) -> None:
    database = SQLite(tmp_path / "runner.db")
    await database.open()

    def work(tx: Transaction) -> None:
        tx.insert("add_run", **RUN)
        raise KeyError

    with pytest.raises(KeyError):
        await database.transaction(work)
    assert await database.transaction(lambda tx: tx.rows("open_runs")) == []
    assert await database.transaction(lambda tx: tx.insert("add_run", **RUN)) == 1
    await database.close()


async def test_what_is_to_follow_a_commit_follows_it_once_and_never_a_rollback(tmp_path: Path) -> None:
    database = SQLite(tmp_path / "runner.db")
    called: list[bool] = []
    told = {fails: partial(called.append, fails) for fails in (True, False)}
    await database.open()

    def work(tx: Transaction, fails: bool) -> None:
        for _ in range(2):
            tx.after_commit(told[fails])
        if fails:
            raise KeyError

    with pytest.raises(KeyError):
        await database.transaction(lambda tx: work(tx, True))
    await database.transaction(lambda tx: work(tx, False))
    assert called == [False]
    await database.close()


async def test_a_store_of_an_older_version_keeps_what_it_has(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "runner.db")
    for number, text in list(migrations())[:2]:
        connection.executescript(text)
        connection.execute(f"PRAGMA user_version = {number}")
    connection.executescript(
        "INSERT INTO node (id, name, kind, type) VALUES (1, 'a', 'job', 'runSh');"
        "INSERT INTO run (id, digest, started_at, ended_at) VALUES (1, 'd', 't', 't');"
        "INSERT INTO build (run_id, node_id, number, status, triggered_by, created_at, ended_at)"
        " VALUES (1, 1, 1, 'success', 'a', '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'),"
        " (1, 1, 2, 'failure', 'a', '2026-01-01T00:00:02Z', '2026-01-01T00:00:03Z');"
    )
    connection.close()
    store = Store(tmp_path)
    await store.open()
    assert [(row.number, row.status) for row in await store.builds("a")] == [(2, "failure"), (1, "success")]
    assert await store.last_statuses(["a", "b"]) == {"a": "failure"}
    await store.close()


async def test_what_no_second_attempt_mends_is_no_error_of_the_store(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        await store.transaction(lambda tx: tx.insert("add_node", name="a", kind="job", type="runSh", definition=None))
