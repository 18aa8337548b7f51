"""`shipctl`: what a job's scripts ask and tell.

Scripts call it many times, so its start is part of its interface: only `os`, `sys`, the name rule and the module of
the one command are imported.
"""

from __future__ import annotations

import os
import sys

from runner.shipctl.console import REFUSED, RefusedError, complain, explained, say

LOOKUPS = {
    "to_uppercase": (1, "ANY_STRING"),
    "sanitize_shippable_string": (1, ""),
    "get_resource_name": (1, "RESOURCE_NAME"),
    "get_resource_id": (1, "RESOURCE_NAME"),
    "get_resource_meta": (1, "RESOURCE_NAME"),
    "get_resource_state": (1, "RESOURCE_NAME"),
    "get_resource_path": (1, "RESOURCE_NAME"),
    "get_resource_operation": (1, "RESOURCE_NAME"),
    "get_resource_type": (1, "RESOURCE_NAME"),
    "get_resource_version_name": (1, "RESOURCE_NAME"),
    "get_resource_version_id": (1, "RESOURCE_NAME"),
    "get_resource_version_number": (1, "RESOURCE_NAME"),
    "get_resource_env": (2, "RESOURCE_NAME ENV_NAME"),
    "get_params_resource": (2, "RESOURCE_NAME PARAM_NAME"),
    "get_integration_resource_field": (2, "RESOURCE_NAME KEY_NAME"),
    "get_integration_field": (2, "INTEGRATION_NAME KEY_NAME"),
}
"""Command → (arguments it needs, how its usage names them). The texts are the platform's, its slips included."""
INTEGRATIONS = {
    "get_integration_keys": (1, "INTEGRATION_NAME"),
    "get_integration_resource_keys": (1, "RESOURCE_NAME"),
}
DOCUMENTS = {
    "get_integration_resource": (1, "RESOURCE_NAME [KEY]"),
    "get_resource_version_key": (2, "RESOURCE_NAME KEY"),
    "get_resource_pointer_key": (2, "RESOURCE_NAME POINTER_KEY"),
    "get_json_value": (1, "JSON_PATH FIELD"),
}
STATE = {
    "post_resource_state": (3, "RESOURCE_NAME STATE_NAME STATE_VALUE"),
    "put_resource_state": (3, "RESOURCE_NAME STATE_NAME STATE_VALUE"),
    "post_resource_state_multi": (2, "RESOURCE_NAME STATE_ARRAY"),
    "put_resource_state_multi": (2, "RESOURCE_NAME STATE_ARRAY"),
}
COPIES = {
    "copy_file_to_state": (1, "FILE_PATH"),
    "copy_file_from_prev_state": (2, "FILE_PATH RESTORE_PATH"),
    "refresh_file_to_state": (1, "FILE_PATH"),
    "copy_resource_file_from_state": (3, "RESOURCE_NAME FILE_NAME PATH_TO_COPY_INTO"),
    "copy_file_from_resource_state": (3, "RESOURCE_NAME FILE_NAME PATH_TO_COPY_INTO"),
    "refresh_file_to_out_path": (2, "FILE_NAME RES_NAME"),
    "copy_file_to_resource_state": (2, "FILE_NAME RES_NAME"),
}
OTHERS = {
    "aws-credentials": (1, "NAME"),
    "bump_version": (0, ""),
    "decrypt": (1, "FILE [KEY]"),
    "get_git_changes": (1, "[--path | --resource]"),
    "jdk": (0, ""),
    "mask": (1, "VALUE..."),
    "notify": (1, "RESOURCE [OPTIONS]"),
    "replace": (0, ""),
    "replicate": (2, "FROM_resource_name TO_resource_name"),
    "retry": (0, ""),
    "split_tests": (3, "TEST_PATH TEST_FILES_NAME_REGEX TEST_REPORTS_PATH"),
}
COMMANDS = {**LOOKUPS, **INTEGRATIONS, **DOCUMENTS, **STATE, **COPIES, **OTHERS}


def main() -> int:
    """Answer the command line. Gives the exit status: 99 for a wrong call, 1 without a command."""
    arguments = sys.argv[1:]
    if not arguments or not arguments[0]:
        return 1
    try:
        return _answer(arguments[0], arguments[1:])
    except RefusedError as refused:
        say(str(refused))
        return REFUSED
    except OSError as error:
        complain(f"shipctl {arguments[0]}: {explained(error)}")
        return 1
    except KeyboardInterrupt:
        return 130


def _answer(command: str, arguments: list[str]) -> int:
    if command == "service":
        raise RefusedError("The command shippable_service is not supported on this image.")
    if command not in COMMANDS:
        raise RefusedError(f"The command {command} is not supported")
    needed, usage = COMMANDS[command]
    if not all(arguments[:needed]) or len(arguments) < needed:
        named = "get_resource_pointer" if command == "get_resource_pointer_key" else command
        raise RefusedError(f"Usage: shipctl {named} {usage}")
    return _run(command, arguments)


def _run(command: str, arguments: list[str]) -> int:
    """Import the module of the command, and no other."""
    if command in LOOKUPS:
        from runner.shipctl import lookups

        return lookups.run(command, arguments)
    if command in INTEGRATIONS:
        from runner.shipctl import integrations

        return integrations.run(command, arguments)
    if command in DOCUMENTS:
        from runner.shipctl import documents

        return documents.run(command, arguments)
    if command in STATE:
        from runner.shipctl import state

        return state.run(command, arguments)
    if command in COPIES:
        from runner.shipctl import copies

        return copies.run(command, arguments)
    return _run_other(command, arguments)


def _run_other(command: str, arguments: list[str]) -> int:
    match command:
        case "bump_version":
            from runner.shipctl import bumping

            return bumping.run(arguments)
        case "mask":
            from runner.shipctl import masking

            return masking.run(arguments)
        case "replace":
            from runner.shipctl import placeholders

            return placeholders.run(arguments)
        case "retry":
            from runner.shipctl import retrying

            return retrying.run(arguments)
        case "aws-credentials":
            return _credentials(arguments[0])
        case _:
            return _run_seldom(command, arguments)


def _run_seldom(command: str, arguments: list[str]) -> int:
    match command:
        case "decrypt":
            from runner.shipctl import decrypting

            return decrypting.run(arguments)
        case "get_git_changes":
            from runner.shipctl import git_changes

            return git_changes.run(arguments)
        case "jdk":
            from runner.shipctl import jdk

            return jdk.run(arguments)
        case "notify":
            from runner.shipctl import notifying

            return notifying.run(arguments)
        case "replicate":
            from runner.shipctl import replicating

            return replicating.run(arguments)
        case _:
            from runner.shipctl import splitting

            return splitting.run(arguments)


def _credentials(name: str) -> int:
    """What goes wrong goes to standard error: an SDK reads standard output."""
    from runner.shipctl.credentials import NoCredentials, fetch

    try:
        say(fetch(os.environ, name))
    except NoCredentials as reason:
        complain(f"shipctl aws-credentials: {reason}")
        return 1
    return 0
