"""kubectl: the kubeconfig of an integration."""

from __future__ import annotations

from runner.errors import SetupError
from runner.workspace.tools.model import Part, Use

CONFIG = "kube/config"


def config(use: Use) -> Part:
    return _config(use, use.field("kubeConfigContent"))


def old_config(use: Use) -> Part:
    text = use.integration.text("masterKubeconfigContent") or use.integration.text("bastionKubeconfigContent")
    if text is None:
        raise SetupError(f"{use.subject}: integration '{use.integration.name}' holds no kubeconfig")
    return _config(use, text)


def _config(use: Use, text: str) -> Part:
    return Part(
        commands=(("kubectl",),),
        files={CONFIG: text if text.endswith("\n") else f"{text}\n"},
        variables={"KUBECONFIG": f"{use.place}/{CONFIG}"},
    )
