"""`shipctl notify` with New Relic, Airbrake, Jira and IRC."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator

import pytest

from tests.shipctl.conftest import Answer, Inside, Job
from tests.shipctl.services import IrcServer, WebService, irc_server, web_service

TOKEN = "s3cret/+&? token"
HOSTILE = 'a\nb "$(touch pwned)" \\ `x`'


@pytest.fixture
def service() -> Iterator[WebService]:
    with web_service() as service:
        yield service


@pytest.fixture
def tracker(job: Job, service: WebService) -> dict[str, str]:
    job.write("IN/it/version.json", {"version": {"propertyBag": {}}})
    return {
        "IT_TYPE": "notification",
        "IT_META": str(job.root / "IN/it"),
        "IT_INTEGRATION_URL": f"{service.url}/api/",
        "IT_INTEGRATION_TOKEN": TOKEN,
        "IT_INTEGRATION_USERNAME": "me@example",
        "JOB_TYPE": "runSh",
        "BUILD_NUMBER": "7",
        "BUILD_URL": "http://runner/7",
        "no_proxy": "127.0.0.1",
    }


def _of_type(job: Job, kind: str) -> None:
    job.write("IN/it/integration.json", {"masterName": kind})


DEPLOYMENT = ["--type=deployment", "--revision=r1", "--description=d", f"--changelog={HOSTILE}", "--username=u"]


@pytest.mark.parametrize("by_name", [True, False])
def test_new_relic_records_a_deployment(
    job: Job, inside: Inside, service: WebService, tracker: dict[str, str], by_name: bool
) -> None:
    _of_type(job, "newRelicKey")
    service.answers["/api/applications.json"] = (200, b'{"applications":[{"id":4711},{"id":2}]}')
    service.answers["/api/applications/4711/deployments.json"] = (201, b'{"deployment":{"id":9}}')
    application = "--appName=my app&x" if by_name else "--appId=4711"
    answer = inside("notify", "it", application, *DEPLOYMENT, **tracker)
    assert answer == Answer(0, "Recording deployments on NewRelic for appID: 4711\nDeployment Id: 9\n")
    asked = [(request.method, request.path) for request in service.requests]
    look_up = [("GET", "/api/applications.json?filter%5Bname%5D=my%20app%26x&exclude_links=true")] if by_name else []
    assert asked == [*look_up, ("POST", "/api/applications/4711/deployments.json")]
    assert {request.headers["x-api-key"] for request in service.requests} == {TOKEN}
    told = {"revision": "r1", "description": "d", "user": "u", "changelog": HOSTILE}
    assert json.loads(service.requests[-1].body) == {"deployment": told}


@pytest.mark.parametrize("option", ["--appName=\udcff", "--appId=\udcff", "--username=\udcff"])
def test_bytes_that_are_no_text_are_sent_too(
    job: Job, inside: Inside, service: WebService, tracker: dict[str, str], option: str
) -> None:
    _of_type(job, "newRelicKey")
    assert inside("notify", "it", "--appId=1", *DEPLOYMENT, option, **tracker).status == 99
    assert len(service.requests) == 1


def test_a_payload_for_new_relic_needs_no_revision(
    job: Job, inside: Inside, service: WebService, tracker: dict[str, str]
) -> None:
    _of_type(job, "newRelicKey")
    service.answers["/api/applications/1/deployments.json"] = (200, b'{"deployment":{"id":9}}')
    job.write("p.json", '{"own": 1}')
    assert inside("notify", "it", "--appId=1", "--payload=p.json", **tracker).status == 0
    assert service.requests[0].body == b'{"own": 1}'


Row = tuple[list[str], dict[str, str], str]
NEW_RELIC: list[Row] = [
    (["--appId=1"], {"IT_INTEGRATION_URL": ""}, "Error: no url found in resource it\n"),
    ([], {}, "Error: --appId or --appName should be present in shipctl notify\n"),
    (["--appName=none"], {}, "Error: Unable to find an application on NewRelic\n"),
    (["--appId=1", "--revision=r"], {}, "Error: --type is missing in shipctl notify\n"),
    (["--appId=1", "--type=deployment"], {}, "Error: --revision is missing in shipctl notify\n"),
    (["--appId=1", "--payload=no"], {}, "Error: file not found at path: no\n"),
    (
        ["--appId=1", *DEPLOYMENT],
        {},
        "Recording deployments on NewRelic for appID: 1\nError: ok\n",
    ),
]
AIRBRAKE: list[Row] = [
    ([], {}, "Error: --type is missing in shipctl notify\n"),
    (["--type=x"], {}, "Error: unsupported type value x\n"),
    (["--type=deploy"], {}, "Error: missing project ID, try passing --project-id\n"),
    (["--type=deploy", "--project-id=1", "--payload=no"], {}, "Error: file not found at path: no\n"),
]
ISSUE = ["--project-id=P", "--type=Bug", "--summary=s"]
JIRA: list[Row] = [
    (ISSUE, {"IT_INTEGRATION_URL": ""}, "Error: missing endpoint. Please check your integration.\n"),
    (ISSUE, {"IT_INTEGRATION_TOKEN": ""}, "Error: missing token. Please check your integration.\n"),
    (ISSUE, {"IT_INTEGRATION_USERNAME": ""}, "Error: missing username. Please check your integration.\n"),
    (ISSUE[1:], {}, "Error: missing project identifier. Please use --project-id.\n"),
    ([ISSUE[0], ISSUE[2]], {}, "Error: missing issue type. Please use --type.\n"),
    (ISSUE[:2], {}, "Error: missing summary. Please use --summary.\n"),
    ([*ISSUE, "--attach-file=no"], {}, "Error: --attach-file option refers to a file that doesn't exist\n"),
]
MISSING = [
    *[("newRelicKey", *row) for row in NEW_RELIC],
    *[("airBrakeKey", *row) for row in AIRBRAKE],
    *[("jira", *row) for row in JIRA],
]


@pytest.mark.parametrize(("kind", "options", "environ", "said"), MISSING)
def test_what_is_missing_is_said(
    job: Job,
    inside: Inside,
    tracker: dict[str, str],
    kind: str,
    options: list[str],
    environ: dict[str, str],
    said: str,
) -> None:
    _of_type(job, kind)
    assert inside("notify", "it", *options, **{**tracker, **environ}) == Answer(99, said)


@pytest.mark.parametrize("by_option", [True, False])
def test_airbrake_records_a_deployment(
    job: Job, inside: Inside, service: WebService, tracker: dict[str, str], by_option: bool
) -> None:
    _of_type(job, "airBrakeKey")
    job.write("IN/it/version.json", {"version": {"propertyBag": {"recipients": ["12", "13"]}}})
    names = ("environment", "username", "email", "repository", "revision", "version")
    options = [f"--{name}={name} {HOSTILE}" for name in names]
    project = ["--project-id=9/9"] if by_option else []
    answer = inside("notify", "it", "--type=deploy", *project, *options, **tracker)
    assert answer == Answer(0, f"Requesting Airbrake project: {'9/9' if by_option else '12'}\nok\n")
    (request,) = service.requests
    place = "9%2F9" if by_option else "12"
    assert request.path == f"/api/projects/{place}/deploys?key=s3cret%2F%2B%26%3F%20token"
    assert json.loads(request.body) == {name: f"{name} {HOSTILE}" for name in names}


def test_jira_opens_an_issue_with_a_file(
    job: Job, inside: Inside, service: WebService, tracker: dict[str, str]
) -> None:
    _of_type(job, "jira")
    service.answers["/api/issue"] = (201, b'{"key":"P-1"}')
    job.write('a "b".txt', "line\r\n--x--\n")
    options = ["--project-id=P", "--type=Bug", f"--summary={HOSTILE}", "--description=d", '--attach-file=a "b".txt']
    assert inside("notify", "it", *options, **tracker) == Answer(0, '{"key":"P-1"}\nok\n')
    issue, attachment = service.requests
    fields = {"project": {"key": "P"}, "summary": HOSTILE, "description": "d", "issuetype": {"name": "Bug"}}
    assert json.loads(issue.body) == {"fields": fields}
    basic = f"Basic {b64encode(f'me@example:{TOKEN}'.encode()).decode()}"
    assert {request.headers["authorization"] for request in service.requests} == {basic}
    assert (attachment.path, attachment.headers["x-atlassian-token"]) == ("/api/issue/P-1/attachments", "nocheck")
    assert b'name="file"; filename="a %22b%22.txt"\r\n' in attachment.body
    assert b"\r\n\r\nline\r\n--x--\n\r\n--shipctl-" in attachment.body


def test_an_issue_that_jira_refuses_gets_no_file(
    job: Job, inside: Inside, service: WebService, tracker: dict[str, str]
) -> None:
    _of_type(job, "jira")
    service.answers["/api/issue"] = (400, b'{"errors":{}}')
    job.write("f", "x")
    answer = inside("notify", "it", *ISSUE, "--attach-file=f", **tracker)
    assert (answer.status, len(service.requests)) == (99, 1)
    assert answer.out == '{"errors":{}}\nError: Jira opened no issue to attach the file to\n'


@pytest.fixture
def irc() -> Iterator[IrcServer]:
    with irc_server() as server:
        yield server


@pytest.fixture
def channel(job: Job, tracker: dict[str, str], irc: IrcServer) -> dict[str, str]:
    bag = {"method": "irc", "recipients": [f"{irc.address}#ci"]}
    job.write("IN/it/version.json", {"version": {"propertyBag": bag}})
    return tracker


def _said(server: IrcServer) -> list[str]:
    return [line for line in server.lines if not line.startswith("USER ")]


def test_irc_gets_a_notice(inside: Inside, channel: dict[str, str], irc: IrcServer) -> None:
    assert inside("notify", "it", **channel) == Answer(0, f"sending notification to {irc.address}#ci\n")
    notice = "NOTICE #ci :[deploy] Build #7 http://runner/7"
    assert _said(irc) == ["PASS none", "NICK Shippable-7", "PONG x", "JOIN #ci", notice, "QUIT"]
    assert any(line.endswith(" 0 * :Shippable-7") for line in irc.lines)


def test_a_text_cannot_give_irc_a_command(inside: Inside, channel: dict[str, str], irc: IrcServer) -> None:
    irc.taken = 1
    options = [
        f"--recipient={irc.address}#x",
        "--text=one\r\nJOIN #evil\n\n-n é",
        "--username=a\nQUIT b",
        "--password=p\nQ",
    ]
    assert inside("notify", "it", *options, **channel) == Answer(0, f'sending notification to "{irc.address}#x"\n')
    assert _said(irc) == [
        *("PASS p Q", "NICK aQUITb", "NICK aQUITb_", "PONG x", "JOIN #x"),
        *("NOTICE #x :one", "NOTICE #x :JOIN #evil", "NOTICE #x :-n é", "QUIT"),
    ]


def test_a_long_text_is_cut_into_messages(inside: Inside, channel: dict[str, str], irc: IrcServer) -> None:
    answer = inside("notify", "it", f"--text={'ü' * 500_000}", **channel)
    assert (answer.status, answer.err) == (
        0,
        "shipctl notify: the text is long for IRC: 20 lines of 2500 are sent\n",
    )
    assert irc.lines.count(f"NOTICE #ci :{'ü' * 200}") == 20


@pytest.mark.parametrize(
    ("recipient", "sentence"),
    [
        ("server", "Error: no channel found in recipient server"),
        ("#ci", "Error: no server address found in recipient #ci"),
        ("s#a b", "Error: no channel found in recipient s#a b"),
    ],
)
def test_a_recipient_names_a_server_and_a_channel(
    inside: Inside, channel: dict[str, str], recipient: str, sentence: str
) -> None:
    said = f'sending notification to "{recipient}"\n{sentence}\n'
    assert inside("notify", "it", f"--recipient={recipient}", **channel) == Answer(99, said)


def test_irc_without_anybody_is_refused(job: Job, inside: Inside, channel: dict[str, str]) -> None:
    job.write("IN/it/version.json", {"version": {"propertyBag": {"method": "irc"}}})
    assert inside("notify", "it", **channel) == Answer(99, "Error: no channel found in recipient \n")


@pytest.mark.parametrize(
    ("greeting", "refusal", "reason"),
    [
        ([":irc 464 * :Password incorrect"], "", "refuses: * :Password incorrect"),
        ([":irc 001 n :hi"], ":irc 473 n #ci :invite only", "refuses: n #ci :invite only"),
    ],
)
def test_a_server_that_refuses_is_one_sentence(
    inside: Inside, channel: dict[str, str], irc: IrcServer, greeting: list[str], refusal: str, reason: str
) -> None:
    irc.greeting, irc.refusal = greeting, refusal
    answer = inside("notify", "it", **channel)
    assert (answer.status, answer.err) == (1, f"shipctl notify: 127.0.0.1 {reason}\n")
