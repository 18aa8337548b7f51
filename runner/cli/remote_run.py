"""`runner run --host`: builds are started on a service and shown like those of a local run."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import remote
from runner.client.asking import build, job_view
from runner.client.client import Client, segment
from runner.client.copying import LogCopy, followed
from runner.client.failures import ServiceError
from runner.client.shapes import read_build
from runner.errors import RunnerError
from runner.service.ports import Ended, Summary

if TYPE_CHECKING:
    from runner.service.ports import Output
    from runner.store.rows import BuildRow

SIGNALS = (signal.SIGINT, signal.SIGTERM)
GONE = (errno.EPIPE, errno.EIO)
"""What writing to a pipe or a terminal says that is not there any more."""


def start(client: Client, jobs: Sequence[str], injected: Mapping[str, str], *, reset: bool) -> list[BuildRow]:
    """Queue a build of each job; none where one of them is not there. Raises UsageError, ServiceError."""
    for job in jobs:
        job_view(client, job)
    body = {"params": dict(injected), "reset": reset}
    return [client.post(f"/jobs/{segment(job)}/run", read_build, body) for job in dict.fromkeys(jobs)]


def tell_detached(client: Client, rows: Sequence[BuildRow], *, as_json: bool) -> None:
    """What a person needs to find the builds again."""
    for row in rows:
        if as_json:
            click.echo(json.dumps({"event": "build_queued", "job": row.job, "number": row.number, "id": row.id}))
        else:
            remote.tell_queued(client, row)


def watch(client: Client, rows: Sequence[BuildRow], output: Output) -> Summary:
    """Show builds until all have ended. A signal cancels them, a second one leaves them alone, and so does a reader of
    the output that goes away. Raises RunnerError."""
    try:
        return asyncio.run(_Watch(client, output).watch(rows))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


@dataclass(slots=True)
class _Watch:
    client: Client
    output: Output
    ended: list[Ended] = field(default_factory=list)
    failed: list[RunnerError] = field(default_factory=list)
    interrupted: bool = False
    unseen: asyncio.Queue[OSError] = field(default_factory=asyncio.Queue)

    async def watch(self, rows: Sequence[BuildRow]) -> Summary:
        try:
            with contextlib.ExitStack() as stack:
                directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="runner-logs-")))
                stack.enter_context(self.output.live())
                await self._watch_or_cancel(rows, directory)
        except* OSError as errors:
            self._not_shown(errors)
        if self.failed:
            raise self.failed[0]
        return Summary(ended=tuple(self.ended), left_out=(), interrupted=self.interrupted)

    async def _watch_or_cancel(self, rows: Sequence[BuildRow], directory: Path) -> None:
        stop = asyncio.Event()
        with _signals(stop):
            async with asyncio.TaskGroup() as group:
                beside = [group.create_task(self._cancel(stop, rows)), group.create_task(self._end_unseen())]
                await self._watch_all(rows, directory)
                for task in beside:
                    task.cancel()

    async def _end_unseen(self) -> None:
        raise await self.unseen.get()

    def _not_shown(self, error: BaseException) -> None:
        """Nobody looks any more, which is their right: the builds go on without that. Anything else is a failure."""
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if isinstance(error, OSError) and error.errno in GONE:
            self.interrupted = True
        else:
            self.failed.append(RunnerError(f"the builds go on, but cannot be shown: {error}"))

    async def _watch_all(self, rows: Sequence[BuildRow], directory: Path) -> None:
        async with asyncio.TaskGroup() as group:
            for row in rows:
                group.create_task(self._watch_one(row, directory / f"{row.id}.jsonl"))

    async def _watch_one(self, row: BuildRow, log: Path) -> None:
        loop = asyncio.get_running_loop()
        self.output.notice(await asyncio.to_thread(self._told_status, row))

        def told(text: str) -> None:
            loop.call_soon_threadsafe(self._show, lambda: self.output.notice(text))

        def begun() -> None:
            loop.call_soon_threadsafe(self._show, lambda: self.output.started(row, log))

        copy = LogCopy(self.client, row.id, log, begun=begun, told=told)
        try:
            async with asyncio.TaskGroup() as group:
                watching = group.create_task(self.output.watch(row, log))
                await asyncio.sleep(0)  # it has opened the log now: that may be removed from here on
                with followed([copy]):
                    await asyncio.wait([watching])
            if copy.failed is not None:
                raise copy.failed
            self.ended.append(_end_of(await asyncio.to_thread(build, self.client, row.id)))
            self.output.ended(self.ended[-1])
        except* RunnerError as errors:
            self.failed += [error for error in errors.exceptions if isinstance(error, RunnerError)]

    def _told_status(self, row: BuildRow) -> str:
        """Where the service does not answer just now, what it said last is told."""
        try:
            return remote.told_status(self.client, row)
        except ServiceError:
            return f"{row.name} is {row.status} at {self.client.address.text}"

    def _show(self, shows: Callable[[], None]) -> None:
        """For callbacks of the loop, which have no task that could fail."""
        try:
            shows()
        except OSError as error:
            self.unseen.put_nowait(error)

    async def _cancel(self, stop: asyncio.Event, rows: Sequence[BuildRow]) -> None:
        """What a signal does; the ends of the builds are waited for as before."""
        await stop.wait()
        self.interrupted = True
        self.output.notice("interrupted: cancelling")
        for row in rows:
            try:
                await asyncio.to_thread(
                    self.client.post, f"/builds/{row.id}/cancel", read_build, {"reason": "interrupted"}
                )
            except RunnerError as error:
                self.output.notice(str(error))


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    main = asyncio.current_task()

    def interrupt() -> None:
        if stop.is_set() and main is not None:
            main.cancel()
        stop.set()

    for number in SIGNALS:
        loop.add_signal_handler(number, interrupt)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)


def _end_of(row: BuildRow) -> Ended:
    begun = row.started_at or row.ended_at
    return Ended(
        build=row.id,
        job=row.job,
        number=row.number,
        status=row.status,
        reason=row.reason,
        duration=row.ended_at - begun if row.ended_at and begun else timedelta(),
        by=row.ended_by or "",
        published=row.published,
    )
