"""The page about installing tells of every setting as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import NODEFAULT

from runner.service.installing import SYSTEM
from runner.service.settings_keys import Key, all_keys
from runner.service.settings_reading import SettingsError, read_settings

PAGE = (Path(__file__).parents[2] / "docs/installing.md").read_text("utf-8")
PLACES = {**SYSTEM.defaults(SYSTEM.config), ("pools", "NAME"): 4}


def row(key: Key) -> str:
    """A line of the reference."""
    default = key.text(PLACES.get(key.path, None if key.default is NODEFAULT else key.default))
    shown = f"`{default}`" if default else ""
    taken = "at a restart" if key.restart else "at a reload"
    return f"| `{'.'.join(key.path)}` | {key.description} | {key.kind.expected} | {shown} | {taken} |"


@pytest.mark.parametrize("key", all_keys(), ids=lambda key: ".".join(key.path))
def test_the_page_has_each_key_as_it_is(key: Key) -> None:
    assert row(key) in PAGE


def test_the_page_has_no_key_that_there_is_not() -> None:
    rows = [line for line in PAGE.splitlines() if line.endswith((" at a restart |", " at a reload |"))]
    assert rows == [row(key) for key in all_keys()]


def test_the_example_of_the_page_is_a_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "runner.toml"
    file.write_text(PAGE.split("```toml\n", 1)[1].split("```", 1)[0])
    try:
        settings = read_settings(file, {}).settings
    except SettingsError as error:
        pytest.fail(str(error))
    assert list(settings.pipelines) == ["shop", "site"]
