"""A pipeline file as a tree that keeps comments, quotes, order and anchors, and as the text of its entries.

An entry that is changed is written anew; every other line of the file stays what it was, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.tag import Tag

from runner.migration.layout import comments, depth, indent_of, lines_of, placed

SECTIONS = ("resources", "triggers", "jobs")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a section: its tree and its lines in the text, from `first` up to `end`, counted from 0."""

    section: str
    index: int
    tree: CommentedMap
    first: int
    end: int

    @property
    def key(self) -> tuple[str, int]:
        return self.section, self.index

    def moved(self, by: int) -> Entry:
        return Entry(self.section, self.index, self.tree, self.first + by, self.end + by)

    @property
    def name(self) -> str:
        return str(self.tree.get("name", ""))


class _AsWritten(VersionedResolver):
    """Takes every plain value as the text that is written, so that `0.10`, `off` and `~` are written so again."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is ScalarNode and implicit[0] and value != "<<":
            return self.DEFAULT_SCALAR_TAG if value else Tag(suffix="tag:yaml.org,2002:null")
        return super().resolve(kind, value, implicit)


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A new text; `poorer` names the entries in which a comment is missing."""

    text: str
    poorer: tuple[str, ...] = ()


class Document:
    """One file. `shared` is the text of the templates that its aliases may name."""

    def __init__(self, text: str, shared: str = "") -> None:
        self._shared = shared.rstrip("\n") + "\n" if shared.strip() else ""
        self._lines = lines_of(text)
        self._text = self._shared + "".join(line.rstrip("\r\n\t") + "\n" for line in self._lines)

    def rewritten(self, change: Callable[[Entry], bool]) -> Rewritten:
        """The text with those entries written anew of which `change` says that it has changed them. The lines that it
        is told count from the start of this file. Raises YAMLError."""
        _, changed = self._changed(change)
        indents = {entry.key: indent_of(self._lines[entry.first : entry.end]) for entry in changed}
        written = {indent: _segments(self._changed(change)[0], indent) for indent in set(indents.values())}
        return self._spliced(changed, {key: written[indent][key] for key, indent in indents.items()})

    def _changed(self, change: Callable[[Entry], bool]) -> tuple[Any, list[Entry]]:
        """The tree after the change, which can be written once only, and the entries that changed."""
        root = _yaml().load(self._text)
        offset = self._shared.count("\n")
        entries = [entry.moved(-offset) for entry in _entries(root, self._text) if entry.first >= offset]
        return root, [entry for entry in entries if change(entry)]

    def _spliced(self, changed: list[Entry], anew: Mapping[tuple[str, int], list[str]]) -> Rewritten:
        ending = "\r\n" if self._lines and self._lines[0].endswith("\r\n") else "\n"
        line, text, poorer = 0, "", []
        for entry in sorted(changed, key=lambda entry: entry.first):
            new = anew[entry.key]
            old = self._lines[entry.first : entry.end]
            moved = placed(old, new, depth(old[0]) - depth(new[0]))
            lines = "".join(one.rstrip("\n") + ending for one in moved)
            if comments("".join(old)) - comments(lines):
                poorer.append(entry.name)
            text += "".join(self._lines[line : entry.first]) + lines
            line = entry.end
        return Rewritten(text + "".join(self._lines[line:]), tuple(poorer))


def _yaml(indent: tuple[int, int, int] = (2, 2, 0)) -> Any:
    yaml = YAML()
    yaml.Resolver = _AsWritten
    yaml.preserve_quotes = True
    yaml.allow_duplicate_keys = True
    yaml.width = 1_000_000
    yaml.indent(mapping=indent[0], sequence=indent[1], offset=indent[2])
    return yaml


def _segments(root: Any, indent: tuple[int, int, int]) -> Mapping[tuple[str, int], list[str]]:
    """The lines of each entry, written with this indentation."""
    out = StringIO()
    _yaml(indent).dump(root, out)
    lines = lines_of(out.getvalue())
    found = _entries(_yaml().load(out.getvalue()), out.getvalue())
    return {entry.key: lines[entry.first : entry.end] for entry in found}


def _entries(root: Any, text: str) -> Iterator[Entry]:
    """Entries whose first line is their own."""
    if not isinstance(root, CommentedMap):
        return
    count = text.count("\n")
    heads = sorted(root.lc.key(key)[0] for key in root if key in root.lc.data)
    for section in SECTIONS:
        items = root.get(section)
        if section not in root.lc.data or not isinstance(items, CommentedSeq) or items.fa.flow_style():
            continue
        if items.lc.line < root.lc.key(section)[0]:  # an alias: its entries stand elsewhere
            continue
        end = min((line for line in heads if line > root.lc.key(section)[0]), default=count)
        firsts = [items.lc.item(index)[0] for index in range(len(items))]
        for index, item in enumerate(items):
            if isinstance(item, CommentedMap) and item.lc.line >= firsts[index]:
                yield Entry(section, index, item, firsts[index], [*firsts, end][index + 1])
