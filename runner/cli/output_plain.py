"""Plain lines, each labelled with its build: for CI, pipes and people without a terminal."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from runner.cli.output import seconds
from runner.logs.follow import follow_lines
from runner.logs.records import is_result
from runner.logs.rendering import TextRenderer
from runner.service.ports import Ended, Summary
from runner.store.rows import BuildRow


class Plain:
    """Everything goes to standard output, in the order in which it happens."""

    def live(self) -> contextlib.AbstractContextManager[object]:
        return contextlib.nullcontext()

    def planned(self, digest: str, jobs: int) -> None:
        click.echo(f"plan {digest[:12]}: {jobs} job{'s' * (jobs != 1)}")

    def notice(self, text: str) -> None:
        click.echo(text)

    def started(self, build: BuildRow, log: Path) -> None:
        why = "" if build.triggered_by == build.job else f", triggered by {build.triggered_by}"
        click.echo(f"{build.name}: started{why}")

    def left_out(self, job: str, reason: str) -> None:
        """Told in the summary."""

    def ended(self, ended: Ended) -> None:
        reason = f": {ended.reason}" if ended.reason else ""
        click.echo(f"{ended.name}: {ended.status} after {seconds(ended)}{reason}")

    async def watch(self, build: BuildRow, log: Path) -> None:
        renderer = TextRenderer(label=build.name)
        async with contextlib.aclosing(follow_lines(log)) as blocks:
            async for lines in blocks:
                self._show(renderer.render_lines(lines[:-1] if is_result(lines[-1]) else lines))
        self._show(list(renderer.finish()))

    def _show(self, lines: list[str]) -> None:
        if lines:
            click.echo("\n".join(lines))

    def summary(self, summary: Summary) -> None:
        click.echo("")
        width = max((len(e.name) for e in summary.ended), default=0)
        for ended in summary.ended:
            click.echo(f"{ended.name:{width}}  {ended.status:9}  {seconds(ended):>8}")
        for left in summary.left_out:
            click.echo(f"not run: {left.job}: {left.reason}")


def make() -> Plain:
    return Plain()
