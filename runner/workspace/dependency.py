"""One IN or OUT of a build, with everything known about it when the build starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.integrations.model import ResolvedIntegration
from runner.pipeline.model import Data, In, Out
from runner.pipeline.plain import Json
from runner.secret import Secret
from runner.workspace.versions import SavedFile, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """`node_id` is the id of the job or resource, `yml` its entry as written, `files` what is restored for an IN.

    `veiled` is the version with placeholders of secrets left alone, where it differs in that from `version`; `opened`
    are the parameters that the version holds encrypted."""

    step: In | Out
    type: str
    node_id: int
    is_job: bool = False
    yml: Mapping[str, Data] = field(default_factory=dict)
    version: Version | None = None
    veiled: Version | None = None
    integration: ResolvedIntegration | None = None
    files: tuple[SavedFile, ...] = ()
    opened: Mapping[str, Secret] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.step.name

    @property
    def operation(self) -> str:
        return "IN" if isinstance(self.step, In) else "OUT"

    @property
    def bag(self) -> Mapping[str, Json]:
        return self.version.property_bag if self.version else {}

    @property
    def storable(self) -> Version | None:
        """The version as it may get into the store or before a person's eyes: no secret is in it."""
        return self.veiled or self.version


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a build is: what the platform's variables are made of. `root` is the build directory, absolute;
    `url` where a person finds its log; `item` counts the items of a CI build."""

    build_id: int
    number: int
    run_id: int
    job: str
    job_type: str
    job_id: int
    root: str
    url: str
    triggered_by: str
    triggered_by_id: int
    user: str
    item: int = 1
