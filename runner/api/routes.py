"""Every route of the API: what is not in this list is not there."""

from __future__ import annotations

from runner.api import (
    build_shapes,
    builds,
    details,
    environment,
    jobs,
    log_streams,
    openapi,
    pipeline_shapes,
    pipelines,
    resources,
    saved,
    shapes,
    state,
    telling,
    token_shapes,
    tokens,
    validation,
    webhooks,
)
from runner.api.callers import Scope
from runner.api.routing import Route, route

READ, RUN, ADMIN = Scope.READ, Scope.RUN, Scope.ADMIN
V1 = "/api/v1"
UNPROVEN, MISSING, SENSELESS = 401, 404, 409

SERVICE = (
    route("GET", f"{V1}/service", READ, state.show_service, shapes.ServiceShape, summary="How the service is"),
    route(
        "POST", f"{V1}/service/drain", ADMIN, state.drain, shapes.Done,
        body=shapes.DrainBody, summary="Start nothing more, or go on",
    ),
    route(
        "POST", f"{V1}/validate", READ, validation.validate, pipeline_shapes.ValidateAnswer,
        body=pipeline_shapes.ValidateBody, summary="Check the text of pipeline files; nothing is applied",
    ),
)  # fmt: skip
PIPELINES = (
    route(
        "GET", f"{V1}/pipelines", READ, pipelines.list_pipelines, pipeline_shapes.PipelineList,
        summary="Every pipeline",
    ),
    route(
        "GET", f"{V1}/pipelines/{{name}}", READ, pipelines.show_pipeline, pipeline_shapes.PipelineShape,
        params=shapes.Named, refusals=(MISSING,), summary="One pipeline",
    ),
    route(
        "POST", f"{V1}/pipelines/{{name}}/sync", RUN, pipelines.sync_pipeline, pipeline_shapes.SyncShape,
        params=shapes.Named, refusals=(MISSING,), summary="Read the files of a pipeline again now",
    ),
    route(
        "POST", f"{V1}/pipelines/{{name}}/references", ADMIN, pipelines.update_references, pipeline_shapes.SyncShape,
        params=shapes.Named, refusals=(MISSING,),
        summary="Read the files of a pipeline again now, and pin what their templates refer to as it is now",
    ),
)  # fmt: skip
JOBS = (
    route("GET", f"{V1}/jobs", READ, jobs.list_jobs, build_shapes.JobList, summary="Every job"),
    route(
        "GET", f"{V1}/jobs/{{name}}", READ, jobs.show_job, build_shapes.JobShape,
        params=shapes.Named, refusals=(MISSING,), summary="One job",
    ),
    route(
        "GET", f"{V1}/jobs/{{name}}/env", READ, environment.show_environment, details.EnvironmentShape,
        params=details.EnvironmentParams, refusals=(MISSING,),
        summary="The variables that the job would get if it began now, no secret among them",
    ),
    route(
        "POST", f"{V1}/jobs/{{name}}/run", RUN, jobs.run_job, build_shapes.BuildShape, status=201,
        params=shapes.Named, body=build_shapes.RunBody, refusals=(MISSING, SENSELESS), summary="Queue a build",
    ),
    route(
        "POST", f"{V1}/jobs/{{name}}/pause", RUN, jobs.pause_job, shapes.Done,
        params=shapes.Named, refusals=(MISSING, SENSELESS), summary="Let nothing start the job but a person",
    ),
    route(
        "POST", f"{V1}/jobs/{{name}}/resume", RUN, jobs.resume_job, shapes.Done,
        params=shapes.Named, refusals=(MISSING, SENSELESS), summary="End a pause",
    ),
    route(
        "POST", f"{V1}/jobs/{{name}}/approve", RUN, jobs.approve_job, build_shapes.BuildShape, status=201,
        params=shapes.Named, refusals=(MISSING, SENSELESS), summary="Start a job that waits for a person",
    ),
    route(
        "DELETE", f"{V1}/jobs/{{name}}/waiting", RUN, jobs.delete_waiting, shapes.Done,
        params=shapes.Named, refusals=(MISSING, SENSELESS), summary="Give up what a strict job waits for",
    ),
    route(
        "GET", f"{V1}/jobs/{{name}}/versions", READ, resources.list_versions_of_job, pipeline_shapes.VersionList,
        params=pipeline_shapes.VersionsParams, refusals=(MISSING,), summary="The versions of a job",
    ),
    route(
        "GET", f"{V1}/jobs/{{name}}/builds/{{number}}", READ, builds.show_build_of_job, build_shapes.BuildAnswer,
        params=build_shapes.JobBuildParams, refusals=(MISSING,), summary="Build `number` of a job, or its `latest`",
    ),
)  # fmt: skip
RESOURCES = (
    route(
        "GET", f"{V1}/resources", READ, resources.list_resources, pipeline_shapes.ResourceList,
        summary="Every resource",
    ),
    route(
        "GET", f"{V1}/resources/{{name}}", READ, resources.show_resource, details.ResourceAnswer,
        params=shapes.Named, refusals=(MISSING,), summary="One resource",
    ),
    route(
        "GET", f"{V1}/resources/{{name}}/versions", READ, resources.list_versions_of_resource,
        pipeline_shapes.VersionList,
        params=pipeline_shapes.VersionsParams, refusals=(MISSING,), summary="The versions of a resource",
    ),
    route(
        "POST", f"{V1}/resources/{{name}}/versions", RUN, resources.add_version, shapes.Done,
        params=shapes.Named, body=pipeline_shapes.VersionBody, refusals=(MISSING, SENSELESS), headers=resources.HEADERS,
        summary="Record a version from outside and start what hangs on it",
    ),
    route(
        "DELETE", f"{V1}/nodes/{{name}}", ADMIN, resources.purge, build_shapes.PurgeAnswer,
        params=shapes.Named, refusals=(MISSING, SENSELESS),
        summary="Destroy a job or resource that no file has any more, with its versions and builds",
    ),
)  # fmt: skip
STATE = (
    route(
        "GET", f"{V1}/state", READ, saved.list_states, details.StateList,
        summary="What jobs and resources have saved, without the files",
    ),
    route(
        "GET", f"{V1}/state/{{name}}", READ, saved.show_state, details.StateAnswer,
        params=details.StateParams, refusals=(MISSING,), summary="The names of the files that one has saved",
    ),
    Route(
        method="GET", path=f"{V1}/state/{{name}}/content", scope=ADMIN, respond=saved.give_file,
        params=details.FileParams, content=(saved.BYTES,), refusals=(MISSING,),
        summary="A saved file as it is; it may hold secrets",
    ),
    route(
        "DELETE", f"{V1}/state/{{name}}", ADMIN, saved.remove_state, details.ForgottenShape,
        params=details.StateParams, refusals=(MISSING,), summary="Give up what one has saved",
    ),
)  # fmt: skip
BUILDS = (
    route(
        "GET", f"{V1}/builds", READ, builds.list_builds, build_shapes.BuildList,
        params=build_shapes.BuildsParams, summary="Builds, newest first",
    ),
    route(
        "GET", f"{V1}/builds/{{id}}", READ, builds.show_build, build_shapes.BuildAnswer,
        params=build_shapes.BuildParams, refusals=(MISSING,), summary="One build with its inputs",
    ),
    route(
        "POST", f"{V1}/builds/{{id}}/cancel", RUN, builds.cancel_build, build_shapes.BuildShape,
        params=build_shapes.BuildParams, body=build_shapes.CancelBody, refusals=(MISSING, SENSELESS),
        summary="End a build",
    ),
    route(
        "POST", f"{V1}/builds/{{id}}/replay", RUN, builds.replay_build, build_shapes.BuildShape, status=201,
        params=build_shapes.BuildParams, refusals=(MISSING, SENSELESS),
        summary="Queue a build with the input versions of this one",
    ),
)  # fmt: skip
MACHINES = (
    Route(
        method="GET", path="/healthz", scope=Scope.NOTHING, respond=telling.healthz, answer=shapes.Health,
        also=(503,), summary="Whether builds are taken: ready, degraded or draining, with the reasons",
    ),
    Route(
        method="GET", path="/metrics", scope=READ, respond=telling.metrics, content=("text/plain",),
        summary="Figures for Prometheus",
    ),
    Route(
        method="GET", path=f"{V1}/openapi.json", scope=Scope.NOTHING, respond=openapi.openapi,
        answer=shapes.Document, summary="This document",
    ),
)  # fmt: skip
LOGS = (
    Route(
        method="GET", path=f"{V1}/builds/{{id}}/log", scope=READ, respond=log_streams.stream_log, stream=True,
        params=build_shapes.LogParams, headers=log_streams.HEADERS, content=(log_streams.NDJSON, log_streams.SSE),
        refusals=(MISSING,), summary="The log of a build, record by record, and on while it grows",
    ),
)  # fmt: skip
TOKENS = (
    route("GET", f"{V1}/tokens", ADMIN, tokens.list_tokens, token_shapes.TokenList, summary="Every token"),
    route(
        "POST", f"{V1}/tokens", ADMIN, tokens.add_token, token_shapes.NewToken, status=201,
        body=token_shapes.TokenBody, refusals=(SENSELESS,), summary="Make a token",
    ),
    route(
        "DELETE", f"{V1}/tokens/{{id}}", ADMIN, tokens.revoke_token, shapes.Done,
        params=token_shapes.TokenParams, refusals=(MISSING,), summary="Revoke a token",
    ),
)  # fmt: skip

WEBHOOKS = (
    Route(
        method="POST", path="/webhooks/{name}", scope=Scope.NOTHING, respond=webhooks.take_of_provider,
        params=shapes.Named, answer=webhooks.WebhookAnswer, refusals=(UNPROVEN, MISSING),
        summary="A delivery of a provider, to the webhook of this name in the settings",
    ),
    Route(
        method="POST", path="/webhooks/resources/{name}", scope=Scope.NOTHING, respond=webhooks.take_of_resource,
        params=shapes.Named, answer=webhooks.WebhookAnswer, refusals=(UNPROVEN,),
        summary="A call of a `webhook` resource, with its name and its webhookKey as login",
    ),
)  # fmt: skip

ROUTES: tuple[Route, ...] = (
    *SERVICE, *PIPELINES, *JOBS, *RESOURCES, *STATE, *BUILDS, *LOGS, *TOKENS, *MACHINES, *WEBHOOKS,
)  # fmt: skip
