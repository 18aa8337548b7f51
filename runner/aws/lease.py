"""Words of the AWS room: identities, credentials, and the lease of credentials that a build holds. No SDK in here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from runner.integrations.aws_iam import Deliver
from runner.integrations.role_arn import RoleArn
from runner.secret import Secret

DEFAULT_REGION = "us-east-1"


def choose_region(resource: str | None, integration: str | None, settings: str | None) -> str:
    """The region of a job's integration: the resource's, else the integration's, else the settings', else us-east-1."""
    return resource or integration or settings or DEFAULT_REGION


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who somebody is to AWS, as GetCallerIdentity says it. `user_id` is what `aws:userid` in a policy matches."""

    account: str
    arn: str
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumeRequest:
    """What is asked of STS. Two leases with an equal request share one set of credentials."""

    role: RoleArn
    session: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """One set of credentials of an assumed role. The access key's ID is no secret: it joins CloudTrail's records."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret
    expiration: datetime
    identity: Identity
    request_id: str

    @property
    def secrets(self) -> tuple[Secret, ...]:
        return (self.secret_access_key, self.session_token)


def token_digest(token: str) -> bytes:
    """Tokens are kept and looked up as digests, so that the time of a look-up says nothing about them."""
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()


class Assumer(Protocol):
    """Whoever can assume a role. Raises CredentialsError with the sentence for the reader."""

    async def assume(self, request: AssumeRequest) -> Assumed: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRequest:
    """What a build asks of the broker for one of its integrations.

    `on_renewed` gets every new secret before anybody else does (for the redaction of the log), `on_warning` sentences
    for the log. Both are called in the event loop and must not raise or wait.
    """

    integration: str
    assume: AssumeRequest
    region: str
    deliver: Deliver = Deliver.ENDPOINT
    on_renewed: Callable[[tuple[Secret, ...]], None]
    on_warning: Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Credentials that a build may use until the lease is revoked. `token` opens the endpoint at `uri`; `first` is
    what STS gave when the lease was taken (the endpoint gives newer ones later)."""

    token: Secret
    uri: str
    integration: str
    assume: AssumeRequest
    region: str
    deliver: Deliver
    first: Assumed

    @property
    def role(self) -> RoleArn:
        return self.assume.role

    @property
    def digest(self) -> bytes:
        """What the token is known by."""
        return token_digest(self.token.reveal())

    @property
    def identity(self) -> Identity:
        return self.first.identity

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Everything of this lease that a log must not show."""
        return (self.token, *self.first.secrets)

    def __str__(self) -> str:
        """The line for the build's log."""
        until = self.first.expiration.strftime("%H:%M:%SZ")
        return f"AWS: assumed {self.identity.arn} (until {until}, request {self.first.request_id})"
