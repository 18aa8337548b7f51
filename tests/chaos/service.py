"""A service under load that is killed and started again: `python -m tests.chaos.service` in a short form.

Clients go on sending versions, running, cancelling, pausing and changing the file, while the service gets SIGKILL,
SIGTERM or SIGSTOP at random moments, and its builds' supervisors SIGKILL. Then everything that was taken must have
happened as the rules promise it, once. Exit 1 where anything was lost.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.chaos.clients import Clients, Line, Promised
from tests.chaos.crowd import PUSHED, crowd
from tests.chaos.promises import judge
from tests.chaos.victim import POOL, Victim
from tests.chaos.world import PATIENCE_S, Tally, World

MOST_OPEN = 550
"""Builds that run or are queued at a time."""
REFILLED = 15
"""After so many faults the crowd is made up again."""
ROUND = 100
"""Restarts before everything is looked at, and a new state directory is begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`life`: the longest time in seconds between two faults; `pace` that between two orders of one client,
    `burst` how many of them come at once; now and then faults wait until so many builds are open as `crowd` says
    and every slot is taken. `nap` is that of a slow job in seconds."""

    restarts: int
    life: float
    pace: float
    burst: int
    crowd: int
    nap: int


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.chaos.service", description=__doc__)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--restarts", type=int, help="so many; default: a short round")
    arguments.add_argument("--minutes", type=float, default=0, help="and go on for so long")
    arguments.add_argument("--keep", action="store_true", help="leave the directories of rounds with losses")
    asked = arguments.parse_args()
    random, tally, began, restarts, triggers = Random(asked.seed), Tally(), time.monotonic(), 0, 0
    short = asked.restarts is None and not asked.minutes
    while True:
        left = 3 if short else max((asked.restarts or 0) - restarts, 0) or ROUND
        plan = Plan(
            restarts=min(left, ROUND),
            life=0.8 if short else 4.0,
            pace=1.0,
            burst=1 if short else 40,
            crowd=0 if short else MOST_OPEN,
            nap=2 if short else 15,
        )
        done, promised = _round(plan, Random(random.random()), tally, keep=asked.keep)
        restarts, triggers = restarts + done, triggers + promised.triggers
        late = time.monotonic() - began >= asked.minutes * 60
        if short or (late and restarts >= (asked.restarts or 0)):
            break
    print(
        f"service, seed {asked.seed}: triggers taken {triggers}, builds run {tally.builds}, restarts {restarts},"
        f" faults injected {tally.faults}, losses {len(tally.losses)}, {time.monotonic() - began:.0f} s"
    )
    return 1 if tally.losses else 0


def _round(plan: Plan, random: Random, tally: Tally, *, keep: bool) -> tuple[int, Promised]:
    directory = Path(tempfile.mkdtemp(prefix="chaos-service-"))
    victim, promised = Victim(World(directory, random, tally)), Promised()
    before, faults = len(tally.losses), tally.faults
    ran = directory / "ran"
    victim.write(crowd(ran, 0, plan.nap))
    try:
        asyncio.run(_live(victim, promised, plan, ran))
        found = judge(victim, promised, ran)
    finally:
        victim.give_up()
    tally.builds += len(found.builds)
    for loss in tally.losses[before:]:
        print(f"lost: {loss}", flush=True)
    lost = len(tally.losses) - before
    if not (keep and lost):
        shutil.rmtree(directory, ignore_errors=True)
    print(
        f"{victim.restarts} restarts, {tally.faults - faults} faults, {promised.triggers} triggers,"
        f" {len(found.builds)} builds, at most {found.most('started_at', 'ended_at')} running and"
        f" {found.most('created_at', 'started_at')} queued: {lost} losses"
        f"{f', see {directory}' if keep and lost else ''}",
        flush=True,
    )
    return victim.restarts, promised


async def _live(victim: Victim, promised: Promised, plan: Plan, ran: Path) -> None:
    """Orders and faults, then peace, until everything has ended."""
    victim.start()
    async with Line(victim.socket) as line:
        clients = Clients(
            line=line,
            promised=promised,
            random=Random(victim.world.random.random()),
            write=lambda counter: victim.write(crowd(ran, counter, plan.nap)),
            pace=plan.pace,
            burst=plan.burst,
            most=MOST_OPEN,
            slots=POOL,
        )
        first = await line.surely("POST", "/pipelines/shop/sync", {})
        promised.take(first, "the first look at the pipeline")
        async with asyncio.TaskGroup() as group:
            group.create_task(clients.run(PUSHED))
            faults = 0
            while victim.restarts < plan.restarts:
                if faults % REFILLED == 0:
                    await _fill(clients, plan.crowd)
                faults += 1
                await asyncio.sleep(victim.world.random.uniform(0.02, victim.world.random.choice((0.5, plan.life))))
                await _harm(victim)
            clients.ending.set()
        await _come_to_rest(victim, clients)
    victim.end(signal.SIGTERM)
    await victim.ended(signal.SIGTERM)


async def _fill(clients: Clients, crowd: int) -> None:
    """Until so many builds are open and all slots are taken; on a slow machine what has come by then is enough."""
    until = time.monotonic() + PATIENCE_S
    while crowd and (clients.open < crowd or clients.running < POOL):
        if time.monotonic() > until:
            return
        await asyncio.sleep(0.1)


async def _harm(victim: Victim) -> None:
    chance = victim.world.random.random()
    if chance < 0.4:
        await victim.again(signal.SIGKILL)
    elif chance < 0.75:
        await victim.again(signal.SIGTERM)
    elif chance < 0.8:
        await victim.hurried()
    elif chance < 0.88:
        await victim.stopped()
    else:
        victim.kill_a_supervisor()


async def _come_to_rest(victim: Victim, clients: Clients) -> None:
    """Nobody asks for more. Where the last build of `pub` was killed, jobs wait for a good one: it is given to them."""
    await _until_idle(victim, clients)
    jobs = await clients.line.surely("GET", "/jobs")
    if any(job["waiting"] for job in jobs.body["jobs"]):
        last = next(job["last_status"] for job in jobs.body["jobs"] if job["name"] == "pub")
        victim.world.expect(last not in (None, "success"), f"a job waits and pub ended with {last}: {jobs.body}")
        await clients.send("pub_in")
        await _until_idle(victim, clients)


async def _until_idle(victim: Victim, clients: Clients) -> None:
    """Until nothing is open; as long as something ends now and then, it goes on."""
    least, since = 10**9, time.monotonic()
    while time.monotonic() - since < PATIENCE_S and victim.is_alive():
        said = await clients.line.once("GET", "/service")
        if said.good:
            open_ = sum(said.body["builds"].values())
            if open_ == 0:
                return
            if open_ < least:
                least, since = open_, time.monotonic()
        await asyncio.sleep(0.1)
    victim.world.lose(f"{least} builds do not end: {(await clients.line.once('GET', '/jobs')).body}")


if __name__ == "__main__":
    sys.exit(main())
