"""A server of git repositories over https that wants a login, on a free port of 127.0.0.1."""

from __future__ import annotations

import base64
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

USER, PASSWORD = "me@work", "p@ss: w/örd'$(id)"


@dataclass(frozen=True)
class Server:
    """`certificate` is its own, which git has to be told to trust; `place` holds the repositories."""

    place: Path
    port: int
    certificate: Path

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"


class Files(SimpleHTTPRequestHandler):
    """The plain files of bare repositories, which git can clone as they are."""

    expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    def do_GET(self) -> None:
        if self.headers.get("Authorization") == self.expected:
            super().do_GET()
            return
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def https_server(place: Path) -> Iterator[Server]:
    key, certificate = place / "key.pem", place / "certificate.pem"
    subject = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "1", "-nodes")
    made = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", key, "-out", certificate)
    subprocess.run(["openssl", "req", "-x509", *subject, *made], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    repositories = place / "repositories"
    repositories.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(repositories))) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Server(repositories, server.server_address[1], certificate)
        finally:
            server.shutdown()
            thread.join()
