"""The place of a build, which holds its log, its lock and its working tree: who may go into it.

Without users for jobs it is private to the runner's user, who is the job's user too. With them the job's user may pass
through it to what is its own, and sees nothing else of it: the files beside are private to the runner, and their names
cannot be listed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from runner.job_user import JobUser

HOME, TEMPORARY = "home", "tmp"
"""Directories of the job's user beside its build directory; they go when the build ends."""
NOT_ITS_OWN = frozenset({"SSH_AUTH_SOCK"})
"""Variables of the host that mean something to the runner's user alone."""

OF_ITS_USER = frozenset({"USER", "LOGNAME", "SHELL", "HOME", "TMPDIR"})
"""Variables that say which user a build has got."""


def open_to(place: Path, user: JobUser) -> None:
    """Let the user pass, and make its HOME and TMPDIR. Raises OSError."""
    for name in (HOME, TEMPORARY):
        (place / name).mkdir(mode=0o700)
        os.chown(place / name, user.uid, user.gid)
    os.chown(place, -1, user.gid)
    place.chmod(0o710)


def close(place: Path) -> None:
    """Private to the runner's user again. Raises OSError."""
    if place.is_dir():
        os.chown(place, -1, os.getegid())
        place.chmod(0o700)


def environment_of(base: Mapping[str, str], place: Path, user: JobUser) -> dict[str, str]:
    """What the host gives to every job, as it is for this user."""
    kept = {name: value for name, value in base.items() if name not in NOT_ITS_OWN}
    own = {"USER": user.name, "LOGNAME": user.name, "SHELL": user.shell}
    return {**kept, **own, "HOME": str(place / HOME), "TMPDIR": str(place / TEMPORARY)}
