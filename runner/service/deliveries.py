"""What webhooks deliver to a service: versions of repositories and of `webhook` resources."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from runner.pipeline.model import Resource
from runner.pipeline.plain import plain
from runner.secret import Secret
from runner.service.engines import Engines
from runner.service.orders import Orders
from runner.service.settings import Settings, Webhook
from runner.service.watching import Watching
from runner.triggers.addresses import same_repository
from runner.triggers.delivery import Delivery, RefusedDelivery
from runner.triggers.git_events import EventKind, GitEvent
from runner.triggers.git_repo import GitRepo, accepts
from runner.triggers.git_version import version_of
from runner.triggers.providers.registry import PROVIDERS
from runner.triggers.webhook import check_basic, key_of, version_of_payload
from runner.triggers.wildcards import matches
from runner.workspace.versions import NewVersion

log = structlog.stdlib.get_logger("runner.webhooks")
FOLLOWING = frozenset({"gitRepo", "ciRepo"})
"""Types of resources that get versions from what happens in a repository."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a delivery: the resources that got a new version, the pipelines that are looked at, and why
    resources that follow the repository got none."""

    repeated: bool = False
    versions: tuple[str, ...] = ()
    pipelines: tuple[str, ...] = ()
    passed_over: Mapping[str, str]
    note: str = ""


class Deliveries:
    """Takes what was sent. Raises RefusedDelivery where the sender is not proven or the body is not usable, and
    StoreError."""

    def __init__(self, settings: Callable[[], Settings], engines: Engines, orders: Orders, watching: Watching) -> None:
        self._settings = settings
        self._engines = engines
        self._orders = orders
        self._watching = watching

    async def of_provider(self, name: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """A delivery to the webhook of this name in the settings."""
        webhook = self._settings().webhooks.get(name)
        if webhook is None:
            raise RefusedDelivery(404, f"there is no webhook {name}")
        delivery = PROVIDERS[webhook.provider].read(headers, body, _secret(name, webhook), datetime.now(UTC))
        events = [event for event in delivery.events if _is_for(webhook, event)]
        versions, passed_over = self._versions(events)
        answer = Answer(
            versions=tuple(version.node for version in versions),
            pipelines=tuple(self._pipelines(events)),
            passed_over=passed_over,
            note=delivery.note,
        )
        if not await self._orders.add_versions(versions, delivery=_key(name, delivery)):
            return Answer(repeated=True, passed_over={}, note="this delivery was taken before")
        for pipeline in answer.pipelines:
            self._watching.look_at(pipeline)
        log.info("webhook.taken", webhook=name, delivery=delivery.id, versions=answer.versions, note=delivery.note)
        return answer

    async def of_resource(self, name: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """A call of a `webhook` resource, by its name and its key."""
        resource = self._engines.current.pipeline.resources.get(name)
        known = resource is not None and resource.type == "webhook"
        key = key_of(resource) if resource is not None and known else Secret("")
        authorization = next((value for header, value in headers.items() if header.lower() == "authorization"), "")
        if not check_basic(authorization, name, key) or resource is None:
            raise RefusedDelivery(401, "name the resource as user and its webhookKey as password")
        bag = version_of_payload(resource, headers, body)
        await self._orders.add_versions([NewVersion(node=name, property_bag=bag)])
        log.info("webhook.taken", webhook=name)
        return Answer(versions=(name,), passed_over={})

    def _versions(self, events: list[GitEvent]) -> tuple[list[NewVersion], dict[str, str]]:
        """The versions that events make, and why other resources of their repositories get none."""
        versions: list[NewVersion] = []
        passed_over: dict[str, str] = {}
        following = [r for r in self._engines.current.pipeline.resources.values() if r.type in FOLLOWING]
        for event in events:
            for resource in following:
                options = GitRepo.of(resource)
                if not same_repository(options.source, event.repository):
                    continue
                reason = accepts(options, event)
                if reason is None:
                    versions.append(_version(resource, event))
                else:
                    passed_over[resource.name] = reason
        return versions, passed_over

    def _pipelines(self, events: list[GitEvent]) -> list[str]:
        """The pipelines that are read from what was pushed."""
        pushed = [event for event in events if event.kind is EventKind.COMMIT]
        return [
            name
            for name, source in self._settings().pipelines.items()
            if source.git is not None
            and any(
                same_repository(source.git, event.repository) and source.branch in (None, event.branch)
                for event in pushed
            )
        ]


def _version(resource: Resource, event: GitEvent) -> NewVersion:
    name, bag = version_of(event, plain(resource.property_bag))
    return NewVersion(node=resource.name, name=name, property_bag=bag)


def _is_for(webhook: Webhook, event: GitEvent) -> bool:
    return webhook.repository is None or matches(webhook.repository.casefold(), event.repository.full_name.casefold())


def _key(name: str, delivery: Delivery) -> str | None:
    return None if delivery.replay_key is None else f"{name}:{delivery.replay_key}"


def _secret(name: str, webhook: Webhook) -> Secret:
    """Read anew for each delivery: it may be changed while the service runs. Raises RefusedDelivery."""
    try:
        if webhook.secret_file is not None:
            text = Path(webhook.secret_file).read_text("utf-8").strip()
        else:
            text = os.environ.get(webhook.secret_env or "", "")
    except (OSError, UnicodeDecodeError) as error:
        log.error("webhook.no_secret", webhook=name, file=str(webhook.secret_file), error=str(error))
        text = ""
    if not text:
        raise RefusedDelivery(503, f"the webhook {name} has no secret here that a signature could be checked with")
    return Secret(text)
