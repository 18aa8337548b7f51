"""The builds of a local store, as commands ask for them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from runner.cli.build_names import split_name
from runner.cli.store import opened
from runner.errors import UsageError
from runner.pipeline.problems import nearest
from runner.store.rows import BuildRow
from runner.store.store import Store


async def read_builds(directory: Path, job: str | None, most: int) -> list[BuildRow]:
    async with opened(directory) as store:
        return await store.builds(job, None, most, items=True)


async def find_all(directory: Path, names: Iterable[str]) -> list[BuildRow]:
    """The builds that were named, each once; the newest one if none was. A CI build stands for its items too. Raises
    UsageError."""
    async with opened(directory) as store:
        found = [await find_build(store, name) for name in tuple(names) or (None,)]
        rows = [row for each in found for row in await _with_items(store, each, named=bool(names))]
    return list({row.id: row for row in rows}.values())


async def _with_items(store: Store, row: BuildRow, *, named: bool) -> list[BuildRow]:
    """An item that was named is meant alone."""
    if row.item is not None and named:
        return [row]
    return sorted(await store.builds(row.job, row.number, items=True), key=lambda each: each.id)


async def find_build(store: Store, name: str | None) -> BuildRow:
    """The build that a person names: JOB/NUMBER, the newest one of JOB, or (None) the newest of all. Raises
    UsageError."""
    job, number = split_name(name) if name is not None else (None, None)
    if rows := await store.builds(job, number, most=1):
        return rows[0]
    rows = await store.builds()
    known = {row.job for row in rows}
    asked = name if job is not None and "/" in job else job
    if job is None or not known:
        raise UsageError("no builds yet")
    if job not in known and asked == job:
        hint = nearest(job, known)
        raise UsageError(f"there is no build of {job}{f' ({hint})' if hint else ''}")
    if number is not None and 0 < number < max(row.number for row in rows if row.job == job):
        raise UsageError(
            f"{job}/{number} was removed, it was beyond what is kept ('runner builds {job}' lists the rest)"
        )
    raise UsageError(f"{job} has no build {number} ('runner builds {job}' lists them)")
