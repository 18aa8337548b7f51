"""The CI part of a file: every shape that files have, and what is said about the rest."""

from __future__ import annotations

from textwrap import dedent

import pytest

from runner.pipeline.ci.keys import CI, OLD
from runner.pipeline.ci.model import Axis, Branches, CiPart, Pool, Sections
from runner.pipeline.reader import SourceFile, read
from tests.ci.reading import part_of, printed, read_ci


def texts(part: CiPart, section: str) -> list[str]:
    return [item.text for item in getattr(part.build, section)]


def test_a_file_without_a_key_of_the_ci_part_has_none() -> None:
    assert read([SourceFile("shippable.yml", "jobs: []\nanchors: &a [x]\n")]).ci is None


def test_a_ci_part_counts_in_the_root_of_a_repository_only() -> None:
    text = "language: none\n"
    assert read([SourceFile(".shippable.yml", text)]).ci is not None
    below = read([SourceFile("sub/shippable.yml", text, in_root=False)])
    assert below.ci is None
    assert "a CI part counts in shippable.yml in the root of a repository only" in str(below.problems[0])
    assert read([SourceFile("x.shippable.yml", text)]).ci is None


def test_errors_of_the_ci_part_leave_the_jobs_of_the_file_alone() -> None:
    reading = read([SourceFile("shippable.yml", "language: pyton\njobs: []\n")])
    assert reading.problems == ()
    assert reading.ci is not None
    assert reading.ci.refused


@pytest.mark.parametrize(
    "language", ["clojure", "go", "java", "node_js", "php", "python", "ruby", "scala", "c", "none"]
)
def test_every_language_is_known(language: str) -> None:
    assert part_of(f"language: {language}\n").language == language


def test_a_missing_language_is_none_with_a_warning() -> None:
    reading = read_ci("build: {ci: [make]}\n")
    assert reading.part.language == "none"
    assert printed(reading) == ["warning: language: no language is named: 'none' is taken, which runs no defaults"]


@pytest.mark.parametrize(
    ("language", "written", "values"),
    [
        ("python", "python: [2.7, 3.10, '3.6']", ("2.7", "3.10", "3.6")),
        ("node_js", "node_js: 0.10", ("0.10",)),
        ("node_js", "node_js:\n  - 6\n  - [8, 10]", ("6", "8", "10")),
        ("ruby", "rvm: [2.1.0, jruby]", ("2.1.0", "jruby")),
        ("java", "jdk: openjdk8", ("openjdk8",)),
        ("go", "go: [1.10]", ("1.10",)),
        ("php", "php: 7.0", ("7.0",)),
        ("scala", "scala: [2.11.8]", ("2.11.8",)),
        ("clojure", "lein: lein2", ("lein2",)),
        ("c", "compiler: [gcc, clang]", ("gcc", "clang")),
    ],
)
def test_versions_keep_the_text_that_is_written(language: str, written: str, values: tuple[str, ...]) -> None:
    assert part_of(f"language: {language}\n{written}\n").axes == (Axis(written.partition(":")[0], values),)


def test_versions_of_another_language_are_ignored_with_a_warning() -> None:
    reading = read_ci("language: python\nnode_js: 8\n")
    assert reading.part.axes == ()
    assert "node_js says nothing about the language python and is ignored" in printed(reading)[0]


@pytest.mark.parametrize(
    ("written", "items"),
    [
        ("[A=1, B=2]", ["A=1", "B=2"]),
        ('["A=1 B=2"]', ["A=1 B=2"]),
        ("A=1 B=2", ["A=1 B=2"]),
        ("['A=\"x y\" B=2']", ['A="x y" B=2']),
        ("[{A: 1, B: 0.10}]", ["A=1 B=0.10"]),
        ("[A: x y]", ['A="x y"']),
        ("{A: 1, B: true}", ["A=1 B=true"]),
        ("[A: ]", ["A="]),
        ("['A=$HOME/x B=$A']", ["A=$HOME/x B=$A"]),
        ("['V=$(sed -n s/x//p f) B=1']", ["V=$(sed -n s/x//p f) B=1"]),
        ("['A=\"1\"']", ["A=1"]),
        ("['U=http://x?a=1&b=2']", ['U="http://x?a=1&b=2"']),
        ("[{M: 'say \"hi\"'}]", ['M="say \\"hi\\""']),
        ("[{M: '$(sed -n \"s/x//p\" f)'}]", ['M="$(sed -n "s/x//p" f)"']),
        ("[[A=1, B=2], C=3]", ["A=1", "B=2", "C=3"]),
        ("", []),
    ],
)
def test_variables_are_read_in_every_shape(written: str, items: list[str]) -> None:
    assert [str(item) for item in part_of(f"language: none\nenv: {written}\n").env.axis] == items


