"""The SMTP server of the settings, with its password."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from runner.notifications.outcome import NotSentError
from runner.notifications.smtp import PORTS, SmtpServer
from runner.secret import Secret
from runner.service.settings import Smtp


def smtp_server(smtp: Smtp) -> SmtpServer:
    """Raises NotSentError where there is none, or its password cannot be read."""
    if smtp.host is None:
        raise NotSentError("no SMTP server is set: smtp.host in runner.toml, or RUNNER_SMTP__HOST, names one")
    return SmtpServer(
        host=smtp.host,
        port=smtp.port or PORTS[smtp.security],
        security=smtp.security,
        sender=smtp.sender or f"shippable-runner@{platform.node() or 'localhost'}",
        user=smtp.user,
        password=_password(smtp),
        ca_file=smtp.ca_file,
    )


def _password(smtp: Smtp) -> Secret | None:
    """Read anew each time: it may be changed while the service runs."""
    if smtp.user is None:
        return None
    file, variable = smtp.password_file, smtp.password_env or ""
    text = os.environ.get(variable, "") if file is None else _read(file)
    if not text:
        place = smtp.password_file or f"the variable {smtp.password_env}"
        raise NotSentError(f"the password of the SMTP server is empty: it is looked for in {place}")
    return Secret(text)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise NotSentError(f"smtp.password_file {path} cannot be read: {reason}") from None
