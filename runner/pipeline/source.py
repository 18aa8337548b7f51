"""YAML text → nodes with their places. Reading never raises: what is wrong becomes a problem and reading goes on.

Composed here from YAML's events, because a composer that only knows one file and drops places, duplicate keys and
source texts is not enough for this language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml

from runner.pipeline.codes import Code
from runner.pipeline.complaints import Progress, explain, unprintable
from runner.pipeline.nodes import Entry, MappingNode, Node, Scalar, SequenceNode, Unresolved, data, is_null
from runner.pipeline.problems import Place, Problem, Severity

__all__ = [
    "Anchored",
    "Document",
    "Entry",
    "MappingNode",
    "Node",
    "Scalar",
    "SequenceNode",
    "Unresolved",
    "compose",
    "data",
    "is_null",
    "parse",
]

MAX_DEPTH = 100
"""How deep lists and mappings may stand inside each other."""
MAX_VALUES = 400_000
"""How many values one file may hold, its keys, lists and mappings too: so many keep a reading within 200 MB."""
MAX_EXPANDED = 1_000_000
"""How many nodes the aliases of one file may stand for in all."""

_HAS_LIBYAML: bool = yaml.__with_libyaml__
_LOADER = yaml.CSafeLoader if _HAS_LIBYAML else yaml.SafeLoader
_STRAY_TABS = re.compile(r"^[ \t]*\t[ \t]*$" if _HAS_LIBYAML else r"[ \t]*\t[ \t]*$", re.MULTILINE)
"""Blank lines that hold a TAB: other readers of YAML take them. PyYAML without libyaml also trips over TABs behind a
value."""
_CORE = "tag:yaml.org,2002:"
_PLAIN_TAGS = frozenset(_CORE + name for name in ("bool", "float", "int", "null"))
_TAGS = _PLAIN_TAGS | {"!", *(_CORE + name for name in ("map", "seq", "str"))}

_Event: TypeAlias = yaml.events.Event


@dataclass(frozen=True, slots=True)
class Anchored:
    """What an anchor names, with the number and the depth of the nodes it stands for (its own aliases expanded)."""

    node: Node
    size: int = 1
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its content (None where it has none, or none that could be composed), problems and anchors."""

    root: Node | None
    problems: tuple[Problem, ...] = ()
    anchors: Mapping[str, Anchored] = field(default_factory=dict)


def parse(
    name: str, text: str, anchors: Mapping[str, Anchored] | None = None
) -> tuple[Node | None, tuple[Problem, ...]]:
    """Content and problems of one file that is read for itself."""
    document = compose(name, text, anchors)
    return document.root, document.problems


def compose(
    name: str,
    text: str,
    anchors: Mapping[str, Anchored] | None = None,
    *,
    unread_templates: str = "",
    incomplete: bool = False,
) -> Document:
    """Compose one text. `anchors` are those it may use beside its own (of the templates file); `unread_templates` is a
    templates file that does not count here, for the reader of a problem. `incomplete`: there are more anchors than are
    known, so that an alias that nothing defines is passed over."""
    text = text.removeprefix("\ufeff")
    forbidden = unprintable(name, text)
    if forbidden is not None:
        return _broken(Code.CONTROL_CHARACTER, *forbidden)
    composer = _Composer(name, anchors or {}, unread_templates, incomplete)
    try:
        return composer.run(text)
    except yaml.YAMLError as error:
        retried = _retried(_Composer(name, anchors or {}, unread_templates, incomplete), text)
        return retried or _broken(Code.NOT_YAML, *explain(error, name, text, composer.progress))


def _retried(composer: _Composer, text: str) -> Document | None:
    """The text without stray TABs, every place as before; None where that does not mend it."""
    blanked = _STRAY_TABS.sub("", text)
    if blanked == text:
        return None
    try:
        return composer.run(blanked)
    except yaml.YAMLError:
        return None


