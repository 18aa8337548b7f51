"""Redaction against an adversary: secrets and output made to slip through, cut in the worst places.

`python -m tests.chaos.redaction --cases 200000 --seed 1` prints the cases run, the leaks found and the seconds.
"""

from __future__ import annotations

import argparse
import base64
import html
import json
import shlex
import time
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from urllib.parse import quote, quote_plus

from runner.logs.forms import SHORTEST
from runner.logs.redaction import Redactor
from tests.chaos.rule import coverage, forms_of, forms_of_one, masked, open_tail, pieces

FRESH = 40  # cases for which one pool of secrets serves: making forms is what takes the time
POOL = 24
LETTERS = b"ab"
PLAIN = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
HARD = PLAIN + b"-----      \\\\''\"\"$$``%%&&<>/+=*~#!{}[]:;,?@^|\t\x1b\x7f"
UMLAUTS = "äöüß€漢😀"


@dataclass(frozen=True, slots=True)
class Case:
    """`later` become known when `known_at` of the pieces have been printed; `printed` must not be read anywhere."""

    first: tuple[bytes, ...]
    later: tuple[bytes, ...]
    known_at: int
    parts: tuple[bytes, ...]
    printed: tuple[bytes, ...]

    def shown(self) -> bytes:
        redactor = Redactor(self.first)
        output = [redactor.feed(part) for part in self.parts[: self.known_at]]
        redactor.add(self.later)
        output += [redactor.feed(part) for part in self.parts[self.known_at :]]
        return b"".join(output) + redactor.flush()

    def expected(self) -> bytes:
        text = b"".join(self.parts)
        early = forms_of(self.first)
        covered = coverage(text, early)
        if self.later:
            given_out = open_tail(b"".join(self.parts[: self.known_at]), early)
            late = coverage(text, forms_of(self.later), given_out)
            covered = bytearray(map(max, covered, late))
        return masked(text, covered)

    def leak(self) -> str | None:
        """What is wrong with the output, if anything."""
        shown = self.shown()
        if shown != (expected := self.expected()):
            return f"{shown!r} instead of {expected!r}"
        for text in (*forms_of(self.first), *self.printed):
            if b"*" not in text and text in shown:
                return f"{text!r} stands in {shown!r}"
        return None


