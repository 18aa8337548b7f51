"""az, jfrog and doctl."""

from __future__ import annotations

import json
from dataclasses import replace

from runner.workspace.tools.kubernetes import CONFIG as KUBE_CONFIG
from runner.workspace.tools.model import Call, Part, Use

_PRINCIPAL = "azure/principal"
_SERVER = "default-server"


def azure(use: Use) -> Part:
    """A service principal is logged in by az itself, which reads the password from a file. `aks` fetches a cluster."""
    home = {"AZURE_CONFIG_DIR": f"{use.place}/azure"}
    login = (
        "az", "login", "--service-principal", f"--username={use.field('appId')}",
        f"--password=@{use.place}/{_PRINCIPAL}", f"--tenant={use.field('tenant')}", "--output=none",
    )  # fmt: skip
    part = Part(
        commands=(("az",),),
        files={_PRINCIPAL: use.field("password")},
        variables=home,
        calls=(Call(argv=login, environment=home),),
    )
    return _with_cluster(use, part) if "aks" in use.scopes else part


def _with_cluster(use: Use, part: Part) -> Part:
    cluster, group = use.setting("clusterName"), use.setting("groupName")
    if not cluster or not group:
        sentence = f"IN {use.dependency.name}: no clusterName and groupName, so no cluster of AKS is set up"
        return replace(part, warnings=(sentence,))
    kubeconfig = f"{use.place}/{KUBE_CONFIG}"
    argv = (
        "az", "aks", "get-credentials", f"--name={cluster}", f"--resource-group={group}", f"--file={kubeconfig}",
        "--overwrite-existing",
    )  # fmt: skip
    call = Call(argv=argv, environment=part.variables)
    return replace(part, variables={**part.variables, "KUBECONFIG": kubeconfig}, calls=(*part.calls, call))


def jfrog(use: Use) -> Part:
    """The file that every version of the tool reads; newer ones bring it to their own form."""
    server = {
        "url": use.field("url").rstrip("/") + "/",
        "user": use.field("username"),
        "password": use.field("password"),
        "serverId": _SERVER,
        "isDefault": True,
    }
    return Part(
        commands=(("jfrog", "jf"),),
        files={"jfrog/.jfrog/jfrog-cli.conf": json.dumps({"artifactory": [server], "version": "1"}, indent=2)},
        variables={"JFROG_CLI_HOME": f"{use.place}/jfrog", "JFROG_CLI_HOME_DIR": f"{use.place}/jfrog/.jfrog"},
    )


def digital_ocean(use: Use) -> Part:
    return Part(commands=(("doctl",),), secrets={"DIGITALOCEAN_ACCESS_TOKEN": use.field("apiToken")})
