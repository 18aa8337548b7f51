"""The scripts of a pipeline and of a CI part, entry by entry, and where each of their lines stands in its file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.pipeline.problems import Place

if TYPE_CHECKING:
    from runner.diagnostics.sources import Sources
    from runner.pipeline.ci.model import CiPart, Sections
    from runner.pipeline.model import Hooks, Job, Pipeline, ScriptItem

_BLOCK = re.compile(r"(?:[&!]\S+\s+)*\|[0-9+-]*(?:\s|$)")


@dataclass(frozen=True, slots=True)
class Script:
    """Entries that share one shell; `of` is how a sentence names what they belong to."""

    of: str
    items: tuple[ScriptItem, ...]


def scripts(pipeline: Pipeline, part: CiPart | None = None) -> Iterator[Script]:
    """Of every job and of the CI part, in their order."""
    for job in pipeline.jobs.values():
        yield from scripts_of(job)
    if part is not None:
        for build in (part.build, *(pool.build for pool in part.pools if pool.build is not None)):
            yield from _sections(build)


def scripts_of(job: Job) -> Iterator[Script]:
    """Of every TASK and every hook."""
    of = f"job '{job.name}'"
    yield from (Script(of, task.script) for task in job.tasks)
    yield from (Script(of, items) for items in _hooks(job.hooks) if items)


def _sections(build: Sections) -> Iterator[Script]:
    """`ci` and `post_ci` share a shell; every other section has its own, or a copy of theirs."""
    both = (*(build.ci or ()), *(build.post_ci or ()))
    for items in (build.pre_ci, both, build.on_success, build.on_failure, build.always):
        if items:
            yield Script("build", items)


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
