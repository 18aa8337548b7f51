"""What a supervisor is given and what it leaves: the values at the border between starter and supervisor."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from runner.job_user import JobUser
from runner.pipeline.model import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from runner.secret import Secret

LOG, RESULT = "log.jsonl", "result.json"
"""Names of files in the place of a build."""


class EndedBy(StrEnum):
    """Who or what ended a build."""

    SCRIPT = "script"
    USER = "user"
    TIMEOUT = "timeout"
    LIMIT = "limit"
    DRAIN = "drain"
    HOST_RESTART = "host restart"
    SUPERSEDED = "superseded"
    RUNNER = "runner"


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """One TASK: its rendered script, and its variables complete and in order (a later one wins). `fixed` are the names
    of those that keep their values whatever earlier TASKs have left for this one."""

    name: str
    script: Path
    exports: tuple[tuple[str, str], ...]
    fixed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """Where a build leaves results: JUnit files below `tests`, Cobertura or JaCoCo files below `coverage`. `least` is
    the coverage in percent that is asked for."""

    tests: Path
    coverage: Path
    least: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """All that a supervisor needs. `place` holds the log, the lock, the result and the control socket of the build;
    `seq` and `next_id` go on from the previous writer of the log; `base` is the whole environment that the shell is
    started with; `limit` is for all TASKs together. `attached`: the build ends with the process that starts it;
    `groups`: control groups are used where this host gives them. `user`: who the TASKs run as (None: as this process);
    `build_dir` must be theirs then, and `place` a directory that they can pass through. `silence`: how long nothing may
    be printed; `reports` decide whether a build that has passed is unstable, in which case no hook runs."""

    place: Path
    build_dir: Path
    seq: int
    next_id: int
    tasks: tuple[TaskSpec, ...]
    base: Mapping[str, str]
    secrets: tuple[Secret, ...]
    limit: timedelta
    grace: timedelta = timedelta(seconds=10)
    limits: Limits = field(default_factory=Limits)
    attached: bool = True
    groups: bool = True
    user: JobUser | None = None
    silence: timedelta | None = None
    reports: Reports | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How the TASKs ended. `status`: success, unstable, failure, cancelled, timeout or error; `by` says who or what
    ended them, `left` names the processes that were alive when their time was over, `dropped` are the records and bytes
    that the quota of the log has cost; `task` is the one that decided (None: none was begun); `exit_code` and `signal`
    are None where nothing exited that way; `seq` and `next_id` are for the next writer of the log; both are 0 if the
    supervisor did not live to tell them (the log itself does)."""

    status: str
    exit_code: int | None
    signal: int | None
    reason: str | None
    by: EndedBy
    task: str | None
    seq: int
    next_id: int
    started_at: datetime
    ended_at: datetime
    left: tuple[str, ...] = ()
    dropped: tuple[int, int] = (0, 0)


def encode_spec(spec: Spec, lock: int) -> bytes:
    """The first line on the control socket. `lock` is the descriptor of the lock file that the supervisor inherits."""
    place = spec.place.absolute()
    return encode_line({
        "place": str(place),
        "build_dir": str(spec.build_dir.absolute()),
        "log": str(place / LOG),
        "result": str(place / RESULT),
        "lock": lock,
        "seq": spec.seq,
        "next_id": spec.next_id,
        "tasks": [_task(task) for task in spec.tasks],
        "base": dict(spec.base),
        "secrets": [secret.reveal() for secret in spec.secrets],
        "limit": spec.limit.total_seconds(),
        "grace": spec.grace.total_seconds(),
        "limits": {name: value for name, value in spec.limits.given().items() if name != "saved_files"},
        "attached": spec.attached,
        "groups": spec.groups,
        "user": _user(spec.user),
        "silence": None if spec.silence is None else spec.silence.total_seconds(),
        "reports": _reports(spec.reports),
    })  # fmt: skip


def _task(task: TaskSpec) -> dict[str, Any]:
    script = str(task.script.absolute())
    return {"name": task.name, "script": script, "exports": task.exports, "fixed": task.fixed}


def _reports(reports: Reports | None) -> dict[str, Any] | None:
    if reports is None:
        return None
    return {"tests": str(reports.tests), "coverage": str(reports.coverage), "least": reports.least}


def _user(user: JobUser | None) -> dict[str, Any] | None:
    return None if user is None else {"uid": user.uid, "gid": user.gid, "groups": user.groups}


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
        by=EndedBy(values["by"]),
        left=tuple(values["left"]),
        dropped=(values["dropped_records"], values["dropped_bytes"]),
        task=values["task"],
        seq=values["seq"],
        next_id=values["next_id"],
        started_at=_moment(values["started_us"]),
        ended_at=_moment(values["ended_us"]),
    )


def _moment(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
