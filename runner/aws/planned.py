"""The AWS side of a job that is only planned: the names are those it will have, the values are empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from runner.aws.environment import JobAws, job_aws
from runner.aws.lease import Assumed, AssumeRequest, Identity, Lease, choose_region
from runner.integrations.aws_iam import AwsRole
from runner.secret import Secret

_NOBODY = Assumed(
    access_key_id="",
    secret_access_key=Secret(""),
    session_token=Secret(""),
    expiration=datetime(1970, 1, 1, tzinfo=UTC),
    identity=Identity(account="", arn="", user_id=""),
    request_id="",
)


def planned_aws(
    roles: Sequence[tuple[AwsRole, str | None]],
    *,
    config_file: Path = Path(),
    base: Mapping[str, str] | None = None,
    region: str | None = None,
) -> JobAws:
    """What a job with these roles will have; the text beside each is the region that its resources name. `region` is
    the settings' own; see `job_aws` for the others."""
    leases = [_lease(role, named, region) for role, named in roles]
    return job_aws(leases, config_file=config_file, shipctl=Path(), base=base or {})


def _lease(role: AwsRole, region: str | None, default: str | None) -> Lease:
    return Lease(
        token=Secret(""),
        uri="",
        integration=role.integration,
        assume=AssumeRequest(role=role.arn, session=""),
        region=choose_region(region, role.region, default),
        deliver=role.deliver,
        first=_NOBODY,
    )
