"""Small changes of trees that keep what is written beside the values."""

from __future__ import annotations

from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.tokens import CommentToken

_AFTER_KEY, _AFTER_ITEM = 2, 0
"""Where a tree keeps the comment that stands behind a key or an item and its value."""


def rename(tree: CommentedMap, old: str, new: str) -> None:
    """Give a key another name, at its place and with its comments."""
    value, place, notes = tree[old], list(tree).index(old), tree.ca.items.pop(old, None)
    del tree[old]
    tree.insert(place, new, value)
    if notes is not None:
        tree.ca.items[new] = notes


def replace(tree: CommentedMap, key: str, value: Any) -> None:
    """Give a key another value, with the comments of the key."""
    notes = tree.ca.items.get(key)
    tree[key] = value
    if notes is not None:
        tree.ca.items[key] = notes


def move(source: CommentedMap, key: str, target: CommentedMap, new: str) -> None:
    """Move a value to the end of another mapping."""
    notes = source.ca.items.pop(key, None)
    target[new] = source.pop(key)
    if notes is not None:
        target.ca.items[new] = notes


def split_behind(tree: CommentedMap, key: str, before: str) -> None:
    """Leave at `before`, the key that will be the last one, what stands below the line of `key`: that is about what
    follows."""
    notes = tree.ca.items.get(key)
    token = notes[_AFTER_KEY] if notes else None
    if token is None:
        return
    line, _, below = token.value.partition("\n")
    if not below.strip() and not below:
        return
    rest = CommentToken("\n" + below, token.start_mark, None)
    tree.ca.items.setdefault(before, [None, None, None, None])
    if tree.ca.items[before][_AFTER_KEY] is None:
        tree.ca.items[before][_AFTER_KEY] = rest
        token.value = line + "\n" if line else ""
    if not token.value:
        del tree.ca.items[key]


def add(target: CommentedSeq, value: Any, after: Any = None) -> None:
    """Add an item with the comment that stands behind it."""
    target.append(value)
    if after is not None:
        target.ca.items[len(target) - 1] = [after, None, None, None]


def behind(tree: Any, key: Any) -> Any:
    """The comment behind a key of a mapping, or an item of a list; None where there is none."""
    notes = tree.ca.items.get(key)
    if not notes:
        return None
    return notes[_AFTER_KEY if isinstance(tree, CommentedMap) else _AFTER_ITEM]


def named(tree: Any) -> bool:
    """Whether an anchor stands at a value: other places may mean it."""
    anchor = getattr(tree, "anchor", None)
    return anchor is not None and anchor.value is not None
