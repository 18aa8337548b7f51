"""How people name builds: `JOB`, the newest one of it, `JOB/NUMBER`, or `JOB/NUMBER.ITEM` of a CI build."""

from __future__ import annotations

from runner.errors import UsageError
from runner.store.rows import item_name


def split_name(text: str) -> tuple[str, int | None]:
    """`job/3` → (job, 3), `job` → (job, None); an item as the store has it: `job/3.1` → (job/1, 3).

    Raises UsageError."""
    job, separator, number = text.rpartition("/")
    if not separator and text:
        return text, None
    number, dot, item = number.partition(".")
    if not _is_number(number) or (dot and not _is_number(item)) or "/" in job or not job:
        raise UsageError(f"'{text}' names no build: give JOB or JOB/NUMBER, as 'runner builds' shows them")
    return (item_name(job, int(item)) if dot else job), int(number)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
