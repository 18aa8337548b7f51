"""The new syntax of a resource: one `versionTemplate` for `pointer`, `seed`, `version` and what is older."""

from __future__ import annotations

from ruamel.yaml.comments import CommentedMap

from runner.migration import trees
from runner.pipeline.resource import INITIAL, INTEGRATION, INTEGRATION_NAME, OLD, SOURCE, SOURCE_KEYS, TEMPLATE

_OLDER = (SOURCE.name, *(key.name for _, key in OLD), INITIAL.name)


def rewrite_resource(tree: CommentedMap) -> bool:
    """Change the entry; whether anything was to be changed."""
    return _integration(tree) | _content(tree)


def has_old_content(tree: CommentedMap) -> bool:
    return TEMPLATE.name not in tree and any(key in tree for key in _OLDER)


def _integration(tree: CommentedMap) -> bool:
    if INTEGRATION_NAME.name not in tree or INTEGRATION.name in tree:
        return False
    trees.rename(tree, INTEGRATION_NAME.name, INTEGRATION.name)
    return True


def _content(tree: CommentedMap) -> bool:
    if not has_old_content(tree):
        return False
    older = [key for key in tree if key in _OLDER]
    if any(not isinstance(tree[key], CommentedMap) for key in older):
        return False
    if len(older) > 1 and any(trees.named(tree[key]) for key in older):
        return False
    if SOURCE.name in tree and trees.named(tree[SOURCE.name]):
        return False
    first, *others = older
    if first == SOURCE.name:
        _rename_source(tree[first])
    for key in others:
        if key == SOURCE.name:
            _rename_source(tree[key])
        if not _join(tree, first, key):
            return False
    trees.rename(tree, first, TEMPLATE.name)
    return True


def _rename_source(source: CommentedMap) -> None:
    for old, (_, new) in SOURCE_KEYS.items():
        if old in source:
            trees.rename(source, old, new)


def _join(tree: CommentedMap, first: str, other: str) -> bool:
    """Move what stands under `other` to the end of what stands under `first`; false where both have a key."""
    target, source = tree[first], tree[other]
    if not target.keys().isdisjoint(source.keys()):
        return False
    if not source.fa.flow_style():
        target.fa.set_block_style()
    for key in list(source):
        trees.move(source, key, target, key)
    tree.ca.items.pop(other, None)
    del tree[other]
    return True
