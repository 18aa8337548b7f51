"""The way to a service: with the secrets that the job has, or by the runner, which keeps them back from jobs."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.shipctl.posting import ANSWER_BYTES, ANSWER_S, Answer, UnreachableError, ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Reach(Protocol):
        def ask(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> Answer:
            """The answer to one request; `path` goes behind the address of the service. Raises UnreachableError."""


PLACE, TOKEN = "SHIPPABLE_NOTIFY", "SHIPPABLE_NOTIFY_TOKEN"
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Direct:
    """`query` and `headers` are what opens the service."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""

    def ask(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> Answer:
        query = f"{'&' if '?' in path else '?'}{self.query}" if self.query else ""
        return ask(method, f"{self.url}{path}{query}", data, {**headers, **self.headers})


@dataclass(frozen=True, slots=True)
class ByRunner:
    """The runner knows what opens the service of this integration."""

    integration: str

    def ask(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> Answer:
        body = data or b""
        head = {
            "token": os.environ.get(TOKEN, ""),
            "integration": self.integration,
            "method": method,
            "path": path,
            "headers": dict(headers),
            "length": len(body),
        }
        try:
            said, answer = _exchange(os.environ[PLACE], json.dumps(head).encode() + b"\n" + body)
        except OSError as error:
            raise UnreachableError(f"the runner cannot be asked: {error.strerror or error}") from None
        except ValueError:
            raise UnreachableError("the runner gave no answer that can be read") from None
        if "error" in said:
            raise UnreachableError(str(said["error"]))
        status = said["status"]
        return Answer(str(said["host"]), status if isinstance(status, int) else 0, answer)


def kept_back(secret: str) -> bool:
    """Whether the job is without this secret because the runner sends with it."""
    return not secret and bool(os.environ.get(PLACE))


def post_json(reach: Reach, path: str, body: object) -> Answer:
    """`body` is sent as it is if it is bytes. Raises UnreachableError."""
    data = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
    return reach.ask("POST", path, data, JSON)


def _exchange(path: str, request: bytes) -> tuple[dict[str, object], bytes]:
    directory, _, name = path.rpartition("/")
    place = os.open(directory, os.O_PATH | os.O_DIRECTORY)  # the address of a socket must be short, a path need not
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(2 * ANSWER_S)
        try:
            connection.connect(f"/proc/self/fd/{place}/{name}")
        finally:
            os.close(place)
        connection.sendall(request)
        with connection.makefile("rb") as stream:
            said = json.loads(stream.readline(65536))
            length = said.get("length", 0)
            return said, stream.read(min(length, ANSWER_BYTES)) if isinstance(length, int) else b""
