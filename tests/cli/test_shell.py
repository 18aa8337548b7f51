"""`runner shell`: what a job would have, for a person or a command; nothing of it is left."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runner.execution.processes import lives
from runner.execution.terminal import prompt_name
from runner.workspace.stripping import strip_secrets
from tests.cli.remote_service import Command
from tests.runner_command import RUNNER, Project, Said

PATIENCE_S = 60
TEXT = """
    resources:
      - {name: p, type: params, versionTemplate: {params: {A: "it's $HOME\\n*"}}}
      - {name: kv, type: integration, integration: pairs}
      - {name: key, type: integration, integration: key}
      - {name: img, type: image, versionTemplate: {sourceName: r, versionName: v7}}
    jobs:
      - name: ship-it
        type: runSh
        steps:
          - IN: p
          - IN: kv
          - IN: key
          - IN: img
          - TASK: {name: one, runtime: {options: {env: [WHICH: first]}}, script: [echo 1 > "$JOB_STATE/saved"]}
          - TASK: {name: two, runtime: {options: {env: [WHICH: second]}}, script: [echo]}
      - {name: after, type: runSh, steps: [IN: ship-it, TASK: {script: [echo]}]}
"""
INTEGRATIONS = """
    integrations:
      - {name: pairs, type: keyValuePair, envs: {TOKEN: do-not-show}}
      - {name: key, type: pemKey, key: "-----BEGIN RSA PRIVATE KEY-----"}
