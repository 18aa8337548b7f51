"""Every form of a secret is what the real tools print of it."""

import base64
import html
import itertools
import json
import os
import shlex
import shutil
import subprocess
import urllib.parse
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.logs.forms import SHORTEST, forms, too_short
from runner.logs.redaction import Redactor

KEY = "-----BEGIN KEY-----\n" + "\n".join(
    f"{line:02}MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7" for line in range(20)
)
VALUES = [
    "hunter22",
    "it's a $ecret",
    "a/b+c=d&e f~g*h(i)'j!",
    'say "hi" \\ `now` {x,y} [z]? <a> ^b|c;d:~e=~f#g',
    "~home#and #more",
    "#first",
    "päßwörd €5 漢字 😀",
    "two\nlines of'it",
    "tab\tbell\aescape\x1bdelete\x7fend\x01\r.",
    "100% sure %41 100%",
    KEY,
]
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), min_size=4, max_size=40)
SHELL_TEXT = st.text(st.sampled_from("ab \t'\"\\$`!#~:=*?[]{}(),;&|<>^%@-_+./\x1b\x7f\x01ä€"), min_size=4, max_size=12)


def shown(value: str, printed: str) -> str:
    return Redactor([value.encode("utf-8", "surrogateescape")]).redact(printed)


def bash(script: str, value: str, locale: str = "C.UTF-8", shell: str = "bash") -> str:
    """What a shell prints that has the value as `$X`, and its errors, without the last line end."""
    ran = subprocess.run(
        [shell, "-c", script],
        env={"PATH": os.environ["PATH"], "LC_ALL": locale, "X": value},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True,
    )  # fmt: skip
    return ran.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")


each_value = pytest.mark.parametrize("value", VALUES)


@each_value
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_what_bash_quotes_with_printf_q_is_hidden(value: str, locale: str) -> None:
    assert shown(value, bash('printf "%q" "$X"', value, locale)) in ("****", "$'****'")


@each_value
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_what_bash_prints_of_its_commands_under_set_x_is_hidden(value: str, locale: str) -> None:
    printed = shown(value, bash('set -x; : "$X"', value, locale))
    assert printed in ("+ : ****", "+ : '****'", "+ : $'****'")


@each_value
def test_what_bash_declares_and_quotes_for_reuse_is_hidden(value: str) -> None:
    printed = shown(value, bash('declare -p X; echo "${X@Q}"', value))
    assert set(printed.splitlines()) <= {f"{head}{quote}****{end}" for head in ("declare -x X=", "")
                                         for quote, end in (('"', '"'), ("'", "'"), ("$'", "'"))}  # fmt: skip


@each_value
def test_what_an_unquoted_variable_prints_is_hidden(value: str) -> None:
    assert shown(value, bash("set -f; echo $X", value)) == "****"


@given(SHELL_TEXT)
@settings(max_examples=40, deadline=None)
def test_what_bash_quotes_is_hidden_for_any_value(value: str) -> None:
    printed = bash('printf "%q\\n" "$X"; set -x; : "$X"', value)
    assert {line.strip("+ :$'") for line in shown(value, printed).splitlines()} == {"****"}


@each_value
@pytest.mark.parametrize(
    "command", ["base64", "base64 -w0", "openssl base64", "openssl base64 -A", "basenc --base64url"]
)
@pytest.mark.parametrize("end", ["", "\\n"])
def test_what_base64_tools_print_is_hidden(value: str, command: str, end: str) -> None:
    if shutil.which(command.split()[0]) is None:
        pytest.skip(f"{command.split()[0]} is not installed")
    assert shown(value, bash(f'printf "%s{end}" "$X" | {command}', value)) == "****"


@each_value
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_of_a_longer_text_shows_only_characters_that_the_neighbours_share(
    value: str, encode: Callable[[bytes], bytes]
) -> None:
    core = value.encode()
    for before, after, byte in itertools.product(range(4), range(4), (b"\0", b"\xff")):
        text = encode(byte * before + core + byte * after).decode()
        left, right = shown(value, text).split("****")
        assert text[: (before * 8 + 5) // 6].startswith(left)
        assert text[(before + len(core)) * 8 // 6 :].endswith(right)


@each_value
@pytest.mark.parametrize("safe", ["/", "", "!'()*", ";,/?:@&=+$!*'()#"])
def test_percent_encoding_is_hidden_in_either_case(value: str, safe: str) -> None:
    for printed in (urllib.parse.quote(value, safe=safe), urllib.parse.quote_plus(value)):
        lower = "%".join(
            [part if not at else part[:2].lower() + part[2:] for at, part in enumerate(printed.split("%"))]
        )
        assert shown(value, f"?x={printed}&y={lower}") == "?x=****&y=****"


@given(TEXT)
@settings(deadline=None)
def test_json_html_repr_and_shlex_are_hidden_for_any_value(value: str) -> None:
    for ascii in (True, False):
        once = json.dumps(value, ensure_ascii=ascii)
        assert shown(value, once) == '"****"'
        assert shown(value, once.replace("/", "\\/")) == '"****"'
        assert shown(value, json.dumps({"a": once}, ensure_ascii=ascii)) == '{"a": "\\"****\\""}'
    assert shown(value, html.escape(value)) == shown(value, html.escape(value, quote=False)) == "****"
    assert shown(value, repr(value)) in ('"****"', "'****'")
    assert shown(value, shlex.quote(value)).strip("'") == "****"


@each_value
@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
@pytest.mark.parametrize("options", ["-n $x", "-na $x", "-n $x|tojson", "-nr $x|@uri", "-nr $x|@base64", "-nr $x|@sh",
                                     "-nr $x|@html"])  # fmt: skip
def test_what_jq_prints_is_hidden(value: str, options: str) -> None:
    option, program = options.split(" ")
    printed = bash(f"jq {option} --arg x \"$X\" '{program}'", value)
    assert shown(value, printed).strip("\"'\\") == "****"


def test_a_value_of_several_lines_is_hidden_with_other_line_ends_and_line_by_line() -> None:
    for text in (KEY, KEY.replace("\n", "\r\n"), KEY.replace("\n", " "), KEY + "\n"):
        assert shown(KEY, text).rstrip("\n") == "****"
        assert shown(text, KEY) == "****" or "\n" not in text.rstrip("\n")
    indented = "".join(f"    {line}\n" for line in KEY.splitlines())
    assert shown(KEY, indented) == "    ****\n" * 21


def test_short_lines_of_a_value_are_hidden_only_in_their_place() -> None:
    value = '{\n  "a": 1,\n  "password": "hunter22"\n}'
    assert shown(value, '}\n "a": 1,\n"password": "hunter22"\n{') == '}\n "a": 1,\n****\n{'
    assert shown(value, f"<{value}>") == "<****>"


@given(st.binary(max_size=40))
def test_a_value_has_no_form_that_is_shorter_than_it_may_be(value: bytes) -> None:
    core = value.strip(b"\r\n")
    assert all(len(form) >= SHORTEST for form in forms(value))
    assert (core in forms(value)) == (len(core) >= SHORTEST)
    assert too_short(value) == (0 < len(core) < SHORTEST)
    if len(core) < SHORTEST:
        assert not forms(value)


def test_a_plain_value_has_few_forms() -> None:
    assert forms(b"hunter22") == {
        b"hunter22",
        b"aHVudGVyMj", b"h1bnRlcjIy", b"odW50ZXIyM",
        b"aHVudGVyMjI", b"aHVudGVyMjI=", b"aHVudGVyMjIK",
    }  # fmt: skip
