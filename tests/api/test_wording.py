"""Requests that do not fit, as people read of them."""

from __future__ import annotations

import msgspec
import pytest

from runner.api import shapes
from runner.api.wording import sentence


@pytest.mark.parametrize(
    ("shape", "raw", "told"),
    [
        (shapes.TokenBody, {"name": "a", "foo": 1}, "foo: there is no such key"),
        (shapes.TokenBody, {}, "name: is missing"),
        (shapes.TokenBody, {"name": 3}, "name: must be a text, not a whole number"),
        (shapes.TokenBody, {"name": ""}, "name: must be a text like ^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"),
        (shapes.TokenBody, {"name": "a", "scope": "x"}, "scope: 'x' is none of the words that it may be"),
        (shapes.TokenBody, {"name": "a", "expires_at": "x"}, "expires_at: must be a time (2026-01-31T09:30:00Z)"),
        (shapes.BuildParams, {"id": "abc"}, "id: must be a whole number, not a text"),
        (shapes.BuildParams, {"id": 0}, "id: must be a whole number >= 1"),
        (shapes.RunBody, {"params": {"1": "a"}}, "a key of params: must be a text like ^[A-Za-z_][A-Za-z0-9_]*$"),
        (shapes.RunBody, {"params": {"a": 1}}, "params[...]: must be a text, not a whole number"),
        (shapes.RunBody, [1], "the body: must be an object, not a list"),
        (shapes.ValidateBody, {"files": [{"name": "x"}]}, "files[0].text: is missing"),
        (shapes.CancelBody, {"reason": "x" * 2000}, "reason: must be a text of a length <= 1024"),
    ],
)
def test_what_does_not_fit_is_told_with_its_key(shape: type[msgspec.Struct], raw: object, told: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(raw, shape)
    assert sentence(caught.value) == told


def test_a_body_that_is_no_json_is_told_as_such() -> None:
    with pytest.raises(msgspec.DecodeError) as caught:
        msgspec.json.decode(b"{", type=shapes.RunBody)
    assert sentence(caught.value).startswith("the body is no JSON: ")
