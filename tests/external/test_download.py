"""Fetching one text: its limits, and what is said when it cannot be had. Nothing secret is sent or told."""

from __future__ import annotations

import socket
from datetime import timedelta
from pathlib import Path

import pytest

from runner.external.download import FetchError, Limits, download
from tests.external.abroad import Abroad, Answer

LONG = Answer(b"x" * 2000)


async def refusal(address: str, limits: Limits | None = None) -> str:
    with pytest.raises(FetchError) as error:
        await download(address, limits)
    return str(error.value)


async def test_a_text_comes_as_it_is_and_nothing_is_told_about_who_asks(
    abroad: Abroad, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine localhost login jane password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert await download(abroad.put("/a%20b.yml?ref=main", "a: é\r\n")) == "a: é\r\n".encode()
    ((path, headers),) = abroad.asked
    assert path == "/a%20b.yml?ref=main"
    assert headers.keys() <= {"Host", "Accept", "Accept-Encoding", "User-Agent"}


@pytest.mark.parametrize("size", [1999, 2000])
async def test_the_size_has_a_limit(abroad: Abroad, size: int) -> None:
    abroad.answers["/x"] = LONG
    if size < 2000:
        assert await refusal(abroad.address("/x"), Limits(size=size)) == "is larger than 0.001999 MB"
    else:
        assert len(await download(abroad.address("/x"), Limits(size=size))) == size


async def test_the_time_has_a_limit(abroad: Abroad) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # nobody answers to the handshake
        limits = Limits(time=timedelta(milliseconds=100))
        assert await refusal(f"https://localhost:{silent.getsockname()[1]}/x", limits) == "was not there within 0.1 s"


async def test_redirects_are_followed_over_https_only_and_not_for_ever(abroad: Abroad) -> None:
    good = abroad.put("/there", "a: 1\n")
    for path, target in {"/a": "/b", "/b": good, "/loop": "/loop", "/none": ""}.items():
        abroad.answers[path] = Answer(status=302, headers=(("Location", target),) if target else ())
    abroad.answers["/http"] = Answer(status=301, headers=(("Location", good.replace("https", "http")),))
    abroad.answers["/broken"] = Answer(status=302, headers=(("Location", "https://["),))
    abroad.answers["/user"] = Answer(status=307, headers=(("Location", good.replace("//", "//u:hunter2@")),))
    assert await download(abroad.address("/a")) == b"a: 1\n"
    assert await refusal(abroad.address("/loop")) == "redirects more than 5 times"
    assert await refusal(abroad.address("/http")) == "redirects to what is no public https address"
    assert await refusal(abroad.address("/user")) == "redirects to what is no public https address"
    assert await refusal(abroad.address("/broken")) == "redirects to what is no public https address"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(status=404), "answers 404 Not Found: it must be public, for nobody logs in there"),
        (Answer(status=503), "answers 503 Service Unavailable"),
        (Answer(status=299), "answers 299"),
        (Answer(b"a: 1", whole=False), "cannot be had: the connection broke off"),
        (
            Answer(b"x", headers=(("Content-Encoding", "gzip"),)),
            "sends what is compressed, though plain text was asked for",
        ),
    ],
)
async def test_what_cannot_be_had_is_said_in_words(abroad: Abroad, answer: Answer, why: str) -> None:
    abroad.answers["/x"] = answer
    assert await refusal(abroad.address("/x")) == why


async def test_a_server_that_nobody_vouches_for_is_not_asked(abroad: Abroad, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    why = await refusal(abroad.put("/x", "a: 1\n"))
    assert why.startswith("has a certificate that is not trusted here (self")
    assert abroad.asked == []


async def test_a_server_that_is_not_there_is_said_to_be_unreachable(abroad: Abroad) -> None:
    assert await refusal("https://localhost:1/x") == "cannot be reached: connection refused"


async def test_a_proxy_of_the_environment_is_asked(abroad: Abroad, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("https_proxy", "http://jane:hunter2@127.0.0.1:1")
    why = await refusal(abroad.address("/x"))
    assert why == "cannot be reached: connection refused"
