"""Placeholders in the definition and the version of a step: what is replaced, by what, and when."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from runner.integrations.catalogue import CATALOGUE
from runner.integrations.model import ResolvedIntegration
from runner.pipeline.model import Data, In, Out
from runner.pipeline.plain import Json
from runner.pipeline.problems import Place
from runner.workspace.dependency import Dependency, Identity
from runner.workspace.documents import expand_placeholders
from runner.workspace.variables import JobVariables, dependency_variables
from runner.workspace.versions import Version

PLACE = Place("shippable.yml")
IDENTITY = Identity(
    build_id=1, number=7, run_id=1, job="j", job_type="runSh", job_id=1, root="/b", url="", triggered_by="j",
    triggered_by_id=1, user="",
)  # fmt: skip


def params(name: str, **values: Json) -> Dependency:
    return _dependency(In(name=name, place=PLACE), "params", {"params": values})


def image(text: Json, step: type[In | Out] = In, **pointer: Data) -> Dependency:
    return _dependency(step(name="img", place=PLACE), "image", {"text": text}, {"pointer": pointer})


def _dependency(
    step: In | Out, type_: str, bag: Mapping[str, Json], yml: Mapping[str, Data] | None = None, name: str | None = "v"
) -> Dependency:
    version = Version(id=5, number=3, name=name, property_bag=bag, created_at="")
    return Dependency(step=step, type=type_, node_id=2, yml=yml or {}, version=version)


def expanded(*dependencies: Dependency, injected: Mapping[str, str] | None = None) -> list[Dependency]:
    keys = ResolvedIntegration(name="kv", type=CATALOGUE["keyValuePair"], values={"envs": {"OF_JOB": "x"}})
    variables = JobVariables(
        identity=IDENTITY, dependencies=dependencies, injected=injected or {}, integrations=[keys], path="/bin"
    )
    return list(expand_placeholders(variables).dependencies)


P = params("p", A='1"\n', B="2")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$A", '1"\n'),
        ("${A}-$B", '1"\n-2'),
        ("$Bx ${B}x", " 2x"),
        ("$UNKNOWN|${UNKNOWN}|", "||"),
        ("$1 $ $- ${ ${} ${B:-d} ${-x}", "$1 $ $- ${ ${} ${B:-d} ${-x}"),
        ("$$B", "$2"),
        ("$PATH", "/bin"),
        ("$JOB_NAME/$BUILD_NUMBER", "j/7"),
        ("$J_NAME", "j"),
        ("$P_NAME $P_PARAMS_B", "p 2"),
        ("$LATER$LATE_NAME", ""),
        ("$IMG_NAME", ""),
        ("$OF_JOB$TASK_NAME", ""),
        ("$WHO", "ann"),
        (["$B", {"$B": "$B", "n": 1, "t": True, "none": None}], ["2", {"$B": "2", "n": 1, "t": True, "none": None}]),
    ],
)
@pytest.mark.parametrize("step", [In, Out])
def test_a_placeholder_is_what_is_known_before_its_step(text: Json, found: Json, step: type[In | Out]) -> None:
    _, img, _ = expanded(P, image(text, step), params("late", LATER="no"), injected={"WHO": "ann"})
    assert img.bag["text"] == found


def test_what_is_known_last_wins() -> None:
    later = params("q", A="other", BUILD_NUMBER="no", WHO="params")
    _, _, img = expanded(P, later, image("$A $BUILD_NUMBER $WHO"), injected={"WHO": "injected"})
    assert img.bag["text"] == "other 7 injected"


def test_the_name_of_a_version_and_the_definition_are_replaced_and_the_variables_show_it() -> None:
    _, img = expanded(
        P, _dependency(In(name="img", place=PLACE), "image", {}, {"pointer": {"sourceName": "r$B"}}, "t$B")
    )
    variables = {variable.name: variable.value for variable in dependency_variables(img, "/b")}
    assert (variables["IMG_POINTER_SOURCENAME"], variables["IMG_VERSIONNAME"]) == ("r2", "t2")


@pytest.mark.parametrize("key", ["shaData", "webhookRequestHeaders", "webhookRequestBody", "payload", "normalizedRepo"])
def test_what_came_from_outside_is_left_alone(key: str) -> None:
    _, repo = expanded(P, _dependency(In(name="r", place=PLACE), "gitRepo", {key: {"commitMessage": "costs $A"}}))
    assert repo.bag[key] == {"commitMessage": "costs $A"}


def test_params_are_never_templates() -> None:
    _, second = expanded(P, params("q", C="$B"))
    assert second.bag["params"] == {"C": "$B"}
