"""The bash of one TASK: its start, its output, and the markers that it tells (see prelude.bash)."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` itself costs 6 ms (enum)
import fcntl
import os

from runner.execution.exports import export_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.execution.assuming import ShellUser
    from runner.execution.journal import Journal
    from runner.execution.order import TaskOrder

EXPORTS, MARKERS, ANSWERS = 247, 248, 249  # the descriptors that prelude.bash uses
BLOCK = 256 * 1024  # bytes read at a time
CAPACITY = 1024 * 1024  # bytes the pipe holds: what F_SETPIPE_SZ gives to anyone

SIGNALS = [number for number in _signal.valid_signals() if number not in (_signal.SIGKILL, _signal.SIGSTOP)]


class Shell:
    """A running bash. `body` is the status of its script, `hooks` that of its hooks, `end` what it said last: each is
    None until the shell told it. `section` is the part of the script that it is in (at first the TASK),
    `failed` the first one that failed. `printed`: the bytes of its output so far."""

    def __init__(self, journal: Journal, ask: Callable[[int], str], listen: Callable[[], None]) -> None:
        """`ask` gives the answer to the end of a script; `listen` takes in what the starter says, now."""
        self.pid = 0
        self.body: int | None = None
        self.hooks: int | None = None
        self.end: int | None = None
        self.section = ""
        self.failed: str | None = None
        self.printed = 0
        self._journal = journal
        self._ask = ask
        self._listen = listen
        self._rest = b""
        self.output, self._job_output = os.pipe2(os.O_CLOEXEC)
        self.markers, self._job_markers = os.pipe2(os.O_CLOEXEC)
        self._job_answers, self._answers = os.pipe2(os.O_CLOEXEC)
        for descriptor in (self.output, self.markers, self._answers):
            os.set_blocking(descriptor, False)
        self._own = [self.output, self.markers, self._answers]

    def start(self, task: TaskOrder, base: dict[str, str], user: ShellUser | None) -> None:
        """Start the shell in this process's directory, in a session of its own, as `user`; it waits for `go`. Raises
        OSError."""
        _enlarge(self.output)
        self.section = task.name
        text, warnings = export_text(task.exports, task.fixed)
        for warning in warnings:
            self._journal.note(warning, "warning")
        exports = memory_file(text)
        try:
            if user is None:
                self.pid = self._spawn(task.script, base, exports)
            else:
                user.own(self._job_output, self._job_markers, self._job_answers)
                with user:
                    self.pid = self._spawn(task.script, base, exports)
        finally:
            for descriptor in (exports, self._job_output, self._job_markers, self._job_answers):
                os.close(descriptor)

    def _spawn(self, script: str, base: dict[str, str], exports: int) -> int:
        return os.posix_spawn(
            bash_path(), ["bash", "-e", script], base,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, self._job_output, 1),
                (os.POSIX_SPAWN_DUP2, self._job_output, 2),
                (os.POSIX_SPAWN_DUP2, exports, EXPORTS),
                (os.POSIX_SPAWN_DUP2, self._job_markers, MARKERS),
                (os.POSIX_SPAWN_DUP2, self._job_answers, ANSWERS),
            ],
            setsid=True, setsigmask=[], setsigdef=SIGNALS,
        )  # fmt: skip

    def go(self) -> None:
        """Let the shell begin."""
        self._answer(".")

    def read_output(self) -> int:
        """Take a block of output to the log. Its size in bytes: 0 if there is none for now, or never again."""
        try:
            data = os.read(self.output, BLOCK)
        except BlockingIOError:
            return 0
        if data:
            self._listen()  # so a secret that was announced before the job could print it is known by now
            self._journal.output(data)
        self.printed += len(data)
        return len(data)

    def drain(self) -> None:
        """Take what is in the pipe to the log: everything that was printed before this moment."""
        room = CAPACITY
        while room > 0 and (size := self.read_output()):
            room -= size

    def read_markers(self) -> bool:
        """Do what the shell tells. False if the channel has ended."""
        try:
            data = os.read(self.markers, BLOCK)
        except BlockingIOError:
            return True
        *frames, self._rest = (self._rest + data).split(b"\0")
        for frame in frames:
            self.drain()
            self._answer(self._obey(chr(frame[0]), frame[1:]) if frame else ".")
        return bool(data)

    def close(self) -> None:
        for descriptor in self._own:
            os.close(descriptor)
        self._own = []

    def _obey(self, kind: str, content: bytes) -> str:
        """Record what happened; return the answer. What is no marker of ours is passed over."""
        if kind == "S":
            self._journal.begin_command(content.decode("utf-8", "surrogateescape"))
            return "."
        if kind == "G":
            return self._begin_section(*content.decode("utf-8", "surrogateescape").partition(":")[::2])
        if not content.isdigit():
            return "."
        status = int(content)
        if status and kind in "DH":
            self.failed = self.failed or self.section
        if kind in "EDH":
            self._journal.end_command(status)
        if kind == "D":
            self.body = status
            return self._ask(status)
        if kind == "H":
            self.hooks = status
        if kind == "X":
            self.end = status
        return "."

    def _begin_section(self, status: str, name: str) -> str:
        """The one before ends with the status; without a name there is none to come."""
        if status.isdigit():
            self._journal.end_task(int(status))
            self.failed = self.failed or (self.section if int(status) else None)
        if status.isdigit() and name:
            self._journal.begin_task(name)
            self.section = name
        return "."

    def _answer(self, answer: str) -> None:
        try:
            os.write(self._answers, answer.encode())
        except (BrokenPipeError, BlockingIOError):  # the shell is gone, or something else writes markers without end
            return


def _enlarge(pipe: int) -> None:
    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, CAPACITY)
    except OSError:  # the user has used up what the kernel gives to pipes: it works with less
        return


def memory_file(text: bytes) -> int:
    """A file in memory that holds `text`, to be read from its beginning."""
    descriptor = os.memfd_create("variables", os.MFD_CLOEXEC)
    view = memoryview(text)
    while view:
        view = view[os.write(descriptor, view) :]
    return descriptor


def bash_path() -> str:
    for directory in ("/bin", *os.defpath.split(":"), *os.environ.get("PATH", "").split(":")):
        if os.access(path := f"{directory}/bash", os.X_OK):
            return path
    raise FileNotFoundError(2, "there is no bash on this host")
