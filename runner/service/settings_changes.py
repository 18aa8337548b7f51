"""What differs between two settings, and what of it a running service can take over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runner.service.settings import Settings
from runner.service.settings_keys import LIMIT_KEYS, NAME, Key, all_keys
from runner.triggers.addresses import masked


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One key that differs. `before` and `after` are values as the file has them; None: it is not there."""

    key: str
    before: str | None
    after: str | None
    restart: bool

    def __str__(self) -> str:
        """`pools.default: 4 → 8`; addresses are shown without their logins."""
        return masked(f"{self.key}: {self.before or 'not set'} → {self.after or 'not set'}")


def changes(old: Settings, new: Settings) -> tuple[Change, ...]:
    """Every key that differs, in the order of the reference. Those with `restart` go on as they were until the
    service is started again."""
    before, after = flat(old), flat(new)
    return tuple(
        Change(key=".".join(path), before=one, after=other, restart=key.restart)
        for key in all_keys()
        for path in dict.fromkeys([*before, *after])
        if key.takes(path) and (one := key.text(before.get(path))) != (other := key.text(after.get(path)))
    )


def flat(settings: Settings) -> dict[tuple[str, ...], object]:
    """The value of each key by its path."""
    return {path: value for key in all_keys() for path, value in _values(settings, key)}


def _values(settings: Settings, key: Key) -> Iterator[tuple[tuple[str, ...], object]]:
    if key.path[: len(LIMIT_KEYS)] == LIMIT_KEYS:
        yield key.path, getattr(settings.jobs.limits, re.sub("[A-Z]", lambda c: f"_{c[0].lower()}", key.path[-1]))
        return
    found: list[tuple[tuple[str, ...], object]] = [((), settings)]
    for name in key.path:
        found = [
            ((*path, each), value[each] if isinstance(value, Mapping) else getattr(value, each))
            for path, value in found
            for each in (value if name == NAME and isinstance(value, Mapping) else [name])
        ]
    yield from found
