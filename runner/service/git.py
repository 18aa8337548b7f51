"""git as a subprocess: no questions, no hooks, no secret in an argument or in a sentence, and an end in time."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from runner.errors import RunnerError
from runner.integrations.git_access import Login
from runner.secret import Secret
from runner.service.child import talk
from runner.triggers.addresses import masked

MOST = 64 * 1024 * 1024
"""Bytes of output that are read; a command that says more is ended."""
PROTOCOLS = "https:ssh:git:file"
_CONFIG = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "gc.autoDetach": "false",
    "maintenance.autoDetach": "false",
    "submodule.recurse": "false",
    "commit.gpgSign": "false",
    "log.showSignature": "false",
}
_SSH = "ssh -oBatchMode=yes -oConnectTimeout=30 -oControlMaster=no"
"""A master that a connection leaves behind would hold the pipe that git's errors are read from."""
_HELPER = '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$GIT_LOGIN" "$GIT_PASSWORD"; }; f'
_KEPT = ("GIT_SSL_", "GIT_SSH", "GIT_PROXY_")
"""What an operator may say about the way to a server; every other variable of git's may point it elsewhere."""
_AUTHORITY = (
    "name the certificate of its authority as http.sslCAInfo in the git configuration of the user of the runner"
)
_CURES = {
    "could not read Username": "give the resource an integration that may read it",
    "Authentication failed": "give the resource an integration that may read it",
    "Permission denied (publickey": "give the resource an integration with a key that may read it",
    "Host key verification failed": "put the key of the host into known_hosts of the user of the runner",
    "certificate verification failed": _AUTHORITY,
    "certificate problem": _AUTHORITY,
    "dubious ownership": "add it to safe.directory in the git configuration of the user of the runner",
}
"""Words of git and what to do about them; they make a sentence better, nothing is decided by them."""


class GitError(RunnerError):
    """git could not do it: the sentence says which repository, what git said, and what to do."""


class NoCommitError(GitError):
    """A tag is of a file or a directory: nothing can be built of it, and asking again changes nothing."""


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a repository is. `url` may be an argument of a process: no password is in it. `key` opens it over ssh."""

    url: str
    login: Login | None = None
    key: Secret | None = None

    @classmethod
    def of(cls, address: str, login: Login | None = None) -> Remote:
        """An address as a file has it; a password in it becomes the login."""
        scheme, mark, rest = address.partition("://")
        place, slash, path = rest.partition("/")
        known, at, host = place.rpartition("@")
        if scheme != "https" or not at:
            return cls(address, login)
        user, _, password = known.partition(":")
        found = Login(user=unquote(user), password=Secret(unquote(password)))
        return cls(f"{scheme}{mark}{host}{slash}{path}", login or found)

    def __str__(self) -> str:
        return masked(self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """How git is called. `environment` is that of the host, `limit` how long one command may take, `most` how many
    bytes it may print."""

    environment: Mapping[str, str] = field(repr=False)
    limit: timedelta = timedelta(minutes=10)
    most: int = MOST

    async def run(
        self, *arguments: str, directory: Path | None = None, remote: Remote | None = None, given: bytes = b""
    ) -> bytes:
        """What git prints. `remote` is the repository that it reaches, `given` its input. Raises GitError."""
        what = f"git {arguments[0]}{f' of {remote}' if remote else ''}"
        try:
            async with asyncio.timeout(self.limit.total_seconds()) as ours:
                with _key_file(remote) as key:
                    said = await talk(
                        ("git", *arguments),
                        environment=self.variables(remote, key),
                        directory=directory,
                        given=given,
                        most=self.most,
                    )
        except TimeoutError:
            if not ours.expired():
                raise
            raise GitError(f"{what} took longer than {self.limit}: is the server reachable from here?") from None
        except OSError as error:
            raise GitError(f"{what} cannot start: {error.strerror or error}; is git installed?") from error
        if len(said.output) > self.most:
            raise GitError(f"{what} printed more than {self.most} bytes: the repository is too large for this")
        if said.status != 0:
            raise GitError(f"{what} failed: {_reason(said.told, said.status)}")
        return said.output

    def variables(self, remote: Remote | None = None, key: str | None = None) -> dict[str, str]:
        """The environment of one command. A login counts for the host of `remote` only: no redirection gets it. `key`
        is the file of a key for ssh, the only one that is tried then."""
        kept = {k: v for k, v in self.environment.items() if not k.startswith("GIT_") or k.startswith(_KEPT)}
        pairs = list(_CONFIG.items())
        secrets = {}
        if remote is not None and remote.login is not None and remote.url.startswith("https://"):
            setting = f"credential.https://{urlsplit(remote.url).netloc}.helper"
            pairs += [(setting, ""), (setting, _HELPER)]  # the empty one drops helpers that would keep the password
            secrets = {"GIT_LOGIN": remote.login.user, "GIT_PASSWORD": remote.login.password.reveal()}
        ssh = kept.get("GIT_SSH_COMMAND", _SSH)
        return {
            **kept,
            "GIT_SSH_COMMAND": ssh if key is None else f"{ssh} {with_key(key)}",
            "LC_ALL": "C",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "GIT_ALLOW_PROTOCOL": PROTOCOLS,
            "GIT_HTTP_LOW_SPEED_LIMIT": "1000",
            "GIT_HTTP_LOW_SPEED_TIME": "60",
            **secrets,
            "GIT_CONFIG_COUNT": str(len(pairs)),
            **{f"GIT_CONFIG_KEY_{index}": key for index, (key, _) in enumerate(pairs)},
            **{f"GIT_CONFIG_VALUE_{index}": value for index, (_, value) in enumerate(pairs)},
        }


def with_key(path: str) -> str:
    """The options of ssh for a key, as words of a shell."""
    return f"-oIdentitiesOnly=yes -oIdentityAgent=none -i {shlex.quote(path)}"


@contextlib.contextmanager
def _key_file(remote: Remote | None) -> Iterator[str | None]:
    """The key of a repository in a file of mode 600, for as long as a command runs."""
    if remote is None or remote.key is None:
        yield None
        return
    with tempfile.NamedTemporaryFile("w", prefix="key-", encoding="utf-8") as file:
        file.write(remote.key.reveal())
        file.flush()
        yield file.name


def _reason(told: str, status: int) -> str:
    """What git said, in one line, with what to do about it where that is known."""
    lines = ["".join(c for c in line if c.isprintable()).strip() for line in told.splitlines()]
    marked = [line for line in lines if line.startswith(("fatal: ", "error: ", "ERROR: "))]
    said = next(iter(marked or [line for line in lines if line][-1:]), f"it ended with status {status}")
    cure = next((cure for words, cure in _CURES.items() if words in told), "")
    text = masked(said.partition(": ")[2] if marked else said)[:300]
    return f"{text} ({cure})" if cure else text
