"""The value of one field: text, a list, pairs, or a reference to where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from runner.integrations.catalogue import Field, Shape
from runner.integrations.model import FieldValue, Written
from runner.integrations.references import CommandReference, EnvReference, FileReference, Reference
from runner.pipeline.codes import Code
from runner.pipeline.nodes import Entry, MappingNode, Node, Scalar, SequenceNode, Unresolved, is_null, kind_of
from runner.pipeline.problems import Place, Problem, nearest
from runner.pipeline.report import Report, Spot
from runner.pipeline.sealed import SECURE, Secure
from runner.pipeline.secure import read_secure
from runner.secret import Secret

_KINDS = ("env", "file", "command")
_FORMS = "{env: NAME}, {file: PATH} or {command: [...]}"


class Error(Protocol):
    def __call__(self, code: Code, place: Place, subject: str, message: str, hint: str = "") -> None: ...


@dataclass(frozen=True, slots=True)
class Values:
    """Reads values; relative paths of references start at `directory`, errors go to `error`, what is said of encrypted
    texts to `problems`."""

    directory: Path
    error: Error
    problems: list[Problem]

    def read(self, node: Node, field: Field | None, subject: str) -> FieldValue | None:
        """The value of a field (None: a field that the type does not know, text or a list); None after a problem."""
        secret = field is None or field.secret
        shape = field.shape if field else Shape.LIST if isinstance(node, SequenceNode) else Shape.TEXT
        match shape:
            case Shape.TEXT:
                return self._written(node, secret, subject)
            case Shape.LIST:
                return self._list(node, secret, subject)
            case Shape.PAIRS:
                return self._pairs(node, secret, subject)

    def _written(self, node: Node, secret: bool, subject: str) -> Written | None:
        match node:
            case Unresolved():
                return None
            case Scalar():
                text = "" if is_null(node) else node.text
                return Secret(text) if secret else text
            case MappingNode(entries=[entry]) if entry.key.text in _KINDS:
                return self._reference(entry, subject)
            case MappingNode(entries=entries):
                hint = next((hint for entry in entries if (hint := nearest(entry.key.text, _KINDS))), "")
                self.error(Code.WRONG_FIELD_VALUE, node.place, subject, f"must be text or a reference ({_FORMS})", hint)
            case SequenceNode():
                self.error(
                    Code.WRONG_FIELD_VALUE, node.place, subject, f"must be text or a reference ({_FORMS}), not a list"
                )
        return None

    def _list(self, node: Node, secret: bool, subject: str) -> tuple[Written, ...] | None:
        if isinstance(node, SequenceNode):
            items = [self._written(item, secret, f"{subject}[{index}]") for index, item in enumerate(node.items)]
            return tuple(item for item in items if item is not None)
        self._wrong(node, subject, "a list")
        return None

    def _pairs(self, node: Node, secret: bool, subject: str) -> dict[str, Written] | None:
        if isinstance(node, MappingNode):
            pairs: dict[str, Written] = {}
            for entry in node.entries:
                name, below = entry.key.text, f"{subject}.{entry.key.text}"
                if name == SECURE:
                    pairs |= {secure.text: secure for secure in self._secure(entry.value, below)}
                elif (value := self._written(entry.value, secret, below)) is not None:
                    pairs[name] = value
            return pairs
        self._wrong(node, subject, "pairs of a name and a text")
        return None

    def _secure(self, node: Node, subject: str) -> tuple[Secure, ...]:
        report = Report()
        found = read_secure(Spot(node, subject, report))
        self.problems.extend(report.problems())
        return found

    def _wrong(self, node: Node, subject: str, wanted: str) -> None:
        if not isinstance(node, Unresolved) and not is_null(node):
            self.error(Code.WRONG_FIELD_VALUE, node.place, subject, f"must be {wanted}, not {kind_of(node)}")

    def _reference(self, entry: Entry, subject: str) -> Reference | None:
        argument = entry.value
        if isinstance(argument, Unresolved):
            return None
        if entry.key.text == "command":
            return self._command(argument, subject)
        if not isinstance(argument, Scalar) or is_null(argument) or not argument.text:
            wanted = "the name of a variable" if entry.key.text == "env" else "a path"
            self.error(Code.WRONG_FIELD_VALUE, argument.place, f"{subject}.{entry.key.text}", f"must be {wanted}")
            return None
        if entry.key.text == "env":
            return EnvReference(argument.text)
        return FileReference(self._path(argument, subject))

    def _path(self, scalar: Scalar, subject: str) -> Path:
        try:
            return self.directory / Path(scalar.text).expanduser()
        except RuntimeError:
            self.error(
                Code.WRONG_FIELD_VALUE,
                scalar.place,
                f"{subject}.file",
                "the home directory that '~' means here is not known",
            )
            return self.directory

    def _command(self, node: Node, subject: str) -> Reference | None:
        items = node.items if isinstance(node, SequenceNode) else ()
        argv = tuple(item.text for item in items if isinstance(item, Scalar) and not isinstance(item, Unresolved))
        if len(argv) == len(items) and argv and argv[0]:
            return CommandReference(argv, self.directory)
        message = "must be a list: the program and its arguments (there is no shell)"
        self.error(Code.WRONG_FIELD_VALUE, node.place, f"{subject}.command", message)
        return None
