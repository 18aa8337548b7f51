"""Who a job would be, or is, to AWS."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from aiobotocore.session import AioSession

from runner.aws.lease import DEFAULT_REGION, Identity, Lease
from runner.aws.sts import Sts
from runner.errors import CredentialsError
from runner.shipctl.credentials import URI, NoCredentials, ask, token_variable

_TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN"  # noqa: S105 - the name of a variable


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoAmI:
    """An identity, the region calls go to, and when the credentials end (None: not known, or never)."""

    identity: Identity
    region: str
    expires: datetime | None = None


def inside_job(environ: Mapping[str, str]) -> bool:
    """Whether that environment is one the runner made for a job."""
    return "JOB_NAME" in environ and "BUILD_DIR" in environ


def of_lease(lease: Lease) -> WhoAmI:
    """Outside a job: the identity that a job with this lease has."""
    return WhoAmI(identity=lease.identity, region=lease.region, expires=lease.first.expiration)


async def of_environment(environ: Mapping[str, str]) -> WhoAmI:
    """Inside a job: what AWS says of the credentials that the SDKs find. `environ` is the process's own.

    Raises CredentialsError, also where the job has no identity.
    """
    if not any(environ.get(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", _TOKEN)):
        raise CredentialsError(
            "this job has no AWS identity: no AWS IAM integration is among its steps or integrations"
        )
    region = environ.get("AWS_REGION") or AioSession().get_config_variable("region") or DEFAULT_REGION
    async with Sts(region=region) as sts:
        identity = await sts.caller()
    return WhoAmI(identity=identity, region=region, expires=await _expires(environ))


async def _expires(environ: Mapping[str, str]) -> datetime | None:
    """When the credentials end that the SDKs took: the fixed keys, a profile's, or the default ones."""
    if environ.get("AWS_ACCESS_KEY_ID"):
        return _time(environ.get("AWS_CREDENTIAL_EXPIRATION"))
    profile = environ.get("AWS_PROFILE")
    token = environ.get(token_variable(profile) if profile else _TOKEN)
    if token is None or URI not in environ:
        return None
    try:
        given = await asyncio.to_thread(ask, environ, token)
    except NoCredentials:
        return None
    return _time(given.get("Expiration"))


def _time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
