"""Integrations that only the runner uses: jobs see that they are there, but none of their secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from runner.integrations.model import ResolvedIntegration
from runner.pipeline.problems import nearest

TYPES = frozenset({"slackKey", "Slack", "webhookV2", "webhook", "newRelicKey", "airBrakeKey", "jira"})
"""Those that `shipctl notify` sends with: the runner can do that for a job."""


class Deliver(StrEnum):
    """Who gets the secrets of an integration."""

    JOB = "job"
    """Jobs that have it, in variables and files, as the platform had it."""
    RUNNER = "runner"
    """The runner alone: it sends what `shipctl notify` is asked for in a job."""


EXPECTED: Mapping[str, str] = {"deliver": "'job' or 'runner'"}


def wrong_fields(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each field that cannot be used, with what is wrong."""
    if (deliver := values.get("deliver")) and deliver not in set(Deliver):
        hint = nearest(deliver, Deliver)
        yield "deliver", f"'{deliver[:100]}' is not {EXPECTED['deliver']}" + (f" ({hint})" if hint else "")


def is_kept_back(integration: ResolvedIntegration) -> bool:
    return integration.type.master_name in TYPES and integration.text("deliver") == Deliver.RUNNER
