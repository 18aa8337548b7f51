"""What goes by age, number and size, what stays whatever they say, and what a crash leaves."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import StoreError
from runner.service.keeping import Keep
from runner.store.locks import acquire
from runner.store.retention import Pin
from runner.store.sqlite import Transaction
from runner.store.store import Store
from tests.service.held_state import BLOCK, HeldState, Made

T = TypeVar("T")
DAY = timedelta(days=1)
KEEP_ONE = Keep(builds=1)


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[HeldState]:
    held = HeldState(Store(tmp_path))
    await held.store.open()
    yield held
    await held.store.close()


CASES = {
    "nothing is beyond limits that are off": ([Made(days=999), Made()], Keep(), ["a/1", "a/2"]),
    "too old": ([Made(days=91), Made(days=89), Made()], Keep(age=90 * DAY), ["a/2", "a/3"]),
    "not among the newest two": ([Made(), Made(), Made()], Keep(builds=2), ["a/2", "a/3"]),
    "the oldest are too large": ([Made(blocks=9), Made(blocks=9), Made()], Keep(size=15 * BLOCK), ["a/2", "a/3"]),
    "each job for itself": ([Made(), Made(job="b"), Made(), Made(job="b")], KEEP_ONE, ["a/2", "b/2"]),
    "the newest stays, however old": ([Made(days=999)], Keep(age=DAY), ["a/1"]),
    "the newest success stays": ([Made(), Made(status="failure"), Made(status="failure")], KEEP_ONE, ["a/1", "a/3"]),
    "what runs stays": ([Made(status=None), Made(), Made()], KEEP_ONE, ["a/1", "a/3"]),
    "what is replayed stays": ([Made(), Made(), Made(status=None, replays=1)], KEEP_ONE, ["a/1", "a/2", "a/3"]),
}


@pytest.mark.parametrize(("builds", "keep", "left"), CASES.values(), ids=CASES)
async def test_what_is_beyond_a_limit_goes(
    state: HeldState, builds: Sequence[Made], keep: Keep, left: Sequence[str]
) -> None:
    await state.hold(builds)
    await state.collect(await state.plan(keep))
    assert await state.left() == left
    assert len(state.directories()) == len(left)


async def test_numbers_count_on_from_the_newest_build_and_version(state: HeldState) -> None:
    await state.hold([Made(saved=(str(i),)) for i in range(4)])
    tally = await state.collect(await state.plan(KEEP_ONE))
    assert (len(tally.builds), tally.versions, tally.files) == (3, 3, 3)
    assert await state.left() == ["a/4"]
    run = await state.store.runs.begin("d")
    assert (await state.store.add_build(run.id, "a", "a")).number == 5
    assert [file.content for file in await state.store.previous_state("a")] == [b"3"]
    await state.store.runs.end(run)


async def test_a_content_that_another_version_saved_too_stays(state: HeldState) -> None:
    await state.hold([Made(saved=("one", "both")), Made(saved=("two", "both"))])
    assert (await state.collect(await state.plan(KEEP_ONE))).files == 1
    assert [file.content for file in await state.store.previous_state("a")] == [b"two", b"both"]


async def test_the_file_of_the_store_gives_back_what_saved_files_have_held(state: HeldState) -> None:
    await state.hold([Made(saved=(f"{i}" * 2_000_000,)) for i in range(2)])
    await state.collect(await state.plan(KEEP_ONE))
    ((pages,),) = state.rows("PRAGMA page_count")
    assert pages * 4096 < 3_000_000


async def test_the_size_of_a_build_holds_what_it_was_the_first_to_save(state: HeldState) -> None:
    large = "x" * 20 * BLOCK
    await state.hold([Made(saved=("small",)), Made(saved=(large,)), Made(saved=(large,)), Made(saved=("other",))])
    await state.collect(await state.plan(Keep(size=10 * BLOCK)))
    assert await state.left() == ["a/3", "a/4"]


async def test_versions_without_files_follow_age_and_stay_while_something_needs_them(state: HeldState) -> None:
    state.pins = frozenset({Pin("img", 2, None)})
    await state.hold([Made(days=99, inputs=(3,)), Made(days=99, inputs=(4,)), Made()], images=[99, 99, 99, 99, 1, 0])
    await state.collect(await state.plan(Keep(age=90 * DAY, builds=2)))
    assert await state.left() == ["a/3"]
    assert state.rows("SELECT number FROM version JOIN node ON node.id = node_id WHERE node.name = 'img'") == [
        (2,),
        (5,),
        (6,),
    ]


async def test_a_pin_that_comes_between_plan_and_removal_is_heeded(state: HeldState) -> None:
    await state.hold([], images=[99, 99])
    plan = await state.plan(Keep(age=DAY))
    state.pins = frozenset({Pin("img", 1, None)})
    assert (plan.tally.versions, (await state.collect(plan)).versions) == (1, 0)


async def test_what_belongs_to_nothing_goes_and_a_link_is_not_followed(state: HeldState, tmp_path: Path) -> None:
    await state.hold([Made()])
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").touch()
    places = tmp_path / "builds"
    (places / "70").mkdir()
    (places / "70" / "log.jsonl").touch()
    (places / "71").symlink_to(outside)
    (places / "72").mkdir()
    supervisor = acquire(places / "72" / "lock")
    assert (await state.collect(await state.plan(Keep()))).leftovers == 2
    assert state.directories() == {1, 72}
    assert (outside / "file").exists()
    os.close(supervisor)
    assert (await state.collect(await state.plan(Keep()))).leftovers == 1


async def test_a_run_without_builds_goes_with_its_notes_but_the_newest_stays(state: HeldState) -> None:
    await state.hold([Made()])
    for _ in range(2):
        run = await state.store.runs.begin("d", detached=True)
        state.store.runs.notes_path(run.id).write_text("what there was to say")
        await state.store.runs.end(run)
    assert (await state.plan(Keep())).tally.runs == 0  # it ended less than a day ago
    tally = await state.collect(await state.plan(Keep(), datetime.now(UTC) + 2 * DAY))
    assert (tally.runs, tally.leftovers) == (1, 1)
    assert not state.store.runs.notes_path(2).exists()
    assert state.store.runs.notes_path(3).exists()


class Crashing(Store):
    """Another process with the same store, which crashes right after one of its transactions."""

    def __init__(self, directory: Path, after: int) -> None:
        super().__init__(directory)
        self.left = after

    async def transaction(self, work: Callable[[Transaction], T]) -> T:
        result = await super().transaction(work)
        self.left -= 1
        if not self.left:
            raise StoreError("crashed")
        return result


async def _crash(state: HeldState, after: int) -> bool:
    """Whether it came to the crash before everything was done."""
    crashing = HeldState(Crashing(state.store.directory, after))
    await crashing.store.open()
    try:
        await crashing.collect(await crashing.plan(KEEP_ONE))
    except StoreError:
        return True
    finally:
        await crashing.store.close()
    return False


async def test_after_a_crash_at_any_point_the_next_collection_comes_to_the_same_end(
    state: HeldState, tmp_path: Path
) -> None:
    """Also right after the rows of builds have gone, with their directories still there."""
    await state.hold([Made(saved=(f"{i // 9}",), inputs=(1,)) for i in range(27)], images=[99, 0])
    ends = []
    crashed, after = True, 0
    while crashed:
        after += 1
        directory = shutil.copytree(tmp_path, tmp_path / f"copy {after}", ignore=shutil.ignore_patterns("copy *"))
        copy = HeldState(Store(directory))
        await copy.store.open()
        crashed = await _crash(copy, after)
        if crashed:
            await copy.collect(await copy.plan(KEEP_ONE))
        ends.append(copy.whole())
        await copy.store.close()
    assert after > 5
    assert all(end == ends[-1] for end in ends)


BUILDS = st.lists(
    st.builds(
        Made,
        job=st.sampled_from("ab"),
        status=st.sampled_from(["success", "success", "failure", None]),
        days=st.integers(0, 9),
        blocks=st.integers(0, 3),
        saved=st.sampled_from([(), ("one",), ("two",), ("one", "two")]),
        inputs=st.sets(st.integers(1, 3), max_size=2).map(tuple),
        replays=st.none() | st.just(1),
    ),
    min_size=1,
    max_size=10,
)
LIMITS = st.builds(
    Keep,
    age=st.none() | st.integers(0, 9).map(lambda days: days * DAY),
    builds=st.none() | st.integers(1, 4),
    size=st.none() | st.integers(1, 8).map(lambda blocks: blocks * BLOCK),
)


@dataclass(frozen=True, slots=True)
class Before:
    files: list[tuple[Any, ...]]
    inputs: list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that needs no migration."""

    async def make() -> Path:
        store = Store(tmp_path_factory.mktemp("empty"))
        await store.open()
        await store.close()
        return store.directory / "runner.db"

    return asyncio.run(make())


