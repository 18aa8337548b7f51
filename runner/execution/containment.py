"""What holds the processes of one build: control groups where the kernel gives them, else limits of each process.

The supervisor makes the groups; the shell is put into them while it waits for the word to begin, so that nothing of a
job is ever outside.
"""

from __future__ import annotations

import os
import resource

from runner.execution import cgroups
from runner.execution.verdict import size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.execution.assuming import ShellUser

V2, V1, RLIMIT, NICE, WATCHED = "cgroup v2", "cgroup v1", "rlimit", "nice", "watched"
"""How a limit can hold: by the kernel for the build as a whole, by the kernel for each process, or by looking."""


class Control:
    """How the kernel holds a build to one limit: controller, file for the limit, and where it counts the hits."""

    __slots__ = ("controller", "hits", "v1", "v2")

    def __init__(self, controller: str, v2: str, v1: str, hits: tuple[str, str, str] | None) -> None:
        self.controller = controller
        self.v2 = v2
        self.v1 = v1
        self.hits = hits  # file of v2, file of v1, key in either


CONTROLS = {
    "memory": Control(
        "memory", "memory.max", "memory.limit_in_bytes", ("memory.events", "memory.oom_control", "oom_kill")
    ),
    "pids": Control("pids", "pids.max", "pids.max", ("pids.events", "pids.events", "max")),
    "cpu_weight": Control("cpu", "cpu.weight", "cpu.shares", None),
}
RLIMITS = {
    "open_files": resource.RLIMIT_NOFILE,
    "core": resource.RLIMIT_CORE,
    "disk": resource.RLIMIT_FSIZE,  # no single file beyond it; their sum is watched
    "memory": resource.RLIMIT_DATA,  # without a group: each process alone; their sum is watched
}
WITHOUT_GROUP = {"memory": RLIMIT, "pids": WATCHED, "cpu_weight": NICE}
FILE_TOO_LARGE = 128 + 25  # the status of what SIGXFSZ ended
V1_SHARES = 1024 / 100
"""cpu.shares of v1 for one unit of cpu.weight: the defaults of the two are 1024 and 100."""


