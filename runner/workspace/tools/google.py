"""gcloud: a configuration of the build that names the key file. `gcr` logs docker in, `gke` fetches a cluster."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from runner.errors import SetupError
from runner.names import variable_prefix
from runner.workspace.tools import docker
from runner.workspace.tools.kubernetes import CONFIG as KUBE_CONFIG
from runner.workspace.tools.model import Call, Part, Use

COMMAND = ("gcloud",)
REGISTRIES = ("https://gcr.io", "https://us.gcr.io", "https://eu.gcr.io", "https://asia.gcr.io")
KEY = "gcloud/key.json"
_ZONE = re.compile(r"[a-z]+-[a-z]+[0-9]+-[a-z]")


def key(use: Use) -> Part:
    """`gcr` goes before `gke` where both are asked for, as on the platform."""
    part = _account(use, "JSON_key")
    if "gcr" in use.scopes:
        return _with_registries(use, part, "JSON_key")
    return _with_cluster(use, part) if "gke" in use.scopes else part


def old_account(use: Use) -> Part:
    part = _account(use, "credentialFile", use.integration.text("projectName"))
    name = f"{variable_prefix(use.dependency.name)}_INTEGRATION_CREDENTIALFILE_PATH"
    return replace(part, variables={**part.variables, name: f"{use.place}/{KEY}"})


def old_registry(use: Use) -> Part:
    return _with_registries(use, _account(use, "JSON_key"), "JSON_key")


def old_cluster(use: Use) -> Part:
    return _with_cluster(use, _account(use, "JSON_key"))


def _account(use: Use, field: str, project: str | None = None) -> Part:
    """gcloud takes an account from the file that its configuration names; no `gcloud auth` is needed."""
    text = use.field(field)
    try:
        found = json.loads(text)
        account, own = str(found["client_email"]), str(found.get("project_id") or "")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        name = use.integration.name
        raise SetupError(
            f"{use.subject}: '{field}' of integration '{name}' is no key of a service account (JSON)"
        ) from error
    key_path = f"{use.place}/{KEY}"
    settings = {
        ("core", "account"): account,
        ("core", "project"): project or own,
        ("auth", "credential_file_override"): key_path,
        ("compute", _place_kind(use.setting("region"))): use.setting("region"),
    }
    return Part(
        commands=(COMMAND,),
        files={
            KEY: text,
            "gcloud/active_config": "default",
            "gcloud/configurations/config_default": _ini(use, settings),
        },
        variables={"CLOUDSDK_CONFIG": f"{use.place}/gcloud"},
    )


def _place_kind(region: str) -> str:
    return "zone" if _ZONE.fullmatch(region) else "region"


def _ini(use: Use, settings: dict[tuple[str, str], str]) -> str:
    sections: dict[str, list[str]] = {}
    for (section, name), value in settings.items():
        if not value.isprintable():
            raise SetupError(f"{use.subject}: {name} is one line of printable characters")
        if value:
            sections.setdefault(section, [f"[{section}]"]).append(f"{name} = {value.replace('%', '%%')}")
    return "".join(f"{line}\n" for lines in sections.values() for line in lines)


def _with_registries(use: Use, part: Part, field: str) -> Part:
    auth = docker.login("_json_key", use.field(field))
    logins = {docker.registry_key(url): auth for url in REGISTRIES}
    return replace(part, commands=(*part.commands, docker.COMMAND), logins=logins)


def _with_cluster(use: Use, part: Part) -> Part:
    cluster = use.setting("clusterName")
    if not cluster:
        return replace(part, warnings=(f"IN {use.dependency.name}: no clusterName, so no cluster of GKE is set up",))
    kubeconfig = {"KUBECONFIG": f"{use.place}/{KUBE_CONFIG}"}
    argv = ("gcloud", "--quiet", "container", "clusters", "get-credentials", "--", cluster)
    call = Call(argv=argv, environment={**part.variables, **kubeconfig})
    return replace(part, variables={**part.variables, **kubeconfig}, calls=(call,))
