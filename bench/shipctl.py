"""What a call of shipctl costs in a script."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from bench.figures import PYTHON, Figure, milliseconds
from runner.assembly import PACKAGE_ROOT
from runner.shipctl.shim import job_commands
from runner.workspace.host import write_commands

CALLS = (
    ("get_resource_state", "img"),
    ("get_params_resource", "img", "A"),
    ("get_integration_resource_field", "img", "token"),
    ("get_integration_field", "own", "token"),
    ("get_integration_resource_keys", "img"),
    ("get_integration_resource", "img", "token"),
    ("get_resource_pointer_key", "img", "region"),
    ("get_resource_version_key", "img", "sourceName"),
    ("get_json_value", "version.json", "name"),
    ("put_resource_state", "img", "a", "b"),
    ("bump_version", "1.2.3", "minor"),
    ("get_git_changes", "--path=repository", "--commit-range=HEAD..HEAD"),
    ("split_tests", "state", "*.py", "reports"),
    ("replicate", "img", "copy", "--metadata-only"),
)


def shipctl(directory: Path) -> list[Figure]:
    place = directory / "shipctl"
    (place / "state").mkdir(parents=True)
    document = {"name": "img", "version": {"propertyBag": {"sourceName": "repo/app"}}}
    (place / "version.json").write_text(json.dumps(document))
    for name in ("IN/img", "OUT/copy", "own"):
        (place / name).mkdir(parents=True)
        (place / name / "version.json").write_text(json.dumps(document))
    for directory_of_one in (place, place / "own"):
        (directory_of_one / "integration.json").write_text('{"name": "own", "token": "t"}')
    (place / "integration.env").write_text('name="own"\ntoken="t"')
    commit = ["git", "-c", "user.name=x", "-c", "user.email=x", "commit", "-q", "--allow-empty", "-m", "x"]
    for words in (["git", "init", "-q", "repository"], [*commit[:1], "-C", "repository", *commit[1:]]):
        subprocess.run(words, cwd=place, check=True)
    write_commands(place, job_commands(PYTHON, str(PACKAGE_ROOT)))
    command = place / "shipctl"
    environ = {
        "IMG_STATE": "/x", "IMG_META": str(place), "IMG_PARAMS_A": "1", "IMG_INTEGRATION_TOKEN": "t",
        "OWN_INTEGRATION_TOKEN": "t", "JOB_INTEGRATIONS": str(place), "JOB_PATH": str(place),
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
