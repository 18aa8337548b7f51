"""Jobs: to look at, to run, to hold back."""

from __future__ import annotations

from runner.api.build_shapes import BuildShape, JobList, JobShape, RunBody
from runner.api.routing import Call
from runner.api.shapes import Done, Named, NoBody, NoParams
from runner.api.views import build_shape, job_shape
from runner.errors import UsageError
from runner.service.credentials import host_scrubbed
from runner.store.queueing import Request
from runner.workspace.variables import platform_names


async def list_jobs(call: Call[NoParams, NoBody]) -> JobList:
    return JobList(jobs=tuple(map(job_shape, await call.served.questions.jobs())))


async def show_job(call: Call[Named, NoBody]) -> JobShape:
    return job_shape(await call.served.questions.job(call.params.name))


async def run_job(call: Call[Named, RunBody]) -> BuildShape:
    if fixed := sorted(call.body.params.keys() & (platform_names() | host_scrubbed())):
        raise UsageError(f"params.{fixed[0]}: this variable is the platform's, nothing takes its place: choose another")
    request = Request(injected=call.body.params, reset=call.body.reset, by=call.caller.name)
    return build_shape(await call.served.orders.run(call.params.name, request))


async def pause_job(call: Call[Named, NoBody]) -> Done:
    return Done(changed=await call.served.orders.pause(call.params.name))


async def resume_job(call: Call[Named, NoBody]) -> Done:
    return Done(changed=await call.served.orders.resume(call.params.name))


async def approve_job(call: Call[Named, NoBody]) -> BuildShape:
    return build_shape(await call.served.orders.approve(call.params.name, call.caller.name))


async def delete_waiting(call: Call[Named, NoBody]) -> Done:
    await call.served.orders.delete_waiting(call.params.name)
    return Done(changed=True)
