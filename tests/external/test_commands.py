"""External references as people meet them on the command line."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from tests.ci.conftest import Checkout, item_lines
from tests.external.abroad import Abroad

ONE, TWO = "hello: &hello [echo one]\n", "hello: &hello [echo two]\n"
FILE = """
jobs: [{name: a, type: runSh, steps: [TASK: {script: [*hello]}]}]
language: none
build: {ci: [*hello]}
"""


class Abroading(Checkout):
    """A checkout whose templates refer to something; commands know the authority of its server and a cache."""

    def fresh_cache(self, name: str) -> None:
        self.environ["XDG_CACHE_HOME"] = str(self.directory.parent / name)


@pytest.fixture
def checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], abroad: Abroad
) -> Abroading:
    checkout = Abroading(tmp_path, monkeypatch, capsys)
    checkout.environ |= {name: os.environ[name] for name in ("SSL_CERT_FILE", "XDG_CACHE_HOME", "NO_PROXY")}
    refers = f"externalReferences: [{abroad.put('/x.yml', ONE)}]\n"
    checkout.commit(FILE, **{"shippable.templates.yml": refers})
    return checkout


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("verb", ["run", "plan", "validate", "graph", "migrate"])
def test_offline_no_command_connects_and_says_so_in_one_sentence(
    checkout: Abroading, abroad: Abroad, verb: str
) -> None:
    said = checkout.runner(verb, "--offline")
    assert said.code == 2
    told = (
        f"{abroad.address('/x.yml')} is not in the cache, and with --offline nothing is fetched: call once without it"
    )
    assert f"{said.out}{said.err}".count(told) == 1
    assert abroad.asked == []


def test_a_run_uses_what_it_refers_to_and_works_offline_from_then_on(checkout: Abroading, abroad: Abroad) -> None:
    said = checkout.run()
    assert (said.code, said.messages("a")) == (0, ["one"])
    abroad.answers.clear()
    for verb in ("plan", "validate", "graph"):
        assert checkout.runner(verb, "--offline").code == 0
    assert checkout.run("--offline").messages("a") == ["one"]


def test_problems_in_what_is_fetched_are_shown_with_their_line(checkout: Abroading, abroad: Abroad) -> None:
    abroad.put("/x.yml", "hello: &hello\n  - if true; then\n")
    said = checkout.runner("validate")
    assert f"{abroad.address('/x.yml')}:2:5: error[E311]: " in said.out
    assert "2 |   - if true; then" in said.out


def test_references_are_listed_and_updated(checkout: Abroading, abroad: Abroad) -> None:
    address = abroad.address("/x.yml")
    assert checkout.runner("references", "list").out == f"{sha(ONE)}  {address}\n"
    abroad.put("/x.yml", TWO)
    assert checkout.runner("references", "list", "--offline").out == f"{sha(ONE)}  {address}\n"
    assert checkout.runner("references", "update").out == f"{address}: pinned to sha256 {sha(TWO)}, before {sha(ONE)}\n"
    assert checkout.runner("references", "update").out == f"{address}: as it was\n"
    checkout.write("", "shippable.templates.yml")
    said = checkout.runner("references", "list")
    assert (said.code, said.out, said.err) == (0, "", "there are no external references in these files\n")
    abroad.answers.clear()
    checkout.git("checkout", "--", "shippable.templates.yml")
    said = checkout.runner("references", "update")
    assert (said.code, said.out) == (2, "")
    assert f"{address} answers 404 Not Found" in said.err


def test_an_address_with_a_password_is_refused_and_the_password_is_not_shown(checkout: Abroading) -> None:
    checkout.write("externalReferences:\n  - https://jane:hunter2@example.com/x.yml\n", "shippable.templates.yml")
    for verb in ("validate", "plan", "run"):
        said = checkout.runner(verb)
        assert "must be public: an address with a user name or password is not taken" in f"{said.out}{said.err}"
        assert "hunter2" not in f"{said.out}{said.err}"


def test_a_ci_run_takes_what_the_lock_of_its_commit_pins(checkout: Abroading, abroad: Abroad) -> None:
    assert item_lines(checkout.ci(), 1) == ["one"]
    checkout.git("add", "shippable.lock")
    checkout.git("commit", "--quiet", "--message", "pinned")
    abroad.put("/x.yml", TWO)
    checkout.runner("references", "update")  # not committed
    checkout.fresh_cache("another")
    said = checkout.ci()
    assert said.code == 2
    assert f"is pinned to sha256 {sha(ONE)}, and what is there now has sha256 {sha(TWO)}" in said.err
    assert item_lines(checkout.ci("--working-tree"), 1) == ["two"]
    abroad.answers.clear()
    checkout.git("commit", "--quiet", "--all", "--message", "updated")
    assert item_lines(checkout.ci("--offline"), 1) == ["two"]
