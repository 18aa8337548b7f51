"""A directory of key pairs: `NAME.key` is a private key (mode 600), `NAME.pub` the public one of the same pair.

Several pairs may be there, so that values of an old pair can be decrypted while new ones are made for the next.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import RunnerError, UsageError
from runner.private_file import RefusedFileError, read_private, write_whole

if TYPE_CHECKING:
    from runner.sealing.box import Private, Public

DEFAULT = "default"
"""The name of a pair that nobody has named."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
PRIVATE, PUBLIC = ".key", ".pub"
_MOST_BYTES = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """A pair of the directory; None: that half is not there."""

    name: str
    fingerprint: str
    private: Path | None
    public: Path | None


def private_keys(directory: Path) -> Iterator[tuple[str, Private | str]]:
    """Each private key with its name, or why it cannot be used. Raises RunnerError where the directory cannot be
    read."""
    from runner.sealing.box import read_private_pem

    for path in _files(directory, PRIVATE):
        try:
            yield path.stem, read_private_pem(read_private(path, "a private key"))
        except (RefusedFileError, ValueError) as error:
            yield path.stem, f"{path}: {error}"


def read_public(path: Path) -> Public:
    """The public key of a file. Raises UsageError."""
    from runner.sealing.box import read_public_pem

    try:
        with path.open("rb") as file:
            return read_public_pem(file.read(_MOST_BYTES))
    except OSError as error:
        raise UsageError(f"the public key {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"the public key {path} cannot be used: {error}") from error


def only_public(directory: Path) -> Path:
    """The one public key of the directory. Raises UsageError where there is none, or several."""
    found = _files(directory, PUBLIC)
    if not found:
        raise UsageError(
            f"no public key is in {directory}: 'runner secrets keygen' makes a key pair, or name the public key of"
            " another with --public-key"
        )
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise UsageError(f"several public keys are in {directory} ({names}): name one with --public-key")
    return found[0]


def pairs(directory: Path) -> tuple[list[KeyPair], list[str]]:
    """Every pair by its name, and the sentences about files that cannot be used. Raises RunnerError."""
    from runner.sealing.box import fingerprint

    found: dict[str, KeyPair] = {}
    refused: list[str] = []
    for name, key in private_keys(directory):
        if isinstance(key, str):
            refused.append(key)
        else:
            path = directory / f"{name}{PRIVATE}"
            found[name] = KeyPair(name=name, fingerprint=fingerprint(key.public_key()), private=path, public=None)
    for path in _files(directory, PUBLIC):
        try:
            pair = fingerprint(read_public(path))
        except UsageError as error:
            refused.append(str(error))
            continue
        known = found.get(path.stem)
        if known is not None and known.fingerprint != pair:
            refused.append(f"{path}: it is not of the same pair as {path.with_suffix(PRIVATE).name} ({pair})")
            continue
        private = known.private if known else None
        found[path.stem] = KeyPair(name=path.stem, fingerprint=pair, private=private, public=path)
    return [found[name] for name in sorted(found)], refused


def make_pair(directory: Path, name: str, *, replace: bool) -> KeyPair:
    """Make a pair in the directory, which is made too. Raises UsageError where one of that name is there and is not to
    be replaced, RunnerError where it cannot be written."""
    from runner.sealing.box import fingerprint, make_private, private_pem, public_pem

    if NAME.fullmatch(name) is None:
        raise UsageError(
            f"'{name}' is no name of a key pair: it has letters, digits, '.', '_' and '-', begins with a letter or "
            "digit, and has at most 64 signs"
        )
    key = make_private()
    private, public = (directory / f"{name}{ending}" for ending in (PRIVATE, PUBLIC))
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in (private, public):
            if os.path.lexists(path) and not replace:
                raise UsageError(
                    f"{path} is there already: give the new pair another name with --name (both can be used then), or"
                    " say --replace, after which nobody can decrypt what was encrypted for the old one"
                )
        write_whole(private, private_pem(key), 0o600, replace=replace)
        write_whole(public, public_pem(key.public_key()), 0o644, replace=True)
    except OSError as error:
        raise RunnerError(f"the key pair cannot be written to {directory}: {error.strerror}") from error
    return KeyPair(name=name, fingerprint=fingerprint(key.public_key()), private=private, public=public)


def named(found: Mapping[str, str]) -> str:
    """Pairs for a sentence: `default (3f…), old (81…)`."""
    return ", ".join(f"{name} ({fingerprint})" for name, fingerprint in found.items())


def _files(directory: Path, ending: str) -> list[Path]:
    try:
        return sorted(path for path in directory.iterdir() if path.suffix == ending and NAME.fullmatch(path.stem))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunnerError(f"the key pairs in {directory} cannot be read: {error.strerror}") from error
