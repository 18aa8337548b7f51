"""`build`: the sections, and what stands beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.pipeline.ci.env import read_items
from runner.pipeline.ci.keys import (
    BOOT,
    BOOT_KEYS,
    BUILD_KEYS,
    CACHE,
    CACHE_DIRS,
    ITEMS_ENV,
    NODE_POOL,
    POOL_BUILD,
    POOL_KEYS,
    PUSH,
    SECTIONS,
)
from runner.pipeline.ci.model import Commands, EnvItem, Pool, Sections
from runner.pipeline.codes import Code
from runner.pipeline.fields import Fields, Key, read_fields
from runner.pipeline.kinds import flat
from runner.pipeline.nodes import MappingNode, Node, Unresolved, kind_of
from runner.pipeline.scripts import read_line

if TYPE_CHECKING:
    from runner.pipeline.report import Spot


def read_build(spot: Spot, node: MappingNode) -> Sections:
    """The sections of a file or of one pool."""
    fields = read_fields(spot, node, BUILD_KEYS, "build")
    boot = fields.get(BOOT)
    if fields.get(PUSH) is not None:
        _commands(spot, fields, PUSH)
        spot.at(node, ".push").warn(Code.PUSH, "no image is pushed: push is left out", "push in post_ci or on_success")
    dirs = fields.get(CACHE_DIRS)
    return Sections(
        pre_ci=_commands(spot, fields, SECTIONS["pre_ci"]),
        ci=_commands(spot, fields, SECTIONS["ci"]),
        post_ci=_commands(spot, fields, SECTIONS["post_ci"]),
        on_success=_commands(spot, fields, SECTIONS["on_success"]),
        on_failure=_commands(spot, fields, SECTIONS["on_failure"]),
        always=_commands(spot, fields, SECTIONS["always"]),
        boot_env=None if boot is None else _boot(spot.at(boot, ".pre_ci_boot"), boot),
        cache=fields.get(CACHE),
        cache_dirs=None if dirs is None else tuple(word.text for word in dirs),
    )


def read_pools(spot: Spot) -> tuple[Pool, ...]:
    """`runtime`: a pool, or a list of them."""
    pools = []
    for item in flat(spot):
        if isinstance(item.node, MappingNode):
            fields = read_fields(item, item.node, POOL_KEYS, "runtime")
            build = fields.get(POOL_BUILD)
            pools.append(
                Pool(fields.get(NODE_POOL), None if build is None else read_build(item.at(build, ".build"), build))
            )
        elif not isinstance(item.node, Unresolved):
            item.error(Code.WRONG_VALUE, f"must be a mapping with nodePool, not {kind_of(item.node)}")
    if any(pool.name for pool in pools):
        spot.warn(Code.NODE_POOL, "every item runs on this host, whatever nodePool it is for")
    return tuple(pools)


def _commands(spot: Spot, fields: Fields, key: Key[Node]) -> Commands | None:
    node = fields.get(key)
    if node is None:
        return None
    return tuple(line for item in flat(spot.at(node, f".{key.name}")) for line in read_line(item))


def _boot(spot: Spot, node: MappingNode) -> tuple[EnvItem, ...]:
    fields = read_fields(spot, node, BOOT_KEYS, "pre_ci_boot")
    spot.warn(Code.CONTAINER, "no container is started: the commands run on this host, only env of pre_ci_boot counts")
    env = fields.get(ITEMS_ENV)
    return () if env is None else read_items(spot.at(env, ".env"))
