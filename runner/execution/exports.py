"""The variables of a TASK as text that bash reads: literal values, byte for byte."""

from __future__ import annotations

import os

from runner.execution.order import encode
from runner.names import OF_BASH, is_variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

LONGEST = 128 * 1024  # bytes: the longest `NAME=value`, with its end, that the kernel hands to a program


def export_text(exports: Sequence[tuple[str, str]], fixed: Collection[str] = ()) -> tuple[bytes, list[str]]:
    """What the shell sources, and the warnings about variables that it cannot have as they were meant.

    The variables named by `fixed` are set once more by the function `__ship_fix` that the text defines, for the time
    when something else has been sourced."""
    values: dict[str, bytes] = {}
    warnings: list[str] = []
    for name, value in exports:
        if reason := _refused(name):
            warnings.append(f"the variable {name!r} was not set: {reason}")
            continue
        values.pop(name, None)
        values[name] = encode(value)
        if "\0" in value:
            values[name] = values[name].replace(b"\0", b"")
            warnings.append(f"the variable {name} was set without its zero bytes: no program can be given them")
    kept_back = _too_long(values)
    for name in sorted(kept_back):
        size = len(values[name])
        warnings.append(f"the variable {name} has {size:,} bytes: it is set in the shell, but programs do not get it")
    lines = {name: _assignment(name, value, name not in kept_back) for name, value in values.items()}
    again = b"".join(line for name, line in lines.items() if name in fixed)
    return b"%s__ship_fix() {\nbuiltin :\n%s}\n" % (b"".join(lines.values()), again), warnings


def _refused(name: str) -> str:
    if not is_variable(name):
        return "this is not a name that bash takes"
    if name in OF_BASH:
        return "bash keeps this name for itself"
    if name.startswith("__ship_"):
        return "names with this beginning belong to the runner"
    return ""


def _too_long(values: dict[str, bytes]) -> set[str]:
    """The names that cannot be exported: those too long by themselves, and the longest of what is too much together.

    Half of what the kernel takes is left for the arguments of programs and for what scripts export.
    """
    sizes = {name: len(name) + len(value) + 2 for name, value in values.items()}
    too_long = {name for name, size in sizes.items() if size > LONGEST}
    room = os.sysconf("SC_ARG_MAX") // 2 - sum(size for name, size in sizes.items() if name not in too_long)
    for name in sorted(sizes.keys() - too_long, key=lambda name: -sizes[name]):
        if room >= 0:
            break
        too_long.add(name)
        room += sizes[name]
    return too_long


def _assignment(name: str, value: bytes, exported: bool) -> bytes:
    return b"%s%s='%s'\n" % (b"builtin export " if exported else b"", name.encode(), value.replace(b"'", b"'\\''"))
