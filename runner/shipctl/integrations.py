"""Commands that list the keys of an integration: `integration.env` of a resource or of the job's own list."""

from __future__ import annotations

import os

from runner.shipctl.console import RefusedError, say
from runner.shipctl.lookups import resource_variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def run(command: str, arguments: list[str]) -> int:
    """Print the keys, one a line, `name` first as in the file. Raises RefusedError where there is no such file."""
    name = arguments[0]
    if command == "get_integration_keys":
        path = f"{os.environ.get('JOB_INTEGRATIONS', '')}/{name}/integration.env"
        kind = "integration"
    else:
        path = resource_file(name, "integration.env")
        kind = "resource"
    if not os.path.isfile(path):
        raise RefusedError(f"integration.env not present for {kind}: {name}")
    with open(path, "rb") as file:
        text = os.fsdecode(file.read())
    if found := list(keys(text)):
        say("\n".join(found))
    return 0


def resource_file(resource: str, name: str) -> str:
    """The path of a file beside a resource's version. Raises RefusedError where its directory is gone."""
    meta = resource_variable(resource, "_META")
    if meta and not os.path.isdir(meta):
        raise RefusedError(f"IN directory not present for resource: {resource}")
    return f"{meta}/{name}"


def keys(text: str) -> Iterator[str]:
    """The keys of `key=word` lines. A quoted word may go over several lines: nothing in it counts as a key."""
    while text:
        key, equals, text = text.partition("=")
        if not equals:
            return
        yield key.rpartition("\n")[2]
        text = _behind_word(text)


def _behind_word(text: str) -> str:
    """What follows the line that ends a shell word; the next line where a quote is never closed."""
    quote = ""
    position = 0
    while position < len(text):
        c = text[position]
        if c == "\\" and quote != "'":
            position += 1
        elif quote:
            quote = "" if c == quote[-1] else quote
        elif c in "'\"":
            quote = "$'" if c == "'" and text[:position].endswith("$") else c
        elif c == "\n":
            return text[position + 1 :]
        position += 1
    return text.partition("\n")[2] if quote else ""
