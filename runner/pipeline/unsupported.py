"""What is read but cannot run yet, by type, and what is missing. Each sentence ends a build or a warning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runner.pipeline.report import Note

if TYPE_CHECKING:
    from runner.pipeline.model import Resource

UNSUPPORTED_JOBS: Mapping[str, str] = {
    "manifest": "manifests are not built yet",
    "release": "releases are not made yet",
    "deploy": "nothing is deployed to clusters yet",
    "provision": "load balancers are not created yet",
    "externalCI": "results of other CI systems are not received yet",
    "rSync": "files are read by every run, there is no job for it",
}
"""Types of jobs that end in error instead of running."""

UNSUPPORTED_RESOURCES: Mapping[str, str] = {
    "externalCIServer": "results of other CI systems are not received yet",
}
"""Types of resources that a job cannot have as input yet."""

NOTED_RESOURCES: Mapping[str, Note] = {"time": Note.TIME, "webhook": Note.WEBHOOK}
"""Types of resources that can be an input, but get no version from outside."""

NOTED_OPTIONS: Mapping[str, Note] = {
    "showBuildStatus": Note.BUILD_STATUS,
    "vote": Note.VOTE,
    "force": Note.FORCE,
    "deployName": Note.DEPLOY_NAME,
    "pull": Note.PULL_INPUT,
}
"""Options of an IN that nothing in a runSh job uses yet."""


def missing_for_input(resource: Resource) -> str | None:
    """What is missing for a job that has this resource as input; None where nothing is."""
    return UNSUPPORTED_RESOURCES.get(resource.type)
