"""New Relic: record a deployment of an application."""

from __future__ import annotations

from runner.shipctl.console import RefusedError, say
from runner.shipctl.json_text import find, parse, shown
from runner.shipctl.notice import Notice
from runner.shipctl.posting import Answer, part_of_url
from runner.shipctl.reaching import Direct, post_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.shipctl.json_text import Json
    from runner.shipctl.reaching import Reach


def send(notice: Notice) -> int:
    """Raises RefusedError for what is missing, and with the service's own words where it records nothing."""
    options, token = notice.options, notice.field("token")
    url = notice.field("url").rstrip("/")
    headers = {"X-Api-Key": token} if token else {}
    if not url:
        raise RefusedError(f"Error: no url found in resource {notice.resource}")
    if not options.app_id and not options.app_name:
        raise RefusedError("Error: --appId or --appName should be present in shipctl notify")
    reach = notice.reach("token", lambda: Direct(url, headers))
    application = options.app_id or _application(reach, options.app_name)
    body = notice.payload() or _deployment(notice)
    say(f"Recording deployments on NewRelic for appID: {application}")
    answer = post_json(reach, f"/applications/{part_of_url(application)}/deployments.json", body)
    recorded = find(_json(answer), "deployment.id")
    if recorded is None:
        raise RefusedError(f"Error: {answer.body.decode(errors='replace')}")
    say(b"Deployment Id: " + shown(recorded))
    return 0


def _application(reach: Reach, name: str) -> str:
    query = f"{part_of_url('filter[name]')}={part_of_url(name)}&exclude_links=true"
    found = find(_json(reach.ask("GET", f"/applications.json?{query}", None, {})), "applications[0].id")
    if not isinstance(found, str):  # a number too: it is a text that remembers how it was written
        raise RefusedError("Error: Unable to find an application on NewRelic")
    return found


def _deployment(notice: Notice) -> object:
    options = notice.options
    if not options.type:
        raise RefusedError("Error: --type is missing in shipctl notify")
    if not options.revision:
        raise RefusedError("Error: --revision is missing in shipctl notify")
    return {
        options.type: {
            "revision": options.revision,
            "description": options.description,
            "user": options.username,
            "changelog": options.changelog,
        }
    }


def _json(answer: Answer) -> Json:
    try:
        return parse(answer.body)
    except ValueError:
        return None
