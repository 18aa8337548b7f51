"""What an integration is: as the file has it, and with its values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from runner.integrations.catalogue import IntegrationType
from runner.integrations.references import Reference
from runner.pipeline.problems import Place, Problem, Severity
from runner.pipeline.sealed import Secure
from runner.secret import Secret

Text: TypeAlias = str | Secret
Value: TypeAlias = Text | tuple[Text, ...] | Mapping[str, Text]
Written: TypeAlias = str | Secret | Reference | Secure
"""`Secure` stands in pairs only, under its own text: it becomes several of them."""
FieldValue: TypeAlias = Written | tuple[Written, ...] | Mapping[str, Written]


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """An entry of integrations.yml. `fields` are in the order of the file; references are not fetched yet, and what is
    encrypted is not decrypted."""

    name: str
    type: IntegrationType
    place: Place
    fields: Mapping[str, FieldValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationsReading:
    """The integrations by name, and every problem of the file, sorted by place."""

    integrations: Mapping[str, Integration]
    problems: tuple[Problem, ...] = ()

    @property
    def refused(self) -> bool:
        return any(problem.severity is Severity.ERROR for problem in self.problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedIntegration:
    """An integration with all its values. A `Secret` is what a log must not show."""

    name: str
    type: IntegrationType
    values: Mapping[str, Value]

    def text(self, field: str) -> str | None:
        """The revealed text of a field; None if it is absent, empty, or no text."""
        match self.values.get(field):
            case Secret() as secret:
                return secret.reveal() or None
            case str(text):
                return text or None
            case _:
                return None

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every secret in it, for the redaction of logs."""
        return tuple(text for _, text in self.secrets_by_field())

    def secrets_by_field(self) -> Iterator[tuple[str, Secret]]:
        """Every secret in it with the field that holds it; `field.key` where that is a mapping."""
        for field, value in self.values.items():
            named = value.items() if isinstance(value, Mapping) else ((None, text) for text in texts(value))
            for key, text in named:
                if isinstance(text, Secret):
                    yield field if key is None else f"{field}.{key}", text


def texts(value: Value) -> Iterator[Text]:
    """Every single text of a value."""
    match value:
        case str() | Secret():
            yield value
        case tuple():
            yield from value
        case _:
            yield from value.values()


def revealed(text: Text) -> str:
    return text.reveal() if isinstance(text, Secret) else text
