"""Where the repository of a resource is, and how it is opened: what the file says, completed by its integration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from runner.integrations.git_access import Login, is_provider, login_of, provider_address, ssh_key
from runner.integrations.model import ResolvedIntegration
from runner.service.git import GitError, Remote
from runner.triggers.addresses import full_name, is_full_name, masked


def remote_of(source: str, integration: ResolvedIntegration | None, known_url: str = "") -> Remote:
    """`source` is what the file says: `org/name`, an address, or an absolute path. `known_url` is the address that an
    event told, for a repository that is open to all.

    A whole address is opened over ssh with the key of the integration, where that has one. Raises GitError for a name
    that nothing completes, and where a token would go to a host that it is not for."""
    mine = integration if integration is not None and is_provider(integration) else None
    if not is_full_name(source):
        remote = Remote.of(source, None if mine is None else _login_for(source, mine))
        return remote if integration is None else replace(remote, key=ssh_key(integration))
    if mine is not None:
        return Remote(f"{_base(mine)}/{full_name(source)}.git", login_of(mine))
    if known_url:
        return Remote.of(known_url)
    raise GitError(
        f"'{source}' has no address: name an integration of a git provider with it, or write the whole address "
        "(https://…, ssh://…, an absolute path) as its sourceName"
    )


def _login_for(address: str, integration: ResolvedIntegration) -> Login | None:
    """The login for a whole address; only https needs one. Raises GitError."""
    place, own = urlsplit(address), urlsplit(_base(integration))
    if place.scheme != "https":
        return None
    if place.hostname != own.hostname:
        raise GitError(f"integration '{integration.name}' is for {own.hostname}, not for {masked(address)}")
    return login_of(integration)


def _base(integration: ResolvedIntegration) -> str:
    """The address in front of a repository's name. Raises GitError."""
    if (address := provider_address(integration)) is None:
        url = integration.text("url") or ""
        raise GitError(f"the url of integration '{integration.name}' is no address: {masked(url)}")
    return address


def known_url(facts: Mapping[str, object]) -> str:
    """The address in `normalizedRepo` of a version."""
    url = facts.get("repositoryHttpsUrl")
    return url if isinstance(url, str) and url.startswith("https://") else ""
