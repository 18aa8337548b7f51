"""A call of a webhook resource: who may, and what its version holds."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.pipeline.plain import Json
from runner.secret import Secret
from runner.triggers.delivery import RefusedDelivery
from runner.triggers.webhook import check_basic, key_of, version_of_payload
from tests.triggers.events import resource

HOOK = resource("webhook", webhookKey="s3cret:é")


def basic(name: str, key: str, scheme: str = "Basic") -> str:
    return f"{scheme} {base64.b64encode(f'{name}:{key}'.encode()).decode()}"


def test_the_name_and_the_key_of_the_resource_open_it() -> None:
    assert check_basic(basic("shop", "s3cret:é"), "shop", key_of(HOOK))
    assert check_basic(basic("shop", "s3cret:é", "basic"), "shop", key_of(HOOK))


@pytest.mark.parametrize(
    "header",
    ["", "Basic", "Basic !", basic("shop", "other"), basic("other", "s3cret:é"), basic("shop", "s3cret:é", "Bearer")],
)
def test_anything_else_does_not(header: str) -> None:
    assert not check_basic(header, "shop", key_of(HOOK))


def test_a_resource_without_a_key_is_closed_to_all() -> None:
    assert not check_basic(basic("shop", ""), "shop", key_of(resource("webhook")))


@given(st.text(st.characters(exclude_categories=[])))
def test_no_header_breaks_the_check(header: str) -> None:
    assert not check_basic(header, "shop", Secret("k" * 30))
    assert not check_basic("Basic " + header, "shop", Secret("k" * 30))


@pytest.mark.parametrize(
    ("content_type", "body", "payload"),
    [
        ("application/json", b'{"a": [1]}', {"a": [1]}),
        ("application/vnd.x+json; charset=utf-8", b"[]", []),
        ("application/x-www-form-urlencoded", b"a=1&b=x+y", {"a": "1", "b": "x y"}),
        ("application/x-www-form-urlencoded", b'{"a": "b=c"}', {"a": "b=c"}),
        ("", b'{"a": 1}', {"a": 1}),
        ("text/plain", b"hello", "hello"),
        ("application/json", b"", {}),
    ],
)
def test_the_payload_is_what_was_sent(content_type: str, body: bytes, payload: Json) -> None:
    bag = version_of_payload(HOOK, {"Content-Type": content_type}, body)
    assert bag["payload"] == bag["webhookRequestBody"] == payload


def test_the_version_has_the_headers_but_nothing_that_opens_doors() -> None:
    bag = version_of_payload(HOOK, {"Authorization": "Basic x", "Cookie": "y", "X-Who": "kim"}, b"{}")
    assert bag["webhookRequestHeaders"] == {"x-who": "kim"}
    assert "webhookKey" not in bag


@pytest.mark.parametrize(("content_type", "body"), [("application/json", b"{"), ("text/plain", b"\xff")])
def test_a_body_that_cannot_be_kept_is_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(RefusedDelivery) as refused:
        version_of_payload(HOOK, {"content-type": content_type}, body)
    assert refused.value.status == 400


@given(st.sampled_from(["application/json", "application/x-www-form-urlencoded", "text/plain", ""]), st.binary())
def test_any_body_is_taken_or_refused(content_type: str, body: bytes) -> None:
    try:
        status = 200 if "payload" in version_of_payload(HOOK, {"content-type": content_type}, body) else 500
    except RefusedDelivery as refused:
        status = refused.status
    assert status in (200, 400)
