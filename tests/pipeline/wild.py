"""Files that reach deep into the language: made by its schema, with something else in the place of anything."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import yaml

from runner.pipeline.ci.branches import BRANCH_KEYS
from runner.pipeline.ci.keys import BOOT_KEYS, BUILD_KEYS, CI, COMBINATION, MATRIX_KEYS, OLD
from runner.reference.schema import schema_of

Schema = Mapping[str, Any]
SCHEMA: Schema = schema_of()
DEFINITIONS: Mapping[str, Schema] = SCHEMA["$defs"]
TEXTS = (
    "a", "b", "r", "n", "n1", "n2", "n3", "n4", "my-job", "x.y",
    "1", "0.10", "", " ", "~", "on", "off", "yes", "null", "<<", "managed", "$X",
    "${a b", "echo $A_INTEGRATION_X", "fi", "cat <<E", "A=1 B=2", "A:1", "* * * * *", "0 0 L * MON#2", "1.2.3",
    "arn:aws:iam::123456789012:role/x", "us-east-1", "512MiB", "22:22", "master", "feature/*", "https://example.com/x",
    "http://example.com", "true", "\n", "a\nb\n", "é", "名", "- a", "a: b", "# runner: ignore[W205]", "x" * 300,
)  # fmt: skip
NAMES = ("a", "b", "r", "n", "my-job", "x.y", "n1", "n2", "")
BODIES = ("steps", "TASK", "script", "versionTemplate")
"""Keys that hold most of the language: nearly always there."""
ALONE = (
    ("IN", "OUT", "TASK", "NOTIFY", "script"),
    ("versionTemplate", "pointer", "source"),
    ("versionTemplate", "seed", "initialVersion"),
    ("versionTemplate", "version"),
    ("versionName", "versionNumber"),
)
"""Of these at most one stands in a mapping."""
NUMBERS = (0, 1, -1, 2, 61, 1441, 10_001, 0.1, 2.7, 1e300, 10**30, float("inf"), float("nan"))
CI_WORDS = (*CI, *OLD, *BUILD_KEYS, *MATRIX_KEYS, *COMBINATION, *BOOT_KEYS, *BRANCH_KEYS, "global", "secure", "only")
PIECES = (
    "\t",
    "\n",
    " ",
    "- ",
    ": ",
    "&a ",
    "*a",
    "{",
    "}",
    "[",
    "]",
    "'",
    '"',
    "|\n",
    "!!str ",
    "<<: *a",
    "\x00",
    "\ufeff",
)


def _words(schema: object) -> set[str]:
    match schema:
        case dict():
            inner = (word for value in schema.values() for word in _words(value))
            return {*schema.get("properties", {}), *inner}
        case list():
            return {word for value in schema for word in _words(value)}
        case _:
            return set()


WORDS = (*sorted(_words(SCHEMA)), *CI_WORDS)


@dataclass(slots=True)
class Wild:
    """One file after the other from one source of chance; `strange` is how often a value is of another kind."""

    random: Random
    strange: float = 0.05
    _depth: int = field(default=0)
    _made: int = field(default=0)

    def text(self) -> str:
        """A file."""
        parts = {key: value for make in (self._sections, self._ci) for key, value in make().items()}
        shared = self.anything() if self.random.random() < 0.3 else None
        content = {"shared": shared, **parts} if shared is not None else parts
        if self.random.random() < self.strange:
            content = self.anything()
        if self.random.random() < 0.5:
            text = yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
        else:
            text = json.dumps(content)
        return self._spoilt(text) if self.random.random() < 0.2 else text

    def anything(self, depth: int = 0) -> Any:
        """Of any kind, with words of the language in it."""
        kind = self.random.randrange(4 if depth > 3 else 7)
        match kind:
            case 0:
                return self.random.choice((None, True, False, *NUMBERS))
            case 1 | 2:
                return self.random.choice(TEXTS)
            case 3:
                return self.random.choice(WORDS)
            case 4:
                return [self.anything(depth + 1) for _ in range(self.random.randrange(4))]
            case _:
                return {self.random.choice(WORDS): self.anything(depth + 1) for _ in range(self.random.randrange(4))}

    def _sections(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for section, kind in (("resources", "resource"), ("jobs", "job"), ("triggers", "trigger")):
            if self.random.random() < 0.7:
                found[section] = [self._entry(kind, self._name()) for _ in range(self.random.randrange(4))]
        return found

    def _name(self) -> str:
        self._made += 1
        return self.random.choice(NAMES) if self.random.random() < self.strange else f"n{self._made}"

    def _ci(self) -> dict[str, Any]:
        if self.random.random() < 0.5:
            return {}
        words = self.random.sample(sorted(CI), self.random.randrange(1, 6))
        return {word: self._ci_value(0) for word in words}

    def _ci_value(self, depth: int) -> Any:
        if depth > 3 or self.random.random() < 0.4:
            return self.random.choice((*TEXTS, *NUMBERS, None, True))
        if self.random.random() < 0.5:
            return [self._ci_value(depth + 1) for _ in range(self.random.randrange(4))]
        words = [self.random.choice(CI_WORDS) for _ in range(self.random.randrange(4))]
        return {word: self._ci_value(depth + 1) for word in words}

    def _entry(self, family: str, named: str) -> Any:
        """A job or a resource of one of the types."""
        if self.random.random() < self.strange:
            return self.anything()
        family = "resource" if family == "trigger" else family
        names = [name for name in DEFINITIONS if name.startswith(f"{family}.")]
        name = "job.runSh" if family == "job" and self.random.random() < 0.5 else self.random.choice(names)
        made = self._of(DEFINITIONS[name])
        head = {"name": named, "type": name.removeprefix(f"{family}.")}
        return {**made, **head} if isinstance(made, dict) and self.random.random() > self.strange else made

    def _of(self, schema: Schema | bool) -> Any:
        """What this schema takes, more or less."""
        if isinstance(schema, bool) or self._depth > 12 or self.random.random() < self.strange:
            return self.anything()
        self._depth += 1
        try:
            return self._kind(self._chosen(schema))
        finally:
            self._depth -= 1

    def _chosen(self, schema: Schema) -> Schema:
        """The schema with one of each of its choices."""
        while True:
            if "$ref" in schema:
                schema = {**DEFINITIONS[schema["$ref"].rpartition("/")[2]], **_without(schema, "$ref")}
            elif choices := [word for word in ("anyOf", "oneOf") if word in schema]:
                one = self.random.choice(schema[choices[0]])
                schema = {**_without(schema, choices[0]), **(one if isinstance(one, dict) else {})}
            elif "then" in schema:
                one = schema[self.random.choice([word for word in ("then", "else") if word in schema])]
                schema = {**_without(schema, "then", "else", "if"), **(one if isinstance(one, dict) else {})}
            else:
                return schema

    def _kind(self, schema: Schema) -> Any:
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        kinds = schema.get("type", "object" if "properties" in schema else "string")
        match kinds if isinstance(kinds, str) else self.random.choice(kinds):
            case "object":
                return self._object(schema)
            case "array":
                return [self._of(schema.get("items", True)) for _ in range(self.random.randrange(4))]
            case "integer" | "number":
                return self.random.choice((schema.get("minimum", 0), schema.get("maximum", 9), 1, 5))
            case "boolean":
                return self.random.choice((True, False, "off"))
            case "null":
                return None
            case _:
                return self.random.choice(_texts(schema.get("pattern", "")))

    def _object(self, schema: Schema) -> dict[str, Any]:
        known: Sequence[str] = list(schema.get("properties", {}))
        wanted = self.random.sample(known, self.random.randrange(min(len(known), 6) + 1))
        wanted += [name for name in BODIES if name in known and self.random.random() > self.strange]
        required = [name for name in schema.get("required", ()) if self.random.random() > self.strange]
        names = dict.fromkeys((*required, *wanted))
        for alone in (word for word in ALONE if self.random.random() > self.strange):
            among = [name for name in names if name in alone]
            kept = self.random.choice(among) if among else ""
            names = dict.fromkeys(name for name in names if name == kept or name not in alone)
        made = {name: self._of(schema.get("properties", {}).get(name, True)) for name in names}
        if self.random.random() < self.strange:
            made[self.random.choice(WORDS)] = self.anything()
        if made and self.random.random() < self.strange:
            name = self.random.choice(list(made))
            made[name[:-1] or name.swapcase()] = made.pop(name)
        return made

    def _spoilt(self, text: str) -> str:
        for _ in range(self.random.randrange(1, 4)):
            at = self.random.randrange(len(text) + 1)
            gone = self.random.randrange(6)
            text = text[:at] + self.random.choice(PIECES) + text[at + gone :]
        return text


@functools.cache
def _texts(pattern: str) -> Sequence[str]:
    """Those that a pattern takes; all of them where it takes none."""
    return [text for text in TEXTS if re.search(pattern, text)] or TEXTS


def _without(schema: Schema, *words: str) -> dict[str, Any]:
    return {word: value for word, value in schema.items() if word not in words}
