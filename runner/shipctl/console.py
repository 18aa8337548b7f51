"""What shipctl prints, and how it refuses. Imported by every command: nothing but `os`."""

from __future__ import annotations

import os

REFUSED = 99
"""Exit status of a wrong call, as scripts of the platform know it."""


class RefusedError(Exception):
    """The call cannot be answered: the text is the sentence for standard output, the exit status is 99."""


def say(text: str | bytes) -> None:
    """One line, or several, on standard output; a newline is added."""
    write(1, encoded(text) + b"\n")


def complain(text: str | bytes) -> None:
    """One line on standard error."""
    write(2, encoded(text) + b"\n")


def write(descriptor: int, data: bytes) -> None:
    """All of `data`; a reader that went away ends the program as the signal would have."""
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
    except BrokenPipeError:
        raise SystemExit(128 + 13) from None


def encoded(text: str | bytes) -> bytes:
    """The bytes that the text came from: arguments and variables pass through unchanged, whatever they hold."""
    return text if isinstance(text, bytes) else os.fsencode(text)


def directory(variable: str) -> str:
    """The directory that a variable of the job names. Raises RefusedError outside a job."""
    if path := os.environ.get(variable):
        return path
    raise RefusedError(f"shipctl: {variable} is not set: this command works inside a job")


def explained(error: OSError) -> str:
    """`path: what is wrong`, in the words of the system."""
    reason = error.strerror or str(error)
    return f"{os.fsdecode(error.filename)}: {reason}" if error.filename else reason
