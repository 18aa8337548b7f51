"""Every key of the settings by its path: what it holds, its default, and whether a running service can take it over."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

import msgspec
from msgspec import NODEFAULT, inspect

from runner.pipeline.limits import LIMITS, Bytes, parse_limit, values_of
from runner.service.settings import Settings
from runner.service.settings_values import OFF, Kind, as_size, as_toml, kind_of, unwrapped

NAME = "NAME"
"""What stands in the path of a key where people choose a name (`pipelines.NAME.path`)."""
LIMIT_KEYS = ("jobs", "limits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key. `default` is NODEFAULT where it must be given, or depends on the place; `size`: a number of bytes."""

    path: tuple[str, ...]
    kind: Kind
    default: object
    description: str
    restart: bool
    size: bool

    @property
    def variable(self) -> str:
        """The variable that overrides it."""
        return f"RUNNER_{'__'.join(self.path).upper()}"

    def text(self, value: object) -> str | None:
        """A value as the file has it; None where nothing stands for it."""
        if value is None:
            return as_toml(OFF) if self.kind.switchable else None
        return as_toml(as_size(value) if self.size and isinstance(value, int) else value)

    def takes(self, path: tuple[str, ...]) -> bool:
        """Whether a path of a file is this key."""
        return len(path) == len(self.path) and all(b in (a, NAME) for a, b in zip(path, self.path, strict=True))


@functools.cache
def all_keys() -> tuple[Key, ...]:
    """Every key, in the order of the structs."""
    return tuple(_keys(Settings, ()))


def find(path: tuple[str, ...]) -> Key | None:
    return next((key for key in all_keys() if key.takes(path)), None)


def is_table(path: tuple[str, ...]) -> bool:
    """Whether keys stand below this path."""
    return any(key.takes((*path, *key.path[len(path) :])) for key in all_keys() if len(key.path) > len(path))


def is_named_table(path: tuple[str, ...]) -> bool:
    """Whether it is a table whose name people choose, and which has keys of its own."""
    return any(
        key.path[len(path) - 1] == NAME and key.takes((*path, *key.path[len(path) :]))
        for key in all_keys()
        if len(key.path) > len(path) > 0
    )


def below(path: tuple[str, ...]) -> list[str]:
    """What may stand directly below a table; nothing where people choose the names."""
    depth = len(path)
    found = (key.path[depth] for key in all_keys() if key.takes((*path, *key.path[depth:])) and len(key.path) > depth)
    return [name for name in dict.fromkeys(found) if name != NAME]


def _keys(table: type, path: tuple[str, ...]) -> Iterator[Key]:
    for field in msgspec.structs.fields(table):
        info = inspect.type_info(field.type)
        here = (*path, field.name)
        match unwrapped(info):
            case inspect.StructType(cls=cls):
                yield from _keys(cls, here)
            case inspect.DictType(value_type=inspect.StructType(cls=cls)):
                yield from _keys(cls, (*here, NAME))
            case inspect.DictType():
                _, each = get_args(get_args(field.type)[0])
                yield _key((*here, NAME), each, NODEFAULT, info)
            case inspect.DataclassType():
                yield from map(_limit, LIMITS)
            case _:
                yield _key(here, field.type, field.default, info)


def _key(path: tuple[str, ...], hint: object, default: object, info: inspect.Type) -> Key:
    if not isinstance(info, inspect.Metadata) or not info.extra or not info.extra_json_schema:
        raise TypeError(f"{'.'.join(path)} of the settings is not described")
    return Key(
        path=path,
        kind=kind_of(hint, info.extra),
        default=default,
        description=info.extra_json_schema["description"],
        restart=info.extra["restart"],
        size=info.extra["size"],
    )


def _limit(name: str) -> Key:
    """A limit is written as in a pipeline file."""

    def read(raw: object, _text: bool) -> object:
        value = parse_limit(name, str(raw)) if isinstance(raw, str | int) and not isinstance(raw, bool) else None
        if value is None:
            raise ValueError
        return value

    return Key(
        path=(*LIMIT_KEYS, name),
        kind=Kind(expected=values_of(name), read=read),
        default=None,
        description=LIMITS[name].doc,
        restart=False,
        size=isinstance(LIMITS[name].kind, Bytes),
    )
