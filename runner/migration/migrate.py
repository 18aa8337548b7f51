"""Rewrites the files of a pipeline into the new syntax. What could change its meaning is left as it is, with a note."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ruamel.yaml.error import YAMLError

from runner.migration.document import Document, Entry
from runner.migration.jobs import rewrite_job
from runner.migration.meaning import meanings
from runner.migration.resources import has_old_content, rewrite_resource
from runner.names import variable_prefix
from runner.pipeline.problems import Place
from runner.pipeline.reader import SourceFile, read
from runner.pipeline.sections import holds_anchors_only, is_reference, is_templates

_OLD_VARIABLE = re.compile(r"(\$?\{?[A-Za-z0-9_]*\}?)_(?:POINTER|SEED)_")
_OLD_COMMAND = re.compile(r"get_resource_pointer_key\s+(\S+)")


@dataclass(frozen=True, slots=True)
class Left:
    """An entry that was left as it is, and why."""

    place: Place
    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: '{self.name}' is left as it is: {self.reason}"


@dataclass(frozen=True, slots=True)
class Migration:
    """The files that change, with their new text, and what was left."""

    texts: Mapping[str, str]
    left: tuple[Left, ...] = ()


class _Uses:
    """What of the old syntax the scripts of the files use: `<NAME>_POINTER_…`, `<NAME>_SEED_…` and the command of
    shipctl that reads the same."""

    def __init__(self, files: Sequence[SourceFile]) -> None:
        text = "\n".join(file.text for file in files)
        self._prefixes = {match[1].lstrip("${"): f"{match[0]}…" for match in _OLD_VARIABLE.finditer(text)}
        self._asked = {match[1].strip("\"'") for match in _OLD_COMMAND.finditer(text)}

    def of(self, name: str) -> str:
        """What is used of this resource, or may be, where a script puts the name together; an empty text if nothing."""
        wanted = variable_prefix(name)
        for prefix, written in self._prefixes.items():
            if prefix == wanted or prefix.endswith("}") or not prefix:
                return written
        asked = name in self._asked or any("$" in other for other in self._asked)
        return "shipctl get_resource_pointer_key" if asked else ""


class _Rewriting:
    """One attempt after the other, each without what went wrong in the one before."""

    def __init__(self, files: Sequence[SourceFile]) -> None:
        self._files = files
        self._uses = _Uses(files)
        self._places: dict[str, Place] = {}
        self.reasons: dict[str, str] = {}

    def left(self) -> tuple[Left, ...]:
        found = (Left(self._places[name], name, reason) for name, reason in self.reasons.items())
        return tuple(sorted(found, key=lambda item: item.place))

    def attempt(self) -> Mapping[str, str]:
        """All texts. What must be left is in `reasons` afterwards."""
        texts = {}
        for file in self._files:
            texts[file.name] = file.text if holds_anchors_only(file.name) else self._text(file)
        old, new = (meanings(read(files).pipeline) for files in (self._files, _with_texts(self._files, texts)))
        for name in old:
            if old[name] != new.get(name):
                self.reasons.setdefault(name, "it would not mean the same")
        return texts

    def _text(self, file: SourceFile) -> str:
        if file.name in self.reasons:
            return file.text
        beside = [f for f in self._files if f.repository == file.repository]
        fetched = [f.text for f in beside if is_reference(f.name)]
        shared = [*fetched, *(f.text for f in beside if is_templates(f.name))]
        self._places[file.name] = Place(file.name)
        try:
            found = Document(file.text, "\n".join(shared)).rewritten(lambda entry: self._change(file.name, entry))
        except YAMLError:
            self.reasons[file.name] = "it is written in a way that cannot be kept while it is rewritten"
            return file.text
        for name in found.poorer:
            self.reasons.setdefault(name, "a comment in it would be lost")
        return found.text

    def _change(self, file: str, entry: Entry) -> bool:
        name = entry.name
        self._places[name] = Place(file, entry.first + 1)
        if name in self.reasons:
            return False
        if entry.section == "jobs":
            return rewrite_job(entry.tree)
        if has_old_content(entry.tree) and (used := self._uses.of(name)):
            self.reasons[name] = f"scripts use {used}, which the new syntax does not give"
            return False
        return rewrite_resource(entry.tree)


def migrate(files: Sequence[SourceFile]) -> Migration:
    """Rewrite files that are read without errors."""
    rewriting = _Rewriting(files)
    known = -1
    texts: Mapping[str, str] = {}
    while known < len(rewriting.reasons):
        known = len(rewriting.reasons)
        texts = rewriting.attempt()
    changed = {file.name: texts[file.name] for file in files if texts[file.name] != file.text}
    return Migration(changed, rewriting.left())


def _with_texts(files: Sequence[SourceFile], texts: Mapping[str, str]) -> Sequence[SourceFile]:
    return [replace(file, text=texts[file.name]) for file in files]
