"""The AWS IAM integration: the role a job's credentials are for, and what its fields may hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from runner.integrations.catalogue import AWS_IAM, OLD_AWS_IAM
from runner.integrations.model import ResolvedIntegration
from runner.integrations.role_arn import RoleArn, account_problem, parse_role_arn
from runner.pipeline.problems import nearest

TYPES = frozenset({AWS_IAM, OLD_AWS_IAM})
EXPECTED: Mapping[str, str] = {
    "assumeRoleARN": "the ARN of an IAM role (like arn:aws:iam::123456789012:role/deploy)",
    "awsAccountId": "the 12 digits of the role's own account",
    "region": "the name of a region (like eu-west-1)",
    "externalId": "2 to 1224 letters, digits or characters of _+=,.@:/-",
    "deliver": "'endpoint' or 'env'",
}
"""What each field must be: said instead of the value where the value is a secret."""

_REGION = re.compile(r"[a-z]{2,5}(-[a-z]+)+-\d{1,2}", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)


class Deliver(StrEnum):
    """How a job gets the role's credentials."""

    ENDPOINT = "endpoint"
    """From an endpoint on 127.0.0.1, renewed for as long as the job runs."""
    ENV = "env"
    """As fixed keys in variables, for tools that know nothing else; they end after an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsRole:
    """What an AWS IAM integration says, parsed. `region` is None where it leaves that to others."""

    integration: str
    arn: RoleArn
    region: str | None = None
    external_id: str | None = None
    deliver: Deliver = Deliver.ENDPOINT


def aws_role(integration: ResolvedIntegration) -> AwsRole | None:
    """The role of an AWS IAM integration, None for any other type. Its values have been checked before."""
    arn = integration.text("assumeRoleARN")
    if integration.type.master_name not in TYPES or arn is None:
        return None
    return AwsRole(
        integration=integration.name,
        arn=parse_role_arn(arn),
        region=integration.text("region"),
        external_id=integration.text("externalId"),
        deliver=Deliver(integration.text("deliver") or Deliver.ENDPOINT),
    )


def wrong_fields(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The fields that do not hold what they must, each with the sentence. Absent and empty fields are not looked at."""
    arn: RoleArn | None = None
    if role := values.get("assumeRoleARN"):
        try:
            arn = parse_role_arn(role)
        except ValueError as error:
            yield "assumeRoleARN", str(error)
    if (account := values.get("awsAccountId")) and (wrong := account_problem(arn, account)):
        yield "awsAccountId", wrong
    for field, pattern in (("region", _REGION), ("externalId", _EXTERNAL_ID)):
        if (text := values.get(field)) and not pattern.fullmatch(text):
            yield field, f"'{text[:100]}' is not {EXPECTED[field]}"
    if (deliver := values.get("deliver")) and deliver not in set(Deliver):
        hint = nearest(deliver, Deliver)
        yield "deliver", f"'{deliver[:100]}' is not {EXPECTED['deliver']}" + (f" ({hint})" if hint else "")
