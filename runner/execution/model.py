"""What a supervisor is given and what it leaves: the values at the border between starter and supervisor."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from runner.secret import Secret


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """One TASK: its rendered script, and its variables complete and in order (a later one wins). `fixed` are the names
    of those that keep their values whatever earlier TASKs have left for this one."""

    name: str
    script: Path
    exports: tuple[tuple[str, str], ...]
    fixed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """All that a supervisor needs. `seq` and `next_id` go on from the previous writer of `log`; `base` is the whole
    environment that the shell is started with; `limit` is for all TASKs together."""

    build_dir: Path
    log: Path
    result: Path
    lock: Path
    seq: int
    next_id: int
    tasks: tuple[TaskSpec, ...]
    base: Mapping[str, str]
    secrets: tuple[Secret, ...]
    limit: timedelta
    grace: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How the TASKs ended. `status`: success, failure, cancelled, timeout or error; `task` is the one that decided
    (None: none was begun); `exit_code` and `signal` are None where nothing exited that way; `seq` and `next_id` are
    for the next writer of the log; both are 0 if the supervisor did not live to tell them (the log itself does)."""

    status: str
    exit_code: int | None
    signal: int | None
    reason: str | None
    task: str | None
    seq: int
    next_id: int
    started_at: datetime
    ended_at: datetime


def encode_spec(spec: Spec) -> bytes:
    """The first line on the control socket."""
    return encode_line({
        "build_dir": str(spec.build_dir.absolute()),
        "log": str(spec.log.absolute()),
        "result": str(spec.result.absolute()),
        "lock": str(spec.lock.absolute()),
        "seq": spec.seq,
        "next_id": spec.next_id,
        "tasks": [_task(task) for task in spec.tasks],
        "base": dict(spec.base),
        "secrets": [secret.reveal() for secret in spec.secrets],
        "limit": spec.limit.total_seconds(),
        "grace": spec.grace.total_seconds(),
    })  # fmt: skip


def _task(task: TaskSpec) -> dict[str, Any]:
    script = str(task.script.absolute())
    return {"name": task.name, "script": script, "exports": task.exports, "fixed": task.fixed}


def encode_line(value: Mapping[str, Any]) -> bytes:
    """One object as one line of ASCII."""
    return json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n"


def read_result(path: Path) -> Result:
    """The result file that a supervisor left. Raises FileNotFoundError if it left none."""
    values = json.loads(path.read_text(encoding="utf-8"))
    return Result(
        status=values["status"],
        exit_code=values["exit"],
        signal=values["signal"],
        reason=values["reason"],
        task=values["task"],
        seq=values["seq"],
        next_id=values["next_id"],
        started_at=_moment(values["started_us"]),
        ended_at=_moment(values["ended_us"]),
    )


def _moment(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
