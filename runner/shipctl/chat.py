"""Slack and webhooks."""

from __future__ import annotations

from collections.abc import Callable

from runner.shipctl.console import RefusedError, say
from runner.shipctl.notice import Notice, Options
from runner.shipctl.reaching import Direct, post_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.shipctl.reaching import Reach


def to_slack(notice: Notice) -> int:
    return _send(notice, _slack, {})


def to_webhook(notice: Notice) -> int:
    authorization = notice.field("authorization")
    return _send(notice, _webhook, {"authorization": authorization} if authorization else {})


def _send(notice: Notice, body: Callable[[Options, str], object], headers: dict[str, str]) -> int:
    """One request for each recipient; `--payload` goes out once, to nobody in particular."""

    def direct() -> Reach:
        url = notice.field("webhookUrl")
        if not url:
            raise RefusedError(f"Error: no endpoint found in resource {notice.resource}")
        return Direct(url, headers)

    reach = notice.reach("webhookUrl", direct)
    payload = notice.payload()
    if payload is not None:
        post_json(reach, "", payload).show()
        return 0
    for recipient, line in notice.addressees().items():
        if line:
            say(line)
        post_json(reach, "", body(notice.options, recipient)).show()
    return 0


def _slack(options: Options, recipient: str) -> object:
    return {
        "username": options.username,
        "attachments": [{"pretext": options.pretext, "text": options.text, "color": options.color}],
        "channel": recipient,
        "icon_url": options.icon_url,
    }


def _webhook(options: Options, recipient: str) -> object:
    return {
        "username": options.username,
        "pretext": options.pretext,
        "text": options.text,
        "color": options.color,
        "recipient": recipient,
        "icon_url": options.icon_url,
    }
