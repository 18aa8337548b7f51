"""Where a service is: its unix socket on this host, or a TCP address."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from runner.errors import UsageError

SYSTEM_SOCKET = Path("/run/shippable-runner/api.sock")
PORTS = {"http": 80, "https": 443}
FORMS = "give local, unix:///path/to/api.sock, http://HOST:PORT or https://HOST"
ELSEWHERE = "no token belongs there, it would be seen in the list of processes: set RUNNER_TOKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """`socket` is there for a unix socket, else `host` and `port`. `text` is how people name it."""

    text: str
    socket: Path | None = None
    host: str = "localhost"
    port: int = 0
    tls: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """`unix:///run/shippable-runner/api.sock`, `http://127.0.0.1:8080`, `https://build.example`. Raises
        UsageError."""
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError as error:
            raise UsageError(f"--host {text!r}: {error}; {FORMS}") from None
        if parts.username is not None or parts.password is not None:
            raise UsageError(f"--host {parts.scheme}://…@{parts.hostname}: {ELSEWHERE}")
        if parts.query or parts.fragment:
            raise UsageError(f"--host {parts.scheme}://{parts.netloc}{parts.path}?…: {ELSEWHERE}; {FORMS}")
        if parts.scheme == "unix" and not parts.netloc and parts.path.startswith("/"):
            return cls.of_socket(Path(parts.path))
        if parts.scheme not in PORTS or not parts.hostname or parts.path not in ("", "/"):
            raise UsageError(f"--host {text!r} is no address of a service: {FORMS}")
        return cls(
            text=text.rstrip("/"),
            host=parts.hostname,
            port=PORTS[parts.scheme] if port is None else port,
            tls=parts.scheme == "https",
        )

    @classmethod
    def of_socket(cls, path: Path) -> Self:
        return cls(text=f"unix://{path}", socket=path)
