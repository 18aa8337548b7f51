"""What webhooks deliver to a service: versions of repositories and of `webhook` resources."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import structlog

from runner.pipeline.model import Resource
from runner.secret import Secret
from runner.service.arrivals import Arrival, Arrivals
from runner.service.completing import Completing
from runner.service.engines import Engines
from runner.service.following import new_version, ref_of, takes
from runner.service.orders import Orders
from runner.service.settings import Settings, Webhook
from runner.service.watching import Watching
from runner.triggers.addresses import is_full_name, same_repository
from runner.triggers.delivery import Delivery, RefusedDelivery
from runner.triggers.git_events import EventKind, GitEvent
from runner.triggers.git_repo import GitRepo, accepts
from runner.triggers.providers.registry import PROVIDERS
from runner.triggers.webhook import check_basic, key_of, version_of_payload
from runner.triggers.wildcards import matches
from runner.workspace.versions import NewVersion

log = structlog.stdlib.get_logger("runner.webhooks")
FOLLOWING = frozenset({"gitRepo", "ciRepo"})
"""Types of resources that get versions from what happens in a repository."""
FAMILIES: Mapping[str, str] = {
    "github": "github",
    "githubEnterprise": "github",
    "gitlab": "gitlab",
    "bitbucket": "bitbucket",
    "bitbucketServer": "bitbucketServer",
    "bitbucketServerBasic": "bitbucketServer",
    "gerritBasic": "gerrit",
}
"""Which types of integrations are one kind of provider, as its deliveries name it."""
KNOWN = "it has the commit already"


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

    def __init__(
        self,
        settings: Callable[[], Settings],
        engines: Engines,
        orders: Orders,
        watching: Watching,
        arrivals: Arrivals,
        completing: Completing,
    ) -> None:
        self._settings = settings
        self._engines = engines
        self._orders = orders
        self._watching = watching
        self._arrivals = arrivals
        self._completing = completing

    async def of_provider(self, name: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """A delivery to the webhook of this name in the settings."""
        webhook = self._settings().webhooks.get(name)
        if webhook is None:
            raise RefusedDelivery(404, f"there is no webhook {name}")
        delivery = PROVIDERS[webhook.provider].read(headers, body, _secret(name, webhook), datetime.now(UTC))
        events = [event for event in delivery.events if _is_for(webhook, event)]
        arrivals, passed_over = await self._arriving(events)
        made = await self._arrivals.tell(arrivals, _key(name, delivery))
        if made is None:
            return Answer(repeated=True, passed_over={}, note="this delivery was taken before")
        known = {arrival.node: KNOWN for arrival in arrivals if arrival.version and arrival.node not in made}
        answer = Answer(
            versions=made,
            pipelines=tuple(self._pipelines(events)),
            passed_over={**passed_over, **known},
            note=delivery.note,
        )
        if not (answer.versions or answer.pipelines or answer.passed_over):
            answer = replace(answer, note=_unheard(webhook, delivery))
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

    async def _arriving(self, events: list[GitEvent]) -> tuple[list[Arrival], dict[str, str]]:
        """What events mean for the resources of their repositories, and why some of those get no version."""
        arrivals: list[Arrival] = []
        passed_over: dict[str, str] = {}
        following = [r for r in self._engines.current.pipeline.resources.values() if r.type in FOLLOWING]
        for told in events:
            event, asked = told, False
            for resource in following:
                options = GitRepo.of(resource)
                if not same_repository(options.source, event.repository):
                    continue
                if (other := self._of_another(resource, options, event)) is not None:
                    passed_over[resource.name] = other
                    continue
                reason = accepts(options, event)
                if reason is None and not asked:  # only then it is worth it; one answer is for all
                    event, asked = await self._completing.complete(event, resource), True
                    reason = accepts(options, event)
                if reason is not None:
                    passed_over[resource.name] = reason
                arrivals.append(_arrival(resource, options, event, reason))
        return arrivals, passed_over

    def _of_another(self, resource: Resource, options: GitRepo, event: GitEvent) -> str | None:
        """Why a repository of this name is not the one of the resource: `org/name` says nothing of its provider, the
        integration does."""
        named = resource.integration
        integration = self._engines.current.integrations.get(named.name) if named is not None else None
        if integration is None or not is_full_name(options.source):
            return None
        own, theirs = FAMILIES.get(integration.type.master_name), FAMILIES.get(event.repository.provider)
        if own is None or theirs is None or own == theirs:
            return None
        return f"its integration {integration.name} is of {own}, and this is of {theirs}"

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


def _arrival(resource: Resource, options: GitRepo, event: GitEvent, reason: str | None) -> Arrival:
    ref = ref_of(event)
    return Arrival(
        node=resource.name,
        ref=ref if ref is not None and takes(options, ref) else None,
        sha=None if event.deleted else event.sha,
        version=new_version(resource, event) if reason is None else None,
    )


def _is_for(webhook: Webhook, event: GitEvent) -> bool:
    return webhook.repository is None or matches(webhook.repository.casefold(), event.repository.full_name.casefold())


def _unheard(webhook: Webhook, delivery: Delivery) -> str:
    """Why nothing came of a delivery."""
    if not delivery.events:
        return delivery.note
    name = delivery.events[0].repository.full_name
    if not any(_is_for(webhook, event) for event in delivery.events):
        return f"{delivery.note}: this webhook takes only {webhook.repository}, not {name}"
    return f"{delivery.note}: no resource and no pipeline here follows {name}"


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
