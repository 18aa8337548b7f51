"""What a job's environment holds for AWS: pure, from the leases of its build. No SDK in here."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner.aws.lease import Lease
from runner.integrations.aws_iam import Deliver
from runner.secret import Secret
from runner.shipctl.credentials import token_variable


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    value: str = field(repr=False)
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAws:
    """`variables` in their order, the text of the build's AWS config file (no secret in it), and sentences for the
    build's log: `notes`, and `warnings` that nobody may miss."""

    variables: tuple[Variable, ...]
    config: str
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def job_aws(
    leases: Sequence[Lease],
    *,
    config_file: Path,
    shipctl: Path,
    base: Mapping[str, str],
    endpoint_url: str | None = None,
) -> JobAws:
    """The AWS side of a job's environment.

    `leases` in the order of the job's steps: the first one is what an SDK takes without a profile. `config_file` is
    where `config` will be written (absolute, in the build directory), `shipctl` the absolute path of the command,
    `base` the environment that the job starts from, `endpoint_url` the sandbox's. Without leases the job gets what
    keeps it from the host's own identity.
    """
    variables = [
        *_host_scrubbed(config_file),
        *(_regions(leases)),
        *(_default(leases[0]) if leases else ()),
        *(_tokens(leases)),
    ]
    if endpoint_url is not None:
        variables.append(Variable("AWS_ENDPOINT_URL", endpoint_url))
    if leases or endpoint_url is not None:
        variables += _unproxied(base)
    return JobAws(
        variables=tuple(variables),
        config=_config(leases, shipctl) if leases else "",
        notes=tuple(_notes(leases)),
        warnings=tuple(_warnings(leases)),
    )


def _host_scrubbed(config_file: Path) -> Iterator[Variable]:
    """The job neither reads the host's files nor asks the host's metadata service."""
    yield Variable("AWS_EC2_METADATA_DISABLED", "true")
    yield Variable("AWS_CONFIG_FILE", str(config_file))
    yield Variable("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")


def _regions(leases: Sequence[Lease]) -> Iterator[Variable]:
    """The region, where there is one for the whole job: these variables go before the region of any profile. SDKs that
    are older than profiles with regions are told to read the config file instead."""
    regions = dict.fromkeys(lease.region for lease in leases)
    if len(regions) > 1:
        yield Variable("AWS_SDK_LOAD_CONFIG", "1")
        return
    for region in regions:
        yield Variable("AWS_REGION", region)
        yield Variable("AWS_DEFAULT_REGION", region)


def _default(lease: Lease) -> Iterator[Variable]:
    if lease.deliver is Deliver.ENV:
        yield Variable("AWS_ACCESS_KEY_ID", lease.first.access_key_id)
        yield _secret("AWS_SECRET_ACCESS_KEY", lease.first.secret_access_key)
        yield _secret("AWS_SESSION_TOKEN", lease.first.session_token)
        yield Variable("AWS_CREDENTIAL_EXPIRATION", _time(lease))
    else:
        yield _secret("AWS_CONTAINER_AUTHORIZATION_TOKEN", lease.token)


def _tokens(leases: Sequence[Lease]) -> Iterator[Variable]:
    """The endpoint, and one token for each integration."""
    if leases:
        yield Variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", leases[0].uri)
    yield from (_secret(token_variable(lease.integration), lease.token) for lease in leases)


def _unproxied(base: Mapping[str, str]) -> Iterator[Variable]:
    """No proxy on the way to this host. Either spelling of the variable hides the other one from some programs, and
    `*` stands for every host only where it stands alone."""
    for name, other in (("NO_PROXY", "no_proxy"), ("no_proxy", "NO_PROXY")):
        others = (base.get(name) or base.get(other) or "").strip()
        yield Variable(name, others if others == "*" else f"{others},127.0.0.1".removeprefix(","))


def _config(leases: Sequence[Lease], shipctl: Path) -> str:
    """`[default]` names the region; each integration is a profile whose credentials shipctl fetches."""
    sections = [f"[default]\nregion = {leases[0].region}\n"]
    for lease in leases:
        if (heading := _heading(lease.integration)) is not None:
            command = f"{shlex.quote(str(shipctl))} aws-credentials {shlex.quote(lease.integration)}"
            sections.append(f"{heading}\nregion = {lease.region}\ncredential_process = {command}\n")
    return "\n".join(sections)


def _heading(integration: str) -> str | None:
    """The section of a profile; None for a name that no SDK can read there, which then has no profile."""
    if any(c in "[]\"'\\#;" for c in integration) or integration == "default" or integration != integration.strip():
        return None
    return f'[profile "{integration}"]' if " " in integration else f"[profile {integration}]"


def _notes(leases: Sequence[Lease]) -> Iterator[str]:
    if len({lease.region for lease in leases}) > 1:
        regions = ", ".join(f"'{lease.integration}' {lease.region}" for lease in leases)
        yield (
            f"AWS: the integrations of this job have regions of their own ({regions}), so AWS_REGION is not set: "
            f"each profile names its region, and calls without a profile go to {leases[0].region}"
        )


def _warnings(leases: Sequence[Lease]) -> Iterator[str]:
    for number, lease in enumerate(leases):
        if _heading(lease.integration) is None:
            yield f"AWS: '{lease.integration}' cannot be the name of a profile; rename the integration to select it"
        if lease.deliver is Deliver.ENV and number == 0:
            yield (
                f"AWS: the keys of '{lease.integration}' are delivered as fixed variables (deliver: env): "
                f"they are not renewed and end at {_time(lease)}"
            )
            yield from _fixed_keys_first(lease, leases[1:])
        elif lease.deliver is Deliver.ENV:
            yield (
                f"AWS: 'deliver: env' of '{lease.integration}' has no effect here: only the first AWS integration "
                f"of a job can be in variables, this one is the profile '{lease.integration}'"
            )


def _fixed_keys_first(lease: Lease, others: Sequence[Lease]) -> Iterator[str]:
    if others:
        names = ", ".join(f"'{other.integration}'" for other in others)
        yield (
            f"AWS: with the fixed keys of '{lease.integration}' AWS_PROFILE selects none of {names}, and without a "
            "word: use --profile (in an SDK a session with that profile), or unset AWS_ACCESS_KEY_ID, "
            "AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN first"
        )


def _time(lease: Lease) -> str:
    return lease.first.expiration.strftime("%Y-%m-%dT%H:%M:%SZ")


def _secret(name: str, value: Secret) -> Variable:
    return Variable(name, value.reveal(), secret=True)
