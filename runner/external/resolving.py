"""The texts that external references stand for: from the cache by their pins, else fetched, and pinned at first use."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeAlias

from runner.errors import RunnerError
from runner.external.cache import Cache, digest_of
from runner.external.lock import LockError, read_lock, write_lock
from runner.pipeline.codes import Code
from runner.pipeline.files import Found
from runner.pipeline.problems import Problem, Severity
from runner.pipeline.reader import SourceFile
from runner.pipeline.references import Reference, references_of
from runner.pipeline.sections import LOCK, is_templates

COMMIT_IT = f"'runner references update' beside the file, and commit its {LOCK}"
"""How to take what has changed against a pin of a repository."""
Download: TypeAlias = Callable[[str], Awaitable[bytes]]
"""Fetches the content of an address. Raises RunnerError with what to say behind the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Where texts are kept, and how they may be had.

    `own`: a lock for what `shippable.lock` beside the templates does not pin; new pins are written there, and the
    directory of the templates is left alone. `accept` tells how to take what has changed against a pin that this
    library writes. `download` None: nothing is fetched. `update`: those pins are made anew."""

    cache: Cache
    download: Download | None
    own: Path | None = None
    accept: str = "'runner references update'"
    update: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """A reference of which the text is there. `before` is the digest that it was pinned to, if it was."""

    reference: Reference
    content: bytes
    digest: str
    before: str | None


@dataclass(slots=True)
class Resolved:
    """The files with those that they refer to."""

    found: Found
    taken: list[Taken] = field(default_factory=list)


async def resolve(found: Found, library: Library, pins: Pins | None = None) -> Resolved:
    """Add the texts that the templates among these files refer to, and a problem for each that cannot be had. `pins`
    take the place of those that stand beside the templates."""
    resolved = Resolved(found)
    for file in found.files:
        if is_templates(file.name) and (references := references_of(file.name, file.text)):
            try:
                known = pins or Pins.read(Path(file.name).with_name(LOCK), library)
                taken, problems = await _take(references, known, library)
                known.renew(references, taken, update=library.update)
            except LockError as error:
                taken, problems = [], [error.problem]
            before = resolved.found
            texts = (SourceFile(one.reference.name, one.content.decode(), file.repository) for one in taken)
            resolved.found = Found((*before.files, *texts), (*before.problems, *problems))
            resolved.taken += taken
    return resolved


@dataclass(frozen=True, slots=True)
class Pins:
    """What is pinned: `fixed` by a lock that is not ours to write, `ours` in the one at `path`."""

    path: Path
    ours: Mapping[str, str]
    fixed: Mapping[str, str]

    @classmethod
    def read(cls, beside: Path, library: Library) -> Self:
        """Raises LockError."""
        if library.own is None:
            return cls(beside, read_lock(beside), {})
        return cls(library.own, read_lock(library.own), read_lock(beside))

    def of(self, address: str) -> str | None:
        return self.fixed.get(address) or self.ours.get(address)

    def renew(self, references: Sequence[Reference], taken: Sequence[Taken], *, update: bool) -> None:
        """Write what is pinned from now on; with `update`, pins of what nothing refers to any more go. Raises
        LockError."""
        wanted = {reference.address for reference in references}
        kept = {address: pin for address, pin in self.ours.items() if address in wanted or not update}
        made = {one.reference.address: one.digest for one in taken if one.reference.address not in self.fixed}
        if (pins := {**kept, **made}) != self.ours:
            write_lock(self.path, pins)


async def _take(references: Sequence[Reference], pins: Pins, library: Library) -> tuple[list[Taken], list[Problem]]:
    """All at once: the slowest one decides how long it takes."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_one(reference, pins, library)) for reference in references]
    results = [task.result() for task in tasks]
    taken = [result for result in results if isinstance(result, Taken)]
    problems = [result for result in results if isinstance(result, Problem)]
    kept = await asyncio.to_thread(_keep, taken, library.cache)
    return taken, [*problems, *kept]


async def _one(reference: Reference, pins: Pins, library: Library) -> Taken | Problem:
    address, before = reference.address, pins.of(reference.address)
    renewed = library.update and address not in pins.fixed
    if before is not None and not renewed and (content := library.cache.find(before)) is not None:
        return Taken(reference, content, before, before)
    if library.download is None:
        return _not_had(reference, "is not in the cache, and with --offline nothing is fetched: call once without it")
    try:
        content = await library.download(address)
        content.decode()
    except RunnerError as error:
        return _not_had(reference, str(error))
    except UnicodeDecodeError:
        return _not_had(reference, "is not UTF-8 text")
    digest = digest_of(content)
    if before in (None, digest) or renewed:
        return Taken(reference, content, digest, before)
    return _changed(reference, before or "", digest, library, fixed=address in pins.fixed)


def _keep(taken: Sequence[Taken], cache: Cache) -> list[Problem]:
    """Put into the cache what is not there; a cache that cannot be written is told once."""
    for one in taken:
        try:
            if cache.find(one.digest) is None:
                cache.keep(one.content)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            told = f"cannot be kept in {cache.directory} ({why}): it is fetched each time, and --offline cannot work"
            return [_problem(Code.REFERENCE_NOT_KEPT, one.reference, told, Severity.WARNING)]
    return []


def _not_had(reference: Reference, why: str) -> Problem:
    return _problem(Code.REFERENCE_NOT_HAD, reference, why)


def _changed(reference: Reference, before: str, now: str, library: Library, *, fixed: bool) -> Problem:
    accept = COMMIT_IT if fixed else library.accept
    return _problem(
        Code.REFERENCE_CHANGED,
        reference,
        f"is pinned to sha256 {before}, and what is there now has sha256 {now}: look at it, then take it with {accept}",
    )


def _problem(code: Code, reference: Reference, why: str, severity: Severity = Severity.ERROR) -> Problem:
    message = f"{reference.name} {why}"
    return Problem(code=code, place=reference.place, severity=severity, message=message, subject=reference.subject)
