"""`trace` of a version: which versions of what went into it, as flat records that form a tree.

Source: the platform's records. Here the trace of a job, like that of its outputs, leaves out what lies behind the job
itself, so that jobs which feed each other do not make it longer with every build.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runner.pipeline.model import In
from runner.pipeline.plain import Json
from runner.workspace.dependency import Dependency
from runner.workspace.versions import Version

TRACE = "trace"
TYPE_CODES: Mapping[str, int] = {
    "gitRepo": 1000, "image": 1001, "dockerOptions": 1003, "params": 1004, "replicas": 1006, "time": 1010,
    "version": 1012, "trigger": 1013, "syncRepo": 1014, "cluster": 1015, "notification": 1016, "loadBalancer": 1017,
    "integration": 1018, "file": 1019, "ciRepo": 1020, "cliConfig": 1021, "state": 1022, "externalCIServer": 1023,
    "webhook": 1024, "manifest": 2000, "runCI": 2005, "runSh": 2007, "release": 2008, "rSync": 2009, "deploy": 2010,
    "provision": 2013, "runCLI": 2014, "externalCI": 2015,
}  # fmt: skip
"""The platform's numbers of types of jobs and resources."""
_THIS = 0
"""What a record says that was used by the version which holds the trace: that has no id yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """The version of a job that has just been recorded: what the versions of its outputs say about where they come
    from. `records` is its own trace."""

    node_id: int
    name: str
    type: str
    version: Version
    records: Sequence[Json]


def job_trace(job: str, dependencies: Sequence[Dependency]) -> list[Json]:
    """Of the version that this job makes: its inputs and outputs, then what went into its inputs."""
    own = [_record(each.node_id, each.name, each.type, each.operation, _version_of(each)) for each in dependencies]
    inherited = (
        record
        for each in dependencies
        if (version := _version_of(each)) is not None
        for record in _inputs(version.property_bag.get(TRACE), version.id)
    )
    return _tree(job, [*own, *inherited])


def out_trace(resource: str, job: Traced) -> list[Json]:
    """Of a version that the job has given to this resource."""
    made_by = _record(job.node_id, job.name, job.type, "IN", job.version)
    return _tree(resource, [made_by, *_inputs(list(job.records), job.version.id)])


def _version_of(dependency: Dependency) -> Version | None:
    return dependency.storable if isinstance(dependency.step, In) else None


def _record(node_id: int, name: str, type_: str, operation: str, version: Version | None) -> dict[str, Json]:
    return {
        "operation": operation,
        "resourceId": node_id,
        "resourceName": name,
        "resourceTypeCode": TYPE_CODES.get(type_),
        "versionId": version.id if version else None,
        "versionNumber": version.number if version else None,
        "versionName": version.name if version else None,
        "versionCreatedAt": version.created_at if version else None,
        "usedByVersionId": _THIS,
    }


def _inputs(trace: Json, used_by: int) -> Iterator[dict[str, Json]]:
    """The records of inputs in a trace, as they stand in the trace of whatever uses that version."""
    for record in trace if isinstance(trace, list) else ():
        if isinstance(record, dict) and record.get("operation") == "IN" and isinstance(record.get("versionId"), int):
            user = record.get("usedByVersionId")
            yield {**record, "usedByVersionId": user if isinstance(user, int) and user != _THIS else used_by}


def _tree(root: str, records: Sequence[dict[str, Json]]) -> list[Json]:
    """The records that are reached from the version itself, each once, without `root` and what lies behind it only."""
    users: dict[object, list[dict[str, Json]]] = {}
    for record in records:
        users.setdefault(record.get("usedByVersionId"), []).append(record)
    found: dict[tuple[Json, ...], Json] = {}
    waiting: list[Json] = [_THIS]
    while waiting:
        for record in users.pop(waiting.pop(0), ()):
            key = (
                record.get("operation"),
                record.get("resourceId"),
                record.get("versionId"),
                record["usedByVersionId"],
            )
            own = record.get("resourceName") == root and record["usedByVersionId"] != _THIS
            if not own and key not in found:
                found[key] = record
                if isinstance(version := record.get("versionId"), int):
                    waiting.append(version)
    return list(found.values())
