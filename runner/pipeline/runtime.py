"""`runtime` of a job and of a TASK: where and how long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from runner.pipeline.codes import Code
from runner.pipeline.env import TaskVariables, read_env
from runner.pipeline.fields import Fields, Key, Keys, read_fields, table
from runner.pipeline.kinds import Form, Text, Truth, Whole
from runner.pipeline.limits import LIMITS as _LIMITS
from runner.pipeline.limits import read_limits
from runner.pipeline.model import Limits, Runtime, TaskEnv
from runner.pipeline.nodes import Entry, MappingNode, Node, Scalar, SequenceNode, Unresolved
from runner.pipeline.report import Note
from runner.pipeline.shapes import Either, Merged, Nested, Part, Piece

if TYPE_CHECKING:
    from runner.pipeline.report import Spot

MAX_MINUTES = 1440
MAX_GRACE_S = 3600

NODE_POOL = Key("nodePool", Text(), "The pool of hosts the job may run on.")
CONTAINER = Key("container", Truth(), "Whether TASKs are to run in a container.")
TIMEOUT = Key("timeoutMinutes", Whole(1, MAX_MINUTES), "The job's time limit in minutes; 60 if absent.")
GRACE = Key("grace", Whole(0, MAX_GRACE_S), "Seconds that processes get to end when they are asked to; 10 if absent.")
LIMITS: Key[Node] = Key("limits", Form("a mapping", Part(_LIMITS, closed=True)), "What the job's processes may use.")
JOB_RUNTIME: Keys = table(NODE_POOL, CONTAINER, TIMEOUT, GRACE, LIMITS)

IMAGE_NAME = Key("imageName", Text(), "The image of the container.")
IMAGE_TAG = Key("imageTag", Text(), "The tag of the image; latest if absent.")
PULL = Key("pull", Truth(), "Whether the image is pulled first.")
RUN_OPTIONS: Key[Node] = Key("options", Form("text", Piece.ANYTHING), "Options of docker run.")
ENV: Key[Node] = Key(
    "env",
    Form(
        "a mapping, or a list of mappings or of KEY=value texts",
        Nested("env", (Piece.VARIABLES, Piece.VARIABLE_TEXT)),
    ),
    "Variables of this TASK.",
)
IMAGE_OPTIONS: Keys = table(IMAGE_NAME, IMAGE_TAG, PULL, RUN_OPTIONS, ENV)
OPTIONS: Key[Node] = Key(
    "options",
    Form("a mapping", Either((Piece.SCALAR, Merged(IMAGE_OPTIONS)))),
    "Image and variables; its keys may also stand directly under runtime.",
)
TASK_RUNTIME: Keys = {**IMAGE_OPTIONS, **table(CONTAINER, OPTIONS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRuntime:
    """What a TASK's runtime says. `image` is `name:tag`."""

    container: bool | None = None
    image: str | None = None
    env: TaskEnv = ()


def read_job_runtime(spot: Spot, owner: str) -> Runtime:
    """`runtime` of the job `owner`: a mapping, or a list of mappings where later ones win."""
    node = merged(spot)
    if node is None:
        return Runtime()
    fields = read_fields(spot, node, JOB_RUNTIME, "a job's runtime")
    container = fields.get(CONTAINER)
    if container:
        spot.report.note(Note.CONTAINER, spot.node.place, owner)
    minutes = fields.get(TIMEOUT)
    seconds = fields.get(GRACE)
    limits = fields.get(LIMITS)
    pool = fields.get(NODE_POOL)
    if pool is not None:
        spot.report.note(Note.NODE_POOL, spot.node.place, owner)
    return Runtime(
        limit=Runtime().limit if minutes is None else timedelta(minutes=minutes),
        grace=None if seconds is None else timedelta(seconds=seconds),
        limits=Limits() if limits is None else read_limits(spot.at(limits, ".limits")),
        node_pool=pool,
        container=container,
    )


def read_task_runtime(spot: Spot, owner: str) -> TaskRuntime:
    """`runtime` of a TASK of the job `owner`. Image and variables stand under `options` or directly."""
    node = merged(spot)
    if node is None:
        return TaskRuntime()
    outer = read_fields(spot, node, TASK_RUNTIME, "a TASK's runtime")
    inner = _options(spot, node)
    container = outer.get(CONTAINER)
    image = _image(inner) or _image(outer)
    if container or image:
        spot.report.note(Note.CONTAINER, spot.node.place, owner)
    for note in _unused(node, outer, inner):
        spot.report.note(note, spot.node.place, owner)
    return TaskRuntime(container=container, image=image, env=_env(spot, outer, inner))


def merged(spot: Spot) -> MappingNode | None:
    """A mapping, or a list of mappings taken as one; None (and reported) for anything else."""
    node = spot.node
    if isinstance(node, MappingNode):
        return node
    if isinstance(node, SequenceNode):
        parts = [item for item in node.items if isinstance(item, MappingNode)]
        if len(parts) == len(node.items):
            entries: dict[str, Entry] = {e.key.text: e for part in parts for e in part.entries}
            return MappingNode(tuple(entries.values()), node.place)
    if not isinstance(node, Unresolved):
        spot.error(Code.WRONG_VALUE, "must be a mapping")
    return None


def _options(spot: Spot, node: MappingNode) -> Fields:
    """The fields below `options`; a text there is for docker alone."""
    entry = node.find("options")
    if entry is None or isinstance(entry.value, Scalar):
        return Fields({})
    below = spot.at(entry.value, ".options")
    options = merged(below)
    return Fields({}) if options is None else read_fields(below, options, IMAGE_OPTIONS, "runtime.options")


def _unused(node: MappingNode, outer: Fields, inner: Fields) -> Iterator[Note]:
    """What is said of a container that is not started. A text as `options` directly under runtime is docker's."""
    written = node.find(OPTIONS.name)
    if inner.get(RUN_OPTIONS) is not None or (written is not None and isinstance(written.value, Scalar)):
        yield Note.RUN_OPTIONS
    if inner.get(PULL) or outer.get(PULL):
        yield Note.PULL
    for fields in (inner, outer):
        if fields.get(IMAGE_TAG) is not None and fields.get(IMAGE_NAME) is None:
            yield Note.IMAGE_TAG


def _image(fields: Fields) -> str | None:
    name = fields.get(IMAGE_NAME)
    return None if name is None else f"{name}:{fields.get(IMAGE_TAG, 'latest')}"


def _env(spot: Spot, outer: Fields, inner: Fields) -> TaskEnv:
    env = TaskVariables()
    for fields, path in ((outer, ".env"), (inner, ".options.env")):
        node = fields.get(ENV)
        if node is not None:
            read_env(spot.at(node, path), env)
    return env.merged()
