"""`shipctl get_git_changes`: which paths a range of commits changed."""

from __future__ import annotations

import os

from runner.shipctl.console import RefusedError, say
from runner.shipctl.documents import version_value
from runner.shipctl.lookups import resource_variable

OPTIONS = ("--path", "--resource", "--depth", "--commit-range")
DIRECTORIES_ONLY = "--directories-only"


def run(arguments: list[str]) -> int:
    """Print the paths, or an empty line. The exit status of git where it cannot read the range (128)."""
    given = {name: value for name, equals, value in (word.partition("=") for word in arguments) if equals}
    path, resource, depth, wanted = (given.get(name, "") for name in OPTIONS)
    if not path and not resource:
        raise RefusedError("Usage: shipctl get_git_changes [--path|--resource]")
    place = path or resource_variable(resource, "_STATE")
    if not os.path.exists(f"{place}/.git"):
        raise RefusedError(f"git repository not found at path: {place}")
    if depth and not (depth.isascii() and depth.isdecimal()):
        raise RefusedError(f"shipctl: --depth wants a number, not '{depth}'")
    commits = wanted or (_range_of(resource) if resource else os.environ.get("SHIPPABLE_COMMIT_RANGE", ""))
    if not commits:
        raise RefusedError("Unknown commit range. use --commit-range.")
    directories = DIRECTORIES_ONLY in arguments
    status, output = _diff(place, "--dirstat" if directories else "--name-only", commits)
    if status:
        return status
    lines = output.splitlines()
    if directories:
        lines = [line.split(maxsplit=1)[1] for line in lines]
    say(b"\n".join(_changed(lines, int(depth or 0))))
    return 0


def _range_of(resource: str) -> str:
    """What the version of a repository brought; for a pull request, what it would bring. Empty where unknown."""
    current = version_value(resource, "shaData.commitSha")
    if resource_variable(resource, "_IS_PULL_REQUEST") == "true":
        base = resource_variable(resource, "_BASE_BRANCH")
        return f"origin/{base}...{current}" if base and current else ""
    before = version_value(resource, "shaData.beforeCommitSha")
    return f"{before}..{current}" if before and current else ""


def _changed(lines: list[bytes], depth: int) -> list[bytes]:
    """The lines, or of each its component number `depth`; a line that repeats the one before is left out."""
    if depth:
        lines = [(line.split(b"/") + [b""] * depth)[depth - 1] for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    return [line for number, line in enumerate(lines) if number == 0 or line != lines[number - 1]]


def _diff(place: str, form: str, commits: str) -> tuple[int, bytes]:
    """Exit status and output of `git diff`. A module for processes would cost more than git itself."""
    words = ["git", "-C", place, "diff", form, "--end-of-options", commits, "--"]
    reader, writer = os.pipe()
    process = os.posix_spawnp(words[0], words, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1)])
    os.close(writer)
    with open(reader, "rb") as file:
        output = file.read()
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), output
