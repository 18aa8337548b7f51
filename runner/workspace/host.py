"""What a job gets from the host: a clean environment and a directory of commands at the head of PATH."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

from runner.errors import RunnerError

KEPT = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TERM", "TMPDIR"),
        *("http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "SSH_AUTH_SOCK"),
    }
)
"""Variables of the runner's own environment that a job sees; `LC_*` too. Nothing else: no AWS identity of the host,
no token of whoever started the runner."""


def base_environment(environ: Mapping[str, str], commands: Path) -> dict[str, str]:
    """The environment that a job's shell starts with; `commands` is the directory put at the head of PATH."""
    base = {name: value for name, value in environ.items() if name in KEPT or name.startswith("LC_")}
    base["PATH"] = f"{commands}{os.pathsep}{base.get('PATH') or os.defpath}"
    return base


def user_name() -> str:
    """The name of the user that this process runs as."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a user that the host does not know, as in a container
        return str(os.getuid())


def write_commands(directory: Path, commands: Mapping[str, str]) -> None:
    """Put each command (name → text of the executable) into `directory`, atomically, where it is not there already.

    Raises RunnerError."""
    try:
        directory.mkdir(mode=0o755, exist_ok=True)
        directory.chmod(0o755)  # for users of jobs; the directory above may be private
        for name, text in commands.items():
            _write(directory / name, text)
    except OSError as error:
        raise RunnerError(f"the commands for jobs cannot be put into {directory}: {error.strerror}") from error


def _write(path: Path, text: str) -> None:
    if path.is_file() and path.read_text("utf-8") == text and os.access(path, os.X_OK):
        return
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(text, "utf-8")
    fresh.chmod(0o755)
    fresh.replace(path)
