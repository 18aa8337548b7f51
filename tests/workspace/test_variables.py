"""Variables of a build: values stay literal, the platform's names stay the platform's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runner.pipeline.model import In, Out, Task
from runner.pipeline.problems import Place
from runner.secret import Secret
from runner.workspace.dependency import Dependency, Identity
from runner.workspace.documents import expand_placeholders
from runner.workspace.parameters import params_file
from runner.workspace.placeholders import expand
from runner.workspace.variables import JobVariables, effective
from runner.workspace.versions import Version

PLACE = Place("shippable.yml")
IDENTITY = Identity(
    build_id=1, number=1, run_id=1, job="j", job_type="runSh", job_id=1, root="/b", url="", triggered_by="j",
    triggered_by_id=1, user="",
)  # fmt: skip
KEYS = st.sampled_from(["A", "JOB_NAME", "BUILD_DIR", "a-b", "ä", "1", "TASK_NAME", "AWS_CONFIG_FILE"])
VALUES = st.dictionaries(KEYS, st.text(max_size=20))


@given(params=VALUES, injected=VALUES, env=VALUES)
def test_nothing_takes_the_place_of_a_platform_variable(
    params: dict[str, str], injected: dict[str, str], env: dict[str, str]
) -> None:
    dependency = Dependency(
        step=In(name="p", place=PLACE),
        type="params",
        node_id=2,
        version=Version(id=1, number=1, name=None, property_bag={"params": params}, created_at=""),
    )
    task = Task(name="t", place=PLACE, script=(), env=tuple(env.items()))
    variables = JobVariables(identity=IDENTITY, dependencies=[dependency], injected=injected)
    found = effective(variables.of_task(task, "x86_64"))
    assert (found["JOB_NAME"].value, found["BUILD_DIR"].value, found["TASK_NAME"].value) == ("j", "/b", "t")
    assert all(name.isascii() and name.isidentifier() for name in found)
    assert found["A"].value == {**params, **injected, **env}["A"] if "A" in {**params, **injected, **env} else True


@given(text=st.text(), known=st.dictionaries(st.sampled_from(["A", "B"]), st.text()))
def test_expanding_touches_nothing_but_placeholders(text: str, known: dict[str, str]) -> None:
    plain = text.replace("$", "")
    assert expand({"k": [plain, 1, None]}, known) == {"k": [plain, 1, None]}
    assert expand(f"{plain}${{A}}${{C}} {plain}", known) == f"{plain}{known.get('A', '')} {plain}"
    assert expand({"shaData": {"commitMessage": "$A"}}, known) == {"shaData": {"commitMessage": "$A"}}


def test_an_encrypted_parameter_is_secret_and_its_placeholder_stays_in_what_gets_stored() -> None:
    params = Dependency(
        step=In(name="conf", place=PLACE),
        type="params",
        node_id=2,
        version=Version(id=1, number=1, name=None, property_bag={"params": {"B": "1", "secure": "x"}}, created_at=""),
        opened={"TOKEN": Secret("four-score"), "B": Secret("two  words")},
    )
    image = Dependency(
        step=Out(name="img", place=PLACE),
        type="image",
        node_id=3,
        version=Version(id=2, number=1, name="$TOKEN", property_bag={"sourceName": "x/$CONF_PARAMS_B"}, created_at=""),
    )
    variables = expand_placeholders(JobVariables(identity=IDENTITY, dependencies=[params, image], injected={}))
    found = effective(variables.shared())
    assert {name: (v.value, v.secret) for name, v in found.items() if name in ("TOKEN", "B", "CONF_PARAMS_B")} == {
        "TOKEN": ("four-score", True), "B": ("two  words", True), "CONF_PARAMS_B": ("two  words", True),
    }  # fmt: skip
    assert "secure" not in found
    version = variables.dependencies[1].version
    assert version is not None
    assert (version.name, version.property_bag) == ("$TOKEN", {"sourceName": "x/$CONF_PARAMS_B"})
    assert params_file(params) == 'B=1\nTOKEN=four-score B="two  words"\n'
