"""`shipctl notify`: the resource, the options, Slack and webhooks."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.shipctl.conftest import Answer, Inside, Job
from tests.shipctl.services import WebService, web_service

DATE = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9]\d \d\d:\d\d:\d\d \w+ \d{4}\n")
HOSTILE = 'two\nlines "$(touch pwned)" `x` \\ \t é \x01 -n'


@pytest.fixture
def service() -> Iterator[WebService]:
    with web_service() as service:
        yield service


@pytest.fixture
def chat(job: Job, service: WebService) -> dict[str, str]:
    """The variables of a notification `my-chat`, whose integration the test writes."""
    job.write("IN/my-chat/version.json", {"version": {"propertyBag": {"recipients": ["#one", "@two"]}}})
    return {
        "MYCHAT_TYPE": "notification",
        "MYCHAT_META": str(job.root / "IN/my-chat"),
        "MYCHAT_INTEGRATION_WEBHOOKURL": f"{service.url}/secret-path",
        "JOB_TYPE": "runSh",
        "BUILD_NUMBER": "7",
        "BUILD_URL": "http://runner/7",
        "SHIPPABLE_WWW_URL": "http://www",
        "no_proxy": "127.0.0.1",
    }


def _of_type(job: Job, kind: str) -> None:
    job.write("IN/my-chat/integration.json", {"masterName": kind, "name": "x"})


def _bodies(service: WebService) -> list[dict[str, object]]:
    return [json.loads(request.body) for request in service.requests]


@pytest.mark.parametrize("kind", ["Slack", "slackKey"])
def test_slack_is_told_once_for_each_recipient(
    job: Job, inside: Inside, service: WebService, chat: dict[str, str], kind: str
) -> None:
    _of_type(job, kind)
    said = "sending notification to #one\nok\nsending notification to @two\nok\n"
    assert inside("notify", "my-chat", **chat) == Answer(0, said)
    bodies = _bodies(service)
    assert [body["channel"] for body in bodies] == ["#one", "@two"]
    attachment = bodies[0]["attachments"]
    assert isinstance(attachment, list)
    assert DATE.fullmatch(attachment[0].pop("pretext"))
    assert bodies[0] == {
        "username": "Shippable",
        "attachments": [{"text": "[deploy] <http://runner/7|Build#7>", "color": "#65cea7"}],
        "channel": "#one",
        "icon_url": "http://www/images/slack-aye-aye-yoga.png",
    }
    assert list(bodies[0]) == ["username", "attachments", "channel", "icon_url"]
    assert service.requests[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize("kind", ["webhook", "webhookV2"])
def test_a_webhook_gets_the_authorization_as_a_header(
    job: Job, inside: Inside, service: WebService, chat: dict[str, str], kind: str
) -> None:
    _of_type(job, kind)
    options = ["--recipient=#x", "--text=t", "--pretext=p", "--color=c", "--username=u", "--icon_url=i"]
    answer = inside("notify", "my-chat", *options, **chat, MYCHAT_INTEGRATION_AUTHORIZATION="Bearer s3cret")
    assert answer == Answer(0, 'sending notification to "#x"\nok\n')
    (request,) = service.requests
    assert request.headers["authorization"] == "Bearer s3cret"
    expected = '{"username":"u","pretext":"p","text":"t","color":"c","recipient":"#x","icon_url":"i"}'
    assert (request.method, request.path, request.body.decode()) == ("POST", "/secret-path", expected)


BOTH = [
    ("text", "text"),
    ("pretext", "pretext"),
    ("color", "color"),
    ("username", "username"),
    ("icon_url", "icon_url"),
]


@pytest.mark.parametrize("value", [HOSTILE, "x" * 100_000, "--text=y", "$BUILD_NUMBER ${HOME}"])
@pytest.mark.parametrize(("option", "key"), [*BOTH, ("recipient", "recipient")])
def test_a_value_reaches_the_service_as_it_is(
    job: Job, inside: Inside, service: WebService, chat: dict[str, str], option: str, key: str, value: str
) -> None:
    _of_type(job, "webhook")
    assert inside("notify", "my-chat", f"--{option}={value}", **chat).status == 0
    assert inside("notify", "my-chat", **chat, **{f"NOTIFY_{option.upper()}": value}).status == 0
    assert {body[key] for body in _bodies(service)} == {value}
    assert not (job.root / "pwned").exists()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])).filter(lambda t: "\\n" not in t))
def test_any_text_survives(job: Job, inside: Inside, service: WebService, chat: dict[str, str], text: str) -> None:
    _of_type(job, "webhook")
    inside("notify", "my-chat", f"--text={text}", **chat)
    assert _bodies(service)[-1]["text"] == text


def test_a_text_of_a_megabyte_is_sent(job: Job, inside: Inside, service: WebService, chat: dict[str, str]) -> None:
    _of_type(job, "webhook")
    inside("notify", "my-chat", "--recipient=r", f"--text={'ü' * 1_000_000}", **chat)
    assert _bodies(service)[0]["text"] == "ü" * 1_000_000


def test_backslash_and_n_break_the_line(job: Job, inside: Inside, service: WebService, chat: dict[str, str]) -> None:
    _of_type(job, "webhook")
    inside("notify", "my-chat", "--recipient=r", r"--text=a\nb", r"--username=a\nb", **chat)
    assert (_bodies(service)[0]["text"], _bodies(service)[0]["username"]) == ("a\nb", r"a\nb")


def test_an_option_goes_before_its_variable_and_an_empty_variable_counts_as_none(
    job: Job, inside: Inside, service: WebService, chat: dict[str, str]
) -> None:
    _of_type(job, "webhook")
    environ = {"NOTIFY_COLOR": "red", "NOTIFY_USERNAME": ""}
    inside("notify", "my-chat", "--color=", "--recipient=r", "--nothing=x", "word", **chat, **environ)
    (body,) = _bodies(service)
    assert (body["color"], body["username"]) == ("", "Shippable")


def test_nobody_named_is_one_request(job: Job, inside: Inside, service: WebService, chat: dict[str, str]) -> None:
    _of_type(job, "Slack")
    job.write("IN/my-chat/version.json", {"version": {"propertyBag": {}}})
    assert inside("notify", "my-chat", **chat) == Answer(0, "ok\n")
    assert _bodies(service)[0]["channel"] == ""


def test_a_ci_job_is_named_by_its_repository(
    job: Job, inside: Inside, service: WebService, chat: dict[str, str]
) -> None:
    _of_type(job, "webhook")
    environ = {**chat, "JOB_TYPE": "runCI", "REPO_FULL_NAME": "me/it", "BRANCH": "main"}
    inside("notify", "my-chat", "--recipient=r", **environ)
    assert _bodies(service)[0]["text"] == "[me/it:main] <http://runner/7|Build#7>"


def test_a_build_without_a_page_is_not_linked(
    job: Job, inside: Inside, service: WebService, chat: dict[str, str]
) -> None:
    _of_type(job, "webhook")
    inside("notify", "my-chat", "--recipient=r", **{**chat, "BUILD_URL": ""})
    assert _bodies(service)[0]["text"] == "[deploy] Build#7"


def test_a_payload_is_sent_as_it_is(job: Job, inside: Inside, service: WebService, chat: dict[str, str]) -> None:
    _of_type(job, "slackKey")
    payload = '{ "a" : "$HOME",\n "b": 1.0 }\n'
    job.write("-p $(x)", payload)
    assert inside("notify", "my-chat", "--payload=-p $(x)", **chat) == Answer(0, "ok\n")
    assert [request.body.decode() for request in service.requests] == [payload]


REFUSED = [
    (["no-such"], {}, "Error: resource data not found for no-such"),
    (["my-repo"], {}, "Error: resource my-repo is not of type 'notification'"),
    (["my-chat"], {"JOB_TYPE": "runCLI"}, "Error: unsupported job type: runCLI"),
    (["my-chat", "--text=x"], {"JOB_TYPE": ""}, "Error: unsupported job type: "),
    (["my-chat"], {"MYCHAT_INTEGRATION_WEBHOOKURL": ""}, "Error: no endpoint found in resource my-chat"),
    (["my-chat", "--payload=no-file"], {}, "Error: file not found at path: no-file"),
    (["my-chat", "--payload=bad"], {}, "Error: payload is not valid JSON"),
]


@pytest.mark.parametrize(("call", "environ", "sentence"), REFUSED)
def test_a_wrong_call_is_refused(
    job: Job,
    inside: Inside,
    service: WebService,
    chat: dict[str, str],
    call: list[str],
    environ: dict[str, str],
    sentence: str,
) -> None:
    _of_type(job, "Slack")
    job.write("bad", '{"a": }')
    assert inside("notify", *call, **{**chat, **environ}) == Answer(99, f"{sentence}\n")
    assert service.requests == []


def test_a_text_in_the_variable_does_without_a_type_of_job(
    job: Job, inside: Inside, service: WebService, chat: dict[str, str]
) -> None:
    _of_type(job, "Slack")
    assert inside("notify", "my-chat", **{**chat, "JOB_TYPE": "deploy", "NOTIFY_TEXT": "x"}).status == 0


@pytest.mark.parametrize("kind", ["hipchatKey", "Email", "amazonKeys"])
def test_other_integrations_are_not_supported(job: Job, inside: Inside, chat: dict[str, str], kind: str) -> None:
    _of_type(job, kind)
    assert inside("notify", "my-chat", **chat) == Answer(99, f"Error: unsupported notification type: {kind}\n")


def test_a_notification_without_an_integration_says_so(job: Job, inside: Inside, chat: dict[str, str]) -> None:
    answer = inside("notify", "my-chat", **chat)
    assert answer.status == 99
    assert answer.out.startswith("Error: unsupported notification type: The given resource is not of type integration.")


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_service_that_refuses_does_not_fail_the_script(
    job: Job, inside: Inside, service: WebService, chat: dict[str, str], status: int
) -> None:
    _of_type(job, "Slack")
    service.answers["/secret-path"] = (status, b"no_such_channel")
    answer = inside("notify", "my-chat", "--recipient=r", **chat)
    expected = f"shipctl notify: 127.0.0.1 answered with status {status}\n"
    assert answer == Answer(0, 'sending notification to "r"\nno_such_channel\n', expected)
    assert len(service.requests) == 1


def _closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


BAD = [
    ("file:///etc/passwd", "unknown url type: file"),
    ("http://127.0.0.1:@/s3cret", "Connection refused"),
    ("http://127.0.0.1/s3cret path", "the address or the token in the integration is malformed"),
    ("http://[x/s3cret", "the address or the token in the integration is malformed"),
]


@pytest.mark.parametrize(("url", "reason"), BAD, ids=["file", "closed", "blank", "broken"])
def test_a_service_that_cannot_be_reached_is_one_sentence_without_the_address(
    job: Job, inside: Inside, chat: dict[str, str], url: str, reason: str
) -> None:
    _of_type(job, "Slack")
    environ = {**chat, "MYCHAT_INTEGRATION_WEBHOOKURL": url.replace("@", str(_closed_port()))}
    answer = inside("notify", "my-chat", "--recipient=r", **environ)
    assert answer.status == 1
    assert answer.err.startswith("shipctl notify: ")
    assert answer.err.endswith(f"{reason}\n")
    assert "s3cret" not in answer.err + answer.out
    assert "passwd" not in answer.err + answer.out


def test_a_token_with_a_line_break_adds_no_header(
    job: Job, inside: Inside, service: WebService, chat: dict[str, str]
) -> None:
    _of_type(job, "webhook")
    answer = inside("notify", "my-chat", **chat, MYCHAT_INTEGRATION_AUTHORIZATION="a\r\nX-Evil: s3cret")
    assert (answer.status, service.requests) == (1, [])
    assert answer.err == "shipctl notify: the address or the token in the integration is malformed\n"


def test_a_token_that_ends_with_a_line_break_is_taken(
    job: Job, inside: Inside, service: WebService, chat: dict[str, str]
) -> None:
    _of_type(job, "webhook")
    inside("notify", "my-chat", "--recipient=r", **chat, MYCHAT_INTEGRATION_AUTHORIZATION="tok\n")
    assert service.requests[0].headers["authorization"] == "tok"


def test_the_program_itself_sends(job: Job, service: WebService, chat: dict[str, str]) -> None:
    _of_type(job, "Slack")
    answer = job.shipctl("notify", "my-chat", "--recipient=#x", environ=chat)
    assert answer == Answer(0, 'sending notification to "#x"\nok\n')
