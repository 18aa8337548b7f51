"""The trace of a version: where it comes from."""

from __future__ import annotations

from typing import Any

import pytest

from runner.pipeline.job_types import JOB_TYPES
from runner.pipeline.model import In, Out
from runner.pipeline.plain import Json
from runner.pipeline.problems import Place
from runner.pipeline.resource_types import RESOURCE_TYPES
from runner.workspace.dependency import Dependency
from runner.workspace.trace import TYPE_CODES, Traced, job_trace, out_trace
from runner.workspace.versions import Version

PLACE = Place("shippable.yml")


def version(id_: int, trace: list[Json] | None = None) -> Version:
    bag: dict[str, Json] = {} if trace is None else {"trace": trace}
    return Version(id=id_, number=id_, name=f"v{id_}", property_bag=bag, created_at="then")


def in_(name: str, has: Version, type_: str = "params") -> Dependency:
    return Dependency(step=In(name=name, place=PLACE), type=type_, node_id=1, version=has)


def made_by(job: str, id_: int, *dependencies: Dependency) -> Traced:
    """A job whose version has just been recorded."""
    return Traced(node_id=9, name=job, type="runSh", version=version(id_), records=job_trace(job, dependencies))


def told(trace: list[Json]) -> list[tuple[Any, ...]]:
    return [
        (r["operation"], r["resourceName"], r["versionId"], r["usedByVersionId"]) for r in trace if isinstance(r, dict)
    ]


def test_a_job_names_its_inputs_with_their_versions_and_its_outputs_without() -> None:
    output = Dependency(step=Out(name="img", place=PLACE), type="image", node_id=4, version=version(3))
    trace = job_trace("build", [in_("p", version(7)), output])
    assert trace[0] == {
        "operation": "IN", "resourceId": 1, "resourceName": "p", "resourceTypeCode": 1004, "versionId": 7,
        "versionNumber": 7, "versionName": "v7", "versionCreatedAt": "then", "usedByVersionId": 0,
    }  # fmt: skip
    assert told(trace) == [("IN", "p", 7, 0), ("OUT", "img", None, 0)]


def test_an_output_names_the_job_and_what_went_into_it() -> None:
    assert told(out_trace("img", made_by("build", 20, in_("p", version(7))))) == [
        ("IN", "build", 20, 0),
        ("IN", "p", 7, 20),
    ]


def test_what_went_into_an_input_is_named_too_each_record_once() -> None:
    img = version(21, out_trace("img", made_by("build", 20, in_("p", version(7)))))
    twice = [in_("img", img, "image"), in_("img2", version(22, list(img.property_bag["trace"])), "image")]
    assert told(job_trace("deploy", twice)) == [
        ("IN", "img", 21, 0),
        ("IN", "img2", 22, 0),
        ("IN", "build", 20, 21),
        ("IN", "build", 20, 22),
        ("IN", "p", 7, 20),
    ]


def test_what_feeds_itself_does_not_grow() -> None:
    kept, lengths = version(1), []
    other = version(2)
    for number in range(10, 60, 4):
        first = made_by("a", number, in_("kept", kept, "state"), in_("b", other, "runSh"))
        kept = version(number + 1, out_trace("kept", first))
        second = made_by("b", number + 2, in_("a", version(number, list(first.records)), "runSh"))
        other = version(number + 2, list(second.records))
        lengths.append((len(first.records), len(second.records), len(kept.property_bag["trace"])))
    assert lengths[-1] == lengths[-2]
    assert max(lengths[-1]) < 10


@pytest.mark.parametrize("trace", [None, "x", [1, None], [{"operation": "IN"}], [{"versionId": []}]])
def test_a_trace_that_is_none_breaks_nothing(trace: Any) -> None:
    found = Version(id=7, number=1, name=None, property_bag={"trace": trace}, created_at="")
    assert told(job_trace("j", [in_("p", found)])) == [("IN", "p", 7, 0)]


def test_every_type_has_its_number() -> None:
    assert (RESOURCE_TYPES.keys() | JOB_TYPES.keys()) - TYPE_CODES.keys() == set()
