"""`runner validate --host`: files of this host, judged by a service."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from runner.cli.tables import counted
from runner.client.client import Client
from runner.client.shapes import Found, read_found
from runner.external.finding import find
from runner.logs.sanitizing import harmless
from runner.pipeline.problems import Severity


def validate(client: Client, paths: Sequence[Path], *, as_json: bool, offline: bool) -> int:
    """Nothing is applied. What the templates refer to is sent along. Raises UsageError, ServiceError."""
    found = find(paths, offline=offline)
    for unreadable in found.problems:
        click.echo(str(unreadable))
    files = [{"name": file.name, "text": file.text} for file in found.files]
    problems = client.post("/validate", _problems, {"files": files}) if files else []
    for problem in problems:
        click.echo(json.dumps(problem.raw, ensure_ascii=False) if as_json else harmless(problem.text, colours=False))
    broken = sum(problem.severity.broken for problem in found.problems) + sum(
        problem.severity != Severity.WARNING for problem in problems
    )
    if not as_json:
        verdict = counted(broken, "problem") if broken else "valid"
        judged = f": {counted(len(files), 'file')}, judged by {client.address.text}" if files else ""
        click.echo(f"{verdict}{judged}", err=bool(broken))
    return 2 if broken else 0


def _problems(raw: Any) -> list[Found]:
    return list(map(read_found, raw["problems"]))
