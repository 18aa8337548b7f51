"""The keys of the CI part, as tables."""

from __future__ import annotations

from collections.abc import Mapping

from runner.pipeline.ci.branches import BRANCH_KEYS
from runner.pipeline.ci.languages import LANGUAGES, VERSION_VARIABLES
from runner.pipeline.ci.notification_keys import NOTIFICATION_KEYS
from runner.pipeline.fields import Key, Keys, table
from runner.pipeline.kinds import Choice, Form, Free, Table, Text, Truth, Whole, Words
from runner.pipeline.model import Data
from runner.pipeline.nodes import Node
from runner.pipeline.shapes import Either, Nested, Part, Piece

LANGUAGE = Key("language", Choice(tuple(LANGUAGES)), "The language: its versions are axes, its commands the default.")
VERSIONS: Mapping[str, Key[Node]] = {
    name: Key(
        name,
        Form("a version, or a list of them", Nested("versions", (Piece.NOTHING, Text()))),
        f"Sets {' and '.join(variables)}; several make an axis.",
    )
    for name, variables in VERSION_VARIABLES.items()
}
BUNDLER_ARGS = Key("bundler_args", Text(), "What bundle install is called with.")

_ITEMS = Nested("variables", (Text(), Piece.VARIABLES))
ITEMS_ENV: Key[Node] = Key("env", Form("variables, or a list of them", _ITEMS), "Variables of what it stands in.")
GLOBAL: Key[Node] = Key("global", Form("variables, or a list of them", _ITEMS), "Variables of every item.")
AXIS: Key[Node] = Key("matrix", Form("a list of variables", _ITEMS), "An axis of the matrix.")
ENV_KEYS: Keys = table(GLOBAL, AXIS)
_LISTED = Nested("variables", _ITEMS.items, single=False)
_ENV = Either((Part(ENV_KEYS, closed=True), Text(), Piece.ITEM_VARIABLES, _LISTED))
ENV: Key[Node] = Key(
    "env", Form("a list of variables, or `global` and `matrix`", _ENV), "Variables; a list is an axis."
)

_COMMANDS = Form("a command, or a list of them", Nested("commands", (Piece.LINE,)))
SECTIONS: Mapping[str, Key[Node]] = {
    name: Key(name, _COMMANDS, doc)
    for name, doc in {
        "pre_ci": "What is run first, in a shell of its own.",
        "ci": "What is run next; the commands of the language if it is empty.",
        "post_ci": "What is run in the same shell if ci has passed.",
        "on_success": "What is run if both have passed.",
        "on_failure": "What is run if one of them has failed.",
        "always": "What is run after either.",
    }.items()
}
BOOT_KEYS: Keys = table(
    ITEMS_ENV,
    Key("image_name", Text(), "The image."),
    Key("image_tag", Text(), "Its tag."),
    Key("pull", Free(), "Whether it is pulled."),
    Key("options", Free(), "Options of docker run."),
)
BOOT = Key("pre_ci_boot", Table(BOOT_KEYS), "The container that the platform started; only its env counts here.")
CACHE = Key("cache", Truth(), "Whether the build directory is kept for the next build.")
CACHE_DIRS = Key("cache_dir_list", Words(), "The directories that are kept instead.")
PUSH: Key[Node] = Key("push", _COMMANDS, "Images that the platform pushed; nothing is pushed here.")
ADVANCED = Key("advancedReporting", Truth(), "More views of test results at the platform; means nothing here.")
BUILD_KEYS: Keys = {**SECTIONS, **table(BOOT, CACHE, CACHE_DIRS, PUSH, ADVANCED)}
BUILD = Key("build", Table(BUILD_KEYS), "The commands.")

NODE_POOL = Key("nodePool", Text(), "The pool of hosts.")
POOL_BUILD = Key("build", Table(BUILD_KEYS), "The commands on hosts of this pool, where they differ.")
POOL_KEYS: Keys = table(NODE_POOL, POOL_BUILD)
RUNTIME: Key[Node] = Key(
    "runtime",
    Form("a mapping with `nodePool`, or a list of them", Nested("pools", (Part(POOL_KEYS),))),
    "Pools of hosts: an axis.",
)

