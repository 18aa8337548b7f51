"""The versions that builds leave in the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.pipeline.model import Limits
from runner.store.rows import version
from runner.workspace.versions import Version
from tests.service.world import World, world


async def newest(here: World, name: str) -> Version:
    store = here.engine.store
    node = await store.node_id(name)
    return await store.read(lambda tx: version(tx.row("newest_version", node_id=node)))


def told(found: Version) -> list[tuple[Any, ...]]:
    records: Any = found.property_bag["trace"]
    return [(r["operation"], r["resourceName"], r["versionNumber"], r["usedByVersionId"]) for r in records]


async def test_a_version_says_where_it_comes_from(tmp_path: Path) -> None:
    text = """
        resources:
          - {name: tag, type: params, versionTemplate: {params: {A: 1}}}
          - {name: img, type: image, versionTemplate: {sourceName: r, versionName: v0}}
        jobs:
          - name: build
            type: runSh
            steps: [IN: tag, OUT: img, TASK: {script: [shipctl put_resource_state img versionName v1]}]
          - {name: deploy, type: runSh, steps: [IN: img, TASK: {script: ['true']}]}
    """
    (tmp_path / "shipctl").write_text('#!/bin/sh\necho "$3=$4" >> "$JOB_STATE/$2.env"\n')
    (tmp_path / "shipctl").chmod(0o755)
    async with world(tmp_path / "store", text.replace("shipctl", str(tmp_path / "shipctl"))) as here:
        await here.built("build")
        build, img = await newest(here, "build"), await newest(here, "img")
        assert told(build) == [("IN", "tag", 1, 0), ("OUT", "img", None, 0)]
        assert (img.number, img.name) == (2, "v1")
        assert told(img) == [("IN", "build", 1, 0), ("IN", "tag", 1, build.id)]
        await here.built("deploy")
        assert told(await newest(here, "deploy")) == [
            ("IN", "img", 2, 0),
            ("IN", "build", 1, img.id),
            ("IN", "tag", 1, build.id),
        ]


async def test_a_jobs_version_names_the_files_it_keeps_also_after_a_failure(tmp_path: Path) -> None:
    text = """
        jobs:
          - name: j
            type: runSh
            steps: [TASK: {script: ['echo $BUILD_NUMBER > state/n', 'test $BUILD_NUMBER = 1']}]
    """
    async with world(tmp_path / "store", text) as here:
        await here.built("j")
        kept = await newest(here, "j")
        await here.built("j")
        failed = await newest(here, "j")
    assert kept.property_bag["sha"] == kept.file_set is not None
    assert (failed.number, failed.property_bag["sha"], failed.file_set) == (2, kept.file_set, kept.file_set)
    assert failed.property_bag.keys() == {"sha", "trace"}


async def test_what_a_placeholder_became_stays_in_an_output(tmp_path: Path) -> None:
    text = """
        resources:
          - {name: tag, type: params, versionTemplate: {params: {TAG: one}}}
          - {name: img, type: image, versionTemplate: {sourceName: "r/${TAG}", versionName: $TAG}}
        jobs: [{name: j, type: runSh, steps: [IN: tag, OUT: img, TASK: {script: ['true']}]}]
    """
    async with world(tmp_path / "store", text) as here:
        for _ in "ab":
            await here.built("j")
            img = await newest(here, "img")
            assert (img.number, img.name, img.property_bag["sourceName"]) == (2, "one", "r/one")


async def test_a_replicated_state_has_the_files_of_the_other_one(tmp_path: Path) -> None:
    text = """
        resources: [{name: one, type: state}, {name: two, type: state}]
        jobs:
          - {name: make, type: runSh, steps: [OUT: one, TASK: {script: [echo x > OUT/one/state/f]}]}
          - {name: copy, type: runSh, steps: [IN: one, {OUT: two, replicate: one}, TASK: {script: ['true']}]}
          - {name: read, type: runSh, steps: [IN: two, TASK: {script: [cat IN/two/state/f]}]}
    """
    async with world(tmp_path / "store", text) as here:
        for job in ("make", "copy", "copy"):
            await here.built(job)
        one, two = await newest(here, "one"), await newest(here, "two")
        assert (two.number, two.name, two.file_set) == (2, one.name, one.file_set)
        assert (await here.built("read")).lines == ["x"]


@pytest.mark.parametrize(
    ("host", "job", "limit"),
    [
        (Limits(saved_files=10), "{}", "10 bytes"),
        (Limits(), "{savedFiles: 20}", "20 bytes"),
        (Limits(saved_files=10), "{savedFiles: 20}", "10 bytes"),
    ],
)
async def test_too_many_saved_files_fail_the_build_and_nothing_of_it_is_kept(
    tmp_path: Path, host: Limits, job: str, limit: str
) -> None:
    text = f"""
        jobs:
          - name: j
            type: runSh
            runtime: {{limits: {job}}}
            steps: [TASK: {{script: [printf "%025d" 1 > state/f]}}]
    """
    async with world(tmp_path / "store", text, limits=host) as here:
        ran = await here.built("j")
        assert ran.ended.status == "failure"
        assert ran.ended.reason is not None
        assert ran.ended.reason.startswith(
            "the files of job j (below state/) hold 25 bytes and cannot be saved, since the limit savedFiles is "
            f"{limit}: "
        )
        assert await here.engine.store.previous_state("j") == ()