def _broken(code: Code, place: Place, reason: str) -> Document:
    message = f"not valid YAML: {reason}"
    return Document(None, (Problem(code=code, place=place, severity=Severity.ERROR, message=message),))


class _TooMuchError(Exception):
    """The rest of the file is not read."""

    def __init__(self, code: Code, place: Place, sentence: str) -> None:
        super().__init__()
        self.problem = Problem(code=code, place=place, severity=Severity.ERROR, message=sentence)


def _too_deep(place: Place) -> _TooMuchError:
    return _TooMuchError(Code.TOO_DEEP, place, f"lists and mappings stand more than {MAX_DEPTH} deep inside each other")


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end is not reached yet. `size` and `depth` as in `Anchored`."""

    place: Place
    anchor: str | None
    mapping: bool
    flow: bool
    size: int = 1
    depth: int = 1
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    merged: list[Entry] = field(default_factory=list)
    key: Scalar | None = None
    has_key: bool = False


class _Composer:
    def __init__(self, file: str, known: Mapping[str, Anchored], unread_templates: str, incomplete: bool) -> None:
        self._file = file
        self._unread_templates = unread_templates
        self._incomplete = incomplete
        self._quoted: tuple[int, int] | None = None
        self._anchors: dict[str, Anchored] = dict(known)
        self._stack: list[_Open] = []
        self._root: Node | None = None
        self._documents = 0
        self._expanded = 0
        self._values = 0
        self._problems: list[Problem] = []

    @property
    def progress(self) -> Progress:
        """How far reading has come, to explain what stopped it."""
        top = self._stack[-1] if self._stack else None
        flow = (top.place, top.mapping) if top is not None and top.flow else None
        return Progress(open_flow=flow, quoted=self._quoted)

    def run(self, text: str) -> Document:
        """Raises `yaml.YAMLError` where the text is not YAML."""
        try:
            for event in _events(text):
                self._take(event)
                if self._documents > 1:
                    self._error(
                        Code.SECOND_DOCUMENT,
                        self._place(event),
                        "a file holds one document: what follows this '---' is not read",
                    )
                    break
        except _TooMuchError as error:
            self._problems.append(error.problem)
            self._root = None
            self._stack.clear()
        return Document(self._root, tuple(self._problems), self._anchors)

    def _take(self, event: _Event) -> None:
        match event:
            case yaml.ScalarEvent():
                self._add(Anchored(self._scalar(event)), event.anchor)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._open(event, isinstance(event, yaml.MappingStartEvent))
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._close()
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.DocumentStartEvent():
                self._documents += 1

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        place = self._place(event)
        self._check_tag(event.tag, place)
        if "\0" in event.value:
            self._error(Code.CONTROL_CHARACTER, place, "a text cannot hold the character NUL")
            return Unresolved("", False, place)
        if event.style in ("'", '"') and event.start_mark is not None and event.end_mark is not None:
            self._quoted = (event.start_mark.line + 1, event.end_mark.line + 1)
        plain = event.tag in _PLAIN_TAGS if event.tag else not event.style
        return Scalar(event.value, plain, place)

    def _check_tag(self, tag: str | None, place: Place) -> None:
        if tag is not None and tag not in _TAGS:
            self._error(
                Code.UNKNOWN_TAG,
                place,
                f"the tag '{tag.replace(_CORE, '!!')}' is not known (put a value that starts with '!' in quotes)",
            )

    def _open(self, event: yaml.CollectionStartEvent, mapping: bool) -> None:
        place = self._place(event)
        if len(self._stack) >= MAX_DEPTH:
            raise _too_deep(place)
        self._check_tag(event.tag, place)
        self._stack.append(_Open(place, event.anchor, mapping, flow=bool(event.flow_style)))

    def _close(self) -> None:
        done = self._stack.pop()
        node: Node
        if done.mapping:
            inherited = {e.key.text: e for e in reversed(done.merged) if e.key.text not in done.entries}
            node = MappingNode((*reversed(inherited.values()), *done.entries.values()), done.place)
        else:
            node = SequenceNode(tuple(done.items), done.place)
        self._add(Anchored(node, done.size, done.depth), done.anchor)

    def _alias(self, event: yaml.AliasEvent) -> None:
        place, name = self._place(event), str(event.anchor)
        target = self._target(name, place)
        if len(self._stack) + target.depth > MAX_DEPTH:
            raise _too_deep(place)
        before = self._expanded
        self._expanded += target.size
        if self._expanded > MAX_EXPANDED:
            if before <= MAX_EXPANDED:
                self._error(
                    Code.TOO_MANY_ALIASES,
                    place,
                    f"the aliases of this file stand for more than {MAX_EXPANDED:,} values",
                )
            target = Anchored(Unresolved("", False, place))
        self._add(target, None)

    def _target(self, name: str, place: Place) -> Anchored:
        if any(node.anchor == name for node in self._stack):
            self._error(Code.ALIAS_IN_ITSELF, place, f"alias *{name} stands inside what it names")
        elif name in self._anchors:
            return self._anchors[name]
        elif not self._incomplete:
            self._error(
                Code.UNDEFINED_ALIAS,
                place,
                f"alias *{name} is not defined here nor in shippable.templates.yml{self._unread()}",
            )
        return Anchored(Unresolved("", False, place))

    def _unread(self) -> str:
        if not self._unread_templates:
            return ""
        return f" of the root ({self._unread_templates} is not read: only that of the directory that was named counts)"

    def _add(self, finished: Anchored, anchor: str | None) -> None:
        """Put a finished node where it belongs."""
        node = finished.node
        self._values += 1
        if self._values > MAX_VALUES:
            raise _TooMuchError(
                Code.TOO_MANY_VALUES,
                node.place,
                f"the file holds more than {MAX_VALUES:,} values: divide it into several files",
            )
        if anchor is not None:
            self._anchors[anchor] = finished
        if not self._stack:
            self._root = node
            return
        parent = self._stack[-1]
        parent.size += finished.size
        parent.depth = max(parent.depth, finished.depth + 1)
        if not parent.mapping:
            parent.items.append(node)
        elif not parent.has_key:
            parent.key, parent.has_key = self._key(node), True
        else:
            self._add_entry(parent, parent.key, node)
            parent.key, parent.has_key = None, False

    def _key(self, node: Node) -> Scalar | None:
        if isinstance(node, Scalar):
            return node
        self._error(
            Code.KEY_NOT_TEXT,
            node.place,
            "a key must be text, not a list or a mapping: put a text that starts with '[' or '{' in quotes",
        )
        return None

    def _add_entry(self, parent: _Open, key: Scalar | None, value: Node) -> None:
        if key is None or isinstance(key, Unresolved):
            return
        if key.plain and key.text == "<<":
            parent.merged.extend(self._merged(value))
            return
        first = parent.entries.setdefault(key.text, Entry(key, value))
        if first.key is not key:
            self._error(
                Code.DUPLICATE_KEY,
                key.place,
                f"the key '{key.text}' stands twice in one mapping: first at {first.key.place}",
            )

    def _merged(self, value: Node) -> Iterator[Entry]:
        """What `<<` brings in: the first mapping that has a key wins."""
        for node in value.items if isinstance(value, SequenceNode) else (value,):
            if isinstance(node, MappingNode):
                yield from node.entries
            elif not isinstance(node, Unresolved):
                self._error(Code.WRONG_MERGE, node.place, "'<<' takes a mapping or a list of mappings")

    def _place(self, event: _Event) -> Place:
        mark = event.start_mark
        if mark is None:
            return Place(self._file)
        return Place(self._file, mark.line + 1, mark.column + 1)

    def _error(self, code: Code, place: Place, message: str) -> None:
        self._problems.append(Problem(code=code, place=place, severity=Severity.ERROR, message=message))


def _events(text: str) -> Iterator[_Event]:
    return yaml.parse(text, Loader=_LOADER)
