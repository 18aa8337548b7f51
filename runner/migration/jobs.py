"""The new syntax of a job: a mapping for each TASK and hook, and the options of managed jobs beside its other keys."""

from __future__ import annotations

from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from runner.migration import trees
from runner.pipeline.hooks import HOOKS, NOTIFY
from runner.pipeline.job_types import JOB_TYPES, RENAMED_JOBS, RUNTIME, STEPS, TYPE, Tasks
from runner.pipeline.task import MANAGED, SCRIPT


def rewrite_job(tree: CommentedMap) -> bool:
    """Change the entry; whether anything was to be changed."""
    changed = _type(tree)
    job_type = JOB_TYPES.get(str(tree.get(TYPE.name)))
    if job_type is None:
        return False
    steps = tree.get(STEPS.name)
    for step in list(steps) if isinstance(steps, CommentedSeq) else ():
        if isinstance(step, CommentedMap) and "TASK" in step:
            if job_type.tasks is Tasks.SCRIPT:
                changed |= _task(step)
            else:
                for key in job_type.task_options.values():
                    changed |= bool(key.instead) and _option(tree, step, key.name, key.instead)
    for hook in HOOKS:
        changed |= hook in tree and _hook(tree, hook)
    return changed | _runtime(tree)


def _type(tree: CommentedMap) -> bool:
    new = RENAMED_JOBS.get(str(tree.get(TYPE.name)))
    if new is None:
        return False
    trees.replace(tree, TYPE.name, new)
    return True


def _option(tree: CommentedMap, step: CommentedMap, old: str, new: str) -> bool:
    """Move an option of a managed job from its step to the job, behind the type."""
    if old not in step or new in tree:
        return False
    if list(step)[-1] == old:
        trees.split_behind(step, old, list(step)[-2])
    notes = step.ca.items.pop(old, None)
    tree.insert(list(tree).index(TYPE.name) + 1, new, step.pop(old))
    if notes is not None:
        tree.ca.items[new] = notes
    return True


def _task(step: CommentedMap) -> bool:
    value = step["TASK"]
    if isinstance(value, str) and value != MANAGED:
        trees.replace(step, "TASK", CommentedMap({SCRIPT.name: value}))
        return True
    if isinstance(value, CommentedMap):
        return _runtime(value)
    if not isinstance(value, CommentedSeq) or trees.named(value):
        return False
    task = _gathered(value, (SCRIPT.name,))
    if task is None:
        return False
    trees.replace(step, "TASK", task)
    _runtime(task)
    return True


def _hook(tree: CommentedMap, hook: str) -> bool:
    value = tree[hook]
    if isinstance(value, str) and value:
        trees.replace(tree, hook, CommentedMap({SCRIPT.name: value}))
        return True
    if not isinstance(value, CommentedSeq) or not value or trees.named(value):
        return False
    gathered = _gathered(value, (SCRIPT.name, NOTIFY.name))
    if gathered is None:
        return False
    trees.replace(tree, hook, gathered)
    return True


def _gathered(items: CommentedSeq, lists: tuple[str, ...]) -> CommentedMap | None:
    """One mapping for a list of mappings: values of the keys in `lists` become lists, any other key may stand once.
    Texts and lists count as scripts. None where that cannot be."""
    found = CommentedMap()
    for index, item in enumerate(items):
        if isinstance(item, CommentedMap):
            if trees.named(item) or not item:
                return None
            for key, value in item.items():
                if not _gather(found, key, value, trees.behind(item, key), lists):
                    return None
        elif item is None or not _gather(found, SCRIPT.name, item, trees.behind(items, index), lists):
            return None
    if items.fa.flow_style():
        found.fa.set_flow_style()
    return _with_script_last(found)


def _gather(found: CommentedMap, key: str, value: Any, comment: Any, lists: tuple[str, ...]) -> bool:
    if key in lists:
        trees.add(found.setdefault(key, CommentedSeq()), value, comment)
        return True
    if key in found or comment is not None:
        return False
    found[key] = value
    return True


def _with_script_last(found: CommentedMap) -> CommentedMap:
    """A TASK reads best as name, runtime, script; of a hook the order stays."""
    if SCRIPT.name in found and NOTIFY.name not in found:
        found.move_to_end(SCRIPT.name)
    return found


def _runtime(tree: CommentedMap) -> bool:
    """One mapping for a list of them."""
    value = tree.get(RUNTIME.name)
    if not isinstance(value, CommentedSeq) or trees.named(value):
        return False
    merged = _gathered(value, ())
    if merged is None:
        return False
    trees.replace(tree, RUNTIME.name, merged)
    return True
