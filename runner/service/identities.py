"""Who each job would be to AWS: its roles assumed once, for people to look at."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from runner.aws.whoami import WhoAmI
from runner.errors import SetupError
from runner.integrations.aws_iam import aws_role
from runner.integrations.sources import resolve
from runner.scheduling.one_pass import Rule
from runner.sealing.keyring import Keyring
from runner.service.foresight import roles_of_job
from runner.service.plan import role_integrations
from runner.service.project import Project
from runner.service.role_credentials import open_role_credentials
from runner.service.settings_places import keys_directory


async def assume_all(
    project: Project, rules: Mapping[str, Rule], *, region: str | None, sandbox: bool
) -> list[tuple[str, WhoAmI]]:
    """`job (integration)` and the identity, for each role of each job. Raises CredentialsError, SetupError."""
    names = role_integrations(project, rules)
    keys = Keyring(keys_directory(os.environ))
    resolved = {name: await resolve(project.integrations[name], keys) for name in names}
    roles = [role.arn for one in resolved.values() if (role := aws_role(one)) is not None]
    if not roles:
        return []
    found: list[tuple[str, WhoAmI]] = []
    async with AsyncExitStack() as stack:
        credentials = await open_role_credentials(
            stack,
            roles=roles,
            project="whoami",
            region=region,
            sandbox=sandbox,
            shipctl=Path(),
            base={},
            notice=lambda text: None,
        )
        for job in (rule.job for rule in rules.values() if rule.excluded is None):
            for use in roles_of_job(project, project.pipeline.jobs[job]):
                name = use.integration.name
                identity = await credentials.identity(job, replace(use, integration=resolved[name]))
                if identity is None:
                    raise SetupError(f"integration {name} names no role")
                found.append((f"{job} ({name})", identity))
    return found
