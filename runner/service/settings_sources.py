"""What the settings file and the environment say, as key paths with raw values."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from runner.pipeline.problems import nearest
from runner.service.settings_keys import below, find, is_named_table, is_table

PREFIX = "RUNNER_"
SEPARATOR = "__"

KeyPath = tuple[str, ...]


class Source(StrEnum):
    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """One value as it was given. `where` is the file or the variable. Of a table with a name that somebody chose
    there is one as well, with nothing in it."""

    path: KeyPath
    raw: object
    source: Source
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsProblem:
    """What is wrong with one key; `where` is the file or the variable, `key` is empty where the file is meant."""

    where: str
    key: str
    message: str

    def __str__(self) -> str:
        """`/etc/shippable-runner/runner.toml: server.lisen: there is no such key (did you mean 'listen'?)`"""
        return f"{self.where}: {self.key}: {self.message}" if self.key else f"{self.where}: {self.message}"


def file_values(path: Path) -> Iterator[Raw | SettingsProblem]:
    """Everything in a settings file."""
    message = ""
    try:
        document = tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        message = f"is not UTF-8: byte {error.start}"
    except tomllib.TOMLDecodeError as error:
        message = f"is not TOML: {error}"
    if message:
        yield SettingsProblem(where=str(path), key="", message=message)
    else:
        yield from _table(document, (), str(path))


def environment_values(environ: Mapping[str, str], known: Iterable[KeyPath]) -> Iterator[Raw | SettingsProblem]:
    """Every variable that is one of the settings' (`RUNNER_SERVER__LISTEN`, `RUNNER_PIPELINES__WEB__PATH`). `known`
    are the paths of the file: a name in one of them is the same in whatever case, and with `_` for other signs."""
    names = [name for path in known for name in path]
    for variable in sorted(environ):
        words = variable.removeprefix(PREFIX).split(SEPARATOR)
        path = _path_of(words, names)
        if not variable.startswith(PREFIX) or (len(words) == 1 and find(path) is None):
            continue  # other programs may have variables that begin like ours
        if find(path) is None:
            yield _unknown(path, variable)
            continue
        if is_named_table(path[:-1]):
            yield Raw(path=path[:-1], raw={}, source=Source.ENVIRONMENT, where=variable)
        yield Raw(path=path, raw=environ[variable], source=Source.ENVIRONMENT, where=variable)


def _table(table: Mapping[str, Any], path: KeyPath, where: str) -> Iterator[Raw | SettingsProblem]:
    if is_named_table(path):
        yield Raw(path=path, raw={}, source=Source.FILE, where=where)
    for name, raw in table.items():
        here = (*path, name)
        if is_table(here) and isinstance(raw, dict):
            yield from _table(raw, here, where)
        elif is_table(here):
            message = f"must be a table: write [{'.'.join(here)}] and its keys below it"
            yield SettingsProblem(where=where, key=".".join(here), message=message)
        elif find(here):
            yield Raw(path=here, raw=raw, source=Source.FILE, where=where)
        else:
            yield _unknown(here, where, table=isinstance(raw, dict))


def _unknown(path: KeyPath, where: str, *, table: bool = False) -> SettingsProblem:
    """A key that there is not; what is named is the first part of it that is none."""
    depth = next((depth for depth in range(1, len(path)) if not is_table(path[:depth])), len(path))
    known = below(path[: depth - 1])
    hint = nearest(path[depth - 1], known) or (f"there are {', '.join(known)}" if known else "")
    what = "table" if table or depth < len(path) else "key"
    message = f"there is no such {what}{f' ({hint})' if hint else ''}"
    return SettingsProblem(where=where, key=".".join(path[:depth]), message=message)


def _path_of(words: Iterable[str], names: Iterable[str]) -> KeyPath:
    """The path that the words of a variable mean."""
    path: KeyPath = ()
    for word in words:
        same = (name for name in (*below(path), *names) if _folded(name) == _folded(word))
        path = (*path, next(same, word.lower()))
    return path


def _folded(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())
