from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.integrations.catalogue import CATALOGUE
from runner.integrations.flatten import Flat, flatten, integration_env, integration_json, shell_word
from runner.integrations.model import ResolvedIntegration, Value
from runner.secret import Secret

ROLE = "arn:aws:iam::123456789012:role/team/deploy"
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


def integration(type_: str, values: Mapping[str, Value], name: str = "my-key") -> ResolvedIntegration:
    return ResolvedIntegration(name=name, type=CATALOGUE[type_], values=values)


def test_an_aws_role_gives_the_two_documented_variables_and_nothing_of_ours() -> None:
    role = integration("amazonIamRole", {"region": "eu-west-1", "externalId": "e", "assumeRoleARN": ROLE, "url": "u"})
    assert flatten(role) == (
        Flat("name", "my-key", secret=False),
        Flat("assumeRoleARN", ROLE, secret=False),
        Flat("awsAccountId", "123456789012", secret=False),
        Flat("url", "u", secret=False),
    )


def test_texts_come_in_the_order_of_the_catalogue_and_own_fields_last() -> None:
    flats = flatten(integration("jira", {"own": Secret("o"), "token": Secret("t"), "username": "u", "url": "x"}))
    assert [flat.key for flat in flats] == ["name", "url", "username", "token", "own"]
    assert [flat.secret for flat in flats] == [False, False, False, True, True]


def test_a_list_is_one_text_with_its_quotes_and_one_field_an_item() -> None:
    flats = flatten(integration("nodeCluster", {"nodes": ("10.0.0.1", "10.0.0.2"), "publicKey": "p"}))
    assert [(flat.key, flat.value) for flat in flats] == [
        ("name", "my-key"),
        ("publicKey", "p"),
        ("nodes", """'"10.0.0.1","10.0.0.2"'"""),
        ("nodes_0", "10.0.0.1"),
        ("nodes_1", "10.0.0.2"),
    ]


def test_pairs_are_spread_and_also_bare() -> None:
    flats = flatten(integration("keyValuePair", {"envs": {"A-1": Secret("a")}}))
    assert flats[1:] == (Flat("A-1", "a", secret=True, bare=True),)


def test_a_flat_field_does_not_show_its_value() -> None:
    assert "hush" not in repr(flatten(integration("slackKey", {"webhookUrl": Secret("hush")})))


def test_the_json_document_keeps_lists_and_spreads_pairs() -> None:
    nodes = json.loads(integration_json(integration("nodeCluster", {"nodes": ("a", "b")})))
    assert list(nodes.items()) == [
        ("id", "my-key"),
        ("masterName", "nodeCluster"),
        ("name", "my-key"),
        ("nodes", ["a", "b"]),
    ]
    pairs = json.loads(integration_json(integration("keyValuePair", {"envs": {"A": Secret("ü")}})))
    assert list(pairs) == ["id", "masterName", "name", "A"]
    assert pairs["A"] == "ü"


def test_the_env_file_is_written_as_shippable_wrote_it() -> None:
    role = integration("amazonIamRole", {"assumeRoleARN": ROLE})
    assert integration_env(role) == f'name="my-key"\nassumeRoleARN="{ROLE}"\nawsAccountId="123456789012"\n'
    nodes = integration("nodeCluster", {"nodes": ("a", "b"), "publicKey": "p"})
    assert integration_env(nodes) == """name="my-key"\npublicKey="p"\nnodes='"a","b"'\n"""


def test_a_key_that_bash_does_not_take_is_not_in_the_env_file() -> None:
    pairs = integration("keyValuePair", {"envs": {"1A": Secret("x"), "b-c": Secret("y")}})
    assert integration_env(pairs) == 'name="my-key"\nbc="y"\n'


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("plain text", '"plain text"'),
        ("", '""'),
        ("a'b", '"a\'b"'),
        ('a"b', "'a\"b'"),
        ("$HOME `id`", "'$HOME `id`'"),
        ("'\"", "''\"'\"'\"'"),
        ("two\nlines='", r"$'two\nlines=\''"),
    ],
)
def test_values_are_quoted_only_as_far_as_needed(text: str, word: str) -> None:
    assert shell_word(text) == word


@settings(max_examples=25, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=20))
def test_bash_reads_every_value_back_byte_for_byte(texts: list[str]) -> None:
    pairs = {f"K{index}": Secret(text) for index, text in enumerate(texts)}
    env = integration_env(integration("keyValuePair", {"envs": pairs}))
    assert len(env.split("\n")) == len(texts) + 2
    names = " ".join(f'"${name}"' for name in pairs)
    script = f"set -eu\n{env}\nprintf '%s\\0' {names}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"})
    assert done.stdout.split(b"\0")[:-1] == [text.encode() for text in texts]
