"""`shipctl retry`: a command, up to three times until it succeeds."""

from __future__ import annotations

import os
import signal

from runner.shipctl.console import say

TRIES = 3
SHELL = "/bin/bash"
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
"""Signals after which nothing is tried again."""


def run(arguments: list[str]) -> int:
    """The exit status of the last try; 128 + N where a signal N ended it. No command at all is a success.

    bash starts the command, so that it may be a function that the script exports. One argument alone is a command
    line of the shell, as the documents of the platform show it, unless a program has that name.
    """
    if not arguments:
        return 0
    words = [SHELL, "-c", '"$@"', "shipctl retry", *arguments]
    if len(arguments) == 1 and not os.path.isfile(arguments[0]):
        words = [SHELL, "-c", arguments[0], "shipctl retry"]
    received = _watch_signals()
    for number in range(1, TRIES + 1):
        _end_if_told(received)
        status = _status_of(words)
        _end_if_told(received)
        if status == 0:
            break
        say(f"retrying {number} of {TRIES} times...")
        say(" ".join(arguments))
    return status


def _watch_signals() -> list[int]:
    """The signals that came. They are not passed on: a terminal, `timeout` and the runner send them to the whole
    process group, and a command that gets one twice may drop its clean-up."""
    received: list[int] = []
    for number in ENDING:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda number, _frame: received.append(number))
    return received


def _status_of(words: list[str]) -> int:
    """Run a command with the input and output of shipctl, and with the signals that Python ignores as they were."""
    process = os.posix_spawn(words[0], words, _environment(), setsigdef=[signal.SIGPIPE, signal.SIGXFSZ])
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return code if code >= 0 else 128 - code


def _environment() -> dict[bytes, bytes]:
    """The variables as shipctl got them: in the C locale Python sets LC_CTYPE for itself, which is not the job's."""
    with open("/proc/self/environ", "rb") as file:
        pairs = (entry.partition(b"=") for entry in file.read().split(b"\0") if b"=" in entry)
        return {name: value for name, _, value in pairs if name}


def _end_if_told(received: list[int]) -> None:
    """End as the signal would have ended it, so that the script above sees it."""
    if received:
        signal.signal(received[0], signal.SIG_DFL)
        os.kill(os.getpid(), received[0])
