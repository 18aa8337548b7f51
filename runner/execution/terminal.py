"""A program in the environment of a job, on the terminal of this process instead of under a supervisor."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import termios
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.execution.exports import export_text
from runner.execution.shell import EXPORTS, SIGNALS, bash_path, memory_file

SOURCED = f"/dev/fd/{EXPORTS}"
INTERACTIVE: Mapping[str, tuple[str, ...]] = {
    "bash": ("--noprofile", "--rcfile", SOURCED, "-i"),
    "zsh": ("-f", "-i"),
    "fish": ("--no-config", "--private", "--interactive"),
    "sh": ("-i",),
    "dash": ("-i",),
    "ksh": ("-i",),
    "mksh": ("-i",),
}
"""Shells that we know how to start without what their user has set up for himself, by their names."""
LIKE_A_TASK = r"""
[[ ! -s ${SHIPPABLE_INTEGRATION_ENVS_PATH-} ]] || . "$SHIPPABLE_INTEGRATION_ENVS_PATH" || builtin :
{ __ship_fix; builtin unset -f __ship_fix; } || builtin :
exec 247<&-
"""
"""What a TASK does before its script: see prelude.bash."""
COMMAND = r"""
[[ $1 == */* ]] || builtin type -P -- "$1" >/dev/null || {
    builtin printf 'runner: %s: not found on the PATH of the job\n' "$1" >&2
    builtin exit 127
}
exec "$@"
"""
"""The program that was named; bash itself would tell of the file that it reads this from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What is started: `directory` is where, `exports` are the variables in order, `fixed` those that nothing takes the
    place of, `base` is the environment before them. `command` empty: `shell` for a person whose prompt names `job`, or
    the script on standard input."""

    directory: Path
    exports: Sequence[tuple[str, str]]
    fixed: Collection[str]
    base: Mapping[str, str]
    job: str
    command: Sequence[str] = ()
    shell: str | None = None

    def start(self, warn: Callable[[str], None]) -> int:
        """Its pid. Raises OSError."""
        text, warnings = export_text(self.exports, self.fixed)
        for warning in warnings:
            warn(warning)
        arguments, last = self._call()
        whole = f"builtin cd -- {shlex.quote(str(self.directory))}\n".encode(errors="surrogateescape")
        exports = memory_file(whole + text + LIKE_A_TASK.encode() + last.encode())
        try:
            return os.posix_spawn(
                bash_path(), ["bash", *arguments], self.base,
                file_actions=[(os.POSIX_SPAWN_DUP2, exports, EXPORTS)], setsigmask=[], setsigdef=SIGNALS,
            )  # fmt: skip
        finally:
            os.close(exports)

    def _call(self) -> tuple[Sequence[str], str]:
        """What bash is called with, and what it does when it has the job's variables."""
        through = ("-c", f". {SOURCED}", "runner")
        if self.command:
            return (*through, *self.command), COMMAND
        if not os.isatty(0):
            return (*through, bash_path(), "--noprofile", "--norc", "-s"), 'exec "$@"\n'
        shell = shell_for(self.shell)
        name, mark = os.path.basename(shell), prompt_name(self.job)
        if name == "bash":
            return INTERACTIVE[name], f"unset HISTFILE\nPS1='({mark}) \\W\\$ '\n"
        said = ("--init-command", f"function fish_prompt; echo -n '({mark}) > '; end") if name == "fish" else ()
        last = f"export PS1='({mark}) {'%1~ %# ' if name == 'zsh' else '$ '}'\nunset HISTFILE ENV\n" + 'exec "$@"\n'
        return (*through, shell, *INTERACTIVE[name], *said), last


def shell_for(wanted: str | None) -> str:
    """The shell that a person has chosen, where we know how to start it and it is there; else bash."""
    if wanted and os.path.basename(wanted) in INTERACTIVE and os.access(wanted, os.X_OK):
        return wanted
    return bash_path()


def prompt_name(job: str) -> str:
    """The name of a job as no prompt takes it for something else."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "?" for c in job)


@contextlib.contextmanager
def terminal_kept() -> Iterator[None]:
    """Afterwards the terminal is as it was, and ours, however the shell that had it has ended."""
    if not os.isatty(0) or os.tcgetpgrp(0) != os.getpgrp():
        yield
        return
    modes = termios.tcgetattr(0)
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        yield
    finally:
        with contextlib.suppress(OSError, termios.error):  # the terminal may have gone
            os.tcsetpgrp(0, os.getpgrp())
            termios.tcsetattr(0, termios.TCSADRAIN, modes)
        signal.signal(signal.SIGTTOU, before)
