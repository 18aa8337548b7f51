"""Addresses of repositories: what `sourceName` may say, and whether two of them are the same repository."""

from __future__ import annotations

import re

from runner.triggers.git_events import Repository

_USER_INFO = re.compile(r"(?<=://)[^/@\s]*@")
_SCP = re.compile(r"(?:[^@/\s:]+@)?(?P<host>[^@/\s:]+):(?!//)(?P<path>.+)")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^/@]*@)?(?P<host>[^/]*)(?P<path>/.*)?", re.IGNORECASE)


def masked(text: str) -> str:
    """The text with `user:password@` of every address in it replaced."""
    return _USER_INFO.sub("****@", text)


def is_full_name(source: str) -> bool:
    """Whether this is `org/name` (or `group/sub/name`), so that only a provider's address makes it complete."""
    return (
        "/" in source
        and "://" not in source
        and _SCP.fullmatch(source) is None
        and not source.startswith(("/", ".", "~"))
    )


def full_name(source: str) -> str:
    """`org/name` of an address: its path without `.git`; a name stays what it is."""
    found = _URL.fullmatch(source) or _SCP.fullmatch(source)
    path = (found["path"] or "") if found else source
    return path.strip("/").removesuffix(".git")


def same_repository(source: str, repository: Repository) -> bool:
    """Whether `source`, as a file has it, is this repository; case does not count. Source of that: the platform."""
    if is_full_name(source):
        return full_name(source).casefold() == repository.full_name.casefold()
    known = {_place(url) for url in (repository.ssh_url, repository.https_url) if url}
    return _place(source) in known


def _place(address: str) -> tuple[str, str]:
    """Host and path, without what differs between the ways to one repository."""
    found = _URL.fullmatch(address) or _SCP.fullmatch(address)
    host = found["host"].casefold() if found else ""
    if address.lower().startswith("ssh://"):
        host = host.partition(":")[0]
    return host, full_name(address).casefold()
