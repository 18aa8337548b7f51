"""The languages: which version keys belong to each, their variables, and what is run where `ci` is empty.

Source of names and commands: the platform's documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

GEMFILE = "gemfile"
NONE = "none"

VERSION_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "node_js": ("SHIPPABLE_NODE_VERSION", "TRAVIS_NODE_VERSION"),
    "python": ("SHIPPABLE_PYTHON_VERSION", "TRAVIS_PYTHON_VERSION"),
    "rvm": ("SHIPPABLE_RUBY", "TRAVIS_RUBY_VERSION"),
    GEMFILE: ("SHIPPABLE_GEMFILE",),
    "jdk": ("SHIPPABLE_JDK_VERSION",),
    "go": ("SHIPPABLE_GO_VERSION",),
    "php": ("SHIPPABLE_PHP_VERSION", "TRAVIS_PHP_VERSION"),
    "scala": ("SHIPPABLE_SCALA_VERSION", "TRAVIS_SCALA_VERSION"),
    "lein": ("SHIPPABLE_LEIN_VERSION",),
    "compiler": ("CC",),
}
"""The keys that make axes, and the variables that each sets. `CC` is ours: the platform's images did more."""


@dataclass(frozen=True, slots=True)
class Language:
    """`axes` are the keys that count, in the order of the product; `commands` are run where `ci` is empty."""

    axes: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()


LANGUAGES: Mapping[str, Language] = {
    "clojure": Language(("lein", "jdk"), ("lein test",)),
    "go": Language(("go",), ("go get -d -v ./... && go build -v ./...", "go test -v ./...")),
    "java": Language(
        ("jdk",),
        (
            "if [ -f build.gradle ]; then gradle assemble\n"
            "elif [ -f pom.xml ]; then mvn install -DskipTests=true\n"
            "else ant test; fi",
        ),
    ),
    "node_js": Language(("node_js",), ("if [ -f yarn.lock ]; then yarn install; else npm install; fi", "npm test")),
    "php": Language(("php",), ("phpunit",)),
    "python": Language(("python",), ("if [ -f requirements.txt ]; then pip install -r requirements.txt; fi",)),
    "ruby": Language(
        ("rvm", GEMFILE), ('bundle install --gemfile="${SHIPPABLE_GEMFILE:-Gemfile}" $SHIPPABLE_BUNDLER_ARGS',)
    ),
    "scala": Language(("scala", "jdk"), ('sbt ${SHIPPABLE_SCALA_VERSION:+"++$SHIPPABLE_SCALA_VERSION"} test',)),
    "c": Language(("compiler",), ("./configure", "make", "make test")),
    NONE: Language(),
}
