"""Services on 127.0.0.1 that are told of builds: HTTP and IRC are those of the tests of shipctl; SMTP is real."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from runner.notifications.smtp import Security


@dataclass
class MailServer:
    """`refuse` are answers to recipients, `answer` is to the message itself; `login` is the one that it takes."""

    port: int = 0
    refuse: dict[str, str] = field(default_factory=dict)
    answer: str = "250 OK"
    login: tuple[str, str] | None = None
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802  the names are those that the server calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address not in self.refuse:
            envelope.rcpt_tos.append(address)
        return self.refuse.get(address, "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.recipients.append(list(envelope.rcpt_tos))
        assert server.transport is not None
        self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        return self.answer

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        good = (data.login.decode(), data.password.decode()) == self.login
        return AuthResult(success=good, handled=False)  # not handled: the server answers for us


@asynccontextmanager
async def mail_server(
    security: Security = Security.NONE, certificate: Path | None = None, login: tuple[str, str] | None = None
) -> AsyncIterator[MailServer]:
    """`certificate` is a file of `make_certificate`, for the encrypted ones."""
    server = MailServer(login=login)
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)

    def protocol() -> SMTP:
        with warnings.catch_warnings():
            # It does not know of the encryption that goes on below it, and warns of a login without any.
            warnings.simplefilter("ignore", UserWarning)
            return _protocol()

    def _protocol() -> SMTP:
        return SMTP(
            server,
            hostname="mail.example",
            tls_context=context if security is Security.STARTTLS else None,
            require_starttls=security is Security.STARTTLS,
            authenticator=server.authenticate if login is not None else None,
            auth_required=login is not None,
            auth_require_tls=security is Security.STARTTLS,
        )

    implicit = context if security is Security.TLS else None
    listening = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=implicit)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()
