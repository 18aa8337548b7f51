"""The supervisor program from its order to its result file."""

from __future__ import annotations

import os
import sys
import time

from runner.execution import identity
from runner.execution.containment import Containment
from runner.execution.control import PLACE, Starter
from runner.execution.journal import Journal
from runner.execution.order import Order
from runner.execution.processes import start_time
from runner.execution.sockets import listen
from runner.execution.supervision import Supervision
from runner.execution.verdict import RUNNER, SUCCESS, Verdict, write_result
from runner.logs.redaction import Redactor
from runner.logs.writer import LogWriter

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket


def main() -> int:
    """Read the order from descriptor 0, run it, leave the result file. The exit status is 0 if the result is there."""
    started = time.time_ns() // 1000
    starter = Starter(0)
    order = starter.order()
    os.set_inheritable(order.lock, False)
    containment = Containment(group_name(), order.limits, groups=order.groups)
    door = listen(order.place, PLACE)  # whoever reads from the lock that we are here can talk to us
    if order.user:
        os.chown(f"{order.place}/{PLACE}", order.user.uid, order.user.gid)  # its job asks us to hide values
    identity.write(order.lock, identity.own(containment.planned, order.grace, order.limit))
    containment.open()
    verdict, numbers = _supervise(order, starter, door, containment)
    try:
        write_result(order.result, verdict, numbers, (started, time.time_ns() // 1000))
    except OSError as error:
        told = verdict.reason or verdict.status
        sys.stderr.write(f"the result cannot be written: {os.strerror(error.errno or 0)} (it was: {told})\n")
        return 1
    finally:
        containment.close()
    return 0


def group_name() -> str:
    """No two builds have the same, also not on two hosts that are containers of one."""
    return f"shippable-build-{os.getpid()}-{start_time(os.getpid())}"


def _supervise(
    order: Order, starter: Starter, door: _socket.socket, containment: Containment
) -> tuple[Verdict, tuple[int, int]]:
    """The verdict on the build, and the numbers that its log goes on with."""
    redactor = Redactor(order.secrets)
    try:
        journal = Journal(LogWriter(order.log, redactor, seq=order.seq, next_id=order.next_id, pack=True))
        os.umask(0o022)
        os.chdir(order.build_dir)
    except OSError as error:
        return Verdict("error", f"the build cannot be started: {error}", by=RUNNER), (order.seq, order.next_id)
    supervision = Supervision(order, starter, door, journal, redactor, containment)
    try:
        verdict = supervision.run()
    except Exception as error:  # noqa: BLE001  (here a build's end is decided: a bug of ours is an error, never silence)
        supervision.kill_all()
        verdict = Verdict("error", f"the supervisor failed: {type(error).__name__}: {error}", by=RUNNER)
    journal.close()
    verdict.dropped = journal.dropped
    if journal.lost and verdict.status == SUCCESS:
        verdict.status, verdict.reason, verdict.by = "error", journal.lost, RUNNER
    return verdict, journal.next
