"""The files that an integration with keys gives to a job, and the variables that name them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runner.integrations.catalogue import IntegrationType, Need
from runner.integrations.model import ResolvedIntegration, revealed
from runner.secret import Secret

MODE = 0o600
"""ssh refuses a private key that others can open."""


EXPECTED: Mapping[str, str] = dict.fromkeys(
    ("privateKey", "publicKey", "key"), "a key but the path of one: write {file: PATH} for what stands in a file"
)
"""What is wrong with a value that is no key. It is not shown."""


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The file of one field: the name of the resource or integration with `suffix` behind it. `variables` are behind
    `<NAME>_` and hold its path."""

    field: str
    suffix: str
    variables: tuple[str, ...]


_OF_FIELDS = (
    KeyFile("privateKey", "_key", ("PRIVATE_KEY_PATH", "KEYPATH")),
    KeyFile("publicKey", "_key.pub", ("PUBLIC_KEY_PATH",)),
    KeyFile("key", "_key.pem", ("KEYPATH",)),
)
"""Source: names, modes and variables of the platform."""


def key_files(kind: IntegrationType) -> tuple[KeyFile, ...]:
    """Those that integrations of a type can give."""
    return tuple(file for file in _OF_FIELDS if Need.KEY_FILES in kind.needs and kind.field(file.field) is not None)


def given_key_files(integration: ResolvedIntegration) -> tuple[KeyFile, ...]:
    """Those that this integration gives."""
    return tuple(file for file in key_files(integration.type) if file.field in integration.values)


def wrong_fields(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The fields that hold a path and no key, each with the sentence."""
    for name, expected in EXPECTED.items():
        text = values.get(name, "").strip()
        if text.startswith(("/", "~", ".")) and "\n" not in text:
            yield name, f"is not {expected}"


def key_contents(integration: ResolvedIntegration) -> Iterator[tuple[KeyFile, str]]:
    """What stands in each."""
    for file in given_key_files(integration):
        value = integration.values[file.field]
        if isinstance(value, str | Secret):
            yield file, key_lines(revealed(value))


def key_lines(text: str) -> str:
    """A key as OpenSSH reads it: every line ends with a newline and nothing else, the last one too. A `{file: …}`
    reference has lost the last one, and an editor may have put a carriage return before each."""
    return text.replace("\r\n", "\n").rstrip("\n") + "\n"
