"""Real SDKs in a real job's environment, against the sandbox: what a script sees."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from runner.aws.broker import Broker
from runner.aws.environment import JobAws, job_aws
from runner.aws.lease import AssumeRequest, Lease, LeaseRequest
from runner.aws.sandbox import Sandbox
from runner.aws.sts import Sts
from runner.integrations.aws_iam import Deliver
from runner.integrations.role_arn import parse_role_arn
from tests.aws.fake_sts import FakeSts
from tests.aws.test_broker import QUICK, Build, brokered

FIRST = parse_role_arn("arn:aws:iam::222222222222:role/first")
SECOND = parse_role_arn("arn:aws:iam::333333333333:role/second")
FIRST_ARN = "arn:aws:sts::222222222222:assumed-role/first/demo-1"
SECOND_ARN = "arn:aws:sts::333333333333:assumed-role/second/demo-1"
ROOT = Path(__file__).parents[2]
AWS = Path(sys.executable).parent / "aws"
BOTO3 = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
AIOBOTOCORE = """
import asyncio
from aiobotocore.session import AioSession
async def main():
    async with AioSession().create_client("sts") as sts:
        print((await sts.get_caller_identity())["Arn"])
asyncio.run(main())
"""


@dataclass(frozen=True)
class Job:
    """A job's environment and the leases behind it."""

    aws: JobAws
    environ: Mapping[str, str]
    broker: Broker
    leases: tuple[Lease, ...]

    async def run(self, *argv: str | Path, **extra: str) -> str:
        """Standard output of a command in the job, without its newline."""
        process = await asyncio.create_subprocess_exec(
            *argv, env={**self.environ, **extra}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        stdout, stderr = await process.communicate()
        assert process.returncode == 0, stderr.decode()
        return stdout.decode().strip()

    async def arn(self, **extra: str) -> str:
        """Who the `aws` command says the job is."""
        answer = await self.run(AWS, "sts", "get-caller-identity", "--output", "json", **extra)
        return str(json.loads(answer)["Arn"])


def shim(tmp_path: Path) -> Path:
    """A `shipctl` that knows only `aws-credentials NAME`; its path needs quoting."""
    path = tmp_path / "my bin" / "shipctl"
    path.parent.mkdir()
    code = "import os, sys; from runner.shipctl.credentials import fetch; print(fetch(os.environ, sys.argv[2]))"
    path.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -c "{code}" "$@"\n')
    path.chmod(0o755)
    return path


@asynccontextmanager
async def job(
    tmp_path: Path, first: Deliver = Deliver.ENDPOINT, regions: tuple[str, str] = ("eu-west-1", "us-west-2")
) -> AsyncIterator[Job]:
    async with Sandbox([FIRST, SECOND]) as sandbox:
        url = sandbox.endpoint_url
        async with Sts(region="us-east-1", endpoint_url=url, keys=sandbox.keys) as sts, Broker(sts) as broker:
            one, two = regions
            wanted = (("first-role", FIRST, one, first), ("second role", SECOND, two, Deliver.ENDPOINT))
            leases = []
            for integration, role, region, deliver in wanted:
                request = LeaseRequest(
                    integration=integration,
                    assume=AssumeRequest(role=role, session="demo-1"),
                    region=region,
                    deliver=deliver,
                    on_renewed=lambda secrets: None,
                    on_warning=lambda sentence: None,
                )
                leases.append(await broker.lease(request))
            config = tmp_path / "aws.config"
            base = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NO_PROXY": "internal.example"}
            aws = job_aws(leases, config_file=config, shipctl=shim(tmp_path), base=base, endpoint_url=url)
            config.write_text(aws.config)
            environ = base | {variable.name: variable.value for variable in aws.variables}
            yield Job(aws, environ, broker, tuple(leases))


async def test_the_aws_command_finds_the_first_role_and_the_profile_of_the_second(tmp_path: Path) -> None:
    async with job(tmp_path) as running, asyncio.TaskGroup() as group:
        default = group.create_task(running.arn())
        profile = group.create_task(running.arn(AWS_PROFILE="second role"))
    assert default.result() == FIRST_ARN
    assert profile.result() == SECOND_ARN


REGION = "import boto3; print(boto3.client('sqs').meta.region_name)"


async def test_where_regions_differ_each_profile_brings_its_own(tmp_path: Path) -> None:
    debug = (AWS, "sts", "get-caller-identity", "--output", "text", "--query", "Arn", "--debug")
    async with job(tmp_path) as running:
        assert await running.run(sys.executable, "-c", REGION) == "eu-west-1"
        assert await running.run(sys.executable, "-c", REGION, AWS_PROFILE="second role") == "us-west-2"
        for profile, region in (("first-role", "eu-west-1"), ("second role", "us-west-2")):
            said = await running.run("sh", "-c", '"$@" 2>&1', "sh", *debug, AWS_PROFILE=profile)
            assert f"/{region}/sts/aws4_request" in said
    assert not {"AWS_REGION", "AWS_DEFAULT_REGION"} & running.environ.keys()
    assert "so AWS_REGION is not set" in running.aws.notes[0]


async def test_one_region_for_all_is_in_the_variables(tmp_path: Path) -> None:
    async with job(tmp_path, regions=("eu-west-1", "eu-west-1")) as running:
        assert running.environ["AWS_REGION"] == running.environ["AWS_DEFAULT_REGION"] == "eu-west-1"
        assert await running.run(sys.executable, "-c", REGION, AWS_PROFILE="second role") == "eu-west-1"
    assert running.aws.notes == ()


async def test_no_proxy_stands_between_a_job_and_this_host(tmp_path: Path) -> None:
    nowhere = dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
    async with job(tmp_path) as running:
        assert await running.run(sys.executable, "-c", BOTO3, **nowhere) == FIRST_ARN
        assert await running.arn(**nowhere) == FIRST_ARN
        assert await running.arn(**nowhere, AWS_PROFILE="second role") == SECOND_ARN


@pytest.mark.parametrize(
    ("base", "value"),
    [
        ({}, "127.0.0.1"),
        ({"NO_PROXY": "a.example"}, "a.example,127.0.0.1"),
        ({"no_proxy": "a.example"}, "a.example,127.0.0.1"),
        ({"NO_PROXY": "*"}, "*"),
    ],
)
def test_what_the_host_reaches_without_a_proxy_stays_so(base: dict[str, str], value: str) -> None:
    aws = job_aws([], config_file=Path("/c"), shipctl=Path("/s"), base=base, endpoint_url="http://127.0.0.1:1")
    given = {variable.name: variable.value for variable in aws.variables}
    assert (given["NO_PROXY"], given["no_proxy"]) == (value, value)


@pytest.mark.parametrize("client", [BOTO3, AIOBOTOCORE])
async def test_the_python_sdks_find_the_role_by_themselves(tmp_path: Path, client: str) -> None:
    async with job(tmp_path) as running:
        assert await running.run(sys.executable, "-c", client) == FIRST_ARN


async def test_an_sdk_goes_on_with_renewed_credentials(tmp_path: Path) -> None:
    code = (
        "from botocore.session import Session\n"
        "credentials = Session().get_credentials()\n"
        "print(credentials.get_frozen_credentials().access_key, flush=True)\n"
        "input()\n"
        "print(credentials.get_frozen_credentials().access_key, flush=True)\n"
    )
    build = Build()
    async with brokered(FakeSts(lifetime=timedelta(minutes=1)), QUICK) as broker:
        lease = await broker.lease(build.request())
        aws = job_aws([lease], config_file=tmp_path / "none", shipctl=Path("shipctl"), base={})
        environ = {"HOME": str(tmp_path)} | {variable.name: variable.value for variable in aws.variables}
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, env=environ, stdin=pipe, stdout=pipe)
        assert process.stdout
        before = (await process.stdout.readline()).decode()
        build.news.clear()
        await build.next()
        after, _ = await process.communicate(b"\n")
    assert before.startswith("ASIA")
    assert after.decode().startswith("ASIA")
    assert after.decode() != before


