"""Commands that read JSON: version.json of a resource, integration.json, any file."""

from __future__ import annotations

import os

from runner.shipctl.console import RefusedError, complain, say, write
from runner.shipctl.integrations import resource_file
from runner.shipctl.json_text import find, parse, shown
from runner.shipctl.lookups import resource_variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.shipctl.json_text import Json

OF_THE_VERSION = ("versionName", "versionId", "versionNumber")
"""Keys of the version itself; all others are keys of its property bag."""
INVALID = 2
"""Exit status for a file that is not JSON, which is jq's."""


def run(command: str, arguments: list[str]) -> int:
    """Print the value: a text as it is, a missing one as `null`, objects and lists indented."""
    if command == "get_json_value":
        return _any_file(arguments[0], arguments[1] if len(arguments) > 1 else "")
    if command == "get_integration_resource":
        return _integration(arguments[0], arguments[1] if len(arguments) > 1 else "")
    resource, key = arguments[:2]
    path = resource_file(resource, "version.json")
    if not os.path.isfile(path):
        raise RefusedError(f"version.json not present for resource: {resource}")
    if command == "get_resource_pointer_key":
        return _print(path, "propertyBag.yml.pointer", key)
    return _print(path, "version" if key in OF_THE_VERSION else "version.propertyBag", key)


def _any_file(path: str, field: str) -> int:
    if not os.path.isfile(path):
        say(f"{path}: No such file present in this directory")
        return 0
    return _print(path, "", field.removeprefix("."))


def _integration(resource: str, key: str) -> int:
    path = f"{resource_variable(resource, '_META')}/integration.json"
    if not os.path.isfile(path):
        say(f"The given resource is not of type integration. {path}: No such file or directory")
        return 0
    if key:
        return _print(path, "", key)
    with open(path, "rb") as file:
        write(1, file.read())
    return 0


def read_document(path: str) -> Json:
    """The JSON in a file. Raises RefusedError where it is none, OSError where it cannot be read."""
    with open(path, "rb") as file:
        data = file.read()
    try:
        return parse(data)
    except ValueError as error:
        raise RefusedError(f"shipctl: {path} is not valid JSON: {error}") from None


def version_value(resource: str, key: str) -> str:
    """A text of a version's property bag, empty where it is missing or no text. Raises RefusedError."""
    path = resource_file(resource, "version.json")
    if not os.path.isfile(path):
        raise RefusedError(f"version.json not present for resource: {resource}")
    value = find(read_document(path), f"version.propertyBag.{key}")
    return value if isinstance(value, str) else ""


def _print(path: str, base: str, field: str) -> int:
    with open(path, "rb") as file:
        data = file.read()
    try:
        document = parse(data)
    except ValueError as error:
        complain(f"shipctl: {path} is not valid JSON: {error}")
        return INVALID
    say(shown(find(find(document, base), field)))
    return 0
