"""What the store knows, in the shapes of the API."""

from __future__ import annotations

from datetime import datetime

from runner.api.build_shapes import BuildShape, InputShape, JobShape, WaitingShape
from runner.api.details import HistoryShape, MadeVersionShape, ResourceAnswer, UseShape
from runner.api.pipeline_shapes import PipelineShape, ResourceShape, VersionShape
from runner.service.questions import JobView
from runner.store.pipelines import PipelineRow
from runner.store.resource_views import MadeVersion, ResourceView, Use
from runner.store.rows import BuildRow
from runner.store.views import InputRow, NodeRow
from runner.workspace.versions import Version


def build_shape(row: BuildRow) -> BuildShape:
    return BuildShape(
        id=row.id,
        job=row.job,
        number=row.number,
        item=row.item,
        status=row.status,
        triggered_by=row.triggered_by,
        pool=row.pool,
        manual=row.manual,
        by=row.requested_by,
        reset=row.reset,
        params=row.injected,
        replay_of=row.replay_of,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        reason=row.reason,
        exit_code=row.exit_code,
        signal=row.signal,
        ended_by=row.ended_by,
        cancel_reason=row.cancel_reason,
        left_alive=row.left_alive,
        log_dropped_records=row.dropped[0],
        log_dropped_bytes=row.dropped[1],
        published=tuple(sorted(row.published)),
    )


def input_shape(row: InputRow) -> InputShape:
    return InputShape(name=row.name, number=row.number, version_name=row.version_name)


def job_shape(view: JobView) -> JobShape:
    node, waiting = view.node, view.waiting
    return JobShape(
        name=node.name,
        type=node.type,
        pipeline=node.pipeline,
        deleted_at=node.deleted_at,
        paused=node.paused,
        stale=node.stale,
        last_status=node.last_status,
        starts_by_itself=view.by_itself,
        held_by=view.held_by,
        waiting=WaitingShape(triggered_by=waiting.triggered_by, since=waiting.since) if waiting else None,
        open=tuple(map(build_shape, view.open)),
    )


def resource_shape(node: NodeRow, problem: str | None) -> ResourceShape:
    return ResourceShape(
        name=node.name, type=node.type, pipeline=node.pipeline, deleted_at=node.deleted_at, problem=problem
    )


def resource_answer(node: NodeRow, view: ResourceView) -> ResourceAnswer:
    history = view.history
    return ResourceAnswer(
        name=node.name,
        type=node.type,
        pipeline=node.pipeline,
        deleted_at=node.deleted_at,
        problem=view.problem,
        declared=view.declared,
        integration=view.integration,
        ins=tuple(map(_use_shape, view.ins)),
        outs=tuple(map(_use_shape, view.outs)),
        history=HistoryShape(
            versions=history.versions, since=history.since, newest=tuple(map(_made_shape, history.newest))
        ),
    )


def _use_shape(use: Use) -> UseShape:
    return UseShape(
        job=use.job,
        versionName=use.version_name,
        versionNumber=use.version_number,
        switch=use.switch,
        on_failure=use.on_failure,
    )


def _made_shape(version: MadeVersion) -> MadeVersionShape:
    return MadeVersionShape(
        number=version.number,
        versionName=version.name,
        propertyBag=version.property_bag,
        created_at=version.created_at,
        build=version.build,
    )


def version_shape(version: Version) -> VersionShape:
    return VersionShape(
        id=version.id,
        number=version.number,
        versionName=version.name,
        propertyBag=version.property_bag,
        created_at=datetime.fromisoformat(version.created_at),
    )


def pipeline_shape(row: PipelineRow) -> PipelineShape:
    return PipelineShape(
        name=row.name,
        source=row.source,
        revision=row.revision,
        applied_at=row.applied_at,
        looked_at=row.looked_at,
        refused=row.refused,
        problems=row.problems,
        changes=row.changes,
    )
