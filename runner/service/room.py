"""The place of one build and the user whose it is while the build runs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from runner.job_user import JobUser
from runner.service.job_users import JobUsers
from runner.service.tidying import KEPT
from runner.workspace.directory import BuildDirectory
from runner.workspace.place import close, environment_of, open_to
from runner.workspace.removal import remove_all_but


class Room:
    """`user` is who the build runs as, None: the user of this process. Everything else than `reserve` blocks and may
    raise OSError."""

    def __init__(self, place: Path, build: int, users: JobUsers | None) -> None:
        self.user: JobUser | None = None
        self._place = place
        self._build = build
        self._users = users

    async def reserve(self) -> None:
        """Wait until a user is free, where builds have users of their own. Raises SetupError where none will be."""
        if self._users is not None and self._users.users:
            await asyncio.wrap_future(self._users.reserve(self._build))

    def make(self) -> list[str]:
        """Remove what a process left that was killed in here, and take a user; gives sentences about what that one
        had left over. Raises SetupError where there is none."""
        close(self._place)
        remove_all_but(self._place, KEPT)
        if self._users is None or not self._users.users:
            return []
        taken = self._users.take(self._build)
        self.user = taken.user
        return taken.remains.told(taken.user)

    def hand_over(self, directory: BuildDirectory) -> None:
        """Make the filled build directory the user's; nothing is written into it from then on. Until then nobody but
        the runner's user can go there, so nothing of that user, however it came to run, is in our way."""
        if self.user is not None:
            directory.give_to(self.user)
            open_to(self._place, self.user)

    def take_over(self) -> None:
        """Find the user that another process has given to this build, which runs."""
        self.user = self._users.of(self._build) if self._users is not None else None

    def environment(self, base: Mapping[str, str]) -> Mapping[str, str]:
        return base if self.user is None else environment_of(base, self._place, self.user)

    def clear(self) -> list[str]:
        """Remove all but the log, and give the user back, when nothing of the build runs any more; gives sentences
        about what that one left."""
        try:
            close(self._place)
            remove_all_but(self._place, KEPT)
        finally:
            told = self._users.give_back(self._build) if self._users is not None else []
        return told
