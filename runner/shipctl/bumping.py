"""`shipctl bump_version`: the next version of a semantic version."""

from __future__ import annotations

from runner.shipctl.console import REFUSED, complain, say

PRERELEASES = ("alpha", "beta", "rc")
ACTIONS = ("major", "minor", "patch", *PRERELEASES, "final")


def run(arguments: list[str]) -> int:
    """Print the new version; what is wrong goes to standard error, with exit status 99."""
    version, action = [*arguments, "", ""][:2]
    if action not in ACTIONS:
        complain("error: Invalid action given in the argument.")
        return REFUSED
    bumped = bump(version, action)
    if bumped is None:
        complain("error: Invalid semantics given in the argument.")
        return REFUSED
    say(bumped)
    return 0


def bump(version: str, action: str) -> str | None:
    """The version after `version`; None where it has no three numbers. Lenient as the platform was: a leading `v`
    and leading zeros stay, what stands behind the third number is dropped."""
    numbers, _, prerelease = version.partition("-")
    v = "v" if numbers.startswith("v") else ""
    parts = numbers.removeprefix("v").split(".")[:3]
    if len(parts) < 3 or not all(part.isascii() and part.isdecimal() for part in parts):
        return None
    major, minor, patch = parts
    match action:
        case "major":
            return f"{v}{int(major) + 1}.0.0"
        case "minor":
            return f"{v}{major}.{int(minor) + 1}.0"
        case "patch":
            return f"{v}{major}.{minor}.{int(patch) + 1}"
        case "final":
            return f"{v}{major}.{minor}.{patch}"
        case _:
            return f"{v}{major}.{minor}.{patch}-{_next(prerelease.partition('-')[0], action)}"


def _next(prerelease: str, action: str) -> str:
    """`alpha` → `alpha.1` → `alpha.2`; another label starts at its bare name, one without a dot (`rc1`) at 1."""
    if not prerelease.startswith(action):
        return action
    count = prerelease.removeprefix(action).removeprefix(".").partition(".")[0]
    dotted = prerelease.startswith(f"{action}.") and count.isascii() and count.isdecimal()
    return f"{action}.{int(count) + 1 if dotted else 1}"
