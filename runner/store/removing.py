"""Removing what retention gives up, inside one transaction of bounded work. Each function looks again whether the row
may go: what was planned may have come into use meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from runner.store.clock import written
from runner.store.retention import Pin, pinned_versions
from runner.store.sqlite import Transaction

FILES_AT_ONCE, BYTES_AT_ONCE = 50, 4 * 1024**2


@dataclass(frozen=True, slots=True)
class RemovedFiles:
    """Contents that went, their bytes, and how many sets were done with."""

    files: int
    bytes: int
    sets: int


def keep_sizes(tx: Transaction, sizes: Mapping[int, tuple[int, int]]) -> None:
    """Record what builds hold: the bytes of the directory, and those of what each was the first to save."""
    for build, (bytes_, saved) in sizes.items():
        tx.change("keep_size", id=build, bytes=bytes_, saved_bytes=saved)


def remove_builds(tx: Transaction, ids: Iterable[int]) -> list[int]:
    """Gives those that are removed; their directories may go once this is durable."""
    removed = [build for build in ids if tx.row("removable_build", id=build) is not None]
    for build in removed:
        for statement in ("drop_inputs", "drop_leases", "drop_provenance"):
            tx.change(statement, build_id=build)
        tx.change("drop_build", id=build)
    return removed


def remove_versions(tx: Transaction, ids: Iterable[int], pins: Iterable[Pin]) -> int:
    """Gives how many went. The pins are those that are in force now."""
    pinned = pinned_versions(tx, pins)
    return sum(tx.change("drop_version", id=version) for version in ids if version not in pinned)


def remove_files(tx: Transaction, digests: Sequence[str]) -> RemovedFiles:
    """Remove some files of sets that no version has, with the contents that no other file has."""
    files = size = rows = 0
    for done, digest in enumerate(digests):
        while found := tx.rows("drop_files", digest=digest, most=1):
            rows += 1
            for blob in tx.rows("drop_blob", digest=found[0]["blob"]):
                files, size = files + 1, size + blob["bytes"]
            if rows >= FILES_AT_ONCE or size >= BYTES_AT_ONCE:
                return RemovedFiles(files, size, done)
    return RemovedFiles(files, size, len(digests))


def remove_runs(tx: Transaction, ids: Iterable[int]) -> list[int]:
    """Remove runs and graphs without builds, with the pipeline files that they kept; gives those that went."""
    removed = [run for run in ids if tx.row("removable_run", id=run) is not None]
    for run in removed:
        tx.change("drop_sources", run_id=run)
        tx.change("drop_run", id=run)
    return removed


def forget_deliveries(tx: Transaction, before: datetime, most: int) -> int:
    return tx.change("forget_deliveries", before=written(before), most=most)
