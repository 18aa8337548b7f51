"""What `cliConfig` inputs need: a table of every type of integration."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

import pytest

from runner.integrations.catalogue import CATALOGUE, Need
from runner.integrations.model import ResolvedIntegration
from runner.pipeline.model import In
from runner.pipeline.problems import Place
from runner.secret import Secret
from runner.workspace.dependency import Dependency
from runner.workspace.tools.setting_up import MAKERS, SCOPES, ToolSetUp, beside_roles, config_with, tools_of
from runner.workspace.variables import Variable
from runner.workspace.versions import Version

KEY = json.dumps({"type": "service_account", "project_id": "acme", "client_email": "bot@acme.test"})
KEYS = {"accessKey": "AKIAEXAMPLE", "secretKey": "s3cr3t-of-aws"}
OLD_KEYS = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "s3cr3t-of-aws"}
LOGIN = {"username": "kim", "password": "p:a ss", "email": "kim@acme.test"}
KUBE = "apiVersion: v1\nkind: Config\n"
AUTH = base64.b64encode(b"kim:p:a ss").decode()
JSON_AUTH = base64.b64encode(f"_json_key:{KEY}".encode()).decode()


def made(type_: str, values: Mapping[str, str], *scopes: str, **content: str) -> ToolSetUp:
    """What one input named `tools` sets up."""
    integration = ResolvedIntegration(
        name="cloud", type=CATALOGUE[type_], values={k: Secret(v) for k, v in values.items()}
    )
    return tools_of("j", [_input("tools", integration, scopes, content)], "/b")


def _input(
    name: str, integration: ResolvedIntegration, scopes: tuple[str, ...] = (), content: Mapping[str, str] | None = None
) -> Dependency:
    return Dependency(
        step=In(name=name, place=Place(""), scopes=scopes),
        type="cliConfig",
        node_id=1,
        version=Version(id=1, number=1, name=None, property_bag=dict(content or {}), created_at=""),
        integration=integration,
    )


def _variables(tools: ToolSetUp) -> dict[str, str]:
    return {variable.name: variable.value for variable in tools.variables()}


HUB = "https://index.docker.io/v1/"
AWS = {"aws/credentials": "[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = s3cr3t-of-aws\n"}
GCLOUD = {
    "gcloud/key.json": KEY,
    "gcloud/active_config": "default",
    "gcloud/configurations/config_default": (
        "[core]\naccount = bot@acme.test\nproject = acme\n"
        "[auth]\ncredential_file_override = /b/secrets/tools/gcloud/key.json\n"
        "[compute]\nregion = eu-west-1\n"
    ),
}
JFROG = {
    "jfrog/.jfrog/jfrog-cli.conf": {
        "artifactory": [
            {
                "url": "https://jfrog.test/artifactory/", "user": "kim", "password": "p:a ss",
                "serverId": "default-server", "isDefault": True,
            }
        ],
        "version": "1",
    }
}  # fmt: skip


def docker(**auths: str) -> dict[str, object]:
    return {"docker/config.json": {"auths": {key: {"auth": auth} for key, auth in auths.items()}}}


GCR = docker(**dict.fromkeys(("gcr.io", "us.gcr.io", "eu.gcr.io", "asia.gcr.io"), JSON_AUTH))


@pytest.mark.parametrize(
    ("type_", "values", "files", "variables"),
    [
        ("amazonKeys", KEYS, AWS, {"AWS_SHARED_CREDENTIALS_FILE": "aws/credentials"}),
        ("AWS", OLD_KEYS, AWS, {"AWS_SHARED_CREDENTIALS_FILE": "aws/credentials"}),
        (
            "ECR",
            OLD_KEYS,
            {**AWS, **docker()},
            {"AWS_SHARED_CREDENTIALS_FILE": "aws/credentials", "DOCKER_CONFIG": "docker"},
        ),
        ("amazonIamRole", {"assumeRoleARN": "arn:aws:iam::123456789012:role/x"}, {}, {}),
        ("AWS_IAM", {"assumeRoleARN": "arn:aws:iam::123456789012:role/x"}, {}, {}),
        ("dockerRegistryLogin", LOGIN, docker(**{HUB: AUTH}), {"DOCKER_CONFIG": "docker"}),
        (
            "dockerRegistryLogin",
            {**LOGIN, "url": "https://reg.test:5000/v2/"},
            docker(**{"reg.test:5000": AUTH}),
            {"DOCKER_CONFIG": "docker"},
        ),
        ("Docker", LOGIN, docker(**{HUB: AUTH}), {"DOCKER_CONFIG": "docker"}),
        (
            "Private Docker Registry",
            {**LOGIN, "url": "reg.test"},
            docker(**{"reg.test": AUTH}),
            {"DOCKER_CONFIG": "docker"},
        ),
        (
            "Docker Trusted Registry",
            {**LOGIN, "url": "http://reg.test"},
            docker(**{"reg.test": AUTH}),
            {"DOCKER_CONFIG": "docker"},
        ),
        (
            "quayLogin",
            {**LOGIN, "url": "https://quay.io", "accessToken": "t"},
            docker(**{"quay.io": AUTH}),
            {"DOCKER_CONFIG": "docker"},
        ),
        ("Quay.io", LOGIN, docker(**{"quay.io": AUTH}), {"DOCKER_CONFIG": "docker"}),
        ("gcloudKey", {"JSON_key": KEY}, GCLOUD, {"CLOUDSDK_CONFIG": "gcloud"}),
        (
            "GCL",
            {"credentialFile": KEY, "projectName": "acme"},
            GCLOUD,
            {"CLOUDSDK_CONFIG": "gcloud", "TOOLS_INTEGRATION_CREDENTIALFILE_PATH": "gcloud/key.json"},
        ),
        ("GCR", {"JSON_key": KEY}, {**GCLOUD, **GCR}, {"CLOUDSDK_CONFIG": "gcloud", "DOCKER_CONFIG": "docker"}),
        ("GKE", {"JSON_key": KEY}, GCLOUD, {"CLOUDSDK_CONFIG": "gcloud", "KUBECONFIG": "kube/config"}),
        (
            "azureKeys",
            {"appId": "a", "password": "p", "tenant": "t"},
            {"azure/principal": "p"},
            {"AZURE_CONFIG_DIR": "azure"},
        ),
        ("kubernetesConfig", {"kubeConfigContent": KUBE}, {"kube/config": KUBE}, {"KUBECONFIG": "kube/config"}),
        ("KUBERNETES", {"masterKubeconfigContent": KUBE}, {"kube/config": KUBE}, {"KUBECONFIG": "kube/config"}),
        (
            "artifactoryKey",
            {**LOGIN, "url": "https://jfrog.test/artifactory"},
            JFROG,
            {"JFROG_CLI_HOME": "jfrog", "JFROG_CLI_HOME_DIR": "jfrog/.jfrog"},
        ),
        (
            "artifactory",
            {**LOGIN, "url": "https://jfrog.test/artifactory/"},
            JFROG,
            {"JFROG_CLI_HOME": "jfrog", "JFROG_CLI_HOME_DIR": "jfrog/.jfrog"},
        ),
        ("DOC", {"apiToken": "t"}, {}, {}),
    ],
)
def test_each_type_of_integration_sets_its_tool_up_below_the_build_directory(
    type_: str, values: Mapping[str, str], files: Mapping[str, object], variables: Mapping[str, str]
) -> None:
    tools = made(type_, values, region="eu-west-1", clusterName="c")
    found = {path.removeprefix("secrets/tools/"): text for path, text in tools.files.items()}
    read = {path: json.loads(text) if isinstance(files.get(path), dict) else text for path, text in found.items()}
    assert read == files
    others = {"AWS_SDK_LOAD_CONFIG": "1"} if "aws/credentials" in files else {}
    others |= {"DIGITALOCEAN_ACCESS_TOKEN": "t"} if type_ == "DOC" else {}
    assert _variables(tools) == {**{name: f"/b/secrets/tools/{path}" for name, path in variables.items()}, **others}


def test_every_type_that_the_catalogue_marks_has_a_tool() -> None:
    marked = {name for name, kind in CATALOGUE.items() if Need.CLI in kind.needs}
    assert marked <= MAKERS.keys()
    assert SCOPES.keys() <= MAKERS.keys()


@pytest.mark.parametrize(
    ("type_", "values", "scopes", "calls"),
    [
        ("amazonKeys", KEYS, ("ecr",), ["aws ecr get-authorization-token --output=json"]),
        ("amazonKeys", KEYS, ("configure",), []),
        (
            "amazonIamRole",
            {"assumeRoleARN": "x"},
            ("ecr",),
            ["aws ecr get-authorization-token --output=json --profile=cloud"],
        ),
        ("gcloudKey", {"JSON_key": KEY}, ("gke",), ["gcloud --quiet container clusters get-credentials -- c"]),
        ("gcloudKey", {"JSON_key": KEY}, ("gcr", "gke"), []),
        (
            "azureKeys",
            {"appId": "a", "password": "p", "tenant": "t"},
            ("aks",),
            [
                "az login --service-principal --username=a --password=@/b/secrets/tools/azure/principal --tenant=t "
                "--output=none",
                "az aks get-credentials --name=c --resource-group=g --file=/b/secrets/tools/kube/config "
                "--overwrite-existing",
            ],
        ),
    ],
)
def test_scopes_are_what_has_to_be_asked_of_a_provider(
    type_: str, values: Mapping[str, str], scopes: tuple[str, ...], calls: list[str]
) -> None:
    tools = made(type_, values, *scopes, region="eu-west-1", clusterName="c", groupName="g")
    assert [" ".join(call.argv) for _, call in tools.calls] == calls
    assert not any(secret in argv for argv in calls for secret in ("s3cr3t", "p:a ss"))


@pytest.mark.parametrize(
    ("type_", "values", "scopes", "warning"),
    [
        (
            "slackKey",
            {"webhookUrl": "u"},
            (),
            "IN tools: there is no tool to set up for integration 'cloud' of type Slack",
        ),
        ("amazonKeys", KEYS, ("gke",), "IN tools: the scope 'gke' means nothing for an integration of type amazonKeys"),
        ("gcloudKey", {"JSON_key": KEY}, ("gke",), "IN tools: no clusterName, so no cluster of GKE is set up"),
        (
            "azureKeys",
            {"appId": "a", "password": "p", "tenant": "t"},
            ("aks",),
            "IN tools: no clusterName and groupName, so no cluster of AKS is set up",
        ),
    ],
)
def test_what_cannot_be_set_up_is_a_warning(
    type_: str, values: Mapping[str, str], scopes: tuple[str, ...], warning: str
) -> None:
    assert made(type_, values, *scopes, region="r").warnings == (warning,)


def test_the_later_input_of_a_type_counts_and_docker_keeps_all_registries() -> None:
    def registry(name: str, url: str) -> ResolvedIntegration:
        return ResolvedIntegration(name=name, type=CATALOGUE["dockerRegistryLogin"], values={**LOGIN, "url": url})

    def kube(name: str) -> ResolvedIntegration:
        return ResolvedIntegration(name=name, type=CATALOGUE["kubernetesConfig"], values={"kubeConfigContent": name})

    inputs = [
        _input("one", registry("one", "a.test")),
        _input("first", kube("first")),
        _input("two", registry("two", "b.test")),
        _input("second", kube("second")),
    ]
    tools = tools_of("j", inputs, "/b")
    assert tools.files["secrets/tools/kube/config"] == "second\n"
    assert tools.logins.keys() == {"a.test", "b.test"}


def _aws(**values: str) -> list[Variable]:
    return [Variable(name, value, "AWS") for name, value in values.items()]


@pytest.mark.parametrize(
    ("region", "kept"),
    [("eu-west-1", {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}), ("us-east-1", {})],
)
def test_keys_of_a_tool_stand_beside_roles_and_are_meant_where_no_profile_is_named(
    region: str, kept: Mapping[str, str]
) -> None:
    tools = made("amazonKeys", KEYS, region="eu-west-1")
    of_roles = _aws(AWS_REGION=region, AWS_DEFAULT_REGION=region, AWS_SHARED_CREDENTIALS_FILE="/dev/null")
    found = {variable.name: variable.value for variable in beside_roles(of_roles, tools)}
    own = {"AWS_SHARED_CREDENTIALS_FILE": "/b/secrets/tools/aws/credentials", "AWS_SDK_LOAD_CONFIG": "1"}
    assert found == {**kept, **own}


@pytest.mark.parametrize(
    ("config", "region", "found"),
    [
        ("", None, ""),
        ("", "r", "[default]\nregion = r\n"),
        ("[default]\nregion = x\n", "r", "[default]\nregion = r\n"),
        (
            "[default]\nregion = x\n\n[profile a]\nregion = x\n",
            "r",
            "[default]\nregion = r\n\n[profile a]\nregion = x\n",
        ),
        ("[default]\nregion = x\n", None, "[default]\nregion = x\n"),
    ],
)
def test_the_default_profile_has_the_region_of_the_keys(config: str, region: str | None, found: str) -> None:
    assert config_with(config, region) == found
