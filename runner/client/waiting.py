"""Waiting for the end of a build on a service."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from queue import SimpleQueue

from runner.client.asking import build, builds
from runner.client.client import Client
from runner.client.failures import LostError
from runner.client.patience import LIMIT, Patience
from runner.client.shapes import read_state
from runner.errors import RunnerError
from runner.store.rows import BuildRow


def until_ended(client: Client, build_id: int, told: Callable[[str], object], *, limit: timedelta = LIMIT) -> BuildRow:
    """The build once it has ended: its log is listened to, which ends with it. Goes on over restarts of the service;
    raises LostError when that is away for longer than `limit`, else what `Client` raises."""
    patience = Patience(limit, told)
    while True:
        try:
            row = build(client, build_id)
            patience.heard()
            if row.ended_at is not None:
                return row
            with client.stream(f"/builds/{build_id}/log", follow="true", tail=0) as answer:
                while answer.read_some():
                    pass
            row = build(client, build_id)
            if row.ended_at is not None:
                return row
        except LostError as error:
            patience.bear(error)
        patience.pause()


def until_idle(client: Client, seen: Sequence[BuildRow], told: Callable[[str], object]) -> Iterator[BuildRow]:
    """What runs, as it ends, until nothing does: of a service that starts nothing more. `seen` ran a moment ago, and
    may have ended since. Raises what `until_ended` raises."""
    yield from all_ended(client, [row.id for row in seen], told)
    patience = Patience(LIMIT, told)
    while True:
        try:
            running = builds(client, status="processing")
            idle = not running and client.get("/service", read_state).running == 0
            patience.heard()
        except LostError as error:
            patience.bear(error)
            running, idle = [], False
        if idle:
            return
        yield from all_ended(client, [row.id for row in running], told)
        if not running:  # given out before, about to begin
            patience.pause()


def all_ended(client: Client, build_ids: Sequence[int], told: Callable[[str], object]) -> Iterator[BuildRow]:
    """The builds as they end. Raises what `until_ended` raises."""
    ended: SimpleQueue[BuildRow | RunnerError] = SimpleQueue()

    def wait(build_id: int) -> None:
        try:
            ended.put(until_ended(client, build_id, told))
        except RunnerError as error:
            ended.put(error)

    for build_id in build_ids:
        threading.Thread(target=wait, args=(build_id,), name=f"build {build_id}", daemon=True).start()
    for _ in build_ids:
        found = ended.get()
        if isinstance(found, RunnerError):
            raise found
        yield found
