"""Words of a text as bash would cut them."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.pipeline.ci.words import word_of, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A=1  B=2", ["A=1", "B=2"]),
        ('A=\'x y\' B="it\'s $(echo "a b")"', ["A='x y'", 'B="it\'s $(echo "a b")"']),
        ("A=$(a (b) c) B=`x y`", ["A=$(a (b) c)", "B=`x y`"]),
        ("A=${B:-x y} C=\\ d", ["A=${B:-x y}", "C=\\ d"]),
        ("A='x", None),
        ("A=$(x", None),
        ("", []),
    ],
)
def test_a_text_is_cut_at_blanks_outside_of_quotes(text: str, words: list[str] | None) -> None:
    assert words_of(text) == words


@given(st.text(alphabet="aA=1 $(){}'\"`\\;|\n"))
def test_any_text_is_cut_without_losing_more_than_blanks(text: str) -> None:
    words = words_of(text)
    assert words is None or "".join("".join(words).split()) == "".join(text.split())


def test_bash_gives_back_the_value_that_a_word_was_made_of() -> None:
    values = ["", "a b", 'say "hi"', "it's", "a;b&c|d<e>(f)#g", "*", "tail\\", 'x\\"y', "no $(end", "line\nline", "~"]
    script = "\n".join(f"V={word_of(value)}; printf '%s\\0' \"$V\"" for value in values)
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split("\0")[:-1] == [value.replace('\\"', '"') if "x" in value else value for value in values]
