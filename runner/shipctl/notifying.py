"""`shipctl notify`: tell a service, by a notification resource and the integration that it names.

The token comes from the job's variables and goes into the request alone: into no argument and no output.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from runner.shipctl import airbrake, chat, irc, jira, new_relic
from runner.shipctl.console import RefusedError, complain
from runner.shipctl.documents import read_document
from runner.shipctl.json_text import find
from runner.shipctl.lookups import resource_variable
from runner.shipctl.notice import Notice, read_options
from runner.shipctl.posting import UnreachableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.shipctl.json_text import Json

SENDERS: Mapping[str, Callable[[Notice], int]] = {
    "Slack": chat.to_slack,
    "slackKey": chat.to_slack,
    "webhook": chat.to_webhook,
    "webhookV2": chat.to_webhook,
    "newRelicKey": new_relic.send,
    "airBrakeKey": airbrake.send,
    "jira": jira.send,
}
"""By the type of the integration."""
PLACES = ("version.propertyBag", "propertyBag.yml.pointer", "propertyBag.yml.versionTemplate")
"""Where version.json may have what the file says of a notification."""


def run(arguments: list[str]) -> int:
    """Exit status 0 also where the service refuses, 1 where it cannot be reached. Raises RefusedError."""
    resource, *given = arguments
    kind = resource_variable(resource, "_TYPE")
    if not kind:
        raise RefusedError(f"Error: resource data not found for {resource}")
    if kind != "notification":
        raise RefusedError(f"Error: resource {resource} is not of type 'notification'")
    meta = resource_variable(resource, "_META")
    document = read_document(f"{meta}/version.json")
    by_irc = _setting(document, "method") == "irc"
    options = read_options(given, irc=by_irc)
    notice = Notice(resource=resource, recipients=_recipients(document), options=options)
    send = irc.send if by_irc else _sender(f"{meta}/integration.json")
    try:
        return send(notice)
    except UnreachableError as reason:
        complain(f"shipctl notify: {reason}")
        return 1


def _setting(document: Json, key: str) -> Json:
    found = (find(document, f"{place}.{key}") for place in PLACES)
    return next((value for value in found if value), None)


def _recipients(document: Json) -> list[str]:
    value = _setting(document, "recipients")
    listed = value if isinstance(value, list) else [value]
    return [name for name in listed if isinstance(name, str) and name]


def _sender(path: str) -> Callable[[Notice], int]:
    if os.path.isfile(path):
        master = find(read_document(path), "masterName")
        if isinstance(master, str) and master in SENDERS:
            return SENDERS[master]
        kind = master if isinstance(master, str) else "null"
    else:
        kind = f"The given resource is not of type integration. {path}: No such file or directory"
    raise RefusedError(f"Error: unsupported notification type: {kind}")
