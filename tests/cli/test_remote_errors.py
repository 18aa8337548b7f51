"""What people read where a service cannot be asked."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runner.client.address import Address
from runner.client.token import read_token
from runner.errors import UsageError
from tests.cli.remote_service import Command


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("RUNNER_HOST", raising=False)
    monkeypatch.chdir(tmp_path)
    return Command(monkeypatch, capsys)


@contextmanager
def web(status: int, body: str, location: str = "") -> Iterator[str]:
    """Some web server that is no service."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is said."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("stale", [False, True])
def test_a_service_that_does_not_run(runner: Command, tmp_path: Path, stale: bool) -> None:
    if stale:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(f"{tmp_path}/api.sock")
    said = runner("builds", "--host", f"unix://{tmp_path}/api.sock")
    assert said.code == 1
    assert said.err == (
        f"runner: no service answers at unix://{tmp_path}/api.sock: start it there ('runner serve', or its unit), or "
        "name another place with --host\n"
    )


def test_a_port_where_nobody_listens(runner: Command) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        said = runner("jobs", "--host", f"http://127.0.0.1:{free.getsockname()[1]}")
    assert (said.code, "no service answers at http://127.0.0.1:" in said.err) == (1, True)


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (200, "<html>", "answers what this runner (0.1.0) does not understand: its service is of another version"),
        (200, '{"jobs": [{"name": "a"}]}', "does not understand: its service is of another version"),
        (404, "not here", "does not understand: its service is of another version"),
        (500, '{"error": {"code": "x", "message": "bad \\u001b[2Jday"}}', "has failed: bad day"),
        (503, '{"error": {"code": "x", "message": "it is locked"}}', "cannot answer now: it is locked"),
        (403, '{"error": {"code": "x", "message": "it needs the scope run"}}', "does not let you do that: it needs"),
        (302, "", "is elsewhere: --host https://other.example/"),
    ],
)  # fmt: skip
def test_answers_that_are_none(runner: Command, status: int, body: str, sentence: str) -> None:
    with web(status, body, "https://other.example/") as url:
        said = runner("jobs", "--host", url)
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert f"{url} {sentence}" in said.err or (sentence in said.err and url in said.err)


def test_what_is_no_http_at_all(runner: Command) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def answer() -> None:
            with listening.accept()[0] as connection:
                connection.recv(65536)
                connection.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        said = runner("jobs", "--host", f"http://127.0.0.1:{listening.getsockname()[1]}")
        thread.join()
    assert (said.code, "answers, but not as a service does" in said.err) == (1, True)


@pytest.mark.parametrize(
    "text",
    ["", "build.example", "ftp://build.example", "unix://api.sock", "http://", "http://h:99999", "http://h/path"],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageError, match="give local, unix:///path/to/"):
        Address.parse(text)


@pytest.mark.parametrize("text", ["http://user:secret@h", "https://h/?token=secret"])
def test_a_token_in_an_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError, match="set RUNNER_TOKEN") as refused:
        Address.parse(text)
    assert "secret" not in str(refused.value)


def test_addresses() -> None:
    assert Address.parse("unix:///run/a.sock").socket == Path("/run/a.sock")
    plain, tls = Address.parse("http://[::1]:8080/"), Address.parse("https://build.example")
    assert (plain.host, plain.port, plain.tls) == ("::1", 8080, False)
    assert (tls.host, tls.port, tls.tls) == ("build.example", 443, True)


@pytest.mark.parametrize("text", ["", "two words", "new\nline", "ümlaut"])
def test_a_token_that_cannot_be_one(text: str, tmp_path: Path) -> None:
    file = tmp_path / "shippable-runner" / "token"
    file.parent.mkdir()
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(UsageError, match="this is no token"):
        read_token({"XDG_CONFIG_HOME": str(tmp_path)})


def test_the_settings_say_where_the_service_of_this_host_is(runner: Command, tmp_path: Path) -> None:
    settings = tmp_path / "runner.toml"
    settings.write_text(f'[server]\nsocket = "{tmp_path}/own.sock"\n')
    for arguments in (["jobs"], ["builds", "--host", "local"]):
        assert f"unix://{tmp_path}/own.sock" in runner(*arguments, RUNNER_CONFIG=str(settings)).err
