"""What the files say about jobs and resources, written into the store inside one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable

from runner.pipeline.model import Job, Resource
from runner.pipeline.plain import plain
from runner.store.sqlite import Transaction
from runner.store.versions import add_version, node_of
from runner.workspace.versions import NewVersion


def define(tx: Transaction, jobs: Iterable[Job], resources: Iterable[Resource]) -> frozenset[str]:
    """Make every job and resource known; a resource whose content is new or changed gets a new version. Gives the names
    of those that were known and have changed.

    A name that has come back with another type starts a history of its own."""
    for job in jobs:
        node_of(tx, job.name, "job", job.type)
    return frozenset(resource.name for resource in resources if _define(tx, resource))


def _define(tx: Transaction, resource: Resource) -> bool:
    """Whether the content of a resource that was known has changed."""
    node_id, before = node_of(tx, resource.name, "resource", resource.type)
    content = {key: value for key, value in plain(resource.yml).items() if key not in ("flags", "integration")}
    definition = json.dumps({"content": content, "versionName": resource.version_name}, sort_keys=True)
    if definition == before:
        return False
    tx.change("set_definition", id=node_id, definition=definition)
    name = resource.version_name
    if before is not None and name == json.loads(before)["versionName"]:
        newest = tx.row("newest_version", node_id=node_id)
        name = newest["name"] if newest else name
    add_version(tx, node_id, NewVersion(node=resource.name, name=name, property_bag=plain(resource.property_bag)))
    return before is not None
