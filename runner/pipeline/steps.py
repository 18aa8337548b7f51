"""`steps`: inputs, scripts and outputs of a job."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runner.pipeline.codes import Code
from runner.pipeline.fields import Fields, Key, Keys, read_fields, table
from runner.pipeline.hooks import TARGETS, read_targets
from runner.pipeline.job_types import DEPENDENCY_MODE, JobType, Tasks
from runner.pipeline.kinds import Form, Free, Text, Truth, Whole, Word, Words, flat, is_off
from runner.pipeline.model import Data, DependencyMode, In, Managed, Out, Step, Target, Task
from runner.pipeline.nodes import Entry, MappingNode, Scalar, SequenceNode, Unresolved, data, is_null, kind_of
from runner.pipeline.problems import nearest
from runner.pipeline.shapes import Piece
from runner.pipeline.task import is_managed, read_task
from runner.pipeline.unsupported import NOTED_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.pipeline.report import Spot

VERBS: Keys = table(
    Key("IN", Word(), "An input: a resource or a job.", filled=True),
    Key("TASK", Form("a mapping with a script", Piece.TASK), "A script, with a shell of its own.", filled=True),
    Key("OUT", Word(), "An output: a resource that the job gives a new version, or a job that it starts.", filled=True),
    Key("NOTIFY", Form("a name, or a list of names", TARGETS), "Older: NOTIFY under always.", instead="always"),
)
_OLD_VERBS = {"GET": "IN", "PUT": "OUT"}
_FORM = "a step is a mapping with IN, TASK or OUT"

SWITCH = Key("switch", Truth(), "off: a change of this input never starts the job.")
VERSION_NAME = Key("versionName", Text(), "Pin: the newest version of this name.")
VERSION_NUMBER = Key("versionNumber", Whole(1), "Pin: exactly this version.")
APPLY_TO: Key[Data] = Key("applyTo", Free(), "The inputs this one is for (managed jobs).")
FORCE = Key("force", Truth(), "Deploy although nothing has changed.")
DEPLOY_NAME = Key("deployName", Text(), "The name of the deployed service.")
BUILD_STATUS = Key("showBuildStatus", Truth(), "Show the status at the commit.")
SCOPES = Key("scopes", Words(), "What the tools of a cliConfig are set up for.")
VOTE = Key("vote", Free(), "Votes at Gerrit; not sent.")
TRIGGER_ON_SUCCESS = Key("triggerOnSuccess", Truth(), "Start when the input job has succeeded; true if absent.")
TRIGGER_ON_FAILURE = Key("triggerOnFailure", Truth(), "Start also when the input job has failed.")
PINS = (VERSION_NAME, VERSION_NUMBER)
"""An input has one of them at most."""
IN_OPTIONS: Keys = table(
    SWITCH, VERSION_NAME, VERSION_NUMBER, APPLY_TO, FORCE, DEPLOY_NAME, BUILD_STATUS, SCOPES, DEPENDENCY_MODE,
    TRIGGER_ON_SUCCESS, TRIGGER_ON_FAILURE,
    VOTE,
    Key("pull", Free(), "Read and not used."),
)  # fmt: skip

REPLICATE = Key("replicate", Text(), "The input whose version is copied to this output.")
ON_PULL_REQUEST = Key("replicateOnPullRequest", Truth(), "Copy versions of pull requests too; true if absent.")
OVERWRITE = Key("overwrite", Truth(), "Replace the values of the last version instead of adding to them.")
OUT_ON_FAILURE = Key("on_failure", Truth(), "Publish also when the job has failed.")
OUT_OPTIONS: Keys = table(REPLICATE, ON_PULL_REQUEST, OVERWRITE, OUT_ON_FAILURE)


@dataclass(slots=True)
class Steps:
    """The steps as far as they could be read; `notify` are the targets of NOTIFY steps. `doubtful`: a TASK may be
    missing because of a problem that is reported already."""

    owner: str
    job_type: JobType
    steps: list[Step] = field(default_factory=list)
    notify: list[Target] = field(default_factory=list)
    doubtful: bool = False

    @property
    def tasks(self) -> int:
        return sum(isinstance(step, Task) for step in self.steps)


def read_steps(spot: Spot, owner: str, job_type: JobType) -> Steps:
    """`steps` of the job `owner`."""
    found = Steps(owner, job_type)
    if isinstance(spot.node, SequenceNode):
        for item in flat(spot):
            if not _step(item, found):
                found.doubtful = True
        return found
    found.doubtful = True
    if not isinstance(spot.node, Unresolved):
        spot.error(Code.WRONG_VALUE, f"must be a list, not {kind_of(spot.node)}", "put '- ' before each step")
    return found


def _step(spot: Spot, found: Steps) -> bool:
    """Read one step; false where it is none that could be read."""
    node = spot.node
    if not isinstance(node, MappingNode):
        if not isinstance(node, Unresolved):
            spot.error(Code.NOT_A_STEP, f"{_FORM}, not {kind_of(node)}")
        return False
    verbs = [entry for entry in node.entries if entry.key.text in VERBS]
    if len(verbs) > 1:
        spot.error(
            Code.SEVERAL_VERBS, f"one step holds {' and '.join(v.key.text for v in verbs)}: each needs its own '- '"
        )
    elif not verbs:
        _unknown(spot, node)
    else:
        _known(spot, node, verbs[0], found)
    return len(verbs) == 1


def _unknown(spot: Spot, node: MappingNode) -> None:
    """Say what was meant by a step without a verb."""
    for entry in node.entries:
        name = entry.key.text
        if name in _OLD_VERBS:
            spot.at(entry.key, f".{name}").error(
                Code.NOT_A_STEP, f"'{name}' is no longer a step", f"use {_OLD_VERBS[name]}"
            )
            return
        if hint := nearest(name, VERBS):
            spot.at(entry.key, f".{name}").error(Code.NOT_A_STEP, f"'{name}' is not a step", hint)
            return
    spot.error(Code.NOT_A_STEP, _FORM)


def _known(spot: Spot, node: MappingNode, verb: Entry, found: Steps) -> None:
    value = spot.at(verb.value, f".{verb.key.text}")
    match verb.key.text:
        case "TASK":
            _task(spot, node, value, found)
        case "NOTIFY":
            value.warn(Code.NOTIFY_STEP, "NOTIFY as a step counts as NOTIFY under 'always'")
            found.notify.extend(read_targets(value))
        case word:
            name = Word().read(value)
            if name is not None:
                found.steps.append(_in(spot, node, name, found) if word == "IN" else _out(spot, node, name))


def _in(spot: Spot, node: MappingNode, name: Scalar, found: Steps) -> In:
    options = read_fields(spot, node, IN_OPTIONS, "an IN step", skip=("IN",))
    if all(options.get(pin) is not None for pin in PINS):
        spot.error(
            Code.TWO_PINS, f"job '{found.owner}': versionName and versionNumber of '{name.text}' cannot pin both"
        )
    if options.get(APPLY_TO) is not None and not found.job_type.apply_to:
        spot.warn(Code.APPLY_TO, f"applyTo means nothing in a {found.job_type.name} job and is ignored")
    if found.job_type.tasks is Tasks.SCRIPT:
        _note_unused(spot, node, found.owner)
    mode = options.get(DEPENDENCY_MODE)
    return In(
        name=name.text,
        place=name.place,
        switch=options.get(SWITCH, True),
        version_name=options.get(VERSION_NAME),
        version_number=options.get(VERSION_NUMBER),
        apply_to=options.get(APPLY_TO),
        force=options.get(FORCE, False),
        deploy_name=options.get(DEPLOY_NAME),
        show_build_status=options.get(BUILD_STATUS, False),
        scopes=tuple(scope.text for scope in options.get(SCOPES, ())),
        dependency_mode=None if mode is None else DependencyMode(mode),
        trigger_on_success=options.get(TRIGGER_ON_SUCCESS, True),
        trigger_on_failure=options.get(TRIGGER_ON_FAILURE, False),
        written=_written(node),
    )


def _note_unused(spot: Spot, node: MappingNode, owner: str) -> None:
    """Options that nothing in a job of scripts uses yet; one that is switched off asks for nothing."""
    for entry in node.entries:
        note = NOTED_OPTIONS.get(entry.key.text)
        if note is not None and not is_null(entry.value) and not is_off(entry.value):
            spot.report.note(note, entry.key.place, owner)


def _out(spot: Spot, node: MappingNode, name: Scalar) -> Out:
    options = read_fields(spot, node, OUT_OPTIONS, "an OUT step", skip=("OUT",))
    return Out(
        name=name.text,
        place=name.place,
        replicate=options.get(REPLICATE),
        replicate_on_pull_request=options.get(ON_PULL_REQUEST, True),
        overwrite=options.get(OVERWRITE, False),
        on_failure=options.get(OUT_ON_FAILURE, False),
        written=_written(node),
    )


def _task(spot: Spot, node: MappingNode, value: Spot, found: Steps) -> None:
    """A script, or `managed` with its options, by what the type of the job takes."""
    kind = found.job_type.tasks
    beside = Fields({})
    if not is_null(value.node):
        beside = read_fields(spot, node, found.job_type.task_options, "a TASK step", skip=("TASK",))
    if kind is Tasks.SCRIPT:
        _script(value, found)
    elif is_managed(value.node) or (isinstance(value.node, Scalar) and not is_null(value.node)):
        _managed(value, node, beside, found)
    elif kind is Tasks.CI:
        value.error(Code.WRONG_TASK, "runCI jobs take no TASK; put the commands in the CI part")
    else:
        value.warn(Code.IGNORED_SCRIPT, f"a {found.job_type.name} job runs no scripts of its own: this TASK is ignored")


def _script(value: Spot, found: Steps) -> None:
    if is_managed(value.node):
        value.error(Code.WRONG_TASK, "'TASK: managed' is for managed jobs; a runSh job needs a script")
        found.doubtful = True
        return
    task = read_task(value, found.owner, found.tasks)
    if task is None:
        found.doubtful = True
    else:
        found.steps.append(task)


def _managed(value: Spot, node: MappingNode, beside: Fields, found: Steps) -> None:
    if not is_managed(value.node):
        text = value.node.text if isinstance(value.node, Scalar) else ""
        value.error(
            Code.WRONG_TASK,
            f"a TASK of a {found.job_type.name} job is 'managed', not '{text}'",
            nearest(text, ("managed",)),
        )
        return
    options = {e.key.text: data(e.value) for e in node.entries if e.key.text in found.job_type.task_options}
    found.steps.append(Managed(place=value.node.place, options=options))


def _written(node: MappingNode) -> Mapping[str, Data]:
    return {entry.key.text: data(entry.value) for entry in node.entries}
