"""Which files are found, and what is said about those that cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.pipeline.files import MAX_BYTES, discover
from runner.pipeline.reader import read
from tests.pipeline.reading import printed, without_code


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")


def found(root: Path, *paths: Path) -> list[str]:
    return [os.path.relpath(file.name, root) for file in discover(paths or (root,)).files]


def refusal(*paths: Path) -> str:
    """The problems of these paths, one a line, none of which gives a file."""
    found = discover(paths)
    assert found.files == ()
    return "\n".join(without_code(problem) for problem in found.problems)


def test_a_directory_is_searched_at_any_depth_for_the_names_of_pipeline_files(tmp_path: Path) -> None:
    write(
        tmp_path, "shippable.yml", "a/b/x.shippable.yml", "a/.shippable.yml", "shippable.jobs.yml",
        "a/shippable.resources.yml", "a/shippable.triggers.yml", "shippable.templates.yml",
    )  # fmt: skip
    assert sorted(found(tmp_path)) == sorted(
        ["shippable.yml", "a/b/x.shippable.yml", "a/.shippable.yml", "shippable.jobs.yml",
         "a/shippable.resources.yml", "a/shippable.triggers.yml", "shippable.templates.yml"]
    )  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["shippable.json", "shippable.yml.example", "a/shippable.templates.yml", "x.shippable.jobs.yml",
     ".git/shippable.yml", ".runner/shippable.yml", ".venv/shippable.yml", "node_modules/a/shippable.yml"],
)  # fmt: skip
def test_other_names_and_places_are_not_read(tmp_path: Path, name: str) -> None:
    write(tmp_path, "shippable.yml", name)
    assert found(tmp_path) == ["shippable.yml"]


def test_links_to_directories_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "in/shippable.yml", "out/shippable.yml")
    (tmp_path / "in/link").symlink_to(tmp_path / "out")
    assert found(tmp_path, tmp_path / "in") == ["in/shippable.yml"]


def test_a_named_file_is_read_whatever_its_name_with_the_templates_beside_it(tmp_path: Path) -> None:
    write(tmp_path, "pipeline.yaml", "shippable.templates.yml", "shippable.yml")
    assert found(tmp_path, tmp_path / "pipeline.yaml") == ["shippable.templates.yml", "pipeline.yaml"]


def test_a_file_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, "shippable.yml")
    assert found(tmp_path, tmp_path, tmp_path / "shippable.yml") == ["shippable.yml"]


def test_files_are_called_as_the_user_calls_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "p/shippable.yml")
    monkeypatch.chdir(tmp_path)
    assert [file.name for file in discover([Path(".")]).files] == ["p/shippable.yml"]
    assert [file.name for file in discover([Path("p")]).files] == ["p/shippable.yml"]


def test_templates_are_shared_within_a_directory_only(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path, f"{name}/sub/shippable.yml")
        (tmp_path / name / "sub/shippable.yml").write_text("x: *t\n")
    (tmp_path / "one/shippable.templates.yml").write_text("a: &t [x]\n")
    reading = read(discover([tmp_path / "one", tmp_path / "two"]).files)
    assert printed(reading) == [
        f"{tmp_path}/two/sub/shippable.yml:1:4: alias *t is not defined here nor in shippable.templates.yml"
    ]


def test_a_templates_file_below_the_root_is_named_where_an_alias_would_need_it(tmp_path: Path) -> None:
    write(tmp_path, "shippable.yml", "sub/shippable.templates.yml")
    (tmp_path / "sub/shippable.yml").write_text("x: *t\n")
    reading = read(discover([tmp_path]).files)
    assert printed(reading) == [
        f"{tmp_path}/sub/shippable.yml:1:4: alias *t is not defined here nor in shippable.templates.yml of the root"
        f" ({tmp_path}/sub/shippable.templates.yml is not read: only that of the directory that was named counts)"
    ]


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    assert refusal(path) == f"{path}:1:1: there is no such file or directory"


def test_a_directory_without_pipeline_files_is_refused_with_the_names_that_are_looked_for(tmp_path: Path) -> None:
    write(tmp_path, "shippable.templates.yml", "shippable.json")
    assert refusal(tmp_path) == (
        f"{tmp_path}:1:1: no pipeline file in this directory (looked for *shippable.yml, shippable.jobs.yml,"
        " shippable.resources.yml, shippable.triggers.yml, or the same with .yaml)"
    )


@pytest.mark.parametrize(
    "name", ["shippable.yaml", "a/.shippable.yaml", "a/x.shippable.yaml", "shippable.jobs.yaml",
             "a/shippable.resources.yaml", "a/shippable.triggers.yaml", "shippable.templates.yaml"]
)  # fmt: skip
def test_every_name_may_end_in_yaml(tmp_path: Path, name: str) -> None:
    write(tmp_path, "x/shippable.yml", name)
    assert sorted(found(tmp_path)) == sorted([name, "x/shippable.yml"])


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("shippable.yml", "shippable.yaml"),
        (".shippable.yml", ".shippable.yaml"),
        ("shippable.jobs.yml", "shippable.jobs.yaml"),
        ("shippable.templates.yml", "shippable.templates.yaml"),
    ],
)
def test_of_two_endings_side_by_side_the_first_counts_and_the_other_is_told(
    tmp_path: Path, name: str, other: str
) -> None:
    write(tmp_path, "x/shippable.yml", name, other)
    both = discover([tmp_path])
    assert sorted(os.path.relpath(file.name, tmp_path) for file in both.files) == sorted([name, "x/shippable.yml"])
    assert [str(problem) for problem in both.problems] == [
        f"{tmp_path / other}:1:1: warning: this file is not read: {name} beside it counts (remove one of the two, or"
        " give it another name) [W112]"
    ]
    assert not read(both.files, both.problems).refused
    if name != "shippable.templates.yml":
        assert found(tmp_path, tmp_path / other)[-1] == other  # asked for by its name, it is read


def test_a_path_through_a_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "a")
    path = tmp_path / "a/b"
    assert refusal(path) == f"{path}:1:1: there is no such file: a part of the path is not a directory"


def test_a_pipe_is_refused_without_opening_it(tmp_path: Path) -> None:
    path = tmp_path / "shippable.yml"
    os.mkfifo(path)
    assert refusal(path) == f"{path}:1:1: is not a file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "shippable.yml"
    path.touch(mode=0)
    assert refusal(path) == f"{path}:1:1: cannot be read: you have no permission"


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "shippable.yml"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    assert refusal(path) == f"{path}:1:1: is 100 MB large; a pipeline file has at most {MAX_BYTES // 1_000_000} MB"


def test_a_file_that_is_not_text_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "shippable.yml"
    path.write_bytes(b"a: 1\nb: \xff\xfe\n")
    assert refusal(path) == f"{path}:2:1: is not UTF-8 text"


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, "a/shippable.yml")
    (tmp_path / "a/shippable.yml").write_bytes(b"\xff")
    assert refusal(tmp_path / "x", tmp_path / "a", tmp_path / "y").splitlines() == [
        f"{tmp_path}/x:1:1: there is no such file or directory",
        f"{tmp_path}/a/shippable.yml:1:1: is not UTF-8 text",
        f"{tmp_path}/y:1:1: there is no such file or directory",
    ]
