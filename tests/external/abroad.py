"""A public place on 127.0.0.1: a server that speaks TLS, with an authority of its own."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    whole: bool = True
    """Whether the length that is told is that of the body; else more is promised."""


@dataclass(slots=True)
class Abroad:
    """`answers` by their path; `asked` are the requests that came, each with its headers."""

    port: int = 0
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def put(self, path: str, text: str) -> str:
        """Have a text at this path; gives its address."""
        self.answers[path] = Answer(text.encode())
        return self.address(path)

    def address(self, path: str) -> str:
        return f"https://localhost:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@contextmanager
def serving(whole: Path) -> Iterator[Abroad]:
    abroad = Abroad()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            abroad.asked.append((self.path, dict(self.headers)))
            answer = abroad.answers.get(self.path, Answer(status=404))
            self.send_response(answer.status)
            for header in answer.headers:
                self.send_header(*header)
            self.send_header("Content-Length", str(len(answer.body) + (0 if answer.whole else 10)))
            self.end_headers()
            self.wfile.write(answer.body)
            self.close_connection |= not answer.whole

        def log_message(self, format: str, *args: object) -> None:
            """Tests look at `asked`."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Clients that trust nobody go in the middle of the handshake: that is what is tested."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(whole)
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    abroad.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield abroad
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
