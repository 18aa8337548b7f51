"""Requests of `shipctl notify`. Addresses and tokens stay out of every message: the address of a webhook is a secret.

Proxies are those of the environment. A redirect is an answer, not an order.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, InvalidURL
from urllib.error import URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request, UnknownHandler

from runner.shipctl.console import complain, say

SILENCE_S = 20.0
"""How long a service may say nothing."""
ANSWER_S = 60.0
"""How long an answer may take."""
ANSWER_BYTES = 1 << 20
"""What is read of an answer."""


def part_of_url(text: str) -> str:
    """`text` as one part of a path or a query, whatever it holds."""
    return quote(text, safe="", errors="surrogateescape")


class UnreachableError(Exception):
    """The service was not told; the text is a sentence for standard error, the exit status is 1."""


@dataclass(frozen=True, slots=True)
class Answer:
    host: str
    status: int
    body: bytes

    def show(self) -> None:
        """Print what the service says; where it refuses, that goes to standard error."""
        say(self.body)
        if self.status >= 300:
            complain(f"shipctl notify: {self.host} answered with status {self.status}")


def ask(method: str, url: str, data: bytes | None, headers: Mapping[str, str]) -> Answer:
    """The answer to one request, of whatever status; http where the address names no scheme. Raises
    UnreachableError."""
    if "://" not in url:
        url = f"http://{url}"
    opener = OpenerDirector()
    for part in (ProxyHandler(), HTTPHandler(), HTTPSHandler(), UnknownHandler()):
        opener.add_handler(part)
    opener.addheaders = [("User-Agent", "shipctl")]
    host = "the service"
    try:
        host = urlsplit(url).hostname or host
        request = Request(url, data, dict(headers), method=method)
        return _exchange(opener, request, host)
    except OSError as error:
        raise UnreachableError(f"{host} cannot be told: {_reason(error)}") from None
    except (InvalidURL, ValueError):
        raise UnreachableError("the address or the token in the integration is malformed") from None
    except HTTPException:
        raise UnreachableError(f"{host} gave no answer that can be read") from None


def _exchange(opener: OpenerDirector, request: Request, host: str) -> Answer:
    end = time.monotonic() + ANSWER_S
    parts: list[bytes] = []
    with opener.open(request, timeout=SILENCE_S) as response:
        while sum(map(len, parts)) < ANSWER_BYTES and (part := response.read1(65536)):
            parts.append(part)
            if time.monotonic() > end:
                raise TimeoutError("its answer takes too long")
        return Answer(host, response.status, b"".join(parts)[:ANSWER_BYTES])


def _reason(error: OSError) -> str:
    inner = error.reason if isinstance(error, URLError) else error
    return (inner.strerror or str(inner)) if isinstance(inner, OSError) else str(inner)
