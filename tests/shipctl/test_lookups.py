"""Commands that read a variable or change a text."""

from __future__ import annotations

import pytest

from tests.shipctl.conftest import Answer, Job

ROWS = [
    (["to_uppercase", "my-Job.1 x"], "MY-JOB.1 X"),
    (["to_uppercase", "straße é"], "STRASSE É"),
    (["to_uppercase", "-n a\n"], "-N A\n"),
    (["to_uppercase", " * $HOME \\n"], " * $HOME \\N"),
    (["sanitize_shippable_string", "9my-Job.1_x ü"], "9myJob1_x"),
    (["sanitize_shippable_string", "--"], ""),
    (["get_resource_name", "my-Job.1_x"], "MYJOB1_X"),
    (["get_resource_name", "9my-key.res"], "MYKEYRES"),
    (["get_resource_name", "my_key_1"], "MY_KEY_1"),
    (["get_resource_name", "unknown"], "UNKNOWN"),
    (["get_resource_id", "my-repo"], "12"),
    (["get_resource_id", "1my-repo"], "12"),
    (["get_resource_operation", "my-repo"], "IN"),
    (["get_resource_type", "My Repo"], "gitRepo"),
    (["get_resource_version_name", "my-repo"], "v 1"),
    (["get_resource_version_id", "my-repo"], "4711"),
    (["get_resource_version_number", "my-repo"], "7"),
    (["get_resource_env", "my-repo", "pointer_region"], "us-east-1"),
    (["get_resource_env", "my-repo", "VersionName"], "v 1"),
    (["get_resource_env", "my-repo", "pointer-region"], ""),
    (["get_params_resource", "my-repo", "db-host"], "db.example"),
    (["get_params_resource", "my-repo", "DBHOST"], "db.example"),
    (["get_integration_resource_field", "my.keys", "Password"], 'p"$w`\\'),
    (["get_integration_resource_field", "my.keys", "name"], "keys"),
    (["get_integration_resource_field", "my.keys", "nothing"], ""),
    (["get_integration_field", "own", "url"], "https://own.example"),
    (["get_integration_field", "own", "nothing"], ""),
]


@pytest.mark.parametrize(("call", "expected"), ROWS, ids=[" ".join(row[0]) for row in ROWS])
def test_a_lookup_prints_one_value(job: Job, call: list[str], expected: str) -> None:
    assert job.shipctl(*call) == Answer(0, f"{expected}\n")


@pytest.mark.parametrize(("command", "below"), [("meta", ""), ("state", "/gitRepo"), ("path", "/gitRepo")])
def test_directories_of_a_resource(job: Job, command: str, below: str) -> None:
    assert job.shipctl(f"get_resource_{command}", "my-repo") == Answer(0, f"{job.root}/IN/my-repo{below}\n")


@pytest.mark.parametrize(
    "command",
    ["id", "meta", "state", "path", "operation", "type", "version_name", "version_id", "version_number"],
)
def test_an_unknown_resource_is_an_empty_line(job: Job, command: str) -> None:
    assert job.shipctl(f"get_resource_{command}", "nobody") == Answer(0, "\n")
    assert job.shipctl(f"get_resource_{command}", "nö body") == Answer(0, "\n")


@pytest.mark.parametrize(
    "value", ["  two  blanks ", "*", "-n foo", "-e a\\tb", "a\nb\n\n", "\udcff\udc81é", "$(id)", "%s"]
)
def test_a_value_is_printed_byte_for_byte(job: Job, value: str) -> None:
    job.environ["MYREPO_ID"] = value
    for name in ("my-repo", "my\u2028-repo"):
        assert job.shipctl("get_resource_id", name) == Answer(0, f"{value}\n")


def test_variables_of_the_shell_itself_are_not_answers(job: Job) -> None:
    assert job.shipctl("get_resource_env", "bash", "versinfo") == Answer(0, "\n")
    assert job.shipctl("get_resource_env", "comp", "wordbreaks") == Answer(0, "\n")


def test_a_field_of_an_integration_that_the_job_does_not_list_is_refused(job: Job) -> None:
    answer = job.shipctl("get_integration_field", "other", "url")
    assert answer == Answer(99, "integration.json not present for integration: other\n")


def test_bash_start_up_files_and_exported_functions_change_nothing(job: Job) -> None:
    start_up = job.write("start-up", "echo spoiled\n")
    spoiled = {"BASH_ENV": str(start_up), "ENV": str(start_up), "BASH_FUNC_printf%%": "() { echo spoiled; }"}
    assert job.shipctl("get_resource_id", "my-repo", environ=spoiled) == Answer(0, "12\n")
