"""The one end of a build, inside one transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence

from runner.store import notices
from runner.store.clock import now, written
from runner.store.rows import BuildEnd
from runner.store.sqlite import Transaction
from runner.store.versions import add_versions
from runner.workspace.versions import NewVersion


def finish(
    tx: Transaction, build_id: int, end: BuildEnd, versions: Sequence[NewVersion] = (), attempt: int | None = None
) -> bool:
    """Give a build its one end together with the versions it made; False when it had ended already, or when it was
    given out again since this `attempt`."""
    values = {
        "status": end.status,
        "reason": end.reason,
        "exit_code": end.exit_code,
        "ended_at": written(end.ended_at) if end.ended_at else now(),
        "ended_by": end.by,
        "signal": end.signal,
        "left_alive": json.dumps(end.left_alive),
        "dropped_records": end.dropped[0],
        "dropped_bytes": end.dropped[1],
        "published": json.dumps(sorted(end.published)),
    }
    if not tx.change("finish_build", id=build_id, attempt=attempt, **values):
        return False
    tx.change("set_last_status", id=build_id, status=end.status)
    tx.change("drop_leases", build_id=build_id)
    notices.add(tx, build_id, end.notices)
    add_versions(tx, versions, build_id)
    return True


def withdraw(tx: Transaction, build_id: int, reason: str, by: str) -> bool:
    """End a queued build that was never given out; False where it was, or has ended."""
    return bool(tx.change("withdraw_build", id=build_id, reason=reason, by=by, ended_at=now()))