async def test_an_ended_build_has_no_credentials_any_more(tmp_path: Path) -> None:
    code = (
        "from botocore.exceptions import CredentialRetrievalError\n"
        "from botocore.session import Session\n"
        "from botocore.utils import ContainerMetadataFetcher\n"
        "ContainerMetadataFetcher.SLEEP_TIME = 0\n"
        "try:\n    Session().get_credentials().get_frozen_credentials()\n"
        "except CredentialRetrievalError as error:\n    print(error)\n"
    )
    async with job(tmp_path) as running:
        for lease in running.leases:
            running.broker.revoke(lease.digest)
        said = await running.run(sys.executable, "-c", code)
    assert "its build has ended" in said


async def test_fixed_keys_work_where_they_are_asked_for(tmp_path: Path) -> None:
    async with job(tmp_path, first=Deliver.ENV) as running:
        assert await running.run(sys.executable, "-c", BOTO3) == FIRST_ARN
        assert "AWS_CONTAINER_AUTHORIZATION_TOKEN" not in running.environ
    assert len(running.aws.warnings) == 2
    assert "'first-role' are delivered as fixed variables (deliver: env)" in running.aws.warnings[0]


async def test_fixed_keys_go_before_a_profile_in_a_variable_and_the_log_says_what_to_do(tmp_path: Path) -> None:
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    asked = (AWS, "sts", "get-caller-identity", "--query", "Arn", "--output", "text")
    async with job(tmp_path, first=Deliver.ENV) as running:
        assert await running.arn(AWS_PROFILE="second role") == FIRST_ARN
        assert await running.run(*asked, "--profile", "second role") == SECOND_ARN
        unset = ["env", *(word for key in keys for word in ("-u", key)), *(str(word) for word in asked)]
        assert await running.run(*unset, AWS_PROFILE="second role") == SECOND_ARN
    assert "AWS_PROFILE selects none of 'second role'" in running.aws.warnings[1]
    assert "use --profile" in running.aws.warnings[1]


