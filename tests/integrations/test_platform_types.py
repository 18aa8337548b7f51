"""Every integration type of the platform: what the file may say of it, and what a job gets of it.

The jobs are made once, one as a resource and one in a job's own list for each type, and bash reads what they got.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from runner.execution.exports import export_text
from runner.integrations.catalogue import CATALOGUE, find
from runner.integrations.model import ResolvedIntegration, Value
from runner.pipeline.model import In
from runner.pipeline.model import Job as PipelineJob
from runner.pipeline.problems import Place
from runner.secret import Secret
from runner.workspace.dependency import Dependency, Identity
from runner.workspace.directory import BuildDirectory
from runner.workspace.variables import JobVariables, effective
from tests.integrations.platform_types import ROWS, Row

OURS = {"awsAccountId", "region", "externalId", "deliver"}
"""Fields that this runner adds to the AWS role."""
NOT_NEEDED = {"amazonIamRole": {"output", "url"}}
"""What the platform wanted and nothing used."""
RENAMED = {"Slack": "slackKey", "Quay.io": "quayLogin"}
"""Names of deprecated types that people call their successors by."""
KEYS = {
    "pemKey": {"KEYPATH": "key"},
    "pem-key": {"KEYPATH": "key"},
    "sshKey": {"KEYPATH": "privateKey", "PRIVATE_KEY_PATH": "privateKey", "PUBLIC_KEY_PATH": "publicKey"},
    "ssh-key": {"KEYPATH": "privateKey", "PRIVATE_KEY_PATH": "privateKey", "PUBLIC_KEY_PATH": "publicKey"},
}
ROLE = "arn:aws:iam::123456789012:role/deploy"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_file_takes_the_type_with_the_fields_of_the_platform(row: Row) -> None:
    known = CATALOGUE[row.name]
    assert find(row.name) is (known if row.name not in RENAMED else CATALOGUE[RENAMED[row.name]])
    fields = {field.name: field for field in known.fields if field.name not in OURS}
    assert list(fields) == list(row.fields)
    if row.name != "AWS_IAM":  # of which nothing is known about what it needed
        needed = {name for name, field in fields.items() if field.required}
        assert needed == row.having("*") - NOT_NEEDED.get(row.name, set())
    assert {name for name, field in fields.items() if field.secret} >= row.having("!")


def content(row: Row) -> Mapping[str, Value]:
    """A value for each field, hostile to shells."""
    values: dict[str, Value] = {}
    for name, marks in row.fields.items():
        text = f'{name}\'s "$(id)" `id` \\\n=x'
        shaped: Value = ("10.0.0.1", "10.0.0.2") if "[" in marks else {"a-Key": Secret(text)} if "{" in marks else text
        values[name] = ROLE if name == "assumeRoleARN" else shaped
    return values


def expected(row: Row) -> dict[str, str]:
    """What has to be in `<NAME>_INTEGRATION_…`."""
    found = {"NAME": f"own {ROWS.index(row)}x"}
    for name, value in content(row).items():
        match value:
            case str():
                found[name.upper()] = value
            case tuple():
                found |= {name.upper(): """'"10.0.0.1","10.0.0.2"'""", f"{name.upper()}_0": "10.0.0.1"}
            case Mapping():
                found["AKEY"] = value["a-Key"].reveal() if isinstance(value["a-Key"], Secret) else ""
    return found | ({"AWSACCOUNTID": "123456789012"} if "assumeRoleARN" in row.fields else {})


@dataclass(frozen=True)
class Job:
    root: Path
    variables: Mapping[str, str]

    def of(self, prefix: str) -> dict[str, str]:
        return {name.removeprefix(prefix): v for name, v in self.variables.items() if name.startswith(prefix)}


@pytest.fixture(scope="session")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A job that reaches every type twice, with its variables as a program gets them."""
    root = tmp_path_factory.mktemp("types") / "work"
    given = [
        ResolvedIntegration(name=f"own {number}x", type=CATALOGUE[row.name], values=content(row))
        for number, row in enumerate(ROWS)
    ]
    dependencies = [
        Dependency(step=In(name=f"res.{number}x", place=Place("")), type="integration", node_id=number, integration=one)
        for number, one in enumerate(given)
    ]
    identity = Identity(
        build_id=1, number=1, run_id=1, job="j", job_type="runSh", job_id=1, root=str(root), url="", triggered_by="j",
        triggered_by_id=1, user="",
    )  # fmt: skip
    variables = JobVariables(identity=identity, dependencies=dependencies, injected={}, integrations=given)
    directory = BuildDirectory(root)
    directory.make()
    directory.fill(PipelineJob(name="j", type="runSh", place=Place("")), identity, dependencies)
    directory.add_integrations(given)
    exports, warnings = export_text([(v.name, v.value) for v in effective(variables.shared()).values()])
    assert warnings == []
    done = subprocess.run(["bash", "-c", f"{exports.decode()}\nenv -0"], capture_output=True, check=True, env={})
    pairs = (pair.split("=", 1) for pair in done.stdout.decode().split("\0") if pair)
    return Job(root, dict(pairs))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_program_gets_the_variables_of_a_resource_and_of_the_jobs_list(job: Job, row: Row) -> None:
    number = ROWS.index(row)
    for prefix in (f"RES{number}X_INTEGRATION_", f"OWN{number}X_INTEGRATION_"):
        assert expected(row).items() <= job.of(prefix).items()
        assert all(name in expected(row) or name.endswith("_1") for name in job.of(prefix))
    if "envs" in row.fields:
        assert job.variables["aKey"] == expected(row)["AKEY"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_key_files_are_private_and_named_by_variables(job: Job, row: Row) -> None:
    number = ROWS.index(row)
    for prefix, place in ((f"RES{number}X_", f"IN/res.{number}x"), (f"OWN{number}X_", f"integrations/own {number}x")):
        directory = job.root / place
        found = {name: path for name, path in job.of(prefix).items() if name.endswith(("KEYPATH", "KEY_PATH"))}
        assert found.keys() == KEYS.get(row.name, {}).keys()
        for name, path in found.items():
            assert Path(path).read_text() == f"{content(row)[KEYS[row.name][name]]}\n"
            assert (Path(path).parent, Path(path).stat().st_mode & 0o777) == (directory, 0o600)
        known = {"version.json", "integration.json", "integration.env", "integration"}
        assert {path.name for path in directory.iterdir()} - known == {Path(path).name for path in found.values()}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_both_files_hold_every_field_in_the_order_of_the_platform(job: Job, row: Row) -> None:
    keys = [name if marks != "*{}" else "a-Key" for name, marks in row.fields.items()]
    keys = sorted(keys, key=lambda name: "[" in row.fields.get(name, ""))  # lists come last
    if "assumeRoleARN" in keys:
        keys.insert(1, "awsAccountId")
    directory = job.root / f"integrations/own {ROWS.index(row)}x"
    document = json.loads((directory / "integration.json").read_text())
    assert set(document) == {"id", "masterName", "name", *keys}
    assert (document["masterName"], document["name"]) == (row.name, f"own {ROWS.index(row)}x")
    lines = (directory / "integration.env").read_text().splitlines()
    assert [line.partition("=")[0] for line in lines] == ["name", *(key.replace("-", "") for key in keys)]


@pytest.fixture(scope="session")
def sourced(job: Job) -> Mapping[str, list[str]]:
    """The values of each type's integration.env after bash has sourced it, in the order of its lines."""
    script = """
        shopt -s nullglob
        for file in IN/*/integration.env; do
            printf '%s\\0' "${file//[^0-9]/}"
            (. "$file"; while IFS='=' read -r _key _; do printf '%s\\0' "${!_key}"; done <"$file"; printf '\\0\\0')
        done
    """
    done = subprocess.run(["bash", "-euc", script], cwd=job.root, capture_output=True, check=True, env={})
    blocks = done.stdout.decode().split("\0\0\0")[:-1]
    return {number: values for number, *values in (block.split("\0") for block in blocks)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_bash_reads_every_value_of_the_env_file(sourced: Mapping[str, list[str]], row: Row) -> None:
    values = [value.strip("'") if value.startswith("'") else value for value in expected(row).values()]
    found = sourced[str(ROWS.index(row))]
    assert set(found) <= set(values)
    assert len(found) == len({name for name in expected(row) if not name.endswith("_0")})
