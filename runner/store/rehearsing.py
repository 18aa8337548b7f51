"""What a build would get if it began now, found out without recording anything of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from runner.errors import SetupError
from runner.pipeline.model import In, Job, Out, Pipeline
from runner.store.clock import now
from runner.store.definitions import define
from runner.store.rows import BuildRow, build_row
from runner.store.sqlite import Transaction
from runner.store.versions import Selected, saved_files, select
from runner.workspace.versions import SavedFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """`build` is the row that the build would have; `nodes` are the ids of jobs and resources; `selected` is what each
    step would get, or why it gets nothing; `state` is what the last successful build saved. It answers a build in the
    place of the store."""

    build: BuildRow
    nodes: Mapping[str, int]
    selected: Mapping[tuple[type, str], Selected | SetupError]
    state: tuple[SavedFile, ...] = ()

    async def select(self, steps: Iterable[In | Out]) -> tuple[Selected, ...]:
        """Raises SetupError for a pin that matches nothing."""
        return tuple(map(self._selected, steps))

    async def take_inputs(self, build: BuildRow, steps: Sequence[In | Out]) -> tuple[Selected, ...]:
        """Raises SetupError."""
        return await self.select(steps)

    async def previous_state(self, job: str) -> tuple[SavedFile, ...]:
        return self.state

    async def node_id(self, name: str) -> int:
        return self.nodes[name]

    def _selected(self, step: In | Out) -> Selected:
        found = self.selected[type(step), step.name]
        if isinstance(found, SetupError):
            raise found
        return found


def rehearse(tx: Transaction, job: Job, pipeline: Pipeline | None, *, files: bool) -> Rehearsal:
    """For a transaction that is rolled back. `pipeline` is what the store is told first, None: it knows it; `files`:
    those of inputs and of the last build are wanted."""
    if pipeline is not None:
        define(tx, pipeline.jobs.values(), pipeline.resources.values())
    node = tx.row("node", name=job.name)
    run = tx.insert("add_run", digest="", started_at=now(), detached=False, options="{}", earlier="{}")
    tx.insert("add_build", run_id=run, node_id=node["id"], triggered_by=job.name, created_at=now())
    newest = tx.row("newest_version", node_id=node["id"])
    steps = [step for step in reversed(job.steps) if isinstance(step, In | Out)]  # what is named twice: the first
    return Rehearsal(
        build=build_row(tx.row("builds", job=job.name, number=None, items=False, most=1)),
        nodes={job.name: node["id"]},
        selected={(type(step), step.name): _selected(tx, step, files=files) for step in steps},
        state=saved_files(tx, newest["file_set"]) if files and newest else (),
    )


def _selected(tx: Transaction, step: In | Out, *, files: bool) -> Selected | SetupError:
    try:
        return select(tx, step, files=files)
    except SetupError as error:
        return error