class Containment:
    """The groups of one build. `group` is the v2 group that knows its processes ("": there is none, `missing` says
    why); `how` tells for each limit how it holds."""

    def __init__(self, name: str, limits: Mapping[str, int], *, groups: bool = True) -> None:
        self.group = ""
        self.missing = "" if groups else "control groups are switched off"
        self.how: dict[str, str] = {}
        self._limits = limits
        self._name = name
        self._parents = cgroups.hierarchies() if groups else {}
        self._v1: dict[str, str] = {}
        self._counted: dict[str, int] = {}

    @property
    def planned(self) -> list[str]:
        """Every group that `open` may make: whoever finds this build orphaned removes them."""
        wanted = {cgroups.V2, *(CONTROLS[name].controller for name in self._limits if name in CONTROLS)}
        return [f"{parent}/{self._name}" for name, parent in self._parents.items() if name in wanted]

    def open(self) -> None:
        """Make the groups as far as this host gives them, and set the limits. Never raises OSError."""
        self._open_v2()
        for limit, value in self._limits.items():
            if limit in CONTROLS:
                self.how[limit] = self._limit(CONTROLS[limit], value) or WITHOUT_GROUP[limit]
            else:
                self.how[limit] = RLIMIT if limit in RLIMITS else WATCHED

    def take(self, pid: int, user: ShellUser | None = None) -> None:
        """Hold a process, and all that it will start. Raises OSError."""
        for group in (self.group, *self._v1.values()):
            if group:
                cgroups.put(group, "cgroup.procs", pid)
        if user is None:
            self._hold_alone(pid)
        else:
            with user:  # to limit another user's process takes CAP_SYS_RESOURCE
                self._hold_alone(pid)

    def _hold_alone(self, pid: int) -> None:
        """What holds each process by itself."""
        for limit, number in RLIMITS.items():
            if self.how.get(limit) == RLIMIT:
                _, most = resource.prlimit(pid, number)
                value = self._limits[limit]
                value = value if most == resource.RLIM_INFINITY else min(value, most)
                resource.prlimit(pid, number, (value, value))
        if self.how.get("cpu_weight") == NICE:
            os.setpriority(os.PRIO_PROCESS, pid, niceness(self._limits["cpu_weight"]))

    def members(self) -> list[int]:
        """What is in the group that knows everything; nothing where there is none."""
        return cgroups.members(self.group) if self.group else []

    def kill(self) -> None:
        """End everything in the group, where there is one and the kernel can."""
        if self.group:
            try:
                cgroups.kill(self.group)
            except OSError:  # Linux before 5.14, which has no cgroup.kill: what is left are signals to each
                return

    def told(self, status: int | None) -> str:
        """What limits did to the build since the last call, given the exit status it came to; "" if nothing."""
        told = []
        if hits := self._hits("memory"):
            what = "a process" if hits == 1 else f"{hits} processes"
            told.append(f"memory limit of {size(self._limits['memory'])} reached, the kernel ended {what}")
        if self._hits("pids"):
            told.append(f"limit of {self._limits['pids']} processes reached, the kernel refused more")
        if status == FILE_TOO_LARGE and "disk" in self._limits:
            told.append(f"disk limit of {size(self._limits['disk'])} reached by a single file")
        return "; ".join(told)

    @property
    def hint(self) -> str:
        """What may explain a failure, where the kernel does not tell which limit it refused something for."""
        held = [limit for limit in ("memory", "open_files") if self.how.get(limit) == RLIMIT]
        told = {"memory": "{} of memory", "open_files": "{} open files"}
        values = {"memory": size(self._limits.get("memory", 0)), "open_files": self._limits.get("open_files")}
        limits = " and ".join(told[limit].format(values[limit]) for limit in held)
        return f"each process of this build is limited to {limits}: what asks for more is refused it" if held else ""

    def _hits(self, limit: str) -> int:
        """How often the kernel enforced a limit since the last call."""
        control = CONTROLS.get(limit)
        if control is None or control.hits is None or limit not in self.how:
            return 0
        v2, v1, key = control.hits
        group, file = (self.group, v2) if self.how[limit] == V2 else (self._v1.get(control.controller, ""), v1)
        counted = cgroups.count(group, file, key) if group else 0
        fresh = counted - self._counted.get(limit, 0)
        self._counted[limit] = counted
        return fresh

    def close(self) -> bool:
        """Remove the groups; False while a process is in one of them."""
        if self.group and cgroups.remove(self.group):
            self.group = ""
        self._v1 = {name: group for name, group in self._v1.items() if not cgroups.remove(group)}
        return not (self.group or self._v1)

    def _open_v2(self) -> None:
        parent = self._parents.get(cgroups.V2)
        if parent is None:
            self.missing = self.missing or "cgroup v2 is not mounted"
            return
        try:
            self.group = cgroups.make(parent, self._name)
        except OSError as error:
            self.missing = f"no group can be made in {parent}: {os.strerror(error.errno or 0)}"

    def _limit(self, control: Control, value: int) -> str:
        """Hold the build to a limit by v2 or else v1; gives which, or nothing."""
        if self.group and self._by_v2(control, value):
            return V2
        return V1 if self._by_v1(control, value) else ""

    def _by_v2(self, control: Control, value: int) -> bool:
        try:
            cgroups.enable(self._parents[cgroups.V2], control.controller)
            cgroups.put(self.group, control.v2, value)
        except OSError:  # not delegated, mounted as v1, or the parent has processes of its own
            return False
        return True

    def _by_v1(self, control: Control, value: int) -> bool:
        parent = self._parents.get(control.controller)
        if parent is None:
            return False
        shares = control.controller == "cpu"
        try:
            group = cgroups.make(parent, self._name)
            self._v1[control.controller] = group
            cgroups.put(group, control.v1, max(2, round(value * V1_SHARES)) if shares else value)
        except OSError:
            return False
        return True


def niceness(weight: int) -> int:
    """The nice value (0..19) that stands for a weight: a step of nice is a factor of 1.25, and only root may go up."""
    import math  # only where a weight is asked for and no group holds it

    return min(19, max(0, round(math.log(100 / weight, 1.25))))
