"""Commands that list the keys of an integration."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.shipctl.integrations import keys
from tests.shipctl.conftest import Answer, Job


def test_the_keys_of_a_resource_are_listed_and_no_part_of_a_value(job: Job) -> None:
    expected = "name\npassword\nJSON_key\npem\nempty\nnodes\n"
    assert job.shipctl("get_integration_resource_keys", "my.keys") == Answer(0, expected)


def test_the_keys_of_an_integration_of_the_job(job: Job) -> None:
    assert job.shipctl("get_integration_keys", "own") == Answer(0, "name\nurl\n")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (["get_integration_resource_keys", "my-repo"], "integration.env not present for resource: my-repo"),
        (["get_integration_resource_keys", "nobody"], "integration.env not present for resource: nobody"),
        (["get_integration_resource_keys", "gone"], "IN directory not present for resource: gone"),
        (["get_integration_keys", "other"], "integration.env not present for integration: other"),
        (["get_integration_keys", "../IN"], "integration.env not present for integration: ../IN"),
    ],
)
def test_what_has_no_integration_is_refused(job: Job, call: list[str], message: str) -> None:
    answer = job.shipctl(*call, environ={"GONE_META": str(job.root / "IN/gone")})
    assert answer == Answer(99, f"{message}\n")


def test_a_file_whose_quotes_do_not_match_is_read_line_by_line() -> None:
    assert list(keys('name="x"\nbroken="a"b"\nnext="y"')) == ["name", "broken", "next"]


NAMES = st.lists(st.text("abAB_09", min_size=1, max_size=4), min_size=1, max_size=4)
VALUES = st.text("a='\"\\$\n `{}", max_size=12)


@given(NAMES, st.data())
def test_a_quoted_value_never_gives_a_key(names: list[str], data: st.DataObject) -> None:
    words = [_quoted(data.draw(VALUES), data.draw(st.sampled_from(["'", '"', "$'"]))) for _ in names]
    text = "\n".join(f"{name}={word}" for name, word in zip(names, words, strict=True))
    assert list(keys(text)) == names


def _quoted(value: str, quote: str) -> str:
    """`value` as a word of the shell, line breaks as they are."""
    if quote == "'":
        return "'" + value.replace("'", "'\"'\"'") + "'"
    special = "\\'" if quote == "$'" else '\\"$`'
    return quote + "".join(f"\\{c}" if c in special else c for c in value) + quote[-1]