async def test_nothing_secret_stands_in_the_config_file(tmp_path: Path) -> None:
    async with job(tmp_path) as running:
        for lease in running.leases:
            assert all(secret.reveal() not in running.aws.config for secret in lease.secrets)
        secret = {variable.name for variable in running.aws.variables if variable.secret}
    assert secret == {
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "SHIPPABLE_AWS_TOKEN_first_2Drole",
        "SHIPPABLE_AWS_TOKEN_second_20role",
    }


async def test_the_environment_of_a_job_with_two_integrations(tmp_path: Path) -> None:
    async with job(tmp_path) as running:
        names = [variable.name for variable in running.aws.variables]
        plain = {v.name: v.value for v in running.aws.variables if not v.secret}
    assert names[:3] == ["AWS_EC2_METADATA_DISABLED", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"]
    assert plain["AWS_SDK_LOAD_CONFIG"] == "1"
    assert plain["AWS_EC2_METADATA_DISABLED"] == "true"
    assert plain["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
    assert plain["NO_PROXY"] == "internal.example,127.0.0.1"
    assert plain["no_proxy"] == "internal.example,127.0.0.1"
    assert plain["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")


def test_a_job_without_integrations_is_kept_from_the_identity_of_the_host() -> None:
    aws = job_aws([], config_file=Path("/b/aws.config"), shipctl=Path("/bin/shipctl"), base={})
    assert [(variable.name, variable.value) for variable in aws.variables] == [
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", "/b/aws.config"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ]
    assert aws.config == ""
    assert aws.warnings == ()
