"""The SMTP server that e-mail is handed to."""

from __future__ import annotations

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
