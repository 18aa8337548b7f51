"""What keeps a job from the runner, from other jobs and from the rest of the host, and what does not: found out by
looking and trying, told in plain sentences."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from runner.execution.host_checks import Check
from runner.execution.shell import bash_path
from runner.job_user import JobUser
from runner.service.user_names import group_names
from runner.service.user_remains import SHARED
from runner.workspace.host import user_name

CAPABILITIES = {"CHOWN": 0, "DAC_OVERRIDE": 1, "FOWNER": 3, "KILL": 5, "SETGID": 6, "SETUID": 7}
"""What starting, watching and clearing away another user's job takes, by its bit (capabilities(7))."""
POWERFUL = frozenset({"root", "sudo", "wheel", "admin", "docker", "podman", "lxd", "libvirt", "disk", "shadow", "kvm"})
"""Groups whose members can make themselves root, or read what only root should."""
HIDING = frozenset(f"hidepid={value}" for value in ("1", "2", "noaccess", "invisible"))
PACKAGES = Path(__file__).resolve().parents[2]
UNREACHABLE = 'for path; do [[ -x $path ]] || printf "%s\\n" "$path"; done'


def isolation_notes(users: Sequence[JobUser], store: Path) -> list[str]:
    """A sentence for everything that a job is not kept from."""
    return [f"{check.name}: {check.text}" for check in isolation_checks(users, store) if check.good is not True]


def isolation_checks(users: Sequence[JobUser], store: Path) -> Iterator[Check]:
    """Every finding. `users` are those that jobs are to run as, `store` the directory of the store."""
    if not users:
        yield _without_users()
    elif lacking := missing_capabilities():
        text = f"not used: this runner may not change users (it lacks {', '.join(lacking)}); {_shared_user()}"
        yield Check("job users", False, text)
    else:
        yield Check("job users", True, f"each running build has one of {len(users)} for itself")
        yield from _of_users(users, store)
    yield _proc()
    yield _gaining()
    yield _links()
    yield Check("network", None, "jobs share the host's: they reach what listens here, also on 127.0.0.1")
    shared = f"{', '.join(SHARED)} are every user's; what job users leave there is removed"
    yield Check("shared directories", None, shared)


def missing_capabilities() -> list[str]:
    """The capabilities that this process would need to run jobs as other users and has not."""
    status = Path("/proc/self/status").read_text("ascii", "replace")
    effective = int(status.partition("\nCapEff:")[2].split()[0], 16)
    return [f"CAP_{name}" for name, bit in CAPABILITIES.items() if not effective >> bit & 1]


def _without_users() -> Check:
    lacking = missing_capabilities()
    cure = "they take a runner that is root" if lacking else "name some in the settings, as jobs.users"
    return Check("job users", None, f"none: {_shared_user()} ({cure})")


def _shared_user() -> str:
    return (
        f"jobs run as {user_name()}, and can read and change all that this user can: the store, the integrations, "
        "the memory of the runner, other jobs while they run"
    )


def _of_users(users: Sequence[JobUser], store: Path) -> Iterator[Check]:
    for user in users:
        if strong := sorted(POWERFUL.intersection(group_names(user))):
            text = f"{user.name} is in the group {', '.join(strong)}, whose members can become root: take it out"
            yield Check("job user's groups", False, text)
    wanted = [Path(sys.executable), PACKAGES / "runner", *(path for path in (store / "builds",) if path.is_dir())]
    for user in users:
        if out_of_reach := unreachable(user, wanted):
            text = f"{user.name} cannot use {', '.join(out_of_reach)}: let other users pass every directory above it"
            yield Check("job user's reach", False, f"{text} (chmod o+x), or install the runner elsewhere")


def unreachable(user: JobUser, paths: Sequence[Path]) -> list[str]:
    """Those programs and directories that a user cannot run or pass through; found out by being this user."""
    command = [bash_path(), "--norc", "--noprofile", "-c", UNREACHABLE, "bash", *map(str, paths)]
    try:
        done = subprocess.run(
            command,
            user=user.uid,
            group=user.gid,
            extra_groups=user.groups,
            cwd="/",
            env={},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        return [f"anything ({error.strerror})"]
    return done.stdout.splitlines()


def _proc() -> Check:
    for line in Path("/proc/self/mounts").read_text("utf-8", "replace").splitlines():
        _, mount, kind, options, *_ = line.split(" ")
        if (mount, kind) == ("/proc", "proc") and HIDING.intersection(options.split(",")):
            return Check("processes", True, "users see the command lines of their own processes only (hidepid)")
    text = "every user sees the command lines of all processes (/proc without hidepid): no secret belongs in them"
    return Check("processes", None, text)


def _gaining() -> Check:
    if "\nNoNewPrivs:\t1\n" in Path("/proc/self/status").read_text("ascii", "replace"):
        return Check("setuid programs", True, "give jobs nothing (NoNewPrivileges): sudo does not work in them either")
    text = "work in jobs: what sudo, su or another setuid program lets a job's user do, its jobs can do"
    return Check("setuid programs", None, text)


def _links() -> Check:
    off = [name for name in ("protected_hardlinks", "protected_symlinks") if _setting(name) == "0"]
    if off:
        text = f"{' and '.join(f'fs.{name}' for name in off)} is 0: set it to 1 (sysctl)"
        return Check("links", False, f"jobs may lay links to other users' files in shared directories: {text}")
    return Check("links", True, "jobs cannot lay links to other users' files in shared directories")


def _setting(name: str) -> str:
    try:
        return Path("/proc/sys/fs", name).read_text("ascii").strip()
    except OSError:
        return ""
