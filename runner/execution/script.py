"""The script of one TASK: `scripts/yml_task_N.sh`, which one bash process runs from beginning to end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.pipeline.model import Hook, Hooks, Task

PRELUDE = Path(__file__).with_name("prelude.bash").read_text(encoding="utf-8")
SECTIONS = Path(__file__).with_name("sections.bash")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sectioned:
    """The commands of a CI build by section. `before` (what sets its variables) and `first` are one section; `second`
    follows in the same shell."""

    directory: Path
    before: Sequence[str] = ()
    first: Sequence[str] = ()
    second: Sequence[str] = ()
    on_success: Sequence[str] = ()
    on_failure: Sequence[str] = ()
    always: Sequence[str] = ()


def render_sections(build: Sectioned, *, second: str) -> str:
    """The text of the script for a shell that begins in the directory; `second` is the name of the second section.

    A section ends with its first failing command, a hook too: that fails the build (CI rule)."""
    hooks = {"on_success": build.on_success, "on_failure": build.on_failure, "always": build.always}
    functions = [
        "\n".join([f"__ship_{name}() {{", *_entries(texts), "}"]) for name, texts in hooks.items() if any(texts)
    ]
    rest = [f"__ship_begin {second}", *_entries(build.second)] if build.second else []
    lines = [PRELUDE, SECTIONS.read_text(encoding="utf-8"), *functions]
    lines += [f"__ship_rest={literal(chr(10).join(rest))}", f"builtin cd -- {literal(str(build.directory))}"]
    lines += ["{", "builtin :", *_entries([*build.before, *build.first]), "} || builtin exit"]
    lines += ["__ship_text=$__ship_rest __ship_rest=", '{ eval "$__ship_text"; } || builtin exit']
    return "\n".join([*lines, "builtin exit 0", ""])


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
