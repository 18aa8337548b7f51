"""From the name of a job user in the settings to the user."""

from __future__ import annotations

import grp
import os
import pwd

from runner.errors import UsageError
from runner.job_user import JobUser

NO_SHELLS = ("nologin", "false")


def job_user(name: str) -> JobUser:
    """The user of this host with this name, or one that is given by numbers, `uid:gid`, which the host need not know.
    Raises UsageError for one that is no user for jobs."""
    user = _by_numbers(name) if ":" in name else _by_name(name)
    if user.uid in (0, os.geteuid()) or user.gid == 0:
        raise UsageError(f"the job user {name} is root or the runner's own user: jobs would be kept from nothing")
    return user


def group_names(user: JobUser) -> list[str]:
    """The groups that a user is in besides its own, by name where they have one."""
    return [_group_name(gid) for gid in user.groups]


def _by_numbers(name: str) -> JobUser:
    uid, _, gid = name.partition(":")
    if not (uid.isascii() and uid.isdigit() and gid.isascii() and gid.isdigit() and int(uid) < 2**31 > int(gid)):
        raise UsageError(f"'{name}' is no job user: write the name of a user, or uid:gid in numbers")
    return JobUser(name=uid, uid=int(uid), gid=int(gid))


def _by_name(name: str) -> JobUser:
    try:
        known = pwd.getpwnam(name)
    except KeyError:
        raise UsageError(
            f"there is no user '{name}' for jobs on this host: make it (useradd --system --user-group {name}) "
            "or name another one"
        ) from None
    groups = tuple(gid for gid in os.getgrouplist(name, known.pw_gid) if gid != known.pw_gid)
    shell = known.pw_shell if not known.pw_shell.endswith(NO_SHELLS) and known.pw_shell else "/bin/bash"
    return JobUser(name=name, uid=known.pw_uid, gid=known.pw_gid, groups=groups, shell=shell)


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
