"""`runner gc`"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import options, remote
from runner.cli.store import opened
from runner.cli.tables import amount
from runner.errors import UsageError

if TYPE_CHECKING:
    from runner.service.keeping import Keep
    from runner.service.retention_plan import Tally
    from runner.store.retention import Pin
    from runner.store.store import Store

LOCK = "service.lock"
"""What the process that runs with a state directory holds."""
SERVICE = "--dry-run --state-dir /var/lib/shippable-runner"
OFF = "off"
SHOWN = 20
"""Builds that are named one by one."""


@click.command("gc")
@options.directory
@click.option("--age", metavar="AGE", default="90d", show_default=True, help="How long builds are kept, or off.")
@click.option("--builds", metavar="N", default="1000", show_default=True, help="How many of each job, or off.")
@click.option("--size", metavar="SIZE", default="10GiB", show_default=True, help="How much of each job, or off.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing.")
@click.option(
    "--state-dir",
    type=options.PATH,
    metavar="DIR",
    help="The state directory of a service, for --dry-run only: it removes by itself.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(
    directory: Path, age: str, builds: str, size: str, dry_run: bool, state_dir: Path | None, as_json: bool
) -> None:
    """Remove builds with their logs and saved files that are beyond a limit of their job: older than AGE, not among the
    newest N, or the oldest of more than SIZE on the disk.

    The newest build and the newest successful build of each job stay, and whatever something still needs.
    """
    keep = _keep(age, builds, size)
    if os.environ.get(remote.VARIABLE):
        _notice(f"{remote.VARIABLE} is not followed: this is about a store of this host; a service removes by itself")
    if state_dir is None and _is_state(directory):
        state_dir = directory
    if state_dir is None:
        tally = asyncio.run(_gc(options.store_directory(directory, service=SERVICE), keep, dry_run=dry_run))
    else:
        _refuse_state(state_dir, dry_run=dry_run)
        tally = asyncio.run(_would_go(state_dir, keep))
    if as_json:
        click.echo(json.dumps(_record(tally, dry_run=dry_run), ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(tally, dry_run=dry_run)))


def _keep(age: str, builds: str, size: str) -> Keep:
    """The limits as they are written. Raises UsageError."""
    from runner.pipeline.limits import parse_size
    from runner.service.durations import parse_duration
    from runner.service.keeping import Keep

    aged: timedelta | None = None
    if age != OFF and (aged := parse_duration(age)) is None:
        raise UsageError(f"--age {age!r}: give a duration such as 90d or 12h, or off")
    if builds != OFF and re.fullmatch("[1-9][0-9]{0,11}", builds) is None:
        raise UsageError(f"--builds {builds!r}: give a whole number, at least 1, or off")
    sized = None if size == OFF else parse_size(size)
    if size != OFF and not sized:
        raise UsageError(f"--size {size!r}: give a size such as 10GiB or 500M, or off")
    return Keep(age=aged, builds=None if builds == OFF else int(builds), size=sized)


def _is_state(directory: Path) -> bool:
    return all(os.path.isfile(directory / name) for name in ("runner.db", LOCK))


def _refuse_state(directory: Path, *, dry_run: bool) -> None:
    """Raises UsageError."""
    if not _is_state(directory):
        raise UsageError(
            f"{directory} is no state directory of a service: it has no runner.db and {LOCK} that you can see "
            "('runner config show' tells state_dir)"
        )
    if not dry_run:
        raise UsageError(
            f"{directory} is a service's: it removes builds by itself, by [retention] of its settings; --dry-run shows "
            "what other limits would do"
        )


async def _would_go(directory: Path, keep: Keep) -> Tally:
    """Of a service, which may be running: its store is looked at, no more."""
    from runner.service.pins import pins_of_files
    from runner.service.retention_planning import Planning
    from runner.store.pipelines import sources
    from runner.store.store import Store

    store = Store(directory)
    await store.open(migrate=False)
    try:
        applied = await store.read(sources)
        pins = pins_of_files([source for files in applied.values() for source in files])
        return (await Planning(store=store, keep=keep, pins=pins, busy=(), now=datetime.now(UTC)).plan()).tally
    finally:
        await store.close()


async def _gc(directory: Path, keep: Keep, *, dry_run: bool) -> Tally:
    from runner.service.collecting import Collecting
    from runner.service.retention_planning import Planning
    from runner.store.locks import held

    if not dry_run and held(directory / LOCK):
        raise UsageError(
            f"a service runs with {directory} and does this itself, by [retention] of its settings; "
            "--dry-run shows what other limits would do"
        )
    async with opened(directory) as store:
        pins = await _pins(store)
        plan = await Planning(store=store, keep=keep, pins=pins, busy=(), now=datetime.now(UTC)).plan()
        if dry_run:
            return plan.tally
        return await Collecting(store, lambda: pins, _notice).carry_out(plan)


async def _pins(store: Store) -> frozenset[Pin]:
    """Those of the files that were run last, and of those that are there now."""
    from runner.external.finding import refers, user_library
    from runner.external.resolving import resolve
    from runner.pipeline.files import discover
    from runner.service.pins import pins_of_files
    from runner.store.retention import newest_sources
    from runner.store.rows import Source

    found = discover([store.directory.parent])
    if refers(found.files):
        found = (await resolve(found, user_library(offline=True))).found
    now = [Source(file.name, file.repository, file.text) for file in found.files]
    return pins_of_files(await store.read(newest_sources)) | pins_of_files(now)


def _lines(tally: Tally, *, dry_run: bool) -> Iterator[str]:
    shown = tally.builds[:SHOWN]
    for build in shown:
        yield f"{build.job}/{build.number}  {amount(build.bytes)}"
    if len(tally.builds) > len(shown):
        yield f"… and {len(tally.builds) - len(shown)} more builds"
    if tally.nothing:
        yield "nothing is beyond the limits"
        return
    parts = [
        _count(len(tally.builds), "build"),
        _count(tally.versions, "version"),
        _count(tally.files, "saved file"),
        _count(tally.runs, "run"),
        _count(tally.leftovers, "leftover"),
    ]
    told = ", ".join(part for part in parts if part) or "old webhook deliveries"
    yield f"{'would go' if dry_run else 'removed'}: {told}; {amount(tally.bytes)}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}" if number else ""


def _record(tally: Tally, *, dry_run: bool) -> dict[str, object]:
    return {
        "dry_run": dry_run,
        "builds": [
            {"id": build.id, "job": build.job, "number": build.number, "bytes": build.bytes} for build in tally.builds
        ],
        "versions": tally.versions,
        "files": tally.files,
        "runs": tally.runs,
        "deliveries": tally.deliveries,
        "leftovers": tally.leftovers,
        "bytes": tally.bytes,
    }


def _notice(text: str) -> None:
    click.echo(f"runner: {text}", err=True)