COMBINATION: Keys = {
    **table(ITEMS_ENV, NODE_POOL),
    **{name: Key(name, Text(), f"The value of {name}.") for name in VERSION_VARIABLES},
}
_COMBINATIONS = Form("a list of combinations", Nested("combinations", (Piece.NOTHING, Part(COMBINATION))))
INCLUDE: Key[Node] = Key("include", _COMBINATIONS, "Items beside those of the product.")
EXCLUDE: Key[Node] = Key("exclude", _COMBINATIONS, "Items of the product that are left out.")
ALLOW_FAILURES: Key[Node] = Key("allow_failures", _COMBINATIONS, "Items that may fail.")
MATRIX_KEYS: Keys = table(INCLUDE, EXCLUDE, ALLOW_FAILURES)
MATRIX = Key("matrix", Table(MATRIX_KEYS), "What is taken out of the product of the axes, and added to it.")

BRANCHES: Key[Node] = Key(
    "branches", Form("a mapping with `only` and `except`", Part(BRANCH_KEYS)), "Which branches and tags are built."
)
SERVICES: Key[Node] = Key(
    "services",
    Form("a list of names, or of names with versions", Nested("services", (Piece.SCALAR, Table()))),
    "What the platform started beside the build.",
)
DEPTH = Key("depth", Whole(1), "How many commits the clone has.")
GIT_CONFIG = Key("gitConfig", Words(), "Settings of git: a key and a value each.")
SUBMODULES = Key("submodules", Truth(), "Whether submodules are brought too; true if absent.")
GIT_KEYS: Keys = table(SUBMODULES)
GIT = Key("git", Table(GIT_KEYS), "What is cloned.")
VOTE: Key[Data] = Key("vote", Free(), "Votes at Gerrit; not sent.")

SERVICE_NAMES = (
    "cassandra", "couchdb", "elasticsearch", "memcached", "mongodb", "mysql", "neo4j", "postgres", "rabbitmq", "redis",
    "rethinkdb", "riak", "selenium", "sqlite",
)  # fmt: skip
NOTIFICATIONS: Key[Node] = Key(
    "notifications",
    Form(
        "a list of mappings with `type` and `recipients`",
        Nested("ci.notifications", (Piece.NOTHING, Part(NOTIFICATION_KEYS))),
    ),
    "Who is told of builds.",
)
UNUSED_INTEGRATIONS: Mapping[str, str] = {
    "hub": "nothing is logged in to; log in in pre_ci",
    "key": "no key or login is set up",
    "generic": "no key or login is set up",
    "deploy": "nothing is deployed; use a deploy job",
}
"""Lists of `integrations` of which nothing is used, and what does not happen yet for each."""
_LIST = Form(
    "a list of mappings with `integrationName` and `type`", Nested("ci.integrations", (Piece.NOTHING, Table()))
)
INTEGRATION_KEYS: Keys = table(
    NOTIFICATIONS,
    Key("hub", _LIST, "Registries that are logged in to."),
    Key("key", _LIST, "Keys that are set up."),
    Key("generic", _LIST, "Other logins that are set up."),
    Key("deploy", _LIST, "Older: what is deployed to."),
)
INTEGRATIONS: Key[Node] = Key(
    "integrations",
    Form("a mapping of lists", Nested("integrations", (Part(INTEGRATION_KEYS),))),
    "Who is told, and what is logged in to.",
)
CI: Keys = {
    **table(LANGUAGE, BUNDLER_ARGS, ENV, MATRIX, RUNTIME, BRANCHES, SERVICES, DEPTH, GIT_CONFIG, GIT, VOTE, BUILD),
    **table(INTEGRATIONS),
    **VERSIONS,
}

OLD: Mapping[str, str] = {
    **dict.fromkeys(("before_install", "install", "before_script", "script"), "put the commands under build.ci"),
    "after_success": "put the commands under build.on_success",
    "after_failure": "put the commands under build.on_failure",
    "after_script": "put the commands under build.always",
    "notifications": "put it under integrations",
    "cache": "put it under build",
    **dict.fromkeys(("build_image", "build_environment", "archive", "addons", "sudo", "dist", "deploy"), ""),
}
"""Keys of an older syntax, and where their content belongs now."""
CI_KEYS = frozenset(CI) | frozenset(OLD)
