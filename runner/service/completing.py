"""What a webhook has not told of an event, asked of the repository itself where that can be reached."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import structlog

from runner.errors import RunnerError
from runner.pipeline.model import Resource
from runner.service.copies import Copies
from runner.service.following import Followers
from runner.service.refs import tag_commit
from runner.triggers.git_events import EventKind, GitEvent
from runner.workspace.repository import GIT_REPO

LIMIT = timedelta(seconds=8)
"""Senders wait for about ten seconds before they call a delivery failed."""

log = structlog.stdlib.get_logger("runner.webhooks")


class Completing:
    def __init__(self, followers: Followers, copies: Copies, limit: timedelta = LIMIT) -> None:
        self._followers = followers
        self._copies = copies
        self._limit = limit

    async def complete(self, event: GitEvent, resource: Resource) -> GitEvent:
        """The same event with the files that a push has changed, and the commit of a release, which `resource` needs;
        as it was told where the repository does not answer in time."""
        if resource.type != GIT_REPO or event.deleted or not (_lacks_files(event) or _lacks_commit(event)):
            return event
        try:
            async with asyncio.timeout(self._limit.total_seconds()) as ours:
                return await self._asked(event, resource)
        except RunnerError as error:
            log.info("webhook.incomplete", resource=resource.name, error=str(error))
        except TimeoutError:
            if not ours.expired():
                raise
            log.info("webhook.incomplete", resource=resource.name, error=f"no answer within {self._limit}")
        return event

    async def _asked(self, event: GitEvent, resource: Resource) -> GitEvent:
        """Raises RunnerError."""
        remote = (await self._followers.of(resource)).remote
        if _lacks_commit(event):
            return replace(event, sha=await tag_commit(self._copies.git, remote, event.tag))
        files = await self._copies.changed_files(remote, event.branch, event.base_sha, event.sha)
        return replace(event, changed_files=files)


def _lacks_files(event: GitEvent) -> bool:
    return event.kind is EventKind.COMMIT and event.changed_files is None and bool(event.base_sha)


def _lacks_commit(event: GitEvent) -> bool:
    return event.kind in (EventKind.RELEASE, EventKind.TAG) and bool(event.tag) and not event.sha