@settings(max_examples=25)
@given(builds=BUILDS, keep=LIMITS, pin=st.integers(1, 4))
async def test_whatever_is_held_the_limits_hold_or_only_what_must_stay_is_left(
    empty_store: Path, builds: list[Made], keep: Keep, pin: int
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        shutil.copy(empty_store, directory)
        state = HeldState(Store(Path(directory)), frozenset({Pin("img", pin, None)}))
        await state.store.open()
        try:
            await state.hold(builds, images=[9, 5, 1, 0])
            before = Before(state.rows(f"{NEEDED} ORDER BY 1, 3"), state.rows(f"{INPUTS} ORDER BY 1, 2"))
            plan = await state.plan(keep)
            assert await state.collect(plan) == plan.tally
            assert state.directories() == {row[0] for row in state.rows("SELECT id FROM build")}
            _check(builds, keep, state)
            _check_versions(state, pin, before)
            assert (await state.plan(keep)).tally.nothing
        finally:
            await state.store.close()


def _check(builds: list[Made], keep: Keep, state: HeldState) -> None:
    left = state.directories()
    replayed = {build.replays for build in builds if build.status is None}
    for job in {build.job for build in builds}:
        ids = [id_ for id_, build in enumerate(builds, 1) if build.job == job][::-1]
        must = {id_ for id_ in ids if builds[id_ - 1].status is None or id_ in replayed} | {ids[0]}
        must |= set([id_ for id_ in ids if builds[id_ - 1].status == "success"][:1])
        assert must <= left
        for position, id_ in enumerate(ids):
            if id_ in left - must:
                assert keep.age is None or builds[id_ - 1].days * DAY <= keep.age
                assert keep.builds is None or position < keep.builds
        sizes = dict(state.rows("SELECT id, coalesce(bytes + saved_bytes, 0) FROM build"))
        kept = [id_ for id_ in ids if id_ in left]
        assert keep.size is None or set(kept) <= must or sum(sizes[id_] for id_ in kept) <= keep.size


NEEDED = "SELECT v.id, file_set, path FROM version v LEFT JOIN file_set f ON f.digest = file_set"
INPUTS = "SELECT build_id, version_id FROM build_input"
UNNEEDED = (
    "SELECT digest FROM file_set WHERE digest NOT IN (SELECT file_set FROM version WHERE file_set IS NOT NULL)",
    "SELECT digest FROM blob WHERE digest NOT IN (SELECT blob FROM file_set)",
    "PRAGMA foreign_key_check",
)


def _check_versions(state: HeldState, pin: int, before: Before) -> None:
    """Those that are left have their files, and what is needed is left."""
    left = state.directories()
    versions = {row[0] for row in state.rows("SELECT id FROM version")}
    assert state.rows(f"{NEEDED} ORDER BY 1, 3") == [row for row in before.files if row[0] in versions]
    assert state.rows(f"{INPUTS} ORDER BY 1, 2") == [row for row in before.inputs if row[0] in left]
    assert versions >= {pin, 4} | {version for build, version in before.inputs if build in left}
    assert not any(state.rows(sql) for sql in UNNEEDED)
