"""The keys of an entry of `integrations.notifications`, as a table."""

from __future__ import annotations

from collections.abc import Mapping

from runner.pipeline.ci.branches import BRANCH_KEYS
from runner.pipeline.fields import Key, Keys, table
from runner.pipeline.kinds import Choice, Free, Table, Truth, Word, Words
from runner.pipeline.model import Data

NOTIFICATION_TYPES = ("slack", "webhook", "email", "irc")
OTHER_NAMES = ("slackKey", "Slack", "webhookV2", "Email")
"""Types of integrations that some write there."""
UNSENT_TYPES: Mapping[str, str] = dict.fromkeys(
    ("hipchat", "hipchatKey"), "HipChat was shut down in 2019: use slack or webhook"
)
LAST_COMMITTER, LAST_AUTHOR, OWNERS = "--last_committer", "--last_author", "--owners"
"""Recipients of e-mail that are no addresses."""
_END, _ANY = Choice(("always", "change", "never")), Choice(("always", "never"))

INTEGRATION_NAME = Key("integrationName", Word(), "The integration that it is sent with; e-mail and IRC need none.")
TYPE = Key("type", Word(), "slack, webhook, email or irc.")
RECIPIENTS = Key("recipients", Words(), f"Channels or addresses; of e-mail also {LAST_COMMITTER} and {LAST_AUTHOR}.")
TO_BRANCHES = Key("branches", Table(BRANCH_KEYS), "The branches that are told of: only and except, with * as wildcard.")
ON_START = Key("on_start", _ANY, "Whether its start is told; never if absent.")
ON_SUCCESS = Key("on_success", _END, "Whether a success is told; change if absent: only after another end.")
ON_FAILURE = Key("on_failure", _END, "Whether every other end but a cancel is told; always if absent.")
ON_CANCEL = Key("on_cancel", _END, "Whether a cancel is told; as on_failure if absent.")
ON_PULL_REQUEST = Key("on_pull_request", _ANY, "Whether builds of pull requests are told; always if absent.")
SNIPPET = Key("sendFailingSnippet", Truth(), "Whether an e-mail quotes the failing command and its last lines.")
CONSOLE_LOGS = Key("sendConsoleLogs", Truth(), "The platform attached the log to e-mail; nothing is attached here.")
COVERAGE = Key("sendCoverageReports", Truth(), "The platform attached reports to e-mail; nothing is attached here.")
PAYLOAD: Key[Data] = Key("payload", Free(), "What a webhook gets beside the facts of the build.")
NOTIFICATION_KEYS: Keys = table(
    INTEGRATION_NAME, TYPE, RECIPIENTS, TO_BRANCHES, ON_START, ON_SUCCESS, ON_FAILURE, ON_CANCEL, ON_PULL_REQUEST,
    SNIPPET, CONSOLE_LOGS, COVERAGE, PAYLOAD,
)  # fmt: skip
