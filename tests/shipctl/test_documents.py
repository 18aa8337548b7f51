"""Commands that read JSON."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.shipctl.json_text import find, parse, shown
from tests.shipctl.conftest import Answer, Job

KEYS = [
    ("versionName", "v 1"),
    ("versionId", "4711"),
    ("versionNumber", "7"),
    ("sourceName", "me/my-repo"),
    ("shaData.commitSha", "abc123"),
    ("shaData.isPullRequest", "false"),
    ("shaData.commitMessage", 'say "hi"\nüñí'),
    ("with-dash", "ok"),
    ("one.two", "dotted"),
    ("ratio", "1.0"),
    ("big", "1e3"),
    ("exact", "12345678901234567890.10"),
    ("none", "null"),
    ("missing", "null"),
    ("missing.deep.er", "null"),
    ("sourceName.deep", "null"),
    ("list[0]", "a"),
    ("list[1][0]", "b"),
    ("list[-1]", '[\n  "b"\n]'),
    ("list[7]", "null"),
    ("empty", "{}"),
    ("list", '[\n  "a",\n  [\n    "b"\n  ]\n]'),
    ("nested", '{\n  "k": [\n    1.50,\n    true,\n    null,\n    "täb\\t"\n  ],\n  "e": []\n}'),
]


@pytest.mark.parametrize(("key", "expected"), KEYS, ids=[key for key, _ in KEYS])
def test_a_key_of_a_version(job: Job, key: str, expected: str) -> None:
    assert job.shipctl("get_resource_version_key", "my-repo", key) == Answer(0, f"{expected}\n")


@pytest.mark.parametrize(
    ("key", "expected"), [("region", "us-east-1"), ("my-key", "dash"), ("count", "2"), ("no", "null")]
)
def test_a_key_of_the_pointer(job: Job, key: str, expected: str) -> None:
    assert job.shipctl("get_resource_pointer_key", "my-repo", key) == Answer(0, f"{expected}\n")


def test_a_version_without_the_asked_part_is_null(job: Job) -> None:
    assert job.shipctl("get_resource_version_key", "my.keys", "versionName") == Answer(0, "null\n")
    assert job.shipctl("get_resource_pointer_key", "my.keys", "region") == Answer(0, "null\n")


@pytest.mark.parametrize("command", ["get_resource_version_key", "get_resource_pointer_key"])
def test_a_resource_without_version_file_is_refused(job: Job, command: str) -> None:
    assert job.shipctl(command, "nobody", "k") == Answer(99, "version.json not present for resource: nobody\n")
    environ = {"NOBODY_META": str(job.root / "IN/nobody")}
    expected = Answer(99, "IN directory not present for resource: nobody\n")
    assert job.shipctl(command, "nobody", "k", environ=environ) == expected


def test_an_integration_resource_is_printed_as_its_file_is(job: Job) -> None:
    assert job.shipctl("get_integration_resource", "my.keys") == Answer(
        0, '{\n  "name": "keys",\n  "pass word": "x"\n}'
    )
    assert job.shipctl("get_integration_resource", "my.keys", "pass word") == Answer(0, "x\n")
    assert job.shipctl("get_integration_resource", "my.keys", "none") == Answer(0, "null\n")


@pytest.mark.parametrize(("name", "path"), [("my-repo", "{root}/IN/my-repo"), ("nobody", "")])
def test_a_resource_that_is_no_integration_says_so_and_succeeds(job: Job, name: str, path: str) -> None:
    file = f"{path.format(root=job.root)}/integration.json"
    text = f"The given resource is not of type integration. {file}: No such file or directory\n"
    assert job.shipctl("get_integration_resource", name) == Answer(0, text)
    assert job.shipctl("get_integration_resource", name, "key") == Answer(0, text)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (["a"], "1"),
        (["b.c-d"], "x y"),
        ([".a"], "1"),
        (["zzz"], "null"),
        ([""], '{\n  "a": 1,\n  "b": {\n    "c-d": "x y"\n  }\n}'),
        ([], '{\n  "a": 1,\n  "b": {\n    "c-d": "x y"\n  }\n}'),
    ],
)
def test_a_field_of_any_file(job: Job, call: list[str], expected: str) -> None:
    job.write("my file.json", '\ufeff{"a":1,"b":{"c-d":"x y"}}\n')
    assert job.shipctl("get_json_value", "my file.json", *call) == Answer(0, f"{expected}\n")


def test_a_missing_file_is_a_sentence_and_succeeds(job: Job) -> None:
    assert job.shipctl("get_json_value", "no.json", "a") == Answer(
        0, "no.json: No such file present in this directory\n"
    )
    assert job.shipctl("get_json_value", "IN", "a") == Answer(0, "IN: No such file present in this directory\n")


@pytest.mark.parametrize("text", ["", "{", '{"a":1} x', "[1,]", "nope", "[" * 100_000, "{'a':1}"])
def test_a_file_that_is_not_json_is_one_sentence(job: Job, text: str) -> None:
    path = job.write("bad.json", text)
    answer = job.shipctl("get_json_value", path, "a")
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith(f"shipctl: {path} is not valid JSON: ")
    assert answer.err.count("\n") == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_what_is_printed_reads_as_the_same_document(value: object) -> None:
    document = shown([parse(json.dumps(value).encode())])
    assert json.loads(document) == [value]


@given(st.dictionaries(st.text("ab.[0]-", min_size=1, max_size=4), st.integers(0, 9), min_size=1))
def test_every_key_of_an_object_can_be_named(document: dict[str, int]) -> None:
    read = parse(json.dumps(document).encode())
    assert all(find(read, key) == str(value) for key, value in document.items())


@pytest.mark.skipif(not Path("/usr/bin/jq").exists(), reason="jq is not installed")
@pytest.mark.parametrize("key", ["shaData", "list", "nested.k[3]", "shaData.commitMessage", "none", "empty", "with_no"])
def test_jq_prints_the_same(job: Job, key: str) -> None:
    path = job.root / "IN/my-repo/version.json"
    jq = subprocess.run(["jq", "-r", f".version.propertyBag.{key}", path], capture_output=True, text=True)
    assert job.shipctl("get_resource_version_key", "my-repo", key) == Answer(0, jq.stdout)


def test_bytes_that_are_no_text_pass_through(job: Job) -> None:
    (job.root / "raw.json").write_bytes(b'{"a":"\xff\xe9","half":"\\ud800"}')
    assert job.shipctl("get_json_value", "raw.json", "a") == Answer(0, "\udcff\udce9\n")
    assert job.shipctl("get_json_value", "raw.json", "half") == Answer(0, "?\n")
