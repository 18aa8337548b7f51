"""Credentials for builds that use roles: leases from the broker for as long as the build runs."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from runner.aws.broker import Broker
from runner.aws.environment import job_aws
from runner.aws.lease import Assumed, Assumer, AssumeRequest, Lease, LeaseRequest, choose_region
from runner.aws.sandbox import Sandbox
from runner.aws.session_name import session_name
from runner.aws.sts import Sts
from runner.aws.whoami import WhoAmI, of_lease
from runner.errors import CredentialsError
from runner.integrations.aws_iam import AwsRole, aws_role
from runner.integrations.role_arn import RoleArn, parse_role_arn
from runner.secret import Secret
from runner.service.credentials import variables_of
from runner.service.ports import Grant, RoleUse
from runner.store.rows import BuildRow, LeaseRow
from runner.store.runs import Runs


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleCredentials:
    """Leases from one broker. `project` begins every session name, `region` is the settings' default, `shipctl` the
    absolute path of the command, `base` the environment that jobs start from. `ledger` keeps what another process needs
    to answer the tokens; None: the builds end with this process."""

    broker: Broker
    ledger: Runs | None
    project: str
    region: str | None
    shipctl: Path
    base: Mapping[str, str]
    endpoint_url: str | None = None
    sandbox_port: int | None = None

    async def grant(
        self,
        build: BuildRow,
        roles: Sequence[RoleUse],
        *,
        config_file: Path,
        renewed: Callable[[Sequence[Secret]], None],
        warn: Callable[[str], None],
    ) -> Grant:
        """Assume every role of the build before anything of it runs. Raises CredentialsError; then holds nothing."""
        leases: list[Lease] = []
        session = session_name((self.project, f"{build.job}.{build.number}"), uuid.uuid4().hex)
        try:
            for use in roles:
                role = aws_role(use.integration)
                if role is not None:
                    leases.append(await self.broker.lease(self._request(role, use, session, renewed, warn)))
            if self.ledger is not None:
                await self.ledger.keep_leases(build.id, [_row(lease) for lease in leases])
        except BaseException:
            self._revoke(leases)
            raise
        aws = job_aws(
            leases,
            config_file=config_file,
            shipctl=self.shipctl,
            base=self.base,
            endpoint_url=self.endpoint_url,
        )
        return Grant(
            variables=variables_of(aws),
            config=aws.config,
            secrets=tuple(secret for lease in leases for secret in lease.secrets),
            notes=(*(str(lease) for lease in leases), *aws.notes),
            warnings=aws.warnings,
            close=lambda: self._revoke(leases),
        )

    async def restore(
        self, build: BuildRow, *, renewed: Callable[[Sequence[Secret]], None], warn: Callable[[str], None]
    ) -> Grant:
        """Answer the tokens of a build that another process has started."""
        digests = []
        for row in await self.ledger.leases(build.id) if self.ledger else ():
            assume = AssumeRequest(role=parse_role_arn(row.role), session=row.session, external_id=row.external_id)
            digests.append(bytes.fromhex(row.digest))
            self.broker.restore(
                digests[-1],
                LeaseRequest(
                    integration=row.integration, assume=assume, region="", on_renewed=renewed, on_warning=warn
                ),
            )
        if digests and self.broker.moved:
            warn("AWS: the port of the credentials was taken by another program: this build gets no more of them")
        return Grant(variables=(), config="", close=lambda: self._revoke_all(digests))

    async def identity(self, job: str, use: RoleUse) -> WhoAmI | None:
        """Who `job` would be with this role; None where the integration names none. Raises CredentialsError."""
        role = aws_role(use.integration)
        if role is None:
            return None
        session = session_name((self.project, job), uuid.uuid4().hex)
        lease = await self.broker.lease(self._request(role, use, session, lambda secrets: None, lambda text: None))
        self.broker.revoke(lease.digest)
        return of_lease(lease)

    def _request(
        self,
        role: AwsRole,
        use: RoleUse,
        session: str,
        renewed: Callable[[Sequence[Secret]], None],
        warn: Callable[[str], None],
    ) -> LeaseRequest:
        return LeaseRequest(
            integration=role.integration,
            assume=AssumeRequest(role=role.arn, session=session, external_id=role.external_id),
            region=choose_region(use.region, role.region, self.region),
            deliver=role.deliver,
            on_renewed=renewed,
            on_warning=warn,
        )

    def _revoke(self, leases: Sequence[Lease]) -> None:
        self._revoke_all([lease.digest for lease in leases])

    def _revoke_all(self, digests: Sequence[bytes]) -> None:
        for digest in digests:
            self.broker.revoke(digest)


@dataclass(frozen=True, slots=True)
class _Told:
    """STS, and somebody who counts its calls."""

    sts: Assumer
    called: Callable[[str], None]

    async def assume(self, request: AssumeRequest) -> Assumed:
        try:
            assumed = await self.sts.assume(request)
        except CredentialsError:
            self.called("refused")
            raise
        self.called("given")
        return assumed


def _row(lease: Lease) -> LeaseRow:
    return LeaseRow(
        digest=lease.digest.hex(),
        integration=lease.integration,
        role=str(lease.role),
        session=lease.assume.session,
        external_id=lease.assume.external_id,
    )


async def open_role_credentials(
    stack: AsyncExitStack,
    *,
    roles: Sequence[RoleArn],
    project: str,
    region: str | None,
    sandbox: bool,
    shipctl: Path,
    base: Mapping[str, str],
    notice: Callable[[str], None],
    ledger: Runs | None = None,
    ports: tuple[int, int] = (0, 0),
    listening: socket.socket | None = None,
    called: Callable[[str], None] = lambda outcome: None,
) -> RoleCredentials:
    """Open the broker, and with `sandbox` an AWS of our own that knows `roles`; `stack` closes them. `ports` are those
    of the endpoint and of the sandbox that builds of this run know already; 0: anywhere. `listening` is a socket for
    the endpoint that somebody keeps open; `called` hears of each call of STS, whether it was `given` or `refused`.

    Raises CredentialsError or UsageError with the sentence to read.
    """
    endpoint_url, keys, sandbox_port = None, None, None
    if sandbox:
        opened = await stack.enter_async_context(Sandbox(roles, ports[1]))
        endpoint_url, keys, sandbox_port = opened.endpoint_url, opened.keys, opened.port
        notice(f"AWS sandbox at {endpoint_url} ({len(roles)} role{'s' * (len(roles) != 1)}): no account of AWS is used")
    sts = await stack.enter_async_context(
        Sts(region=choose_region(None, None, region), endpoint_url=endpoint_url, keys=keys)
    )
    return RoleCredentials(
        broker=await stack.enter_async_context(Broker(_Told(sts, called), port=ports[0], listening=listening)),
        project=project,
        region=region,
        shipctl=shipctl,
        base=base,
        endpoint_url=endpoint_url,
        ledger=ledger,
        sandbox_port=sandbox_port,
    )
