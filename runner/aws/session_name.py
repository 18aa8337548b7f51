"""Names of role sessions: what CloudTrail shows for everything that a build did."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

_FORBIDDEN = re.compile(r"[^\w+=,.@-]+", re.ASCII)
_READABLE = 55


def session_name(parts: Iterable[str], unique: str) -> str:
    """`<parts joined by ->-<8 hex digits>`, at most 64 characters of those that AWS allows.

    `parts` are for people (project, job, build number), cut to 55 characters; `unique` is for machines: two builds
    that differ in it or in a part have different names. The same arguments give the same name, so that a renewed
    session goes on under its own.
    """
    parts = list(parts)
    readable = _FORBIDDEN.sub("-", "-".join(part for part in parts if part))[:_READABLE].strip("-")
    digest = hashlib.sha256("\0".join([*parts, unique]).encode()).hexdigest()[:8]
    return f"{readable or 'build'}-{digest}"
