"""Runs the sections of one CI build through the LocalLauncher: real supervisor, real bash, real files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from runner.execution.launcher import LocalLauncher, Spec, TaskSpec
from runner.execution.model import Reports
from runner.execution.script import Sectioned, render_sections
from tests.execution.harness import Ran, read_log


@dataclass(frozen=True, kw_only=True)
class Sections:
    """What is run; `place` holds everything, the commands begin in `place/repo`."""

    place: Path
    pre_ci: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    ci: tuple[str, ...] = ()
    post_ci: tuple[str, ...] = ()
    on_success: tuple[str, ...] = ("echo S",)
    on_failure: tuple[str, ...] = ("echo F",)
    always: tuple[str, ...] = ("echo A",)
    silence: timedelta | None = None
    least: float | None = None

    @property
    def repo(self) -> Path:
        return self.place / "repo"

    def write(self, name: str, first: tuple[str, ...], second: tuple[str, ...]) -> TaskSpec:
        text = render_sections(
            Sectioned(
                directory=self.repo,
                before=self.before,
                first=first,
                second=second,
                on_success=self.on_success,
                on_failure=self.on_failure,
                always=self.always,
            ),
            second="post_ci",
        )
        script = self.place / f"{name}.sh"
        script.write_text(text, "utf-8")
        return TaskSpec(name, script, ())

    async def run(self) -> Ran:
        self.repo.mkdir(exist_ok=True)
        specs = [self.write("pre_ci", self.pre_ci, ())] if self.pre_ci else []
        reports = self.repo / "shippable"
        spec = Spec(
            place=self.place,
            build_dir=self.place,
            seq=1,
            next_id=1,
            tasks=(*specs, self.write("ci", self.ci, self.post_ci)),
            base={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.place), "LANG": "C.UTF-8"},
            secrets=(),
            limit=timedelta(minutes=1),
            grace=timedelta(seconds=0.3),
            silence=self.silence,
            reports=Reports(tests=reports / "testresults", coverage=reports / "codecoverage", least=self.least),
        )
        build = await LocalLauncher().start(spec)
        return Ran(await build.wait(), read_log(self.place / "log.jsonl"))


def groups(ran: Ran) -> list[tuple[str, int | None]]:
    """The groups of the log with their ends."""
    ends = {r["id"]: r["exit"] for r in ran.records if r["type"] == "end"}
    return [(r["step"], ends[r["id"]]) for r in ran.records if r["type"] == "group"]
