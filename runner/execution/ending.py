"""Ending processes: TERM, a grace period, KILL until nothing is left, and what is said about it."""

from __future__ import annotations

import select
import time

from runner.execution.processes import SIGTERM, holds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.execution.journal import Journal
    from runner.execution.processes import Processes

AGAIN = 0.05  # seconds between two looks for what was born while the rest was killed
ROUNDS = 10  # looks for what is born while the rest is asked to end
LAST = 10.0  # seconds after which what KILL does not end (another user's, or stuck in the kernel) is given up
NAMED = 20  # processes that are named one by one; of a fork bomb the others are counted


class Ending:
    """Ends what is left of a TASK or a build. `left` holds what was still alive when its time was over, in words."""

    def __init__(self, processes: Processes, journal: Journal, describe: Callable[[int], str], grace: float) -> None:
        self.left: list[str] = []
        self._describe = describe
        self._processes = processes
        self._journal = journal
        self._grace = grace
        self._kill_at: float | None = None
        self._given_up_at: float | None = None
        self._killed: set[int] = set()
        self._told: set[int] = set()

    @property
    def next(self) -> float | None:
        """The monotonic second at which `go_on` has something to do; None: nothing is being ended."""
        return self._kill_at

    def name_left(self, task: str, output: int) -> None:
        """Say what a TASK that is over has left running, and what of it holds its output (an inode) open."""
        for pid in self._fresh(self._processes.members(), self._told):
            held = " (it holds the output open)" if holds(pid, output) else ""
            told = f"{self._describe(pid)}{held}"
            self._journal.note(
                f"task '{task}' is over, but left a process running, which is being ended: {told}", "warning"
            )
            self.left.append(told)

    def begin(self) -> None:
        """Ask everything to end, also what is born while this goes on."""
        self._kill_at = time.monotonic() + self._grace
        asked: set[int] = set()
        for _ in range(ROUNDS):
            fresh = [pid for pid in self._processes.members() if pid not in asked]
            if not fresh:
                return
            self._processes.send(fresh, SIGTERM)
            asked.update(fresh)

    def go_on(self, now: float) -> None:
        """After the grace period: KILL for everything, again and again until nothing new appears."""
        if self._kill_at is None or now < self._kill_at:
            return
        self._kill_at = now + AGAIN
        self._given_up_at = self._given_up_at or now + LAST
        for pid in self._fresh(self._processes.members(), self._killed):
            told = self._describe(pid)
            text = f"a process did not end within {self._grace:g} s and is being killed: {told}"
            self._journal.note(text, "warning")
            if not any(known.startswith(told) for known in self.left):
                self.left.append(told)
        self._processes.kill()

    def gave_up(self) -> bool:
        """Whether the rest cannot be ended; it is named then."""
        if self._given_up_at is None or time.monotonic() < self._given_up_at:
            return False
        for pid in self._processes.members()[:NAMED]:
            self._journal.note(f"a process could not be ended: {self._describe(pid)}", "error")
        return True

    def done(self) -> None:
        """Nothing is left, or nothing more can be done: the next TASK begins anew."""
        self._kill_at = self._given_up_at = None

    def _fresh(self, pids: list[int], known: set[int]) -> list[int]:
        """The pids that are to be named: each once, and not more than a reader wants; the rest is counted."""
        fresh = [pid for pid in pids if pid not in known]
        room = max(0, NAMED - len(known))
        if fresh[room:] and room:
            self._journal.note(f"and {len(fresh) - room} more processes, which are not named here", "warning")
        known.update(fresh)
        return fresh[:room]


def kill_all(processes: Processes) -> None:
    """End everything at once, without a word: for the case that nothing else works any more."""
    deadline = time.monotonic() + LAST
    while not processes.gone() and time.monotonic() < deadline:
        processes.kill()
        select.poll().poll(AGAIN * 1000)
