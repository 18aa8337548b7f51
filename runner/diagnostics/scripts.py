"""The scripts of a pipeline, entry by entry, and where each of their lines stands in its file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.pipeline.problems import Place

if TYPE_CHECKING:
    from runner.diagnostics.sources import Sources
    from runner.pipeline.model import Hooks, Job, Pipeline, ScriptItem

_BLOCK = re.compile(r"(?:[&!]\S+\s+)*\|[0-9+-]*(?:\s|$)")


@dataclass(frozen=True, slots=True)
class Script:
    """Entries that share one shell, and the job they belong to."""

    job: Job
    items: tuple[ScriptItem, ...]


def scripts(pipeline: Pipeline) -> Iterator[Script]:
    """Of every TASK and every hook, in the order of the file."""
    for job in pipeline.jobs.values():
        for task in job.tasks:
            yield Script(job, task.script)
        yield from (Script(job, items) for items in _hooks(job.hooks) if items)


def _hooks(hooks: Hooks) -> Iterator[tuple[ScriptItem, ...]]:
    for hook in (hooks.on_start, hooks.on_success, hooks.on_failure, hooks.on_cancel, hooks.always):
        yield hook.script


def place_in(item: ScriptItem, line: int, column: int, sources: Sources) -> Place:
    """The place in the file of a line and column (from 1) of an entry: exact in a `|` block and in a text on one line;
    else that of the entry, because YAML has folded its lines."""
    lines = item.text.split("\n")
    line = min(max(line, 1), len(lines))
    if line == len(lines) > 1 and not lines[-1]:
        line -= 1  # behind the last line's end: nothing stands there
    start, text = item.place, lines[line - 1]
    header = sources.line(start.file, start.line) or ""
    if _BLOCK.match(header, start.column - 1):
        written = sources.line(start.file, start.line + line) or ""
        indentation = len(written) - len(text)
        if indentation >= 0 and written[indentation:] == text:
            return Place(start.file, start.line + line, indentation + min(column, len(text) + 1))
        return start
    for quote in (0, 1):
        begin = start.column - 1 + quote
        if len(lines) == 1 and header[begin : begin + len(text)] == text:
            return Place(start.file, start.line, begin + min(max(column, 1), len(text) + 1))
    return start
