"""Airbrake: record a deployment of a project."""

from __future__ import annotations

from runner.shipctl.console import RefusedError, say
from runner.shipctl.notice import Notice
from runner.shipctl.posting import part_of_url
from runner.shipctl.reaching import Direct, post_json


def send(notice: Notice) -> int:
    """The project is that of the call, else the first recipient. Raises RefusedError for what is missing."""
    options = notice.options
    if not options.type:
        raise RefusedError("Error: --type is missing in shipctl notify")
    if options.type != "deploy":
        raise RefusedError(f"Error: unsupported type value {options.type}")
    project = options.project_id or next(iter(notice.recipients), "")
    if not project:
        raise RefusedError("Error: missing project ID, try passing --project-id")
    url = notice.field("url").rstrip("/")
    if not url:
        raise RefusedError(f"Error: no url found in resource {notice.resource}")
    body = notice.payload() or {
        "environment": options.environment,
        "username": options.username,
        "email": options.email,
        "repository": options.repository,
        "revision": options.revision,
        "version": options.version,
    }
    say(f"Requesting Airbrake project: {project}")
    reach = notice.reach("token", lambda: Direct(url, query=f"key={part_of_url(notice.field('token'))}"))
    post_json(reach, f"/projects/{part_of_url(project)}/deploys", body).show()
    return 0
