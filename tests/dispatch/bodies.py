"""What the attempts of the tests do: they say what happens to them, and wait at gates."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from runner.dispatch.seam import AttemptId, Dispatch


def payload(name: str, *, gate: str = "", last_gate: str = "", finish: bool = False) -> str:
    """`gate`: wait until it is opened; `last_gate`: so after a cancel; `finish`: do that oneself, in the end."""
    return json.dumps({"name": name, "gate": gate, "last_gate": last_gate, "finish": finish})


class Bodies:
    """A handler. `say` gets one line for each event."""

    def __init__(self, dispatch: Dispatch[Any], say: Callable[[str], None]) -> None:
        self._dispatch = dispatch
        self._say = say
        self._gates: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def open(self, gate: str) -> None:
        self._gates[gate].set()

    def report(self, error: Exception, attempt_id: AttemptId | None) -> None:
        self._say(f"reported {attempt_id}: {error}")

    async def handler(self, text: str, attempt_id: AttemptId) -> None:
        what = json.loads(text)
        self._say(f"began {what['name']}")
        try:
            await self._pass(what["gate"])
            await self._finish(what, attempt_id)
        except asyncio.CancelledError:
            self._say(f"cancelled {what['name']}")
            await self._pass(what["last_gate"])
            await self._finish(what, attempt_id)
            raise

    async def _finish(self, what: Mapping[str, Any], attempt_id: AttemptId) -> None:
        if what["finish"]:
            accepted = await self._dispatch.transaction(lambda tx: self._dispatch.finish(tx, attempt_id))
            self._say(f"finished {what['name']}: {accepted}")

    async def _pass(self, gate: str) -> None:
        if gate:
            await self._gates[gate].wait()
