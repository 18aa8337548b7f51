"""`runtime.limits` of a job: what its processes may use. The same names and values stand on the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping

from runner.pipeline.codes import Code
from runner.pipeline.fields import Key, Keys, read_fields, table
from runner.pipeline.kinds import Kind, Whole, wrong
from runner.pipeline.model import Limits
from runner.pipeline.nodes import MappingNode, Scalar
from runner.pipeline.report import Spot

UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
DECIMAL = {"kb": 1000, "mb": 1000**2, "gb": 1000**3, "tb": 1000**4}


class Bytes:
    """A size: a number with a unit (`512MiB`, `2G`, `1.5 GiB`, `100MB`), or bytes."""

    def __init__(self, least: int) -> None:
        self.least = least

    def read(self, spot: Spot) -> int | None:
        value = parse_size(spot.node.text) if isinstance(spot.node, Scalar) else None
        if value is None:
            wrong(spot, "a size such as 512MiB or 2G")
        elif value < self.least:
            wrong(spot, f"a size of at least {self.least} bytes")
        else:
            return value
        return None


MEMORY = Key("memory", Bytes(1024**2), "The memory of all processes together.")
PIDS = Key("pids", Whole(1, 4_000_000), "How many processes and threads there may be at once.")
CPU_WEIGHT = Key("cpuWeight", Whole(1, 10_000), "The share of the processors beside the 100 of everything else.")
OPEN_FILES = Key("openFiles", Whole(16, 1_000_000), "How many files each process may have open.")
CORE = Key("core", Bytes(0), "The size of a core file; 0: none are written.")
LOG = Key("log", Bytes(1), "The bytes that the job may print.")
DISK = Key("disk", Bytes(1), "The size of the build directory.")
SAVED_FILES = Key("savedFiles", Bytes(1), "The files that the job, or one state resource, keeps; 64MiB if absent.")
LIMITS: Keys = table(MEMORY, PIDS, CPU_WEIGHT, OPEN_FILES, CORE, LOG, DISK, SAVED_FILES)


def read_limits(spot: Spot) -> Limits:
    """`limits` of a job's runtime."""
    if not isinstance(spot.node, MappingNode):
        wrong(spot, f"a mapping of {', '.join(LIMITS)}")
        return Limits()
    for entry in spot.node.entries:
        if entry.key.text not in LIMITS:  # a limit that is not there must not be thought to hold
            spot.error(Code.UNKNOWN_LIMIT, f"there is no limit '{entry.key.text}': there are {', '.join(LIMITS)}")
    fields = read_fields(
        spot, spot.node, LIMITS, "runtime.limits", {entry.key.text for entry in spot.node.entries} - LIMITS.keys()
    )
    return limits_of({name: fields.get(key) for name, key in LIMITS.items()})


def limits_of(values: Mapping[str, int | None]) -> Limits:
    """Limits from values by the names that the file uses."""
    return Limits(
        memory=values.get(MEMORY.name),
        pids=values.get(PIDS.name),
        cpu_weight=values.get(CPU_WEIGHT.name),
        open_files=values.get(OPEN_FILES.name),
        core=values.get(CORE.name),
        log=values.get(LOG.name),
        disk=values.get(DISK.name),
        saved_files=values.get(SAVED_FILES.name),
    )


def parse_size(text: str) -> int | None:
    """Bytes of a size as people write it; None where it is none."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([kmgt]?)(i?b)?", text.strip().casefold(), re.ASCII)
    if found is None:
        return None
    number, unit, ending = found.groups()
    factor = DECIMAL.get(f"{unit}b") if ending == "b" else None
    return int(float(number) * (factor or UNITS[unit])) if "." in number else int(number) * (factor or UNITS[unit])


def parse_limit(name: str, text: str) -> int | None:
    """The value of one limit on a command line; None where it is none. Raises KeyError for a name that is none."""
    kind: Kind[int] = LIMITS[name].kind
    value = parse_size(text) if isinstance(kind, Bytes) else int(text) if text.isascii() and text.isdigit() else None
    if value is None:
        return None
    least = kind.least if isinstance(kind, Bytes | Whole) else None
    most = kind.most if isinstance(kind, Whole) else None
    return None if (least is not None and value < least) or (most is not None and value > most) else value


def values_of(name: str) -> str:
    """What a limit may be, in words. Raises KeyError for a name that is none."""
    match LIMITS[name].kind:
        case Bytes(least=least):
            return "a size such as 512MiB or 2G" + (f", at least {least} bytes" if least > 1 else "")
        case Whole(least=least, most=most):
            return f"a whole number, {least}..{most}"
        case _:
            raise KeyError(name)
