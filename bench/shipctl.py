"""What a call of shipctl costs in a script."""

from __future__ import annotations

import json
from pathlib import Path

from bench.figures import PYTHON, Figure, milliseconds
from runner.assembly import PACKAGE_ROOT
from runner.shipctl.shim import shim_text

CALLS = (
    ("get_resource_state", "img"),
    ("get_params_resource", "img", "A"),
    ("get_integration_resource_field", "img", "token"),
    ("get_resource_version_key", "img", "sourceName"),
    ("get_json_value", "version.json", "name"),
    ("put_resource_state", "img", "a", "b"),
    ("bump_version", "1.2.3", "minor"),
)


def shipctl(directory: Path) -> list[Figure]:
    place = directory / "shipctl"
    (place / "state").mkdir(parents=True)
    document = {"name": "img", "version": {"propertyBag": {"sourceName": "repo/app"}}}
    (place / "version.json").write_text(json.dumps(document))
    command = place / "shipctl"
    command.write_text(shim_text(PYTHON, str(PACKAGE_ROOT)))
    command.chmod(0o755)
    environ = {
        "IMG_STATE": "/x", "IMG_META": str(place), "IMG_PARAMS_A": "1", "IMG_INTEGRATION_TOKEN": "t",
        "JOB_STATE": str(place / "state"),
    }  # fmt: skip
    floor = milliseconds([PYTHON, "-I", "-S", "-c", "pass"], cwd=place, times=30)
    return [
        Figure(
            what=f"shipctl {call[0]}",
            measured=milliseconds([command, *call], cwd=place, times=30, environ=environ),
            floor=floor,
            unit="ms",
            aim="<= 3" if call[0].startswith("get_") else "",
            floor_is="python -I -S -c pass",
        )
        for call in CALLS
    ]
