"""Each route, asked the way it is meant and in the ways it refuses."""

from __future__ import annotations

from tests.api.clients import served
from tests.daemon.running import Host, ended


async def test_a_build_is_ordered_watched_and_found_again(host: Host) -> None:
    async with served(host.settings) as (service, client):
        ordered = await client.post("/jobs/build/run", {"params": {"COLOUR": "blue"}})
        assert (ordered.status, ordered.body["status"]) == (201, "queued")
        await ended(service, "build")
        await ended(service, "deploy")
        found = await client.get("/jobs/deploy/builds/latest")
        assert found.body["build"]["triggered_by"] == "img"
        assert found.body["inputs"] == [{"name": "img", "number": 2, "version_name": "1.1"}]
        first = (await client.get("/builds?limit=1")).body
        assert [build["job"] for build in first["builds"]] == ["deploy"]
        rest = (await client.get(f"/builds?before={first['next']}")).body
        assert [(b["job"], b["params"]) for b in rest["builds"]] == [("build", {"COLOUR": "blue"})]
        assert rest["next"] is None
