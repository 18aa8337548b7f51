"""A small strict STS: where moto accepts anything, this one refuses as AWS does (trust, ExternalId, throttling)."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self
from xml.sax.saxutils import escape

from aiohttp import web

from runner.aws.lease import AssumeRequest
from runner.aws.sts import Keys, Sts
from runner.integrations.role_arn import parse_role_arn
from runner.secret import Secret

KEYS = Keys(access_key_id="AKIARUNNER", secret_access_key=Secret("runner-secret-key"))
CALLER = "arn:aws:iam::111111111111:user/runner"
ROLE = parse_role_arn("arn:aws:iam::222222222222:role/team/deploy")
STRICT = parse_role_arn("arn:aws:iam::222222222222:role/strict")
REQUEST = AssumeRequest(role=ROLE, session="demo-1-abc")


@dataclass(frozen=True)
class Refuse:
    code: str
    status: int = 400
    message: str = "no"


@dataclass(slots=True)
class FakeSts:
    """`trust` maps the ARN of a role to the external ID it demands (None: none). `script` is answered first, one entry
    a call of AssumeRole. Every call is counted by its action; a set `gate` holds AssumeRole until it is opened."""

    lifetime: timedelta = timedelta(hours=1)
    trust: Mapping[str, str | None] = field(default_factory=lambda: {str(ROLE): None, str(STRICT): "ext-1"})
    script: list[Refuse] = field(default_factory=list)
    outage: Refuse | None = None
    calls: Counter[str] = field(default_factory=Counter)
    called: asyncio.Condition = field(default_factory=asyncio.Condition)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    answer_as: str | None = None
    url: str = ""
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        self.gate.set()
        app = web.Application()
        app.router.add_post("/", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.gate.set()
        if self._runner:
            await self._runner.cleanup()

    def client(self, keys: Keys | None = KEYS, tries: int = 1, patience: float = 5) -> Sts:
        return Sts(
            region="eu-west-1",
            endpoint_url=self.url,
            keys=keys,
            tries=tries,
            patience=timedelta(seconds=patience),
        )

    async def until_assumed(self, times: int) -> None:
        """Wait for that many calls of AssumeRole in all."""
        async with asyncio.timeout(10), self.called:
            await self.called.wait_for(lambda: self.calls["AssumeRole"] >= times)

    async def _answer(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        assert form.pop("Version") == "2011-06-15"
        signature = request.headers["Authorization"]
        assert re.search(r"Credential=[A-Z0-9]+/\d{8}/eu-west-1/sts/aws4_request", signature)
        action = form.pop("Action")
        async with self.called:
            self.calls[action] += 1
            self.called.notify_all()
        if action == "GetCallerIdentity":
            return self._caller()
        assert action == "AssumeRole"
        await self.gate.wait()
        return self._assume(form)

    def _caller(self) -> web.Response:
        result = f"<Arn>{CALLER}</Arn><UserId>AIDARUNNER</UserId><Account>111111111111</Account>"
        return _xml("GetCallerIdentity", result)

    def _assume(self, form: dict[str, str]) -> web.Response:
        if self.script:
            return _error(self.script.pop(0))
        if self.outage:
            return _error(self.outage)
        arn, session = form.pop("RoleArn"), form.pop("RoleSessionName")
        external_id = form.pop("ExternalId", None)
        assert 900 <= int(form.pop("DurationSeconds")) <= 3600
        assert form == {}
        assert re.fullmatch(r"[\w+=,.@-]{2,64}", session, re.ASCII)
        if arn not in self.trust or self.trust[arn] not in (None, external_id):
            return _error(Refuse("AccessDenied", 403, f"User: {CALLER} is not authorized to perform: sts:AssumeRole"))
        number = self.calls["AssumeRole"]
        who = self.answer_as or parse_role_arn(arn).session_arn(session)
        until = (datetime.now(UTC) + self.lifetime).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return _xml(
            "AssumeRole",
            f"<Credentials><AccessKeyId>ASIA{number:04}</AccessKeyId><SecretAccessKey>secret/{number}</SecretAccessKey>"
            f"<SessionToken>token/{number}</SessionToken><Expiration>{until}</Expiration></Credentials>"
            f"<AssumedRoleUser><AssumedRoleId>AROA1:{session}</AssumedRoleId><Arn>{who}</Arn></AssumedRoleUser>",
        )


def _xml(action: str, result: str) -> web.Response:
    text = (
        f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result>{result}</{action}Result>'
        f"<ResponseMetadata><RequestId>req-1</RequestId></ResponseMetadata></{action}Response>"
    )
    return web.Response(text=text, content_type="text/xml")


def _error(refuse: Refuse) -> web.Response:
    text = (
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
        f"<Code>{refuse.code}</Code><Message>{escape(refuse.message)}</Message></Error>"
        "<RequestId>req-e</RequestId></ErrorResponse>"
    )
    return web.Response(text=text, status=refuse.status, content_type="text/xml")
