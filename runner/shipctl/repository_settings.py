"""Whether the settings of a repository (`branch`, `branches`, `tags`) take a commit, a tag or a release."""

from __future__ import annotations

from fnmatch import fnmatchcase

from runner.shipctl.json_text import find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.shipctl.json_text import Json

NO_BRANCH = "Error: no branch name in FROM resource shaData. Cannot replicate."


def fits(data: dict[str, Json], document: Json) -> bool | None:
    """`data` is shaData of the one, `document` version.json of the other. None for a commit without a branch.

    A tag is held against `tags`, a release passes always, all else is held against `branch` or, without one,
    against `branches`. Patterns are those of the shell; `only` and `except` both count.
    """
    if data.get("isGitTag") is True:
        return _listed(data.get("gitTagName"), document, "tags")
    if data.get("isRelease") is True:
        return True
    name = data.get("branchName")
    if not isinstance(name, str) or not name:
        return None
    if branch := _setting(document, "branch"):
        return branch == name
    return _listed(name, document, "branches")


def _listed(name: Json, document: Json, family: str) -> bool:
    only, excluded = (_patterns(_setting(document, f"{family}.{key}")) for key in ("only", "except"))
    text = name if isinstance(name, str) else ""
    wanted = not only or any(fnmatchcase(text, pattern) for pattern in only)
    return wanted and not any(fnmatchcase(text, pattern) for pattern in excluded)


def _setting(document: Json, path: str) -> Json:
    """From the version of the resource, where the platform kept it; else from its pointer in the file."""
    return find(document, f"version.propertyBag.{path}") or find(document, f"propertyBag.yml.pointer.{path}")


def _patterns(value: Json) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return [pattern for pattern in listed if isinstance(pattern, str)]
