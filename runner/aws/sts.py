"""The runner's one connection to STS."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.exceptions import BotoCoreError, ClientError

from runner.aws.lease import Assumed, AssumeRequest, Identity
from runner.aws.refusals import Attempt, denied, refusal
from runner.errors import CredentialsError
from runner.secret import Secret

LIFETIME = timedelta(hours=1)
"""What is asked for: the most that AWS gives to a runner which itself runs as a role (role chaining)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Explicit credentials of the runner, instead of those it finds in its environment."""

    access_key_id: str
    secret_access_key: Secret


class Sts:
    """A long-lived STS client: open it once with `async with`. Throttling, 5xx and timeouts (`patience` for an
    answer) are tried again, `tries` in all; whatever else AWS refuses is raised at once as CredentialsError."""

    def __init__(
        self,
        *,
        region: str,
        endpoint_url: str | None = None,
        keys: Keys | None = None,
        tries: int = 4,
        patience: timedelta = timedelta(seconds=5),
    ) -> None:
        self._region = region
        self._endpoint_url = endpoint_url
        self._keys = keys
        self._config = AioConfig(
            connect_timeout=3,
            read_timeout=patience.total_seconds(),
            retries={"mode": "standard", "total_max_attempts": tries},
            max_pool_connections=25,
            proxies=None if endpoint_url is None else {},  # an endpoint of our own is on this host
        )
        self._stack = AsyncExitStack()
        self._client: Any = None  # aiobotocore makes its clients' methods at run time

    async def __aenter__(self) -> Self:
        try:
            session = AioSession()
            await asyncio.to_thread(session.warm_up_loader_caches, "sts")  # 50 ms of files and JSON off the event loop
            self._client = await self._stack.enter_async_context(
                session.create_client(
                    "sts",
                    region_name=self._region,
                    endpoint_url=self._endpoint_url,
                    aws_access_key_id=self._keys.access_key_id if self._keys else None,
                    aws_secret_access_key=self._keys.secret_access_key.reveal() if self._keys else None,
                    config=self._config,
                )
            )
        except BotoCoreError as error:
            raise refusal(error, Attempt(region=self._region)) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def caller(self) -> Identity:
        """Who the runner is. Every valid identity may ask this."""
        try:
            answer = await self._client.get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            raise refusal(error, Attempt(region=self._region)) from error
        return Identity(account=answer["Account"], arn=answer["Arn"], user_id=answer["UserId"])

    async def assume(self, request: AssumeRequest) -> Assumed:
        """One set of credentials for an hour. Raises CredentialsError, also where AWS answers for another role."""
        arguments = {"RoleArn": str(request.role), "RoleSessionName": request.session}
        if request.external_id is not None:
            arguments["ExternalId"] = request.external_id
        try:
            answer = await self._client.assume_role(**arguments, DurationSeconds=int(LIFETIME.total_seconds()))
        except (BotoCoreError, ClientError) as error:
            raise refusal(error, await self._attempt(request, error)) from error
        return _assumed(answer, request)

    async def _attempt(self, request: AssumeRequest, error: Exception) -> Attempt:
        """What is known of a failed attempt; the caller's ARN only where the sentence needs it."""
        caller = None
        if denied(error):
            try:
                caller = (await self.caller()).arn
            except CredentialsError:
                caller = None
        return Attempt(region=self._region, role=str(request.role), external_id=request.external_id, caller=caller)


def _assumed(answer: dict[str, Any], request: AssumeRequest) -> Assumed:
    credentials, user = answer["Credentials"], answer["AssumedRoleUser"]
    expected = request.role.session_arn(request.session)
    if user["Arn"] != expected:
        raise CredentialsError(f"AWS gave credentials for {user['Arn']} where {expected} was asked for; not used")
    expiration: datetime = credentials["Expiration"]
    return Assumed(
        access_key_id=credentials["AccessKeyId"],
        secret_access_key=Secret(credentials["SecretAccessKey"]),
        session_token=Secret(credentials["SessionToken"]),
        expiration=expiration.astimezone(UTC),
        identity=Identity(account=request.role.account, arn=user["Arn"], user_id=user["AssumedRoleId"]),
        request_id=answer["ResponseMetadata"].get("RequestId", ""),
    )
