"""YAML: places, what is refused, and what other readers of YAML trip over."""

from __future__ import annotations

import subprocess
import sys

import pytest

from runner.pipeline.nodes import MappingNode, Scalar, SequenceNode
from runner.pipeline.problems import Place
from runner.pipeline.source import MAX_DEPTH, MAX_VALUES, compose, parse
from tests.pipeline.reading import errors, printed, read_job, read_text, without_code


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: b: c\n", "f:1:5: not valid YAML: ': ' is not expected here: put the value in quotes, or check the"
         " indentation"),
        ("a:\n  - x\n y: 3\n", "f:3:2: not valid YAML: this does not fit the lines above: check the indentation"),
        ("- a\nb: c\n", "f:2:1: not valid YAML: the list goes on here without '- ': check the indentation"),
        ("a: |\n x\ny\n", "f:4:1: not valid YAML: a key has no ':' behind it"),
        ("\na: [1, 2\nb: 3\n", "f:3:2: not valid YAML: a '[' or '{' is not closed, or a ',' is missing (it starts"
         " in line 2)"),
        ("jobs: [", "f:1:7: not valid YAML: the list that opens here is not closed"),
        ("a:\n  - [b, {c: 1\n\n", "f:2:9: not valid YAML: the mapping that opens here is not closed"),
        ('a: "x\nb: "y"\n', "f:2:5: not valid YAML: a quoted text that opens in line 1 ends here: is its own end"
         " missing?"),
        ('a: "x\n', "f:2:1: not valid YAML: a quoted text is not closed (it starts in line 1)"),
        ("a:\n\tb: c\n", "f:2:1: not valid YAML: a TAB cannot be used for indentation: use spaces"),
        ("a: @x\n", "f:1:4: not valid YAML: a value cannot start with '@': put it in quotes"),
        ("a: `x`\n", "f:1:4: not valid YAML: a value cannot start with '`': put it in quotes"),
        ('a: "\\q"\n', "f:1:5: not valid YAML: an unknown escape in a double-quoted text: use single quotes,"
         " or double the backslash"),
        ("a: -\n - b\n", "f:1:4: not valid YAML: a list cannot start here: put its '- ' on a line of its own"),
        ("a: 1\nb: \x07x\n", "f:2:4: not valid YAML: the control character U+0007 is not allowed"),
        ("a: \ud800", "f:1:4: not valid YAML: the control character U+D800 is not allowed"),
        ("%YAML 9.9\n---\na", "f:1:1: not valid YAML: found incompatible YAML document"),
    ],
)  # fmt: skip
def test_broken_yaml_is_one_sentence_with_its_place(text: str, sentence: str) -> None:
    root, problems = parse("f", text)
    assert root is None
    assert [without_code(p) for p in problems] == [sentence]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: *b\nc: 1\n", "f:1:4: alias *b is not defined here nor in shippable.templates.yml"),
        ("a: &b [*b]\n", "f:1:8: alias *b stands inside what it names"),
        ("a: 1\nb: 2\na: 3\n", "f:3:1: the key 'a' stands twice in one mapping: first at f:1:1"),
        ("1: a\n'1': b\n", "f:2:1: the key '1' stands twice in one mapping: first at f:1:1"),
        ("a: 1\n---\nb: 2\n", "f:2:1: a file holds one document: what follows this '---' is not read"),
        ("a: !vault x\n", "f:1:4: the tag '!vault' is not known (put a value that starts with '!' in quotes)"),
        ("a: !!binary x\n", "f:1:4: the tag '!!binary' is not known (put a value that starts with '!' in quotes)"),
        ("[a]: 1\n", "f:1:1: a key must be text, not a list or a mapping: put a text that starts with '[' or '{' in"
         " quotes"),
        ("a: {<<: 3}\n", "f:1:9: '<<' takes a mapping or a list of mappings"),
        ('a: "x\\0y"\n', "f:1:4: a text cannot hold the character NUL"),
    ],
)  # fmt: skip
def test_what_is_yaml_but_not_allowed_is_a_problem_and_reading_goes_on(text: str, sentence: str) -> None:
    root, problems = parse("f", text)
    assert isinstance(root, MappingNode)
    assert [without_code(p) for p in problems] == [sentence]


def test_a_line_break_in_a_name_does_not_split_a_message() -> None:
    assert printed(read_text('jobs:\n  - {name: "a\\nb", type: rSync}\n')) == [
        "shippable.yml:2:12: jobs[0].name: 'a\\nb' cannot be a name (letters, digits, '_', '-', '.' and spaces; first a"
        " letter, a digit or '_'; at most 255)"
    ]


def test_every_node_knows_where_it_stands() -> None:
    root, _ = parse("f", "a:\n  - x\n  - b: 'y'\n")
    assert isinstance(root, MappingNode)
    items = root.entries[0].value
    assert isinstance(items, SequenceNode)
    assert items.items[0] == Scalar("x", True, Place("f", 2, 5))
    inner = items.items[1]
    assert isinstance(inner, MappingNode)
    assert inner.entries[0].key.place == Place("f", 3, 5)
    assert inner.entries[0].value == Scalar("y", False, Place("f", 3, 8))


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "\ufeff", "---\n", "~\n", "\t\n"])
def test_an_empty_file_contributes_nothing(text: str) -> None:
    reading = read_text(text)
    assert printed(reading) == []
    assert not reading.pipeline.jobs


