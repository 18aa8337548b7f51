"""The token that a service on TCP is shown: never an argument, which everybody on the host could read."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from runner.errors import UsageError
from runner.secret import Secret

VARIABLE = "RUNNER_TOKEN"


def token_file(environ: Mapping[str, str]) -> Path:
    home = Path(environ.get("HOME") or os.path.expanduser("~"))
    return Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "shippable-runner" / "token"


def read_token(environ: Mapping[str, str]) -> Secret | None:
    """The token of RUNNER_TOKEN, else of the user's file; None where there is neither. Raises UsageError."""
    if given := environ.get(VARIABLE):
        return _checked(given, VARIABLE)
    path = token_file(environ)
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise UsageError(f"{path}: others can read this token: chmod 600 {path}")
            return _checked(file.read(4096), str(path))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{path}: the token cannot be read: {error.strerror}") from error


def _checked(text: str, where: str) -> Secret:
    token = text.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(f"{where}: this is no token: 'runner token add NAME' on the host of the service makes one")
    return Secret(token)
