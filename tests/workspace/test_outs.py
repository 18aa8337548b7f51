"""From what scripts left to new versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import RunnerError
from runner.pipeline.model import In, Job, Out
from runner.pipeline.problems import Place
from runner.workspace.dependency import Dependency, Identity
from runner.workspace.directory import BuildDirectory
from runner.workspace.outs import Given, env_lines, process
from runner.workspace.saved_files import LIMIT, Tree
from runner.workspace.versions import Version

PLACE = Place("shippable.yml")
JOB = Job(name="j", type="runSh", place=PLACE)
IDENTITY = Identity(
    build_id=1, number=1, run_id=1, job="j", job_type="runSh", job_id=1, root="/b", url="", triggered_by="j",
    triggered_by_id=1, user="",
)  # fmt: skip


def version(name: str | None = "v", **bag: Any) -> Version:
    return Version(id=5, number=3, name=name, property_bag=bag, created_at="2024-01-01T00:00:00Z")


def out(type_: str = "image", name: str = "img", has: Version | None = None, **options: Any) -> Dependency:
    return Dependency(step=Out(name=name, place=PLACE, **options), type=type_, node_id=2, version=has)


class Left:
    """A build directory after its scripts."""

    def __init__(self, root: Path, *dependencies: Dependency) -> None:
        self.root = root / "build"
        self.dependencies = dependencies
        self.notes: list[str] = []
        directory = BuildDirectory(self.root)
        directory.make()
        directory.fill(JOB, IDENTITY, dependencies)

    def write(self, name: str, text: str) -> Left:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return self

    def given(self, *, succeeded: bool = True, limit: int = LIMIT) -> Given:
        before = {d.name: d.version for d in self.dependencies if isinstance(d.step, Out)}
        note = self.notes.append
        return process(self.root, JOB, self.dependencies, before, succeeded=succeeded, note=note, limit=limit)


def test_an_output_that_nobody_touched_is_no_new_version(tmp_path: Path) -> None:
    assert Left(tmp_path, out(has=version(sourceName="r"))).given().outs == ()


@pytest.mark.parametrize(
    ("text", "name", "bag"),
    [
        ("versionName=w\n", "w", {"sourceName": "r"}),
        ("k=a=b=c\n", "v", {"sourceName": "r", "k": "a=b=c"}),
        ("k=1\nk=2\n", "v", {"sourceName": "r", "k": "2"}),
        ("\ufeffk=1\n", "v", {"sourceName": "r", "k": "1"}),
        ("no equals sign\n=empty key\nk= spaces kept \n", "v", {"sourceName": "r", "k": " spaces kept "}),
        ("sourceName=other\n", "v", {"sourceName": "other"}),
    ],
)
def test_lines_of_the_state_file_extend_the_newest_version(
    tmp_path: Path, text: str, name: str, bag: dict[str, str]
) -> None:
    left = Left(tmp_path, out(has=version(sourceName="r"))).write("state/img.env", text)
    (new,) = left.given().outs
    assert (new.name, new.property_bag) == (name, bag)


def test_overwrite_begins_with_nothing_but_commit_data(tmp_path: Path) -> None:
    has = version(sourceName="r", shaData={"commitSha": "x"})
    (new,) = Left(tmp_path, out(has=has, overwrite=True)).write("state/img.env", "k=1").given().outs
    assert new.property_bag == {"shaData": {"commitSha": "x"}, "k": "1"}


def test_replicate_takes_name_and_content_of_an_input(tmp_path: Path) -> None:
    source = Dependency(step=In(name="src", place=PLACE), type="image", node_id=3, version=version("new", a="b"))
    (new,) = Left(tmp_path, source, out(has=version(c="d"), replicate="src")).given().outs
    assert (new.name, new.property_bag) == ("new", {"a": "b"})


def test_replicate_between_repositories_takes_commit_data_only(tmp_path: Path) -> None:
    data = {"shaData": {"commitSha": "x"}, "branch": "ignored"}
    source = Dependency(step=In(name="src", place=PLACE), type="gitRepo", node_id=3, version=version("x", **data))
    (new,) = Left(tmp_path, source, out("gitRepo", has=version("y", branch="kept"), replicate="src")).given().outs
    assert (new.name, new.property_bag) == ("x", {"branch": "kept", "shaData": {"commitSha": "x"}})


def test_a_pull_request_is_not_replicated_where_that_is_switched_off(tmp_path: Path) -> None:
    pull_request = version("x", shaData={"isPullRequest": True})
    source = Dependency(step=In(name="src", place=PLACE), type="gitRepo", node_id=3, version=pull_request)
    target = out("gitRepo", has=version("y"), replicate="src")
    assert len(Left(tmp_path / "on", source, target).given().outs) == 1
    off = out("gitRepo", has=version("y"), replicate="src", replicate_on_pull_request=False)
    assert Left(tmp_path / "off", source, off).given().outs == ()


@pytest.mark.parametrize(
    ("has", "kept"),
    [
        (version("y", flag="kept"), {"flag": "kept"}),
        (None, {}),
        (version(sourceName="acme/shop"), {"sourceName": "acme/shop"}),
    ],
)
def test_a_ci_repository_gets_the_commit_of_a_git_repository_by_itself(
    tmp_path: Path, has: Version | None, kept: dict[str, str]
) -> None:
    data = {"shaData": {"commitSha": "abc"}, "sourceName": "acme/shop", "branch": "ignored"}
    source = Dependency(step=In(name="src", place=PLACE), type="gitRepo", node_id=3, version=version("abc", **data))
    (new,) = Left(tmp_path, source, out("ciRepo", has=has)).given().outs
    assert (new.name, new.property_bag) == ("abc", {**kept, "shaData": {"commitSha": "abc"}})


def test_a_ci_repository_of_another_repository_stays_as_it_is(tmp_path: Path) -> None:
    data = {"shaData": {"commitSha": "abc"}, "sourceName": "acme/other"}
    source = Dependency(step=In(name="src", place=PLACE), type="gitRepo", node_id=3, version=version("abc", **data))
    assert Left(tmp_path, source, out("ciRepo", has=version(sourceName="acme/shop"))).given().outs == ()


def test_replicating_what_is_no_input_is_noted_and_leaves_the_output(tmp_path: Path) -> None:
    left = Left(tmp_path, out(has=version(), replicate="nobody"))
    assert left.given().outs == ()
    assert left.notes == ["OUT img was left as it is: 'nobody' is not an input of this job."]


def test_a_script_may_edit_version_json_itself(tmp_path: Path) -> None:
    text = '{"version": {"versionName": "mine", "propertyBag": {"a": [1]}}}'
    (new,) = Left(tmp_path, out(has=version())).write("OUT/img/version.json", text).given().outs
    assert (new.name, new.property_bag) == ("mine", {"a": [1]})


@pytest.mark.parametrize("text", ["{", "[]", ""])
def test_a_version_json_that_is_no_object_is_a_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(RunnerError, match=r"img/version\.json"):
        Left(tmp_path, out(has=version())).write("OUT/img/version.json", text).given()


def test_the_jobs_own_version_joins_its_document_and_its_keys(tmp_path: Path) -> None:
    left = Left(tmp_path, out())
    left.write("state/outputVersion.json", '{"versionName": "d", "propertyBag": {"a": 1, "b": 2}}')
    new = left.write("state/j.env", "b=3\n").given().job
    assert new is not None
    assert (new.name, {k: v for k, v in new.property_bag.items() if k != "trace"}) == ("d", {"a": 1, "b": "3"})
    assert [record["resourceName"] for record in new.property_bag["trace"]] == ["img"]


def test_a_failed_build_keeps_the_saved_files_and_gives_no_keys(tmp_path: Path) -> None:
    left = Left(tmp_path, out(has=version()), out(name="log", has=version(), on_failure=True))
    left.write("state/j.env", "a=1").write("state/img.env", "a=1").write("state/log.env", "a=1")
    given = left.given(succeeded=False)
    assert given.job is not None
    assert given.job.files is None
    assert list(given.job.property_bag) == ["trace"]
    assert [new.node for new in given.outs] == ["log"]


def test_an_unchanged_set_of_state_files_is_no_new_version(tmp_path: Path) -> None:
    (first,) = Left(tmp_path / "1", out("state", "kept")).write("OUT/kept/state/f", "x").given().outs
    stored = Version(
        id=1, number=1, name=first.name, property_bag=first.property_bag, created_at="", file_set=first.name
    )
    same = Left(tmp_path / "2", out("state", "kept", has=stored)).write("OUT/kept/state/f", "x")
    assert same.given().outs == ()
    (emptied,) = Left(tmp_path / "3", out("state", "kept", has=stored)).given().outs
    assert emptied.files == ()


@pytest.mark.parametrize(
    ("path", "owner"),
    [("state/huge", "job j (below state/)"), ("OUT/kept/state/huge", "OUT kept (below OUT/kept/state/)")],
)
def test_more_than_the_limit_names_whose_files_they_are_and_the_setting(tmp_path: Path, path: str, owner: str) -> None:
    left = Left(tmp_path, out("state", "kept")).write("state/small", "x")
    with (left.root / path).open("wb") as file:
        file.truncate(2 * 1024 * 1024)
    with pytest.raises(RunnerError) as caught:
        left.given(limit=1024 * 1024)
    assert str(caught.value) == (
        f"the files of {owner} hold 2.0 MiB and cannot be saved, since the limit savedFiles is 1.0 MiB: keep large "
        "files elsewhere and save a reference to them, or raise the limit ([jobs.limits] in the settings of a service, "
        "--limit of a local run)"
    )


@given(
    pairs=st.dictionaries(
        st.text("abcäß.- ", min_size=1), st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]))
    )
)
def test_what_is_written_as_lines_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, pairs: dict[str, str]
) -> None:
    root = tmp_path_factory.mktemp("env")
    (root / "r.env").write_bytes("".join(f"{key}={value}\n" for key, value in pairs.items()).encode())
    assert env_lines(Tree(root), "r.env", lambda text: None) == pairs
