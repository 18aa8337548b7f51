"""What events in repositories become: versions, and what was seen of branches and tags, in one transaction.

Webhooks tell and the service looks by itself: whoever comes second with the same commit makes no second version.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from runner.scheduling.events import VersionMade
from runner.scheduling.rules import Rules
from runner.service.decisions import Decisions, Facts
from runner.service.following import Follower, has_commit
from runner.store import tips
from runner.store.queueing import new_delivery
from runner.store.sqlite import Transaction
from runner.store.versions import add_version
from runner.workspace.versions import NewVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What an event means for one resource: the ref that it has moved (None: none that the resource follows) to which
    commit (None: it is gone), and the version that it makes (None: none)."""

    node: str
    ref: str | None = None
    sha: str | None = None
    version: NewVersion | None = None


class Arrivals:
    """All methods raise StoreError."""

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions

    async def tell(self, arrivals: Sequence[Arrival], delivery: str | None) -> tuple[str, ...] | None:
        """Take what one delivery tells; gives the resources that got a version, None where the same `delivery` was
        taken before."""

        def change(tx: Transaction, rules: Rules) -> Facts[tuple[str, ...] | None]:
            if delivery is not None and not new_delivery(tx, delivery):
                return Facts(None)
            made = [arrival.node for arrival in arrivals if _take(tx, arrival)]
            return Facts(tuple(made), [VersionMade(name) for name in made])

        return (await self._decisions.decide(change)).value

    async def find(self, name: str, ref: str, before: str | None, sha: str, version: NewVersion | None) -> bool:
        """Take what was found at a ref that was at `before`; False where nothing came of it: somebody was quicker, or
        there is no version to make."""

        def change(tx: Transaction, rules: Rules) -> Facts[bool]:
            node_id = tips.id_of(tx, name)
            if node_id is None or not tips.move(tx, node_id, ref, before, sha) or version is None:
                return Facts(False)
            add_version(tx, node_id, version)
            return Facts(True, [VersionMade(name)])

        return (await self._decisions.decide(change)).value

    async def begin(self, follower: Follower, refs: Mapping[str, str], gone: Iterable[str]) -> None:
        """Note refs as they are, without making anything of them."""
        before = follower.recorded

        def change(tx: Transaction, rules: Rules) -> Facts[None]:
            node_id = tips.id_of(tx, follower.name)
            if node_id is None:
                return Facts(None)
            another = before.url is not None and before.url != follower.url
            tips.begin(tx, node_id, follower.url, follower.filter, anew=another)
            for ref in gone:
                tips.drop(tx, node_id, ref)
            for ref, sha in refs.items():
                tips.move(tx, node_id, ref, None, sha)
            return Facts(None)

        await self._decisions.decide(change)

    async def first(self, version: NewVersion, ref: str | None, sha: str) -> bool:
        """Make the first version of a resource, which starts nothing (source: the platform); False where there is one
        by now. `ref`: where it was found, if the resource follows that."""

        def change(tx: Transaction, rules: Rules) -> Facts[bool]:
            node_id = tips.id_of(tx, version.node)
            if node_id is None or has_commit(tips.followed(tx, version.node)):
                return Facts(False)
            if ref is not None:
                tips.put(tx, node_id, ref, sha)
            add_version(tx, node_id, version)
            return Facts(True)

        return (await self._decisions.decide(change)).value


def _take(tx: Transaction, arrival: Arrival) -> bool:
    node_id = tips.id_of(tx, arrival.node)
    if node_id is None:
        return False
    if arrival.ref is not None and arrival.sha is None:
        tips.drop(tx, node_id, arrival.ref)
    elif arrival.ref is not None and arrival.sha is not None and not tips.put(tx, node_id, arrival.ref, arrival.sha):
        return False
    if arrival.version is None:
        return False
    add_version(tx, node_id, arrival.version)
    return True
