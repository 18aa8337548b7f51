"""What retention asks of the store, inside one transaction that reads a bounded number of rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runner.store.clock import written
from runner.store.rows import Source, moment
from runner.store.sqlite import Transaction

PAGE = 500
"""Rows that one transaction reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBuild:
    """A build of which something is kept. `bytes` are those of its directory, `saved_bytes` those of the files that it
    was the first to save; None: not measured yet. `led`: it belongs to a local run that goes on."""

    id: int
    number: int
    status: str
    ended_at: datetime | None
    bytes: int | None
    saved_bytes: int | None
    led: bool

    @property
    def size(self) -> int:
        return (self.bytes or 0) + (self.saved_bytes or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldVersion:
    """A version that might go."""

    id: int
    file_set: str | None
    old: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRun:
    """A run or a graph; `newest_build` is the id of its newest build, None where it has none."""

    id: int
    kind: str
    ended_at: datetime | None
    newest_build: int | None


@dataclass(frozen=True, slots=True)
class Pin:
    """What an input names of a job or resource: the number of a version, or its name."""

    node: str
    version_number: int | None
    version_name: str | None


@dataclass(frozen=True, slots=True)
class Needed:
    """What something else needs: the newest and the pinned versions, and the builds that made them or that are to be
    replayed."""

    versions: frozenset[int]
    builds: frozenset[int]


def jobs(tx: Transaction) -> list[tuple[int, str]]:
    """Id and name of every job, also of those that no file has any more."""
    return [(row["id"], row["name"]) for row in tx.rows("jobs_with_builds")]


def builds(tx: Transaction, node_id: int, below: int) -> list[HeldBuild]:
    """A page of the builds of a job with numbers below this one, newest first."""
    return [
        HeldBuild(
            id=row["id"],
            number=row["number"],
            status=row["status"],
            ended_at=moment(row["ended_at"]),
            bytes=row["bytes"],
            saved_bytes=row["saved_bytes"],
            led=bool(row["led"]),
        )
        for row in tx.rows("held_builds", node_id=node_id, below=below, most=PAGE)
    ]


def needed(tx: Transaction, pins: Iterable[Pin]) -> Needed:
    newest = tx.rows("newest_versions")
    pinned = pinned_versions(tx, pins)
    makers = [row["build_id"] for row in newest]
    makers += [tx.row("maker_of_version", id=version)["build_id"] for version in pinned]
    replayed = {row["replay_of"] for row in tx.rows("replayed_builds")}
    return Needed(
        versions=pinned | {row["id"] for row in newest},
        builds=frozenset(maker for maker in makers if maker is not None) | replayed,
    )


def pinned_versions(tx: Transaction, pins: Iterable[Pin]) -> frozenset[int]:
    """The versions that pins choose now; a pin may choose none."""
    found = set()
    for pin in pins:
        if (node := tx.row("node", name=pin.node)) is None:
            continue
        if pin.version_number is not None:
            row = tx.row("version_by_number", node_id=node["id"], number=pin.version_number)
        else:
            row = tx.row("version_by_name", node_id=node["id"], name=pin.version_name)
        if row is not None:
            found.add(int(row["id"]))
    return frozenset(found)


def saved_bytes(tx: Transaction, builds_: Iterable[int]) -> dict[int, int]:
    """The bytes of the files that each build was the first to save."""
    return {build: tx.row("saved_bytes", build_id=build)["bytes"] for build in builds_}


def versions_of(tx: Transaction, builds_: Iterable[int], cutoff: datetime | None) -> list[HeldVersion]:
    """The versions that these builds made; `old` are those from before `cutoff`."""
    rows = [row for build in builds_ for row in tx.rows("versions_of_build", build_id=build)]
    return [_version(row, cutoff) for row in rows]


def loose_versions(tx: Transaction, after: int, cutoff: datetime | None) -> list[HeldVersion]:
    """A page of the versions that no build made, or none that is left."""
    return [_version(row, cutoff) for row in tx.rows("loose_versions", after=after, most=PAGE)]


def unused_versions(tx: Transaction, versions: Iterable[int], going: Collection[int]) -> list[int]:
    """Those that are the input of no build but of those that go."""
    return [
        version for version in versions if _all_go(tx, "newest_user_of_version", "users_of_version", going, id=version)
    ]


def file_sets(tx: Transaction, after: str, most: int) -> list[str]:
    return [row["digest"] for row in tx.rows("next_file_sets", after=after, most=most)]


def unused_file_sets(tx: Transaction, digests: Iterable[str], going: Collection[int]) -> list[str]:
    """Those that belong to no version but to those that go."""
    return [
        digest
        for digest in digests
        if _all_go(tx, "newest_version_with_files", "versions_with_files", going, digest=digest)
    ]


def unused_blobs(tx: Transaction, digests: Iterable[str], going: Collection[str], seen: set[str]) -> list[int]:
    """The sizes of the contents in these sets that are in no set but those that go, and not among those `seen`."""
    found = []
    for blob in (blob for digest in digests for blob in tx.rows("blobs_of_set", digest=digest)):
        if blob["digest"] not in seen:
            seen.add(blob["digest"])
            if all(row["digest"] in going for row in tx.rows("sets_of_blob", blob=blob["digest"])):
                found.append(int(blob["bytes"]))
    return found


def runs(tx: Transaction, after: int) -> list[HeldRun]:
    """A page of the runs and graphs, oldest first."""
    return [
        HeldRun(id=row["id"], kind=row["kind"], ended_at=moment(row["ended_at"]), newest_build=row["newest_build"])
        for row in tx.rows("held_runs", after=after, most=PAGE)
    ]


def newest_runs(tx: Transaction) -> frozenset[int]:
    """The newest run and the newest graph: the next one counts on from it, or builds begin under it."""
    rows = [tx.row("newest_run", kind=kind) for kind in ("run", "graph")]
    return frozenset(row["id"] for row in rows if row is not None)


def emptied_runs(tx: Transaction, found: Iterable[HeldRun], going: Collection[int]) -> list[int]:
    """Those without builds, when the builds that go have gone."""
    return [
        run.id
        for run in found
        if run.newest_build is None
        or (run.newest_build in going and all(row["id"] in going for row in tx.rows("ids_of_run", run_id=run.id)))
    ]


def unknown_builds(tx: Transaction, ids: Iterable[int]) -> list[int]:
    """Those that the store does not know."""
    return [build for build in ids if tx.row("build_is_there", id=build) is None]


def unknown_runs(tx: Transaction, ids: Iterable[int], going: Collection[int] = ()) -> list[int]:
    """The same for runs; those that go count as unknown."""
    return [run for run in ids if run in going or tx.row("run", id=run) is None]


def newest_sources(tx: Transaction) -> list[Source]:
    """Every pipeline file that a local run has read, as the newest one has read it."""
    return [Source(row["path"], row["repository"], row["text"]) for row in tx.rows("newest_sources")]


def old_deliveries(tx: Transaction, before: datetime) -> int:
    return int(tx.row("old_deliveries", before=written(before))["number"])


def _all_go(tx: Transaction, newest: str, every: str, going: Collection[int], **of: object) -> bool:
    """Whether all rows are among those that go. The newest one tells mostly, before all are read."""
    last = tx.row(newest, **of)["id"]
    return last is None or (last in going and all(row["id"] in going for row in tx.rows(every, **of)))


def _version(row: Any, cutoff: datetime | None) -> HeldVersion:
    old = cutoff is not None and row["created_at"] < written(cutoff)
    return HeldVersion(id=row["id"], file_set=row["file_set"], old=old)
