"""What is done for the command line tools of a build beyond writing files: looking for them, and logging them in."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from runner.errors import SetupError
from runner.secret import Secret
from runner.service.child import talk
from runner.workspace.directory import BuildDirectory
from runner.workspace.tools import docker
from runner.workspace.tools.model import PLACE, Call, Use
from runner.workspace.tools.setting_up import ToolSetUp, with_logins

LIMIT = timedelta(minutes=2)
"""How long one command may take to log in."""
_MOST = 1024 * 1024


def refuse_missing(tools: ToolSetUp, path: str | None) -> None:
    """`path` is the PATH of the job. Raises SetupError where a tool is not there."""
    for tool in tools.tools:
        for names in tool.part.commands:
            if all(shutil.which(name, path=path) is None for name in names):
                raise SetupError(
                    f"{tool.use.subject} sets up '{names[0]}', which is not on the PATH of this host: "
                    "install it, or take this input out of the job"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolLogins:
    """Runs what logs tools in. `environment` is that of the job; HOME is a directory of the build, so that nothing of
    anybody else's is read or changed."""

    tools: ToolSetUp
    directory: BuildDirectory
    environment: Mapping[str, str]
    limit: timedelta = LIMIT

    async def run(self) -> tuple[Secret, ...]:
        """Gives the secrets that have come of it. Raises SetupError."""
        brought: dict[str, Secret] = {}
        for use, call in self.tools.calls:
            output = await self._run(use, call)
            if call.for_registry:
                brought |= docker.ecr_logins(use.subject, output)
        if brought:
            await asyncio.to_thread(
                self.directory.write_private, f"{PLACE}/{docker.CONFIG}", with_logins(self.tools, brought)
            )
        return tuple(brought.values())

    async def _run(self, use: Use, call: Call) -> bytes:
        what = f"{use.subject}: '{' '.join(call.argv[:3])}'"
        environment = {**self.environment, **call.environment, "HOME": str(self.directory.root / PLACE)}
        try:
            async with asyncio.timeout(self.limit.total_seconds()) as ours:
                said = await talk(call.argv, environment=environment, directory=self.directory.root, most=_MOST)
        except TimeoutError:
            if not ours.expired():
                raise
            raise SetupError(f"{what} took longer than {self.limit}: can this host reach the provider?") from None
        except OSError as error:
            raise SetupError(f"{what} cannot be started: {error.strerror}") from error
        if said.status != 0:
            raise SetupError(f"{what} ended with {said.status}: {_last_line(said.told)}")
        return said.output


def _last_line(told: str) -> str:
    lines = ["".join(c for c in line if c.isprintable()).strip() for line in told.splitlines()]
    return next((line for line in reversed(lines) if line), "it said nothing")[:300]
