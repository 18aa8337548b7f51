"""What a `syncRepo` stands for: the repository that the file with its entry is in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from runner.errors import SetupError
from runner.service.git import Git, GitError, Remote

Origin: TypeAlias = Callable[[str], "Path | str | None"]
"""For the name of a resource: the directory of its file, or the address of the repository that the file was read from;
None where it is in no file any more."""


async def own_repository(git: Git, name: str, origin: Path | str | None) -> Remote:
    """Raises SetupError where the file is in no repository."""
    if isinstance(origin, str):
        return Remote.of(origin)
    try:
        if origin is None:
            raise GitError("it is in no file")
        top = await git.run("rev-parse", "--show-toplevel", directory=origin)
    except GitError as error:
        raise SetupError(
            f"{name}: a syncRepo stands for the repository that its file is in, and there is none: {error}"
        ) from error
    return Remote(top.decode("utf-8", "surrogateescape").rstrip("\n"))
