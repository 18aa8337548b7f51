from __future__ import annotations

from pathlib import Path

import pytest

from runner.integrations.catalogue import CATALOGUE, IntegrationType
from runner.integrations.sources import read_integrations

PAGE = (Path(__file__).parents[2] / "docs/integrations.md").read_text()


@pytest.mark.parametrize("known", CATALOGUE.values(), ids=lambda known: known.master_name)
def test_the_page_has_every_type_as_it_is(known: IntegrationType) -> None:
    fields = ", ".join(field.marked for field in known.fields) or "none"
    display = "" if known.deprecated else f" {known.display} |"
    needs = ", ".join(sorted(known.needs))
    assert f"| `{known.master_name}` |{display} {fields} | {needs}".rstrip() + (" |" if needs else "") in PAGE


def test_the_example_of_the_page_is_a_file_without_problems(tmp_path: Path) -> None:
    path = tmp_path / "integrations.yml"
    path.write_text(PAGE.split("```yaml\n", 1)[1].split("```", 1)[0])
    path.chmod(0o600)
    reading = read_integrations(path)
    assert reading.problems == ()
    assert list(reading.integrations) == ["deploy-role", "chat", "settings"]
