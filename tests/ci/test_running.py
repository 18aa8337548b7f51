"""`runner run --ci`: a real checkout, real shells, from the file to the end of the run."""

from __future__ import annotations

import subprocess
from pathlib import Path

from runner.sealing.box import seal
from runner.sealing.key_files import make_pair, read_public
from tests.ci.conftest import Checkout, item_lines, item_statuses, run_notes
from tests.triggers.repositories import Repository

MATRIX = """
    language: python
    python: [2.7, 3.10]
    env:
      global: [G=1, {H: "$G x"}]
      matrix: [DB=a, DB=b]
    matrix: {allow_failures: [{env: DB=b}]}
    build:
      ci: ['echo "$SHIPPABLE_PYTHON_VERSION $DB $H $BUILD_NUMBER.$JOB_NUMBER of $SHIPPABLE_JOB_COUNT"']
      post_ci: [test $DB = a]
"""


def test_each_item_is_a_build_and_those_that_may_fail_do_not_fail_the_run(checkout: Checkout) -> None:
    checkout.commit(MATRIX)
    said = checkout.ci("--max-parallel", "2")
    assert said.code == 0
    assert item_statuses(said) == {1: "success", 2: "failure", 3: "success", 4: "failure"}
    assert item_lines(said, 3) == ["3.10 a 1 x 1.3 of 4"]
    assert said.events[-1]["succeeded"]
    assert [e["status"] for e in said.events if e["event"] == "build_ended"][-1] == "success"
    listed = checkout.runner("builds", "shop_runCI").out
    assert [line.split()[0] for line in listed.splitlines()[1:]] == [
        "shop_runCI/1.4", "shop_runCI/1.3", "shop_runCI/1.2", "shop_runCI/1.1", "shop_runCI/1",
    ]  # fmt: skip
    assert "2.7 b 1 x 1.2 of 4" in checkout.runner("logs", "shop_runCI/1.2").out
    assert "shop_runCI/1.4 | 3.10 b 1 x 1.4 of 4" in checkout.runner("logs", "shop_runCI").out


def test_encrypted_variables_are_those_of_their_items_and_hidden(checkout: Checkout) -> None:
    keys = checkout.directory.parent / "keys"
    make_pair(keys, "default", replace=False)
    one, two, three = (
        seal(read_public(keys / "default.pub"), variables)
        for variables in ({"A": "the shared $B", "C": "taken by all"}, {"A": "of the first"}, {"D": "of the second"})
    )
    checkout.commit(f"""
        language: none
        env:
          global: [A=plain C=plain, secure: {one}, 'E="$A!"', C=last]
          matrix: [secure: {two}, {{secure: {three}, F: 1}}]
        build:
          ci: ['echo "$C ${{#A}} ${{#D}} ${{#E}} $F|$A|$D"', '[ ${{#A}} != 13 ] || test "$A" = "the shared \\$B"']
    """)
    said = checkout.ci(RUNNER_SECRETS__KEYS=str(keys))
    assert said.code == 0, said.out
    assert item_lines(said, 1)[0] == "last 12 0 13 |****|"
    assert item_lines(said, 2)[0] == "last 13 13 14 1|****|****"
    blind = checkout.ci(RUNNER_SECRETS__KEYS="/none")
    assert item_statuses(blind) == {1: "error", 2: "error"}
    assert f"shippable.yml:4:37: this value cannot be decrypted: it was made for the key pair {one.pair}" in blind.out


def test_a_failed_item_fails_the_run_and_the_exit_is_1(checkout: Checkout) -> None:
    checkout.commit("language: none\nenv: [A=0, A=3]\nbuild: {ci: [exit $A], on_failure: [echo F$A]}\n")
    said = checkout.ci()
    assert said.code == 1
    assert item_statuses(said) == {1: "success", 2: "failure"}
    assert item_lines(said, 2) == ["F3"]
    end = [e for e in said.events if e["event"] == "build_ended"][-1]
    assert (end["status"], end["reason"]) == ("failure", "shop_runCI/1.2 ended with failure")


def test_failed_tests_and_low_coverage_make_the_run_unstable(checkout: Checkout) -> None:
    failed = '<testsuite><testcase name="x"><failure/></testcase></testsuite>'
    write = "mkdir -p shippable/testresults && cp $R shippable/testresults/r.xml"
    checkout.commit(f"language: none\nbuild: {{ci: ['R=results.xml; {write}']}}\n", **{"results.xml": failed})
    said = checkout.ci()
    assert (said.code, item_statuses(said)) == (1, {1: "unstable"})
    assert "unstable: shop_runCI/1.1" in said.out


