"""What must hold between the keys of the settings."""

from __future__ import annotations

import re
import shlex
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import NODEFAULT

from runner.notifications.smtp import Security, is_sender
from runner.service.settings_keys import NAME, all_keys

KeyPath = tuple[str, ...]
Values = Mapping[KeyPath, object]

NAMES = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
LONGEST_SOCKET = 107
"""Bytes of a unix socket's path (unix(7))."""


def check(values: Values, tables: Iterable[KeyPath]) -> Iterator[tuple[KeyPath, str]]:
    """Each key or table that does not go with the others, with the sentence. `tables` are those with chosen names."""
    for table in tables:
        yield from _name(table)
        yield from _required(values, table)
        match table:
            case ("pipelines", name):
                yield from _pipeline(values, name)
            case ("webhooks", name):
                yield from _webhook(values, name)
    yield from _socket(values["server", "socket"])
    yield from _users(values)
    yield from _keys(values["secrets", "keys"])
    yield from _smtp(values)


def _name(table: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if not NAMES.fullmatch(table[-1]):
        yield table, "a name has letters, digits, '.', '_' and '-', begins with a letter or digit, and at most 64 signs"


def _required(values: Values, table: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    for key in all_keys():
        if key.path[:-1] == (*table[:-1], NAME) and key.default is NODEFAULT and (*table, key.path[-1]) not in values:
            yield (*table, key.path[-1]), f"is missing: {key.kind.expected}"


def _pipeline(values: Values, name: str) -> Iterator[tuple[KeyPath, str]]:
    path, git, branch = (values.get(("pipelines", name, key)) for key in ("path", "git", "branch"))
    if (path is None) == (git is None):
        yield ("pipelines", name), "needs either path, a directory of this host, or git, a repository"
    elif branch is not None and git is None:
        yield ("pipelines", name, "branch"), "goes with git only: a directory is taken as it is"


def _webhook(values: Values, name: str) -> Iterator[tuple[KeyPath, str]]:
    given = [key for key in ("secret_file", "secret_env") if values.get(("webhooks", name, key)) is not None]
    if len(given) != 1:
        yield (
            ("webhooks", name),
            "needs either secret_file or secret_env: where the secret is that its sender signs with",
        )


def _socket(path: object) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(path, Path) and len(bytes(path)) > LONGEST_SOCKET:
        yield ("server", "socket"), f"is too long: a socket's path has at most {LONGEST_SOCKET} bytes"


def _keys(directory: object) -> Iterator[tuple[KeyPath, str]]:
    """It need not be there; whoever can write into it could put keys of his own in the place of others."""
    try:
        facts = directory.stat() if isinstance(directory, Path) else None
    except OSError:
        facts = None
    if facts is not None and not stat.S_ISDIR(facts.st_mode):
        yield ("secrets", "keys"), f"must be a directory, and {directory} is none: it holds NAME.key of each key pair"
    elif facts is not None and facts.st_mode & 0o022:
        mode = stat.S_IMODE(facts.st_mode)
        name = shlex.quote(str(directory))
        yield ("secrets", "keys"), f"can be written by others than its owner (mode {mode:03o}); run: chmod 700 {name}"


def _smtp(values: Values) -> Iterator[tuple[KeyPath, str]]:
    """A password is needed for a login, and is sent over an encrypted connection only."""
    user, security, sender = (values.get(("smtp", key)) for key in ("user", "security", "sender"))
    if isinstance(sender, str) and not is_sender(sender):
        yield ("smtp", "sender"), "must be an e-mail address such as builds@example.com"
    given = [key for key in ("password_file", "password_env") if values.get(("smtp", key)) is not None]
    if user is None and given:
        yield ("smtp", given[0]), "goes with smtp.user only"
    elif user is not None and len(given) != 1:
        yield ("smtp", "user"), "needs either password_file or password_env: where its password is"
    elif user is not None and security is Security.NONE:
        yield ("smtp", "security"), "must be starttls or tls where there is a user: a password is not sent in plain"


def _users(values: Values) -> Iterator[tuple[KeyPath, str]]:
    users = values.get(("jobs", "users"))
    names = users if isinstance(users, tuple) else ()
    pools = [value for path, value in values.items() if path[0] == "pools" and isinstance(value, int)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield ("jobs", "users"), f"'{name}' is there twice: each user has one build at a time"
    if 0 < len(set(names)) == len(names) < sum(pools):
        yield (
            ("jobs", "users"),
            f"{sum(pools)} builds may run at the same time, by [pools], but there are {len(names)} job users: "
            f"name {sum(pools)}, or lower a pool",
        )
