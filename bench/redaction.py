"""The redactor by itself: what it costs to look for ten secrets in all their forms."""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random

from bench.figures import Figure
from runner.logs.redaction import Redactor

READ = 64 * 1024  # bytes: what a full pipe gives the supervisor at once
MEGABYTES = 64
LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
WORDS = (  # as builds print them
    "Compiling src/main.c warning: unused variable PASSED tests/test_api.py::test_login [ 42%] ----- Downloading "
    "https://registry.example/pkg-1.2.3.tgz ok 0x7ffe INFO /usr/lib/x86_64"
)


def redaction() -> list[Figure]:
    random = Random(1)
    tokens = [bytes(random.choices(LETTERS + b"+/", k=40)) for _ in range(8)]
    password = b'it\'s <a> "pass" & 100% $ecret'
    key = b"-----BEGIN PRIVATE KEY-----\n%b\n-----END PRIVATE KEY-----\n" % b"\n".join(
        bytes(random.choices(LETTERS, k=64)) for _ in range(26)
    )
    reads = _reads(random)
    return [
        _figure("redaction, 10 secrets in all forms", Redactor([*tokens, password, tokens[0][::-1]]), reads),
        _figure("redaction, 10 secrets, one of them a key", Redactor([*tokens, password, key]), reads),
    ]


def _figure(what: str, redactor: Redactor, reads: list[bytes]) -> Figure:
    return Figure(
        what=what,
        measured=_speed(redactor.feed, reads),
        floor=_speed(lambda read: bytes(bytearray(read)), reads),
        unit="MB/s",
        aim=">= 500",
        floor_is="the same reads copied twice",
    )


def _speed(take: Callable[[bytes], bytes], reads: list[bytes]) -> float:
    """MB/s, the best of five."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        for read in reads:
            take(read)
        times.append(time.perf_counter() - began)
    return MEGABYTES / min(times)


def _reads(random: Random) -> list[bytes]:
    """Lines of 100 bytes, cut without regard to their ends."""
    words = WORDS.split()
    lines = [f"{n:08d} {' '.join(random.choices(words, k=6))}".ljust(99, ".")[:99] + "\n" for n in range(10_000)]
    text = "".join(lines).encode()
    text *= MEGABYTES * 1_000_000 // len(text)
    return [text[at : at + READ] for at in range(0, len(text), READ)]
