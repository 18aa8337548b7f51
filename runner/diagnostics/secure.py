"""A closer look at secure values with the private keys that are here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from runner.pipeline.codes import Code
from runner.pipeline.problems import Problem, Severity
from runner.pipeline.sealed import Secure, UnsealableError, envelope_of
from runner.sealing.keyring import Keyring, SealedError

if TYPE_CHECKING:
    from runner.integrations.model import Integration
    from runner.pipeline.ci.model import CiPart
    from runner.pipeline.model import Pipeline


def secure_values(pipeline: Pipeline, ci: CiPart | None, integrations: Mapping[str, Integration]) -> Iterator[Secure]:
    """Every encrypted text of the files, wherever it may stand."""
    for resource in pipeline.resources.values():
        yield from resource.secure
    for job in pipeline.jobs.values():
        yield from (part for task in job.tasks for part in task.env if isinstance(part, Secure))
    if ci is not None:
        yield from (part for item in ci.env_items for part in item.parts if isinstance(part, Secure))
    for integration in integrations.values():
        for value in integration.fields.values():
            if isinstance(value, Mapping):
                yield from (each for each in value.values() if isinstance(each, Secure))


def unopened(values: Iterable[Secure], keyring: Keyring) -> Iterator[Problem]:
    """What cannot be decrypted though its key is here, and, once for each, the key pairs that are not here. Texts that
    nothing can decrypt were told of when they were read."""
    missing: dict[str, list[Secure]] = {}
    for secure in sorted(set(values), key=lambda each: each.place):
        try:
            pair = envelope_of(secure.text).pair
        except UnsealableError:
            continue
        try:
            keyring.open(secure)
        except SealedError as error:
            if error.other_pair:
                missing.setdefault(pair, []).append(secure)
            else:
                yield error.problem
    yield from (_missing(pair, found, keyring) for pair, found in missing.items())


def _missing(pair: str, found: list[Secure], keyring: Keyring) -> Problem:
    values = "this value" if len(found) == 1 else f"this value, and {len(found) - 1} more,"
    return Problem(
        code=Code.OTHER_KEY_PAIR,
        place=found[0].place,
        severity=Severity.HINT,
        message=f"{values} can be decrypted only where the private key of the pair {pair} is",
        hint=f"it is not in {keyring.directory}",
    )
