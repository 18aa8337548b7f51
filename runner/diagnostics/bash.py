"""Script entries parsed by bash, none of them executed.

All entries stand in one file that `bash -n` reads; only where that fails are they looked at by halves, and the few that
are left each in a subshell of one bash: it evaluates `set -n` and then the entry, and after `set -n` bash parses
without executing anything, `set +n` included.
"""

from __future__ import annotations

import re
import secrets
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from runner.errors import SetupError

LIMIT = timedelta(seconds=60)
_ENVIRON = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
_BASH = ("bash", "--noprofile", "--norc", "-O", "extglob")
_FEW = 64
"""As many entries are looked at one by one."""
_GUARDED = """{ (
:
%s
) ; : "&& &&" '&& &&' `&& &&` ; }
"""
"""An entry that is not complete in itself ends in an error here: in brackets of two kinds, and before quotes whose
content is an error for whoever takes their end for a beginning."""
_EACH = """while IFS= read -r -d '' entry; do echo "$1" >&2; ( eval "set -n
$entry" ); done"""
_CALIBRATION = ")"
"""An entry with its error in line 1: where bash starts to count depends on its version."""
_ERROR = re.compile(r"^.*?: line (\d+): (?!warning)(.*)$", re.MULTILINE)
_TOKEN = re.compile(r"unexpected token '(.+)'$")
_HERE_DOCUMENT = re.compile(r"^.*?: line \d+: warning: here-document at line (\d+) .*\(wanted `(.*)'\)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Finding:
    """What bash says of one entry: the line of it, from 1. `open_here_document`: its end is missing, `message` is that
    end; bash takes such an entry."""

    line: int
    message: str
    open_here_document: bool = False

    def column(self, entry: str) -> int:
        """Where in its line the word stands that bash stumbles over; 1 where it names none."""
        lines = entry.split("\n")
        named = _TOKEN.search(self.message)
        found = lines[self.line - 1].rfind(named[1]) if named and 0 < self.line <= len(lines) else -1
        return max(found, 0) + 1


def parse_all(entries: Sequence[str]) -> Mapping[str, Finding]:
    """The entries that bash does not take as they are, each with what it says. Raises SetupError where there is no bash
    or where it does not come to an end."""
    suspects = list(_suspects(list(dict.fromkeys(entries))))
    return _each(suspects) if suspects else {}


def _suspects(entries: list[str]) -> Iterator[str]:
    """The entries that must be looked at one by one."""
    plain = [entry for entry in entries if "<<" not in entry]  # a here-document would swallow what follows
    yield from (entry for entry in entries if "<<" in entry)
    waiting = [plain]
    while waiting:
        some = waiting.pop()
        if not some or _well_formed(some):
            continue
        if len(some) <= _FEW:
            yield from some
        else:
            waiting += [some[: len(some) // 2], some[len(some) // 2 :]]


def _well_formed(entries: Sequence[str]) -> bool:
    done = _bash("".join(_GUARDED % entry for entry in entries), "-n", "/dev/stdin")
    return done.returncode == 0 and not done.stderr


def _each(entries: Sequence[str]) -> Mapping[str, Finding]:
    mark = secrets.token_hex(16)
    done = _bash("".join(f"{entry}\0" for entry in (_CALIBRATION, *entries)), "-c", _EACH, "bash", mark)
    said = done.stderr.decode(errors="replace").split(f"{mark}\n")[1:]
    first = _ERROR.search(said[0]) if said else None
    before = int(first[1]) - 1 if first else 0
    found = ((entry, _finding(text, before)) for entry, text in zip(entries, said[1:], strict=False))
    return {entry: finding for entry, finding in found if finding is not None}


def _finding(said: str, before: int) -> Finding | None:
    if error := _ERROR.search(said):
        return Finding(int(error[1]) - before, re.sub(r"`(.*?)'(?=\W|$)", r"'\1'", error[2]))
    if document := _HERE_DOCUMENT.search(said):
        return Finding(int(document[1]) - before, document[2], open_here_document=True)
    return None


def _bash(text: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """bash with this text as its input: a file, because from a pipe it reads one byte at a time."""
    with tempfile.TemporaryFile() as file:
        file.write(text.encode(errors="surrogatepass"))
        file.seek(0)
        try:
            return subprocess.run(
                [*_BASH, *arguments], stdin=file, capture_output=True, env=_ENVIRON, check=False,
                timeout=LIMIT.total_seconds(),
            )  # fmt: skip
        except OSError as error:
            raise SetupError(f"bash cannot be started: {error.strerror} (--no-shell leaves scripts out)") from error
        except subprocess.TimeoutExpired:
            limit = f"{LIMIT.total_seconds():g} s"
            raise SetupError(f"bash did not parse the scripts within {limit} (--no-shell leaves them out)") from None
