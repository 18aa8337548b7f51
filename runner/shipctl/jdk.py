"""`shipctl jdk`: which Java a job uses.

A program cannot change the shell that calls it. `source shippable_jdk set NAME` changes that shell alone;
`shipctl jdk set NAME` changes the host's alternatives, as the platform did.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess

from runner.shipctl.console import RefusedError, complain, say

USAGE = "Usage: shippable_jdk set openjdk9"
UNKNOWN = (
    "The version of the jdk you are trying to use is not supported. "
    "The supported versions include openjdk7, openjdk8, openjdk9, oraclejdk8, oraclejdk9"
)
NAME = re.compile(r"(open|oracle)jdk([0-9]{1,3})")
PLACE = "SHIPPABLE_JVM_DIR"
"""The variable that names where the host's JDKs are, if not in `/usr/lib/jvm`."""


def run(arguments: list[str]) -> int:
    """`set NAME`, or `home NAME`, which prints the directory. Exit status 1 for a wrong call, 99 for a JDK that is
    not there."""
    action, name = [*arguments, "", ""][:2]
    if not action or not name:
        say(USAGE)
        return 1
    if action not in ("set", "home"):
        say(f"Unknown command: {action}\n{USAGE}")
        return 1
    home = _home(name)
    if action == "home":
        say(home)
        return 0
    for program in ("java", "javac"):
        if status := _choose(program, home, name):
            return status
    return subprocess.run(["java", "-version"], check=False).returncode


def _home(name: str) -> str:
    """The directory of a JDK by the platform's names and Debian's layout. Raises RefusedError."""
    found = NAME.fullmatch(name)
    if not found:
        raise RefusedError(UNKNOWN)
    maker, number = found.groups()
    place = glob.escape(os.environ.get(PLACE) or "/usr/lib/jvm")
    form = f"{place}/java-{number}-openjdk-*" if maker == "open" else f"{place}/java-{number}-oracle"
    homes = [path for path in sorted(glob.glob(form)) if os.path.isdir(path)]
    if not homes:
        raise RefusedError(f"{name} is not supported on this image")
    return homes[0]


def _choose(program: str, home: str, name: str) -> int:
    """Make it the host's. Never asks for a password. Raises RefusedError where the JDK lacks the program."""
    paths = [f"{home}/jre/bin/{program}", f"{home}/bin/{program}"]
    path = next((path for path in paths if os.path.isfile(path)), None)
    if path is None:
        raise RefusedError(f"{name} is not supported on this image")
    words = ["update-alternatives", "--set", program, path]
    if os.geteuid() and shutil.which("sudo"):
        words = ["sudo", "-n", *words]
    try:
        status = subprocess.run(words, check=False).returncode
    except FileNotFoundError:
        status = 127
    if status:
        complain(f"shipctl jdk: the host's {program} stays as it is; for this shell: source shippable_jdk set {name}")
    return status
