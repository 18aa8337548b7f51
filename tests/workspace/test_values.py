"""Whatever parameters and integrations hold reaches bash byte for byte, and nothing of it is run.

Many values share one bash: its start is what takes time.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.execution.exports import export_text
from runner.integrations.catalogue import CATALOGUE
from runner.integrations.flatten import integration_env, integration_json
from runner.integrations.model import ResolvedIntegration, Value
from runner.names import OF_BASH
from runner.pipeline.model import In
from runner.pipeline.problems import Place
from runner.secret import Secret
from runner.workspace.dependency import Dependency, Identity
from runner.workspace.variables import JobVariables, effective
from runner.workspace.versions import Version

PLACE = Place("shippable.yml")
IDENTITY = Identity(
    build_id=1, number=1, run_id=1, job="j", job_type="runSh", job_id=1, root="/b", url="", triggered_by="j",
    triggered_by_id=1, user="",
)  # fmt: skip
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)
HOSTILE = {
    "NEWLINE": "\n",
    "LINES": "a\n\nexport HACKED=1\nb\n\n",
    "QUOTE": "'",
    "QUOTES": "'\"'\"'\"",
    "COMMAND": "$(touch hacked)",
    "BACKTICK": "`touch hacked`",
    "ENDING": "';touch hacked;'",
    "DOUBLE_ENDING": '";touch hacked;"',
    "ANSI": "$'\\x41'",
    "BACKSLASH": "\\",
    "DASH": "-n",
    "DASHES": "--version",
    "PERCENT": "%s%n%d",
    "HISTORY": "!! !x",
    "GLOB": "* ? [a]",
    "TILDE": "~",
    "CARRIAGE": "a\r\nb\r",
    "BOM": "\ufeffa",
    "LARGE": (f"{'x' * 1017}'$(id)\n") * 1024,
}


def integration(name: str, kind: str, values: Mapping[str, Value]) -> ResolvedIntegration:
    return ResolvedIntegration(name=name, type=CATALOGUE[kind], values=values)


@dataclass(frozen=True)
class Given:
    """One value in every place that a job can have it from."""

    params: Mapping[str, str]
    pairs: Mapping[str, str]
    field: str
    items: tuple[str, ...]

    @property
    def integrations(self) -> tuple[ResolvedIntegration, ...]:
        return (
            integration("kv", "keyValuePair", {"envs": {key: Secret(text) for key, text in self.pairs.items()}}),
            integration("chat", "slackKey", {"webhookUrl": self.field}),
            integration("nodes", "nodeCluster", {"nodes": self.items}),
        )

    @property
    def expected(self) -> dict[str, str]:
        listed = ",".join(f'"{item}"' for item in self.items)
        return {
            **self.params,
            **{f"P_PARAMS_{key}": text for key, text in self.params.items()},
            **self.pairs,
            **{f"KV_INTEGRATION_{key}": text for key, text in self.pairs.items()},
            "CHAT_INTEGRATION_WEBHOOKURL": self.field,
            "NODES_INTEGRATION_NODES": f"'{listed}'",
            **{f"NODES_INTEGRATION_NODES_{index}": item for index, item in enumerate(self.items)},
        }

    def variables(self) -> JobVariables:
        version = Version(id=1, number=1, name=None, property_bag={"params": dict(self.params)}, created_at="")
        params = Dependency(step=In(name="p", place=PLACE), type="params", node_id=2, version=version)
        return JobVariables(identity=IDENTITY, dependencies=[params], injected={}, integrations=self.integrations)


def printed(given_: Given, directory: Path) -> dict[str, str]:
    """What bash prints of each variable."""
    names = list(given_.expected)
    found = effective(given_.variables().shared())
    text, _ = export_text([(variable.name, variable.value) for variable in found.values()])
    shown = "\n".join(f"printf '%s\\0' \"${name}\"" for name in names).encode()
    values = bash(b"%s\n%s" % (text, shown), directory)
    return dict(zip(names, values, strict=True))


def bash(script: bytes, directory: Path) -> list[str]:
    path = directory / "script"
    path.write_bytes(script)
    environ = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["bash", "-eu", path], cwd=directory, capture_output=True, check=True, env=environ)
    assert done.stderr == b""
    return [value.decode() for value in done.stdout.split(b"\0")[:-1]]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXT, min_size=4, max_size=40))
def test_any_value_reaches_bash_byte_for_byte(tmp_path: Path, texts: list[str]) -> None:
    third = len(texts) // 3
    value = Given(
        params={f"A{index}": text for index, text in enumerate(texts[:third])},
        pairs={f"B{index}": text for index, text in enumerate(texts[third : 2 * third])},
        field=texts[0],
        items=tuple(texts[2 * third :]),
    )
    assert printed(value, tmp_path) == value.expected
    document = json.loads(integration_json(value.integrations[0]))
    assert {key: document[key] for key in value.pairs} == value.pairs


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_value_is_not_run_and_breaks_no_other(tmp_path: Path, name: str) -> None:
    text = HOSTILE[name]
    value = Given(params={"P1": text, "P2": "p"}, pairs={"K1": text, "K2": "k"}, field=text, items=(text, "n"))
    assert printed(value, tmp_path) == value.expected
    assert [path.name for path in tmp_path.iterdir()] == ["script"]


def test_no_env_file_runs_anything_and_each_key_has_one_line(tmp_path: Path) -> None:
    pairs = {f"K{index}": Secret(text) for index, text in enumerate(HOSTILE.values())}
    text = integration_env(integration("-n $(touch hacked) '", "keyValuePair", {"envs": pairs}))
    assert [line.partition("=")[0] for line in text.split("\n")] == ["name", *pairs, ""]
    (tmp_path / "integration.env").write_text(text)
    shown = "\n".join(f"printf '%s\\0' \"${key}\"" for key in pairs)
    found = bash(f". ./integration.env\n{shown}\nprintf '%s\\0' \"$name\"".encode(), tmp_path)
    assert found == [*HOSTILE.values(), "-n $(touch hacked) '"]
    assert not (tmp_path / "hacked").exists()


@pytest.mark.parametrize("name", sorted(OF_BASH))
def test_a_name_that_bash_keeps_for_itself_runs_nothing_and_is_told(tmp_path: Path, name: str) -> None:
    value = Given(
        params={name: "a[$(touch hacked)]", "P": "p"}, pairs={name: "a[$(touch hacked)]"}, field="f", items=()
    )
    found = effective(value.variables().shared())
    text, warnings = export_text([(variable.name, variable.value) for variable in found.values()])
    script = text + integration_env(value.integrations[0]).encode()
    assert bash(script + b'printf \'%s\\0\' "$P" "$name"', tmp_path) == ["p", "kv"]
    assert warnings == [f"the variable {name!r} was not set: bash keeps this name for itself"]
    assert [path.name for path in tmp_path.iterdir()] == ["script"]


@pytest.mark.parametrize(
    "key",
    ["$(touch hacked)", "`touch hacked`", "a b=c", "K;touch hacked", "K\nHACKED=1", "-K", "K[$(touch hacked)]", "é"],
)
def test_a_hostile_name_is_not_run_and_breaks_no_other(tmp_path: Path, key: str) -> None:
    value = Given(params={key: "p"}, pairs={key: "k"}, field="f", items=())
    found = effective(value.variables().shared())
    assert all(name.isidentifier() and name.isascii() for name in found)
    assert found["CHAT_INTEGRATION_WEBHOOKURL"].value == "f"
    text, warnings = export_text([(variable.name, variable.value) for variable in found.values()])
    env = integration_env(value.integrations[0])
    assert bash(text + env.encode() + b'printf \'%s\\0\' "$name" "${HACKED-}"', tmp_path) == ["kv", ""]
    assert warnings == []
    assert [path.name for path in tmp_path.iterdir()] == ["script"]
