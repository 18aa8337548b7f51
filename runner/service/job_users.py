"""A pool of users for jobs: no two builds that run share one, and what one build leaves of its user the next never
meets.

Who has which user is a file in the store before anything runs as it: a service that starts again knows the users of the
builds that it finds running.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Collection, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from pathlib import Path

from runner.errors import SetupError, UsageError
from runner.job_user import JobUser
from runner.service.isolation import missing_capabilities
from runner.service.user_names import job_user
from runner.service.user_remains import Remains, clear_away

RECORDS = "job-users"
"""The directory of the store that tells who has which user."""
OPEN = frozenset({"bin", "builds"})
"""What of the store's directory job users may pass through or read."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A user that is a build's own now, and what an earlier owner had left of it."""

    user: JobUser
    remains: Remains


def open_job_users(names: Sequence[str], directory: Path) -> JobUsers | None:
    """The pool of these users, kept in the directory of the store; None where jobs run as this process's own user,
    since none are named or it may not change users. A pool without names still knows the users of builds that run.
    Raises UsageError, SetupError."""
    if missing_capabilities() or not (names or (directory / RECORDS).is_dir()):
        return None
    return JobUsers(names, directory)


class JobUsers:
    """Gives each build a user. Its methods block for as long as it takes to end what is left of a user, and may be
    called on any thread."""

    def __init__(self, names: Sequence[str], directory: Path) -> None:
        """`names` are users of this host, or `uid:gid`; `directory` is the store's, which is made fit for other users
        to pass through. Raises UsageError for names that cannot be used, SetupError where the directory cannot."""
        self.users: tuple[JobUser, ...] = ()
        self.use(names)
        self._records = directory / RECORDS
        self._lock = threading.Lock()
        self._waiting: dict[int, Future[None]] = {}
        self._stuck: set[int] = set()
        try:
            open_to_pass(directory)
            self._records.mkdir(mode=0o700, exist_ok=True)
            self._taken = {build: user for build, user in map(_read, self._records.iterdir()) if user is not None}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SetupError(f"the users of jobs cannot be kept in {self._records}: {error}") from error

    def use(self, names: Sequence[str]) -> None:
        """Give these users to builds that begin from now on; those that run keep theirs. Raises UsageError."""
        users = tuple(job_user(name) for name in names)
        refuse_sharing(users)
        self.users = users

    def settle(self, unended: Collection[int]) -> list[str]:
        """Give back the users of builds that have ended while nobody looked; gives sentences about what was in the
        way. To be called before builds are started."""
        told: list[str] = []
        for build in sorted(self._taken.keys() - set(unended)):
            told += self.give_back(build)
        return told

    def of(self, build: int) -> JobUser | None:
        """The user of a build that has one."""
        return self._taken.get(build)

    def reserve(self, build: int) -> Future[None]:
        """Done once a user is this build's own; who came first is first. A build gives its slot to the next one when it
        ends, and its user a little later, when it is cleared away. Fails with SetupError where none will come."""
        with self._lock:
            self._waiting[build] = Future()
            reserved = self._waiting[build]
            self._serve()
        return reserved

    def take(self, build: int) -> Taken:
        """A user for this build alone, of which nothing runs and nothing lies about; the same one again where the build
        had one. Raises SetupError where there is none."""
        with self._lock:
            user = self._taken.get(build) or self._free()
            if user is None:
                raise self._none()
            self._taken[build] = user
        try:
            remains = clear_away(user)
            if remains.stuck:
                raise SetupError(f"processes of {user.name} cannot be ended: {', '.join(remains.stuck)}")
            _write(self._records / str(build), user)
        except OSError as error:
            self._forget(build)
            raise SetupError(f"the job user {user.name} cannot be taken: {error}") from error
        return Taken(user, remains)

    def give_back(self, build: int) -> list[str]:
        """Let others have the user of a build that has ended; gives sentences about what it left. A user of which
        something cannot be ended stays the build's."""
        user = self._taken.get(build)
        if user is None:
            return []
        try:
            remains = clear_away(user)
            if remains.stuck:
                self._hold(build)
            else:
                self._forget(build)
        except OSError as error:
            self._hold(build)
            return [f"what the job user {user.name} left cannot be cleared away: {error}"]
        return remains.told(user)

    def _free(self) -> JobUser | None:
        used = {user.uid for user in self._taken.values()}
        return next((user for user in self.users if user.uid not in used), None)

    def _serve(self) -> None:
        """Give the users that are free to those who have waited longest. The lock is held."""
        for build, waiting in list(self._waiting.items()):
            user = self._taken.get(build) or self._free()
            if user is None and any(user.uid not in self._lost for user in self.users):
                return
            del self._waiting[build]
            if not waiting.set_running_or_notify_cancel():
                continue
            if user is None:
                waiting.set_exception(self._none())
            else:
                self._taken[build] = user
                waiting.set_result(None)

    @property
    def _lost(self) -> set[int]:
        """The numbers of users that are not given back."""
        return {self._taken[build].uid for build in self._stuck if build in self._taken}

    def _none(self) -> SetupError:
        return SetupError(
            f"all {len(self.users)} job users are taken: name at least as many as builds may run at the same time"
        )

    def _forget(self, build: int) -> None:
        (self._records / str(build)).unlink(missing_ok=True)
        with self._lock:
            self._taken.pop(build, None)
            self._stuck.discard(build)
            self._serve()

    def _hold(self, build: int) -> None:
        with self._lock:
            self._stuck.add(build)
            self._serve()


def refuse_too_few(users: Sequence[JobUser], at_once: int) -> None:
    """Raises UsageError where `at_once` builds could not have a user each."""
    if users and len(users) < at_once:
        raise UsageError(
            f"{at_once} builds may run at the same time, but there are {len(users)} job users: name {at_once}, "
            "or run fewer builds"
        )


def refuse_sharing(users: Sequence[JobUser]) -> None:
    """Raises UsageError where two users could read what belongs to one of them."""
    for index, user in enumerate(users):
        for other in users[:index]:
            if user.uid == other.uid:
                raise UsageError(f"the job users {other.name} and {user.name} are the same user")
            if user.gid in (other.gid, *other.groups) or other.gid in user.groups:
                raise UsageError(
                    f"the job users {other.name} and {user.name} share a group that is the first one of one of them: "
                    "give each a group of its own"
                )


def open_to_pass(directory: Path) -> None:
    """Let other users pass through the store to the builds that are theirs, and see nothing else of it. Raises
    OSError."""
    for name in ("builds", "runs"):
        (directory / name).mkdir(mode=0o700, exist_ok=True)
    os.close(os.open(directory / "runner.db", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))  # before it is filled
    for entry in os.scandir(directory):
        if entry.name not in OPEN and not entry.is_symlink():
            os.chmod(entry.path, entry.stat().st_mode & 0o700)
    for place in (directory, directory / "builds"):
        place.chmod(0o711)
    if (directory / "bin").is_dir():
        (directory / "bin").chmod(0o755)


def _write(path: Path, user: JobUser) -> None:
    temporary = path.with_name(f".{path.name}")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(json.dumps(asdict(user)))
        file.flush()
        os.fsync(file.fileno())  # an empty record after a power cut would keep the service from starting
    temporary.rename(path)


def _read(path: Path) -> tuple[int, JobUser | None]:
    if not path.name.isdigit():  # half written
        path.unlink()
        return 0, None
    values = json.loads(path.read_text("utf-8"))
    return int(path.name), JobUser(**{**values, "groups": tuple(values["groups"])})
