"""Commands that carry files between the scripts, the job's state, its previous state and its resources."""

from __future__ import annotations

import os

from runner.shipctl.console import directory, say
from runner.shipctl.copying import copy
from runner.shipctl.lookups import resource_variable

RESTORING = "---------------- Restoring file from state -------------------"
COPYING = "---------------- Copying file to state -------------------"
NEW_FILE = "---------------  New file exists, copying  ----------------"
NO_NEW_FILE = "---  New file does not exist, hence try to copy from prior state ---"
FROM_PREVIOUS = "------  File exists in previous state, copying -----"
NOT_IN_PREVIOUS = "------  File does not exist in previous state, skipping -----"


def run(command: str, arguments: list[str]) -> int:
    """What is not there is skipped with a line and exit status 0; a copy that fails gives 1."""
    match command:
        case "copy_file_to_state":
            return copy(arguments[0], directory("JOB_STATE"))
        case "copy_file_from_prev_state":
            return _from_previous_state(arguments[0], arguments[1])
        case "refresh_file_to_state":
            return _refresh_state(arguments[0])
        case "copy_resource_file_from_state" | "copy_file_from_resource_state":
            return _from_resource(arguments[0], arguments[1], arguments[2])
        case _:
            return _refresh_resource(arguments[0], arguments[1])


def _from_previous_state(name: str, target: str) -> int:
    source = f"{directory('JOB_PREVIOUS_STATE')}/{name}"
    say(RESTORING)
    if not os.path.isfile(source):
        say(NOT_IN_PREVIOUS)
        return 0
    say("------  File exists, copying -----")
    return copy(source, target)


def _refresh_state(file: str) -> int:
    state, previous = directory("JOB_STATE"), directory("JOB_PREVIOUS_STATE")
    say(COPYING)
    if os.path.isfile(file):
        say(NEW_FILE)
        return copy(file, state)
    say(NO_NEW_FILE)
    older = f"{previous}/{file.rpartition('/')[2]}"
    if not os.path.isfile(older):
        say("-------  No previous state file exists. Skipping  ---------")
        return 0
    say(f"\n{FROM_PREVIOUS}")
    return copy(older, state)


def _from_resource(resource: str, name: str, target: str) -> int:
    """From the IN directory, also for a resource that is an OUT: what the script makes for the OUT is its own."""
    source = f"{directory('JOB_PATH')}/IN/{resource}/{resource_variable(resource, '_TYPE')}/{name}"
    say(RESTORING)
    if not os.path.isfile(source):
        say(f"------  File does not exist in {resource} state, skipping -----")
        return 0
    say("----------------  File exists, copying -----------------------")
    return copy(source, target)


def _refresh_resource(file: str, resource: str) -> int:
    """Into `OUT/<resource>/state`, whatever the type of the resource is: only `state` resources keep files."""
    root = directory("JOB_PATH")
    target = f"{root}/OUT/{resource}/state"
    say(COPYING)
    if os.path.isfile(file):
        say(NEW_FILE)
        return copy(file, target)
    say(NO_NEW_FILE)
    older = f"{root}/IN/{resource}/state/{file.rpartition('/')[2]}"
    if not os.path.isfile(older):
        say(NOT_IN_PREVIOUS)
        return 0
    say(FROM_PREVIOUS)
    return copy(older, target)
