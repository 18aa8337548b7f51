"""What a job would get from the store of a directory, which is left as it is."""

from __future__ import annotations

import os
from pathlib import Path

from runner.pipeline.model import Job
from runner.service.project import Project
from runner.store.rehearsing import Rehearsal, rehearse
from runner.store.store import Store


def store_or_nothing(directory: Path) -> Store:
    """The store there, or an empty one in memory. It is not open yet."""
    return Store(directory, on_disk=os.path.isfile(directory / "runner.db"))


async def rehearsed(directory: Path, project: Project, job: Job, *, files: bool = False) -> Rehearsal:
    """`files`: those of the inputs and of the last build are wanted too. Raises StoreError."""
    store = store_or_nothing(directory)
    await store.open()
    try:
        return await store.rehearse(lambda tx: rehearse(tx, job, project.pipeline, files=files))
    finally:
        await store.close()
