"""What a job of the service would get if it began now."""

from __future__ import annotations

import asyncio

import msgspec

from runner.api.details import EnvironmentParams, EnvironmentShape
from runner.api.routing import Call
from runner.api.shapes import NoBody
from runner.errors import NotFoundError
from runner.pipeline.model import Job
from runner.service.environment import Asked, environment, task_of
from runner.store.rehearsing import rehearse
from runner.workspace.place import NOT_ITS_OWN, OF_ITS_USER


async def show_environment(call: Call[EnvironmentParams, NoBody]) -> EnvironmentShape:
    served = call.served
    node = await served.questions.node(call.params.name, kind="job")
    project = served.engines.current
    job = project.pipeline.jobs.get(node.name)
    if job is None:
        raise NotFoundError(f"{node.name} is in no file any more: it gets nothing")
    asked = await _asked(call, job)
    found = await asyncio.to_thread(environment, asked)
    return msgspec.convert(found, EnvironmentShape, from_attributes=True)


async def _asked(call: Call[EnvironmentParams, NoBody], job: Job) -> Asked:
    served = call.served
    task = task_of(job, call.params.task)
    rehearsal = await served.store.rehearse(lambda tx: rehearse(tx, job, None, files=False))
    engine = served.engines.engine
    of_user = bool(engine.job_users and engine.job_users.users)
    base = {name: value for name, value in engine.host.base.items() if not (of_user and name in NOT_ITS_OWN)}
    return Asked(
        project=served.engines.current,
        job=job,
        rehearsal=rehearsal,
        place=served.store.build_directory(rehearsal.build.id).absolute(),
        base={**base, **dict.fromkeys(OF_ITS_USER, "")} if of_user else base,
        machine=engine.host.machine,
        user=call.caller.name,
        keyring=engine.inputs.keyring,
        task=task,
        region=served.settings.aws.region,
        known_secrets=engine.inputs.secrets,
        unknown=OF_ITS_USER if of_user else frozenset(),
    )