@pytest.mark.parametrize(("text", "what"), [("- a\n", "a list"), ("hello\n", "text"), ("5\n", "a number")])
def test_a_file_that_is_no_mapping_is_refused(text: str, what: str) -> None:
    reading = read_text(text)
    assert printed(reading) == [f"shippable.yml:1:1: a file is a mapping with jobs, resources, triggers, not {what}"]


def test_a_byte_order_mark_and_windows_lines_move_nothing() -> None:
    root, problems = parse("f", "\ufeffa: 1\r\nb: |\r\n  x\r\n  y\r\n")
    assert not problems
    assert isinstance(root, MappingNode)
    assert root.entries[1].value == Scalar("x\ny\n", False, Place("f", 2, 4))


def test_blank_lines_of_tabs_are_read_and_move_nothing() -> None:
    root, problems = parse("f", "a:\n\t\n  b: 1\t\t\n  \t \n  c: 2\n")
    assert not problems
    assert isinstance(root, MappingNode)
    inner = root.entries[0].value
    assert isinstance(inner, MappingNode)
    assert inner.entries[1].key.place == Place("f", 5, 3)


def test_a_tab_line_does_not_hide_where_the_real_mistake_is() -> None:
    _, problems = parse("f", "a:\n  b: 1\n   c: 2\n\t\n")
    assert problems[0].place == Place("f", 3, 5)


def test_a_tagged_text_is_text_and_a_tagged_number_is_a_number() -> None:
    root, problems = parse("f", "a: !!str 5\nb: !!int '5'\nc: ! 5\n")
    assert not problems
    assert isinstance(root, MappingNode)
    assert [entry.value.plain for entry in root.entries if isinstance(entry.value, Scalar)] == [False, True, False]


def test_merge_keys_bring_in_what_is_not_written_and_the_first_wins() -> None:
    root, problems = parse("f", "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {z: 3, <<: [*a, *b]}\n")
    assert not problems
    assert isinstance(root, MappingNode)
    merged = root.entries[2].value
    assert isinstance(merged, MappingNode)
    values = {e.key.text: e.value.text for e in merged.entries if isinstance(e.value, Scalar)}
    assert values == {"x": "1", "y": "1", "z": "3"}


@pytest.mark.parametrize("text", ["[" * 5000, "- " * 5000, "{a: " * 5000, "a: " + "[" * 200 + "]" * 200])
def test_deep_nesting_is_one_sentence(text: str) -> None:
    root, problems = parse("f", text)
    assert root is None
    assert [p.message for p in problems] == [f"lists and mappings stand more than {MAX_DEPTH} deep inside each other"]


def test_depth_that_is_made_by_aliases_counts_too() -> None:
    text = "a0: &a0 x\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 300))
    _, problems = parse("f", text)
    assert [p.message for p in problems] == [f"lists and mappings stand more than {MAX_DEPTH} deep inside each other"]


def test_aliases_that_multiply_are_refused_with_one_sentence() -> None:
    text = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30))
    _, problems = parse("f", text)
    assert [p.message for p in problems] == ["the aliases of this file stand for more than 1,000,000 values"]


def test_what_follows_the_last_value_that_a_file_may_hold_is_not_read() -> None:
    root, problems = parse("f", "- x\n" * (MAX_VALUES + 1) + "- ]\n")
    assert root is None
    assert [str(problem) for problem in problems] == [
        f"f:{MAX_VALUES + 1}:3: the file holds more than 400,000 values: divide it into several files [E126]"
    ]


def test_anchors_of_another_file_are_known_and_keep_their_places() -> None:
    templates = compose("t", "x: &x\n  - one\n")
    root, problems = parse("f", "a: *x\n", templates.anchors)
    assert not problems
    assert isinstance(root, MappingNode)
    assert root.entries[0].value.place == Place("t", 1, 4)


def test_an_undefined_alias_in_a_script_is_the_only_problem_of_its_job() -> None:
    _, reading = read_job("steps:\n  - TASK:\n      script:\n        - *missing\n")
    assert errors(reading) == ["shippable.yml:7:15: alias *missing is not defined here nor in shippable.templates.yml"]


def test_without_libyaml_the_same_places_and_tabs_are_read() -> None:
    program = (
        "import sys; sys.modules['yaml._yaml'] = None\n"
        "import yaml; print(yaml.__with_libyaml__)\n"
        "from runner.pipeline.reader import SourceFile, read\n"
        "text = 'resources:\\n\\t\\n  - name: a\\t\\n    type: stat\\n'\n"
        "print(*read([SourceFile('f', text)]).problems)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "False",
        "f:4:11: resources[0].type: 'stat' is not a resource type (did you mean 'state'?) [E401]",
    ]
