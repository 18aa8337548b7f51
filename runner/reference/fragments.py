"""What kinds and shapes of values are in JSON Schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from runner.pipeline.content_kinds import NAME_FILTER, SEMANTIC, Cron, NameFilter, Parameters, SemanticVersion
from runner.pipeline.kinds import Choice, Form, Free, Kind, Listing, Table, Text, Truth, Whole, Word, Words
from runner.pipeline.limits import Bytes
from runner.pipeline.sealed import FORM, SECURE
from runner.pipeline.shapes import Either, Merged, Nested, Part, Piece, Shape

if TYPE_CHECKING:
    from runner.pipeline.fields import Key, Keys

Schema: TypeAlias = dict[str, Any]
"""A part of a JSON Schema, as `json` writes it."""

NULL: Schema = {"type": "null"}
TEXT: Schema = {"type": ["string", "number", "boolean"], "minLength": 1}
PLACEHOLDER: Schema = {"type": "string", "pattern": r"\$"}
"""`$NAME` in the content of a resource: what comes of it is not known before a job uses it."""
_TRUTH = r"^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[Oo][Nn]|[Oo][Ff][Ff]|[Yy][Ee][Ss]|[Nn][Oo])$"
_WHOLE = r"^-?(0|[1-9][0-9]{0,14})$"
_SIZE = r"^\s*[0-9]+(\.[0-9]+)? ?[kKmMgGtT]?([iI]?[bB])?\s*$"
_CRON = r"^\s*\S+(\s+\S+){4}\s*$"
_VARIABLES: Schema = {
    "type": "object",
    "propertyNames": {"pattern": "^[^A-Za-z_0-9]*[A-Za-z_]"},
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
}
_PIECES: dict[Piece, Schema] = {
    Piece.ANYTHING: {},
    Piece.NOTHING: NULL,
    Piece.SCALAR: {"type": ["string", "number", "boolean", "null"]},
    Piece.LINE: {"type": ["string", "boolean"], "pattern": r"\S"},
    Piece.VARIABLE_TEXT: {"type": "string", "pattern": "[=:]"},
}


class Fragments:
    """Makes fragments and keeps the definitions that they refer to. `strict`: a mapping holds no key beyond its table,
    of which the reader says that it is misspelt or ignored."""

    def __init__(self, *, strict: bool = False) -> None:
        self.definitions: dict[str, Schema] = {}
        self._strict = strict

    def of(self, shape: Shape) -> Schema:
        """One kind or shape. Raises KeyError for a piece that only a type of job can tell."""
        match shape:
            case Piece.VARIABLES:
                return {**_VARIABLES, "properties": {SECURE: self.secure()}}
            case Piece.ITEM_VARIABLES:
                return {
                    **self.of(Piece.VARIABLES),
                    "not": {"anyOf": [{"required": ["global"]}, {"required": ["matrix"]}]},
                }
            case Piece():
                return _PIECES[shape]
            case Form():
                return self.of(shape.shape)
            case Part(keys=keys, needs=needs, closed=closed):
                return self.mapping(keys, needs=needs, closed=closed)
            case Merged(keys=keys):
                mapping = self.mapping(keys)
                return {"anyOf": [mapping, {"type": "array", "items": mapping}]}
            case Either(shapes=shapes):
                return {"anyOf": [self.of(item) for item in shapes]}
            case Nested():
                return self._nested(shape)
            case _:
                return _of_kind(shape, self)

    def mapping(
        self, keys: Keys, *, needs: Iterable[str] = (), closed: bool = False, beside: Iterable[str] = ()
    ) -> Schema:
        """A mapping with the keys of a table; `needs` and what the table requires must be there, `beside` are keys that
        are described elsewhere."""
        found: Schema = {"type": "object", "properties": {name: self.value(key) for name, key in keys.items()}}
        for name in beside:
            found["properties"].setdefault(name, {})
        if required := [*needs, *(key.name for key in keys.values() if key.required)]:
            found["required"] = required
        if closed or self._strict:
            found["additionalProperties"] = False
        return found

    def value(self, key: Key[Any], shape: Schema | None = None, *, content: bool = False) -> Schema:
        """The value of one key with its description: of its kind, or of this shape. Nothing behind a key counts as its
        absence; a value of `content` may be a placeholder."""
        shape = self.of(key.kind) if shape is None else shape
        if content and shape:
            shape = either(shape, PLACEHOLDER)
        if not (key.required or key.filled) and shape:
            shape = either(shape, NULL)
        described = {"description": key.doc, **shape}
        if key.instead:
            described |= {"deprecated": True, "deprecationMessage": f"use {key.instead}"}
        return described

    def refer(self, name: str) -> Schema:
        return {"$ref": f"#/$defs/{name}"}

    def defined(self, name: str, make: Callable[[Fragments], Schema]) -> Schema:
        """A definition that many places refer to."""
        if name not in self.definitions:
            self.definitions[name] = make(self)
        return self.refer(name)

    def nested(self, name: str, items: list[Schema]) -> Schema:
        """One of `items`, or lists of them at any depth."""
        return self.defined(name, lambda this: {"anyOf": [*items, {"type": "array", "items": this.refer(name)}]})

    def secure(self) -> Schema:
        """What stands under `secure`."""
        return {
            "description": "Encrypted variables, as runner encrypt prints them; or a list of such texts.",
            **self.nested("secure", [{"type": ["string", "number", "boolean"], "pattern": FORM}]),
        }

    def _nested(self, shape: Nested) -> Schema:
        items = [self.of(item) for item in shape.items]
        inner = self.nested(shape.name, items)
        if shape.single and not shape.least:
            return inner
        outer: Schema = {"type": "array", "minItems": shape.least, "items": inner}
        if shape.needs:
            with_key = {"type": "object", "required": [shape.needs]}
            outer["contains"] = {"anyOf": [{"type": ["string", "boolean", "array"]}, with_key]}
        return {"anyOf": [*items, outer]} if shape.single else outer


def _of_kind(kind: Kind[Any], fragments: Fragments) -> Schema:
    match kind:
        case Text() | Word():
            return TEXT
        case Truth():
            return {"type": ["boolean", "string"], "pattern": _TRUTH}
        case Whole(least=least, most=most):
            return {"type": ["integer", "string"], "pattern": _WHOLE, **_limits(least, most)}
        case Bytes(least=least):
            return {"type": ["number", "string"], "pattern": _SIZE, **_limits(least, None)}
        case Choice(words=words):
            return {"enum": [str(word) for word in words]}
        case Words():
            return fragments.nested("words", [TEXT])
        case Table(keys=keys):
            return {"type": "object"} if keys is None else fragments.mapping(keys)
        case Listing():
            return {"type": "array"}
        case Free():
            return {}
        case SemanticVersion():
            return {"type": "string", "pattern": rf"^\s*({SEMANTIC.pattern})\s*$"}
        case Cron():
            return {"type": "string", "pattern": _CRON}
        case NameFilter():
            return fragments.mapping(NAME_FILTER)
        case Parameters():
            return {"type": "object", "minProperties": 1, "properties": {SECURE: fragments.secure()}}
        case _:
            raise TypeError(f"{kind} has no schema yet")


def _limits(least: int | None, most: int | None) -> Schema:
    return {
        **({} if least is None else {"minimum": least}),
        **({} if most is None else {"maximum": most}),
    }


def either(*schemas: Schema) -> Schema:
    """One of these, with the smallest text that says so."""
    first, *others = schemas
    if others == [NULL] and isinstance(first.get("type"), str) and "enum" not in first:
        return {**first, "type": [first["type"], "null"]}
    if others == [NULL] and isinstance(first.get("type"), list):
        return first if "null" in first["type"] else {**first, "type": [*first["type"], "null"]}
    if others == [NULL] and set(first) == {"anyOf"}:
        return first if NULL in first["anyOf"] else {"anyOf": [*first["anyOf"], NULL]}
    return {"anyOf": list(schemas)}


def present(*names: str) -> Schema:
    """A mapping in which something stands behind each of these keys."""
    return {"required": list(names), "properties": {name: {"not": NULL} for name in names}}
