"""Credentials for builds that use no role: nothing but what keeps the host's own identity out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from runner.aws.environment import JobAws, job_aws
from runner.secret import Secret
from runner.service.ports import Grant, RoleUse
from runner.store.rows import BuildRow
from runner.workspace.variables import Variable


class NoRoles:
    """For a run in which no job reaches a role."""

    async def grant(
        self,
        build: BuildRow,
        roles: Sequence[RoleUse],
        *,
        config_file: Path,
        renewed: Callable[[Sequence[Secret]], None],
        warn: Callable[[str], None],
    ) -> Grant:
        aws = job_aws((), config_file=config_file, shipctl=Path(), base={})
        return Grant(variables=variables_of(aws), config=aws.config)

    async def restore(
        self, build: BuildRow, *, renewed: Callable[[Sequence[Secret]], None], warn: Callable[[str], None]
    ) -> Grant:
        return Grant(variables=(), config="")


def host_scrubbed() -> frozenset[str]:
    """The names that every job has for AWS, also one without a role."""
    aws = job_aws((), config_file=Path(), shipctl=Path(), base={})
    return frozenset(variable.name for variable in aws.variables)


def variables_of(aws: JobAws) -> tuple[Variable, ...]:
    return tuple(Variable(v.name, v.value, "AWS", v.secret) for v in aws.variables)
