"""What the supervisor is told to do, as it arrives on its control socket: parsed once.

The supervisor starts for every build, so its modules import only what is cheap (measured, ms): json 6, re 4,
signal 6 (enum), dataclasses 13, subprocess 9, against less than 1 each for the C modules beneath them.
"""

from __future__ import annotations

import os
import select
from _json import make_scanner  # json.loads' own, without the cost of importing json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class TaskOrder:
    """One TASK: `exports` in order, a later one wins; `fixed` are names of those that nothing takes the place of."""

    __slots__ = ("exports", "fixed", "name", "script")

    def __init__(self, data: dict[str, Any]) -> None:
        self.name: str = data["name"]
        self.script: str = data["script"]
        self.exports: list[tuple[str, str]] = [(name, value) for name, value in data["exports"]]
        self.fixed: frozenset[str] = frozenset(data["fixed"])


class Order:
    """The whole spec. Paths are absolute; `limit` and `grace` are seconds."""

    __slots__ = (
        "base", "build_dir", "grace", "limit", "lock", "log", "next_id", "result", "secrets", "seq", "tasks",
    )  # fmt: skip

    def __init__(self, data: dict[str, Any]) -> None:
        self.build_dir: str = data["build_dir"]
        self.log: str = data["log"]
        self.result: str = data["result"]
        self.lock: str = data["lock"]
        self.seq: int = data["seq"]
        self.next_id: int = data["next_id"]
        self.tasks = [TaskOrder(task) for task in data["tasks"]]
        self.base: dict[str, str] = data["base"]
        self.secrets = [encode(secret) for secret in data["secrets"]]
        self.limit: float = data["limit"]
        self.grace: float = data["grace"]


class Control:
    """The control socket: one JSON object a line; its end means that the starter is gone."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._rest = b""
        self.open = True
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)

    def order(self) -> Order:
        """Wait for the spec. Raises EOFError if the starter goes before it is complete."""
        parts = [self._rest]
        while b"\n" not in parts[-1]:
            parts.append(os.read(self.descriptor, 256 * 1024))
            if not parts[-1]:
                raise EOFError("the starter went away before its order was complete")
        line, self._rest = b"".join(parts).split(b"\n", 1)
        return Order(_object(line))

    def readable(self) -> bool:
        """Whether something arrived, be it the end."""
        return bool(self._poll.poll(0))

    def commands(self) -> list[dict[str, Any]]:
        """What arrived; to be called when the socket is readable. Sets `open` to False at its end."""
        try:
            data = os.read(self.descriptor, 256 * 1024)
        except ConnectionError:
            data = b""
        self.open = bool(data)
        return self._complete(data)

    def waiting(self) -> list[dict[str, Any]]:
        """The commands that came together with the spec."""
        return self._complete(b"")

    def _complete(self, data: bytes) -> list[dict[str, Any]]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [_object(line) for line in lines]


def encode(text: str) -> bytes:
    """The bytes of a text that may hold bytes that are no UTF-8 (as lone surrogates, see PEP 383)."""
    return text.encode("utf-8", "surrogateescape")


class _Scanning:
    """The settings that json's scanner wants to be given."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = None


_scan = make_scanner(_Scanning())  # type: ignore[arg-type]  # the stub asks for a scanner, the code for its settings


def _object(line: bytes) -> dict[str, Any]:
    value: dict[str, Any] = _scan(line.decode(), 0)[0]
    return value
