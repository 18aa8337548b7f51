"""`shipctl replace`: put the values of variables into files, in place."""

from __future__ import annotations

import os
import re

from runner.shipctl.console import complain, explained, say
from runner.shipctl.replacing import replace_file

PLACEHOLDER = re.compile(rb"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")
"""What envsubst replaces: `$NAME` and `${NAME}`. `${NAME:-text}`, `$1`, `$$` and `\\$` alone are left as they are."""
A_DIRECTORY = 82


def run(files: list[str]) -> int:
    """Exit status 82 at the first directory, 1 at the first file that cannot be read or written; earlier ones stay
    replaced."""
    for file in files:
        if os.path.isdir(file):
            say("shippable_replace is not supported for directories")
            return A_DIRECTORY
        try:
            _replace(file)
        except OSError as error:
            complain(f"shipctl: cannot replace in {file}: {explained(error)}")
            return 1
    return 0


def _replace(path: str) -> None:
    with open(path, "rb") as file:
        text = file.read()
    replace_file(path, PLACEHOLDER.sub(lambda found: os.environb.get(found[1] or found[2], b""), text))
