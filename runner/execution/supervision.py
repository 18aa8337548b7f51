"""The TASKs of one build from the first to the last: the supervisor's main loop."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` itself costs 6 ms (enum)
import os
import select
import time

from runner.execution.control import COOKIE, PLACE, Door
from runner.execution.ending import AGAIN, Ending, kill_all
from runner.execution.limits import Watch
from runner.execution.order import encode
from runner.execution.processes import Processes, describe
from runner.execution.reports import look_at
from runner.execution.shell import Shell
from runner.execution.silence import Silence
from runner.execution.verdict import (
    LIMIT,
    RUNNER,
    SUCCESS,
    TIMEOUT,
    UNSTABLE,
    USER,
    Verdict,
    judge,
    limit_reached,
    silence_reached,
)  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    from typing import Any

    from runner.execution.containment import Containment
    from runner.execution.control import Starter
    from runner.execution.journal import Journal
    from runner.execution.order import Order, TaskOrder
    from runner.logs.redaction import Redactor


CANCELLERS = (USER, RUNNER, "drain", "superseded")
LEVELS = ("info", "warning", "error")
LINE_ENDS = b"\r\n"  # around a value they are no part of it
SHOWN = 200  # characters of a process that are told


class Supervision:
    """Runs the TASKs one after another, and keeps every promise about their end."""

    def __init__(
        self,
        order: Order,
        starter: Starter,
        door: _socket.socket,
        journal: Journal,
        redactor: Redactor,
        containment: Containment,
    ) -> None:
        self._order = order
        self._starter = starter
        self._door = Door(door, f"{order.place}/{PLACE}", self._do_for_client)
        self._journal = journal
        self._redactor = redactor
        self._containment = containment
        self._processes = Processes(containment)
        self._ending = Ending(self._processes, journal, self._described, order.grace)
        self._printed_before = 0
        self._watch = Watch(order.limits, containment.how, order.directories, self._processes.members, self._printed)
        self._silence = Silence(order.silence)
        self._unstable = ""
        self._stopped: Verdict | None = None
        self._limit_at = time.monotonic() + order.limit
        self._shell: Shell | None = None
        self._clearing = False
        self._last = False
        self._poll = select.poll()
        self._voices = select.poll()  # those of them that may tell of a secret
        for poll in (self._poll, self._voices):
            poll.register(starter.descriptor, select.POLLIN)
        self._wakeup = self._catch_signals()

    def run(self) -> Verdict:
        """Run all TASKs until one does not succeed. No process is left when it returns."""
        self._watch_door(())
        verdict = Verdict(SUCCESS, exit=0)
        for command in self._starter.waiting():
            self._do(command)
        for task in self._order.tasks:
            if self._stopped or self._journal.lost or verdict.status != SUCCESS:
                break
            self._last = task is self._order.tasks[-1]
            verdict = self._task(task)
            verdict.task = task.name
        verdict = self._stopped or verdict
        verdict.left = self._ending.left
        self._door.close()
        return verdict

    def kill_all(self) -> None:
        """End everything at once, without a word: for the case that nothing else works any more."""
        kill_all(self._processes)

    def _task(self, task: TaskOrder) -> Verdict:
        self._journal.begin_task(task.name)
        shell = self._shell = Shell(self._journal, self._hooks_to_run, self._listen)
        try:
            shell.start(task, {**self._order.base, COOKIE: f"{self._order.place}/{PLACE}"}, self._order.user)
            self._containment.take(shell.pid, self._order.user)
        except OSError as error:
            self._forget(shell)
            kill_all(self._processes)
            self._journal.end_task(None)
            return Verdict("error", f"the shell cannot be started: {error}", by=RUNNER)
        self._processes.session = shell.pid
        shell.go()
        verdict = self._wait_for(shell, task.name)
        if verdict.status == SUCCESS and self._unstable:
            verdict = Verdict(UNSTABLE, self._unstable, exit=0)
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
        verdict = self._with_limits(judge(name, shell, status))
        self._journal.end_command(verdict.exit)
        output = os.fstat(shell.output).st_ino
        self._forget(shell)
        self._clear_away(name, output)
        return self._stopped or verdict

    def _with_limits(self, verdict: Verdict) -> Verdict:
        """What the kernel did because of a limit is the reason of a failure, and never goes unsaid."""
        told = self._containment.told(verdict.exit)
        if not told:
            if verdict.status != SUCCESS and self._containment.hint:
                self._journal.note(self._containment.hint)
            return verdict
        if verdict.status == SUCCESS or self._stopped:
            self._journal.note(told, "warning")
            return verdict
        self._journal.note(told, "error")
        return Verdict(verdict.status, f"{verdict.reason}: {told}", exit=verdict.exit, signal=verdict.signal, by=LIMIT)

    def _forget(self, shell: Shell) -> None:
        for descriptor in (shell.output, shell.markers):
            self._unregister(descriptor)
        shell.close()
        self._printed_before += shell.printed
        self._shell = None

    def _printed(self) -> int:
        """The bytes of output of all TASKs so far."""
        return self._printed_before + (self._shell.printed if self._shell else 0)

    def _hooks_to_run(self, status: int) -> str:
        """The answer to the end of a script: the hooks for success, for failure, or none."""
        if self._stopped or self._journal.lost:
            return "n"
        if status:
            return "f"
        if self._last and self._order.reports:
            self._unstable = look_at(self._order.reports, self._journal)
        return "s" if self._last and not self._unstable else "n"

    def _clear_away(self, name: str, output: int) -> None:
        """End what the TASK left behind: its shell has ended, so it is over. `output` is the inode of its pipe."""
        if self._processes.gone():
            return
        if not self._stopped:
            self._ending.name_left(name, output)
            self._ending.begin()
        self._clearing = True
        while not self._processes.gone() and not self._ending.gave_up():
            self._turn()
        self._clearing = False
        self._ending.done()

    def _stop(self, verdict: Verdict) -> None:
        """End the build before its time; only the first reason counts."""
        if self._stopped:
            return
        self._stopped = verdict
        level = "error" if verdict.status in ("error", "failure") else "warning"
        self._journal.note(f"{verdict.status}: {verdict.reason}", level)
        if self._shell or self._clearing:
            self._ending.begin()

    def _turn(self) -> None:
        """Wait for the next thing to happen and do what it asks for."""
        for descriptor, event in self._poll.poll(self._patience()):
            self._react(descriptor, event)
        if self._journal.lost:
            self._stop(Verdict("error", self._journal.lost, by=RUNNER))
        now = time.monotonic()
        if now >= self._limit_at and not self._clearing:
            self._stop(Verdict("timeout", limit_reached(self._order.limit), by=TIMEOUT))
        if self._silence.broken(self._printed(), now) and not self._clearing:
            self._stop(Verdict("timeout", silence_reached(self._silence.limit), by=TIMEOUT))
        if not self._stopped and (passed := self._watch.exceeded()):
            self._stop(Verdict("failure", passed, by=LIMIT))
        self._ending.go_on(now)

    def _react(self, descriptor: int, event: int) -> None:
        shell = self._shell
        if shell and descriptor in (shell.output, shell.markers) and event & select.POLLIN == 0:
            self._unregister(descriptor)  # all its writers are gone
        elif shell and descriptor == shell.output:
            shell.read_output()
        elif shell and descriptor == shell.markers:
            shell.read_markers()
        elif descriptor == self._starter.descriptor:
            self._listen_to_starter()
        elif descriptor == self._wakeup:
            self._obey_signals()
        elif descriptor in self._door.descriptors:
            self._serve(descriptor)

    def _patience(self) -> float | None:
        """Milliseconds until something must be done without being asked; None: nothing."""
        moments = [self._ending.next, None if self._stopped or self._clearing else self._limit_at]
        moments += [] if self._stopped else [self._watch.next(), self._silence.end]
        if self._clearing and not self._processes.complete:
            moments.append(time.monotonic() + AGAIN)  # the end of a stranger's child is not told to us
        first = min((at for at in moments if at is not None), default=None)
        return None if first is None else max(0.0, (first - time.monotonic()) * 1000)

    def _listen(self) -> None:
        """Take in what was said by now: a secret that is announced before the job prints it must be known."""
        while said := self._voices.poll(0):
            for descriptor, _ in said:
                if descriptor == self._starter.descriptor:
                    self._listen_to_starter()
                elif descriptor in self._door.descriptors:
                    self._serve(descriptor)

    def _described(self, pid: int) -> str:
        """A process in words; of its command line no secret is shown, and not too much."""
        return self._redactor.redact(describe(pid))[:SHOWN]

    def _listen_to_starter(self) -> None:
        for command in self._starter.commands():
            self._do(command)
        if not self._starter.open:
            self._unregister(self._starter.descriptor)
            if self._order.attached:
                self._stop(Verdict("error", "the runner that started this build is gone", by=RUNNER))

    def _serve(self, descriptor: int) -> None:
        before = self._door.descriptors
        if self._door.serve(descriptor):
            self._watch_door(before)

    def _watch_door(self, before: list[int] | tuple[int, ...]) -> None:
        """Wait for what the door waits for now."""
        now = self._door.descriptors
        for descriptor in before:
            if descriptor not in now:
                self._unregister(descriptor)
        for descriptor in now:
            for poll in (self._poll, self._voices):
                poll.register(descriptor, select.POLLIN)

    def _do(self, command: dict[str, Any]) -> None:
        match command["do"]:
            case "cancel":
                self._stop(Verdict("cancelled", str(command["reason"]), by=_one_of(CANCELLERS, command["by"])))
            case "mask":
                self._redactor.add([encode(value) for value in command["values"]])  # too short: the starter warns
            case "note":
                self._journal.note(str(command["text"]), _one_of(LEVELS, command["level"]))
            case other:
                raise ValueError(f"unknown command {other!r}")

    def _do_for_client(self, command: dict[str, Any]) -> None:
        if command["do"] == "mask":
            from runner.logs.forms import SHORTEST  # costs too much where nothing is to be hidden

            if any(len(encode(value).strip(LINE_ENDS)) < SHORTEST for value in command["values"]):
                raise ValueError(f"a value of fewer than {SHORTEST} bytes cannot be hidden")
        self._do(command)

    def _obey_signals(self) -> None:
        for number in os.read(self._wakeup, 4096):
            if number != _signal.SIGCHLD:
                reason = f"the supervisor of this build was sent the signal {number}"
                self._stop(Verdict("cancelled", reason, by=USER))
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
        for poll in (self._poll, self._voices):
            try:
                poll.unregister(descriptor)
            except KeyError:  # its other end was closed before, and it is no longer watched
                continue


def _one_of(words: tuple[str, ...], word: object) -> str:
    """A word of a closed set. Raises ValueError."""
    if word not in words:
        raise ValueError(f"{word!r} is none of {', '.join(words)}")
    return str(word)
