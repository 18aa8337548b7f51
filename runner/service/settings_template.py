"""The settings file that an installation begins with: every key with what it means, its default behind a `#`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from runner.service.settings_keys import NAME, Key, all_keys
from runner.service.settings_values import as_key, as_toml

HEAD = """\
# Settings of the shippable runner. A line that begins with # is a default, or an example.
# `runner config check` tells what is wrong, `runner config show` what holds and where it comes from.
# Each key has a variable that goes before the file: RUNNER_SERVER__LISTEN for listen of [server].
"""
EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "pipelines": {"path": as_toml("/srv/shop"), "git": as_toml("https://example.com/shop.git")},
    "webhooks": {"provider": as_toml("github"), "secret_file": as_toml("/etc/shippable-runner/webhook.secret")},
}
"""What stands for NAME in the tables that people name, and what such a table needs."""


def template(given: Mapping[str, object], defaults: Mapping[tuple[str, ...], object]) -> str:
    """The text of a settings file where the keys of `given` (`jobs.users`) are set. `defaults` are those that depend
    on the place."""
    blocks: dict[tuple[str, ...], list[str]] = {}
    for key in all_keys():
        blocks.setdefault(key.path[:-1], []).extend(_lines(key, given, defaults))
    return "\n".join([HEAD, *(_block(table, lines) for table, lines in blocks.items())])


def _block(table: tuple[str, ...], lines: Iterable[str]) -> str:
    body = "".join(f"{line}\n" for line in lines)
    if not table:
        return body
    chosen = "# " if NAME in table else ""
    return f"{chosen}[{'.'.join(as_key(name) for name in table)}]\n{body}"


def _lines(key: Key, given: Mapping[str, object], defaults: Mapping[tuple[str, ...], object]) -> Iterator[str]:
    yield f"# {key.description}"
    name = ".".join(key.path)
    if name in given:
        yield f"{key.path[-1]} = {as_toml(given[name])}"
        return
    if key.path == ("pools", NAME):
        pool = ".".join((key.path[0], "default"))
        yield f"default = {given[pool]}" if pool in given else f"# default = {defaults['pools', 'default']}"
        return
    default = defaults.get(key.path, key.default)
    example = EXAMPLES.get(key.path[0], {}).get(key.path[-1])
    text = example or (key.text(default) if default is not None or key.kind.switchable else None)
    yield f"# {key.path[-1]} = {text}" if text else f"# {key.path[-1]} =   ({key.kind.expected})"
