"""Secure values as a file has them: encrypted texts under the key `secure`. Nothing is decrypted here, and no key is
needed: the text itself tells who made it, and for which key pair."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from runner.pipeline.problems import Place

SECURE = "secure"
"""The key of encrypted variables among variables, parameters and pairs."""
PARAMS = "params"
"""The type of resources whose parameters may be encrypted."""
PREFIX = "runner1"
"""What a value begins with that was made by `runner encrypt`; the digit is the version of the format."""
FINGERPRINT = 16
"""Hexadecimal digits that name a key pair."""
LEAST = 32 + 16
"""Bytes of the smallest encrypted text: the public half of its own key pair (X25519), and the tag."""
FORM = (
    rf"^\s*(runner[0-9]+\.[0-9a-f]{{{FINGERPRINT}}}\.[A-Za-z0-9_\s-]{{{LEAST},}}|[A-Za-z0-9+/\s]*[A-Za-z0-9+/]=*)\s*$"
)
"""The regular expression for a schema: a value of ours, or base64, as the platform made them."""
_OURS = re.compile(r"runner([0-9]+)\.")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+=*")
_OF_PLATFORM = "was encrypted by the platform, whose private key is gone: it cannot be decrypted any more"
_ANEW = "encrypt it anew with 'runner encrypt'"


@dataclass(frozen=True, slots=True)
class Secure:
    """An encrypted text that stands for variables."""

    text: str
    place: Place

    def __str__(self) -> str:
        return SECURE


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an encrypted text says of itself: the fingerprint of the key pair it was made for, and its content."""

    pair: str
    content: bytes

    def __str__(self) -> str:
        return f"{PREFIX}.{self.pair}.{base64.urlsafe_b64encode(self.content).rstrip(b'=').decode()}"


class UnsealableError(ValueError):
    """A text that nothing can decrypt. The text is what is said of the value; `hint` is what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class ForeignError(UnsealableError):
    """The platform has encrypted it."""


def envelope_of(text: str) -> Envelope:
    """Read an encrypted text; blanks and line breaks in it mean nothing. Raises UnsealableError."""
    whole = "".join(text.split())
    ours = _OURS.match(whole)
    if ours is None:
        if _BASE64.fullmatch(whole):
            raise ForeignError(_OF_PLATFORM, _ANEW)
        raise UnsealableError("is not encrypted", "'runner encrypt KEY=VALUE' prints what belongs here")
    if ours[1] != PREFIX.removeprefix("runner"):
        raise UnsealableError(f"is of format {ours[1]}, which this version does not know", "use a newer runner")
    _, _, rest = whole.partition(".")
    pair, _, written = rest.partition(".")
    content = _decoded(written)
    if not re.fullmatch(f"[0-9a-f]{{{FINGERPRINT}}}", pair) or content is None or len(content) < LEAST:
        raise UnsealableError("is damaged: a part of it is missing or changed", "paste the whole line again")
    return Envelope(pair, content)


def _decoded(text: str) -> bytes | None:
    """base64 for URLs without its padding, in the one way to write it; None where it is not that."""
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return content if base64.urlsafe_b64encode(content).rstrip(b"=").decode() == text else None
