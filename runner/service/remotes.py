"""Where the repository of a resource is, and how it is opened: what the file says, completed by its integration."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from runner.integrations.model import ResolvedIntegration
from runner.secret import Secret
from runner.service.git import GitError, Login, Remote
from runner.triggers.addresses import full_name, is_full_name, masked

_HOSTS = {"api.github.com": "github.com", "api.bitbucket.org": "bitbucket.org"}
"""Where an address of an integration is that of an API, the host that has the repositories."""
_BELOW = {"bitbucketServer": "/scm", "bitbucketServerBasic": "/scm", "gerritBasic": "/a"}
"""What stands between the host and the name of a repository."""
_TOKEN_USERS = {"github": "x-access-token", "githubEnterprise": "x-access-token", "gitlab": "oauth2"}
_TYPES = frozenset({*_TOKEN_USERS, *_BELOW, "bitbucket"})


def remote_of(source: str, integration: ResolvedIntegration | None, known_url: str = "") -> Remote:
    """`source` is what the file says: `org/name`, an address, or an absolute path. `known_url` is the address that an
    event told, for a repository that is open to all.

    Raises GitError for a name that nothing completes, and where a token would go to a host that it is not for."""
    mine = integration if integration is not None and integration.type.master_name in _TYPES else None
    if not is_full_name(source):
        return Remote.of(source, None if mine is None else _login_for(source, mine))
    if mine is not None:
        return Remote(f"{_base(mine)}/{full_name(source)}.git", _login(mine))
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
    return _login(integration)


def _base(integration: ResolvedIntegration) -> str:
    """The address in front of a repository's name. Raises GitError."""
    url = integration.text("url") or ""
    place = urlsplit(url)
    if not place.hostname:
        raise GitError(f"the url of integration '{integration.name}' is no address: {masked(url)}")
    host = place.netloc.rpartition("@")[2]
    path = f"{place.path}/".partition("/api/")[0].rstrip("/")
    below = _BELOW.get(integration.type.master_name, "")
    return f"{place.scheme}://{_HOSTS.get(host, host)}{path}{below}"


def _login(integration: ResolvedIntegration) -> Login | None:
    type_, password = integration.type.master_name, _first(integration, "token", "password")
    if not password:
        return None
    if type_ == "bitbucket":  # an app password goes with its user, `user:password`
        user, mark, secret = password.partition(":")
        return Login(user=user, password=Secret(secret)) if mark else _token("x-token-auth", password)
    user = _TOKEN_USERS.get(type_) or integration.text("username") or ""
    return _token(user, password)


def _token(user: str, password: str) -> Login:
    return Login(user=user, password=Secret(password))


def _first(integration: ResolvedIntegration, *fields: str) -> str:
    return next((text for field in fields if (text := integration.text(field))), "")


def known_url(facts: Mapping[str, object]) -> str:
    """The address in `normalizedRepo` of a version."""
    url = facts.get("repositoryHttpsUrl")
    return url if isinstance(url, str) and url.startswith("https://") else ""
