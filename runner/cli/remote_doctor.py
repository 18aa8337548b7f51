"""`runner doctor --host`: how a service is."""

from __future__ import annotations

from runner.cli.tables import counted
from runner.client.client import Client
from runner.client.shapes import State, read_state
from runner.execution.host_checks import Check

READY, DEGRADED = "ready", "degraded"


def check_service(client: Client) -> list[Check]:
    """Raises ServiceError where it does not answer."""
    state = client.get("/service", read_state)
    return [_state(state), _version(state), _content(state), *_pools(state)]


def _state(state: State) -> Check:
    good = {READY: True, DEGRADED: False}.get(state.state)
    return Check("state", good, "; ".join((state.state, *state.reasons)), needed=True)


def _version(state: State) -> Check:
    from importlib.metadata import version

    ours = version("shippable-runner")
    same = state.version == ours
    return Check(
        "version", True if same else None, state.version if same else f"{state.version}, this runner is {ours}"
    )


def _content(state: State) -> Check:
    counts = ((state.pipelines, "pipeline"), (state.jobs, "job"), (state.resources, "resource"))
    text = ", ".join(counted(count, word) for count, word in counts)
    return Check("pipelines", state.pipelines > 0 or None, text)


def _pools(state: State) -> list[Check]:
    return [
        Check(f"pool {name}", None if queued else True, f"{used} of {capacity} run, {queued} wait")
        for name, capacity, used, queued in state.pools
    ]
