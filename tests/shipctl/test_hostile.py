"""Names and values that look like something else: they neither run nor break what stands beside them."""

from __future__ import annotations

import json
import os

import pytest

from tests.shipctl.conftest import Answer, Inside, Job

TEXTS = {
    "newline": "a\nb=c\n",
    "quotes": "'\"'\"",
    "substitution": "$(touch pwned)",
    "backtick": "`touch pwned`",
    "dash": "-n",
    "options": "--files-only",
    "blanks": "  a   * ?  ",
    "backslash": "\\n\\$x\\",
    "unicode": "é\u2028☃",
    "long": "x" * 100_000,
}
HOSTILE = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
MEGABYTE = 'é"\n$(x)' * 150_000


@HOSTILE
@pytest.mark.parametrize("command", ["get_json_value", "get_integration_resource", "get_resource_version_key"])
def test_a_key_and_its_value_are_found_as_they_are(job: Job, inside: Inside, command: str, text: str) -> None:
    key = text.strip() or "x"
    content = {key: text, "beside": "fine"}
    document = job.write("IN/my-repo/integration.json", content)
    job.write("IN/my-repo/version.json", {"version": {"propertyBag": content}})
    place = document if command == "get_json_value" else "my-repo"
    assert inside(command, place, key) == Answer(0, f"{text}\n")
    assert inside(command, place, "beside") == Answer(0, "fine\n")
    assert not (job.root / "pwned").exists()


@pytest.mark.parametrize("command", ["get_json_value", "get_integration_resource", "get_resource_version_key"])
def test_a_value_of_a_megabyte_is_printed_whole(job: Job, inside: Inside, command: str) -> None:
    document = job.write("IN/my-repo/integration.json", {"a": MEGABYTE})
    job.write("IN/my-repo/version.json", {"version": {"propertyBag": {"a": MEGABYTE}}})
    place = document if command == "get_json_value" else "my-repo"
    assert inside(command, place, "a") == Answer(0, f"{MEGABYTE}\n")


@HOSTILE
@pytest.mark.parametrize("command", ["put_resource_state", "post_resource_state"])
def test_a_state_value_adds_no_other_key(job: Job, inside: Inside, command: str, text: str) -> None:
    inside("put_resource_state", "r", "beside", "fine")
    answer = inside(command, "r", "k", text)
    before = "beside=fine\n"
    if "\n" in text:
        assert (answer.status, job.state("r.env")) == (99, before)
    else:
        assert answer == Answer(0, "")
        assert job.state("r.env") == f"{before if command.startswith('put') else ''}k={text}\n"
    assert sorted(os.listdir(job.root / "state")) == ["r.env"]


@pytest.mark.parametrize("name", [text for name, text in TEXTS.items() if name not in ("newline", "long")])
def test_a_state_file_bears_the_name_of_its_resource(job: Job, inside: Inside, name: str) -> None:
    assert inside("put_resource_state", name, "a", "b") == Answer(0, "")
    assert os.listdir(job.root / "state") == [f"{name}.env"]
    assert not (job.root / "pwned").exists()


@pytest.mark.parametrize("name", [text for name, text in TEXTS.items() if name != "long"])
def test_a_file_is_carried_under_its_own_name(job: Job, inside: Inside, name: str) -> None:
    (job.root / name).write_text(MEGABYTE)
    assert inside("copy_file_to_state", name).status == 0
    assert os.listdir(job.root / "state") == [name]
    assert (job.root / "state" / name).read_text() == MEGABYTE
    (job.root / "previousState" / name).write_text("old")
    assert inside("copy_file_from_prev_state", name, "back").status == 0
    assert (job.root / "back").read_text() == "old"


@HOSTILE
def test_a_replaced_value_is_not_read_again(job: Job, inside: Inside, text: str) -> None:
    file = job.write("-f", "<$HOSTILE|${HOSTILE}>")
    assert inside("replace", "-f", HOSTILE=text) == Answer(0, "")
    assert file.read_bytes() == f"<{text}|{text}>".encode()
    assert not (job.root / "pwned").exists()


def test_a_version_of_a_megabyte_is_replicated(job: Job, inside: Inside) -> None:
    bag = {"a": MEGABYTE, **TEXTS}
    job.write("IN/my-repo/version.json", {"version": {"propertyBag": bag}})
    job.write("OUT/my-out/version.json", {"version": {"propertyBag": {}}})
    assert inside("replicate", "my-repo", "my-out", MYOUT_TYPE="gitRepo") == Answer(0, "")
    document = json.loads((job.root / "OUT/my-out/version.json").read_text())
    assert document["version"]["propertyBag"] == bag
