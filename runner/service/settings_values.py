"""How one value of the settings is written, and what people read when it is wrong.

The file gives TOML values, the environment gives texts; both become the type that stands in the structs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from runner.pipeline.limits import parse_size
from runner.pipeline.problems import nearest
from runner.service.durations import parse_duration
from runner.service.settings import Address

OFF = "off"
"""What stands for no limit at all, where a key has a limit as its default."""
UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
SIZES = {"TiB": 1024**4, "GiB": 1024**3, "MiB": 1024**2, "KiB": 1024}
BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a key holds: `expected` in words, `read` makes the value (raises ValueError), `words` are those it knows;
    `switchable`: it may be off, which is None."""

    expected: str
    read: Callable[[object, bool], object]
    words: tuple[str, ...] = ()
    switchable: bool = False

    def value(self, raw: object, *, text: bool) -> object:
        """The typed value; `text`: it comes from a variable. Raises ValueError with the sentence."""
        try:
            return self.read(raw, text)
        except (ValueError, msgspec.ValidationError) as error:
            hint = nearest(raw, self.words) if isinstance(raw, str) else ""
            told = f"must be {self.expected}, not {_shown(raw)}{f' ({hint})' if hint else ''}"
            more = str(error) if type(error) is ValueError and str(error) else ""
            raise ValueError(f"{told}: {more}" if more else told) from None


def kind_of(hint: object, extra: dict[str, Any]) -> Kind:
    """The kind of a key, from its type and what `key` says about it."""
    inner = unwrapped(inspect.type_info(hint))
    optional = isinstance(inner, inspect.UnionType)
    if isinstance(inner, inspect.UnionType):
        inner = next(each for each in inner.types if not isinstance(each, inspect.NoneType))
    expected, words = _expected(unwrapped(inner), extra)
    switchable = optional and isinstance(inner, inspect.IntType | inspect.TimeDeltaType)

    def read(raw: object, text: bool) -> object:
        if switchable and raw == OFF:
            return None
        return msgspec.convert(
            _prepared(raw, inner, extra, text), hint, strict=not text, dec_hook=path_of, from_attributes=True
        )

    expected += f", or {OFF}" if switchable else ""
    return Kind(expected=expected, read=read, words=words, switchable=switchable)


def unwrapped(info: inspect.Type) -> inspect.Type:
    """A type without its description."""
    return info.type if isinstance(info, inspect.Metadata) else info


def as_toml(value: object) -> str:
    """A value as it may stand in the file."""
    match value:
        case bool() | None:
            return json.dumps(value)
        case Enum():
            return as_toml(value.value)
        case int():
            return str(value)
        case timedelta():
            return as_toml(_duration(value))
        case list() | tuple():
            return f"[{', '.join(map(as_toml, value))}]"
        case _:
            return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def as_size(value: int) -> str:
    """A size in the largest unit that it is a whole number of: `10MiB`."""
    return next((f"{value // size}{unit}" for unit, size in SIZES.items() if value and value % size == 0), str(value))


def as_key(name: str) -> str:
    """A key, in quotes where TOML needs them."""
    return name if BARE.fullmatch(name) else as_toml(name)


def _duration(value: timedelta) -> str:
    rest, written = value, ""
    for unit in ("d", "h", "m"):
        number, rest = divmod(rest, UNITS[unit])
        written += f"{number}{unit}" if number else ""
    if rest or not written:
        written += f"{rest.seconds}{f'.{rest.microseconds:06}'.rstrip('0') if rest.microseconds else ''}s"
    return written


def _prepared(raw: object, inner: inspect.Type, extra: dict[str, Any], text: bool) -> object:
    """What msgspec takes for a value as people write it. Raises ValueError."""
    match inner:
        case inspect.TimeDeltaType():
            duration = parse_duration(raw) if isinstance(raw, str) else None
            if duration is None or duration < extra["least"]:
                raise ValueError
            return duration
        case inspect.IntType() if extra["size"] and isinstance(raw, str):
            if (size := parse_size(raw)) is None:
                raise ValueError
            return size
        case inspect.VarTupleType(item_type=item):
            parts = [part.strip() for part in raw.split(",") if part.strip()] if text and isinstance(raw, str) else raw
            return _addresses(parts) if isinstance(item, inspect.DataclassType) else parts
        case inspect.StrType() | inspect.CustomType() if raw == "":
            raise ValueError
    return raw


def _addresses(parts: object) -> object:
    if not (isinstance(parts, list) and all(isinstance(part, str) for part in parts)):
        raise ValueError
    return [Address.parse(part) for part in parts]


def path_of(_kind: type, raw: object) -> Path:
    """The one type of the settings that msgspec does not know. Raises ValueError."""
    if isinstance(raw, str | Path):
        return Path(raw)
    raise ValueError


def _expected(inner: inspect.Type, extra: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """What a type wants, in words, and the words that it knows."""
    match inner:
        case inspect.TimeDeltaType():
            least = f", at least {_duration(extra['least'])}" if extra["least"] else ""
            return f"a duration such as 30s, 10m, 24h or 7d{least}", ()
        case inspect.IntType() if extra["size"]:
            return "a size such as 512MiB or 10GiB", ()
        case inspect.IntType(ge=least, le=most):
            return f"a whole number{_range(least, most)}", ()
        case inspect.BoolType():
            return "true or false", ()
        case inspect.EnumType(cls=cls):
            words = tuple(str(each.value) for each in cls)
            return f"one of {', '.join(words)}", words
        case inspect.VarTupleType(item_type=inspect.DataclassType()):
            return 'a list of addresses such as ["127.0.0.1:8080"]', ()
        case inspect.VarTupleType():
            return "a list of texts", ()
        case inspect.CustomType():
            return "a path", ()
        case inspect.StrType():
            return "a text", ()
    raise TypeError(f"there is no word for {inner}")


def _range(least: int | None, most: int | None) -> str:
    if most is not None:
        return f", {least or 0}..{most}"
    return "" if least is None else f", at least {least}"


def _shown(raw: object) -> str:
    return repr(raw) if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False, default=str)
