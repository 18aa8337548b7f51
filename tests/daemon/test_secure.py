"""A service decrypts with the keys that its settings name."""

from __future__ import annotations

import json
from pathlib import Path

from msgspec.structs import replace

from runner.sealing.box import seal
from runner.sealing.key_files import make_pair, read_public
from runner.service.settings import Secrets, Settings
from runner.store.queueing import Request
from tests.daemon.running import Host, ended, heard, serving

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
