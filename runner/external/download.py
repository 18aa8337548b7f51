"""Fetching one public text over https, within limits of size, time and redirects. Nothing secret is sent or told."""

from __future__ import annotations

import asyncio
import os
import ssl
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from runner.errors import RunnerError
from runner.pipeline.references import problem_of

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REFUSALS = frozenset({401, 403, 404})
_PART = 65_536
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "shippable-runner"}


class FetchError(RunnerError):
    """The text cannot be had; the sentence goes on behind its address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`size` in bytes; `time` is that of everything: the name, the connection, redirects and the content."""

    size: int = 1_000_000
    time: timedelta = timedelta(seconds=30)
    redirects: int = 5


async def download(address: str, limits: Limits | None = None) -> bytes:
    """The content of an https address. Authorities are those of the host, or of `SSL_CERT_FILE`; proxies are those of
    the environment; credentials of `.netrc` are not used. Raises FetchError."""
    limits = limits or Limits()
    try:
        async with asyncio.timeout(limits.time.total_seconds()):
            context = await asyncio.to_thread(ssl.create_default_context)
            async with aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=context),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=_HEADERS,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                auto_decompress=False,
            ) as session:
                return await _follow(session, address, limits)
    except aiohttp.ClientError as error:
        raise FetchError(_reason(error)) from None
    except TimeoutError:
        raise FetchError(f"was not there within {limits.time.total_seconds():g} s") from None


async def _follow(session: aiohttp.ClientSession, address: str, limits: Limits) -> bytes:
    for _ in range(limits.redirects + 1):
        async with session.get(URL(address), allow_redirects=False, proxy=_proxy(address)) as answer:
            if answer.status not in _REDIRECTS:
                return await _content(answer, limits)
            address = _beyond(address, answer.headers.get("Location", ""))
        if problem_of(address):
            raise FetchError("redirects to what is no public https address")
    raise FetchError(f"redirects more than {limits.redirects} times")


def _beyond(address: str, location: str) -> str:
    """Where a redirect leads; an empty text where that is no address."""
    try:
        return urljoin(address, location).partition("#")[0]
    except ValueError:  # brackets that do not match
        return ""


async def _content(answer: aiohttp.ClientResponse, limits: Limits) -> bytes:
    if answer.status != HTTPStatus.OK:
        raise FetchError(f"answers {_status(answer.status)}{_advice(answer.status)}")
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise FetchError("sends what is compressed, though plain text was asked for")
    content = bytearray()
    async for part in answer.content.iter_chunked(_PART):
        content += part
        if len(content) > limits.size:
            raise FetchError(f"is larger than {limits.size / 1e6:g} MB")
    return bytes(content)


def _status(number: int) -> str:
    known = number in HTTPStatus._value2member_map_
    return f"{number} {HTTPStatus(number).phrase}" if known else str(number)


def _advice(status: int) -> str:
    return ": it must be public, for nobody logs in there" if status in _REFUSALS else ""


def _proxy(address: str) -> str | None:
    """The proxy that the environment names for this address."""
    host = urlsplit(address).hostname or ""
    return None if proxy_bypass(host) else getproxies().get("https")


def _reason(error: aiohttp.ClientError) -> str:
    """In words of ours: the texts of exceptions may hold what is not to be shown."""
    match error:
        case aiohttp.ClientConnectorCertificateError(certificate_error=ssl.SSLCertVerificationError() as refused):
            return f"has a certificate that is not trusted here ({refused.verify_message})"
        case aiohttp.ClientConnectorDNSError():
            return "cannot be reached: its host is not known"
        case aiohttp.ClientSSLError():
            return "cannot be reached: no TLS connection comes about"
        case aiohttp.ClientHttpProxyError(status=status):
            return f"cannot be reached: the proxy answers {_status(status)}"
        case aiohttp.ClientConnectorError(os_error=OSError(errno=int(number))):
            return f"cannot be reached: {os.strerror(number).lower()}"
        case _:
            return "cannot be had: the connection broke off"
