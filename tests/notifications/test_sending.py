"""What Slack, webhooks, IRC and mail servers get, and what comes of it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.notifications.destinations import Addressed, Destination, Email, Irc, Slack, Webhook
from runner.notifications.letter import Letter
from runner.notifications.news import News
from runner.notifications.outcome import Attempt, NotSentError
from runner.notifications.sending import Senders
from runner.notifications.smtp import Security, SmtpServer
from runner.secret import Secret
from tests.notifications.servers import MailServer, mail_server, make_certificate
from tests.shipctl.services import IrcServer, WebService, irc_server, web_service

AT = datetime(2024, 5, 1, 12, 30, tzinfo=UTC)
NEWS = News(
    build=7,
    name="deploy/3",
    job="deploy",
    number=3,
    status="failure",
    triggered_by="repo",
    log="runner logs deploy/3",
    reason="task 'x' failed: exit status 1",
    duration=timedelta(seconds=75),
    by="ann",
)
HEADLINE = "deploy/3 failed after 1 min 15 s"
LINE = f"{HEADLINE}: task 'x' failed: exit status 1 (triggered by repo by ann; runner logs deploy/3)"
DETAILS = "Reason: task 'x' failed: exit status 1\nTriggered by repo by ann\nLog: runner logs deploy/3"


def nobody() -> SmtpServer:
    raise NotSentError("no SMTP server is set")


async def sent(
    destination: Destination,
    *recipients: str,
    news: News = NEWS,
    secrets: tuple[str, ...] = (),
    smtp: SmtpServer | None = None,
) -> Attempt:
    addressed = Addressed(destination=destination, recipients=recipients, secrets=tuple(map(Secret, secrets)))
    letter = Letter(news=news, addressed=addressed, recipients=recipients, identity="notice-1", at=AT)
    return await Senders(nobody if smtp is None else lambda: smtp).send(letter)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebService]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with web_service() as service:
        yield service


def bodies(web: WebService) -> list[dict[str, object]]:
    return [json.loads(request.body) for request in web.requests]


async def test_slack_gets_one_message_for_each_recipient(web: WebService) -> None:
    attempt = await sent(Slack(Secret(f"{web.url}/secret")), "#a", "@b")
    assert attempt == Attempt(told=("#a", "@b"))
    first, second = bodies(web)
    attachment = {
        "pretext": HEADLINE,
        "text": DETAILS,
        "color": "#d64545",
        "fallback": LINE,
    }
    assert first == {"username": "Shippable", "attachments": [attachment], "channel": "#a"}
    assert second["channel"] == "@b"


async def test_slack_takes_no_words_of_a_build_for_links_or_mentions(web: WebService) -> None:
    await sent(Slack(Secret(web.url)), "", news=replace(NEWS, reason="<!channel> & <http://x|y>"))
    (body,) = bodies(web)
    text = body["attachments"][0]["text"]  # type: ignore[index]
    assert "&lt;!channel&gt; &amp; &lt;http://x|y&gt;" in text
    assert "channel" not in body


async def test_a_webhook_gets_the_facts_and_its_authorization(web: WebService) -> None:
    hook = Webhook(Secret(f"{web.url}/x"), Secret("Bearer s3cret"), ("A=1",))
    assert await sent(hook, "") == Attempt(told=("",))
    (request,) = web.requests
    assert request.headers["authorization"] == "Bearer s3cret"
    assert json.loads(request.body) == {
        "username": "Shippable",
        "pretext": HEADLINE,
        "text": DETAILS,
        "color": "#d64545",
        "recipient": "",
        "icon_url": "",
        "build": {
            "id": 7,
            "name": "deploy/3",
            "job": "deploy",
            "number": 3,
            "status": "failure",
            "reason": "task 'x' failed: exit status 1",
            "duration_s": 75.0,
            "triggered_by": "repo",
            "by": "ann",
            "about": "",
            "log": "runner logs deploy/3",
        },
        "payload": ["A=1"],
    }


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
async def test_any_reason_reaches_a_webhook(web: WebService, text: str) -> None:
    assert (await sent(Webhook(Secret(web.url)), "", news=replace(NEWS, reason=text))).told
    build = bodies(web)[-1]["build"]
    assert isinstance(build, dict)
    assert build["reason"] == text


@pytest.mark.parametrize("status", [302, 400, 403, 404, 410])
async def test_a_refusal_is_for_good_and_keeps_nobody_else_from_it(web: WebService, status: int) -> None:
    web.answers["/bad"] = (status, b"no_service token-s3cret")
    refused = await sent(Slack(Secret(f"{web.url}/bad")), "#a", "#b", secrets=("token-s3cret",))
    sentence = f"127.0.0.1 answers with status {status}: no_service ****"
    assert refused == Attempt(refused=(("#a", sentence), ("#b", sentence)))


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_trouble_of_the_service_is_tried_again(web: WebService, status: int) -> None:
    web.answers["/"] = (status, b"")
    assert await sent(Slack(Secret(f"{web.url}/")), "#a") == Attempt(
        later=(("#a", f"127.0.0.1 answers with status {status}"),)
    )


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("destination", [Slack, Webhook])
async def test_a_service_that_is_not_there_is_tried_again(destination: type[Slack | Webhook], web: WebService) -> None:
    attempt = await sent(destination(Secret(f"http://127.0.0.1:{closed_port()}/s3cret")), "#a")
    assert attempt == Attempt(later=(("#a", "127.0.0.1 cannot be reached: Connection refused"),))


@pytest.mark.parametrize(
    "url", ["http://[x/s3cret", "file:///s3cret", "http://127.0.0.1:99999/s3cret", "http:///s3cret"]
)
async def test_an_address_that_is_none_is_one_sentence_without_it(url: str) -> None:
    (told,) = (await sent(Slack(Secret(url)), "#a")).refused
    assert told == ("#a", "the address or the token in its integration is malformed")


async def test_a_token_with_a_line_break_adds_no_header(web: WebService) -> None:
    attempt = await sent(Webhook(Secret(web.url), Secret("a\r\nX-Evil: 1")), "")
    assert attempt.refused == (("", "the address or the token in its integration is malformed"),)
    assert web.requests == []


@pytest.fixture
def irc() -> Iterator[IrcServer]:
    with irc_server() as server:
        yield server


async def test_a_channel_of_irc_gets_one_line(irc: IrcServer) -> None:
    irc.taken = 1
    assert (await sent(Irc(), f"{irc.address}#team")).told == (f"{irc.address}#team",)
    assert irc.lines[:4] == ["PASS none", "USER shippable 0 * :Shippable-3", "NICK Shippable-3", "NICK Shippable-3_"]
    assert irc.lines[-3:] == ["JOIN #team", f"NOTICE #team :{LINE}", "QUIT"]


async def test_a_channel_that_lets_nobody_in_is_a_refusal(irc: IrcServer) -> None:
    irc.refusal = ":irc 474 x #team :banned"
    assert (await sent(Irc(), f"{irc.address}#team")).refused == (
        (f"{irc.address}#team", "127.0.0.1 refuses: x #team :banned"),
    )


async def test_a_recipient_of_irc_without_a_channel_is_a_refusal() -> None:
    assert (await sent(Irc(), "irc.example")).refused == (("irc.example", "no channel found in recipient irc.example"),)


def smtp_of(server: MailServer, security: Security = Security.NONE, **more: object) -> SmtpServer:
    plain = SmtpServer(host="127.0.0.1", port=server.port, security=security, sender="runner@ci.example")
    return replace(plain, **more)  # type: ignore[arg-type]


def text_of(message: EmailMessage) -> str:
    return str(message.get_content()).replace("\r\n", "\n")


async def test_an_email_goes_to_all_at_once_and_can_be_told_again() -> None:
    async with mail_server() as server:
        attempt = await sent(Email(), "a@x.example", "b@x.example", smtp=smtp_of(server))
    assert attempt == Attempt(told=("a@x.example", "b@x.example"))
    (message,) = server.messages
    assert server.recipients == [["a@x.example", "b@x.example"]]
    assert message["From"] == "runner@ci.example"
    assert message["To"] == "a@x.example, b@x.example"
    assert message["Subject"] == HEADLINE
    assert message["Message-ID"] == "<notice-1@ci.example>"
    assert message["Date"] == "Wed, 01 May 2024 12:30:00 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    assert text_of(message) == f"{HEADLINE}\n\n{DETAILS}\n"


async def test_an_email_quotes_what_failed() -> None:
    async with mail_server() as server:
        await sent(Email(), "a@x.example", news=replace(NEWS, snippet="$ make\nno rule ü"), smtp=smtp_of(server))
    assert text_of(server.messages[0]).endswith("What failed:\n\n$ make\nno rule ü\n")


@settings(max_examples=8, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"])))
async def test_no_words_of_a_build_add_a_header_or_a_recipient(text: str) -> None:
    news = replace(
        NEWS, name=f"x\r\nBcc: evil@x.example\r\n{text}", reason=f"\r\n.\r\nRCPT TO:<evil@x.example>\r\n{text}"
    )
    async with mail_server() as server:
        assert (await sent(Email(), "a@x.example", news=news, smtp=smtp_of(server))).told == ("a@x.example",)
    assert server.recipients == [["a@x.example"]]
    assert server.messages[0]["Bcc"] is None


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
async def test_the_password_goes_over_an_encrypted_connection(tmp_path: Path, security: Security) -> None:
    certificate = make_certificate(tmp_path / "server.pem")
    async with mail_server(security, certificate, ("ann", "s3cret")) as server:
        smtp = smtp_of(server, security, user="ann", password=Secret("s3cret"), ca_file=certificate)
        assert (await sent(Email(), "a@x.example", smtp=smtp)).told == ("a@x.example",)
    assert server.encrypted == [True]


async def test_a_wrong_password_is_a_refusal_that_does_not_show_it(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path / "server.pem")
    async with mail_server(Security.STARTTLS, certificate, ("ann", "s3cret")) as server:
        smtp = smtp_of(server, Security.STARTTLS, user="ann", password=Secret("wr0ngpassword"), ca_file=certificate)
        ((_, sentence),) = (await sent(Email(), "a@x.example", smtp=smtp)).refused
    assert sentence.startswith(f"the SMTP server 127.0.0.1:{server.port} says 535")
    assert "wr0ng" not in sentence


async def test_a_certificate_that_nobody_trusts_gets_no_password(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path / "server.pem")
    async with mail_server(Security.STARTTLS, certificate, ("ann", "s3cret")) as server:
        smtp = smtp_of(server, Security.STARTTLS, user="ann", password=Secret("s3cret"))
        ((_, sentence),) = (await sent(Email(), "a@x.example", smtp=smtp)).later
    where = f"the certificate of the SMTP server 127.0.0.1:{server.port} cannot be verified"
    assert sentence == f"{where}; smtp.ca_file names what is trusted"
    assert server.messages == []


async def test_a_server_without_starttls_gets_nothing() -> None:
    async with mail_server() as server:
        ((_, sentence),) = (await sent(Email(), "a@x.example", smtp=smtp_of(server, Security.STARTTLS))).later
    assert sentence.startswith(f"the SMTP server 127.0.0.1:{server.port} cannot be used: SMTP STARTTLS extension not")
    assert server.messages == []


NONE = (
    "no address",
    "a@",
    "a b@x.example",
    "'#.:{#@x.example",
    "(e-):!a@x]",
    "().@x",
    "$%@[:*",
    "a@x,b@y",
    "=?utf-8?q?a?=@x",
)
"""Some of them the standard library's parser of headers breaks down at."""


