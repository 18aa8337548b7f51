"""Calls that are wrong, unknown or not there yet."""

from __future__ import annotations

import subprocess

import pytest

from tests.shipctl.conftest import Answer, Job

USAGES = {
    "to_uppercase": "to_uppercase ANY_STRING",
    "sanitize_shippable_string": "sanitize_shippable_string ",
    "get_resource_name": "get_resource_name RESOURCE_NAME",
    "get_resource_id": "get_resource_id RESOURCE_NAME",
    "get_resource_meta": "get_resource_meta RESOURCE_NAME",
    "get_resource_state": "get_resource_state RESOURCE_NAME",
    "get_resource_path": "get_resource_path RESOURCE_NAME",
    "get_resource_operation": "get_resource_operation RESOURCE_NAME",
    "get_resource_type": "get_resource_type RESOURCE_NAME",
    "get_resource_version_name": "get_resource_version_name RESOURCE_NAME",
    "get_resource_version_id": "get_resource_version_id RESOURCE_NAME",
    "get_resource_version_number": "get_resource_version_number RESOURCE_NAME",
    "get_resource_env": "get_resource_env RESOURCE_NAME ENV_NAME",
    "get_params_resource": "get_params_resource RESOURCE_NAME PARAM_NAME",
    "get_integration_resource_field": "get_integration_resource_field RESOURCE_NAME KEY_NAME",
    "get_integration_resource_keys": "get_integration_resource_keys RESOURCE_NAME",
    "get_integration_keys": "get_integration_keys INTEGRATION_NAME",
    "get_integration_field": "get_integration_field INTEGRATION_NAME KEY_NAME",
    "get_integration_resource": "get_integration_resource RESOURCE_NAME [KEY]",
    "get_resource_version_key": "get_resource_version_key RESOURCE_NAME KEY",
    "get_resource_pointer_key": "get_resource_pointer RESOURCE_NAME POINTER_KEY",
    "get_json_value": "get_json_value JSON_PATH FIELD",
    "post_resource_state": "post_resource_state RESOURCE_NAME STATE_NAME STATE_VALUE",
    "put_resource_state": "put_resource_state RESOURCE_NAME STATE_NAME STATE_VALUE",
    "post_resource_state_multi": "post_resource_state_multi RESOURCE_NAME STATE_ARRAY",
    "put_resource_state_multi": "put_resource_state_multi RESOURCE_NAME STATE_ARRAY",
    "copy_file_to_state": "copy_file_to_state FILE_PATH",
    "copy_file_from_prev_state": "copy_file_from_prev_state FILE_PATH RESTORE_PATH",
    "refresh_file_to_state": "refresh_file_to_state FILE_PATH",
    "copy_resource_file_from_state": "copy_resource_file_from_state RESOURCE_NAME FILE_NAME PATH_TO_COPY_INTO",
    "copy_file_from_resource_state": "copy_file_from_resource_state RESOURCE_NAME FILE_NAME PATH_TO_COPY_INTO",
    "refresh_file_to_out_path": "refresh_file_to_out_path FILE_NAME RES_NAME",
    "copy_file_to_resource_state": "copy_file_to_resource_state FILE_NAME RES_NAME",
    "aws-credentials": "aws-credentials NAME",
    "decrypt": "decrypt FILE [KEY]",
    "get_git_changes": "get_git_changes [--path | --resource]",
    "notify": "notify RESOURCE [OPTIONS]",
    "replicate": "replicate FROM_resource_name TO_resource_name",
    "split_tests": "split_tests TEST_PATH TEST_FILES_NAME_REGEX TEST_REPORTS_PATH",
}
TWO_NEEDED = (
    "get_resource_env",
    "get_params_resource",
    "get_integration_resource_field",
    "get_integration_field",
    "get_resource_version_key",
    "get_resource_pointer_key",
    "put_resource_state_multi",
    "copy_file_from_prev_state",
    "refresh_file_to_out_path",
    "replicate",
    "split_tests",
)


@pytest.mark.parametrize(("command", "usage"), USAGES.items())
def test_a_call_without_arguments_prints_its_usage(job: Job, command: str, usage: str) -> None:
    assert job.shipctl(command) == Answer(99, f"Usage: shipctl {usage}\n")


@pytest.mark.parametrize("command", TWO_NEEDED)
def test_one_argument_of_two_prints_the_usage(job: Job, command: str) -> None:
    assert job.shipctl(command, "x") == Answer(99, f"Usage: shipctl {USAGES[command]}\n")
    assert job.shipctl(command, "x", "") == Answer(99, f"Usage: shipctl {USAGES[command]}\n")


@pytest.mark.parametrize("command", [c for c in USAGES if c.startswith("get_resource")])
def test_an_empty_argument_counts_as_missing(job: Job, command: str) -> None:
    assert job.shipctl(command, "").status == 99


def test_no_command_is_exit_status_1_without_a_word(job: Job) -> None:
    assert job.shipctl() == Answer(1, "")
    assert job.shipctl("") == Answer(1, "")


@pytest.mark.parametrize("command", ["get_resource", "_run_other", "_post_curl", "main", "-n", "a b", "ünï"])
def test_an_unknown_command_is_named(job: Job, command: str) -> None:
    assert job.shipctl(command, "x") == Answer(99, f"The command {command} is not supported\n")


def test_a_service_is_on_no_host(job: Job) -> None:
    expected = "The command shippable_service is not supported on this image.\n"
    assert job.shipctl("service", "postgres", "start") == Answer(99, expected)


@pytest.mark.parametrize("call", [["put_resource_state", "r", "k", "v"], ["copy_file_to_state", "f"]])
def test_a_state_command_outside_a_job_says_what_is_missing(job: Job, call: list[str]) -> None:
    answer = job.shipctl(*call, environ={"JOB_STATE": ""})
    assert answer == Answer(99, "shipctl: JOB_STATE is not set: this command works inside a job\n")


def test_a_directory_that_cannot_be_written_is_one_sentence(job: Job) -> None:
    gone = str(job.root / "gone")
    answer = job.shipctl("put_resource_state", "r", "k", "v", environ={"JOB_STATE": gone})
    assert answer == Answer(1, "", f"shipctl put_resource_state: {gone}/r.env: No such file or directory\n")


def test_credentials_outside_a_job_are_refused_on_standard_error(job: Job) -> None:
    answer = job.shipctl("aws-credentials", "my-key-1")
    assert (answer.status, answer.out) == (1, "")
    assert answer.err.startswith("shipctl aws-credentials: ")
    assert "my-key-1" in answer.err


def test_a_reader_that_went_away_is_the_status_of_its_signal(job: Job) -> None:
    job.write("big.json", {"a": "x" * 1_000_000})
    script = "shipctl get_json_value big.json a | head -c 1; echo ${PIPESTATUS[0]}"
    done = subprocess.run(["bash", "-c", script], env=job.environ, cwd=job.root, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("x141\n", "")
