"""The name rule: how names of the file become names of variables. One place, used by the engine and by shipctl.

Standard library only, and nothing of it imported: shipctl starts through this module.
"""

from __future__ import annotations

OF_BASH = frozenset({
    "BASHOPTS", "BASHPID", "BASH_ARGC", "BASH_ARGV", "BASH_COMMAND", "BASH_LINENO", "BASH_MONOSECONDS", "BASH_SOURCE",
    "BASH_SUBSHELL", "BASH_TRAPSIG", "BASH_VERSINFO", "BASH_XTRACEFD", "DIRSTACK", "EPOCHREALTIME", "EPOCHSECONDS",
    "EUID", "FUNCNAME", "FUNCNEST", "GROUPS", "HISTCMD", "LINENO", "OPTIND", "PPID", "RANDOM", "SECONDS",
    "SHELLOPTS", "SRANDOM", "UID", "_",
})  # fmt: skip
"""Names of variables that bash keeps for itself: it refuses to set them, or does with the text what it likes. Some
(`RANDOM`, `OPTIND`) it computes as arithmetic, which runs the commands in the text; `FUNCNEST` ends functions, also
those of the runner."""


def variable_key(key: str) -> str:
    """Keep what a variable may hold: letters, digits, underscore (`db-host.1` → `dbhost1`). Case is kept."""
    return "".join(c for c in key if c == "_" or (c.isascii() and c.isalnum()))


def variable_prefix(name: str) -> str:
    """`<NAME>` of a job, resource or integration: `my-key-1` → `MYKEY1`, `9my_key` → `MY_KEY`; may be empty.

    Source: the AWS IAM integration page ("letters capitalized, characters that are not letters, numbers or
    underscores removed, numbers at the beginning removed").
    """
    return variable_key(name).lstrip("0123456789").upper()


def is_variable(name: str) -> bool:
    """Whether bash takes `name` as the name of a variable."""
    return name.isascii() and name.isidentifier()


def can_be_set(name: str) -> bool:
    """Whether a variable of that name can be given any text."""
    return is_variable(name) and name not in OF_BASH
