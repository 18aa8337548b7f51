"""The private keys that a run or a service has, and what they open. cryptography is loaded when the first value is."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import RunnerError, SetupError
from runner.pipeline.codes import Code
from runner.pipeline.problems import Problem, Severity
from runner.pipeline.sealed import Envelope, Secure, UnsealableError, envelope_of
from runner.secret import Secret

if TYPE_CHECKING:
    from runner.sealing.box import Private


class SealedError(SetupError):
    """A value cannot be decrypted; `other_pair`: because the private key of its pair is not here."""

    def __init__(self, problem: Problem, *, other_pair: bool = False) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.other_pair = other_pair


@dataclass(slots=True)
class Keyring:
    """The keys in `directory`, which need not be there. Every text is opened once."""

    directory: Path
    _opened: dict[str, Mapping[str, Secret]] = field(default_factory=dict)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every value that was opened."""
        return tuple(secret for variables in self._opened.values() for secret in variables.values())

    def open(self, secure: Secure, subject: str = "") -> Mapping[str, Secret]:
        """The variables that an encrypted text stands for; `subject` is whose it is. Raises SealedError."""
        if secure.text not in self._opened:
            self._opened[secure.text] = self._open(secure, subject)
        return self._opened[secure.text]

    def _open(self, secure: Secure, subject: str) -> Mapping[str, Secret]:
        try:
            envelope = envelope_of(secure.text)
        except UnsealableError as error:
            raise _error(secure, subject, f"this value {error}", error.hint) from None
        key = self._key(secure, subject, envelope)
        from runner.sealing.box import unseal

        try:
            return unseal(key, envelope)
        except ValueError as error:
            message = f"this value cannot be decrypted, though the key pair {envelope.pair} is here: {error}"
            raise _error(secure, subject, message, "paste the whole line again, or encrypt it anew") from None

    def _key(self, secure: Secure, subject: str, envelope: Envelope) -> Private:
        """The private key that the text was made for. Raises SealedError."""
        from runner.sealing.box import fingerprint
        from runner.sealing.key_files import named, private_keys

        found: dict[str, str] = {}
        refused: list[str] = []
        try:
            for name, key in private_keys(self.directory):
                if isinstance(key, str):
                    refused.append(key)
                    continue
                found[name] = fingerprint(key.public_key())
                if found[name] == envelope.pair:
                    return key
        except RunnerError as error:
            refused.append(str(error))
        told = f"this value cannot be decrypted: it was made for the key pair {envelope.pair}, and "
        told += f"{self.directory} has {named(found)}" if found else f"no private key is in {self.directory}"
        told += "".join(f"; not used: {sentence}" for sentence in refused)
        raise _error(secure, subject, told, self._cure(bool(found or refused)), other_pair=True)

    def _cure(self, has_keys: bool) -> str:
        if has_keys:
            return "put the private key of that pair there too, or encrypt the value anew with 'runner encrypt'"
        make = f"runner secrets keygen --keys {shlex.quote(str(self.directory))}"
        return f"put it there, or make a pair to encrypt it anew for: {make}"


def _error(secure: Secure, subject: str, message: str, hint: str, *, other_pair: bool = False) -> SealedError:
    problem = Problem(
        code=Code.NOT_DECRYPTED,
        place=secure.place,
        severity=Severity.ERROR,
        subject=subject,
        message=message,
        hint=hint,
    )
    return SealedError(problem, other_pair=other_pair)