def cases(seed: int, count: int) -> Iterator[Case]:
    random = Random(seed)
    pool: list[bytes] = []
    for number in range(count):
        if number % FRESH == 0:
            pool = [secret(random) for _ in range(POOL)]
            pool += [relative(random, each) for each in random.sample(pool, POOL // 2)]
        yield case(random, pool)


def case(random: Random, pool: list[bytes]) -> Case:
    secrets = random.sample(pool, random.randint(1, 4))
    split = random.choice((len(secrets), random.randint(0, len(secrets))))
    first, later = tuple(secrets[:split]), tuple(secrets[split:])
    words: list[bytes] = []
    printed: list[bytes] = []
    for _ in range(random.randint(1, 8)):
        if first and random.random() < 0.25 and len(value := random.choice(first).strip(b"\r\n")) >= SHORTEST:
            word, hidden = random.choice(TOOLS)(value, random)
            printed.append(hidden)
        else:
            word = fragment(random, random.choice(secrets))
        words.append(word)
    text = random.choice((b"", b" ", b"\n", b"a", b"-")).join(words)
    parts = tuple(pieces(text, cuts(random, len(text))))
    return Case(first, later, random.randint(0, len(parts)), parts, tuple(printed))


def cuts(random: Random, size: int) -> list[int]:
    match random.randrange(4):
        case 0:
            return []
        case 1:
            return list(range(size))
        case _:
            return [random.randint(0, size) for _ in range(random.randint(1, 6))]


def secret(random: Random) -> bytes:
    """A value of one of the kinds that are hard: overlapping itself, quoted by everything, of several lines."""
    match random.randrange(7):
        case 0:
            return some(random, LETTERS, 1, 12)
        case 1:
            return some(random, PLAIN, 3, 5) * random.randint(1, 4) + some(random, PLAIN, 0, 2)
        case 2:
            return some(random, HARD, 1, 30)
        case 3:
            return "".join(random.choices(UMLAUTS + "ab' \"", k=random.randint(1, 9))).encode()
        case 4:
            lines = [some(random, PLAIN + b"+/", 0, 24) for _ in range(random.randint(1, 4))]
            return b"-----BEGIN KEY-----\n" + b"\n".join(lines) + b"\n-----END KEY-----\n"
        case 5:
            end = random.choice((b"\n", b"\r\n", b"\n\n"))
            return end.join([some(random, HARD, 0, 12) for _ in range(random.randint(2, 4))])
        case _:
            return some(random, PLAIN + b"+/", 16, 100)


def relative(random: Random, other: bytes) -> bytes:
    """A value that begins, ends or overlaps with another one."""
    cut = random.randint(0, len(other))
    more = some(random, random.choice((LETTERS, PLAIN, HARD)), 0, 8)
    return random.choice((other[:cut] + more, more + other[cut:], other[cut:] + other[:cut], other + other))


def fragment(random: Random, value: bytes) -> bytes:
    """Output that is a form, nearly one, or the beginning or end of one."""
    options = sorted(forms_of_one(value))
    form = random.choice(options) if options else value
    cut = random.randint(0, len(form))
    match random.randrange(6):
        case 0:
            return form
        case 1:
            return form[:cut] + form
        case 2:
            return form + form[cut:]
        case 3:
            return form[cut:]
        case 4:
            return form[:cut] + some(random, HARD, 0, 2) + form[cut + 1 :]
        case _:
            return some(random, random.choice((LETTERS, PLAIN, HARD)), 0, 20)


def some(random: Random, alphabet: bytes, least: int, most: int) -> bytes:
    return bytes(random.choices(alphabet, k=random.randint(least, most)))


def in_base64(value: bytes, random: Random) -> tuple[bytes, bytes]:
    text = random.choice((base64.b64encode, base64.urlsafe_b64encode))(value + random.choice((b"", b"\n")))
    return text, text.rstrip(b"=")


def in_json(value: bytes, random: Random) -> tuple[bytes, bytes]:
    text = json.dumps(value.decode("utf-8", "surrogateescape"), ensure_ascii=random.random() < 0.5)
    if random.random() < 0.5:
        text = json.dumps(text)[1:-1]
        return text.encode("utf-8", "surrogateescape"), text[2:-2].encode("utf-8", "surrogateescape")
    return text.encode("utf-8", "surrogateescape"), text[1:-1].encode("utf-8", "surrogateescape")


def in_a_url(value: bytes, random: Random) -> tuple[bytes, bytes]:
    text = (
        quote_plus(value) if random.random() < 0.3 else quote(value, safe=random.choice(("/", "", "!'()*")))
    ).encode()
    return b"https://x/?y=" + text + b"&", text


def in_a_command(value: bytes, _: Random) -> tuple[bytes, bytes]:
    text = shlex.quote(value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    return text, text.strip(b"'") if b"'" not in value else text[1:-1]


def in_a_page(value: bytes, random: Random) -> tuple[bytes, bytes]:
    text = html.escape(value.decode("utf-8", "surrogateescape"), quote=random.random() < 0.5)
    return text.encode("utf-8", "surrogateescape"), text.encode("utf-8", "surrogateescape")


def in_a_repr(value: bytes, _: Random) -> tuple[bytes, bytes]:
    return repr(value).encode(), repr(value)[2:-1].encode()


TOOLS = (in_base64, in_json, in_a_url, in_a_command, in_a_page, in_a_repr)


def leaks(seed: int, count: int) -> list[str]:
    """The leaks among so many cases, each with all that is needed to see it again."""
    return [f"{each}: {leak}" for each in cases(seed, count) if (leak := each.leak()) is not None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    began = time.monotonic()
    found = leaks(chosen.seed, chosen.cases)
    for text in found[:10]:
        print(text)
    print(f"cases {chosen.cases}, seed {chosen.seed}, leaks {len(found)}, seconds {time.monotonic() - began:.1f}")
    raise SystemExit(1 if found else 0)


if __name__ == "__main__":
    main()
