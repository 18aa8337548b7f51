"""The page of the reference is the one that the tables give."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from runner.cli.schema import command

PAGE = Path(__file__).parents[2] / "docs/reference.md"


def test_the_page_is_up_to_date() -> None:
    made = CliRunner().invoke(command, ["--markdown"]).output
    assert PAGE.read_text() == made, "run: runner schema --markdown > docs/reference.md"
