"""A resource, as a service tells of it."""

from __future__ import annotations

from datetime import datetime

from runner.client.shapes import Raw
from runner.store.resource_views import History, MadeVersion, ResourceView, Use


def read_resource_view(raw: Raw) -> ResourceView:
    """Raises as every `read_…` of shapes."""
    since = raw["history"]["since"]
    return ResourceView(
        name=str(raw["name"]),
        type=str(raw["type"]),
        declared=raw["declared"],
        integration=raw["integration"],
        ins=tuple(map(_use, raw["ins"])),
        outs=tuple(map(_use, raw["outs"])),
        history=History(
            versions=int(raw["history"]["versions"]),
            since=datetime.fromisoformat(since) if since is not None else None,
            newest=tuple(map(_version, raw["history"]["newest"])),
        ),
        problem=raw["problem"],
    )


def _use(raw: Raw) -> Use:
    return Use(
        job=str(raw["job"]),
        version_name=raw["versionName"],
        version_number=raw["versionNumber"],
        switch=bool(raw["switch"]),
        on_failure=bool(raw["on_failure"]),
    )


def _version(raw: Raw) -> MadeVersion:
    return MadeVersion(
        number=int(raw["number"]),
        name=raw["versionName"],
        property_bag=dict(raw["propertyBag"]),
        created_at=datetime.fromisoformat(raw["created_at"]),
        build=raw["build"],
    )
