from __future__ import annotations

from pathlib import Path

import pytest

from runner.integrations.catalogue import CATALOGUE, Field, IntegrationType, Need, Shape
from runner.integrations.key_files import key_files
from runner.integrations.sources import read_integrations

PAGE = (Path(__file__).parents[2] / "docs/integrations.md").read_text()


def row(known: IntegrationType) -> str:
    """A line of the tables of types."""
    fields = ", ".join(field.marked for field in known.fields) or "none"
    display = [] if known.deprecated else [known.display]
    variables = ", ".join(f"`{name}`" for field in known.fields if field.exported for name in names(field))
    return " ".join(
        (
            "|",
            *(
                f"{cell} |" if cell else "|"
                for cell in (f"`{known.master_name}`", *display, fields, variables, also(known))
            ),
        )
    )


def names(field: Field) -> tuple[str, ...]:
    """Of the variables of a field, behind `<NAME>_INTEGRATION_`."""
    match field.shape:
        case Shape.TEXT:
            return (field.name.upper(),)
        case Shape.LIST:
            return (field.name.upper(), f"{field.name.upper()}_0", "…")
        case Shape.PAIRS:
            return ("<KEY>",)


def also(known: IntegrationType) -> str:
    """What there is beyond variables and the two files."""
    told = [f"`{file.suffix}` ({', '.join(f'`{name}`' for name in file.variables)})" for file in key_files(known)]
    return ", ".join((*told, *(need.value for need in sorted(known.needs - {Need.KEY_FILES}))))


@pytest.mark.parametrize("known", CATALOGUE.values(), ids=lambda known: known.master_name)
def test_the_page_has_every_type_as_it_is(known: IntegrationType) -> None:
    assert row(known) in PAGE


def test_the_page_has_no_type_that_there_is_not() -> None:
    types = PAGE.split("\n## Types\n", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in types.splitlines() if line.startswith("| `")]
    assert rows == [row(known) for known in CATALOGUE.values()]


def test_the_example_of_the_page_is_a_file_without_problems(tmp_path: Path) -> None:
    path = tmp_path / "integrations.yml"
    path.write_text(PAGE.split("```yaml\n", 1)[1].split("```", 1)[0])
    path.chmod(0o600)
    reading = read_integrations(path)
    assert reading.problems == ()
    assert list(reading.integrations) == ["deploy-role", "chat", "settings"]
