"""How git in a job's scripts opens repositories over https: with the git integrations of the job.

The logins stand in a file of the build, which a credential helper reads; `GIT_CONFIG_*` variables name it. Source: the
platform put them into `~/.git-credentials`, where they stayed.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from runner.integrations.catalogue import GIT_CREDENTIAL
from runner.integrations.git_access import credential_lines, servers
from runner.integrations.model import ResolvedIntegration
from runner.workspace.dependency import Dependency

FILE = "secrets/git_credentials"
_HELPER = '!f() {{ test "$1" = get && git credential-store --file={} get; }}; f'
"""It only gives: `erase` would take a login away for good when a server refuses it once."""


@dataclass(frozen=True, slots=True)
class GitLogins:
    """The git integrations that a build reaches."""

    integrations: Sequence[ResolvedIntegration]

    @classmethod
    def of(cls, dependencies: Iterable[Dependency], integrations: Iterable[ResolvedIntegration]) -> GitLogins:
        """In the order of the steps, then the job's own list; git credentials, which are there for this alone, go
        before the integrations of providers."""
        named = (*(d.integration for d in dependencies if d.integration is not None), *integrations)
        found = [one for one in {one.name: one for one in named}.values() if servers(one)]
        return cls(sorted(found, key=lambda one: one.type.master_name != GIT_CREDENTIAL))

    @property
    def servers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(server for one in self.integrations for server in servers(one)))

    def text(self) -> str:
        """The content of the file. git takes the first line that fits the server, and the user if it was told one."""
        return "".join(f"{line}\n" for one in self.integrations for line in credential_lines(one))

    def variables(self, root: str) -> Iterator[tuple[str, str]]:
        """None where there is no login. For these servers the helpers of the host's own configuration are not asked:
        they would keep the password (an empty helper drops them)."""
        helper = _HELPER.format(shlex.quote(f"{root}/{FILE}"))
        pairs = [(f"credential.https://{server}.helper", value) for server in self.servers for value in ("", helper)]
        if pairs:
            yield "GIT_CONFIG_COUNT", str(len(pairs))
        for index, (key, value) in enumerate(pairs):
            yield f"GIT_CONFIG_KEY_{index}", key
            yield f"GIT_CONFIG_VALUE_{index}", value
