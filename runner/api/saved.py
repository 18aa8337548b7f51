"""What jobs and resources have saved. The files themselves may hold secrets: they are for administrators."""

from __future__ import annotations

from aiohttp import web

from runner.api.callers import Caller
from runner.api.details import FileParams, FileShape, ForgottenShape, StateAnswer, StateList, StateParams, StateShape
from runner.api.routing import Call, read_params
from runner.api.served import Served
from runner.api.shapes import NoBody, NoParams
from runner.service.forgetting import forget_state
from runner.store import saved
from runner.store.saved import ListedFile, SavedState
from runner.store.sqlite import Transaction

BYTES = "application/octet-stream"


async def list_states(call: Call[NoParams, NoBody]) -> StateList:
    return StateList(states=tuple(map(_shape, await call.served.store.read(saved.states))))


async def show_state(call: Call[StateParams, NoBody]) -> StateAnswer:
    def look(tx: Transaction) -> tuple[SavedState, list[ListedFile]]:
        state = saved.state(tx, call.params.name, call.params.version)
        return state, saved.files(tx, state.digest)

    state, files = await call.served.store.read(look)
    shown = tuple(FileShape(path=file.path, mode=f"{file.mode:04o}", bytes=file.bytes) for file in files)
    return StateAnswer(state=_shape(state), files=shown)


async def give_file(request: web.Request, served: Served, caller: Caller) -> web.StreamResponse:
    asked = read_params(request, FileParams)
    content = await served.store.read(lambda tx: saved.content(tx, asked.name, asked.version, asked.path))
    return web.Response(body=content, content_type=BYTES)


async def remove_state(call: Call[StateParams, NoBody]) -> ForgottenShape:
    found = await forget_state(call.served.store, call.params.name, call.params.version)
    return ForgottenShape(versions=found.versions, files=found.files, bytes=found.bytes)


def _shape(state: SavedState) -> StateShape:
    return StateShape(
        name=state.name,
        kind=state.kind,
        type=state.type,
        version=state.version,
        versionName=state.version_name,
        build=state.build,
        saved_at=state.saved_at,
        files=state.files,
        bytes=state.bytes,
        digest=state.digest,
    )
