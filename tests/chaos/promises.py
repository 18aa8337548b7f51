"""What must be true of a service's state directory when everything that was asked of it has ended."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from runner.errors import RunnerError
from runner.logs.reader import read
from runner.logs.records import Build, Message, Result
from runner.scheduling.rules import Rules
from runner.service.engines import files
from runner.service.graphing import graph_of
from runner.service.project import project_of
from runner.service.tidying import KEPT
from runner.store import pipelines, queueing
from runner.store.store import Store
from tests.chaos.clients import Promised
from tests.chaos.crowd import LINES, ONCE_EACH
from tests.chaos.victim import POOL, Victim
from tests.chaos.world import World, alive, marked

Row = sqlite3.Row
BUILDS = """
SELECT build.*, node.name AS job FROM build JOIN node ON node.id = build.node_id ORDER BY build.id
"""
VERSIONS = """
SELECT node.name, number, created_at FROM version JOIN node ON node.id = version.node_id ORDER BY number
"""
ATTEMPTS = "SELECT id FROM attempt WHERE state IN ('todo', 'doing')"


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store has."""

    builds: Sequence[Row]
    versions: Sequence[Row]
    attempts: int
    waiting: int

    def caused(self, job: str, by: str) -> int:
        return len([row for row in self.builds if row["job"] == job and row["triggered_by"] == by])

    def made(self, resource: str) -> int:
        """Its versions, but for the one that the file gives it."""
        return len([row for row in self.versions if row["name"] == resource]) - 1

    def most(self, since: str, until: str) -> int:
        """How many builds there were at once between these two moments of each."""
        rows = [row for row in self.builds if row["started_at"] and row["ended_at"]]
        moments = [*((row[since], 1) for row in rows), *((row[until], -1) for row in rows)]
        return max(accumulate((change for _, change in sorted(moments)), initial=0))


