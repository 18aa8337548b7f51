"""Integrations that open git repositories: which server each is for, and the login it gives there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from runner.integrations.catalogue import GIT_CREDENTIAL, Need
from runner.integrations.key_files import key_lines
from runner.integrations.model import ResolvedIntegration
from runner.secret import Secret

EXPECTED: Mapping[str, str] = {
    "host": "the name of a host (like git.example.com)",
    "port": "a number from 1 to 65535",
    "url": "the address of a server (like https://git.example.com)",
}
"""What the fields must be: said instead of the value where the value is a secret."""
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\]", re.ASCII)
_HOSTS = {"api.github.com": "github.com", "api.bitbucket.org": "bitbucket.org"}
"""Where an address of an integration is that of an API, the host that has the repositories."""
_BELOW = {"bitbucketServer": "/scm", "bitbucketServerBasic": "/scm", "gerritBasic": "/a"}
"""What stands between the host and the name of a repository."""
_KEYS = {
    "sshKey": "privateKey", "ssh-key": "privateKey", "pemKey": "key", "pem-key": "key", "gerritBasic": "privateKey",
}  # fmt: skip
"""The field that holds a key for ssh."""
_TOKEN_USERS = {"github": "x-access-token", "githubEnterprise": "x-access-token", "gitlab": "oauth2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How a repository is opened over https. The user may be a token too, so it is not shown."""

    user: str = field(repr=False)
    password: Secret


def is_provider(integration: ResolvedIntegration) -> bool:
    """Whether it is for a git provider, so that it also makes `org/name` an address."""
    return Need.GIT in integration.type.needs and integration.type.master_name != GIT_CREDENTIAL


def provider_address(integration: ResolvedIntegration) -> str | None:
    """What stands in front of the name of a repository; None where the provider's url is no address."""
    place = _address(integration.text("url") or "")
    if place is None:
        return None
    scheme, host, path = place
    return f"{scheme}://{host}{path}{_BELOW.get(integration.type.master_name, '')}"


def login_of(integration: ResolvedIntegration) -> Login | None:
    """None where the integration has neither a token nor a password."""
    kind, password = integration.type.master_name, integration.text("token") or integration.text("password")
    if not password:
        return None
    if kind == "bitbucket":  # an app password goes with its user, `user:password`
        user, mark, secret = password.partition(":")
        return _login(user, secret) if mark else _login("x-token-auth", password)
    return _login(_TOKEN_USERS.get(kind) or integration.text("username") or "", password)


def ssh_key(integration: ResolvedIntegration) -> Secret | None:
    """The private key that opens a repository over ssh, as OpenSSH reads it; None where the integration has none."""
    text = integration.text(_KEYS.get(integration.type.master_name, ""))
    return None if text is None else Secret(key_lines(text))


def servers(integration: ResolvedIntegration) -> tuple[str, ...]:
    """The servers, `HOST` or `HOST:PORT`, that its login is for over https; none where it is for no git repositories.

    A git credential counts for its host with the port and without it. Source: the platform."""
    if Need.GIT not in integration.type.needs:
        return ()
    if integration.type.master_name == GIT_CREDENTIAL:
        host, port = integration.text("host") or "", integration.text("port") or ""
        if not host or any(wrong_fields({"host": host, "port": port})):
            return ()
        return (host, f"{host}:{port}") if port else (host,)
    place = _address(integration.text("url") or "")
    return (place[1],) if place is not None and place[0] == "https" else ()


def credential_lines(integration: ResolvedIntegration) -> Iterator[str]:
    """What a file of `git credential-store` has for it."""
    login = login_of(integration)
    if login is not None:
        for server in servers(integration):
            yield f"https://{quote(login.user, safe='')}:{quote(login.password.reveal(), safe='')}@{server}"


def wrong_fields(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The fields that do not hold what they must, each with the sentence."""
    host, port = values.get("host"), values.get("port")
    if host and _HOST.fullmatch(host) is None:
        yield "host", f"'{host[:100]}' is not {EXPECTED['host']}"
    if port and not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        yield "port", f"'{port[:100]}' is not {EXPECTED['port']}"
    if (url := values.get("url")) and _address(url) is None:
        yield "url", f"is not {EXPECTED['url']}"  # it may hold a password


def _login(user: str, password: str) -> Login:
    return Login(user=user, password=Secret(password))


def _address(url: str) -> tuple[str, str, str] | None:
    """Scheme, host with its port, and path in front of the API's; None where the url has no scheme or no host."""
    try:
        place = urlsplit(url)
        host = place.netloc.rpartition("@")[2]
        name = host.removesuffix(f":{place.port}")
    except ValueError:  # brackets that do not match, a port that is no number
        return None
    if not place.scheme or _HOST.fullmatch(name) is None:
        return None
    return place.scheme, _HOSTS.get(host, host), f"{place.path}/".partition("/api/")[0].rstrip("/")
