"""The script of one TASK: `scripts/yml_task_N.sh`, which one bash process runs from beginning to end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.pipeline.model import Hook, Hooks, Task

PRELUDE = Path(__file__).with_name("prelude.bash").read_text(encoding="utf-8")


def render(task: Task, hooks: Hooks, *, last: bool) -> str:
    """The text of the script; no value of an environment is in it.

    `on_success` belongs to the last TASK only, `on_failure` and `always` to each (runSh rule). The braces with `||`
    behind them are what keeps `set -e` from having an effect on the entries.
    """
    sections = [("on_failure", hooks.on_failure), ("always", hooks.always)]
    if last:
        sections.insert(0, ("on_success", hooks.on_success))
    lines = [PRELUDE]
    lines += [_section(name, hook) for name, hook in sections if hook.script]
    lines += ["{", "builtin :", *_entries(item.text for item in task.script), "} || builtin exit"]
    lines += ["builtin exit 0", ""]
    return "\n".join(lines)


def _entries(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        yield f"__ship_start {literal(text)}"
        yield '. "$__ship_self"; { __ship_hush "$?"; } 2>/dev/null; __ship_stop'


def _section(name: str, hook: Hook) -> str:
    """A hook as a function. A failing line does not end it; `return` does."""
    entries = (f'eval "$__ship_trace"{literal(item.text)}; {{ __ship_hush "$?"; }} 2>/dev/null' for item in hook.script)
    return "\n".join([f"__ship_{name}() {{", *entries, 'builtin return "$__ship_status"', "}"])


def literal(text: str) -> str:
    """`text` as one word for bash, byte for byte. Zero bytes, which bash cannot hold, are left out."""
    return "'" + text.replace("\0", "").replace("'", "'\\''") + "'"
