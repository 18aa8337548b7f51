"""From a CI part to the items of its matrix."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.pipeline.ci.expansion import MOST, expand, size_of
from runner.pipeline.ci.model import Assignment, Axis, CiPart, Combination, Env, EnvItem, Matrix, Pool
from runner.pipeline.problems import Place
from tests.ci.reading import labels, part_of, printed, read_ci

HEAD = "language: python\n"
TWO = HEAD + "python: [2.7, 3.6]\n"


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("language: none\n", [""]),
        (TWO, ["python=2.7", "python=3.6"]),
        (HEAD + "env: [A=1, A=2]\n", ["A=1", "A=2"]),
        (HEAD + "env: {global: [A=1, B=2]}\n", [""]),
        (TWO + "env: [A=1]\nruntime: [{nodePool: x}, {nodePool: y}]\n",
         ["python=2.7 A=1 nodePool=x", "python=2.7 A=1 nodePool=y", "python=3.6 A=1 nodePool=x",
          "python=3.6 A=1 nodePool=y"]),
        ("language: ruby\nrvm: [1, 2]\ngemfile: [a, b]\n",
         ["rvm=1 gemfile=a", "rvm=1 gemfile=b", "rvm=2 gemfile=a", "rvm=2 gemfile=b"]),
        ("language: scala\nscala: [2.11]\njdk: [8, 9]\n", ["scala=2.11 jdk=8", "scala=2.11 jdk=9"]),
    ],
)  # fmt: skip
def test_the_items_are_the_product_of_the_axes(text: str, items: list[str]) -> None:
    assert labels(text) == items


@pytest.mark.parametrize(
    ("matrix", "items"),
    [
        ("exclude: [{python: 2.7}]", ["python=3.6 A=1", "python=3.6 A=2"]),
        ("exclude: [{python: 2.7, env: A=1}]", ["python=2.7 A=2", "python=3.6 A=1", "python=3.6 A=2"]),
        ("exclude: [{env: {A: 1}}]", ["python=2.7 A=2", "python=3.6 A=2"]),
        ("exclude: [{env: 'A=\"1\"'}]", ["python=2.7 A=2", "python=3.6 A=2"]),
        ("exclude: [{python: 2.70}]", ["python=2.7 A=1", "python=2.7 A=2", "python=3.6 A=1", "python=3.6 A=2"]),
        ("exclude: ~", ["python=2.7 A=1", "python=2.7 A=2", "python=3.6 A=1", "python=3.6 A=2"]),
        ("include: [{python: 3.7, env: B=1}]",
         ["python=2.7 A=1", "python=2.7 A=2", "python=3.6 A=1", "python=3.6 A=2", "python=3.7 B=1"]),
        ("exclude: [{env: A=1}], include: [{python: 2.7, env: A=1}]",
         ["python=2.7 A=2", "python=3.6 A=2", "python=2.7 A=1"]),
        ("allow_failures: [{python: 3.6}, {env: A=2}]",
         ["python=2.7 A=1", "python=2.7 A=2?", "python=3.6 A=1?", "python=3.6 A=2?"]),
    ],
)  # fmt: skip
def test_exclude_include_and_allow_failures_match_as_text(matrix: str, items: list[str]) -> None:
    assert labels(TWO + f"env: [A=1, A=2]\nmatrix: {{{matrix}}}\n") == items


@pytest.mark.parametrize(
    ("more", "items"),
    [
        ("", ["python=3.6 A=1", "A=2"]),
        ("runtime: {nodePool: p}\n", ["nodePool=p", "python=3.6 A=1 nodePool=p", "A=2 nodePool=p"]),
        ("python: [2.7, 3.5, 3.7]\n", ["python=2.7", "python=3.5", "python=3.7", "python=3.6 A=1", "A=2"]),
        ("env: {global: [G=1]}\n", ["python=3.6 A=1", "A=2"]),
    ],
)
def test_include_alone_makes_no_other_item(more: str, items: list[str]) -> None:
    assert labels(HEAD + more + "matrix: {include: [{python: 3.6, env: A=1}, {env: A=2}]}\n") == items


def test_exclude_without_a_pool_counts_on_every_pool_and_with_one_on_that() -> None:
    pools = TWO + "runtime: [{nodePool: x}, {nodePool: y}]\n"
    assert labels(pools + "matrix: {exclude: [{python: 2.7}]}\n") == ["python=3.6 nodePool=x", "python=3.6 nodePool=y"]
    assert labels(pools + "matrix: {exclude: [{nodePool: x}]}\n") == ["python=2.7 nodePool=y", "python=3.6 nodePool=y"]


def test_an_included_item_may_name_its_pool() -> None:
    pools = HEAD + "runtime: [{nodePool: x}, {nodePool: y, build: {cache: true}}]\n"
    part = part_of(pools + "matrix: {include: [{env: A=1, nodePool: y}, {env: A=2}, {nodePool: z}]}\n")
    assert [str(item) for item in expand(part)][2:] == ["A=1 nodePool=y", "A=2 nodePool=x", "nodePool=z"]
    assert [item.build.cache for item in expand(part)] == [None, True, True, None, None]


def test_the_build_of_a_pool_takes_the_place_of_the_files_key_by_key() -> None:
    part = part_of("""
        language: none
        runtime: [{nodePool: x}, {nodePool: y, build: {ci: [mine], cache: on}}]
        build: {ci: [all], post_ci: [after]}
    """)
    first, second = (item.build for item in expand(part))
    assert [item.text for item in (*(first.ci or ()), *(second.ci or ()))] == ["all", "mine"]
    assert first.post_ci == second.post_ci
    assert (first.cache, second.cache) == (None, True)


def test_a_combination_that_names_nothing_matches_nothing() -> None:
    reading = read_ci(TWO + "matrix: {exclude: [{}]}\n")
    assert "warning: matrix.exclude[0]: names nothing, so that no item is meant" in printed(reading)
    assert len(expand(reading.part)) == 2


def test_a_matrix_that_nobody_can_run_is_an_error() -> None:
    many = ", ".join(f"V={n}" for n in range(MOST // 2 + 1))
    reading = read_ci(TWO + f"env: [{many}]\n")
    assert f"the matrix has {MOST + 2} items; at most {MOST} are run" in printed(reading)
    assert reading.refused


# ---

VERSIONS = st.lists(st.sampled_from(["1", "2", "3"]), max_size=3, unique=True)
ENVS = st.builds(lambda value: EnvItem((Assignment("A", value),)), st.sampled_from("xyz"))
COMBINATIONS = st.builds(
    lambda version, env, pool: Combination(
        place=Place(""), versions=(("python", version),) if version else (), env=env, pool=pool
    ),
    st.sampled_from([None, "1", "2"]),
    st.none() | ENVS,
    st.sampled_from([None, "p", "q"]),
)
MATRICES = st.builds(
    lambda include, exclude, allowed: Matrix(
        include=tuple(include), exclude=tuple(exclude), allow_failures=tuple(allowed)
    ),
    *[st.lists(COMBINATIONS, max_size=3)] * 3,
)
PARTS = st.builds(
    lambda versions, envs, pools, matrix: CiPart(
        place=Place(""),
        language="python",
        axes=(Axis("python", tuple(versions)),) if versions else (),
        env=Env(axis=tuple(envs)),
        pools=tuple(Pool(name) for name in pools),
        matrix=matrix,
    ),
    VERSIONS,
    st.lists(ENVS, max_size=3),
    st.lists(st.sampled_from("pq"), max_size=2, unique=True),
    MATRICES,
)


@given(PARTS)
def test_items_are_numbered_without_a_gap_and_never_more_than_told(part: CiPart) -> None:
    items = expand(part)
    assert [item.number for item in items] == list(range(1, len(items) + 1))
    assert len(items) <= size_of(part)


@given(PARTS)
def test_what_is_included_stands_at_the_end_and_nothing_excluded_before_it(part: CiPart) -> None:
    items = expand(part)
    before = items[: len(items) - len(part.matrix.include)]
    assert not any(item.is_meant(each) for item in before for each in part.matrix.exclude)
    assert [item.versions for item in items[len(before) :]] == [each.versions for each in part.matrix.include]


@given(PARTS)
def test_without_a_matrix_there_is_one_item_for_each_combination(part: CiPart) -> None:
    bare = CiPart(place=part.place, language=part.language, axes=part.axes, env=part.env, pools=part.pools)
    lengths = (*(len(axis.values) for axis in part.axes), len(part.env.axis) or 1, len(part.pools) or 1)
    assert len(expand(bare)) == math.prod(lengths)


@given(PARTS)
def test_an_item_may_fail_exactly_if_one_combination_means_it(part: CiPart) -> None:
    for item in expand(part):
        assert item.may_fail == any(item.is_meant(each) for each in part.matrix.allow_failures)
