"""The variables of a job, as a service tells them."""

from __future__ import annotations

from runner.client.shapes import Raw
from runner.workspace.environment import Environment, Shown


def read_environment(raw: Raw) -> Environment:
    """Raises as every `read_…` of shapes."""
    return Environment(
        job=str(raw["job"]),
        task=raw["task"],
        tasks=tuple(map(str, raw["tasks"])),
        variables=tuple(
            Shown(name=str(one["name"]), value=one["value"], source=str(one["source"]), secret=bool(one["secret"]))
            for one in raw["variables"]
        ),
        notes=tuple(map(str, raw["notes"])),
    )
