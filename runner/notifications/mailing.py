"""E-mail over the SMTP server of the host's owner."""

from __future__ import annotations

import platform
import re
import ssl
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

import aiosmtplib

from runner.notifications.news import News, one_line
from runner.notifications.outcome import Attempt, NotSentError, UnreachableError, told_by
from runner.notifications.smtp import Security, SmtpServer

SILENCE_S = 15.0
"""How long a server may say nothing."""
FOR_GOOD = 500
"""From here on the codes of SMTP mean: do not try again (RFC 5321)."""
_ATOM = r'[^\s()<>\[\]:;@\\,."]+'
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_ATOM}(?:\.{_ATOM})*")


async def mail(server: SmtpServer, recipients: Sequence[str], news: News, identity: str, at: datetime) -> Attempt:
    """One message to all. `identity` is the same whenever the same message is sent again: what is delivered twice can
    be told."""
    wrong = {name: "this is no e-mail address" for name in recipients if not _is_address(name)}
    good = [name for name in recipients if name not in wrong]
    if not good:
        return Attempt(refused=tuple(wrong.items()))
    try:
        answers = await _hand_over(server, good, _message(server, good, news, identity, at))
    except UnreachableError as error:
        return Attempt(refused=tuple(wrong.items()), later=tuple((name, str(error)) for name in good))
    except NotSentError as error:
        return Attempt(refused=(*wrong.items(), *((name, str(error)) for name in good)))
    for_good = {name: told for name, (code, told) in answers.items() if code >= FOR_GOOD}
    return Attempt(
        told=tuple(name for name in good if name not in answers),
        refused=(*wrong.items(), *for_good.items()),
        later=tuple((name, told) for name, (_, told) in answers.items() if name not in for_good),
    )


def _is_address(text: str) -> bool:
    """One that stands in a header as it is, without quotes, comments or groups (RFC 5322)."""
    return text.isprintable() and "=?" not in text and _ADDRESS.fullmatch(text) is not None


def _message(server: SmtpServer, recipients: Sequence[str], news: News, identity: str, at: datetime) -> EmailMessage:
    message = EmailMessage()
    message["From"] = server.sender
    message["To"] = ", ".join(recipients)
    message["Subject"] = one_line(news.headline)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{identity}@{server.sender.rpartition('@')[2] or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    snippet = f"\n\nWhat failed:\n\n{news.snippet}" if news.snippet else ""
    message.set_content(f"{news.headline}\n\n{news.details}{snippet}\n")
    return message


async def _hand_over(
    server: SmtpServer, recipients: Sequence[str], message: EmailMessage
) -> Mapping[str, tuple[int, str]]:
    """Whom the server did not take, with its code and words. Raises NotSentError."""
    where = f"the SMTP server {server.host}:{server.port}"
    try:
        async with _client(server) as client:
            answers, _ = await client.send_message(message, sender=server.sender, recipients=list(recipients))
    except aiosmtplib.SMTPRecipientsRefused as error:
        return {each.recipient: (each.code, _said(where, each.code, each.message)) for each in error.recipients}
    except aiosmtplib.SMTPResponseException as error:
        kind = NotSentError if error.code >= FOR_GOOD else UnreachableError
        raise kind(_said(where, error.code, error.message)) from None
    except aiosmtplib.SMTPNotSupported as error:
        raise NotSentError(f"{where} cannot take it: {one_line(str(error))}") from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise UnreachableError(_unreachable(where, error)) from None
    return {name: (each.code, _said(where, each.code, each.message)) for name, each in answers.items()}


def _client(server: SmtpServer) -> aiosmtplib.SMTP:
    context = ssl.create_default_context()
    if server.ca_file is not None:
        try:
            context.load_verify_locations(server.ca_file)
        except OSError as error:
            raise NotSentError(f"smtp.ca_file {server.ca_file} cannot be used: {error.strerror or error}") from None
    return aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.user,
        password=None if server.password is None else server.password.reveal(),
        use_tls=server.security is Security.TLS,
        start_tls=server.security is Security.STARTTLS,
        tls_context=context,
        local_hostname=platform.node() or "localhost",
        timeout=SILENCE_S,
    )


def _said(where: str, code: int, words: str) -> str:
    return f"{where} says {code} {one_line(words)}"


def _unreachable(where: str, error: Exception) -> str:
    cause = error.__cause__ if isinstance(error, aiosmtplib.SMTPConnectError) else error
    match cause:
        case ssl.SSLCertVerificationError():
            return f"the certificate of {where} cannot be verified; smtp.ca_file names what is trusted"
        case TimeoutError():
            return f"{where} does not answer in time"
        case OSError(errno=int()):
            return f"{where} cannot be reached: {told_by(cause)}"
        case _:
            return f"{where} cannot be used: {one_line(str(error)) or type(error).__name__}"
