"""What a browser could be made to send on behalf of somebody else, and is refused."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from aiohttp import web

from runner.api.refusals import RefusedError
from runner.service.settings import Address


def check_origin(request: web.Request) -> None:
    """No page may change anything: there is no CORS, and the API has no pages of its own that would.
    Raises RefusedError."""
    if "Origin" in request.headers:
        raise RefusedError(403, "requests from web pages change nothing here: call the API from a program")


def check_host(request: web.Request, listening: Iterable[Address], public_url: str | None) -> None:
    """Over a loopback address only the names of this host are right: a page whose name was made to point here (DNS
    rebinding) sends its own. Raises RefusedError."""
    own = request.get_extra_info("sockname")
    if own is None or not is_loopback(str(own[0])):
        return
    host = host_name(f"//{request.headers.get('Host', '')}")
    known = {"localhost", *(address.host.lower() for address in listening)}
    if public_url is not None:
        known.add(host_name(public_url))
    if host not in known and not is_loopback(host):
        raise RefusedError(421, "this host is not known by that name: set server.public_url to how it is called")


def host_name(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
