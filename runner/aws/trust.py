"""The statement that a role's trust policy needs, ready to paste."""

from __future__ import annotations

import json
import re

_SESSION = re.compile(r"arn:(aws[a-z-]*):sts::(\d{12}):assumed-role/([\w+=,.@-]+)/.+", re.ASCII)


def trust_statement(caller_arn: str, external_id: str | None) -> str:
    """JSON that lets `caller_arn` (from GetCallerIdentity) assume the role; with the external ID if there is one."""
    statement: dict[str, object] = {"Effect": "Allow", "Principal": {"AWS": caller_arn}, "Action": "sts:AssumeRole"}
    condition: dict[str, object] = {}
    if found := _SESSION.fullmatch(caller_arn):
        statement["Principal"], condition = _principal(*found.groups())
    if external_id is not None:
        condition["StringEquals"] = {"sts:ExternalId": external_id}
    if condition:
        statement["Condition"] = condition
    return json.dumps(statement)


def _principal(partition: str, account: str, role: str) -> tuple[dict[str, str], dict[str, object]]:
    """A session's role. Its ARN does not show the role's path; where AWS chose the path itself (SSO), match it."""
    if role.startswith("AWSReservedSSO_"):
        pattern = f"arn:{partition}:iam::{account}:role/aws-reserved/sso.amazonaws.com*/{role}"
        return {"AWS": f"arn:{partition}:iam::{account}:root"}, {"ArnLike": {"aws:PrincipalArn": pattern}}
    return {"AWS": f"arn:{partition}:iam::{account}:role/{role}"}, {}


def account_of(arn: str) -> str:
    """The account in an ARN."""
    return arn.split(":")[4] if arn.count(":") >= 5 else ""
