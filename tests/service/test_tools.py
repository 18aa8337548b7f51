"""Command line tools of `cliConfig` inputs, as scripts of a build find them."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from runner.integrations.catalogue import CATALOGUE
from runner.integrations.model import Integration
from runner.pipeline.problems import Place
from runner.secret import Secret
from runner.service.ports import Host
from tests.service.world import Ran, world

KEYS = {"accessKey": "AKIAEXAMPLE", "secretKey": "s3cr3t-of-aws"}
LOGIN = {"username": "kim", "password": "p:a ss", "email": "kim@acme.test"}
NO_NAME = "'{}' must be a name, of letters, digits and . _ - ( )"
KUBE = "apiVersion: v1\nkind: Config\n"


class Shop:
    """A pipeline with one job that has cliConfig inputs, on a host with stand-ins for the tools."""

    def __init__(self, place: Path, **tools: str) -> None:
        self.place = place
        self.commands = place / "commands"
        self.commands.mkdir()
        for name, text in tools.items():
            (self.commands / name).write_text(f"#!/bin/bash\n{text}\n")
            (self.commands / name).chmod(0o755)

    async def built(
        self,
        resources: str,
        inputs: str,
        script: str,
        path: str = "/usr/bin:/bin",
        **integrations: tuple[str, Mapping[str, str]],
    ) -> Ran:
        known = {
            name: Integration(
                name=name, type=CATALOGUE[type_], place=Place(""), fields={k: Secret(v) for k, v in values.items()}
            )
            for name, (type_, values) in integrations.items()
        }
        text = f"""
            resources: [{resources}]
            jobs: [{{name: j, type: runSh, steps: [{inputs}, TASK: {{script: [{script!r}]}}]}}]
        """
        host = Host(
            base={"PATH": f"{self.commands}:{path}", "HOME": "/nowhere"}, commands=self.commands, machine="x", user="u"
        )
        async with world(self.place / "store", text, known, host=host) as here:
            return await here.built("j")


async def test_files_of_tools_are_private_and_gone_after_the_build(tmp_path: Path) -> None:
    shop = Shop(tmp_path, aws="", docker="", kubectl='cat "$KUBECONFIG"')
    ran = await shop.built(
        "{name: a, type: cliConfig, integration: keys, versionTemplate: {region: eu-west-1}},"
        "{name: d, type: cliConfig, integration: hub}, {name: k, type: cliConfig, integration: kube}",
        "IN: a, IN: d, IN: k",
        'find secrets/tools -printf "%m %P\\n" | sort -k2; kubectl; cat "$AWS_CONFIG_FILE"; env | grep ^HOME',
        keys=("amazonKeys", KEYS),
        hub=("dockerRegistryLogin", LOGIN),
        kube=("kubernetesConfig", {"kubeConfigContent": "kind: Config"}),
    )
    assert ran.ended.status == "success", ran.ended.reason
    assert ran.lines == [
        "700 ", "700 aws", "600 aws/credentials", "700 docker", "600 docker/config.json", "700 kube", "600 kube/config",
        "****", "[default]", "region = eu-west-1", "HOME=/nowhere",
    ]  # fmt: skip
    assert not (ran.place / "work").exists()


async def test_a_missing_tool_ends_the_build_before_anything_is_set_up(tmp_path: Path) -> None:
    ran = await Shop(tmp_path).built(
        "{name: tools, type: cliConfig, integration: jf}",
        "IN: tools",
        "echo never",
        path="/nowhere",
        jf=("artifactoryKey", {**LOGIN, "url": "u"}),
    )
    assert (ran.ended.status, ran.ended.reason) == (
        "error",
        "job j: IN tools (cliConfig) sets up 'jfrog', which is not on the PATH of this host: install it, or take this "
        "input out of the job",
    )


async def test_a_variable_of_the_files_goes_before_the_place_of_a_tool(tmp_path: Path) -> None:
    ran = await Shop(tmp_path, kubectl="").built(
        "{name: k, type: cliConfig, integration: kube},"
        "{name: p, type: params, versionTemplate: {params: {KUBECONFIG: mine}}}",
        "IN: k, IN: p",
        'echo "$KUBECONFIG"',
        kube=("kubernetesConfig", {"kubeConfigContent": KUBE}),
    )
    assert ran.lines == ["mine"]


async def test_ecr_opens_the_registry_of_the_keys_and_its_token_is_hidden(tmp_path: Path) -> None:
    token = base64.b64encode(b"AWS:a-token-of-ecr").decode()
    answer = {"authorizationData": [{"authorizationToken": token, "proxyEndpoint": "https://1.dkr.ecr.test"}]}
    check = (
        'grep -q AKIAEXAMPLE "$AWS_SHARED_CREDENTIALS_FILE" && test "$AWS_REGION" = us-east-1 -a "$HOME" != /nowhere'
    )
    shop = Shop(tmp_path, aws=f"{check} || exit 9\necho '{json.dumps(answer)}'", docker="")
    ran = await shop.built(
        "{name: a, type: cliConfig, integration: keys, pointer: {region: us-east-1}}",
        "{IN: a, scopes: [ecr]}",
        'cat "$DOCKER_CONFIG/config.json"',
        keys=("amazonKeys", KEYS),
    )
    assert ran.ended.status == "success", ran.ended.reason
    assert json.loads("".join(ran.lines)) == {"auths": {"1.dkr.ecr.test": {"auth": "****"}}}


@pytest.mark.parametrize(
    ("az", "reason"),
    [
        (
            "echo 'ERROR: AADSTS700016: no such application' >&2; exit 1",
            "ended with 1: ERROR: AADSTS700016: no such application",
        ),
        ("exit 3", "ended with 3: it said nothing"),
    ],
)
async def test_a_login_that_fails_is_an_error_with_its_reason(tmp_path: Path, az: str, reason: str) -> None:
    ran = await Shop(tmp_path, az=az).built(
        "{name: tools, type: cliConfig, integration: azure}",
        "IN: tools",
        "echo never",
        azure=("azureKeys", {"appId": "a", "password": "hidden-pass", "tenant": "t"}),
    )
    assert ran.ended.status == "error"
    assert ran.ended.reason == f"job j: IN tools (cliConfig): 'az login --service-principal' {reason}"


@pytest.mark.parametrize(
    ("values", "content", "reason"),
    [
        (("amazonKeys", KEYS), "{}", "aws needs a region: write 'region' in its versionTemplate"),
        (("amazonKeys", KEYS), "{region: '@/etc/hostname'}", NO_NAME.format("region")),
        (("gcloudKey", {"JSON_key": '{"client_email": "a"}'}), "{region: --x}", NO_NAME.format("region")),
        (
            ("gcloudKey", {"JSON_key": "x"}),
            "{}",
            "'JSON_key' of integration 'it' is no key of a service account (JSON)",
        ),
        (("AWS", {"aws_access_key_id": "a"}), "{region: r}", "integration 'it' has no 'aws_secret_access_key'"),
    ],
)
async def test_what_a_tool_cannot_do_without_is_asked_for(
    tmp_path: Path, values: tuple[str, Mapping[str, str]], content: str, reason: str
) -> None:
    ran = await Shop(tmp_path, aws="", gcloud="").built(
        f"{{name: tools, type: cliConfig, integration: it, versionTemplate: {content}}}",
        "IN: tools",
        "echo never",
        it=values,
    )
    assert (ran.ended.status, ran.ended.reason) == ("error", f"job j: IN tools (cliConfig): {reason}")


@pytest.mark.skipif(not Path(sys.executable).with_name("aws").exists(), reason="the AWS command line is not installed")
async def test_the_real_aws_command_finds_its_keys(tmp_path: Path) -> None:
    ran = await Shop(tmp_path).built(
        "{name: a, type: cliConfig, integration: keys, versionTemplate: {region: ap-south-1}}",
        "IN: a",
        "aws configure get aws_access_key_id; aws configure get region",
        path=os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        keys=("amazonKeys", KEYS),
    )
    assert ran.lines == ["****", "ap-south-1"]


@pytest.mark.parametrize("key", ["clusterName", "groupName"])
async def test_what_a_file_says_of_a_cluster_is_no_file_of_the_host(tmp_path: Path, key: str) -> None:
    ran = await Shop(tmp_path, az="echo never").built(
        f"{{name: tools, type: cliConfig, integration: it, versionTemplate: {{{key}: '@/etc/hostname'}}}}",
        "{IN: tools, scopes: [aks]}",
        "echo never",
        it=("azureKeys", {"appId": "a", "password": "p", "tenant": "t"}),
    )
    assert (ran.ended.status, ran.ended.reason) == ("error", f"job j: IN tools (cliConfig): {NO_NAME.format(key)}")
