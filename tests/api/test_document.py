"""The OpenAPI document and the page of the documents say what the service does, and it does what they say."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks

from runner.api.openapi import document
from runner.api.routes import ROUTES
from runner.daemon.service import Service
from tests.api.clients import over_socket
from tests.api.conftest import PIPELINE
from tests.api.test_tcp import listening, token
from tests.daemon.running import Host, serving

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


def test_every_route_is_in_the_document_and_on_the_page() -> None:
    described = document(ROUTES)
    page = PAGE.read_text("utf-8")
    for route in ROUTES:
        assert route.method.lower() in described["paths"][route.path], route.path
        path = route.path.removeprefix("/api/v1")
        assert re.search(rf"`{route.method} {re.escape(path)}[`?]", page), f"{route.method} {path}"
        assert set(re.findall(r"{(\w+)}", route.path)) <= set(route.params.__struct_encode_fields__)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A service on a thread of its own, over TCP: its URL and a token that may run."""
    host = Host(tmp_path_factory.mktemp("host"))
    host.write(PIPELINE)
    found: list[tuple[str, str]] = []
    ready, ending = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        async with (
            serving(listening(host, rate_limit=0)) as service,
            over_socket(host.settings.server.socket) as client,
        ):
            await service.pipelines.sync("shop")
            await service.orders.drain()
            found.append((url_of(service), await token(client, "fuzz", "run")))
            ready.set()
            await ending.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(30)
    yield found[0]
    loops[0].call_soon_threadsafe(ending.set)
    thread.join()


def url_of(service: Service) -> str:
    (address,) = service.listeners.addresses
    return f"http://{address}"


CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
schema = schemathesis.openapi.from_dict(document(ROUTES)).exclude(path_regex="/log$")


@schema.parametrize()
@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
def test_answers_are_as_the_document_says(case: schemathesis.Case, address: tuple[str, str]) -> None:  # type: ignore[type-arg]  # its parameter is its own affair
    url, bearer = address
    response = case.call(base_url=url, headers={"Authorization": f"Bearer {bearer}"})
    assert response.status_code != 500, response.text
    case.validate_response(response, checks=CHECKS)
