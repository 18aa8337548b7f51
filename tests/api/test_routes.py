"""Each route, asked the way it is meant and in the ways it refuses."""

from __future__ import annotations

import asyncio
import os
import pwd

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
        assert [(b["job"], b["params"], b["by"]) for b in rest["builds"]] == [("build", {"COLOUR": "blue"}, user())]
        assert rest["next"] is None
        replayed = await client.post(f"/builds/{first['builds'][0]['id']}/replay")
        assert (replayed.status, replayed.body["replay_of"]) == (201, first["builds"][0]["id"])
        assert (await client.get("/jobs/build/builds/1")).body["build"]["number"] == 1
        assert [b["job"] for b in (await client.get("/builds?job=build&status=success")).body["builds"]] == ["build"]


async def test_the_service_tells_how_it_is_and_comes_to_rest(host: Host) -> None:
    async with served(host.settings) as (_, client):
        about = (await client.get("/service")).body
        assert (about["state"], about["pools"]) == ("ready", {"default": {"capacity": 4, "used": 0, "queued": 0}})
        assert (about["jobs"], about["resources"], about["pipelines"]) == (2, 2, 1)
        assert (await client.post("/service/drain", {"on": True})).body == {"changed": True}
        assert (await client.get("/service")).body["state"] == "draining"
        assert (await client.post("/jobs/build/run")).body["status"] == "queued"
        assert (await client.post("/service/drain", {"on": True, "now": True})).body == {"changed": False}
        assert (await client.post("/service/drain", {"on": False})).body == {"changed": True}


async def test_a_pipeline_is_read_again_and_its_problems_are_told(host: Host) -> None:
    async with served(host.settings) as (_, client):
        host.write("jobs:\n  - {name: a, type: runSsh}\n")
        synced = (await client.post("/pipelines/shop/sync")).body
        assert (synced["refused"], synced["applied"]) == (True, False)
        assert (await client.get("/pipelines/shop")).body["problems"] == synced["problems"]
        assert [each["name"] for each in (await client.get("/pipelines")).body["pipelines"]] == ["shop"]
        assert (await client.get("/service")).body["state"] == "degraded"


async def test_a_job_is_held_back_and_let_go(host: Host) -> None:
    async with served(host.settings) as (_, client):
        assert [job["name"] for job in (await client.get("/jobs")).body["jobs"]] == ["build", "deploy"]
        assert (await client.post("/jobs/build/pause")).body == {"changed": True}
        assert (await client.post("/jobs/build/pause")).body == {"changed": False}
        job = (await client.get("/jobs/build")).body
        assert (job["paused"], job["held_by"] is None) == (True, False)
        assert (await client.post("/jobs/build/resume")).body == {"changed": True}
        assert (await client.post("/jobs/build/approve")).refusal == (409, "conflict")
        assert (await client.call("DELETE", "/jobs/build/waiting")).refusal == (409, "conflict")


async def test_a_job_waits_for_a_person_where_a_switched_off_input_has_changed(host: Host) -> None:
    async with served(host.settings) as (service, client):
        await client.post("/resources/off/versions", {"versionName": "2"})
        assert (await client.get("/jobs/build")).body["stale"]
        assert (await client.post("/jobs/build/approve")).status == 201
        assert (await ended(service, "build")).requested_by == user()


async def test_a_version_from_outside_starts_what_hangs_on_it_once_for_each_key(host: Host) -> None:
    async with served(host.settings) as (service, client):
        key, body = {"Idempotency-Key": "abc"}, {"versionName": "2.0", "propertyBag": {"a": [1, {"b": None}]}}
        assert (await client.call("POST", "/resources/img/versions", body, headers=key)).body == {"changed": True}
        assert (await client.call("POST", "/resources/img/versions", body, headers=key)).body == {"changed": False}
        assert (await ended(service, "deploy")).triggered_by == "img"
        page = (await client.get("/resources/img/versions?limit=1")).body
        (newest,) = page["versions"]
        assert (newest["versionName"], newest["propertyBag"], page["next"]) == ("2.0", {"a": [1, {"b": None}]}, 2)
        older = (await client.get("/resources/img/versions?before=2")).body
        assert ([version["number"] for version in older["versions"]], older["next"]) == ([1], None)
        assert (await client.get("/jobs/deploy/versions")).status == 200
        assert [each["name"] for each in (await client.get("/resources")).body["resources"]] == ["img", "off"]
        assert (await client.get("/resources/img")).body["type"] == "image"


