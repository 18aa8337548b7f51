"""The types of jobs: their keys as tables, and whether they take scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from runner.pipeline.fields import Key, Keys, table
from runner.pipeline.hooks import HOOKS
from runner.pipeline.kinds import Choice, Form, Free, Truth, Whole, Word, Words
from runner.pipeline.model import DependencyMode, TriggerMode
from runner.pipeline.nodes import Node
from runner.pipeline.runtime import JOB_RUNTIME
from runner.pipeline.shapes import Merged, Piece


class Tasks(Enum):
    """What TASK means to a type of job."""

    SCRIPT = auto()
    """Scripts; at least one."""
    MANAGED = auto()
    """`managed`, or nothing; scripts are not run."""
    CI = auto()
    """`managed`, or nothing; scripts are an error, they stand in the CI part."""


DEFAULT_PRIORITY = 9999

NAME = Key("name", Word(), "The name, unique over all jobs and resources.", required=True)
TYPE = Key("type", Word(), "What it is.", required=True)
FLAGS = Key("flags", Words(), "Labels for filtering.")
STEPS: Key[Node] = Key("steps", Form("a list of steps", Piece.STEPS), "Inputs (IN), scripts (TASK) and outputs (OUT).")
DEPENDENCY_MODE = Key("dependencyMode", Choice(tuple(DependencyMode)), "How upstream jobs are waited for.")
TRIGGER_MODE = Key("triggerMode", Choice(tuple(TriggerMode)), "Whether builds of this job may overlap.")
PRIORITY = Key("priority", Whole(0, 10000), "The place in the queue: 0 first; 9999 if absent.")
PUBLIC = Key("allowPublicAccess", Truth(), "Whether everyone may see the job.")
RUNTIME: Key[Node] = Key("runtime", Form("a mapping", Merged(JOB_RUNTIME)), "Where and how long the job runs.")
INTEGRATIONS = Key("integrations", Words(), "Integrations given to the job without a resource.")

BUMP = Key("bump", Choice(("major", "minor", "patch", "alpha", "beta", "rc", "final")), "How the version goes up.")
OLD_BUMP = Key("bump", BUMP.kind, "The older place of bump.", instead="bump")
METHOD = Key("method", Choice(("blueGreen", "upgrade", "replace")), "How a service is replaced; blueGreen if absent.")
WORKFLOW = Key("workflow", Choice(("serial", "parallel")), "Whether manifests are deployed at once.")
MAX_WAIT = Key("maxWaitTime", Whole(0, 3600), "Seconds to wait for a stable service; 600 if absent.")
STABILITY = Key("stabilityDuration", Whole(0, 300), "Seconds a service must stay stable (blueGreen).")
DEPLOY_OPTIONS = Key("deployOptions", Free(), "Passed on to the cluster.")
OLD_METHOD = Key(
    "deployMethod", Choice(("blueGreen", "upgrade", "replace")), "The older place of method.", instead="method"
)

_COMMON: Keys = {**table(NAME, TYPE, STEPS, FLAGS, DEPENDENCY_MODE), **HOOKS}
_SHELL: Keys = table(PRIORITY, TRIGGER_MODE, PUBLIC, RUNTIME, INTEGRATIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobType:
    """One type. `options` are the keys that go into `Job.options`, `task_options` those beside `TASK: managed`.
    `hook_scripts` and `apply_to` tell whether hooks may hold scripts and inputs an `applyTo`; `hook_hint` where the
    scripts of hooks belong instead."""

    name: str
    doc: str
    tasks: Tasks = Tasks.MANAGED
    common: Keys = field(default_factory=lambda: _COMMON)
    options: Keys = field(default_factory=dict)
    task_options: Keys = field(default_factory=dict)
    hook_scripts: bool = False
    hook_hint: str = ""
    apply_to: bool = False

    @property
    def keys(self) -> Keys:
        return {**self.common, **self.options}

    @property
    def phrase(self) -> str:
        """For sentences: `a runSh job`, `an externalCI job`."""
        return f"{'an' if self.name[0] in 'aeiou' else 'a'} {self.name} job"


_ALL = (
    JobType(
        name="runSh",
        doc="Runs scripts.",
        tasks=Tasks.SCRIPT,
        common={**_COMMON, **_SHELL},
        hook_scripts=True,
    ),
    JobType(
        name="runCI",
        doc="Runs the CI part of a repository.",
        tasks=Tasks.CI,
        common={**_COMMON, **table(PRIORITY)},
        hook_hint="put it in the build of the CI part",
    ),
    JobType(name="manifest", doc="Puts images or files together.", apply_to=True),
    JobType(name="release", doc="Gives manifests a version.", options=table(BUMP), task_options=table(OLD_BUMP)),
    JobType(
        name="deploy",
        doc="Deploys manifests to a cluster.",
        options=table(METHOD, WORKFLOW, MAX_WAIT, STABILITY),
        task_options=table(OLD_METHOD, DEPLOY_OPTIONS),
        apply_to=True,
    ),
    JobType(name="provision", doc="Creates load balancers.", apply_to=True),
    JobType(name="externalCI", doc="Stands for a job of another CI system."),
    JobType(name="rSync", doc="Reads the files again."),
)
JOB_TYPES: Mapping[str, JobType] = {job_type.name: job_type for job_type in _ALL}

RENAMED_JOBS: Mapping[str, str] = {"runCLI": "runSh"}
"""Older names of types that are still read, with a warning."""
DEAD_JOBS: Mapping[str, str] = {
    "jenkinsJob": "use externalCI",
    **dict.fromkeys(("ecsDeploy", "gkeDeploy", "dclDeploy", "ddcDeploy", "tripubDeploy"), "use deploy"),
    "ciJob": "use runCI",
}
"""Types that are gone, and what took their place."""
