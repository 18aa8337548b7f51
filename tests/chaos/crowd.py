"""The pipeline of a service that is killed: one job or more for each rule that a trigger can meet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

LINES = 60
"""How many numbered lines each script prints."""
ONCE_EACH = {"imm_in": "imm", "ser_in": "serial", "pub_in": "pub", "lone_in": "lone"}
"""Resources each version of which is one build of that job."""
PUSHED = (*ONCE_EACH, "joined_in")
"""Resources that clients make versions of; `held_in` is for who pauses its job."""
RESOURCES = (*PUSHED, "held_in", "mid")


def crowd(ran: Path, counter: int, nap: int) -> dict[str, Any]:
    """Each script names its build in the file `ran` and prints its lines; `slow` then sleeps for `nap` seconds."""

    def job(name: str, *steps: dict[str, str], then: str = "true", **keys: str | int) -> dict[str, Any]:
        script = [f'echo "$BUILD_ID" >> {ran}', f"seq -f 'line %g' {LINES}", then]
        return {"name": name, "type": "runSh", **keys, "steps": [*steps, {"TASK": {"script": script}}]}

    def at_once(name: str, resource: str) -> dict[str, Any]:
        return job(name, {"IN": resource}, dependencyMode="immediate", triggerMode="parallel")

    image = {"sourceName": "a/b", "versionName": "none"}
    return {
        "resources": [
            *({"name": name, "type": "image", "versionTemplate": image} for name in RESOURCES),
            {"name": "go", "type": "trigger", "versionTemplate": {"counter": counter}},
        ],
        "jobs": [
            at_once("imm", "imm_in"),
            job("serial", {"IN": "ser_in"}, dependencyMode="immediate"),
            at_once("hold", "held_in"),
            at_once("on_change", "go"),
            job(
                "pub",
                {"IN": "pub_in"},
                {"OUT": "mid"},
                then='shipctl put_resource_state mid versionName "v-$BUILD_NUMBER"',
                priority=1,
            ),
            job("below", {"IN": "pub"}, priority=1),
            at_once("after", "mid"),
            job("lone", {"IN": "lone_in"}, dependencyMode="strict"),
            job("joined", {"IN": "mid"}, {"IN": "joined_in"}, dependencyMode="strict"),
            job("slow", then=f"sleep {nap}", triggerMode="parallel"),
        ],
    }
