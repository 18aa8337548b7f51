"""Variables that scripts use and no input provides: only where it is plain what was meant.

Nearly every variable of a script may come from somewhere nobody sees here. Looked at are names of the form
`<NAME>_STATE`, `<NAME>_INTEGRATION_…` whose `<NAME>` is a resource that the job has not as input, or nearly one it has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.diagnostics.scripts import Script, place_in, scripts_of
from runner.integrations.keeping_back import TYPES, Deliver
from runner.integrations.key_files import key_files
from runner.names import variable_key, variable_prefix
from runner.pipeline.codes import Code
from runner.pipeline.problems import Problem, Severity, slip
from runner.pipeline.sealed import Secure

if TYPE_CHECKING:
    from runner.diagnostics.sources import Sources
    from runner.integrations.model import Integration
    from runner.pipeline.model import Job, Pipeline, ScriptItem

_USE = re.compile(r"(?<!\\)\$(?:\{([A-Z][A-Z0-9_]*)(?![A-Za-z0-9_]|:?[-=+?])|([A-Z][A-Z0-9_]*)(?![a-z]))")
_WORD = re.compile(r"(?<![$\w])(?<!\$\{)[A-Z_][A-Z0-9_]*")
_SUFFIX = re.compile(
    "_(?=(?:STATE|META|PATH|SOURCENAME|VERSIONNAME|VERSIONNUMBER|VERSIONID|OPERATION|KEYPATH|PRIVATE_KEY_PATH"
    r"|PUBLIC_KEY_PATH|(?:POINTER|SEED|PARAMS|INTEGRATION)_\w+)$)"
)
_INTEGRATION = re.compile(r"(\w+?)_INTEGRATION_(\w+)")
_KEY_FILE = re.compile(r"(\w+?)_((?:PRIVATE_|PUBLIC_)KEY_PATH|KEYPATH)")
_FIELD_CALL = re.compile(r"""\bshipctl\s+get_integration(?:_resource)?_field\s+(["']?)([\w.-]+)\1\s+(["']?)(\w+)\3""")
_MIN_PREFIX = 4
"""Shorter names are like each other by chance."""
_MAX_LOOKED_UP = 1000
"""For how many unknown names a near one is looked for: each costs a look at the inputs of its job."""


@dataclass(frozen=True, slots=True)
class _Use:
    """A name that stands in a script, and where."""

    name: str
    item: ScriptItem
    offset: int

    def problem(self, code: Code, severity: Severity, message: str, sources: Sources, hint: str = "") -> Problem:
        before = self.item.text[: self.offset]
        line, column = before.count("\n") + 1, self.offset - before.rfind("\n")
        place = place_in(self.item, line, column, sources)
        return Problem(code=code, place=place, severity=severity, message=message, hint=hint)


@dataclass(frozen=True, slots=True)
class _Holder:
    """A resource, or an integration of a job's own list (`type` is empty). `integration` is the name of the one."""

    name: str
    type: str
    integration: str | None

    def __str__(self) -> str:
        return f"'{self.integration}' of '{self.name}'" if self.type else f"'{self.name}'"


class _Known:
    """The names of a pipeline as prefixes of variables, and what is given to each job beyond them."""

    def __init__(self, pipeline: Pipeline, platform: frozenset[str]) -> None:
        self.pipeline = pipeline
        self.platform = platform
        self.prefixes = {variable_prefix(name): name for name in (*pipeline.jobs, *pipeline.resources)}
        self.left = _MAX_LOOKED_UP

    def given(self, job: Job) -> frozenset[str]:
        """Variables that a job gets under their own names."""
        names = {part[0] for task in job.tasks for part in task.env if isinstance(part, tuple)}
        for step in job.ins:
            resource = self.pipeline.resources.get(step.name)
            params = resource.property_bag.get("params") if resource is not None else None
            if isinstance(params, Mapping):
                names.update(map(variable_key, params))
        return self.platform | names


def unknown_variables(pipeline: Pipeline, sources: Sources, platform: frozenset[str]) -> Iterator[Problem]:
    """`platform` are the names that the platform sets for every job."""
    known = _Known(pipeline, platform)
    for job, found in _by_job(pipeline):
        given = known.given(job) | _written(found)
        own = {variable_prefix(name): name for name in _named(job)}
        for script in found:
            for use in _uses(script.items):
                if use.name not in given and (meant := _meant(use.name, own, known)):
                    message = f"job '{job.name}': {meant[0]}"
                    yield use.problem(Code.UNKNOWN_VARIABLE, Severity.HINT, message, sources, meant[1])


def missing_fields(pipeline: Pipeline, sources: Sources, integrations: Mapping[str, Integration]) -> Iterator[Problem]:
    """Fields and key files of an integration that a script uses and the integration does not give."""
    for job, found in _by_job(pipeline):
        holders, written = _holders(job, pipeline), _written(found)
        for script in found:
            for use, lack in _lacks(script, holders, integrations):
                if use.name not in written:
                    message = f"job '{job.name}': {lack}"
                    yield use.problem(Code.FIELD_NOT_GIVEN, Severity.WARNING, message, sources)


def _lacks(
    script: Script, holders: Mapping[str, _Holder], integrations: Mapping[str, Integration]
) -> Iterator[tuple[_Use, str]]:
    for use, name, field in _field_uses(script.items):
        holder = holders.get(variable_prefix(name))
        if holder is not None and (lack := _field_lack(holder, field, integrations)) is not None:
            yield use, lack
    for use in _uses(script.items):
        found = _KEY_FILE.fullmatch(use.name)
        holder = holders.get(found[1]) if found else None
        if found and holder is not None and (lack := _key_lack(holder, found[2], integrations)) is not None:
            yield use, lack


def _holders(job: Job, pipeline: Pipeline) -> dict[str, _Holder]:
    """What a job has integrations of, by the prefix of the variables: resources, and its own list, which goes first."""
    resources = [pipeline.resources[name] for name in _named(job) if name in pipeline.resources]
    found = [_Holder(of.name, of.type, of.integration.name if of.integration else None) for of in resources]
    found += [_Holder(named.name, "", named.name) for named in job.integrations]
    return {variable_prefix(holder.name): holder for holder in found}


def _by_job(pipeline: Pipeline) -> Iterator[tuple[Job, list[Script]]]:
    """All scripts of each job that has any: what one of them sets, another may use."""
    for job in pipeline.jobs.values():
        if found := list(scripts_of(job)):
            yield job, found


def _named(job: Job) -> Iterator[str]:
    yield job.name
    yield from (step.name for step in job.ins)
    yield from (out.name for out in job.outs)
    yield from (named.name for named in job.integrations)


def _written(found: Iterable[Script]) -> frozenset[str]:
    """Every name that stands in the scripts without `$`: it may be assigned, read or exported there."""
    return frozenset(word for script in found for item in script.items for word in _WORD.findall(item.text))


def _uses(items: Iterable[ScriptItem]) -> Iterator[_Use]:
    for item in items:
        if "$" in item.text:
            yield from (_Use(found[1] or found[2], item, found.start()) for found in _USE.finditer(item.text))


def _meant(name: str, own: Mapping[str, str], known: _Known) -> tuple[str, str] | None:
    """Message and hint; None where nobody can say what was meant."""
    splits = [(name[: found.start()], name[found.start() :]) for found in _SUFFIX.finditer(name)]
    if not splits or any(prefix in own for prefix, _ in splits):
        return None
    for prefix, _ in splits:
        if prefix in known.prefixes:
            other = known.prefixes[prefix]
            kind = "job" if other in known.pipeline.jobs else "resource"
            return f"${name} is of the {kind} '{other}', which is no input of it", f"IN: {other}"
    for prefix, suffix in splits:
        if len(prefix) >= _MIN_PREFIX and known.left > 0:
            known.left -= 1
            if meant := slip(prefix, own):
                return f"nothing provides ${name}", f"did you mean ${meant}{suffix}?"
    return None


def _field_uses(items: Iterable[ScriptItem]) -> Iterator[tuple[_Use, str, str]]:
    """Each use of a field with the name of the resource and that of the field."""
    for use in _uses(items):
        if found := _INTEGRATION.fullmatch(use.name):
            yield use, found[1], found[2]
    for item in items:
        for found in _FIELD_CALL.finditer(item.text) if "shipctl" in item.text else ():
            yield _Use("", item, found.start()), found[2], found[4]


def _field_lack(holder: _Holder, field: str, integrations: Mapping[str, Integration]) -> str | None:
    """Why the field is not there; None where it is, or where nobody knows."""
    if holder.integration is None:
        return f"the {holder.type} '{holder.name}' names no integration, so there is no field '{field}' of one"
    integration = integrations.get(holder.integration)
    if integration is None or _holds_secure(integration):
        return None
    wanted = field.casefold()
    given = {variable_key(name).casefold() for name in _given(integration)}
    if wanted in given or any(wanted.startswith(f"{name}_") for name in given):
        return None
    return f"the integration {holder} does not give the field '{field}'"


def _key_lack(holder: _Holder, variable: str, integrations: Mapping[str, Integration]) -> str | None:
    """Why the key file that the variable names is not there; None where it is, or where nobody knows."""
    integration = integrations.get(holder.integration or "")
    if integration is None or holder.type == "gitRepo":  # a repository has a variable of that name by itself
        return None
    files = (file for file in key_files(integration.type) if file.field in integration.fields)
    if any(variable in file.variables for file in files):
        return None
    return f"the integration {holder} gives no key file for {variable}"


def _holds_secure(integration: Integration) -> bool:
    """Whether it has pairs whose names are encrypted."""
    pairs = (value for value in integration.fields.values() if isinstance(value, Mapping))
    return any(isinstance(each, Secure) for value in pairs for each in value.values())


def _given(integration: Integration) -> Iterator[str]:
    """The fields as scripts see them: also the account, which is taken from the role; nothing that is kept back."""
    yield from ("name", "awsAccountId")
    kept_back = integration.type.master_name in TYPES and integration.fields.get("deliver") == Deliver.RUNNER
    for name, value in integration.fields.items():
        known = integration.type.field(name)
        if kept_back and (known is None or known.secret):
            continue
        if known is None or known.exported:
            yield name
        if isinstance(value, Mapping):
            yield from value