def test_the_commit_is_built_and_the_working_tree_where_it_is_asked_for(checkout: Checkout) -> None:
    checkout.commit("language: none\nbuild: {ci: [cat file; ls]}\n", file="committed\n", gone="x")
    checkout.write("changed\n", "file")
    checkout.write("new\n", "fresh")
    (checkout.directory / "gone").unlink()
    said = checkout.ci()
    assert item_lines(said, 1) == ["committed", "file", "gone", "shippable.yml"]
    assert "3 files differ from the commit and are not in this build: --working-tree takes them" in run_notes(said)
    assert item_lines(checkout.ci("--working-tree"), 1) == ["changed", "file", "fresh", "shippable.yml"]


def test_the_ci_variables_come_from_the_checkout(checkout: Checkout) -> None:
    checkout.commit("language: none\n", "first")
    sha = checkout.commit("language: none\nbuild: {ci: [env]}\n", "second\n\nbody")
    said = checkout.ci()
    got = dict(line.split("=", 1) for line in item_lines(said, 1) if "=" in line)
    parent = checkout.git("rev-parse", "HEAD^")
    wanted = {
        "CI": "true", "CONTINUOUS_INTEGRATION": "true", "SHIPPABLE": "true", "TRAVIS": "true",
        "CACHE_CONTAINER": "false", "DEBIAN_FRONTEND": "noninteractive", "RAILS_ENV": "test",
        "SHIPPABLE_OS_NAME": "linux",
        "BRANCH": "main", "COMMIT": sha, "COMMITTER": "Ann", "LAST_AUTHOR": "Ann",
        "SHIPPABLE_COMMIT_RANGE": f"{parent}...{sha}", "TRAVIS_COMMIT_RANGE": f"{parent}...{sha}",
        "COMPARE_URL": f"https://github.com/acme/shop/compare/{parent}...{sha}",
        "REPO_NAME": "shop", "ORG_NAME": "acme", "REPO_FULL_NAME": "acme/shop", "SHIPPABLE_REPO_SLUG": "acme/shop",
        "REPOSITORY_URL": "https://github.com/acme/shop.git", "IS_PULL_REQUEST": "false", "PULL_REQUEST": "false",
        "IS_GIT_TAG": "false", "IS_RELEASE": "false", "BUILD_NUMBER": "1", "SHIPPABLE_BUILD_NUMBER": "1",
        "JOB_NUMBER": "1", "SHIPPABLE_JOB_ID": "1", "LAST_SUCCESSFUL_BUILD_TIMESTAMP": "false",
        "JOB_NAME": "shop_runCI", "JOB_TYPE": "runCI", "BUILD_JOB_NUMBER": "1", "SUBSCRIPTION_ID": "local",
    }  # fmt: skip
    assert {name: got.get(name) for name in wanted} == wanted
    assert got["SHIPPABLE_BUILD_DIR"] == got["SHIPPABLE_REPO_DIR"] == got["PWD"] == got["TRAVIS_BUILD_DIR"]
    assert got["PWD"].endswith("/src/github.com/acme/shop")
    assert got["COMMIT_MESSAGE"] == "second"
    assert "hidden-pw" not in said.out
    again = item_lines(checkout.ci(), 1)
    assert next(line for line in again if line.startswith("LAST_SUCCESSFUL")).split("=")[1].isdigit()


def test_a_tag_that_is_checked_out_is_told(checkout: Checkout) -> None:
    checkout.commit(
        'language: none\nbuild: {ci: ["echo $BRANCH $IS_GIT_TAG $GIT_TAG_NAME; git branch --show-current"]}\n'
    )
    checkout.git("tag", "v1")
    checkout.git("checkout", "--quiet", "v1")
    assert item_lines(checkout.ci(), 1) == ["v1 true v1"]


def test_the_default_commands_of_the_language_run_where_ci_is_empty(checkout: Checkout) -> None:
    npm = checkout.write('#!/bin/sh\necho "npm $*"\n', "bin/npm", 0o755).parent
    checkout.commit("language: node_js\nnode_js: 8\nbuild: {post_ci: [echo after]}\n")
    path = f"{npm}:{checkout.environ['PATH']}"
    assert item_lines(checkout.ci(PATH=path), 1) == ["npm install", "npm test", "after"]


def test_the_cache_lives_until_a_message_asks_for_a_new_one(checkout: Checkout) -> None:
    text = "language: none\nbuild: {cache: true, ci: ['cat made || true', echo kept > made]}\n"
    checkout.commit(text)
    assert "kept" not in item_lines(checkout.ci(), 1)
    assert "kept" in item_lines(checkout.ci(), 1)
    checkout.commit(text + "# x\n", "again [reset cache]")
    said = checkout.ci()
    assert "kept" not in item_lines(said, 1)
    assert "cache: dropped, as the message of the commit asks for" in run_notes(said)


