"""The keys of the CI part, as tables."""

from __future__ import annotations

from collections.abc import Mapping

from runner.pipeline.ci.languages import LANGUAGES, VERSION_VARIABLES
from runner.pipeline.fields import Key, Keys, table
from runner.pipeline.kinds import Choice, Form, Free, Table, Text, Truth, Whole, Words
from runner.pipeline.model import Data
from runner.pipeline.nodes import Node
from runner.pipeline.shapes import Piece


def _form(words: str) -> Form:
    """Something whose reader stands in this package."""
    return Form(words, Piece.ANYTHING)


LANGUAGE = Key("language", Choice(tuple(LANGUAGES)), "The language: its versions are axes, its commands the default.")
VERSIONS: Mapping[str, Key[Node]] = {
    name: Key(
        name,
        _form("a version, or a list of them"),
        f"Sets {' and '.join(variables)}; several make an axis.",
    )
    for name, variables in VERSION_VARIABLES.items()
}
BUNDLER_ARGS = Key("bundler_args", Text(), "What bundle install is called with.")
ENV: Key[Node] = Key("env", _form("a list of variables, or global and matrix"), "Variables; a list is an axis.")
MATRIX = Key("matrix", Table(), "What is taken out of the product of the axes, and added to it.")
RUNTIME: Key[Node] = Key("runtime", _form("a mapping with nodePool, or a list of them"), "Pools of hosts: an axis.")
BRANCHES: Key[Node] = Key("branches", _form("a mapping with only and except"), "Which branches and tags are built.")
SERVICES: Key[Node] = Key("services", _form("a list of names"), "What the platform started beside the build.")
DEPTH = Key("depth", Whole(1), "How many commits the clone has.")
GIT_CONFIG = Key("gitConfig", Words(), "Settings of git: a key and a value each.")
GIT = Key("git", Table(), "What is cloned.")
VOTE: Key[Data] = Key("vote", Free(), "Votes at Gerrit; not sent.")
BUILD = Key("build", Table(), "The commands.")
INTEGRATIONS: Key[Node] = Key("integrations", _form("a mapping of lists"), "Who is told, and what is logged in to.")
CI: Keys = {
    **table(LANGUAGE, BUNDLER_ARGS, ENV, MATRIX, RUNTIME, BRANCHES, SERVICES, DEPTH, GIT_CONFIG, GIT, VOTE, BUILD),
    **table(INTEGRATIONS),
    **VERSIONS,
}

_COMMANDS = _form("a list of commands")
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
BOOT = Key("pre_ci_boot", Table(), "The container that the platform started; only its env counts here.")
CACHE = Key("cache", Truth(), "Whether the build directory is kept for the next build.")
CACHE_DIRS = Key("cache_dir_list", Words(), "The directories that are kept instead.")
PUSH: Key[Node] = Key("push", _form("a list of commands"), "Images that the platform pushed.")
ADVANCED = Key("advancedReporting", Truth(), "More views of test results at the platform; means nothing here.")
BUILD_KEYS: Keys = {**SECTIONS, **table(BOOT, CACHE, CACHE_DIRS, PUSH, ADVANCED)}

BOOT_ENV: Key[Node] = Key("env", _form("a list of variables"), "Variables of the container.")
BOOT_KEYS: Keys = table(
    BOOT_ENV,
    Key("image_name", Text(), "The image."),
    Key("image_tag", Text(), "Its tag."),
    Key("pull", Free(), "Whether it is pulled."),
    Key("options", Free(), "Options of docker run."),
)

_COMBINATIONS = _form("a list of combinations")
INCLUDE: Key[Node] = Key("include", _COMBINATIONS, "Items beside those of the product.")
EXCLUDE: Key[Node] = Key("exclude", _COMBINATIONS, "Items of the product that are left out.")
ALLOW_FAILURES: Key[Node] = Key("allow_failures", _COMBINATIONS, "Items that may fail.")
MATRIX_KEYS: Keys = table(INCLUDE, EXCLUDE, ALLOW_FAILURES)
NODE_POOL = Key("nodePool", Text(), "The pool of hosts.")
COMBINATION: Keys = {
    **table(ENV, NODE_POOL),
    **{name: Key(name, Text(), f"The value of {name}.") for name in VERSION_VARIABLES},
}
POOL_BUILD = Key("build", Table(), "The commands on hosts of this pool, where they differ.")
POOL_KEYS: Keys = table(NODE_POOL, POOL_BUILD)

ONLY = Key("only", Words(), "The names that are built.")
EXCEPT = Key("except", Words(), "The names that are not built.")
BRANCH_KEYS: Keys = table(ONLY, EXCEPT)
SUBMODULES = Key("submodules", Truth(), "Whether submodules are brought too; true if absent.")
GIT_KEYS: Keys = table(SUBMODULES)

SERVICE_NAMES = (
    "cassandra", "couchdb", "elasticsearch", "memcached", "mongodb", "mysql", "neo4j", "postgres", "rabbitmq", "redis",
    "rethinkdb", "riak", "selenium", "sqlite",
)  # fmt: skip
INTEGRATION_KINDS: Mapping[str, str] = {
    "notifications": "notifications are not sent yet",
    "hub": "nothing is logged in to; log in in pre_ci",
    "key": "no key or login is set up",
    "generic": "no key or login is set up",
    "deploy": "nothing is deployed; use a deploy job",
}
"""The lists of `integrations`, and what does not happen yet for each."""

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
