"""The TASKs of one build from the first to the last: the supervisor's main loop."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` itself costs 6 ms (enum)
import os
import select
import time

from runner.execution.order import encode
from runner.execution.processes import SIGKILL, SIGTERM, Processes, describe
from runner.execution.shell import Shell
from runner.execution.verdict import SUCCESS, Verdict, judge, limit_reached

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from runner.execution.journal import Journal
    from runner.execution.order import Control, Order, TaskOrder
    from runner.logs.redaction import Redactor

AGAIN = 0.05  # seconds between two looks for what was born while the rest was killed
ROUNDS = 10  # looks for what is born while the rest is asked to end
LAST = 10.0  # seconds after which what KILL does not end (another user's, or stuck in the kernel) is given up


class Supervision:
    """Runs the TASKs one after another, and keeps every promise about their end."""

    def __init__(self, order: Order, control: Control, journal: Journal, redactor: Redactor) -> None:
        self._order = order
        self._control = control
        self._journal = journal
        self._redactor = redactor
        self._processes = Processes()
        self._stopped: Verdict | None = None
        self._limit_at = time.monotonic() + order.limit
        self._kill_at: float | None = None
        self._given_up_at: float | None = None
        self._killed: set[int] = set()
        self._shell: Shell | None = None
        self._ending = False
        self._last = False
        self._poll = select.poll()
        self._poll.register(control.descriptor, select.POLLIN)
        self._wakeup = self._catch_signals()

    def run(self) -> Verdict:
        """Run all TASKs until one does not succeed. No process is left when it returns."""
        verdict = Verdict(SUCCESS, exit=0)
        for command in self._control.waiting():
            self._do(command)
        for task in self._order.tasks:
            if self._stopped or verdict.status != SUCCESS:
                break
            self._last = task is self._order.tasks[-1]
            verdict = self._task(task)
            verdict.task = task.name
        return self._stopped or verdict

    def kill_all(self) -> None:
        """End everything at once, without a word: for the case that nothing else works any more."""
        deadline = time.monotonic() + LAST
        while not self._processes.gone() and time.monotonic() < deadline:
            self._processes.send(self._processes.descendants(), SIGKILL)
            select.poll().poll(AGAIN * 1000)

    def _task(self, task: TaskOrder) -> Verdict:
        self._journal.begin_task(task.name)
        shell = self._shell = Shell(self._journal, self._hooks_to_run, self._listen)
        try:
            shell.start(task, self._order.base)
        except OSError as error:
            self._journal.end_task(None)
            return Verdict("error", f"the shell cannot be started: {error}")
        self._processes.session = shell.pid
        verdict = self._wait_for(shell, task.name)
        self._journal.end_task(verdict.exit)
        return verdict

    def _wait_for(self, shell: Shell, name: str) -> Verdict:
        """Until the shell has ended and nothing of it is left. Its output up to its end is complete then."""
        for descriptor in (shell.output, shell.markers):
            self._poll.register(descriptor, select.POLLIN)
        while (status := self._processes.shell_status()) is None:
            self._turn()
        shell.drain()
        shell.read_markers()
        self._forget(shell)
        verdict = judge(name, shell, status)
        self._journal.end_command(verdict.exit)
        self._clear_away(name)
        return self._stopped or verdict

    def _forget(self, shell: Shell) -> None:
        for descriptor in (shell.output, shell.markers):
            self._unregister(descriptor)
        shell.close()
        self._shell = None

    def _hooks_to_run(self, status: int) -> str:
        """The answer to the end of a script: the hooks for success, for failure, or none."""
        if self._stopped or self._journal.lost:
            return "n"
        if status:
            return "f"
        return "s" if self._last else "n"

    def _clear_away(self, name: str) -> None:
        """End what the TASK left behind: its shell has ended, so it is over."""
        if self._processes.gone():
            return
        if not self._stopped:
            for pid in self._processes.descendants():
                text = f"task '{name}' is over, but left a process running, which is being ended: {describe(pid)}"
                self._journal.note(text, "warning")
            self._terminate()
        self._ending = True
        while not self._processes.gone() and not self._gave_up():
            self._turn()
        self._ending = False
        self._kill_at = self._given_up_at = None

    def _stop(self, status: str, reason: str) -> None:
        """End the build before its time; only the first reason counts."""
        if self._stopped:
            return
        self._stopped = Verdict(status, reason)
        self._journal.note(f"{status}: {reason}", "error" if status == "error" else "warning")
        if self._shell or self._ending:
            self._terminate()

    def _terminate(self) -> None:
        """Ask everything to end, also what is born while this goes on."""
        self._kill_at = time.monotonic() + self._order.grace
        asked: set[int] = set()
        for _ in range(ROUNDS):
            fresh = [pid for pid in self._processes.descendants() if pid not in asked]
            if not fresh:
                return
            self._processes.send(fresh, SIGTERM)
            asked.update(fresh)

    def _kill(self) -> None:
        """After the grace period: KILL for everything, again and again until nothing new appears."""
        now = time.monotonic()
        self._kill_at = now + AGAIN
        self._given_up_at = self._given_up_at or now + LAST
        left = self._processes.descendants()
        for pid in left:
            if pid not in self._killed:
                self._killed.add(pid)
                text = f"a process did not end within {self._order.grace:g} s and is being killed: {describe(pid)}"
                self._journal.note(text, "warning")
        self._processes.send(left, SIGKILL)

    def _gave_up(self) -> bool:
        if self._given_up_at is None or time.monotonic() < self._given_up_at:
            return False
        for pid in self._processes.descendants():
            self._journal.note(f"a process could not be ended: {describe(pid)}", "error")
        return True

    def _turn(self) -> None:
        """Wait for the next thing to happen and do what it asks for."""
        for descriptor, event in self._poll.poll(self._patience()):
            if descriptor == self._control.descriptor:
                self._listen()
            elif event & select.POLLIN == 0:
                self._unregister(descriptor)  # all its writers are gone
            elif descriptor == self._wakeup:
                self._obey_signals()
            elif self._shell and descriptor == self._shell.output:
                self._shell.read_output()
            elif self._shell and descriptor == self._shell.markers:
                self._shell.read_markers()
        if self._journal.lost:
            self._stop("error", self._journal.lost)
        now = time.monotonic()
        if now >= self._limit_at and not self._ending:
            self._stop("timeout", limit_reached(self._order.limit))
        if self._kill_at is not None and now >= self._kill_at:
            self._kill()

    def _patience(self) -> float | None:
        """Milliseconds until something must be done without being asked; None: nothing."""
        moments = [at for at in (self._kill_at, None if self._stopped or self._ending else self._limit_at) if at]
        if self._ending and not self._processes.complete:
            moments.append(time.monotonic() + AGAIN)  # the end of a stranger's child is not told to us
        return max(0.0, (min(moments) - time.monotonic()) * 1000) if moments else None

    def _listen(self) -> None:
        if self._control.open and self._control.readable():
            self._obey_starter()

    def _obey_starter(self) -> None:
        for command in self._control.commands():
            self._do(command)
        if not self._control.open:
            self._unregister(self._control.descriptor)
            self._stop("cancelled", "the process that started this build is gone")

    def _do(self, command: dict[str, Any]) -> None:
        match command["do"]:
            case "cancel":
                self._stop("cancelled", command["reason"])
            case "mask":
                self._redactor.add([encode(value) for value in command["values"]])  # too short: the starter warns
            case "note":
                self._journal.note(command["text"], command["level"])

    def _obey_signals(self) -> None:
        for number in os.read(self._wakeup, 4096):
            if number != _signal.SIGCHLD:
                self._stop("cancelled", f"the supervisor of this build was sent the signal {number}")
        self._processes.reap()

    def _catch_signals(self) -> int:
        """Make signals wake the loop: those that ask to end, and the ends of children."""
        reading, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        _signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in (_signal.SIGTERM, _signal.SIGINT, _signal.SIGHUP, _signal.SIGCHLD):
            _signal.signal(number, lambda number, frame: None)
        self._poll.register(reading, select.POLLIN)
        return reading

    def _unregister(self, descriptor: int) -> None:
        try:
            self._poll.unregister(descriptor)
        except KeyError:  # its other end was closed before, and it is no longer watched
            return
