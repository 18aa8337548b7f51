"""The settings from their three sources: variables of the environment over the file over the defaults.

Every problem is found before anything is refused, and named with its file or variable, its key and what was meant.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from msgspec import NODEFAULT

from runner.errors import UsageError
from runner.pipeline.limits import limits_of
from runner.service.settings import Settings
from runner.service.settings_checks import check
from runner.service.settings_keys import LIMIT_KEYS, NAME, all_keys, find, is_named_table
from runner.service.settings_places import CONFIG, Places
from runner.service.settings_sources import (
    KeyPath,
    Raw,
    SettingsProblem,
    Source,
    environment_values,
    file_values,
)
from runner.service.settings_values import path_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """The value of a key. `where` is the file or the variable; empty for a default."""

    value: object
    source: Source
    where: str = ""


class SettingsError(UsageError):
    """The settings are not usable: each of `problems` says where and what; the text has a line for each."""

    def __init__(self, problems: Iterable[SettingsProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """The settings and where each value came from. `file` is None where there is none, `values` are by key path."""

    settings: Settings
    file: Path | None
    values: Mapping[KeyPath, Value]


def read_settings(file: Path | None = None, environ: Mapping[str, str] = os.environ) -> Effective:
    """The settings in `file`, else in the file that RUNNER_CONFIG names, else in the usual place, where there may be
    none. Raises SettingsError with everything that is wrong."""
    places = Places.of(environ)
    named = file or (Path(environ[CONFIG]) if environ.get(CONFIG) else None)
    path = (named or places.file).absolute()
    there = named is not None or os.path.exists(path)
    reading = _Reading(path.parent)
    if there:
        reading.take(file_values(path))
    reading.take(environment_values(environ, [*reading.values, *reading.tables]))
    reading.fill(places)
    reading.check(str(path))
    if reading.problems:
        raise SettingsError(reading.problems)
    settings = _built({path: value.value for path, value in reading.values.items()})
    return Effective(settings=settings, file=path if there else None, values=reading.values)


@dataclass(slots=True)
class _Reading:
    """What has been read so far. `beside` is what paths are relative to; `tables` are those with chosen names."""

    beside: Path
    values: dict[KeyPath, Value] = field(default_factory=dict)
    tables: dict[KeyPath, str] = field(default_factory=dict)
    problems: list[SettingsProblem] = field(default_factory=list)

    def take(self, found: Iterable[Raw | SettingsProblem]) -> None:
        """Later values are in the place of earlier ones."""
        for each in found:
            if isinstance(each, SettingsProblem):
                self.problems.append(each)
            elif is_named_table(each.path):
                self.tables.setdefault(each.path, each.where)
            else:
                self._take(each)

    def _take(self, given: Raw) -> None:
        key = find(given.path)
        if key is None:
            raise KeyError(given.path)
        try:
            value = key.kind.value(given.raw, text=given.source is Source.ENVIRONMENT)
        except ValueError as error:
            self._problem(given.where, given.path, str(error))
            return
        value = self.beside / value if isinstance(value, Path) else value
        self.values[given.path] = Value(value=value, source=given.source, where=given.where)

    def fill(self, places: Places) -> None:
        """Put defaults where nothing was given."""
        for path, default in self._defaults(places):
            self.values.setdefault(path, Value(value=default, source=Source.DEFAULT))

    def _defaults(self, places: Places) -> Iterator[tuple[KeyPath, object]]:
        yield from places.defaults(self.beside).items()
        for key in all_keys():
            if key.default is NODEFAULT:
                continue
            if NAME not in key.path:
                yield key.path, key.default
            else:
                named = (table for table in self.tables if key.takes((*table, key.path[-1])))
                yield from (((*table, key.path[-1]), key.default) for table in named)

    def check(self, file: str) -> None:
        """Find what does not go together, but for keys of which something is said already."""
        said = {problem.key for problem in self.problems}
        for path, message in check({path: value.value for path, value in self.values.items()}, self.tables):
            key = ".".join(path)
            if not any(one == key or one.startswith(f"{key}.") for one in said):
                value = self.values.get(path)
                self._problem((value and value.where) or self.tables.get(path[:2]) or file, path, message)

    def _problem(self, where: str, path: KeyPath, message: str) -> None:
        self.problems.append(SettingsProblem(where=where, key=".".join(path), message=message))


def _built(values: Mapping[KeyPath, object]) -> Settings:
    """The structs of values that have been checked one by one."""
    tree: dict[str, Any] = {}
    for path, value in values.items():
        table = tree
        for name in path[:-1]:
            table = table.setdefault(name, {})
        table[path[-1]] = value
    outer, inner = LIMIT_KEYS
    tree[outer][inner] = limits_of(tree[outer][inner])
    return msgspec.convert(tree, Settings, dec_hook=path_of, from_attributes=True)
