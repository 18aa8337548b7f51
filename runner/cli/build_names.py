"""How people name builds: `JOB`, the newest one of it, or `JOB/NUMBER`."""

from __future__ import annotations

from runner.errors import UsageError


def label(job: str, number: int) -> str:
    return f"{job}/{number}"


def split_name(text: str) -> tuple[str, int | None]:
    """`job/3` → (job, 3), `job` → (job, None). Raises UsageError."""
    job, separator, number = text.rpartition("/")
    if not separator and text:
        return text, None
    if not (number.isascii() and number.isdigit()) or "/" in job or not job:
        raise UsageError(f"'{text}' names no build: give JOB or JOB/NUMBER, as 'runner builds' shows them")
    return job, int(number)