async def test_a_build_that_runs_is_cancelled_by_name(host: Host) -> None:
    pipe = host.pipe("begun")
    host.write(f"jobs: [{{name: a, type: runSh, steps: [TASK: {{script: ['echo > {pipe}; sleep 1000']}}]}}]")
    async with served(host.settings) as (service, client):
        build = (await client.post("/jobs/a/run")).body["id"]
        await asyncio.to_thread(pipe.read_text)
        assert (await client.post(f"/builds/{build}/cancel")).body["cancel_reason"] == f"cancelled by {user()}"
        assert (await ended(service, "a")).status == "cancelled"
        assert (await client.get(f"/builds/{build}")).body["build"]["ended_by"] == "user"


async def test_what_no_file_has_any_more_is_destroyed_on_demand_alone(host: Host) -> None:
    async with served(host.settings) as (service, client):
        assert (await client.call("DELETE", "/nodes/img")).refusal == (409, "conflict")
        await client.post("/jobs/build/run")
        row = await ended(service, "deploy")
        host.write("resources: []\n")
        await client.post("/pipelines/shop/sync")
        assert (await client.get("/jobs/deploy")).body["deleted_at"] is not None
        assert (await client.post("/jobs/deploy/run")).refusal == (409, "conflict")
        assert (await client.call("DELETE", "/nodes/deploy")).body == {"builds": [row.id]}
        assert (await client.get("/jobs/deploy")).refusal == (404, "not_found")


async def test_files_are_checked_without_being_applied(host: Host) -> None:
    async with served(host.settings) as (_, client):
        files = [{"name": "shippable.yml", "text": "jobs:\n  - {name: x, type: runSsh}\n"}]
        checked = (await client.post("/validate", {"files": files})).body
        (problem,) = checked["problems"]
        assert (checked["refused"], problem["line"]) == (True, 2)
        assert problem["text"].startswith("shippable.yml:2:")
        large = [{"name": "shippable.yml", "text": " " * 1_100_000}]
        assert (await client.post("/validate", {"files": large})).refusal == (413, "too_large")
        assert len((await client.get("/jobs")).body["jobs"]) == 2


MISSING = [
    ("GET", "/jobs/none"),
    ("POST", "/jobs/none/run"),
    ("POST", "/jobs/none/pause"),
    ("GET", "/jobs/build/builds/latest"),
    ("GET", "/jobs/img/versions"),
    ("GET", "/resources/build"),
    ("POST", "/resources/none/versions"),
    ("GET", "/pipelines/none"),
    ("POST", "/pipelines/none/sync"),
    ("GET", "/builds/99"),
    ("POST", "/builds/99/cancel"),
    ("DELETE", "/nodes/none"),
    ("DELETE", "/tokens/99"),
    ("GET", "/nothing"),
]


async def test_what_is_not_there_is_not_found(host: Host) -> None:
    async with served(host.settings) as (_, client):
        for method, path in MISSING:
            assert ((await client.call(method, path)).refusal, path) == ((404, "not_found"), path)


BAD: list[tuple[str, str, object]] = [
    ("GET", "/builds?limit=0", None),
    ("GET", "/builds?limit=501", None),
    ("GET", "/builds?statsu=success", None),
    ("GET", "/builds/one", None),
    ("GET", "/jobs/build/builds/0", None),
    ("POST", "/jobs/build/run", {"params": {"1x": ""}}),
    ("POST", "/jobs/build/run", {"params": {"BUILD_NUMBER": "7"}}),
    ("POST", "/jobs/build/run", {"parms": {}}),
    ("POST", "/jobs/build/run", []),
    ("POST", "/tokens", {"name": "a b"}),
    ("POST", "/tokens", {"name": "a", "expires_at": "2001-01-01T00:00:00Z"}),
    ("POST", "/validate", {"files": []}),
]


async def test_what_cannot_be_meant_is_a_bad_request(host: Host) -> None:
    async with served(host.settings) as (_, client):
        for method, path, body in BAD:
            assert ((await client.call(method, path, body)).refusal, path) == ((400, "bad_request"), path)


async def test_a_body_beyond_the_limit_and_a_wrong_method_are_refused(host: Host) -> None:
    large = {"propertyBag": {"a": "x" * 11 * 1024 * 1024}}
    async with served(host.settings) as (_, client):
        assert (await client.post("/resources/img/versions", large)).refusal == (413, "too_large")
        assert (await client.call("PUT", "/jobs")).refusal == (405, "method_not_allowed")


def user() -> str:
    """Whose process this is."""

    return pwd.getpwuid(os.getuid()).pw_name
