"""TASK: one shell with its script, in every shape that files have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runner.pipeline.codes import Code
from runner.pipeline.fields import Key, Keys, read_fields, table
from runner.pipeline.kinds import Form, Text, flat
from runner.pipeline.model import ScriptItem, Task
from runner.pipeline.nodes import MappingNode, Node, Scalar, SequenceNode, Unresolved, is_null
from runner.pipeline.runtime import TASK_RUNTIME, TaskRuntime, read_task_runtime
from runner.pipeline.scripts import LINES, read_line, read_script
from runner.pipeline.shapes import Either, Merged, Nested, Part, Piece

if TYPE_CHECKING:
    from runner.pipeline.report import Spot

MANAGED = "managed"

NAME = Key("name", Text(), "The name of the TASK; 'Task <number>' if absent.")
RUNTIME: Key[Node] = Key("runtime", Form("a mapping", Merged(TASK_RUNTIME)), "Where the TASK runs, and its variables.")
SCRIPT: Key[Node] = Key(
    "script", Form("text, or a list of texts", LINES), "What the TASK's shell evaluates, in order.", filled=True
)
TASK: Keys = table(NAME, RUNTIME, SCRIPT)
ELSEWHERE = dict.fromkeys(TASK_RUNTIME, "put it below 'runtime'")
SHAPE = Either(
    (
        Part(TASK, needs=(SCRIPT.name,)),
        Piece.LINE,
        Nested("task", (Piece.LINE, Part(TASK)), least=1, needs=SCRIPT.name, single=False),
    )
)


@dataclass(slots=True)
class _Parts:
    """What was found of one TASK so far."""

    script: list[ScriptItem] = field(default_factory=list)
    name: str | None = None
    runtime: TaskRuntime = field(default_factory=TaskRuntime)


def read_task(spot: Spot, owner: str, number: int) -> Task | None:
    """The TASK of a job `owner` whose earlier TASKs are `number`; None (and reported) where it has no script."""
    parts = _Parts()
    node = spot.node
    if isinstance(node, MappingNode):
        if not _keys(spot, node, owner, parts):
            spot.error(Code.NO_SCRIPT, "the TASK has no script")
    elif isinstance(node, SequenceNode):
        _list(spot, owner, parts)
    elif _is_text(node):
        spot.warn(Code.OLD_SPELLING, "a TASK is better written with 'script:'")
        parts.script.extend(read_line(spot))
    elif not isinstance(node, Unresolved):
        spot.error(Code.NO_SCRIPT, "the TASK is empty", "name, runtime and script are indented below TASK")
    if not parts.script:
        return None
    return Task(
        name=parts.name or f"Task {number}",
        place=node.place,
        script=tuple(parts.script),
        env=parts.runtime.env,
        container=parts.runtime.container,
        image=parts.runtime.image,
    )


def is_managed(node: Node) -> bool:
    """`- TASK: managed`, the placeholder of managed jobs."""
    return isinstance(node, Scalar) and node.text == MANAGED


def _keys(spot: Spot, node: MappingNode, owner: str, parts: _Parts) -> bool:
    """`name`, `runtime` and `script` of a whole TASK or of one item of a list; whether `script` is there, or meant."""
    fields = read_fields(spot, node, TASK, "a TASK", elsewhere=ELSEWHERE)
    parts.name = fields.get(NAME, parts.name)
    runtime = fields.get(RUNTIME)
    if runtime is not None:
        parts.runtime = read_task_runtime(spot.at(runtime, ".runtime"), owner)
    entry = node.find(SCRIPT.name)
    if entry is not None:
        below = spot.at(entry.value, ".script")
        parts.script.extend(read_line(below) if is_null(entry.value) else read_script(below))
    return entry is not None or SCRIPT.name in fields.meant


def _list(spot: Spot, owner: str, parts: _Parts) -> None:
    """The older form: a list of `script: …`."""
    items = list(flat(spot))
    if not items:
        spot.error(Code.NO_SCRIPT, "the TASK is empty")
        return
    if any(_is_text(item.node) for item in items):
        spot.warn(Code.OLD_SPELLING, "plain texts in a TASK are better written as 'script: …'")
    scripts = False
    for item in items:
        if isinstance(item.node, MappingNode):
            scripts |= _keys(item, item.node, owner, parts)
        else:
            parts.script.extend(read_line(item))
            scripts = True
    if not scripts:
        spot.error(Code.NO_SCRIPT, "the TASK has no script")


def _is_text(node: Node) -> bool:
    return isinstance(node, Scalar) and not isinstance(node, Unresolved) and not is_null(node)
