"""A public place on 127.0.0.1: a server that speaks TLS, with an authority of its own."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


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


def certificate(directory: Path) -> tuple[Path, Path]:
    """A certificate of localhost that is its own authority, and the file with its key as well."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    authority, whole = directory / "authority.pem", directory / "server.pem"
    authority.write_bytes(public)
    whole.write_bytes(private + public)
    return authority, whole


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
