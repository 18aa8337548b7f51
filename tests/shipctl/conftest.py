"""A job's directory and environment as scripts find them, and the `shipctl` on its PATH."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import runner
from runner.shipctl.main import main
from runner.shipctl.shim import job_commands, python_command
from runner.workspace.host import write_commands

PACKAGE_ROOT = str(Path(runner.__file__).parents[1])
PYTHON = python_command(sys.executable, PACKAGE_ROOT)
"""shipctl without its shim: the command line that arguments are added to."""


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    err: str = ""


@dataclass(frozen=True)
class Job:
    root: Path
    bin: Path
    environ: dict[str, str] = field(default_factory=dict)

    def shipctl(self, *arguments: str | Path, environ: Mapping[str, str] | None = None) -> Answer:
        return answer([str(self.bin / "shipctl"), *map(str, arguments)], {**self.environ, **(environ or {})}, self.root)

    def state(self, name: str) -> str:
        return (self.root / "state" / name).read_text()

    def write(self, relative: str, content: object, mode: int = 0o644) -> Path:
        path = self.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        path.chmod(mode)
        return path


def answer(command: list[str], environ: Mapping[str, str], cwd: Path) -> Answer:
    encoded = {os.fsencode(name): os.fsencode(value) for name, value in environ.items()}
    done = subprocess.run(command, env=encoded, cwd=cwd, capture_output=True, timeout=60)
    return Answer(done.returncode, os.fsdecode(done.stdout), os.fsdecode(done.stderr))


@pytest.fixture
def shim(tmp_path: Path) -> Path:
    path = tmp_path / "bin" / "shipctl"
    write_commands(path.parent, job_commands(sys.executable, PACKAGE_ROOT))
    return path


Inside = Callable[..., Answer]


@pytest.fixture
def inside(job: Job, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Inside:
    """Calls shipctl in this very process, with the job's variables and those given by name."""

    def call(*arguments: str | Path, **environ: str) -> Answer:
        with monkeypatch.context() as here:
            here.chdir(job.root)
            here.setattr("sys.argv", ["shipctl", *map(str, arguments)])
            for name, value in {**job.environ, **environ}.items():
                here.setenv(name, value)
            status = main()
        out, err = capfd.readouterr()
        return Answer(status, out, err)

    return call


@pytest.fixture
def job(tmp_path: Path, shim: Path) -> Job:
    """A job `deploy` with an IN `my-repo`, a key-value integration `my.keys` as a resource and one of its own list."""
    root = tmp_path / "build"
    for name in ("IN", "OUT/my-out/state", "state", "previousState", "integrations", "work"):
        (root / name).mkdir(parents=True)
    environ = {
        "PATH": f"{shim.parent}:/usr/bin:/bin",
        "JOB_NAME": "deploy",
        "JOB_PATH": str(root),
        "JOB_STATE": str(root / "state"),
        "JOB_PREVIOUS_STATE": str(root / "previousState"),
        "JOB_INTEGRATIONS": str(root / "integrations"),
        **_resource("MYREPO", root / "IN/my-repo", "gitRepo"),
        **_resource("MYKEYS", root / "IN/my.keys", "integration"),
        "MYREPO_VERSIONNAME": "v 1",
        "MYREPO_VERSIONNUMBER": "7",
        "MYREPO_VERSIONID": "4711",
        "MYREPO_POINTER_REGION": "us-east-1",
        "MYREPO_PARAMS_DBHOST": "db.example",
        "MYKEYS_INTEGRATION_NAME": "keys",
        "MYKEYS_INTEGRATION_PASSWORD": 'p"$w`\\',
        "OWN_INTEGRATION_URL": "https://own.example",
    }
    made = Job(root, shim.parent, environ)
    made.write("IN/my-repo/version.json", VERSION)
    made.write("IN/my.keys/version.json", {"version": {"propertyBag": {}}})
    made.write("IN/my.keys/integration.json", '{\n  "name": "keys",\n  "pass word": "x"\n}')
    made.write("IN/my.keys/integration.env", INTEGRATION_ENV)
    made.write("integrations/own/integration.json", {"name": "own"})
    made.write("integrations/own/integration.env", 'name="own"\nurl="https://own.example/?a=b"')
    return made


def _resource(prefix: str, path: Path, kind: str) -> dict[str, str]:
    return {
        f"{prefix}_NAME": path.name,
        f"{prefix}_ID": "12",
        f"{prefix}_META": str(path),
        f"{prefix}_PATH": str(path),
        f"{prefix}_STATE": str(path / kind),
        f"{prefix}_OPERATION": "IN",
        f"{prefix}_TYPE": kind,
    }


INTEGRATION_ENV = """name="keys"
password='p"$w`\\'
JSON_key=$'{"a":\\n"b=c"}'
pem="-----BEGIN KEY-----
abc=def==
-----END KEY-----"
empty=""
nodes='"10.0.0.1","10.0.0.2"'"""
VERSION = """{"name":"my-repo","propertyBag":{"yml":{"pointer":{"region":"us-east-1","my-key":"dash","count":2}}},
"version":{"versionId":4711,"versionNumber":7,"versionName":"v 1","propertyBag":{"sourceName":"me/my-repo",
"shaData":{"commitSha":"abc123","isPullRequest":false,"commitMessage":"say \\"hi\\"\\nüñí"},"with-dash":"ok",
"one.two":"dotted","ratio":1.0,"big":1e3,"exact":12345678901234567890.10,"none":null,"versionName":"bag",
"list":["a",["b"]],"empty":{},"nested":{"k":[1.50,true,null,"t\\u00e4b\\t"],"e":[]}}}}"""
