"""What a run was asked for, and the same as text that another process goes on with."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from runner.pipeline.model import Limits

GRACE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What the command line says about a run. `jobs` empty: the whole pipeline; `limits` and `grace` are the host's:
    what a job says can only be narrower, or another grace. `working_tree`: CI builds get the files as they are, not as
    they were committed; `least_coverage` is in percent; `keys` is the directory of the private keys (None: the
    usual one)."""

    paths: Sequence[Path]
    integrations_file: Path | None = None
    jobs: Sequence[str] = ()
    injected: Mapping[str, str] = field(default_factory=dict)
    reset: bool = False
    max_parallel: int = 4
    aws_region: str | None = None
    aws_sandbox: bool = False
    limits: Limits = field(default_factory=Limits)
    grace: timedelta = GRACE
    working_tree: bool = False
    least_coverage: float | None = None
    keys: Path | None = None


def encode(options: RunOptions) -> str:
    """The options as JSON; paths are absolute."""
    file = options.integrations_file
    values = {name.name: getattr(options, name.name) for name in dataclasses.fields(options)}
    values |= {
        "paths": [str(path.absolute()) for path in options.paths],
        "integrations_file": str(file.absolute()) if file else None,
        "keys": str(options.keys.absolute()) if options.keys else None,
        "jobs": list(options.jobs),
        "injected": dict(options.injected),
        "limits": dict(options.limits.given()),
        "grace": options.grace.total_seconds(),
    }
    return json.dumps(values)


def decode(text: str) -> RunOptions:
    """What `encode` made."""
    values = json.loads(text)
    file = values["integrations_file"]
    values |= {
        "paths": tuple(Path(path) for path in values["paths"]),
        "integrations_file": Path(file) if file else None,
        "keys": Path(values["keys"]) if values.get("keys") else None,
        "limits": Limits(**values["limits"]),
        "grace": timedelta(seconds=values["grace"]),
    }
    return RunOptions(**values)
