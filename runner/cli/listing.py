"""Lists of what a service has: a table for people, or one JSON object an item and line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

import click

from runner.cli.tables import table

if TYPE_CHECKING:
    from runner.client.shapes import Raw


class Item(Protocol):
    @property
    def raw(self) -> Raw:
        """As the service gave it."""


T = TypeVar("T", bound=Item)


def show(
    items: Sequence[T], headings: Sequence[str], line: Callable[[T], Iterable[str]], *, none: str, as_json: bool
) -> None:
    """`none` is said to people where there is nothing to list."""
    if as_json:
        for item in items:
            click.echo(json.dumps(item.raw, ensure_ascii=False))
    elif items:
        click.echo("\n".join(table(headings, [tuple(line(item)) for item in items])))
    else:
        click.echo(none, err=True)
