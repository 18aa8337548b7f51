"""Values that are too long for a variable are found in the job's documents."""

from __future__ import annotations

import json

import pytest

from tests.shipctl.conftest import Answer, Inside, Job

LONG = "é\n'\"$(id)" * 20_000


@pytest.fixture
def long_job(job: Job) -> Job:
    integration = {"id": "i", "masterName": "m", "name": "i", "a-b": LONG, "AB": "other", "nodes": [LONG, "b"]}
    job.write("integrations/own/integration.json", integration)
    job.write("IN/my.keys/integration.json", {"kubeConfigContent": LONG})
    params = {"Big-One": LONG, "deep": {"x": [1.50, True, None, LONG]}, "none": None, "yes": True}
    job.write("IN/my-repo/version.json", {"version": {"propertyBag": {"params": params}}})
    return job


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (["get_integration_resource_field", "my.keys", "kubeconfigcontent"], LONG),
        (["get_integration_resource_field", "my.keys", "kube-Config.Content"], LONG),
        (["get_integration_resource_field", "my-repo", "url"], ""),
        (["get_integration_resource_field", "nobody", "url"], ""),
        (["get_integration_field", "own", "A-b"], "other"),
        (["get_integration_field", "own", "nodes"], f"""'"{LONG}","b"'"""),
        (["get_integration_field", "own", "masterName"], ""),
        (["get_params_resource", "my-repo", "bigone"], LONG),
        (["get_params_resource", "my-repo", "deep"], f'{{"x":[1.5,true,null,{json.dumps(LONG, ensure_ascii=False)}]}}'),
        (["get_params_resource", "my-repo", "none"], ""),
        (["get_params_resource", "my-repo", "yes"], "true"),
        (["get_params_resource", "my-repo", "other"], ""),
        (["get_params_resource", "my.keys", "other"], ""),
    ],
)
def test_a_value_without_a_variable_is_taken_from_the_documents(
    long_job: Job, inside: Inside, call: list[str], expected: str
) -> None:
    assert inside(*call) == Answer(0, f"{expected}\n")


def test_the_shim_leaves_it_to_python(long_job: Job) -> None:
    answer = long_job.shipctl("get_integration_resource_field", "my.keys", "kubeconfigcontent")
    assert answer == Answer(0, f"{LONG}\n")


def test_a_variable_goes_before_the_documents(long_job: Job, inside: Inside) -> None:
    set_by_script = {"OWN_INTEGRATION_AB": ""}
    assert inside("get_integration_field", "own", "a-b", **set_by_script) == Answer(0, "\n")
