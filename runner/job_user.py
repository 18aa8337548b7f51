"""The user that a job runs as, where the host gives jobs users of their own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class JobUser:
    """`gid` is a group that this user alone is in, `groups` are those that it is in besides. `shell` is the program
    that its jobs see as SHELL."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...] = ()
    shell: str = "/bin/bash"

    def may_read(self, *, uid: int, gid: int, mode: int) -> bool:
        """Whether this user could read a file of that owner, group and mode by itself, once it can reach it."""
        in_group = gid == self.gid or gid in self.groups
        return uid == self.uid or bool(mode & 0o004) or (in_group and bool(mode & 0o040))
