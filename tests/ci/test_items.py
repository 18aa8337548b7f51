"""One item before its commands run: encrypted variables; and a run that is broken off."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runner.errors import SetupError
from runner.external.cache import Cache
from runner.external.resolving import Library
from runner.pipeline.ci.expansion import expand
from runner.pipeline.sealed import Secure
from runner.secret import Secret
from runner.service.ci.checkout import commit_of, git_of
from runner.service.ci.item import CiItem
from runner.service.ci.source import CiSource, Unseal
from runner.service.journal import Journal
from runner.store.rows import BuildRow
from tests.ci.conftest import Checkout
from tests.ci.reading import read_ci

SECURE = "language: none\nenv: {global: [A=1, secure: abc]}\n"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROW = BuildRow(
    id=2, run_id=1, job="shop_runCI", number=1, status="queued", triggered_by="shop_runCI", reason=None, exit_code=None,
    created_at=NOW, started_at=None, ended_at=None, item=1,
)  # fmt: skip


async def item_of(checkout: Checkout, unseal: Unseal) -> CiItem:
    reading = read_ci(SECURE)
    commit = await commit_of(git_of(checkout.environ), checkout.directory)
    library = Library(cache=Cache(checkout.directory / ".texts"), download=None)
    source = CiSource(
        directory=commit.top, reading=reading, cache=checkout.directory / ".cache", unseal=unseal, library=library
    )
    return CiItem(
        source=source,
        part=reading.part,
        commit=commit,
        item=expand(reading.part)[0],
        items=1,
        run=ROW,
        job_id=1,
        base=checkout.environ,
        locale="C.UTF-8",
        last_success=None,
    )


def journal(place: Path) -> Journal:
    made = Journal(place / "log.jsonl")
    made.open(2, "shop_runCI", 1)
    return made


async def test_an_encrypted_text_becomes_variables_that_the_log_does_not_show(
    checkout: Checkout, tmp_path: Path
) -> None:
    def unseal(secure: Secure) -> Mapping[str, Secret]:
        return {"TOKEN": Secret(f"decrypted {secure.text}")}

    checkout.commit(SECURE)
    log = journal(tmp_path)
    work = await (await item_of(checkout, unseal)).prepare(tmp_path / "work", ROW, log)
    assert [v.value for v in work.variables if v.name == "TOKEN"] == ["decrypted abc"]
    assert work.before == ("export A=1",)
    assert "decrypted" not in log.redact("it is decrypted abc")


async def test_an_encrypted_text_that_cannot_be_decrypted_keeps_the_item_from_running(
    checkout: Checkout, tmp_path: Path
) -> None:
    def unseal(secure: Secure) -> Mapping[str, Secret]:
        raise SetupError(f"{secure.place}: no key fits")

    checkout.commit(SECURE)
    item = await item_of(checkout, unseal)
    with pytest.raises(SetupError, match=r"shippable.yml:2:29: no key fits"):
        await item.prepare(tmp_path / "work", ROW, journal(tmp_path))


def test_an_interrupted_run_cancels_its_items_and_starts_no_more(checkout: Checkout) -> None:
    checkout.commit("language: none\nenv: [A=1, A=2]\nbuild: {ci: [echo ready $A, sleep 60], always: [echo never]}\n")
    lines = []
    with checkout.start("run", "--ci", "--output", "plain", "--max-parallel", "1", "--grace", "1") as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip())
            if line.endswith("| ready 1\n"):
                os.kill(process.pid, signal.SIGINT)
    assert process.returncode == 130
    ends = [line.split(" after")[0] for line in lines if ": cancelled after" in line]
    assert sorted(ends) == ["shop_runCI/1.1: cancelled", "shop_runCI/1.2: cancelled", "shop_runCI/1: cancelled"]
    assert not any("ready 2" in line or "| never" in line for line in lines)
