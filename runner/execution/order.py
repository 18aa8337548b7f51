"""What the supervisor is told to do, as it arrives on its control socket: parsed once.

The supervisor starts for every build, so its modules import only what is cheap (measured, ms): json 6, re 4,
signal 6 (enum), dataclasses 13, subprocess 9, against less than 1 each for the C modules beneath them, and 1.4 for
ahocorasick_rs.
"""

from __future__ import annotations

from _json import make_scanner  # json.loads' own, without the cost of importing json

from runner.execution.assuming import ShellUser

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
    """The whole spec. Paths are absolute; `limit` and `grace` are seconds; `attached`: the build ends with its starter;
    `groups`: control groups may be used; `limits` by name, in bytes or numbers; `lock` is an inherited descriptor;
    `user`: who the shells run as (None: as this process); `silence`: seconds without output after which it ends (None:
    never); `reports`: where it leaves results of tests (None: they are not looked at)."""

    __slots__ = (
        "attached", "base", "build_dir", "grace", "groups", "limit", "limits", "lock", "log", "next_id", "place",
        "reports", "result", "secrets", "seq", "silence", "tasks", "user",
    )  # fmt: skip

    def __init__(self, data: dict[str, Any]) -> None:
        self.build_dir: str = data["build_dir"]
        self.log: str = data["log"]
        self.result: str = data["result"]
        self.place: str = data["place"]
        self.lock: int = data["lock"]
        self.seq: int = data["seq"]
        self.next_id: int = data["next_id"]
        self.tasks = [TaskOrder(task) for task in data["tasks"]]
        self.base: dict[str, str] = data["base"]
        self.secrets = [encode(secret) for secret in data["secrets"]]
        self.limit: float = data["limit"]
        self.grace: float = data["grace"]
        self.attached: bool = data["attached"]
        self.groups: bool = data["groups"]
        self.limits: dict[str, int] = data["limits"]
        self.silence: float | None = data["silence"]
        self.reports: dict[str, Any] | None = data["reports"]
        self.user = ShellUser(data["user"]) if data["user"] is not None else None

    @property
    def directories(self) -> list[str]:
        """What the limit `disk` counts: with a user of its own a build has more than one."""
        return [self.build_dir, *(self.base[name] for name in ("HOME", "TMPDIR") if self.user)]


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


def parse_object(line: bytes) -> dict[str, Any]:
    """One line as a JSON object. Raises ValueError, TypeError or StopIteration where it is none."""
    value: dict[str, Any] = _scan(line.decode(), 0)[0]
    if not isinstance(value, dict):
        raise TypeError("a JSON object is wanted")
    return value
