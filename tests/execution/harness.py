"""Runs one job through the LocalLauncher: real supervisor, real bash, real files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from runner.execution.launcher import LocalLauncher, Result, Spec, Supervised, TaskSpec
from runner.execution.script import render
from runner.pipeline.model import Hook, Hooks, Limits, ScriptItem, Task
from runner.pipeline.problems import Place
from runner.secret import Secret

PLACE = Place("shippable.yml")


def items(texts: tuple[str, ...]) -> tuple[ScriptItem, ...]:
    return tuple(ScriptItem(text, PLACE) for text in texts)


def task(*script: str, name: str = "Task 0") -> Task:
    return Task(name=name, place=PLACE, script=items(script))


def hooks(*, on_success: tuple[str, ...] = (), on_failure: tuple[str, ...] = (), always: tuple[str, ...] = ()) -> Hooks:
    return Hooks(
        on_success=Hook(script=items(on_success)),
        on_failure=Hook(script=items(on_failure)),
        always=Hook(script=items(always)),
    )


ALL_HOOKS = hooks(on_success=("echo S",), on_failure=("echo F",), always=("echo A",))


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is run; the directory holds the build directory and everything else."""

    place: Path
    tasks: tuple[Task, ...]
    hooks: Hooks = field(default_factory=Hooks)
    exports: tuple[tuple[str, str], ...] = ()
    secrets: tuple[str, ...] = ()
    limit: timedelta = timedelta(minutes=5)
    grace: timedelta = timedelta(seconds=0.3)
    limits: Limits = field(default_factory=Limits)
    attached: bool = True
    groups: bool = True

    @property
    def build_dir(self) -> Path:
        return self.place / "build"

    @property
    def log(self) -> Path:
        return self.place / "log.jsonl"

    def spec(self) -> Spec:
        scripts = self.build_dir / "scripts"
        scripts.mkdir(parents=True, exist_ok=True)
        specs = []
        for number, each in enumerate(self.tasks):
            script = scripts / f"yml_task_{number}.sh"
            script.write_text(render(each, self.hooks, last=each is self.tasks[-1]), encoding="utf-8", newline="")
            specs.append(TaskSpec(each.name, script, self.exports))
        return Spec(
            place=self.place,
            build_dir=self.build_dir,
            seq=1,
            next_id=1,
            tasks=tuple(specs),
            base={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.place), "LANG": "C.UTF-8"},
            secrets=tuple(Secret(text) for text in self.secrets),
            limit=self.limit,
            grace=self.grace,
            limits=self.limits,
            attached=self.attached,
            groups=self.groups,
        )

    async def start(self) -> Supervised:
        return await LocalLauncher().start(self.spec())

    async def run(self) -> Ran:
        build = await self.start()
        return Ran(await build.wait(), read_log(self.log))


@dataclass(frozen=True)
class Ran:
    """The result and the records of the log."""

    result: Result
    records: list[dict[str, Any]]

    @property
    def lines(self) -> list[str]:
        """What the job printed, line by line."""
        return [r["text"] for r in self.records if r["type"] == "message" and "level" not in r]

    @property
    def notes(self) -> list[str]:
        """What the runner itself said."""
        return [r["text"] for r in self.records if r["type"] == "message" and "level" in r]

    @property
    def commands(self) -> list[tuple[str, int | None]]:
        """The text of each command with its exit status."""
        ends = {r["id"]: r["exit"] for r in self.records if r["type"] == "end"}
        return [(r["text"], ends[r["id"]]) for r in self.records if r["type"] == "command"]

    @property
    def story(self) -> list[str]:
        """Commands, ends and output in their order: `> echo a`, `a`, `< 0`."""
        told = []
        for record in self.records:
            match record["type"]:
                case "command":
                    told.append(f"> {record['text']}")
                case "end":
                    told.append(f"< {record['exit']}")
                case "message" if "level" not in record:
                    told.append(record["text"])
        return told


def read_log(path: Path) -> list[dict[str, Any]]:
    """The records, checked: whole lines, numbers without gap, every group and command closed once."""
    records = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
    assert [record["seq"] for record in records] == list(range(1, len(records) + 1))
    opened = [record["id"] for record in records if record["type"] in ("group", "command")]
    ended = [record["id"] for record in records if record["type"] == "end"]
    assert sorted(opened) == sorted(ended)
    return records
