"""Hooks: what is done when a job starts and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.pipeline.codes import Code
from runner.pipeline.fields import Key, Keys, read_fields, table
from runner.pipeline.kinds import Form, Truth, Word, flat
from runner.pipeline.model import Hook, ScriptItem, Target
from runner.pipeline.nodes import MappingNode, Node, Unresolved, is_null
from runner.pipeline.report import Note
from runner.pipeline.scripts import LINES, read_line, read_script
from runner.pipeline.shapes import Nested, Part, Piece

if TYPE_CHECKING:
    from runner.pipeline.job_types import JobType
    from runner.pipeline.report import Spot

_WORDS = "a list of {script: …} and {NOTIFY: …}, or one mapping of both"

_TARGET_NAME = Key("name", Word(), "The notification resource.", required=True)
_SNIPPET = Key("sendFailingSnippet", Truth(), "Whether an e-mail quotes the failing command and its last lines.")
TARGET: Keys = table(_TARGET_NAME, _SNIPPET)
TARGETS = Nested("notify", (Word(), Part(TARGET)))
SCRIPT: Key[Node] = Key("script", Form("text, or a list of texts", LINES), "What is run in the shell of the last TASK.")
NOTIFY: Key[Node] = Key("NOTIFY", Form("a name, or a list of names", TARGETS), "The notification resources to send to.")
ITEM: Keys = table(SCRIPT, NOTIFY)
_HOOK = Nested("hook", (Piece.NOTHING, Piece.LINE, Part(ITEM)))

ON_START: Key[Node] = Key("on_start", Form(_WORDS, _HOOK), "What is notified when the job starts.")
ON_SUCCESS: Key[Node] = Key("on_success", Form(_WORDS, _HOOK), "What is done when the job has succeeded.")
ON_FAILURE: Key[Node] = Key("on_failure", Form(_WORDS, _HOOK), "What is done when the job has failed.")
ON_CANCEL: Key[Node] = Key("on_cancel", Form(_WORDS, _HOOK), "What is notified when the job is cancelled.")
ALWAYS: Key[Node] = Key("always", Form(_WORDS, _HOOK), "What is done after on_success or on_failure.")
HOOKS: Keys = table(ON_START, ON_SUCCESS, ON_FAILURE, ON_CANCEL, ALWAYS)


def read_hook(spot: Spot, hook: Key[Node], owner: str, job_type: JobType) -> Hook:
    """One hook of the job `owner`: its items in their order, whatever the shape."""
    script: list[ScriptItem] = []
    notify: list[Target] = []
    for item in flat(spot):
        if isinstance(item.node, MappingNode):
            fields = read_fields(item, item.node, ITEM, "a hook")
            lines, targets = fields.get(SCRIPT), fields.get(NOTIFY)
            script.extend(() if lines is None else read_script(item.at(lines, ".script")))
            notify.extend(() if targets is None else read_targets(item.at(targets, ".NOTIFY")))
        elif not is_null(item.node) and not isinstance(item.node, Unresolved):
            item.warn(Code.OLD_SPELLING, "a command of a hook is better written as 'script: …'")
            script.extend(read_line(item))
    return Hook(script=_allowed(spot, hook, owner, job_type, tuple(script)), notify=tuple(notify))


def read_targets(spot: Spot) -> tuple[Target, ...]:
    """The value of NOTIFY: a name, or a list of names and of `{name, sendFailingSnippet}`."""
    found: list[Target] = []
    for item in flat(spot):
        snippet = False
        if isinstance(item.node, MappingNode):
            fields = read_fields(item, item.node, TARGET, "NOTIFY")
            name, snippet = fields.get(_TARGET_NAME), fields.get(_SNIPPET, False)
        else:
            name = Word().read(item)
        if name is not None:
            found.append(Target(name.text, name.place, snippet))
    return tuple(found)


def _allowed(
    spot: Spot, hook: Key[Node], owner: str, job_type: JobType, script: tuple[ScriptItem, ...]
) -> tuple[ScriptItem, ...]:
    """The script where this hook of this type of job takes one; else none, and a warning."""
    if not script:
        return ()
    if hook.name in (ON_START.name, ON_CANCEL.name):
        spot.report.note(Note.IGNORED_HOOK, script[0].place, owner)
        return ()
    if not job_type.hook_scripts:
        spot.warn(
            Code.IGNORED_SCRIPT,
            f"hooks of {job_type.phrase} take NOTIFY only: the script is ignored",
            job_type.hook_hint,
        )
        return ()
    return script
