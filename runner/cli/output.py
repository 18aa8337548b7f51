"""How a run is shown: plain lines, JSON events, or a live terminal."""

from __future__ import annotations

import importlib
from contextlib import AbstractContextManager
from typing import Protocol

from runner.service.local_run import Summary
from runner.service.ports import Ended, Observer


class Output(Observer, Protocol):
    """An observer that is told the plan's digest first and the whole outcome last."""

    def live(self) -> AbstractContextManager[object]:
        """Around the whole run."""

    def planned(self, digest: str, jobs: int) -> None: ...

    def notice(self, text: str) -> None:
        """A sentence about the run itself."""

    def summary(self, summary: Summary) -> None: ...


MODULES = {"plain": "runner.cli.output_plain", "json": "runner.cli.output_json", "pretty": "runner.cli.output_pretty"}


def make_output(kind: str) -> Output:
    output: Output = importlib.import_module(MODULES[kind]).make()
    return output


def seconds(ended: Ended) -> str:
    return f"{ended.duration.total_seconds():.1f} s"


def label(job: str, number: int) -> str:
    """How people name a build, here and for `runner logs`."""
    return f"{job}/{number}"
