from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.integrations.catalogue import CATALOGUE, Need, Shape, find, nearest_type
from runner.integrations.role_arn import parse_role_arn


@pytest.mark.parametrize(
    ("word", "master_name"),
    [
        ("amazonIamRole", "amazonIamRole"),
        ("AWS IAM", "amazonIamRole"),
        ("aws iam", "amazonIamRole"),
        ("AMAZONIAMROLE", "amazonIamRole"),
        ("AWS_IAM", "AWS_IAM"),
        ("Slack", "slackKey"),
        ("slackkey", "slackKey"),
        ("KUBERNETES", "KUBERNETES"),
        ("Kubernetes", "kubernetesConfig"),
        ("kubernetes", "kubernetesConfig"),
        ("Jenkins", "Jenkins"),
        ("pem-key", "pem-key"),
        ("PEM key", "pemKey"),
    ],
)
def test_a_type_is_found_by_either_name(word: str, master_name: str) -> None:
    found = find(word)
    assert found is not None
    assert found.master_name == master_name


def test_an_unknown_type_gets_the_nearest_known_one() -> None:
    assert find("AWS IM") is None
    assert nearest_type("AWS IM") == "did you mean 'AWS IAM'?"
    assert nearest_type("zzzzzz") == ""


def test_the_table_says_what_each_field_is() -> None:
    keys = CATALOGUE["sshKey"]
    assert [field.marked for field in keys.fields] == ["publicKey*", "privateKey*!"]
    assert keys.needs == {Need.KEY_FILES}
    role = CATALOGUE["amazonIamRole"]
    assert [field.name for field in role.fields if field.required] == ["assumeRoleARN"]
    assert [field.name for field in role.fields if not field.exported] == ["region", "externalId", "deliver"]
    nodes = CATALOGUE["nodeCluster"].field("nodes")
    assert nodes is not None
    assert nodes.shape is Shape.LIST


def test_every_type_of_shippable_is_in_the_table() -> None:
    assert len([known for known in CATALOGUE.values() if not known.deprecated]) == 31
    assert len([known for known in CATALOGUE.values() if known.deprecated]) == 27


@pytest.mark.parametrize(
    ("text", "account", "path", "name"),
    [
        ("arn:aws:iam::123456789012:role/deploy", "123456789012", "/", "deploy"),
        ("arn:aws:iam::123456789012:role/a/b/deploy+1", "123456789012", "/a/b/", "deploy+1"),
        ("arn:aws-us-gov:iam::123456789012:role/d", "123456789012", "/", "d"),
    ],
)
def test_a_role_arn_is_taken_apart_and_put_together(text: str, account: str, path: str, name: str) -> None:
    arn = parse_role_arn(text)
    assert (arn.account, arn.path, arn.name) == (account, path, name)
    assert str(arn) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "arn:aws:iam::123456789012:user/deploy",
        "arn:aws:iam::12345678901:role/deploy",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::123456789012:role/a/",
        "arn:aws:iam::123456789012:role/deploy\n",
        "arn:aws:iam::١٢٣٤٥٦٧٨٩٠١٢:role/deploy",
        "arn:aws:iam::123456789012:role/dé",
        "arn:aws:iam::123456789012:role/" + "x" * 65,
    ],
)
def test_what_is_no_role_arn_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not the ARN of an IAM role"):
        parse_role_arn(text)


def test_the_arn_of_a_session_gets_the_one_that_was_meant() -> None:
    with pytest.raises(ValueError, match=r"did you mean 'arn:aws:iam::123456789012:role/deploy'\?"):
        parse_role_arn("arn:aws:sts::123456789012:assumed-role/deploy/me")


@given(st.text(max_size=80))
def test_any_text_is_a_type_or_not_but_never_a_crash(word: str) -> None:
    assert find(word) is None or find(word) in CATALOGUE.values()
    assert isinstance(nearest_type(word), str)
