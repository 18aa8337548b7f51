"""`runner cancel`"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import click

from runner.cli import options, remote
from runner.cli.store import opened
from runner.cli.store_builds import find_build
from runner.cli.watching import look_after
from runner.errors import RunnerError, UsageError
from runner.execution.launcher import tell_to_end
from runner.logs.follow import follow_lines
from runner.service.run_socket import ask
from runner.store.rows import BuildRow
from runner.store.store import Store


@click.command("cancel")
@click.argument("builds", nargs=-1, metavar="[JOB[/BUILD]]...")
@options.directory
@click.option("--run", "run", type=int, metavar="RUN", help="Everything of this run; nothing more of it is started.")
@click.option("--reason", metavar="TEXT", help="Why; default: who cancelled.")
@click.option("--no-wait", is_flag=True, help="Do not wait until the processes have ended.")
@remote.instead
@click.pass_context
def command(
    ctx: click.Context,
    builds: tuple[str, ...],
    directory: Path,
    run: int | None,
    reason: str | None,
    no_wait: bool,
    host: str | None,
) -> None:
    """Cancel builds: JOB/NUMBER, or the newest one of JOB. Works from any process, whatever started them.

    The processes get TERM, the grace period, then KILL; hooks are not run, nothing is saved or published.
    """
    if host:
        from runner.cli.remote_cancel import cancel

        remote.refuse_with_host(ctx, "directory", "run")
        cancel(remote.client_of(host), builds, reason, wait=not no_wait)
        return
    if bool(builds) == (run is not None):
        raise UsageError("name the builds to cancel, or a run with --run ('runner builds' lists both)")
    asyncio.run(_cancel(options.store_directory(directory), builds, run, reason or _who(), wait=not no_wait))


async def _cancel(directory: Path, builds: tuple[str, ...], run: int | None, reason: str, *, wait: bool) -> None:
    async with opened(directory) as store:
        rows = await _running(store, builds, run)
        if run is not None:
            await store.runs.ask_to_stop(run, reason)
            await _tell(store, run, {"do": "stop", "reason": reason}, rows)
        for row in rows if run is None else ():
            await store.runs.ask_to_cancel(row.id, reason)
            await _tell(store, row.run_id, {"do": "cancel", "build": row.id, "reason": reason}, [row])
        over = {row.run_id: asyncio.Event() for row in rows}
        loop = asyncio.get_running_loop()
        if wait:
            look_after(directory, over, lambda run_id: loop.call_soon_threadsafe(over[run_id].set))
        for row in rows if wait else ():
            await _until_ended(store, row, over[row.run_id])
            now = await find_build(store, row.name)
            click.echo(f"{now.name}: {now.status}{f': {now.reason}' if now.reason else ''}")


async def _tell(store: Store, run_id: int, command: dict[str, str | int], rows: list[BuildRow]) -> None:
    """Let the leader of a run hear at once what is recorded already. Where it does not listen, the builds are told
    themselves. Raises RunnerError then: their ends are recorded by the next leader."""
    try:
        answer = await asyncio.to_thread(ask, store.runs.socket_path(run_id), command)
    except RunnerError as error:
        for row in rows:
            with contextlib.suppress(OSError):  # not begun, or ended: what is recorded will do
                await asyncio.to_thread(tell_to_end, store.build_directory(row.id), str(command["reason"]))
        leader = store.runs.lock_path(run_id).read_text().strip()
        raise RunnerError(
            f"{error} (process {leader}); its builds were told to end all the same, and their ends will be recorded "
            "once it goes on, or by the next command after it was killed"
        ) from error
    if "error" in answer:
        raise RunnerError(f"the process that leads run {run_id} does not understand: {answer['error']}")


async def _running(store: Store, builds: tuple[str, ...], run: int | None) -> list[BuildRow]:
    """What is to be cancelled; what has ended already is said. Raises UsageError."""
    if run is not None:
        if (led := await store.runs.get(run)) is None or led.ended:
            raise UsageError(f"there is no run {run} that goes on" if led is None else f"run {run} has ended already")
        return [row for row in await store.runs.builds(run) if row.ended_at is None]
    rows = [await find_build(store, name) for name in builds]
    for row in rows:
        if row.ended_at is not None:
            click.echo(f"{row.name} has ended already: {row.status}")
    return [row for row in rows if row.ended_at is None]


async def _until_ended(store: Store, row: BuildRow, over: asyncio.Event) -> None:
    """Until the log has its last record, which comes after the recorded end; or until the run is over, for a log that
    could not take it."""
    async with asyncio.TaskGroup() as group:
        following = group.create_task(_follow(store.build_directory(row.id) / "log.jsonl"))
        waiting = group.create_task(over.wait())
        await asyncio.wait([following, waiting], return_when=asyncio.FIRST_COMPLETED)
        following.cancel()
        waiting.cancel()


async def _follow(log: Path) -> None:
    async with contextlib.aclosing(follow_lines(log)) as blocks:
        async for _ in blocks:
            pass


def _who() -> str:
    from runner.workspace.host import user_name

    return f"cancelled by {user_name()}"
