"""Names of AWS in the content of resources, looked at before something is deployed with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from runner.integrations.role_arn import parse_role_arn
from runner.pipeline.codes import Code
from runner.pipeline.problems import Problem, Severity

if TYPE_CHECKING:
    from runner.pipeline.model import Pipeline, Resource

_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(?:\d{12})?:\S+", re.ASCII)
_TARGET_GROUP = re.compile(
    r"arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:targetgroup/[A-Za-z0-9-]{1,32}/[0-9a-f]+", re.ASCII
)
_EXAMPLE = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef"
_ROLES = {"loadBalancer": "role", "replicas": "autoScalingRole"}
"""Where the role stands that a resource of this type may name, by its name or its ARN."""


def wrong_arns(pipeline: Pipeline) -> Iterator[Problem]:
    """Nothing of a text with a placeholder: nobody knows what becomes of it."""
    for resource in pipeline.resources.values():
        for field, why in _wrong(resource):
            yield Problem(
                code=Code.WRONG_ARN,
                place=resource.place,
                severity=Severity.WARNING,
                message=f"{resource.type} '{resource.name}': {field}: {why}",
            )


def _wrong(resource: Resource) -> Iterator[tuple[str, str]]:
    """The platform checked what an application load balancer sends to: its target group."""
    role = _text(resource, _ROLES.get(resource.type, ""))
    if role.startswith("arn:"):
        try:
            parse_role_arn(role)
        except ValueError as error:
            yield _ROLES[resource.type], str(error)
    source = _text(resource, "sourceName") if resource.type == "loadBalancer" else ""
    if source and _text(resource, "method") == "application":
        if _TARGET_GROUP.fullmatch(source) is None:
            yield "sourceName", f"'{source}' is not the ARN of a target group (it looks like '{_EXAMPLE}')"
    elif source.startswith("arn:") and _ARN.fullmatch(source) is None:
        yield "sourceName", f"'{source}' is not an ARN (it looks like '{_EXAMPLE}')"


def _text(resource: Resource, field: str) -> str:
    text = resource.property_bag.get(field)
    return text if isinstance(text, str) and "$" not in text else ""