def test_global_variables_are_no_axis() -> None:
    env = part_of("""
        language: none
        env:
          global:
            - A=1 B=2
            - C: 3
            - secure: abc
          matrix: [D=1, D=2]
    """).env
    assert [str(item) for item in env.shared] == ["A=1 B=2", "C=3", "secure"]
    assert [str(item) for item in env.axis] == ["D=1", "D=2"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("['A=\"x']", "env[0]: a quotation mark or a bracket has no end (a variable is 'KEY=value' or 'KEY: value')"),
        ("[A=x y]", "warning: env[0]: 'y' sets nothing (put a value that holds blanks in quotes: KEY=\"a b\")"),
        ("[1+1=2, [null]]", "env[1][0]: must be variables, not empty (a variable is 'KEY=value' or 'KEY: value')"),
        ("[{A: [1]}]", "env[0].A: the value of a variable must be text, not a list"),
        ("{global: [A=1], X: 1}", "env.X: 'X' stands beside global and matrix (variables of all items belong below"
         " global)"),
        ("[secure: A=1]", "env[0].secure: this value is not encrypted ('runner encrypt KEY=VALUE' prints what belongs"
         " here)"),
        ("[secure: {a: 1}]", "env[0].secure: must be an encrypted text, not a mapping ('runner encrypt KEY=VALUE' makes"
         " one)"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_variables_is_told(written: str, said: str) -> None:
    assert said in printed(read_ci(f"language: none\nenv: {written}\n"))


def test_the_sections_are_read_in_every_shape() -> None:
    part = part_of("""
        more: &more
          - three
          - [four, [five]]
        language: none
        build:
          pre_ci: [one]
          ci: ["two", *more, true]
          post_ci: a lone command
          on_success:
            - |
              several
              lines
          on_failure: []
          always: ~
    """)
    assert texts(part, "pre_ci") == ["one"]
    assert texts(part, "ci") == ["two", "three", "four", "five", "true"]
    assert texts(part, "post_ci") == ["a lone command"]
    assert texts(part, "on_success") == ["several\nlines\n"]
    assert (part.build.on_failure, part.build.always) == ((), None)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("ci: [{echo a: b}]", "build.ci[0]: must be text, not a mapping (put a line that holds ': ' in quotes)"),
        ("ci: [5]", "build.ci[0]: must be text, not the number 5"),
        ("post-ci: [x]", "build.post-ci: 'post-ci' is not a key of build (did you mean 'post_ci'?)"),
        ("advancedReportinsg: true", "build.advancedReportinsg: 'advancedReportinsg' is not a key of build (did you"
         " mean 'advancedReporting'?)"),
        ("smoke_test: [x]", "warning: build.smoke_test: 'smoke_test' is not a key of build and is ignored"),
        ("push: [docker push x]", "warning: build.push: no image is pushed: push is left out (push in post_ci or"
         " on_success)"),
        ("pre_ci_boot: {image_name: x, pull: $P}", "warning: build.pre_ci_boot: no container is started: the commands"
         " run on this host, only env of pre_ci_boot counts"),
        ("cache: maybe", "build.cache: must be true or false (or on or off), not 'maybe'"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_build_is_told(written: str, said: str) -> None:
    assert printed(read_ci(f"language: none\nbuild:\n  {written}\n")) == [said]


def test_of_the_container_only_its_variables_count() -> None:
    part = part_of("language: none\nbuild: {pre_ci_boot: {image_name: x, env: [A=1, {B: 2}]}}\n")
    assert part.build.boot_env is not None
    assert [str(item) for item in part.build.boot_env] == ["A=1", "B=2"]


def test_the_cache_is_read() -> None:
    build = part_of("language: none\nbuild: {cache: on, cache_dir_list: [$SHIPPABLE_BUILD_DIR/x, /y]}\n").build
    assert build == Sections(cache=True, cache_dirs=("$SHIPPABLE_BUILD_DIR/x", "/y"))


@pytest.mark.parametrize(
    ("written", "pools"),
    [
        ("{nodePool: a}", [Pool("a")]),
        ("[nodePool: a, nodePool: b]", [Pool("a"), Pool("b")]),
        ("[{nodePool: a, build: {cache: true}}]", [Pool("a", Sections(cache=True))]),
    ],
)
def test_pools_are_read(written: str, pools: list[Pool]) -> None:
    reading = read_ci(f"language: none\nruntime: {written}\n")
    assert list(reading.part.pools) == pools
    assert printed(reading) == ["warning: runtime: every item runs on this host, whatever nodePool it is for"]


def test_branches_clone_settings_and_services_are_read() -> None:
    part = part_of("""
        language: none
        branches: {only: [master, feat*], except: old}
        depth: 50
        gitConfig: [core.autocrlf true]
        git: {submodules: false}
        services: [mysql, selenium: "2.44"]
        bundler_args: --jobs 3
        vote: false
    """)
    assert part.branches == Branches(("master", "feat*"), ("old",))
    assert (part.depth, part.git_config, part.submodules) == (50, ("core.autocrlf true",), False)
    assert [service.name for service in part.services] == ["mysql", "selenium"]
    assert part.bundler_args == "--jobs 3"


@pytest.mark.parametrize(
    ("vote", "said"),
    [("false", []), ("", []), ("{on_success: {Verified: 1}}", ["warning: vote: nothing votes at Gerrit yet"])],
)
def test_a_vote_that_nothing_casts_is_a_warning(vote: str, said: list[str]) -> None:
    assert printed(read_ci(f"language: none\nvote: {vote}\n")) == said


def test_each_service_is_a_warning_by_name() -> None:
    assert printed(read_ci("language: none\nservices: [mysql, mysq]\n")) == [
        "warning: services[0]: the service mysql is not started: what this host has is used",
        "warning: services[1]: the service mysq is not started: what this host has is used (did you mean 'mysql'?)",
    ]


def test_integrations_are_data_and_say_what_does_not_happen() -> None:
    reading = read_ci("""
        language: none
        integrations:
          hub: [{integrationName: docker, type: docker, branches: {only: master}}]
          huub: []
    """)
    (first,) = reading.part.integrations
    assert (first.kind, first.type, first.name and first.name.name) == ("hub", "docker", "docker")
    assert first.settings == {"branches": {"only": "master"}}
    assert printed(reading) == [
        "warning: integrations.hub: nothing is logged in to; log in in pre_ci",
        "warning: integrations.huub: 'huub' is not a list of integrations and is ignored (did you mean 'hub'?)",
    ]


@pytest.mark.parametrize("key", sorted(OLD))
def test_keys_of_older_syntaxes_are_ignored_with_a_warning(key: str) -> None:
    reading = read_ci(f"language: none\n{key}: [make]\n")
    assert reading.part.build == Sections()
    assert f"warning: {key}: '{key}' is of an older syntax and is ignored" in printed(reading)[0]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("nguage: python\nbuild: {}", "nguage: 'nguage' is not a key of the CI part (did you mean 'language'?)"),
        ("language: pyhton", "language: must be one of clojure, go, java, node_js, php, python, ruby, scala, c,"
         " none, not 'pyhton' (did you mean 'python'?)"),
        ("language: none\nbuid: {ci: [x]}", "buid: 'buid' is not a key of the CI part (did you mean 'build'?)"),
        ("language: none\nbranches: [master]", "branches: must be a mapping with only and except, not a list"),
        ("language: none\ndepth: -1", "depth: must be at least 1"),
    ],
)  # fmt: skip
def test_slips_and_wrong_values_are_errors_that_say_what_was_meant(written: str, said: str) -> None:
    reading = read_ci(written + "\n")
    assert reading.refused
    assert any(line.startswith(said) for line in printed(reading)), printed(reading)


def test_holders_of_anchors_and_short_words_are_no_slips() -> None:
    assert printed(read_ci(dedent("language: none\nvars: {}\ngot: 1\nmy_steps: &s [a]\nbuild: {ci: [*s]}\n"))) == []


def test_every_key_has_a_sentence_for_the_reference() -> None:
    assert all(key.doc.endswith(".") for key in CI.values())
