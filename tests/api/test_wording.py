"""Requests that do not fit, as people read of them."""

from __future__ import annotations

import msgspec
import pytest

from runner.api.build_shapes import BuildParams, CancelBody, RunBody
from runner.api.pipeline_shapes import ValidateBody
from runner.api.token_shapes import TokenBody
from runner.api.wording import sentence


@pytest.mark.parametrize(
    ("shape", "raw", "told"),
    [
        (TokenBody, {"name": "a", "foo": 1}, "foo: there is no such key"),
        (TokenBody, {}, "name: is missing"),
        (TokenBody, {"name": 3}, "name: must be a text, not a whole number"),
        (TokenBody, {"name": ""}, "name: must be a text like ^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"),
        (TokenBody, {"name": "a", "scope": "x"}, "scope: 'x' is none of the words that it may be"),
        (TokenBody, {"name": "a", "expires_at": "x"}, "expires_at: must be a time (2026-01-31T09:30:00Z)"),
        (BuildParams, {"id": "abc"}, "id: must be a whole number, not a text"),
        (BuildParams, {"id": 0}, "id: must be a whole number >= 1"),
        (RunBody, {"params": {"1": "a"}}, "a key of params: must be a text like ^[A-Za-z_][A-Za-z0-9_]*$"),
        (RunBody, {"params": {"a": 1}}, "params[...]: must be a text, not a whole number"),
        (RunBody, [1], "the body: must be an object, not a list"),
        (ValidateBody, {"files": [{"name": "x"}]}, "files[0].text: is missing"),
        (CancelBody, {"reason": "x" * 2000}, "reason: must be a text of a length <= 1024"),
    ],
)
def test_what_does_not_fit_is_told_with_its_key(shape: type[msgspec.Struct], raw: object, told: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(raw, shape)
    assert sentence(caught.value) == told


def test_a_body_that_is_no_json_is_told_as_such() -> None:
    with pytest.raises(msgspec.DecodeError) as caught:
        msgspec.json.decode(b"{", type=RunBody)
    assert sentence(caught.value).startswith("the body is no JSON: ")
