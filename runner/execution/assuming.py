"""Being another user for the moment in which a shell is started.

`posix_spawn`, which costs half of what a fork does, cannot change the user; but the shell takes over whoever calls it.
So the supervisor is the job's user while it calls, and keeps its own as its saved one to come back by. A program that
is executed loses the saved user: no way leads back for the shell. Meanwhile no process of the job can trace this one,
whose saved user differs; and none is there, since the one before was ended.
"""

from __future__ import annotations

import os

from runner.execution.processes import clear_ambient_capabilities

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ShellUser:
    """Who a shell runs as; `with` this process is that user, and itself again behind it. Raises OSError where that is
    not permitted."""

    __slots__ = ("_before", "gid", "groups", "uid")

    def __init__(self, data: dict[str, Any]) -> None:
        self.uid: int = data["uid"]
        self.gid: int = data["gid"]
        self.groups: list[int] = [self.gid, *data["groups"]]
        self._before = (os.geteuid(), os.getegid(), os.getgroups())

    def own(self, *descriptors: int) -> None:
        """Make pipes this user's, so that it can open them again by name (`> /dev/stderr`). Raises OSError."""
        for descriptor in descriptors:
            os.fchown(descriptor, self.uid, self.gid)

    def __enter__(self) -> None:
        clear_ambient_capabilities()  # a program would keep them, whoever executes it
        try:
            os.setgroups(self.groups)
            os.setresgid(self.gid, self.gid, self._before[1])
            os.setresuid(self.uid, self.uid, self._before[0])
        except OSError:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        uid, gid, groups = self._before
        os.setresuid(uid, uid, uid)
        os.setresgid(gid, gid, gid)
        os.setgroups(groups)
