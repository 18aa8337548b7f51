"""A service decrypts with the keys that its settings name."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from msgspec.structs import replace

from runner.sealing.box import seal
from runner.sealing.key_files import make_pair, read_public
from runner.service.settings import Secrets, Settings
from runner.store.queueing import Request
from runner.triggers.git_version import version_of
from runner.workspace.versions import NewVersion
from tests.daemon.running import Host, ended, heard, serving, until
from tests.triggers.events import PULL_REQUEST
from tests.triggers.repositories import Repository

TEXT = """
resources:
  - {{name: conf, type: params, versionTemplate: {{params: {{secure: {params}}}}}}}
jobs:
  - name: a
    type: runSh
    steps:
      - {{IN: conf, switch: off}}
      - TASK: {{runtime: {{env: {{secure: {env}}}}}, script: [{script}]}}
"""


def sealed(keys: Path, **variables: str) -> str:
    return str(seal(read_public(keys / "default.pub"), variables))


def settings_of(host: Host, keys: Path) -> Settings:
    return replace(host.settings, secrets=Secrets(keys=keys))


async def test_a_key_that_is_put_there_while_it_runs_is_used(host: Host) -> None:
    keys, vault = host.directory / "keys", host.directory / "vault"
    pair = make_pair(keys, "default", replace=False).fingerprint
    params, env = sealed(keys, TOKEN="four-score"), sealed(keys, OTHER="seven-years")
    script = json.dumps('echo "it is $TOKEN"; echo "${#TOKEN} ${#OTHER}"')
    host.write(TEXT.format(script=script, params=params, env=env))
    async with serving(settings_of(host, vault)) as service:
        await service.pipelines.sync("shop")
        await service.orders.run("a", Request())
        first = await ended(service, "a")
        assert (first.status, first.ended_by) == ("error", "runner")
        told = f"this value cannot be decrypted: it was made for the key pair {pair}, and no private key is in {vault}"
        assert f"/shop/shippable.yml:3:67: params 'conf': {told}" in str(first.reason)
        keys.rename(vault)
        await service.orders.run("a", Request())
        second = await ended(service, "a", 2)
        assert second.status == "success"
        log = (service.store.build_directory(second.id) / "log.jsonl").read_text()
        assert '"it is ****"' in log
        assert '"10 11"' in log
        vault.rename(keys)
        await service.take_over(settings_of(host, keys))
        await service.orders.run("a", Request())
        assert (await ended(service, "a", 3)).status == "success"

        async def cleared_away() -> bool | None:
            return not service.building.running or None

        await until(service, cleared_away)
    stored = b"".join(path.read_bytes() for path in (host.directory / "state").rglob("*") if path.is_file())
    assert params.encode() in stored
    assert b"four-score" not in stored
    assert b"seven-years" not in stored


async def test_a_service_that_takes_a_build_over_hides_what_was_decrypted_for_it(host: Host) -> None:
    keys, pipe = host.directory / "keys", host.pipe("begun")
    make_pair(keys, "default", replace=False)
    script = json.dumps(
        f"echo > {pipe}; until test -e {host.directory}/go; do sleep 0.05; done;"
        " touch $JOB_STATE/$TOKEN$OTHER$(printf '\\377')"  # no UTF-8, so the end of the build names it
    )
    values = {"params": sealed(keys, TOKEN="four-score"), "env": sealed(keys, OTHER="seven-years")}
    host.write(TEXT.format(script=script, **values))
    async with serving(settings_of(host, keys)) as service:
        await service.pipelines.sync("shop")
        await service.orders.run("a", Request())
        await heard(pipe)
    (host.directory / "go").touch()
    async with serving(settings_of(host, keys)) as service:
        row = await ended(service, "a")
        assert row.status == "failure"
        assert "state/****" in str(row.reason)
        assert "four" not in str(row.reason) + str(row.left_alive)
        assert "seven" not in str(row.reason)


async def test_a_pull_request_from_a_fork_gets_no_secure_variables_of_the_ci_part(host: Host) -> None:
    keys, shop = host.directory / "keys", Repository(host.directory / "acme" / "shop.git")
    make_pair(keys, "default", replace=False)
    secure = sealed(keys, TOKEN="four-score")
    part = f"language: none\nenv: {{global: [A=1, secure: {secure}]}}\nbuild: {{ci: ['echo $A${{#TOKEN}}$TOKEN']}}\n"
    head = shop.commit("proposed", {"shippable.yml": part})
    shop.git("update-ref", "refs/pull/7/head", head)
    source = f'{{sourceName: "{shop.remote.url}", buildOnPullRequest: true}}'
    host.write(
        f"resources: [{{name: src, type: gitRepo, versionTemplate: {source}}}]\n"
        "jobs: [{name: shop_runCI, type: runCI, steps: [IN: src]}]\n"
    )
    async with serving(settings_of(host, keys)) as service:
        content = service.engines.current.pipeline.resources["src"].property_bag
        assert PULL_REQUEST.pull_request is not None
        for number, from_fork in ((1, True), (2, False)):
            request = dataclasses.replace(PULL_REQUEST.pull_request, from_fork=from_fork)
            event = dataclasses.replace(PULL_REQUEST, sha=head, pull_request=request)
            name, bag = version_of(event, content)
            await service.orders.add_version(NewVersion(node="src", name=f"{name}{number}", property_bag=bag))
            assert (await ended(service, "shop_runCI", number)).status == "success"
        rows = sorted((row for row in await service.questions.builds() if row.item), key=lambda row: row.number)
        of_fork, own = ((service.store.build_directory(row.id) / "log.jsonl").read_text() for row in rows)
        assert '"10"' in of_fork
        assert "secure variables are left out: pull request 7 comes from the fork kim/shop" in of_fork
        assert '"110****"' in own
        assert "left out" not in own
