"""A live terminal: log lines scroll above, the running builds stand below with their time, a table ends the run."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.live import Live
from rich.segment import Segment
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from runner.cli.output import seconds
from runner.logs.follow import follow_lines
from runner.logs.records import is_result
from runner.logs.rendering import TextRenderer
from runner.logs.sanitizing import RESET
from runner.service.ports import Ended, Summary
from runner.store.rows import BuildRow

COLOURS = {
    "success": "green",
    "failure": "red",
    "error": "red",
    "timeout": "red",
    "cancelled": "yellow",
    "unstable": "yellow",
}
LABEL_COLOURS = (36, 35, 34, 33, 32)  # SGR codes


class Ready:
    """Lines that hold all their colours already: rich must not look at each of a million."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        yield Segment(self._text)


class Pretty:
    """Follows the terminal's size; what scrolls stays in the terminal's history."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._running: dict[str, tuple[Spinner, float]] = {}
        self._live = Live(console=self._console, get_renderable=self._footer, refresh_per_second=8, transient=True)

    @contextlib.contextmanager
    def live(self) -> Iterator[object]:
        self._live.start()
        try:
            yield self
        finally:
            with contextlib.suppress(OSError):  # a terminal that is gone shows nothing any more
                self._live.stop()

    def planned(self, digest: str, jobs: int) -> None:
        self._console.print(f"[bold]plan {digest[:12]}[/]: {jobs} job{'s' * (jobs != 1)}")

    def notice(self, text: str) -> None:
        self._console.print(Text(text, style="dim"))

    def started(self, build: BuildRow, log: Path) -> None:
        name = build.name
        why = "" if build.triggered_by == build.job else f" (triggered by {build.triggered_by})"
        self._console.print(Text.assemble((f"▶ {name}", "bold"), (why, "dim")))
        self._running[name] = (Spinner("dots", style="cyan"), time.monotonic())

    def left_out(self, job: str, reason: str) -> None:
        """Told in the table."""

    def ended(self, ended: Ended) -> None:
        name = ended.name
        self._running.pop(name, None)
        mark = "✔" if ended.status == "success" else "✘"
        reason = f": {ended.reason}" if ended.reason else ""
        style = COLOURS.get(ended.status, "red")
        self._console.print(Text(f"{mark} {name} {ended.status} after {seconds(ended)}{reason}", style=style))

    async def watch(self, build: BuildRow, log: Path) -> None:
        renderer = TextRenderer(colour=self._console.is_terminal)
        colour = LABEL_COLOURS[build.id % len(LABEL_COLOURS)]
        prefix = f"\x1b[{colour}m{build.job} │{RESET} " if self._console.is_terminal else f"{build.job} │ "
        async with contextlib.aclosing(follow_lines(log)) as blocks:
            async for lines in blocks:
                self._lines(prefix, renderer.render_lines(lines[:-1] if is_result(lines[-1]) else lines))
        self._lines(prefix, renderer.finish())

    def summary(self, summary: Summary) -> None:
        table = Table(box=None, pad_edge=False, header_style="dim")
        for heading in ("build", "status", "time", ""):
            table.add_column(heading, justify="right" if heading == "time" else "left")
        for ended in summary.ended:
            status = Text(ended.status, style=COLOURS.get(ended.status, "red"))
            table.add_row(Text(ended.name), status, seconds(ended), Text(ended.reason or ""))
        for left in summary.left_out:
            table.add_row(Text(left.job), Text("not run", style="dim"), "", Text(left.reason))
        self._console.print()
        self._console.print(table)

    def _lines(self, prefix: str, lines: Iterable[str]) -> None:
        text = "".join([f"{prefix}{line}\n" for line in lines])
        if text:
            self._console.print(Ready(text), soft_wrap=True, end="")

    def _footer(self) -> RenderableType:
        now = time.monotonic()
        rows: list[RenderableType] = []
        for name, (spinner, since) in self._running.items():
            spinner.update(text=Text(f"{name}  {now - since:.0f} s"))
            rows.append(spinner)
        return Group(*rows)


def make() -> Pretty:
    return Pretty()
