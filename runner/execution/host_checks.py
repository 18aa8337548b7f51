"""What this host gives to builds: found out by trying, nothing is left behind."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from runner.execution import cgroups
from runner.execution.containment import NICE, RLIMIT, V1, V2, WATCHED, Containment
from runner.execution.processes import become_subreaper
from runner.execution.shell import bash_path

TRIAL = {
    "memory": 64 * 1024**2,
    "pids": 1000,
    "cpu_weight": 100,
    "open_files": 1024,
    "core": 0,
    "log": 1024**3,
    "disk": 1024**3,
}
MEANINGS = {
    V2: "held by the kernel for the build as a whole",
    V1: "held by the kernel for the build as a whole",
    RLIMIT: "held by the kernel for each process",
    NICE: "as the niceness of each process",
    WATCHED: "looked at by the supervisor, which ends the build",
}
BOOTED = "/run/systemd/system"
"""Is there where systemd runs the host (sd_booted(3))."""


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `good` is None where it is neither good nor bad; `needed`: without it builds do not run."""

    name: str
    good: bool | None
    text: str
    needed: bool = False


def check_host() -> Iterator[Check]:
    """Every finding about this host, for the user that asks."""
    yield _bash()
    yield _kernel()
    yield _subreaper()
    yield _systemd()
    trial = Containment(f"shippable-trial-{os.getpid()}", TRIAL)
    trial.open()
    try:
        yield _groups(trial)
        for limit, how in trial.how.items():
            meaning = MEANINGS[how]
            if limit in ("disk", "memory") and how == RLIMIT:
                meaning += "; all together are looked at by the supervisor"
            yield Check(f"limit {_as_written(limit)}", None, f"{how}: {meaning}")
    finally:
        trial.close()


def _as_written(limit: str) -> str:
    """The name of a limit in the file: `open_files` → `openFiles`."""
    first, *more = limit.split("_")
    return first + "".join(word.title() for word in more)


def _bash() -> Check:
    try:
        path = bash_path()
        version = subprocess.run([path, "-c", "echo $BASH_VERSION"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        return Check("bash", False, f"cannot be used: {error}", needed=True)
    return Check("bash", True, f"{path} {version.strip()}", needed=True)


def _kernel() -> Check:
    try:
        descriptor = os.pidfd_open(os.getpid())
        select.poll().register(descriptor)
        os.close(descriptor)
    except OSError as error:
        return Check("kernel", False, f"has no pidfd ({error}): Linux 5.3 or newer is needed", needed=True)
    return Check("kernel", True, f"Linux {os.uname().release}", needed=True)


def _subreaper() -> Check:
    if become_subreaper():
        return Check("child subreaper", True, "what leaves its session stays known and is ended")
    text = "cannot be had (Python without libffi): what leaves its session is known by its control group alone"
    return Check("child subreaper", False, text)


def booted() -> bool:
    """Whether systemd runs this host."""
    return os.path.isdir(BOOTED)


def _systemd() -> Check:
    if booted():
        return Check("systemd", True, "runs this host: a service has a scope for each build")
    return Check("systemd", None, "does not run this host: builds of a service stay in the control group of that")


def _groups(trial: Containment) -> Check:
    if trial.group:
        parent = cgroups.hierarchies()[cgroups.V2]
        return Check("control groups", True, f"each build gets one of its own below {parent}")
    text = f"none: {trial.missing}; builds are held by the child subreaper, and by limits of each process"
    return Check("control groups", None, text)
