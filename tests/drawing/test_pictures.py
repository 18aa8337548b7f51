"""`runner graph`: every form draws every job, resource and arrow, and tells apart what starts what."""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from pathlib import Path
from textwrap import dedent
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.cli.graph import command
from runner.drawing.languages import dot_of, mermaid_of
from runner.drawing.layers import layers_of
from runner.drawing.picture import Line, Picture, picture_of
from runner.drawing.svg import svg_of
from runner.drawing.text import text_of
from runner.pipeline.reader import SourceFile, read

TEXT = """
resources:
  - {name: repo, type: gitRepo, versionTemplate: {sourceName: a/b}}
  - {name: img, type: image, versionTemplate: {sourceName: a, versionName: b}}
  - {name: v, type: version, versionTemplate: {versionName: 1.0.0}}
jobs:
  - {name: build, type: runSh, steps: [IN: repo, OUT: img, TASK: {script: [a]}]}
  - {name: test, type: runSh, steps: [IN: img, TASK: {script: [a]}]}
  - name: ship
    type: runSh
    steps: [{IN: test, switch: off}, {IN: img, versionName: ok}, IN: v, OUT: v, TASK: {script: [a]}]
"""
SVG = "{http://www.w3.org/2000/svg}"


def picture(text: str = TEXT, *around: str) -> Picture:
    return picture_of(read([SourceFile("shippable.yml", text)]).pipeline, around)


def test_the_text_form_draws_rails_from_what_is_read_to_what_reads() -> None:
    assert text_of(picture(), 80) == dedent("""\
        ○        repo (gitRepo)
        ╰▶■      build (runSh) ← repo
        ○◀┴╌╮    img (image)
        ╰▶■ ┊    test (runSh) ← img
        ○◀┊─┊─╮  v (version), loop
        ╰─┴─┴▶■  ship (runSh), loop ← test (off), img (pinned to ok), v

        ■ job  ○ resource  ─ starts or writes  ╌ is read, starts nothing
        """)


@pytest.mark.parametrize("width", [20, 45, 60, 200])
def test_no_line_of_the_text_form_is_wider_than_the_terminal(width: int) -> None:
    assert max(len(line) for line in text_of(picture(), width).splitlines()) <= width


def test_inputs_that_start_nothing_are_drawn_apart_and_pins_are_named() -> None:
    lines = {(arrow.source, arrow.target): (arrow.line, arrow.label) for arrow in picture().arrows}
    assert lines["repo", "build"] == (Line.STARTS, "")
    assert lines["test", "ship"] == (Line.HELD, "off")
    assert lines["img", "ship"] == (Line.HELD, "pinned to ok")
    assert lines["build", "img"] == (Line.WRITES, "")
    assert "ship (runSh), loop ← test (off), img (pinned to ok), v" in text_of(picture(), 200)
    assert 'class="held"' in svg_of(picture())
    assert "n3 -.->|off| n5" in mermaid_of(picture())
    assert '"img" -> "ship" [color=gray style=dotted label="pinned to ok"]' in dot_of(picture())


def test_loops_are_marked_in_every_form() -> None:
    assert {node.name for node in picture().nodes.values() if node.loop} == {"v", "ship"}
    assert svg_of(picture()).count('class="job loop"') == 1
    assert "classDef loop" in mermaid_of(picture())
    assert dot_of(picture()).count("darkorange penwidth=2") == 2


def test_a_job_is_drawn_with_what_it_reads_and_writes_and_the_jobs_behind_that() -> None:
    text = TEXT + "  - {name: far, type: runSh, steps: [IN: ship, TASK: {script: [a]}]}\n"
    assert set(picture(text, "test").nodes) == {"build", "img", "test", "ship"}


def test_names_are_escaped() -> None:
    wild = picture_of(read([SourceFile("shippable.yml", WILD)]).pipeline)
    name = '<b>&"\\ ]'
    titles = [title.text for title in ElementTree.fromstring(svg_of(wild)).iter(f"{SVG}title")]
    assert titles == [f"{name} (not defined)", "j (runSh)"]
    assert "<b>" not in mermaid_of(wild)
    assert '"<b>&\\"\\\\ ]" -> "j"' in dot_of(wild)


WILD = """
jobs:
  - {name: j, type: runSh, steps: [IN: '<b>&"\\ ]', TASK: {script: [a]}]}
"""


@st.composite
def pipelines(draw: st.DrawFn) -> str:
    """Jobs that read and write resources and each other as they like."""
    count = draw(st.integers(1, 8))
    names = [f"job{number}" for number in range(count)] + [f"res{number}" for number in range(count)]
    lines = ["resources:", *(f"  - {{name: res{n}, type: trigger}}" for n in range(count)), "jobs:"]
    for number in range(count):
        inputs = draw(st.lists(st.sampled_from(names), unique=True, max_size=4))
        outputs = draw(st.lists(st.sampled_from(names[count:]), unique=True, max_size=2))
        off = draw(st.booleans())
        steps = [f"{{IN: {name}{', switch: off' if off else ''}}}" for name in inputs]
        steps += [f"{{OUT: {name}}}" for name in outputs] + ["{TASK: {script: [a]}}"]
        lines.append(f"  - {{name: job{number}, type: runSh, steps: [{', '.join(steps)}]}}")
    return "\n".join(lines)


@settings(max_examples=40, deadline=None)
@given(pipelines())
def test_whatever_the_pipeline_everything_is_drawn_once_and_no_boxes_overlap(text: str) -> None:
    drawn = picture(text)
    root = ElementTree.fromstring(svg_of(drawn))
    sides = ("x", "y", "width", "height")
    boxes = [tuple(float(box.get(side, "")) for side in sides) for box in root.iter(f"{SVG}rect")]
    assert len(boxes) == len(drawn.nodes)
    assert not any(_overlap(*pair) for pair in combinations(boxes, 2))
    assert svg_of(drawn) == svg_of(picture(text))
    lines = text_of(drawn, 100).splitlines()
    assert max(map(len, lines)) <= 100
    for name in drawn.nodes:
        assert any(re.search(rf"\b{name} \(", line) for line in lines)


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    (x, y, w, h), (a, b, c, d) = one, other
    return x < a + c and a < x + w and y < b + d and b < y + h


@settings(max_examples=60, deadline=None)
@given(st.sets(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh"))))
def test_arrows_lead_from_layer_to_layer(pairs: set[tuple[str, str]]) -> None:
    found = layers_of("abcdefgh", sorted(pairs))
    rank = {point: number for number, layer in enumerate(found.layers) for point in layer}
    assert found.ways.keys() == pairs
    for (source, target), way in found.ways.items():
        assert (way[0], way[-1]) == (source, target)
        steps = {rank[after] - rank[before] for before, after in pairwise(way)}
        assert steps in ({1}, {-1}) or source == target


def test_the_command_draws_the_files_of_a_directory_and_refuses_wrong_ones(tmp_path: Path) -> None:
    (tmp_path / "shippable.yml").write_text(TEXT)
    said = CliRunner().invoke(command, [str(tmp_path), "--format", "dot", "--job", "test"])
    assert said.exit_code == 0
    assert said.output == dot_of(picture(TEXT, "test"))
    (tmp_path / "shippable.yml").write_text("jobs: [{name: j, type: runSsh}]")
    said = CliRunner().invoke(command, [str(tmp_path)])
    assert "did you mean 'runSh'?" in said.output
    assert "nothing to draw" in str(said.exception)
