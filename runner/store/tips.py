"""What was seen of the repositories that resources follow, inside one transaction: the newest commit of each ref."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.pipeline.plain import Json
from runner.store.sqlite import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What is recorded of a resource: `url` and `filter` for which its refs were noted (None: never), the commit of
    each ref (`refs/heads/main`), and the content of its newest version."""

    url: str | None = None
    filter: str | None = None
    tips: Mapping[str, str] = field(default_factory=dict)
    bag: Mapping[str, Json] = field(default_factory=dict)


def followed(tx: Transaction, node: str) -> Followed:
    node_id = id_of(tx, node)
    if node_id is None:
        return Followed()
    noted, newest = tx.row("followed", node_id=node_id), tx.row("newest_version", node_id=node_id)
    return Followed(
        url=noted["url"] if noted else None,
        filter=noted["filter"] if noted else None,
        tips={row["ref"]: row["sha"] for row in tx.rows("tips", node_id=node_id)},
        bag=json.loads(newest["property_bag"]) if newest else {},
    )


def id_of(tx: Transaction, node: str) -> int | None:
    """None where no file has it any more."""
    row = tx.row("node", name=node)
    return None if row is None or row["deleted_at"] is not None else int(row["id"])


def begin(tx: Transaction, node_id: int, url: str, filter_: str, *, anew: bool) -> None:
    """Note for what the refs of a resource count from now on; `anew`: those that are there do not."""
    if anew:
        tx.change("drop_tips", node_id=node_id)
    tx.change("follow", node_id=node_id, url=url, filter=filter_)


def put(tx: Transaction, node_id: int, ref: str, sha: str) -> bool:
    """Record what somebody tells of a ref; False where that was known. `sha` may be cut short."""
    return bool(tx.change("set_tip", node_id=node_id, ref=ref, sha=sha))


def move(tx: Transaction, node_id: int, ref: str, before: str | None, sha: str) -> bool:
    """Record what was found; False where the ref is not at `before` (None: unknown) any more: somebody was quicker."""
    if before is None:
        return bool(tx.change("add_tip", node_id=node_id, ref=ref, sha=sha))
    return bool(tx.change("move_tip", node_id=node_id, ref=ref, before=before, sha=sha))


def drop(tx: Transaction, node_id: int, ref: str) -> None:
    """The branch or tag is gone."""
    tx.change("drop_tip", node_id=node_id, ref=ref)
