"""Taking out of a build directory that stays what it is known to hold of secrets."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from runner.workspace.parameters import SECURE_FILE
from runner.workspace.removal import remove

DIRECTORIES = ("secrets", "integrations")
FILES = ("integration.json", "integration.env")


def strip_secrets(root: Path) -> None:
    """Remove credentials, keys, integrations and files of params with encrypted ones, as they were written for the job.
    What its scripts have copied of them stays. Raises OSError."""
    with _opened(str(root)) as top:
        if top is None:
            return
        _strip_params(top)
        for name in DIRECTORIES:
            _remove(name, top)
        for operation in ("IN", "OUT"):
            with _opened(operation, top) as steps:
                for step in os.listdir(steps) if steps is not None else ():
                    _strip_step(step, steps)


def _strip_params(top: int) -> None:
    with _opened("secrets", top) as secrets, _opened("IN", top) as steps:
        for entry in os.listdir(secrets) if secrets is not None else ():
            if entry.endswith(SECURE_FILE):
                with _opened(entry.removesuffix(SECURE_FILE), steps) as step:
                    _remove("params", step)


def _strip_step(name: str, steps: int | None) -> None:
    with _opened(name, steps) as step:
        for entry in os.listdir(step) if step is not None else ():
            if entry in FILES or entry.startswith(f"{name}_key"):
                _remove(entry, step)


@contextlib.contextmanager
def _opened(name: str, top: int | None = None) -> Iterator[int | None]:
    """None where it is no directory, or a link to one."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=top)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _remove(name: str, top: int | None) -> None:
    if top is not None:
        with contextlib.suppress(FileNotFoundError):
            remove(name, top)
