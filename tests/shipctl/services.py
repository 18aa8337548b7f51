"""Services that `shipctl notify` talks to, on 127.0.0.1: they write down what they are told."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class WebService:
    url: str = ""
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """What a path answers (without its query); all others `ok`."""
    requests: list[Request] = field(default_factory=list)


@contextmanager
def web_service() -> Iterator[WebService]:
    service = WebService()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            service.requests.append(Request(self.command, self.path, headers, body))
            status, answer = service.answers.get(self.path.partition("?")[0], (200, b"ok"))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST  # noqa: N815  the name that the base class calls

        def log_message(self, format: str, *words: object) -> None:
            pass

    with _running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        service.url = f"http://127.0.0.1:{port}"
        yield service


@dataclass
class IrcServer:
    address: str = ""
    greeting: list[str] = field(default_factory=lambda: [":irc PING x", ":irc 001 nick :Welcome"])
    """What it says to a NICK, all but the first of several nicks: `taken` counts those that it refuses."""
    taken: int = 0
    refusal: str = ""
    """What it says to a JOIN."""
    lines: list[str] = field(default_factory=list)


@contextmanager
def irc_server() -> Iterator[IrcServer]:
    server = IrcServer()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while line := self.rfile.readline().decode().rstrip("\r\n"):
                server.lines.append(line)
                if line == "QUIT":
                    return
                if line.startswith("NICK"):
                    self.greet()
                if line.startswith("JOIN") and server.refusal:
                    self.wfile.write(f"{server.refusal}\r\n".encode())

        def greet(self) -> None:
            server.taken -= 1
            words = [":irc 433 * nick :in use"] if server.taken >= 0 else server.greeting
            self.wfile.write("".join(f"{word}\r\n" for word in words).encode())

    with _running(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        server.address = f"127.0.0.1:{port}"
        yield server


@contextmanager
def _running(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.socket.getsockname()[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
