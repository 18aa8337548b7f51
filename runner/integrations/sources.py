"""Where integrations come from: the file, and the values that its references name."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from runner.errors import SetupError
from runner.integrations.checks import check_of
from runner.integrations.entries import Entries
from runner.integrations.model import (
    FieldValue,
    Integration,
    IntegrationsReading,
    ResolvedIntegration,
    Text,
    Value,
    Written,
    revealed,
)
from runner.integrations.references import fetch
from runner.pipeline.codes import Code
from runner.pipeline.problems import Place, Problem, Severity
from runner.pipeline.sealed import Secure
from runner.pipeline.source import parse
from runner.private_file import RefusedFileError, read_private
from runner.sealing.keyring import Keyring, SealedError
from runner.secret import Secret

Opened: TypeAlias = Callable[[Secure], Mapping[str, Secret]]
"""Decrypts."""


def default_path(directory: Path, home: Path | None = None) -> Path | None:
    """`.runner/integrations.yml` in the pipeline file's directory, else the user's own; None if there is neither."""
    candidates = [directory / ".runner/integrations.yml"]
    with contextlib.suppress(RuntimeError):  # a user without a home
        candidates.append((home or Path.home()) / ".config/shippable-runner/integrations.yml")
    return next((path for path in candidates if os.path.exists(path)), None)


def read_integrations(path: Path) -> IntegrationsReading:
    """The integrations of a file and every problem of it. A file that cannot be used at all is one problem too."""
    try:
        text = _text(path)
    except RefusedFileError as refused:
        problem = Problem(code=Code.REFUSED_FILE, place=Place(str(path)), severity=Severity.ERROR, message=str(refused))
        return IntegrationsReading(integrations={}, problems=(problem,))
    node, problems = parse(str(path), text)
    reading = Entries(directory=path.absolute().parent).read(node)
    every = sorted((*problems, *reading.problems), key=lambda problem: problem.place)
    return IntegrationsReading(integrations=reading.integrations, problems=tuple(every))


def _text(path: Path) -> str:
    content = read_private(path, "a file of integrations")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedFileError(f"the file is not UTF-8 text (byte {error.start})") from None


async def resolve(
    integration: Integration, keys: Keyring, environ: Mapping[str, str] | None = None
) -> ResolvedIntegration:
    """The integration with all values: references are fetched now, one after the other, and become secrets; what is
    encrypted is decrypted with `keys`.

    Raises SetupError with a sentence that names integration and field and never shows a value.
    """
    known = os.environ if environ is None else environ
    opened = functools.partial(keys.open, subject=f"integration '{integration.name}'")
    values: dict[str, Value] = {}
    for name, value in integration.fields.items():
        try:
            values[name] = await _value(value, opened, known)
        except SealedError:
            raise  # it names the place
        except SetupError as error:
            text = _without_values(str(error), integration, values)
            raise SetupError(f"integration '{integration.name}', field '{name}': {text}") from None
    resolved = ResolvedIntegration(name=integration.name, type=integration.type, values=values)
    _check_values(resolved)
    return resolved


def _without_values(text: str, integration: Integration, resolved: Mapping[str, Value]) -> str:
    """What a command has printed may hold what other fields hold."""
    known = (one for value in (*integration.fields.values(), *resolved.values()) for one in _secrets(value))
    for secret in sorted((one.reveal() for one in known if one), key=len, reverse=True):
        text = text.replace(secret, "****")
    return text


def _secrets(value: FieldValue) -> Iterator[Secret]:
    match value:
        case Secret():
            yield value
        case tuple():
            yield from (one for one in value if isinstance(one, Secret))
        case Mapping():
            yield from (one for one in value.values() if isinstance(one, Secret))
        case _:
            return


async def _value(value: FieldValue, opened: Opened, environ: Mapping[str, str]) -> Value:
    match value:
        case tuple():
            return tuple([await _one(item, environ) for item in value])
        case Mapping():
            return await _pairs(value, opened, environ)
        case _:
            return await _one(value, environ)


async def _pairs(pairs: Mapping[str, Written], opened: Opened, environ: Mapping[str, str]) -> Mapping[str, Text]:
    found: dict[str, Text] = {}
    for key, value in pairs.items():
        if isinstance(value, Secure):
            found |= opened(value)
        else:
            found[key] = await _one(value, environ)
    return found


async def _one(value: Written, environ: Mapping[str, str]) -> Text:
    match value:
        case str() | Secret():
            return value
        case Secure():
            raise TypeError("encrypted texts stand in pairs only")
        case _:
            return await fetch(value, environ)


def _check_values(integration: ResolvedIntegration) -> None:
    """What reading the file could not check, because the values stood elsewhere."""
    for field in integration.type.fields:
        if field.required and not integration.values.get(field.name):
            raise SetupError(f"integration '{integration.name}': the value of '{field.name}' is empty")
    check = check_of(integration.type)
    if check is None:
        return
    single = {name: value for name, value in integration.values.items() if isinstance(value, str | Secret)}
    for name, _ in check.wrong({name: revealed(text) for name, text in single.items()}):
        raise SetupError(f"integration '{integration.name}': the value of '{name}' is not {check.expected[name]}")
