"""integrations.yml as nodes → typed integrations, and every problem in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runner.integrations.catalogue import IntegrationType, Shape, find, nearest_type
from runner.integrations.checks import check_of
from runner.integrations.model import FieldValue, Integration, IntegrationsReading, revealed
from runner.integrations.values import Values
from runner.names import can_be_set, variable_key
from runner.pipeline.codes import Code
from runner.pipeline.nodes import Entry, MappingNode, Node, Scalar, SequenceNode, Unresolved, is_null, kind_of
from runner.pipeline.problems import Place, Problem, Severity, nearest
from runner.secret import Secret

_OWN_KEYS = ("name", "type", "fields")


@dataclass(slots=True)
class Entries:
    """Reads the entries of one file; `directory` is where its relative paths start."""

    directory: Path
    problems: list[Problem] = field(default_factory=list)
    found: dict[str, Integration] = field(default_factory=dict)

    def read(self, root: Node | None) -> IntegrationsReading:
        for index, item in enumerate(self._items(root)):
            self._entry(item, f"integrations[{index}]")
        return IntegrationsReading(integrations=self.found, problems=tuple(self.problems))

    def error(self, code: Code, place: Place, subject: str, message: str, hint: str = "") -> None:
        self._add(code, Severity.ERROR, place, subject, message, hint)

    def warning(self, code: Code, place: Place, subject: str, message: str, hint: str = "") -> None:
        self._add(code, Severity.WARNING, place, subject, message, hint)

    def _add(self, code: Code, severity: Severity, place: Place, subject: str, message: str, hint: str) -> None:
        self.problems.append(
            Problem(code=code, place=place, severity=severity, subject=subject, message=message, hint=hint)
        )

    def _items(self, root: Node | None) -> tuple[Node, ...]:
        """The entries: of the list under `integrations:`, or of the file if it is a list itself."""
        if isinstance(root, MappingNode):
            root = self._list_of(root)
        if root is None or is_null(root) or isinstance(root, Unresolved):
            return ()
        if isinstance(root, SequenceNode):
            return root.items
        self.error(Code.NOT_INTEGRATIONS, root.place, "integrations", f"must be a list of entries, not {kind_of(root)}")
        return ()

    def _list_of(self, root: MappingNode) -> Node | None:
        for entry in root.entries:
            if entry.key.text != "integrations":
                message = "is not a key of this file: it holds a list under 'integrations'"
                self.error(Code.NOT_INTEGRATIONS, entry.key.place, entry.key.text, message)
        found = root.find("integrations")
        return found.value if found else None

    def _entry(self, node: Node, subject: str) -> None:
        if not isinstance(node, MappingNode):
            if not isinstance(node, Unresolved):
                self.error(
                    Code.NOT_INTEGRATIONS,
                    node.place,
                    subject,
                    f"must be an entry with 'name' and 'type', not {kind_of(node)}",
                )
            return
        name = self._name(node, subject)
        kind = self._type(node, subject)
        if kind is None:
            return
        integration = Integration(
            name=name or "", type=kind, place=node.place, fields=self._fields(node, kind, subject)
        )
        if name is None:
            return
        self._keep(integration, node.find("name"), subject)

    def _keep(self, integration: Integration, entry: Entry | None, subject: str) -> None:
        first = self.found.setdefault(integration.name, integration)
        if first is not integration:
            place = entry.value.place if entry else integration.place
            message = f"'{integration.name}' is used twice: it already names the entry at {first.place}"
            self.error(Code.DUPLICATE_INTEGRATION, place, f"{subject}.name", message)

    def _own_text(self, node: MappingNode, key: str, subject: str) -> Scalar | None:
        """The text under `name` or `type`."""
        entry = node.find(key)
        if entry is None or is_null(entry.value):
            self.error(
                Code.INCOMPLETE_ENTRY, entry.value.place if entry else node.place, subject, f"the entry has no '{key}'"
            )
            return None
        if isinstance(entry.value, Scalar):
            return None if isinstance(entry.value, Unresolved) else entry.value
        self.error(
            Code.WRONG_FIELD_VALUE, entry.value.place, f"{subject}.{key}", f"must be text, not {kind_of(entry.value)}"
        )
        return None

    def _name(self, node: MappingNode, subject: str) -> str | None:
        scalar = self._own_text(node, "name", subject)
        if scalar is None:
            return None
        name = scalar.text
        if name in ("", ".", "..") or "/" in name or not name.isprintable() or len(name.encode()) > 200:
            message = "cannot be a name: it becomes a directory of the job (no '/', no control characters)"
            self.error(Code.WRONG_INTEGRATION_NAME, scalar.place, f"{subject}.name", f"'{name[:60]}' {message}")
            return None
        return name

    def _type(self, node: MappingNode, subject: str) -> IntegrationType | None:
        scalar = self._own_text(node, "type", subject)
        if scalar is None:
            return None
        if found := find(scalar.text):
            return found
        message = f"'{scalar.text[:60]}' is not an integration type"
        self.error(Code.UNKNOWN_INTEGRATION_TYPE, scalar.place, f"{subject}.type", message, nearest_type(scalar.text))
        return None

    def _fields(self, node: MappingNode, kind: IntegrationType, subject: str) -> Mapping[str, FieldValue]:
        written = self._written(node, kind, subject)
        values = Values(directory=self.directory, error=self.error, problems=self.problems)
        fields: dict[str, FieldValue] = {}
        for name, entry in written.items():
            known = kind.field(name)
            if known is None:
                self._unknown(entry, kind, subject)
            elif known.shape is Shape.PAIRS:
                self._pair_names(entry.value, f"{subject}.{name}")
            value = values.read(entry.value, known, f"{subject}.{name}")
            if value is not None:
                fields[name] = value
        self._missing(node, kind, written, subject)
        if (check := check_of(kind)) is not None:
            known_texts = {n: revealed(value) for n, value in fields.items() if isinstance(value, str | Secret)}
            for name, message in check.wrong(known_texts):
                self.error(Code.WRONG_FIELD_TEXT, written[name].value.place, f"{subject}.{name}", message)
        return fields

    def _written(self, node: MappingNode, kind: IntegrationType, subject: str) -> dict[str, Entry]:
        """The fields by name: those beside `name` and `type`, and those under `fields:`."""
        written: dict[str, Entry] = {}
        for entry in (*(e for e in node.entries if e.key.text not in _OWN_KEYS), *self._nested(node, subject)):
            known = kind.field(entry.key.text)
            name = known.name if known else entry.key.text
            if name in written:
                message = f"is given twice: the first is at {written[name].key.place}"
                self.error(Code.DUPLICATE_INTEGRATION, entry.key.place, f"{subject}.{name}", message)
            written.setdefault(name, entry)
        return written

    def _nested(self, node: MappingNode, subject: str) -> Iterator[Entry]:
        nested = node.find("fields")
        if nested is None or is_null(nested.value) or isinstance(nested.value, Unresolved):
            return
        if isinstance(nested.value, MappingNode):
            yield from nested.value.entries
        else:
            self.error(
                Code.WRONG_FIELD_VALUE,
                nested.value.place,
                f"{subject}.fields",
                f"must be a mapping, not {kind_of(nested.value)}",
            )

    def _pair_names(self, node: Node, subject: str) -> None:
        """Every pair becomes a variable: what of its name is no letter, digit or underscore is left out."""
        first: dict[str, Entry] = {}
        for entry in node.entries if isinstance(node, MappingNode) else ():
            text = entry.key.text
            known = first.setdefault(variable_key(text), entry)
            if not can_be_set(variable_key(text)):
                message = f"'{text[:60]}' cannot be the name of a variable: only integration.json has it"
            elif known is not entry:
                message = f"'{text[:60]}' and '{known.key.text[:60]}' become the same variable: the later one wins"
            else:
                continue
            self.warning(Code.UNUSABLE_KEY, entry.key.place, f"{subject}.{text}", message)

    def _unknown(self, entry: Entry, kind: IntegrationType, subject: str) -> None:
        name = entry.key.text
        message = f"'{name}' is not a field of {kind.display}; it is passed on as a secret"
        self.warning(
            Code.UNKNOWN_FIELD,
            entry.key.place,
            f"{subject}.{name}",
            message,
            nearest(name, [f.name for f in kind.fields]),
        )

    def _missing(self, node: MappingNode, kind: IntegrationType, written: Mapping[str, Entry], subject: str) -> None:
        for known in kind.fields:
            if not known.required:
                continue
            entry = written.get(known.name)
            if entry is None:
                self.error(Code.MISSING_FIELD, node.place, subject, f"{kind.display} needs the field '{known.name}'")
            elif _empty(entry.value):
                self.error(
                    Code.MISSING_FIELD,
                    entry.value.place,
                    f"{subject}.{known.name}",
                    f"{kind.display} needs a value here",
                )


def _empty(node: Node) -> bool:
    match node:
        case Unresolved():
            return False
        case Scalar():
            return is_null(node) or not node.text
        case SequenceNode():
            return not node.items
        case _:
            return not node.entries
