"""Whatever text comes in: a reading comes out, and every problem has a place in it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.pipeline.graph import edges, order
from runner.pipeline.model import Reading
from runner.pipeline.reader import SourceFile, read

WORDS = [
    "jobs", "resources", "triggers", "name", "type", "steps", "IN", "OUT", "TASK", "NOTIFY", "script", "runtime",
    "options", "env", "runSh", "runCI", "manifest", "managed", "params", "version", "versionTemplate", "pointer",
    "seed", "source", "versionName", "versionNumber", "switch", "off", "always", "on_success", "on_start",
    "integration", "flags", "secure", "image", "state", "trigger", "time", "interval", "replicas", "count",
    "gitRepo", "notification", "applyTo", "priority", "timeoutMinutes", "container", "imageName", "integrations",
    "replicate", "a", "b", "<<", "1", "0.10", "~", "",
]  # fmt: skip
PIECES = [
    *WORDS, " ", "  ", "\n", "\n  ", "\n    ", "- ", ": ", ":", "&a ", "*a", "[", "]", "{", "}", ",", "'", '"',
    "|\n", "#", "\t", "!!str ", "---\n", "\r\n", "\ufeff", "\x00", "\ud800", "é", "$X", "%", "@",
]  # fmt: skip

word = st.one_of(st.sampled_from(WORDS), st.text(max_size=5), st.integers(), st.booleans(), st.none(), st.floats())
structure = st.recursive(
    word,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(WORDS), inner, max_size=5)),
    max_leaves=25,
)
job = st.fixed_dictionaries(
    {"name": st.sampled_from(["a", "b", "c"]), "type": st.sampled_from(["runSh", "runCI", "deploy", "release"])},
    optional=dict.fromkeys(("steps", "runtime", "always", "on_start", "flags", "priority", "integrations"), structure),
)
options = st.sampled_from(["IN", "OUT", "switch", "versionName", "replicate"])
task = st.dictionaries(st.sampled_from(["script", "runtime", "name"]), structure)
step = st.one_of(
    structure,
    st.dictionaries(options, st.sampled_from(["a", "b", "r"])),
    st.fixed_dictionaries({"TASK": st.one_of(structure, task)}),
)
full_job = st.builds(lambda job, steps: {**job, "steps": steps}, job, st.lists(step, max_size=5))
resource = st.builds(
    lambda name, kind, content: {"name": name, "type": kind, **content},
    st.sampled_from(["r", "s", "a"]),
    st.sampled_from(["image", "params", "time", "replicas", "gitRepo", "version", "cluster", "trigger"]),
    st.dictionaries(
        st.sampled_from(["versionTemplate", "pointer", "seed", "version", "source", "initialVersion", "integration"]),
        st.one_of(structure, st.dictionaries(st.sampled_from(WORDS), structure)),
    ),
)
file = st.fixed_dictionaries(
    {}, optional={"jobs": st.lists(st.one_of(job, full_job)), "resources": st.lists(resource), "triggers": structure}
)
many = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
few = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # whole files: slow to make


def check(texts: Sequence[str]) -> Reading:
    """Read, and look at what a reading promises."""
    files = [SourceFile(f"{number}/shippable.yml", text) for number, text in enumerate(texts)]
    reading = read(files)
    lines = {file.name: len((file.text + "x").splitlines()) for file in files}
    for problem in reading.problems:
        assert problem.message
        assert 1 <= problem.place.line <= lines[problem.place.file] + 1
        assert problem.place.column >= 1
    assert list(reading.problems) == sorted(reading.problems, key=lambda problem: problem.place)
    assert sorted(order(reading.pipeline)) == sorted(reading.pipeline.jobs)
    assert all(edge.downstream in reading.pipeline.jobs for edge in edges(reading.pipeline))
    for resource in reading.pipeline.resources.values():
        json.dumps(resource.yml)
    return reading


@many
@given(st.text())
def test_any_text_is_read(text: str) -> None:
    check([text])


@many
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=60).map("".join), max_size=2))
def test_any_heap_of_pieces_of_the_language_is_read(texts: list[str]) -> None:
    check(texts)


@many
@given(structure)
def test_any_structure_is_read(content: object) -> None:
    check([yaml.safe_dump(content)])


@few
@given(st.lists(file, max_size=2))
def test_any_pipeline_is_read(contents: list[object]) -> None:
    reading = check([yaml.safe_dump(content, sort_keys=False) for content in contents])
    for job in reading.pipeline.jobs.values():
        assert all(task.script for task in job.tasks)


@few
@given(file)
def test_a_file_means_the_same_however_it_is_laid_out(content: object) -> None:
    block = check([yaml.safe_dump(content, sort_keys=False, default_flow_style=False)])
    flow = check([yaml.safe_dump(content, sort_keys=False, default_flow_style=True)])
    assert sorted(p.subject for p in block.problems) == sorted(p.subject for p in flow.problems)
    assert list(block.pipeline.jobs) == list(flow.pipeline.jobs)
    assert [r.property_bag for r in block.pipeline.resources.values()] == [
        r.property_bag for r in flow.pipeline.resources.values()
    ]
