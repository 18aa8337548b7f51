"""Whatever stands in a CI part: a typed part or problems with places, never an exception."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from runner.pipeline.ci.expansion import expand, size_of
from runner.pipeline.ci.keys import BOOT_KEYS, BUILD_KEYS, CI, COMBINATION, INTEGRATION_KEYS, MATRIX_KEYS, OLD
from runner.pipeline.reader import SourceFile, read
from tests.reference.agreement import agreeing

WORDS = ("python", "A=1", "A=$(x", "a b", "", "secure", "global", "only", "off", "1+1=2", "nodePool", "x")
NESTED = (*BUILD_KEYS, *MATRIX_KEYS, *COMBINATION, *BOOT_KEYS, *INTEGRATION_KEYS, *WORDS)
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(0, 9) | st.sampled_from(WORDS)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NESTED), inner, max_size=3)
)
FILES = st.dictionaries(st.sampled_from((*CI, *OLD, "buid")), VALUES, min_size=1, max_size=6)


@given(FILES)
def test_any_file_gives_a_part_or_problems_with_places_and_the_schema_says_the_same(content: dict[str, object]) -> None:
    files = [SourceFile("shippable.yml", json.dumps(content))]
    found = agreeing(files, read(files)).ci
    if found is None:
        assert set(content) == {"buid"}
        return
    assert all(problem.place.line >= 1 and problem.place.column >= 1 for problem in found.problems)
    assert len(expand(found.part)) <= size_of(found.part)