def test_no_link_leads_the_cache_out_of_the_clone(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/file").write_text("hidden")
    checkout.commit(f"""
        language: none
        build:
          cache_dir_list: [link/secret, kept]
          ci: [mkdir -p kept, ln -s {tmp_path} link, 'ls kept/.. link/secret 2> /dev/null || true']
    """)
    assert checkout.ci().code == 0
    archive = next((checkout.directory / ".runner/cache").rglob("build.tar"))
    listed = subprocess.run(["tar", "-tf", archive], capture_output=True, text=True, check=True).stdout
    assert listed.split() == ["kept/"]


def test_a_run_by_hand_passes_over_the_branch_filter_and_says_so(checkout: Checkout) -> None:
    checkout.commit("language: none\nbranches: {only: release/*}\nbuild: {ci: [echo ran]}\n")
    said = checkout.ci()
    assert item_lines(said, 1) == ["ran"]
    assert any("branches leaves out main (only release/*); a run by hand does" in note for note in run_notes(said))


def test_depth_settings_of_git_and_submodules_are_kept_to(checkout: Checkout) -> None:
    checkout.commit("language: none\n", "first")
    checkout.commit("""
        language: none
        depth: 1
        gitConfig: [demo.key a-value]
        build: {ci: [git rev-list --count HEAD, git config demo.key, git remote get-url origin]}
    """)
    assert item_lines(checkout.ci(), 1) == ["1", "a-value", "https://github.com/acme/shop.git"]


def test_what_does_not_count_here_is_a_warning_and_with_strict_an_error(checkout: Checkout) -> None:
    checkout.commit("language: none\nservices: [mysql]\nbuild: {ci: [echo ran], push: [x]}\n")
    said = checkout.ci()
    assert said.code == 0
    assert "the service mysql is not started" in said.err
    assert "push is left out" in said.err
    strict = checkout.ci("--strict")
    assert (strict.code, strict.out) == (2, "")
    assert "--strict takes them for errors; nothing was run" in strict.err
    checkout.commit("language: none\nservices: [mysql]  # runner: ignore[W608]\nbuild: {ci: [echo ran]}\n")
    assert checkout.ci("--strict").code == 0


def test_what_cannot_be_run_is_told_in_a_sentence(checkout: Checkout) -> None:
    assert checkout.ci().code == 2
    assert "is none" in checkout.ci().err
    checkout.commit("jobs: []\n")
    assert "there is no CI part in shippable.yml of commit" in checkout.ci().err
    checkout.commit("language: pyton\n")
    said = checkout.ci()
    assert (said.code, "did you mean 'python'?" in said.err) == (2, True)
    assert "--job means nothing with --ci" in checkout.ci("--job", "x").err
    assert "their CI part runs with 'runner run --ci'" in checkout.run().err


def test_a_listed_job_runs_the_ci_part_between_its_inputs_and_outputs(checkout: Checkout) -> None:
    checkout.commit("""
        language: none
        env: [A=1, A=2]
        build: {ci: ['[ $PARAMS_PARAMS_K = v ]', 'shipctl put_resource_state img versionName v$A']}
        resources:
          - {name: shop_ciRepo, type: ciRepo}
          - {name: params, type: params, versionTemplate: {params: {K: v}}}
          - {name: img, type: image, versionTemplate: {sourceName: s, versionName: v0}}
        jobs:
          - {name: shop_runCI, type: runCI, steps: [IN: shop_ciRepo, IN: params, OUT: img]}
          - {name: after, type: runSh, steps: [IN: img, TASK: {script: ['echo "got $IMG_VERSIONNAME"']}]}
    """)
    said = checkout.run()
    assert said.code == 0, said.out
    assert said.messages("after") == ["got v2"]
    assert item_statuses(said) == {1: "success", 2: "success"}


def test_a_listed_job_of_another_repository_ends_in_error(checkout: Checkout) -> None:
    checkout.commit("language: none\njobs: [{name: other_runCI, type: runCI}]\n")
    said = checkout.run()
    assert said.statuses() == {"other_runCI": "error"}
    told = "other_runCI has no repository: it runs in a checkout of other, or with a gitRepo of it as input"
    assert told in said.out


def test_a_listed_job_of_another_repository_is_built_from_its_input(checkout: Checkout, tmp_path: Path) -> None:
    other = Repository(tmp_path / "other.git")
    sha = other.commit("elsewhere", {"shippable.yml": "language: none\nbuild: {ci: ['echo $REPO_NAME $COMMIT']}\n"})
    checkout.commit(f"""
        resources: [{{name: src, type: gitRepo, versionTemplate: {{sourceName: "{other.remote.url}"}}}}]
        jobs: [{{name: other_runCI, type: runCI, steps: [IN: src]}}]
    """)
    said = checkout.run()
    assert said.code == 0, said.out
    assert item_lines(said, 1) == [f"other {sha}"]
