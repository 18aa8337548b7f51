"""Jira: open an issue, with a file if wanted."""

from __future__ import annotations

import os
from base64 import b64encode

from runner.shipctl.console import RefusedError
from runner.shipctl.json_text import find, parse
from runner.shipctl.notice import Notice
from runner.shipctl.posting import part_of_url
from runner.shipctl.reaching import Direct, kept_back, post_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.shipctl.reaching import Reach


def send(notice: Notice) -> int:
    """The file is looked for first, so that no issue is opened without it. Raises RefusedError."""
    options = notice.options
    url, token, username = (notice.field(name) for name in ("url", "token", "username"))
    without_token = not token and not kept_back(token)
    for missing, what in ((not url, "endpoint"), (without_token, "token"), (not username, "username")):
        if missing:
            raise RefusedError(f"Error: missing {what}. Please check your integration.")
    _check_options(notice)
    authorization = {"Authorization": f"Basic {b64encode(os.fsencode(f'{username}:{token}')).decode()}"}
    reach = notice.reach("token", lambda: Direct(url.rstrip("/"), authorization))
    fields = {
        "project": {"key": options.project_id},
        "summary": options.summary,
        "description": options.description,
        "issuetype": {"name": options.type},
    }
    answer = post_json(reach, "/issue", {"fields": fields})
    answer.show()
    if options.attach_file:
        _attach(reach, f"/issue/{part_of_url(_key(answer.body))}/attachments", options.attach_file)
    return 0


def _check_options(notice: Notice) -> None:
    options = notice.options
    if not options.project_id:
        raise RefusedError("Error: missing project identifier. Please use --project-id.")
    if not options.type:
        raise RefusedError("Error: missing issue type. Please use --type.")
    if not options.summary:
        raise RefusedError("Error: missing summary. Please use --summary.")
    if options.attach_file and not os.path.isfile(options.attach_file):
        raise RefusedError("Error: --attach-file option refers to a file that doesn't exist")


def _key(body: bytes) -> str:
    try:
        key = find(parse(body), "key")
    except ValueError:
        key = None
    if not isinstance(key, str):
        raise RefusedError("Error: Jira opened no issue to attach the file to")
    return key


def _attach(reach: Reach, place: str, path: str) -> None:
    with open(path, "rb") as file:
        content = file.read()
    boundary = f"shipctl-{os.urandom(16).hex()}"
    name = os.path.basename(path)
    for character, escape in (('"', "%22"), ("\r", "%0D"), ("\n", "%0A")):
        name = name.replace(character, escape)
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    kind = "Content-Type: application/octet-stream\r\n\r\n"
    data = os.fsencode(head + kind) + content + f"\r\n--{boundary}--\r\n".encode()
    form = {"Content-Type": f"multipart/form-data; boundary={boundary}", "X-Atlassian-Token": "nocheck"}
    reach.ask("POST", place, data, form).show()
