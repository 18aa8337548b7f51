"""The ARN of an IAM role, parsed once."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ROLE = re.compile(r"arn:(aws[a-z-]*):iam::(\d{12}):role/((?:[\w+=,.@/-]{1,511}/)?)([\w+=,.@-]{1,64})", re.ASCII)
_SESSION = re.compile(r"arn:(aws[a-z-]*):sts::(\d{12}):assumed-role/([\w+=,.@-]+)/[\w+=,.@-]+", re.ASCII)
_EXAMPLE = "arn:aws:iam::123456789012:role/deploy"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleArn:
    """`arn:PARTITION:iam::ACCOUNT:role/[PATH]NAME`. `account` has 12 digits; `path` starts and ends with `/`."""

    partition: str
    account: str
    path: str
    name: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:iam::{self.account}:role{self.path}{self.name}"

    def session_arn(self, session: str) -> str:
        """The ARN that STS gives to whoever has assumed the role; AWS leaves the role's path out of it."""
        return f"arn:{self.partition}:sts::{self.account}:assumed-role/{self.name}/{session}"


def parse_role_arn(text: str) -> RoleArn:
    """Raises ValueError with the sentence for the reader."""
    if found := _ROLE.fullmatch(text):
        partition, account, path, name = found.groups()
        return RoleArn(partition=partition, account=account, path=f"/{path}", name=name)
    if found := _SESSION.fullmatch(text):
        partition, account, name = found.groups()
        meant = f"arn:{partition}:iam::{account}:role/{name}"
        raise ValueError(f"'{text}' is a session of a role, not the role (did you mean '{meant}'?)")
    raise ValueError(f"'{_short(text)}' is not the ARN of an IAM role (it looks like '{_EXAMPLE}')")


def account_problem(arn: RoleArn | None, account: str) -> str | None:
    """What is wrong with an `awsAccountId` beside that role (None: the role is not known); None if nothing is."""
    if not (len(account) == 12 and account.isascii() and account.isdigit()):
        return f"'{_short(account)}' is not an AWS account ID (12 digits)"
    if arn is not None and account != arn.account:
        return f"the role belongs to account {arn.account}, not to {account} (leave awsAccountId out, or correct it)"
    return None


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:197]}..."
