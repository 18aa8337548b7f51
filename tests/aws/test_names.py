from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.aws.lease import choose_region
from runner.aws.session_name import session_name
from runner.aws.trust import trust_statement
from runner.shipctl.credentials import NoCredentials, fetch, token_variable

ROOT = Path(__file__).parents[2]
PARTS = st.lists(st.text(max_size=80), max_size=4)


def test_a_session_name_is_readable_and_the_same_again() -> None:
    name = session_name(["shop", "deploy web", "17"], "store-1/17")
    assert re.fullmatch(r"shop-deploy-web-17-[0-9a-f]{8}", name)
    assert name == session_name(["shop", "deploy web", "17"], "store-1/17")
    assert name != session_name(["shop", "deploy web", "17"], "store-2/17")


@given(PARTS, st.text(max_size=40))
def test_every_session_name_is_one_that_aws_takes(parts: list[str], unique: str) -> None:
    assert re.fullmatch(r"[\w+=,.@-]{2,64}", session_name(parts, unique), re.ASCII)


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
def test_every_integration_has_a_token_variable_of_its_own(one: str, other: str) -> None:
    assert token_variable(one).isidentifier()
    assert token_variable(one).isascii()
    assert (token_variable(one) == token_variable(other)) == (one == other)


def test_the_region_of_the_resource_goes_before_the_others() -> None:
    assert choose_region("a", "b", "c") == "a"
    assert choose_region(None, "b", "c") == "b"
    assert choose_region(None, None, "c") == "c"
    assert choose_region(None, "", None) == "us-east-1"


def test_a_session_of_a_role_is_trusted_by_its_role() -> None:
    statement = json.loads(trust_statement("arn:aws:sts::111111111111:assumed-role/ci/i-0abc", None))
    assert statement["Principal"] == {"AWS": "arn:aws:iam::111111111111:role/ci"}
    assert "Condition" not in statement


def test_a_person_signed_in_through_sso_is_trusted_whatever_path_aws_chose() -> None:
    caller = "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Dev_0123/ann@example.com"
    statement = json.loads(trust_statement(caller, "ext"))
    assert statement["Principal"] == {"AWS": "arn:aws:iam::111111111111:root"}
    pattern = "arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com*/AWSReservedSSO_Dev_0123"
    assert statement["Condition"] == {
        "ArnLike": {"aws:PrincipalArn": pattern},
        "StringEquals": {"sts:ExternalId": "ext"},
    }


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({}, "this job has no AWS IAM integration named 'r'"),
        ({token_variable("r"): "t"}, "is not set as the runner sets it"),
        ({token_variable("r"): "t", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://x"}, "is not set as the runner"),
        ({token_variable("r"): "t", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/v1"}, "does not answer"),
    ],
)
def test_without_credentials_there_is_one_sentence(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(NoCredentials, match=sentence):
        fetch(environ, "r")


def test_what_a_job_without_aws_needs_imports_no_sdk() -> None:
    modules = "environment, runner.aws.session_name, runner.integrations.sources, runner.integrations.flatten"
    heavy = ("aiobotocore", "botocore", "aiohttp", "moto")
    code = f"import sys, runner.aws.{modules}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_the_helper_of_profiles_starts_fast() -> None:
    heavy = ("asyncio", "dataclasses", "logging", "typing", "http", "ssl", "botocore")
    code = f"import sys, runner.shipctl.credentials; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
