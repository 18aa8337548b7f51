"""`shippable.lock`: what each external reference is pinned to, one a line, as sha256sum would print it."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from runner.pipeline.codes import Code
from runner.pipeline.problems import Place, Problem, Severity
from runner.pipeline.references import problem_of

HEAD = """\
# The sha256 of what the externalReferences of shippable.templates.yml were when they were taken.
# Keep this file beside it. 'runner references update' takes what they are by now.
"""
_LINE = re.compile(r"([0-9a-f]{64})\s+(\S+)")
_LONGEST = 1_000_000


class LockError(Exception):
    """The lock cannot be used; nothing is fetched then, since nobody knows what it should be."""

    def __init__(self, path: Path, message: str, line: int = 1) -> None:
        super().__init__(message)
        place = Place(str(path), line)
        self.problem = Problem(code=Code.WRONG_LOCK, place=place, severity=Severity.ERROR, message=message)


def read_lock(path: Path) -> Mapping[str, str]:
    """The digests by their addresses; none where there is no such file. Raises LockError."""
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise LockError(path, f"cannot be read: {_reason(error)}") from None
    return parse_lock(path, content.decode("utf-8", "replace"))


def parse_lock(path: Path, text: str) -> Mapping[str, str]:
    """Raises LockError with the first line that is none of a lock."""
    if len(text) > _LONGEST:
        raise LockError(path, f"is no lock of external references: it is larger than {_LONGEST / 1e6:.0f} MB")
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        pin = _LINE.fullmatch(line.strip())
        if pin is None or problem_of(pin[2]):
            raise LockError(path, "a line must be a sha256 and an https address: mend it, or delete the line", number)
        if found.setdefault(pin[2], pin[1]) != pin[1]:
            raise LockError(path, "this address is pinned to two digests: delete one of the lines", number)
    return found


def write_lock(path: Path, pins: Mapping[str, str]) -> None:
    """Put the pins in the place of those that were there, at once. Raises LockError."""
    text = HEAD + "".join(f"{digest}  {address}\n" for address, digest in sorted(pins.items()))
    staged = None
    try:
        place = path.resolve()
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=place.parent, delete=False) as file:
            staged = file.name
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(staged, 0o644)
        os.replace(staged, place)
    except OSError as error:
        if staged is not None:
            Path(staged).unlink(missing_ok=True)
        raise LockError(path, f"external references cannot be pinned in it: {_reason(error)}") from None


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
