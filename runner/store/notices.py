"""What is to be told of builds, inside one transaction: recorded before it is sent, so that it outlives the process."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runner.store.clock import now, written
from runner.store.rows import Address, NewNotice, moment
from runner.store.sqlite import Transaction

MOST = 500
"""Notices that are looked at together: the ones that are due first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """`done` are the recipients that are done with: None for those that were told, else why not. `next_at` is None
    where nothing more is tried; `outcome` says why not everybody was told."""

    id: int
    build_id: int
    moment: str
    target: str
    address: Address | None
    snippet: bool
    about: str
    created_at: datetime
    next_at: datetime | None
    attempts: int
    done: Mapping[str, str | None]
    outcome: str | None


def add(tx: Transaction, build_id: int, notices: Iterable[NewNotice]) -> None:
    """Record what is to be told; what was recorded before is not told again."""
    for new in notices:
        tx.change(
            "add_notice",
            build_id=build_id,
            moment=new.moment,
            target=new.target,
            address=json.dumps(dataclasses.asdict(new.address)) if new.address is not None else None,
            snippet=new.snippet,
            about=new.about,
            now=now(),
        )


def open_notices(tx: Transaction, run_id: int | None, most: int = MOST) -> list[NoticeRow]:
    """What is not done with, of one run or of all; the ones that are due first come first."""
    return [_notice(row) for row in tx.rows("open_notices", run_id=run_id, most=most)]


def bring_forward(tx: Transaction, run_id: int | None, to: datetime) -> None:
    """Let everything that is not done with be due at `to` at the latest."""
    tx.change("bring_notices_forward", run_id=run_id, to=written(to))


def of_build(tx: Transaction, build_id: int) -> list[NoticeRow]:
    return [_notice(row) for row in tx.rows("notices_of_build", build_id=build_id)]


def take(tx: Transaction, notice: NoticeRow, until: datetime) -> bool:
    """Record an attempt before it is made: whoever finds the notice after `until` may make the next one. False where
    somebody else has it, or it is done with."""
    return bool(tx.change("take_notice", id=notice.id, attempts=notice.attempts, next_at=written(until)))


def keep(
    tx: Transaction, notice_id: int, done: Mapping[str, str | None], outcome: str | None, next_at: datetime | None
) -> None:
    """Record what came of an attempt; `next_at` None: nothing more is tried."""
    due = None if next_at is None else written(next_at)
    tx.change("keep_notice", id=notice_id, done=json.dumps(done), outcome=outcome, next_at=due)


def give_up(tx: Transaction, run_id: int, outcome: str) -> int:
    """Try nothing more for the builds of a run; gives how many notices there were."""
    return tx.change("give_up_notices", run_id=run_id, outcome=outcome)


def _address(text: str | None) -> Address | None:
    if text is None:
        return None
    values = json.loads(text)
    return Address(**{**values, "recipients": tuple(values["recipients"])})


def _notice(row: Any) -> NoticeRow:
    return NoticeRow(
        id=row["id"],
        build_id=row["build_id"],
        moment=row["moment"],
        target=row["target"],
        address=_address(row["address"]),
        snippet=bool(row["snippet"]),
        about=row["about"],
        created_at=datetime.fromisoformat(row["created_at"]),
        next_at=moment(row["next_at"]),
        attempts=row["attempts"],
        done=json.loads(row["done"]),
        outcome=row["outcome"],
    )