"""


@pytest.fixture
def project(project: Project) -> Project:
    project.write(TEXT)
    project.integrations(INTEGRATIONS)
    return project


def shell(project: Project, script: str, *options: str) -> Said:
    return project.runner("shell", "ship-it", *options, "--", "bash", "-c", script)


def left(project: Project) -> set[str]:
    """What there is beside the commands of jobs and what was written for the test."""
    names = {path.name for path in (project.directory / ".runner").iterdir()}
    return names - {"bin", ".gitignore", "fetched", "integrations.yml"}


def test_a_command_has_all_that_the_job_would_have_and_nothing_of_it_is_left(project: Project) -> None:
    script = """
        printf '%s|' "$A" "$TOKEN" "$WHICH" "$BUILD_NUMBER" "$TASK_NAME"; pwd
        test "$PWD" = "$BUILD_DIR" && stat -c %a "$KEY_KEYPATH" && cat OUT/x IN/img/version.json | cut -c1-30
        shipctl get_resource_version_name img; shipctl mask secret && echo masked
        cat "$JOB_PREVIOUS_STATE/saved" 2>/dev/null || echo fresh
        setsid sleep 1000 & echo $! > "$JOB_STATE/pid"; echo "pid $!"
        exit 7
    """
    said = shell(project, script)
    assert said.code == 7, said
    assert said.out.startswith("it's $HOME\n*|do-not-show|first|1|one|")
    assert [line for line in said.out.splitlines() if line in {"600", "v7", "masked", "fresh"}] == [
        "600",
        "v7",
        "masked",
        "fresh",
    ]
    assert "ending what it has left running" in said.err
    assert not lives(int(re.findall(r"pid (\d+)", said.out)[0]))
    assert left(project) == set()


def test_a_shell_gets_what_builds_have_left_and_leaves_builds_and_versions_alone(project: Project) -> None:
    assert project.run("--job", "ship-it").statuses() == {"ship-it": "success"}
    before = project.runner("builds", "--json").out, project.runner("state", "ls", "--json").out
    said = shell(
        project,
        'cat "$JOB_PREVIOUS_STATE/saved"; echo $BUILD_NUMBER $WHICH; echo 2 > "$JOB_STATE/saved"',
        "--task",
        "two",
    )
    assert said.out == "1\n2 second\n"
    assert shell(project, 'ls "$JOB_PREVIOUS_STATE" | wc -l', "--reset").out == "0\n"
    assert (project.runner("builds", "--json").out, project.runner("state", "ls", "--json").out) == before


def test_without_a_terminal_the_script_on_standard_input_is_run(project: Project) -> None:
    done = subprocess.run(
        [RUNNER, "shell", "ship-it", "--param", "X=y"],
        cwd=project.directory, env=project.environ, input="echo $JOB_NAME $X\nfalse\nexit 3\n",
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (3, "ship-it y\n"), done


def test_what_cannot_be_opened_is_one_sentence(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project.directory)
    runner = Command(monkeypatch, capsys)
    for arguments, code, sentence in (
        (["shipit"], 2, "there is no job shipit (did you mean 'ship-it'?)"),
        (["ship-it", "--task", "tow"], 2, "ship-it has no TASK 'tow' (did you mean 'two'?)"),
        (["ship-it", "--host", "local"], 2, "--host: a shell is opened on this host alone"),
        (["after"], 1, "ship-it has no version; an input needs one: run it first"),
        (["ship-it", "--nonsense"], 2, "No such option '--nonsense'"),
    ):
        said = runner("shell", *arguments)
        assert (said.code, sentence in said.err) == (code, True), said
    assert left(project) == set()


def test_what_is_kept_has_no_keys_in_it(project: Project) -> None:
    said = shell(project, "echo mine > made", "--keep")
    assert said.code == 0, said
    (work,) = (project.directory / ".runner/shells").glob("*/work")
    assert f"{work} stays" in said.err
    files = {str(path.relative_to(work)) for path in work.rglob("*") if path.is_file()}
    assert "made" in files
    assert "IN/kv/version.json" in files
    assert not any(
        "integration" in Path(name).name.replace("integration_envs.env", "") or "_key" in name for name in files
    ), files
    assert not (work / "secrets").exists()
    said = project.runner("shell", "ship-it", "--", "no-such-command")
    assert (said.code, "runner: no-such-command: not found on the PATH of the job\n" in said.err) == (127, True)
    # a kept one is no abandoned one
    assert (work / "made").exists()


def test_links_that_a_script_has_made_are_not_followed_by_what_takes_out_the_keys(tmp_path: Path) -> None:
    out, root = tmp_path / "out", tmp_path / "work"
    (out / "x").mkdir(parents=True)
    (out / "x/integration.json").touch()
    (root / "OUT").mkdir(parents=True)
    (root / "IN").symlink_to(out)
    (root / "OUT/x").symlink_to(out / "x")
    (root / "secrets").symlink_to(out)
    strip_secrets(root)
    assert (out / "x/integration.json").exists()
    assert not (root / "secrets").is_symlink()


def test_a_directory_that_a_script_has_made_a_link_of_costs_nothing_where_the_runner_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "IN/x/integration.json"
    here.parent.mkdir(parents=True)
    here.touch()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "work").symlink_to(tmp_path / "nowhere")
    strip_secrets(tmp_path / "work")
    assert here.exists()


JOB = (
    f'{sys.executable} -I -S -c \'import os, signal as s; s.signal(s.SIGCONT, lambda *_: os.write(1, b"re-" b"sumed"));'
    ' os.write(1, b"go-" b"on "); any(s.pause() for _ in iter(int, 1))\'\n'
)
"""One process: a stopped shell and its child may wait for each other. What it prints is not what is typed, so that an
echo is not taken for it."""


@contextmanager
def on_a_terminal(project: Project, *arguments: str, **environ: str) -> Iterator[Terminal]:
    pid, master = pty.fork()
    if not pid:
        os.chdir(project.directory)
        os.execve(RUNNER, [str(RUNNER), *arguments], {**project.environ, **environ})
    terminal = Terminal(pid, master)
    try:
        yield terminal
    finally:
        os.close(master)


class Terminal:
    def __init__(self, pid: int, master: int) -> None:
        self.pid = pid
        self._master = master
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def until(self, pattern: str) -> str:
        """What comes up to this, which is given."""
        while not (found := re.search(pattern, self.seen)):
            ready, _, _ = select.select([self._master], [], [], PATIENCE_S)
            assert ready, self.seen
            self.seen += os.read(self._master, 65536).decode(errors="replace")
        self.seen = self.seen[found.end() :]
        return found[0]

    def ended(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.mark.parametrize("kind", ["bash", "dash"])
def test_a_shell_on_a_terminal_has_job_control_and_says_whose_it_is(project: Project, kind: str) -> None:
    path = f"/bin/{kind}"
    if not os.access(path, os.X_OK):
        pytest.skip(f"there is no {kind}")
    prompt = r"\(ship-it\) [^\n]*[$#] "
    with on_a_terminal(project, "shell", "ship-it", SHELL=path, TERM="dumb") as terminal:
        terminal.until("its secrets: nothing is recorded, exit ends it")
        terminal.until(prompt)
        terminal.type('echo "<$WHICH> ${HISTFILE-none}"\n')
        terminal.until("<first> none")
        terminal.type(JOB)
        terminal.until("go-on")
        terminal.type("\x1a")
        terminal.until("Stopped")
        terminal.type("fg\n")
        terminal.until("re-sumed")
        terminal.type("\x03")
        terminal.until(prompt)
        terminal.type("sleep 1000 & echo pid=$!\n")
        background = int(terminal.until(r"pid=\d+")[4:])
        terminal.type("exit 5\n")
        terminal.until("ending what it has left running")
        assert terminal.ended() == 5
    assert not lives(background)
    assert left(project) == set()


def test_a_terminal_that_is_closed_ends_the_shell_with_all_of_it(project: Project) -> None:
    with on_a_terminal(project, "shell", "ship-it", "--grace", "1", SHELL="/bin/bash", TERM="dumb") as terminal:
        terminal.until("exit ends it")
        terminal.type("nohup sleep 1000 >/dev/null 2>&1 & echo pid=$!\n")
        background = int(terminal.until(r"pid=\d+")[4:])
    terminal.ended()
    assert not lives(background)
    assert left(project) == set()


def test_a_shell_that_is_asked_to_end_does(project: Project) -> None:
    command = [
        "shell",
        "ship-it",
        "--grace",
        "1",
        "--",
        "bash",
        "-c",
        "trap '' HUP TERM; echo ready; sleep 1000; sleep 1000",
    ]
    with project.start(*command) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "ready\n"
        started.send_signal(signal.SIGTERM)
        started.communicate(timeout=PATIENCE_S)
    assert started.returncode == 137
    assert left(project) == set()


def test_what_a_killed_shell_has_left_is_cleared_away_by_the_next_command(project: Project) -> None:
    with project.start("shell", "ship-it", "--", "bash", "-c", "echo $$; sleep 1000") as started:
        assert started.stdout is not None
        pid = int(started.stdout.readline())
        started.kill()
        assert list((project.directory / ".runner/shells").iterdir())
        assert project.run("--job", "ship-it").code == 0
        assert not lives(pid)
    assert list((project.directory / ".runner/shells").iterdir()) == []


def test_credentials_are_served_for_as_long_as_the_shell_is_open(project: Project) -> None:
    project.write("""
        resources: [{name: role, type: integration, integration: deploy}]
        jobs: [{name: ship-it, type: runSh, steps: [IN: role, TASK: {script: [echo]}]}]
    """)
    project.integrations("""
        integrations: [{name: deploy, type: amazonIamRole, assumeRoleARN: "arn:aws:iam::123456789012:role/deploy"}]
    """)
    ask = (
        "import os, urllib.request as r; print(r.urlopen(r.Request(os.environ['AWS_CONTAINER_CREDENTIALS_FULL_URI'],"
        "headers={'Authorization': os.environ['AWS_CONTAINER_AUTHORIZATION_TOKEN']})).status)"
    )
    said = project.runner("shell", "ship-it", "--aws-sandbox", "--", sys.executable, "-c", ask)
    assert (said.code, said.out) == (0, "200\n"), said


@pytest.mark.parametrize(("name", "shown"), [("ship-it.2", "ship-it.2"), ("$(touch x)`\\w%", "??touch?x???w?")])
def test_no_name_of_a_job_is_a_command_in_a_prompt(name: str, shown: str) -> None:
    assert prompt_name(name) == shown
