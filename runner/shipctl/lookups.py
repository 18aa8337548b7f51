"""Commands that read a variable or change a text. The shim answers the plain cases of these by itself."""

from __future__ import annotations

import os

from runner.names import is_variable, variable_key, variable_prefix
from runner.shipctl.console import RefusedError, say

SUFFIXES = {
    "get_resource_id": "_ID",
    "get_resource_meta": "_META",
    "get_resource_state": "_STATE",
    "get_resource_path": "_STATE",
    "get_resource_operation": "_OPERATION",
    "get_resource_type": "_TYPE",
    "get_resource_version_name": "_VERSIONNAME",
    "get_resource_version_id": "_VERSIONID",
    "get_resource_version_number": "_VERSIONNUMBER",
}
"""`<NAME>` + suffix is the variable. That `get_resource_path` gives `_STATE` is how the platform had it."""
KEYED = {
    "get_params_resource": "_PARAMS_",
    "get_integration_resource_field": "_INTEGRATION_",
    "get_integration_field": "_INTEGRATION_",
}
"""`<NAME>` + middle + key in capitals is the variable."""


def run(command: str, arguments: list[str]) -> int:
    """Print the answer: an empty line where there is no such variable, since scripts test for that."""
    if command == "to_uppercase":
        say(arguments[0].upper())
    elif command == "sanitize_shippable_string":
        say(variable_key(arguments[0]))
    elif command == "get_resource_name":
        say(variable_prefix(arguments[0]))
    else:
        variable = _variable(command, arguments)
        say(_value(variable) if variable in os.environ else _long_value(command, arguments))
    return 0


def resource_variable(resource: str, suffix: str) -> str:
    """The value of `<NAME><suffix>`, empty where it is not set."""
    return _value(variable_prefix(resource) + suffix)


def _variable(command: str, arguments: list[str]) -> str:
    prefix = variable_prefix(arguments[0])
    if command in SUFFIXES:
        return prefix + SUFFIXES[command]
    if command == "get_resource_env":
        return f"{prefix}_{arguments[1].upper()}" if arguments[1].isascii() else ""
    if command == "get_integration_field":
        _must_have_integration(arguments[0])
    return prefix + KEYED[command] + variable_key(arguments[1]).upper()


def _long_value(command: str, arguments: list[str]) -> str:
    """A value that the shell of the job has and no program, because it is too long; empty for what is unknown."""
    if command not in KEYED:
        return ""
    from runner.shipctl import long_values  # for what has no variable only

    if command == "get_integration_field":
        return long_values.of_integration(f"{os.environ.get('JOB_INTEGRATIONS', '')}/{arguments[0]}", arguments[1])
    directory = resource_variable(arguments[0], "_META")
    if not directory:
        return ""
    found = long_values.of_params if command == "get_params_resource" else long_values.of_integration
    return found(directory, arguments[1])


def _must_have_integration(name: str) -> None:
    if not os.path.isfile(f"{os.environ.get('JOB_INTEGRATIONS', '')}/{name}/integration.json"):
        raise RefusedError(f"integration.json not present for integration: {name}")


def _value(variable: str) -> str:
    return os.environ.get(variable, "") if is_variable(variable) else ""
