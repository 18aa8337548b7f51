"""The pins in force: versions that inputs name."""

from __future__ import annotations

from collections.abc import Sequence

from runner.pipeline.model import In, Pipeline
from runner.pipeline.reader import SourceFile, read
from runner.pipeline.sections import holds_anchors_only
from runner.store.retention import Pin
from runner.store.rows import Source


def pins_of(pipeline: Pipeline) -> frozenset[Pin]:
    return frozenset(
        Pin(step.name, step.version_number, step.version_name)
        for job in pipeline.jobs.values()
        for step in job.steps
        if isinstance(step, In) and (step.version_number is not None or step.version_name is not None)
    )


def pins_of_files(sources: Sequence[Source]) -> frozenset[Pin]:
    """Those of files that need not make one pipeline together; what is wrong in them does not matter here."""
    found: set[Pin] = set()
    for source in sources:
        beside = [
            s for s in sources if s is source or (holds_anchors_only(s.path) and s.repository == source.repository)
        ]
        found |= pins_of(read([SourceFile(s.path, s.text, s.repository) for s in beside]).pipeline)
    return frozenset(found)
