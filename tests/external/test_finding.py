"""External references of templates: fetched once, pinned in shippable.lock, found in the cache from then on."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from runner.external.finding import find, resolved
from runner.pipeline.files import discover
from runner.pipeline.model import Reading
from runner.pipeline.reader import read
from tests.external.abroad import Abroad, Answer
from tests.pipeline.reading import printed

STEPS = "hello: &hello\n  - echo hello\n"
JOB = "jobs:\n- name: j\n  type: runSh\n  steps:\n  - TASK:\n      script:\n        - *{}\n"


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Repository:
    """A directory with templates that refer to something, and a job that uses an anchor of it."""

    def __init__(self, directory: Path, *addresses: str, own: str = "", anchor: str = "hello") -> None:
        directory.mkdir()
        self.directory, self.lock = directory, directory / "shippable.lock"
        (directory / "shippable.yml").write_text(JOB.format(anchor))
        self.refer(*addresses, own=own)

    def refer(self, *addresses: str, own: str = "") -> None:
        listed = "".join(f"  - {address}\n" for address in addresses)
        (self.directory / "shippable.templates.yml").write_text(f"externalReferences:\n{listed}{own}")

    def read(self, *, offline: bool = False) -> Reading:
        found = find([self.directory], offline=offline)
        return read(found.files, found.problems)

    def problems(self, *, offline: bool = False) -> list[str]:
        """With their codes, without the place of the directory."""
        return [str(problem).replace(f"{self.directory}/", "") for problem in self.read(offline=offline).problems]

    def update(self) -> list[tuple[str | None, str]]:
        taken = resolved(discover([self.directory]), update=True).taken
        return [(one.before, one.digest) for one in taken]

    def pins(self) -> list[str]:
        return [line for line in self.lock.read_text().splitlines() if not line.startswith("#")]


@pytest.fixture
def repository(tmp_path: Path, abroad: Abroad) -> Repository:
    return Repository(tmp_path / "repository", abroad.put("/steps.yml", STEPS))


def script(reading: Reading) -> list[tuple[str, str]]:
    return [(item.text, str(item.place)) for item in reading.pipeline.jobs["j"].tasks[0].script]


def test_the_anchors_of_a_reference_are_known_and_keep_their_places(repository: Repository, abroad: Abroad) -> None:
    reading = repository.read()
    assert printed(reading) == []
    assert script(reading) == [("echo hello", f"{abroad.address('/steps.yml')}:2:5")]


def test_first_use_pins_a_reference_and_it_is_not_fetched_again(repository: Repository, abroad: Abroad) -> None:
    repository.read()
    assert repository.pins() == [f"{sha(STEPS)}  {abroad.address('/steps.yml')}"]
    abroad.put("/steps.yml", "hello: &hello [echo other]\n")
    assert script(repository.read())[0][0] == "echo hello"
    assert abroad.paths == ["/steps.yml"]


def test_offline_nothing_is_fetched_and_what_is_in_the_cache_is_enough(repository: Repository, abroad: Abroad) -> None:
    address = abroad.address("/steps.yml")
    assert repository.problems(offline=True) == [
        f"shippable.templates.yml:2:5: externalReferences[0]: {address} is not in the cache, and with --offline nothing"
        " is fetched: call once without it [E123]"
    ]
    assert not repository.lock.exists()
    repository.read()
    assert repository.problems(offline=True) == []
    assert abroad.paths == ["/steps.yml"]


def test_what_has_changed_is_an_error_with_both_digests_until_it_is_taken(
    repository: Repository, abroad: Abroad, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.read()
    other = "hello: &hello [echo other]\n"
    address = abroad.put("/steps.yml", other)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "of somebody else"))
    assert repository.problems() == [
        f"shippable.templates.yml:2:5: externalReferences[0]: {address} is pinned to sha256 {sha(STEPS)}, and what is"
        f" there now has sha256 {sha(other)}: look at it, then take it with 'runner references update' [E124]"
    ]
    assert repository.pins() == [f"{sha(STEPS)}  {address}"]
    assert repository.update() == [(sha(STEPS), sha(other))]
    assert repository.pins() == [f"{sha(other)}  {address}"]
    assert script(repository.read())[0][0] == "echo other"


def test_a_damaged_cache_is_not_believed(repository: Repository, abroad: Abroad, tmp_path: Path) -> None:
    repository.read()
    (kept,) = (tmp_path / "cache/shippable-runner/references").iterdir()
    kept.write_text("hello: &hello [echo evil]\n")
    assert "is not in the cache" in repository.problems(offline=True)[0]
    assert script(repository.read())[0][0] == "echo hello"
    assert kept.read_text() == STEPS


def test_references_come_in_their_order_before_what_the_templates_say_themselves(
    tmp_path: Path, abroad: Abroad
) -> None:
    first = abroad.put("/first.yml", "one: &one [echo 1]\nsame: &same [echo first]\n")
    second = abroad.put("/second.yml", "same: &same [*one, echo second]\n")
    repository = Repository(tmp_path / "r", first, second, own="own: &own\n  - *same\n  - echo own\n", anchor="own")
    reading = repository.read()
    assert printed(reading) == []
    assert [text for text, _ in script(reading)] == ["echo 1", "echo second", "echo own"]


def test_mistakes_in_a_fetched_text_are_told_at_their_place_there(tmp_path: Path, abroad: Abroad) -> None:
    address = abroad.put("/steps.yml", "a: [\n")
    problems = Repository(tmp_path / "r", address).problems()
    assert [line.split(": ")[0] for line in problems] == [f"{address}:1:4"]


def test_nothing_but_anchors_counts_in_a_fetched_text(tmp_path: Path, abroad: Abroad) -> None:
    address = abroad.put("/steps.yml", f"{STEPS}jobs: [{{name: evil, type: runSh}}]\nexternalReferences: [x]\n")
    reading = Repository(tmp_path / "r", address).read()
    assert (printed(reading), list(reading.pipeline.jobs)) == ([], ["j"])


def test_an_alias_that_a_missing_reference_may_define_is_not_told_as_undefined(tmp_path: Path, abroad: Abroad) -> None:
    address = abroad.address("/gone.yml")
    assert Repository(tmp_path / "r", address).problems() == [
        f"shippable.templates.yml:2:5: externalReferences[0]: {address} answers 404 Not Found: it must be public, for"
        " nobody logs in there [E123]"
    ]


def test_what_is_asked_for_in_a_query_is_fetched_and_not_shown(tmp_path: Path, abroad: Abroad) -> None:
    address = abroad.put("/steps.yml?private_token=hunter2", "hello: &hello [\n")
    problems = Repository(tmp_path / "r", address).problems()
    assert "hunter2" not in "".join(problems)
    assert problems[0].startswith(f"{abroad.address('/steps.yml')}?")
    assert abroad.paths == ["/steps.yml?private_token=hunter2"]


def test_a_text_that_is_none_is_refused_and_not_pinned(tmp_path: Path, abroad: Abroad) -> None:
    abroad.answers["/x.yml"] = Answer(b"\xff\xfe")
    repository = Repository(tmp_path / "r", abroad.address("/x.yml"))
    assert repository.problems()[0].endswith(f"{abroad.address('/x.yml')} is not UTF-8 text [E123]")
    assert not repository.lock.exists()


def test_what_can_be_had_is_pinned_beside_what_cannot(tmp_path: Path, abroad: Abroad) -> None:
    good = abroad.put("/steps.yml", STEPS)
    repository = Repository(tmp_path / "r", abroad.address("/gone.yml"), good)
    assert len(repository.problems()) == 1
    assert repository.pins() == [f"{sha(STEPS)}  {good}"]


def test_an_update_forgets_what_nothing_refers_to_and_keeps_what_cannot_be_had(tmp_path: Path, abroad: Abroad) -> None:
    first, second = abroad.put("/1.yml", STEPS), abroad.put("/2.yml", "b: &b [x]\n")
    repository = Repository(tmp_path / "r", first, second)
    repository.read()
    del abroad.answers["/1.yml"]
    repository.refer(first)
    assert repository.update() == []
    assert repository.pins() == [f"{sha(STEPS)}  {first}"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("abc  https://example.com/", "a line must be a sha256 and an https address: mend it, or delete the line"),
        (f"{'0' * 64}  http://example.com/", "a line must be a sha256 and an https address"),
        (f"{'0' * 64}  https://a.b/\n{'1' * 64}  https://a.b/", "this address is pinned to two digests"),
    ],
)
def test_a_lock_that_says_something_else_is_an_error_and_nothing_is_fetched(
    repository: Repository, abroad: Abroad, line: str, why: str
) -> None:
    repository.lock.write_text(f"# a comment\n\n{line}\n")
    told = repository.problems()
    assert any(line.startswith("shippable.lock:") and why in line and line.endswith("[E125]") for line in told)
    assert abroad.asked == []


def test_a_lock_that_cannot_be_written_is_an_error(repository: Repository) -> None:
    repository.lock.symlink_to("/proc/self/lock")
    told = repository.problems()
    assert told[0].startswith("shippable.lock:1:1: external references cannot be pinned in it: ")


def test_a_cache_that_cannot_be_written_is_a_warning(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    (told,) = repository.problems()
    assert "warning: externalReferences[0]: " in told
    assert "not a directory): it is fetched each time, and --offline cannot work [W113]" in told


def test_nothing_that_fetches_is_imported_where_nothing_is_referred_to(tmp_path: Path) -> None:
    (tmp_path / "shippable.yml").write_text("jobs: []\n")
    (tmp_path / "shippable.templates.yml").write_text("a: &a [x]\n")
    program = (
        "import sys; from pathlib import Path; from runner.external.finding import find\n"
        f"find([Path({str(tmp_path)!r})]); print(*{{'aiohttp', 'asyncio', 'ssl', 'http'}} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
