"""What a finished build gives out: its own version, the versions of its OUT resources, its saved files.

Source of each rule: the platform's OUT processing, with its defects mended: a value keeps everything after the first
`=`, a failed build's `on_failure` OUTs take the values of this build, keys extend outputVersion.json.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from runner.errors import RunnerError
from runner.job_user import JobUser
from runner.pipeline.model import In, Job, Out
from runner.pipeline.plain import Json
from runner.workspace.dependency import Dependency
from runner.workspace.repository import GIT_REPO
from runner.workspace.saved_files import LIMIT, Tree, collect, file_set_digest, read_text
from runner.workspace.trace import TRACE, job_trace
from runner.workspace.versions import NewVersion, Version

Note: TypeAlias = Callable[[str], None]
KEPT = ("shaData", "webhookRequestHeaders", "webhookRequestBody")
"""What `overwrite` keeps and what `replicate` copies between repositories."""
REPOSITORIES = frozenset({"gitRepo", "syncRepo", "ciRepo"})
CI_REPO, STATE = "ciRepo", "state"
BOOKKEEPING = frozenset({TRACE, "sourceObjectId", "sourceObjectType"})
"""Keys that make no difference between two versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a build leaves: the version of its job (None: none) and those of its OUTs that differ from the newest."""

    job: NewVersion | None
    outs: tuple[NewVersion, ...] = ()


def process(
    root: Path,
    job: Job,
    dependencies: Sequence[Dependency],
    before: Mapping[str, Version | None],
    *,
    succeeded: bool,
    note: Note,
    user: JobUser | None = None,
    limit: int = LIMIT,
) -> Given:
    """Read what the scripts left. Raises RunnerError where it cannot be read or is too large.

    `before` are the stored versions, placeholders not replaced, by name. `note` gets one sentence for each OUT that
    was left out although it was asked for, and for lines that are not understood. `user` ran the scripts, if not the
    user of this process; `limit` is how many bytes each set of saved files may hold.
    """
    tree = Tree(root, user)
    files = collect(tree, "state", owner=f"job {job.name}", limit=limit) if succeeded else None
    bag: dict[str, Json] = {}
    name = None
    if succeeded:
        name, bag = _own_version(tree, job.name, note)
    bag[TRACE] = job_trace(job.name, dependencies)
    reader = _Outs(tree, {d.name: d for d in dependencies if isinstance(d.step, In)}, before, note, limit)
    outs = (
        reader.version(dependency, dependency.step)
        for dependency in dependencies
        if isinstance(dependency.step, Out) and not dependency.is_job and (succeeded or dependency.step.on_failure)
    )
    return Given(
        job=NewVersion(node=job.name, name=name, property_bag=bag, files=files, of_job=True),
        outs=tuple(version for version in outs if version is not None),
    )


def env_lines(tree: Tree, relative: str, note: Note) -> dict[str, str]:
    """`KEY=VALUE` lines, cut at the first `=`; a byte order mark is dropped, and lines that are no such ones: `note`
    gets a sentence about them, which shows none (they may be what is left of a secret)."""
    found: dict[str, str] = {}
    wrong: list[int] = []
    for number, line in enumerate((read_text(tree, relative) or "").split("\n"), 1):
        key, separator, value = line.partition("=")
        if key and separator:
            found[key] = value
        elif line.strip():
            wrong.append(number)
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        note(f"{relative}: line {wrong[0]}{more} left out: not KEY=VALUE")
    return found


def _own_version(tree: Tree, job: str, note: Note) -> tuple[str | None, dict[str, Json]]:
    bag: dict[str, Json] = {}
    name: str | None = None
    if (written := _document(tree, "state/outputVersion.json")) is not None:
        bag = _object(written.get("propertyBag"))
        name = _text_or_none(written.get("versionName"))
    keys = env_lines(tree, f"state/{job}.env", note)
    name = keys.pop("versionName", name)
    return name, {**bag, **keys}


@dataclass(frozen=True, slots=True)
class _Outs:
    tree: Tree
    ins: dict[str, Dependency]
    before: Mapping[str, Version | None]
    note: Note
    limit: int

    def version(self, out: Dependency, step: Out) -> NewVersion | None:
        """The new version of one OUT, or None where it equals the newest one."""
        start = _object((_document(self.tree, f"OUT/{out.name}/version.json") or {}).get("version"))
        name, bag = _text_or_none(start.get("versionName")), _object(start.get("propertyBag"))
        if step.overwrite:
            bag = _commit_data(bag)
            if out.type == "params":
                bag["params"] = {}
        if step.replicate is not None:
            copied = self._replicate(out, step, bag)
            if copied is None:
                return None
            name, bag = copied
        elif out.type == CI_REPO:
            name, bag = self._commit_of(out, name, bag)
        files = file_set = None
        if out.type == STATE and step.replicate is not None:
            file_set = self._files_of(step.replicate)
        elif out.type == STATE:
            files = collect(self.tree, f"OUT/{out.name}/state", owner=f"OUT {out.name}", limit=self.limit)
            if files or (out.version and out.version.file_set):
                name = bag["shaData"] = file_set_digest(files)
        name, bag = self._overlay(out, name, bag)
        stored = self.before[out.name]
        before = (stored.name, _significant(dict(stored.property_bag))) if stored else (None, {})
        if (name, _significant(bag)) == before:
            return None
        return NewVersion(node=out.name, name=name, property_bag=bag, files=files, file_set=file_set)

    def _files_of(self, source: str) -> str | None:
        """The files that a state gets with the version of another one."""
        stored = self.ins[source].storable
        return stored.file_set if stored else None

    def _commit_of(self, out: Dependency, name: str | None, bag: dict[str, Json]) -> tuple[str | None, dict[str, Json]]:
        """What a ciRepo gets by itself: the commit of a gitRepo input of the same repository."""
        source = bag.get("sourceName")
        for each in self.ins.values():
            stored = each.storable
            if each.type != GIT_REPO or stored is None or source not in (None, stored.property_bag.get("sourceName")):
                continue
            if isinstance(data := stored.property_bag.get("shaData"), dict):
                return _text_or_none(data.get("commitSha")), {**bag, **_commit_data(stored.property_bag)}
        return name, bag

    def _overlay(self, out: Dependency, name: str | None, bag: dict[str, Json]) -> tuple[str | None, dict[str, Json]]:
        keys = env_lines(self.tree, f"state/{out.name}.env", self.note)
        name = keys.pop("versionName", name)
        if out.type != "params":
            return name, {**bag, **keys}
        params = bag.get("params")
        return name, {**bag, "params": {**(params if isinstance(params, dict) else {}), **keys}} if keys else bag

    def _replicate(self, out: Dependency, step: Out, bag: dict[str, Json]) -> tuple[str | None, dict[str, Json]] | None:
        source = self.ins.get(step.replicate or "")
        if source is None:
            self.note(f"OUT {out.name} was left as it is: '{step.replicate}' is not an input of this job.")
            return None
        stored = source.storable
        from_bag = dict(stored.property_bag) if stored else {}
        sha_data = from_bag.get("shaData")
        pull_request = isinstance(sha_data, dict) and bool(sha_data.get("isPullRequest"))
        if pull_request and not step.replicate_on_pull_request:
            return None
        if out.type in REPOSITORIES:
            from_bag = {**{key: bag[key] for key in bag if key not in KEPT}, **_commit_data(from_bag)}
        return (stored.name if stored else None), from_bag


def _significant(bag: dict[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in bag.items() if key not in BOOKKEEPING}


def _commit_data(bag: Mapping[str, Json]) -> dict[str, Json]:
    return {key: bag[key] for key in KEPT if key in bag}


def _object(value: Json) -> dict[str, Json]:
    return dict(value) if isinstance(value, dict) else {}


def _document(tree: Tree, relative: str) -> dict[str, Json] | None:
    """A JSON object that a script may have written; None where there is no file. Raises RunnerError."""
    text = read_text(tree, relative)
    if text is None:
        return None
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:  # half of a surrogate pair is no text either
        raise RunnerError(f"{relative} is not readable as JSON: {error}") from error
    if not isinstance(value, dict):
        raise RunnerError(f"{relative} must hold a JSON object")
    return value


def _text_or_none(value: Json) -> str | None:
    return value if isinstance(value, str) else None if value is None else str(value)
