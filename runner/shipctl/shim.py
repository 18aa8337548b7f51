"""The texts of the commands that jobs find on their PATH: `shipctl`, and its older names.

bash answers a plain look-up of a variable by itself, which costs a sixth of starting Python. It runs with `-p`, so
that neither `BASH_ENV` nor an exported function changes what it does, and so that it hands every variable on as it
got it: dash would drop those that are no names of a shell, exported functions among them, which `retry` needs.
"""

from __future__ import annotations

import shlex

from runner.shipctl.lookups import KEYED, SUFFIXES

START = "import sys; sys.path.append(sys.argv.pop(1)); from runner.shipctl.main import main; sys.exit(main())"
"""Appended, so that the standard library comes before whatever lies beside the package."""

SHIM = r"""#!/bin/bash -p
# Answers plain look-ups of variables; returns for all else: names that are not plain, wrong calls, other commands, and
# keys without a variable, whose values may be too long for one.
answer() {
    local capitals=ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ prefix key name
    local letters=${capitals}abcdefghijklmnopqrstuvwxyz long=
    [[ -n $2 && $2$3 != *[!$letters./\ -]* ]] || return
    prefix=${2//[!$letters]/}
    key=${3//[!$letters]/}
    case $1 in
    to_uppercase)
        name=${2^^}
        [[ $name == *[!$capitals./\ -]* ]] || { printf '%s\n' "$name"; exit; }
        return ;;
    sanitize_shippable_string) printf '%s\n' "$prefix"; exit ;;
    esac
    while [[ $prefix == [0123456789]* ]]; do prefix=${prefix#?}; done
    case $1 in
    get_resource_name) name=${prefix^^} ;;
@LOOKUPS@
    get_resource_env) [[ -n $3 && $3 == "$key" ]] || return; name=${prefix}_$key ;;
    *) return ;;
    esac
    name=${name^^}
    [[ $name != *[!$capitals]* && $name != BASH* && $name != COMP_* ]] || return
    [[ ! $long || -v $name ]] || return
    [[ $1 == get_resource_name ]] || name=${!name-}
    printf '%s\n' "$name"
    exit
}
answer "$@"
exec @PYTHON@ "$@"
"""


OLDER = ("bump_version", "decrypt", "replace", "retry")
"""Commands that the platform also had as programs of their own: `shippable_<command>`."""
OLDER_SHIM = """#!/bin/bash -p
exec @PYTHON@ @COMMAND@ "$@"
"""
JDK_SHIM = r"""#!/bin/bash -p
# Run, it changes the host's Java; sourced, that of the shell that sources it.
if [[ ${BASH_SOURCE[0]} == "$0" ]]; then exec @PYTHON@ jdk "$@"; fi
shippable_jdk() {
    local home status
    [[ ${1-} == set ]] || { @PYTHON@ jdk "$@"; return; }
    home=$(@PYTHON@ jdk home "${@:2}") && status=0 || status=$?
    [[ $status == 0 ]] || { printf '%s\n' "$home"; return "$status"; }
    export JAVA_HOME=$home PATH=$home/bin:$PATH
    hash -r
    java -version
}
shippable_jdk "$@"
"""


def job_commands(python: str, package_root: str) -> dict[str, str]:
    """Name → text of every command of a job but the runner's own. The arguments are those of shim_text."""
    start = shlex.join(python_command(python, package_root))
    older = {f"shippable_{name}": OLDER_SHIM.replace("@COMMAND@", name).replace("@PYTHON@", start) for name in OLDER}
    jdk = JDK_SHIM.replace("@PYTHON@", start)
    return {"shipctl": shim_text(python, package_root), "shippable_jdk": jdk, **older}


def shim_text(python: str, package_root: str) -> str:
    """The program's text. `python` is the interpreter, `package_root` the directory that holds the package `runner`."""
    arms = [f"    {command}) name=${{prefix}}{suffix} ;;" for command, suffix in SUFFIXES.items()]
    for command, middle in KEYED.items():
        there = " [[ -f $JOB_INTEGRATIONS/$2/integration.json ]] || return;" if command == CHECKED else ""
        arms.append(f"    {command}) [[ -n $3 ]] || return;{there} name=${{prefix}}{middle}$key long=1 ;;")
    start = shlex.join(python_command(python, package_root))
    return SHIM.replace("@LOOKUPS@", "\n".join(arms)).replace("@PYTHON@", start)


CHECKED = "get_integration_field"
"""The one look-up that also wants a file to be there."""


def python_command(python: str, package_root: str) -> list[str]:
    """The command line that the arguments of shipctl are added to: no site, no user's settings, UTF-8 always."""
    return [python, "-I", "-S", "-X", "utf8", "-c", START, package_root]