async def test_recipients_that_are_refused_keep_nobody_else_from_it() -> None:
    async with mail_server() as server:
        server.refuse = {"gone@x.example": "550 no such user", "full@x.example": "452 mailbox full"}
        attempt = await sent(Email(), "a@x.example", "gone@x.example", "full@x.example", *NONE, smtp=smtp_of(server))
    where = f"the SMTP server 127.0.0.1:{server.port} says"
    assert attempt.told == ("a@x.example",)
    assert attempt.refused == (
        *((name, "this is no e-mail address") for name in NONE),
        ("gone@x.example", f"{where} 550 no such user"),
    )
    assert attempt.later == (("full@x.example", f"{where} 452 mailbox full"),)


@pytest.mark.parametrize(("answer", "for_good"), [("451 later", False), ("554 spam", True)])
async def test_a_message_that_is_refused_is_tried_again_if_the_server_says_so(answer: str, for_good: bool) -> None:
    async with mail_server() as server:
        server.answer = answer
        attempt = await sent(Email(), "a@x.example", smtp=smtp_of(server))
    pairs = attempt.refused if for_good else attempt.later
    assert pairs == (("a@x.example", f"the SMTP server 127.0.0.1:{server.port} says {answer}"),)


async def test_only_refused_recipients_are_told_apart() -> None:
    async with mail_server() as server:
        server.refuse = {"gone@x.example": "550 no such user", "full@x.example": "452 mailbox full"}
        attempt = await sent(Email(), "gone@x.example", "full@x.example", smtp=smtp_of(server))
    assert [name for name, _ in attempt.refused] == ["gone@x.example"]
    assert [name for name, _ in attempt.later] == ["full@x.example"]


async def test_a_mail_server_that_is_not_there_is_tried_again() -> None:
    port = closed_port()
    smtp = SmtpServer(host="127.0.0.1", port=port, security=Security.NONE, sender="r@x.example")
    sentence = f"the SMTP server 127.0.0.1:{port} cannot be reached: Connection refused"
    assert await sent(Email(), "a@x.example", smtp=smtp) == Attempt(later=(("a@x.example", sentence),))


async def test_without_a_mail_server_an_email_is_refused() -> None:
    assert await sent(Email(), "a@x.example") == Attempt(refused=(("a@x.example", "no SMTP server is set"),))


async def test_a_file_of_certificates_that_is_not_there_is_named(tmp_path: Path) -> None:
    smtp = SmtpServer(
        host="127.0.0.1", port=1, security=Security.TLS, sender="r@x.example", ca_file=tmp_path / "no.pem"
    )
    ((_, sentence),) = (await sent(Email(), "a@x.example", smtp=smtp)).refused
    assert sentence == f"smtp.ca_file {tmp_path}/no.pem cannot be used: No such file or directory"
