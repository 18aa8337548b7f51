"""One JSON object a line: every event of the run and every record of every log."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from runner.logs.follow import follow_lines
from runner.pipeline.plain import Json, json_line
from runner.service.ports import Ended, Summary
from runner.store.rows import BuildRow


class JsonLines:
    """`event` is one of run_planned, notice, build_started, record, build_ended, left_out, run_ended."""

    def live(self) -> contextlib.AbstractContextManager[object]:
        return contextlib.nullcontext()

    def planned(self, digest: str, jobs: int) -> None:
        self._event("run_planned", digest=digest, jobs=jobs)

    def notice(self, text: str) -> None:
        self._event("notice", text=text)

    def started(self, build: BuildRow, log: Path) -> None:
        item = _item(build)
        self._event(
            "build_started", job=build.job, number=build.number, **item, triggered_by=build.triggered_by, log=str(log)
        )

    def left_out(self, job: str, reason: str) -> None:
        self._event("left_out", job=job, reason=reason)

    def ended(self, ended: Ended) -> None:
        self._event(
            "build_ended",
            job=ended.job,
            number=ended.number,
            **_item(ended),
            status=ended.status,
            reason=ended.reason,
            duration_s=round(ended.duration.total_seconds(), 6),
            published=sorted(ended.published),
        )

    async def watch(self, build: BuildRow, log: Path) -> None:
        item = f'"item":{build.item},' if build.item is not None else ""
        head = f'{{"event":"record","job":{json_line(build.job)},"number":{build.number},{item}"record":'
        async with contextlib.aclosing(follow_lines(log)) as blocks:
            async for lines in blocks:
                click.echo("\n".join([f"{head}{line}}}" for line in lines]))

    def summary(self, summary: Summary) -> None:
        self._event(
            "run_ended",
            succeeded=summary.succeeded,
            interrupted=summary.interrupted,
            builds=len(summary.ended),
            left_out=len(summary.left_out),
        )

    def _event(self, event: str, **values: Json) -> None:
        click.echo(json_line({"event": event, **values}))


def _item(build: BuildRow | Ended) -> dict[str, int]:
    """What an item of a CI build has beside the rest."""
    return {} if build.item is None else {"item": build.item}


def make() -> JsonLines:
    return JsonLines()
