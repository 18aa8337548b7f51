"""Every type of resource and job as IN and as OUT: the directory and the variables that a script finds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from runner.integrations.catalogue import CATALOGUE
from runner.integrations.model import Integration
from runner.pipeline.problems import Place
from runner.secret import Secret
from runner.service.ports import Host
from tests.service.world import Ran, world
from tests.triggers.repositories import Repository

INTEGRATIONS = {
    "chat": Integration(name="chat", type=CATALOGUE["slackKey"], place=Place(""), fields={"webhookUrl": Secret("http://hook")}),
    "kube": Integration(
        name="kube", type=CATALOGUE["kubernetesConfig"], place=Place(""), fields={"kubeConfigContent": Secret("a: b")}
    ),
}  # fmt: skip
TYPES: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "image": ("pointer: {sourceName: acme/shop, isPull: false}, seed: {versionName: v1}", "v1", {
        "SOURCENAME": "acme/shop", "POINTER_SOURCENAME": "acme/shop", "POINTER_ISPULL": "false",
        "SEED_VERSIONNAME": "v1",
    }),
    "file": ("versionTemplate: {sourceName: 'https://acme.test/a.tgz', versionName: none}", "none", {
        "SOURCENAME": "https://acme.test/a.tgz",
    }),
    "dockerOptions": ("version: {memory: 64, portMappings: ['80:80'], labels: {tier: web}}", "", {}),
    "replicas": ("version: {count: 3}", "", {}),
    "time": ("seed: {interval: 0 3 * * *}", "", {"SEED_INTERVAL": "0 3 * * *"}),
    "version": ("seed: {versionName: 1.2.3}", "1.2.3", {"SEED_VERSIONNAME": "1.2.3"}),
    "trigger": ("version: {counter: 4}", "", {}),
    "syncRepo": ("flags: [x]", "", {}),
    "ciRepo": ("flags: [x]", "", {}),
    "cluster": ("pointer: {sourceName: prod, region: eu-west-1, namespace: shop}", "", {
        "SOURCENAME": "prod", "POINTER_SOURCENAME": "prod", "POINTER_REGION": "eu-west-1", "POINTER_NAMESPACE": "shop",
    }),
    "notification": ("integration: chat, pointer: {recipients: ['#a', '#b']}", "", {
        "POINTER_RECIPIENTS_0": "#a", "POINTER_RECIPIENTS_1": "#b", "INTEGRATION_NAME": "chat",
        "INTEGRATION_WEBHOOKURL": "****",
    }),
    "loadBalancer": ("pointer: {sourceName: front, method: application}, version: {ports: [{port: 80}]}", "", {
        "SOURCENAME": "front", "POINTER_SOURCENAME": "front", "POINTER_METHOD": "application",
    }),
    "integration": ("integration: chat", "", {"INTEGRATION_NAME": "chat", "INTEGRATION_WEBHOOKURL": "****"}),
    "cliConfig": ("integration: kube, pointer: {region: r}", "", {
        "POINTER_REGION": "r", "INTEGRATION_NAME": "kube", "INTEGRATION_KUBECONFIGCONTENT": "****",
    }),
    "state": ("flags: [x]", "", {}),
    "webhook": ("pointer: {webhookKey: k}", "", {"POINTER_WEBHOOKKEY": "k"}),
}  # fmt: skip
"""By type: the entry, the name of its first version, and the variables beyond those that every type has."""


LOOK = "env | grep ^MYRESX_ | sort; find {}/9my-res.x -mindepth 1 -printf '%M %P\\n' | sort"


async def built(tmp_path: Path, entry: str, step: str) -> Ran:
    text = f"""
        resources: [{{name: 9my-res.x, {entry}}}]
        jobs:
          - name: j
            type: runSh
            steps:
              - {step}: 9my-res.x
              - TASK: {{script: ["{LOOK.format(step)}"]}}
    """
    (tmp_path / "kubectl").write_text("#!/bin/sh\n")
    (tmp_path / "kubectl").chmod(0o755)
    async with world(tmp_path / "store", text, INTEGRATIONS, host=host(tmp_path)) as here:
        ran = await here.built("j")
    assert ran.ended.status == "success", ran.ended.reason
    return ran


def host(commands: Path) -> Host:
    return Host(base={"PATH": f"{commands}:/usr/bin:/bin"}, commands=commands, machine="x", user="u")


def expected(ran: Ran, step: str, type_: str, version: str, more: Mapping[str, str]) -> list[str]:
    """The variables, in order."""
    base = ran.place / "work" / step / "9my-res.x"
    found = [line.partition("=") for line in ran.lines]
    numbers = {name: value for name, _, value in found}
    values = {
        "NAME": "9my-res.x", "TYPE": type_, "OPERATION": step, "PATH": str(base), "META": str(base),
        "STATE": f"{base}/{type_}", "VERSIONNAME": version, "VERSIONNUMBER": "1",
        "ID": numbers["MYRESX_ID"], "VERSIONID": numbers["MYRESX_VERSIONID"], **more,
    }  # fmt: skip
    return sorted(f"MYRESX_{name}={value}" for name, value in values.items())


@pytest.mark.parametrize(
    ("type_", "step"),  # a syncRepo as an input is a clone: see below
    [(type_, step) for type_ in TYPES for step in ("IN", "OUT") if (type_, step) != ("syncRepo", "IN")],
)
async def test_a_step_is_a_directory_and_its_variables(tmp_path: Path, type_: str, step: str) -> None:
    entry, version, more = TYPES[type_]
    ran = await built(tmp_path, f"type: {type_}, {entry}", step)
    files = [line for line in ran.lines if not line.startswith("MYRESX_")]
    integration = ["-rw-r--r-- integration.env", "-rw-r--r-- integration.json"] if "integration:" in entry else []
    assert files == [*integration, "-rw-r--r-- version.json", f"drwxr-xr-x {type_}"]
    assert sorted(line for line in ran.lines if line.startswith("MYRESX_")) == expected(ran, step, type_, version, more)


@pytest.mark.parametrize(
    ("step", "files", "more"),
    [
        ("IN", ["-rw-r--r-- params", "-rw-r--r-- version.json"], {"PARAMS_DBHOST": "a b", "PARAMS_LIST": '[1,"x y"]'}),
        ("OUT", ["-rw-r--r-- version.json"], {}),
    ],
)
async def test_params_are_a_file_and_variables_as_an_input_alone(
    tmp_path: Path, step: str, files: list[str], more: Mapping[str, str]
) -> None:
    ran = await built(tmp_path, "type: params, versionTemplate: {params: {db-host: a b, list: [1, x y]}}", step)
    assert [line for line in ran.lines if not line.startswith("MYRESX_")] == files
    assert sorted(line for line in ran.lines if line.startswith("MYRESX_")) == expected(ran, step, "params", "", more)


async def test_a_job_as_an_input_has_its_state_files_and_its_version(tmp_path: Path) -> None:
    text = """
        jobs:
          - {name: up, type: runSh, steps: [TASK: {script: ['echo x > state/f', 'echo versionName=v9 > state/up.env']}]}
          - name: down
            type: runSh
            steps:
              - IN: up
              - TASK:
                  script:
                    - find IN/up -mindepth 1 -type f -printf '%P\\n' | sort
                    - echo $UP_TYPE $UP_VERSIONNAME $UP_STATE
    """
    async with world(tmp_path / "store", text) as here:
        await here.built("up")
        ran = await here.built("down")
    place = ran.place / "work/IN/up/runSh"
    assert ran.lines == ["runSh/f", "runSh/up.env", "version.json", f"runSh v9 {place}"]


SYNC = """
    resources: [{name: files, type: syncRepo}]
    jobs:
      - name: j
        type: runSh
        steps: [IN: files, TASK: {script: [cat IN/files/syncRepo/a; echo " $FILES_TYPE $FILES_VERSIONNAME"]}]
"""


async def test_a_sync_repository_is_the_one_that_its_file_is_in(tmp_path: Path) -> None:
    shop = Repository(tmp_path / "shop")
    sha = shop.commit(files={"a": "1", "ci/shippable.yml": SYNC})
    async with world(tmp_path / "store", SYNC, origin=lambda name: shop.place / "ci", host=host(tmp_path)) as here:
        ran = await here.built("j")
    assert ran.lines == [f"1 syncRepo {sha}"]


async def test_a_sync_repository_of_a_file_in_none_is_an_error(tmp_path: Path) -> None:
    async with world(tmp_path / "store", SYNC, origin=lambda name: tmp_path, host=host(tmp_path)) as here:
        ran = await here.built("j")
    assert ran.ended.status == "error"
    assert (ran.ended.reason or "").startswith(
        "files: a syncRepo stands for the repository that its file is in, and there is none: git rev-parse failed"
    )
