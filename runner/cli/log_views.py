"""Showing logs for `runner logs`: one as it stands, several by the times of their records, and then as they go on."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, aclosing, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from runner.errors import RunnerError, UsageError
from runner.logs.folding import FoldingRenderer, foldable, steps_of
from runner.logs.rendering import JsonRenderer, LabelledJsonRenderer, Renderer, TextRenderer
from runner.logs.viewing import Choice, View
from runner.store.rows import BuildRow

NOTHING = nullcontext()
MOST = 1000  # lines written at once
RECENT, LATE_S = timedelta(minutes=1), 5.0
"""For so long after its recorded end a build may lack the end of its log, and for so long that is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How lines look. `fold`: what went well is one line; `whole`: also groups that are shown only if they fail."""

    as_json: bool
    times: bool
    colour: bool
    fold: bool
    whole: bool


def show(
    logs: Sequence[tuple[BuildRow, Path]],
    choice: Choice,
    style: Style,
    *,
    live: bool,
    feeding: AbstractContextManager[None] = NOTHING,
) -> None:
    """Show the logs of these builds. `live`: go on with those that run, until all have ended; `feeding` is around
    that, and begins when every log that is there is open.

    Raises UsageError and DamagedLogError."""
    views = []
    running = []
    ended = []
    for row, log in logs:
        view = View(log, choice, _renderer(row, log, style, several=len(logs) > 1))
        if live and row.ended_at is None:
            running.append(view)
        elif not log.exists():
            raise UsageError(f"the log of {row.name} is not there any more ({log})")
        else:
            ended.append((row, view))
        if log.exists():
            views.append(view)
    _show_past(views)
    if running:
        with feeding:
            asyncio.run(_show_live(running))
    if late := [view for row, view in ended if live and not view.ended and _is_recent(row)]:
        asyncio.run(_show_late(late))
    for view in dict.fromkeys([*views, *running]):
        _print(view.finish())
    if choice.step is not None and not any(view.shown for view in views) and not running:
        _refuse_step(choice.step, logs)


def _renderer(row: BuildRow, log: Path, style: Style, *, several: bool) -> Callable[[], Renderer]:
    if style.as_json:
        return (lambda: LabelledJsonRenderer(row.job, row.number)) if several else JsonRenderer
    name = row.name if several else ""

    def text() -> TextRenderer:
        times = style.times or several
        return TextRenderer(label=name, times=times, colour=style.colour, whole=style.whole)

    if not style.fold:
        return text
    folded = foldable(log) if log.exists() else {}
    return lambda: FoldingRenderer(text(), folded)


def _show_past(views: Sequence[View]) -> None:
    if len(views) == 1:
        for lines in views[0].past():
            _print(lines)
        return
    block = []
    for _, line in heapq.merge(*(view.past_timed() for view in views), key=lambda timed: timed[0]):
        block.append(line)
        if len(block) == MOST:
            _print(block)
            block.clear()
    _print(block)


async def _show_live(views: Iterable[View]) -> None:
    """All of them as their lines come. What ends one of them ends all, and is raised as it is."""
    failed: BaseException | None = None
    try:
        async with asyncio.TaskGroup() as group:
            for view in views:
                group.create_task(_show_one(view))
    except* (OSError, RunnerError) as errors:
        failed = errors.exceptions[0]
    if failed is not None:  # raised in there it would be a group again
        raise failed


async def _show_late(views: Iterable[View]) -> None:
    """Builds whose ends are recorded, while another process has yet to write the last records of their logs. One whose
    writer was killed at that very moment never gets them."""
    try:
        async with asyncio.timeout(LATE_S) as ours:
            await _show_live(views)
    except TimeoutError:
        if not ours.expired():
            raise


def _is_recent(row: BuildRow) -> bool:
    return row.ended_at is not None and abs(datetime.now(UTC) - row.ended_at) < RECENT


async def _show_one(view: View) -> None:
    async with aclosing(view.live()) as blocks:
        async for lines in blocks:
            _print(lines)


def _print(lines: Sequence[str]) -> None:
    if lines:
        click.echo("\n".join(lines))


def _refuse_step(step: str, logs: Iterable[tuple[BuildRow, Path]]) -> None:
    """Nothing was shown of a step: say so where no build has it. Raises UsageError."""
    known = sorted({name for _, log in logs for name in steps_of(log)})
    if step not in known:
        raise UsageError(
            f"no TASK is called '{step}': give one of {', '.join(known)}" if known else "no TASK has run yet"
        )
