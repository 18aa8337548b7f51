"""The page of problems: it explains every code, and each of its examples gives the problem it stands for."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.diagnostics.diagnose import Subject, diagnose
from runner.pipeline.codes import Code
from runner.pipeline.problems import Problem, Severity
from runner.service.project import read_project

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/problems.md").read_text()
SECTIONS = re.findall(r"^### (\w+): ([^\n]*)\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE)
EXAMPLES = {
    code: example[1] for code, _, body in SECTIONS if (example := re.search(r"```yaml\n(.*?)```", body, re.DOTALL))
}
INTEGRATIONS = "".join(
    f"- {{name: {name}, type: keyValuePair, envs: {{A: one}}}}\n" for name in ("hub", "hook", "cloud")
)


def test_every_code_has_a_section_with_its_meaning_in_their_order() -> None:
    assert [(code, meaning) for code, meaning, _ in SECTIONS] == [(code.value, code.meaning) for code in Code]


@pytest.mark.parametrize(("code", "body"), [(code, body) for code, _, body in SECTIONS])
def test_a_section_has_an_example_and_says_what_to_do(code: str, body: str) -> None:
    assert body.count("```") == 2
    assert body.rstrip().rpartition("**Do:** ")[2].endswith(".")


def test_every_code_is_told_somewhere() -> None:
    sources = "".join(
        path.read_text() for path in (ROOT / "runner").rglob("*.py") if path != ROOT / "runner/pipeline/codes.py"
    )
    used = set(re.findall(r"\bCode\.([A-Z_]+)\b", sources))
    assert sorted(set(Code.__members__) - used) == []


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_gives_its_problem_and_no_error_beside_it(code: str, tmp_path: Path) -> None:
    example = EXAMPLES[code]
    named = re.match(r"# (\S+\.yml)\n", example)
    name = named[1] if named else "shippable.yml"
    files = {"shippable.yml": "jobs: []\n", "integrations.yml": INTEGRATIONS, name: example}
    found = {problem.code: problem.severity for problem in problems(tmp_path, files)}
    assert code in found
    assert {other for other, severity in found.items() if severity.broken} <= {code}
    assert found[Code(code)].broken is code.startswith("E")  # type: ignore[call-arg]  # its look-up takes the value


def missing(directory: Path) -> None:
    (directory / "shippable.yml").symlink_to("nowhere")


def empty(directory: Path) -> None:
    (directory / "shippable.yml").unlink()


def large(directory: Path) -> None:
    os.truncate(directory / "shippable.yml", 30_000_000)


def utf_16(directory: Path) -> None:
    (directory / "shippable.yml").write_bytes("jobs: []".encode("utf-16"))


def open_to_all(directory: Path) -> None:
    (directory / "integrations.yml").chmod(0o644)


SPOILT: dict[str, Callable[[Path], None]] = {
    "E101": missing, "E102": empty, "E103": large, "E104": utf_16, "E501": open_to_all,
}  # fmt: skip
ELSEWHERE = {
    "E121": "cli/test_secure.py",
    "E208": "daemon/test_service.py",
    "W111": "cli/test_secure.py",
    "W9": "diagnostics/test_shellcheck.py",
    "W105": "pipeline/test_sections.py",
    "E123": "external/test_finding.py",
    "E124": "external/test_finding.py",
    "E125": "external/test_finding.py",
    "E126": "pipeline/test_yaml.py",
    "W112": "pipeline/test_files.py",
    "W113": "external/test_finding.py",
}
"""What needs more than a file, and the tests that show it."""


@pytest.mark.parametrize("code", SPOILT)
def test_a_file_that_cannot_be_read_gives_its_problem(code: str, tmp_path: Path) -> None:
    found = problems(tmp_path, {"shippable.yml": "jobs: []\n", "integrations.yml": INTEGRATIONS}, SPOILT[code])
    assert [problem.code for problem in found if problem.severity is Severity.ERROR] == [code]


def test_every_other_code_is_tested_elsewhere() -> None:
    left = {code.value for code in Code} - EXAMPLES.keys() - SPOILT.keys()
    for code in left:
        (file,) = (file for start, file in ELSEWHERE.items() if code.startswith(start))
        assert code in (ROOT / "tests" / file).read_text()


def problems(
    directory: Path, files: dict[str, str], spoil: Callable[[Path], None] = lambda _: None
) -> tuple[Problem, ...]:
    for name, text in files.items():
        (directory / name).touch(0o600)
        (directory / name).write_text(text)
    if spoil is missing:
        (directory / "shippable.yml").unlink()
    spoil(directory)
    project = read_project([directory], directory / "integrations.yml")
    subject = Subject(
        pipeline=project.pipeline,
        files=project.sources,
        integrations=project.integrations,
        problems=project.problems,
        ci=project.ci,
        ignored=project.ignored,
    )
    return diagnose(subject, frozenset())
