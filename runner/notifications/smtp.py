"""The SMTP server that e-mail is handed to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from runner.secret import Secret


class Security(StrEnum):
    """How the connection is encrypted: by STARTTLS, from its first byte, or not at all."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


_ATOM = r'[^\s()<>\[\]:;@\\,."]+'
_ADDRESS = rf"{_ATOM}(?:\.{_ATOM})*@{_ATOM}(?:\.{_ATOM})*"
_SENDER = rf"[\w .'-]+ <{_ADDRESS}>|{_ADDRESS}"
PORTS: Mapping[Security, int] = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """`ca_file`: certificates that are trusted beside those of the system."""

    host: str
    port: int
    security: Security
    sender: str
    user: str | None = None
    password: Secret | None = None
    ca_file: Path | None = None


def is_address(text: str) -> bool:
    """One that stands in a header as it is, without quotes, comments or groups (RFC 5322)."""
    return _is_plain(text) and re.fullmatch(_ADDRESS, text) is not None


def is_sender(text: str) -> bool:
    """An address, or `Name <address>`."""
    return _is_plain(text) and re.fullmatch(_SENDER, text) is not None


def _is_plain(text: str) -> bool:
    return text.isprintable() and "=?" not in text
