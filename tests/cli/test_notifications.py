"""`runner run` tells people of its builds before it ends."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from pathlib import Path

from tests.notifications.servers import mail_server
from tests.runner_command import Project, Said
from tests.shipctl.services import web_service

PIPELINE = """
    resources:
      - {name: team, type: notification, integration: chat, pointer: {recipients: ["#ops"]}}
      - {name: boss, type: notification, pointer: {method: email, recipients: [boss@x.example]}}
    jobs:
      - name: build
        type: runSh
        steps: [TASK: {script: [echo compiling, exit 3]}]
        on_start: [NOTIFY: team]
        on_failure:
          - script: echo "the hook"
          - NOTIFY: [team, {name: boss, sendFailingSnippet: true}]
"""
ENVIRON = {"no_proxy": "127.0.0.1"}


def lines(said: Said, level: str) -> list[str]:
    """What the runner itself says in the log."""
    records = [event["record"] for event in said.events if event["event"] == "record"]
    return [record["text"] for record in records if record.get("level") == level]


def warnings(said: Said) -> list[str]:
    return lines(said, "warning")


async def test_everybody_is_told_before_the_command_ends(project: Project, tmp_path: Path) -> None:
    project.write(PIPELINE)
    with web_service() as web:
        project.integrations(f"- {{name: chat, type: slackKey, webhookUrl: '{web.url}/s3cret'}}\n")
        async with mail_server() as mail:
            smtp = {"RUNNER_SMTP__HOST": "127.0.0.1", "RUNNER_SMTP__PORT": str(mail.port)}
            environ = {**ENVIRON, **smtp, "RUNNER_SMTP__SECURITY": "none", "XDG_CONFIG_HOME": str(tmp_path)}
            said = await asyncio.to_thread(project.run, **environ)
    assert said.code == 1
    assert warnings(said) == []
    assert "the hook" in said.messages("build")
    assert sorted(json.loads(request.body)["attachments"][0]["pretext"][:19] for request in web.requests) == [
        "build/1 failed afte",
        "build/1 has started",
    ]
    (message,) = mail.messages
    assert message["Subject"].startswith("build/1 failed after ")
    text = str(message.get_content())
    assert f"Log: runner logs build/1 -C {project.directory}" in text
    assert "What failed:\r\n\r\n$ exit 3" in text
    assert "NOTIFY boss (on_failure): told boss@x.example" in lines(said, "info")


def test_a_service_that_does_not_take_it_changes_no_exit(project: Project) -> None:
    project.write(
        PIPELINE.replace("exit 3", "exit 0").replace("on_failure", "on_success").replace("on_start", "always")
    )
    with web_service() as web:
        web.answers["/s3cret"] = (404, b"no")
        project.integrations(f"- {{name: chat, type: slackKey, webhookUrl: '{web.url}/s3cret'}}\n")
        said = project.run(**ENVIRON)
    assert said.code == 0
    assert any("team (on_success): #ops not told: 127.0.0.1 answers with status" in text for text in warnings(said))
    assert any("boss (on_success): boss@x.example not told: no SMTP server is set" in text for text in warnings(said))


def test_an_interrupt_ends_the_waiting_for_who_is_not_told(project: Project) -> None:
    project.write(
        PIPELINE.replace("exit 3", "exit 0").replace("on_failure", "on_success").replace("on_start", "always")
    )
    project.environ |= ENVIRON
    with socket.create_server(("127.0.0.1", 0)) as silent:  # connections are taken, nothing is ever said
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/s3cret"
        project.integrations(f"- {{name: chat, type: slackKey, webhookUrl: '{url}'}}\n")
        running = project.start("run", "--output", "plain")
        assert running.stdout is not None
        while not (line := running.stdout.readline()).startswith("telling team, for at most"):
            assert line, "it has ended without waiting"
        running.send_signal(signal.SIGINT)
        rest, _ = running.communicate(timeout=30)
    assert "not told, the run has ended: team" in rest
    assert running.returncode == 0