def kept(state: Path) -> Kept:
    with closing(sqlite3.connect(f"file:{state}/runner.db?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        return Kept(
            builds=database.execute(BUILDS).fetchall(),
            versions=database.execute(VERSIONS).fetchall(),
            attempts=len(database.execute(ATTEMPTS).fetchall()),
            waiting=len(database.execute("SELECT node_id FROM waiting").fetchall()),
        )


def judge(victim: Victim, promised: Promised, ran: Path) -> Kept:
    """Say every promise that was broken; the service has been stopped."""
    world, found = victim.world, kept(victim.state)
    for refusal in promised.refusals:
        world.lose(refusal)
    _judge_triggers(world, found, promised)
    _judge_ends(world, found, promised, victim.killed)
    _judge_order(world, found)
    _judge_runs(world, found, ran.read_text().split() if ran.exists() else [])
    for row in found.builds:
        _judge_log(world, victim.state / "builds" / str(row["id"]), row, row["id"] in victim.killed)
    _judge_remains(world, victim, found)
    asyncio.run(_judge_rules(world, victim.state))
    for line in victim.said.read_text("utf-8", "replace").splitlines():
        world.expect("Traceback" not in line and ".bug" not in line, f"the service said: {line[:2000]}")
    return found


def _judge_triggers(world: World, found: Kept, promised: Promised) -> None:
    for resource, taken in promised.versions.items():
        world.expect(found.made(resource) == taken, f"{resource} has {found.made(resource)} versions, {taken} taken")
    wanted = {(resource, job): promised.versions[resource] for resource, job in ONCE_EACH.items()}
    good = sum(row["job"] == "pub" and row["status"] == "success" for row in found.builds)
    wanted |= {("mid", "after"): found.made("mid"), ("held_in", "hold"): promised.while_resumed}
    wanted |= {("go", "on_change"): promised.changes, ("pub", "below"): good}
    for (cause, job), count in wanted.items():
        built = found.caused(job, cause)
        world.expect(built == count, f"{count} triggers of {cause} made {built} builds of {job}")
    world.expect(found.made("mid") == good, f"{good} builds of pub made {found.made('mid')} versions of mid")
    last = max((row["created_at"] for row in found.versions if row["name"] == "joined_in"), default="")
    started = max((row["started_at"] for row in found.builds if row["job"] == "joined"), default="")
    world.expect(not promised.versions["joined_in"] or started >= last, f"nothing of joined after {last}: {started}")
    slow = {row["id"] for row in found.builds if row["job"] == "slow"}
    for build in promised.runs:
        world.expect(build in slow, f"build {build} was promised and is not there")
    more = len(slow) - len(promised.runs)
    world.expect(0 <= more <= promised.doubtful, f"{more} builds of slow that nobody has asked for")
    for name in {row["name"] for row in found.versions}:
        numbers = [row["number"] for row in found.versions if row["name"] == name]
        world.expect(numbers == list(range(1, len(numbers) + 1)), f"the versions of {name} have numbers {numbers}")


def _judge_ends(world: World, found: Kept, promised: Promised, killed: set[int]) -> None:
    for row in found.builds:
        allowed = {"success"}
        allowed |= {"cancelled"} if row["id"] in promised.cancelled else set()
        allowed |= {"error", "failure"} if row["id"] in killed else set()
        told = f"build {row['id']} of {row['job']} ended as {row['status']} ({row['reason']})"
        world.expect(row["ended_at"] is not None and row["status"] in allowed, told)
    world.expect(found.attempts == 0, f"{found.attempts} attempts are left")
    world.expect(found.waiting == 0, f"{found.waiting} jobs wait")


def _judge_order(world: World, found: Kept) -> None:
    """A serial job runs one build at a time, neighbours of chrono do not run together, and never too many."""
    for together in ({"serial"}, {"lone"}, {"joined"}, {"pub", "below"}):
        rows = sorted((row for row in found.builds if row["job"] in together and row["started_at"]), key=_started)
        for before, after in pairwise(rows):
            told = f"{after['job']} {after['id']} began before {before['job']} {before['id']} had ended"
            world.expect((before["ended_at"] or "") <= after["started_at"], told)
    most = found.most("started_at", "ended_at")
    world.expect(most <= POOL, f"{most} builds ran at once in a pool of {POOL}")


def _started(row: Row) -> str:
    return str(row["started_at"])


def _judge_runs(world: World, found: Kept, ran: Sequence[str]) -> None:
    for build, times in Counter(ran).items():
        world.expect(times == 1, f"build {build} ran {times} times")
    for row in found.builds:
        if row["status"] == "success":
            world.expect(str(row["id"]) in ran, f"build {row['id']} of {row['job']} succeeded and never ran")


def _judge_log(world: World, place: Path, row: Row, killed: bool) -> None:
    """Every line once and in order, a number for each record, the first and the last as the store has the build."""
    name = f"the log of build {row['id']} ({row['job']}, {row['status']}, {row['ended_by']})"
    if row["status"] == "cancelled" and row["started_at"] is None:
        return
    try:
        records = list(read(place / "log.jsonl"))
    except (OSError, RunnerError) as error:
        world.lose(f"{name} cannot be read: {error!r}")
        return
    numbers = [record.seq for record in records]
    world.expect(numbers == list(range(1, len(numbers) + 1)), f"{name} has a gap")
    world.expect(sum(isinstance(record, Build) for record in records) == 1, f"{name} has not one beginning")
    ends = [record for record in records if isinstance(record, Result)]
    world.expect([end.status for end in ends] == [row["status"]], f"{name} has the ends {ends}")
    world.expect(bool(ends) and records[-1] is ends[-1], f"{name} goes on behind its end")
    lines = [r.text for r in records if isinstance(r, Message) and r.level is None and r.text.startswith("line ")]
    wanted = [f"line {number}" for number in range(1, LINES + 1)]
    whole = row["status"] == "success"
    world.expect(lines == (wanted if whole else wanted[: len(lines)]), f"{name} has {len(lines)} lines: {lines[-3:]}")


def _judge_remains(world: World, victim: Victim, found: Kept) -> None:
    """No process, no control group, no socket, and of each build its log alone."""
    left = [pid for pid in marked(world.directory) if alive(pid)]
    deadline = time.monotonic() + 5
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = [pid for pid in left if alive(pid)]
    for pid in left:
        world.lose(f"process {pid} is left")
    world.expect(not victim.socket.exists(), "the socket is left")
    known = {str(row["id"]) for row in found.builds}
    for place in (victim.state / "builds").iterdir():
        world.expect(place.name in known, f"{place} belongs to no build")
        more = sorted(path.name for path in place.iterdir() if path.name not in KEPT and path.suffix != ".idx")
        world.expect(not more, f"in {place} is left: {', '.join(more)}")
        text = (place / "lock").read_text() if (place / "lock").exists() else ""
        for group in json.loads(text)["groups"] if text else ():
            world.expect(not Path(group).exists(), f"the control group {group} is left")


async def _judge_rules(world: World, state: Path) -> None:
    """Nothing that could go on is left lying."""
    store = Store(state)
    await store.open()
    try:
        sources: Any = await store.read(pipelines.sources)
        project = project_of(files(tuple(source for of_one in sources.values() for source in of_one)), None)
        graph = graph_of(project, ["default"])
        snapshot = await store.read(queueing.snapshot)
    finally:
        await store.close()
    follows = Rules.restore(graph, {"default": POOL}, snapshot).resume()
    world.expect(not follows, f"these could have been done: {follows}")
    for job, job_state in snapshot.jobs.items():
        world.expect(not job_state.paused, f"{job} is paused still")
