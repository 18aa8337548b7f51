"""A log whose writer was killed: where it stopped, and a whole last line."""

from __future__ import annotations

import json
from pathlib import Path

TAIL = 64 * 1024


def resume_at(path: Path) -> tuple[int, int]:
    """The next sequence number and the next id of a log; a half-written last record is cut off."""
    seq, next_id, whole = 1, 1, 0
    with path.open("rb+") as log:
        for line in log:
            if not line.endswith(b"\n"):
                break
            whole += len(line)
            record = json.loads(line)
            seq = record["seq"] + 1
            if record["type"] in ("group", "command"):
                next_id = max(next_id, record["id"] + 1)
        log.truncate(whole)
    return seq, next_id


def has_result(path: Path) -> bool:
    """Whether the log has its last record."""
    with path.open("rb") as log:
        log.seek(max(0, path.stat().st_size - TAIL))
        lines = log.read().splitlines()
    return bool(lines) and b'"type":"result"' in lines[-1]
