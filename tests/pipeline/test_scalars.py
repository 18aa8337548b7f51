"""The rule for scalars: a number only where printing it gives back what was written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.pipeline.model import Data
from runner.pipeline.nodes import MappingNode, Scalar, data, scalar_data
from runner.pipeline.problems import Place
from runner.pipeline.source import parse

PLACE = Place("f")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("-3", -3),
        ("0", 0),
        ("0.5", 0.5),
        ("1.0", 1.0),
        ("0.10", "0.10"),
        ("022", "022"),
        ("1_000", "1_000"),
        ("0x1f", "0x1f"),
        ("0o17", "0o17"),
        ("+5", "+5"),
        ("-0", "-0"),
        ("1e3", "1e3"),
        (".5", ".5"),
        ("22:22", "22:22"),
        (".inf", ".inf"),
        ("nan", "nan"),
        ("٣", "٣"),
        ("12345678901234567890", "12345678901234567890"),
        ("2019-01-01", "2019-01-01"),
        ("off", "off"),
        ("yes", "yes"),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("tRue", "tRue"),
        ("~", None),
        ("null", None),
        ("", None),
        ("None", "None"),
    ],
)
def test_a_plain_scalar_becomes(text: str, value: Data) -> None:
    assert scalar_data(Scalar(text, True, PLACE)) == value
    assert type(scalar_data(Scalar(text, True, PLACE))) is type(value)


@given(st.text())
def test_a_quoted_scalar_is_always_its_text(text: str) -> None:
    assert scalar_data(Scalar(text, False, PLACE)) == text


@given(st.one_of(st.text(alphabet="0123456789.-+e_x"), st.integers().map(str), st.floats().map(str)))
def test_a_number_prints_as_it_was_written(text: str) -> None:
    value = scalar_data(Scalar(text, True, PLACE))
    if isinstance(value, int | float):
        assert str(value) == text
        assert json.dumps(value) == text
    else:
        assert value in (text, None)


@given(
    st.text(
        st.characters(
            codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029\ufeff\ufffe\uffff"
        )
    )
)
def test_any_text_comes_back_out_of_a_file(text: str) -> None:
    root, problems = parse("f", "key: '" + text.replace("'", "''") + "'\n")
    if not problems:
        assert isinstance(root, MappingNode)
        assert data(root) == {"key": text}
