"""The adversarial suite: `python -m tests.chaos` in a short form, `--minutes N` as long as wanted.

Everything is done through the command line, as people do it, in directories of its own. The seed decides what is done;
the moments at which something is killed depend on the machine too. Exit 1 where anything was lost.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from tests.chaos.killing import kill_at_random
from tests.chaos.scenarios import LONG, LONGEST, QUICK, Scenario
from tests.chaos.world import Tally, World

SHORT: tuple[Scenario, ...] = (*QUICK, kill_at_random)


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--minutes", type=float, help="go on with everything for so long; default: a short round")
    arguments.add_argument("--builds", type=int, default=0, help="and until so many builds were run under SIGKILL")
    asked = arguments.parse_args()
    tally, killing = Tally(), Tally()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaos-") as place:
        if asked.minutes is None:
            _round(Path(place), Random(asked.seed), SHORT, tally)
        else:
            _soak(Path(place), asked, tally, killing)
    builds, faults = tally.builds + killing.builds, tally.faults + killing.faults
    losses = len(tally.losses) + len(killing.losses)
    print(
        f"chaos, seed {asked.seed}: builds run {builds}, faults injected {faults}, losses {losses},"
        f" {time.monotonic() - began:.0f} s"
    )
    return 1 if losses else 0


def _soak(place: Path, asked: argparse.Namespace, tally: Tally, killing: Tally) -> None:
    """Everything once, then kills and all the rest in turn until time and builds are up."""
    random = Random(asked.seed)
    _round(place, random, (*LONGEST, *LONG), tally)
    until = time.monotonic() + asked.minutes * 60
    while time.monotonic() < until or killing.builds < asked.builds:
        _round(place, random, (kill_at_random, kill_at_random), killing)
        _round(place, random, QUICK, tally)
        if random.random() < 0.1:
            _round(place, random, LONG, tally)


def _round(place: Path, random: Random, scenarios: tuple[Scenario, ...], tally: Tally) -> None:
    for scenario in scenarios:
        directory = Path(tempfile.mkdtemp(prefix=f"{scenario.__name__}-", dir=place))
        world = World(directory, Random(random.random()), tally)
        before = len(tally.losses)
        scenario(world)
        for loss in tally.losses[before:]:
            print(f"lost: {loss}", flush=True)
        print(f"{scenario.__name__}: {len(tally.losses) - before} losses", flush=True)
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
