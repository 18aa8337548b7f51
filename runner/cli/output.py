"""How a run is shown: plain lines, JSON events, or a live terminal."""

from __future__ import annotations

import importlib

from runner.service.ports import Ended, Output

MODULES = {"plain": "runner.cli.output_plain", "json": "runner.cli.output_json", "pretty": "runner.cli.output_pretty"}


def make_output(kind: str) -> Output:
    output: Output = importlib.import_module(MODULES[kind]).make()
    return output


def seconds(ended: Ended) -> str:
    return f"{ended.duration.total_seconds():.1f} s"
