"""The supervisor program from its order to its result file."""

from __future__ import annotations

import fcntl
import os
import sys
import time

from runner.execution.journal import Journal
from runner.execution.order import Control, Order
from runner.execution.supervision import Supervision
from runner.execution.verdict import SUCCESS, Verdict, write_result
from runner.logs.redaction import Redactor
from runner.logs.writer import LogWriter


def main() -> int:
    """Read the order from descriptor 0, run it, leave the result file. The exit status is 0 if the result is there."""
    started = time.time_ns() // 1000
    control = Control(0)
    order = control.order()
    lock = os.open(order.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.stderr.write(f"another supervisor runs this build ({order.lock} is locked)\n")
        return 1
    os.ftruncate(lock, 0)
    os.write(lock, b"%d\n" % os.getpid())
    verdict, numbers = _supervise(order, control)
    try:
        write_result(order.result, verdict, numbers, (started, time.time_ns() // 1000))
    except OSError as error:
        told = verdict.reason or verdict.status
        sys.stderr.write(f"the result cannot be written: {os.strerror(error.errno or 0)} (it was: {told})\n")
        return 1
    return 0


def _supervise(order: Order, control: Control) -> tuple[Verdict, tuple[int, int]]:
    """The verdict on the build, and the numbers that its log goes on with."""
    sys.path += order.packages
    redactor = Redactor(order.secrets)
    try:
        journal = Journal(LogWriter(order.log, redactor, seq=order.seq, next_id=order.next_id, pack=True))
        os.umask(0o022)
        os.chdir(order.build_dir)
    except OSError as error:
        return Verdict("error", f"the build cannot be started: {error}"), (order.seq, order.next_id)
    supervision = Supervision(order, control, journal, redactor)
    try:
        verdict = supervision.run()
    except Exception as error:  # noqa: BLE001  (here a build's end is decided: a bug of ours is an error, never silence)
        supervision.kill_all()
        verdict = Verdict("error", f"the supervisor failed: {type(error).__name__}: {error}")
    journal.close()
    if journal.lost and verdict.status == SUCCESS:
        verdict = Verdict("error", journal.lost)
    return verdict, journal.next
