"""The reference of the language as a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from runner.pipeline.ci.branches import BRANCH_KEYS
from runner.pipeline.ci.keys import (
    BOOT_KEYS,
    BUILD_KEYS,
    CI,
    COMBINATION,
    ENV_KEYS,
    GIT_KEYS,
    INTEGRATION_KEYS,
    MATRIX_KEYS,
    POOL_KEYS,
)
from runner.pipeline.ci.keys import OLD as OLD_CI
from runner.pipeline.ci.notification_keys import NOTIFICATION_KEYS
from runner.pipeline.entries import SECTIONS
from runner.pipeline.hooks import HOOKS, ITEM, TARGET
from runner.pipeline.job_types import DEAD_JOBS, JOB_TYPES, RENAMED_JOBS, STEPS
from runner.pipeline.limits import LIMITS
from runner.pipeline.resource import OLD, RESOURCE
from runner.pipeline.resource_types import DEAD_RESOURCES, RESOURCE_TYPES
from runner.pipeline.runtime import IMAGE_OPTIONS, JOB_RUNTIME, TASK_RUNTIME
from runner.pipeline.steps import IN_OPTIONS, OUT_OPTIONS, VERBS
from runner.pipeline.task import TASK
from runner.reference.words import words_of

if TYPE_CHECKING:
    from runner.pipeline.fields import Key, Keys
    from runner.pipeline.job_types import JobType
    from runner.pipeline.resource_types import ResourceType

_HEAD = """# Reference of shippable.yml

Every section, type and key that is read. This page is made from the tables that the reader reads with (`runner schema
--markdown`); [the file](file.md) explains how they work together. Keys in bold are required. `runner schema` prints the
same tables as a JSON Schema: in the first line of a file, `# yaml-language-server: $schema=shippable.schema.json` gives
it to editors that know that language server.
"""


def page() -> str:
    """The whole page."""
    return "\n".join((*_lines(), ""))


def _lines() -> Iterator[str]:
    yield _HEAD
    yield from _table(("section", "what it holds"), ((f"`{section}`", doc) for section, doc in SECTIONS.items()))
    yield from _jobs()
    yield from _steps()
    yield from _resources()
    yield from _ci()
    yield from _gone()


def _jobs() -> Iterator[str]:
    yield "## Jobs\n"
    yield from _table(("type", "what it does"), ((f"`{name}`", kind.doc) for name, kind in JOB_TYPES.items()))
    yield "### Keys\n"
    yield from _table(("key", "in", "values", "meaning"), _keys_with_owners(_owners()))
    yield "### Hooks\n"
    yield from _keys(HOOKS)
    yield "A hook, and each item of one:\n"
    yield from _keys(ITEM)
    yield "An item of `NOTIFY` may be a mapping:\n"
    yield from _keys(TARGET)
    yield "### `runtime` of a job\n"
    yield from _keys(JOB_RUNTIME)
    yield "### `runtime.limits`\n"
    yield from _keys(LIMITS)


def _owners() -> Mapping[str, list[JobType]]:
    """Which types have which key."""
    owners: dict[str, list[JobType]] = {}
    for job_type in JOB_TYPES.values():
        for name in job_type.keys:
            if name not in HOOKS:
                owners.setdefault(name, []).append(job_type)
    return owners


def _keys_with_owners(owners: Mapping[str, list[JobType]]) -> Iterator[tuple[str, ...]]:
    for name, types in owners.items():
        key = types[0].keys[name]
        everywhere = len(types) == len(JOB_TYPES)
        where = "all" if everywhere else ", ".join(f"`{job_type.name}`" for job_type in types)
        yield (_name(key), where, "a list of [steps](#steps)" if key is STEPS else words_of(key.kind), key.doc)


def _steps() -> Iterator[str]:
    yield "## Steps\n"
    yield "A step holds one of these, with its options beside it.\n"
    yield from _keys(VERBS)
    for title, keys in (
        ("Beside `IN`", IN_OPTIONS),
        ("Beside `OUT`", OUT_OPTIONS),
        ("`TASK`", TASK),
        ("`runtime` of a TASK", TASK_RUNTIME),
        ("`runtime.options` of a TASK", IMAGE_OPTIONS),
    ):
        yield f"### {title}\n"
        yield from _keys(keys)
    yield "Beside `TASK: managed`:\n"
    beside = ((kind.name, key) for kind in JOB_TYPES.values() for key in kind.task_options.values())
    rows = ((_name(key), f"`{name}`", words_of(key.kind), _meaning(key)) for name, key in beside)
    yield from _table(("key", "in", "values", "meaning"), rows)


def _resources() -> Iterator[str]:
    yield "## Resources\n"
    yield from _keys(RESOURCE)
    for resource_type in RESOURCE_TYPES.values():
        yield from _resource(resource_type)


def _resource(resource_type: ResourceType) -> Iterator[str]:
    yield f"### `{resource_type.name}`\n"
    yield resource_type.doc + (" `integration` is required." if resource_type.integration else "")
    yield ""
    rows = [
        (_name(key), words_of(key.kind), f"`{section.name}`", key.doc)
        for part, section in OLD
        for key in resource_type.section(part).values()
    ]
    if rows:
        yield from _table(("key of the content", "values", "older place", "meaning"), rows)
    if resource_type.open:
        yield "Any other key is content as well.\n"
    for names, sentence in (
        (resource_type.excluding, "exclude each other"),
        (resource_type.together, "need each other"),
    ):
        if names:
            yield f"{_listed(names, 'and')} {sentence}.\n"
    if resource_type.either:
        yield f"{_listed(resource_type.either, 'or')} is required.\n"


def _ci() -> Iterator[str]:
    yield "## The CI part\n"
    yield "These stand at the top of `shippable.yml` in the root of a repository; [the CI part](ci.md) explains them.\n"
    yield from _keys(CI)
    for title, keys in (
        ("`env`, where it is a mapping with these", ENV_KEYS),
        ("`matrix`", MATRIX_KEYS),
        ("A combination of `matrix`", COMBINATION),
        ("`runtime` of the CI part", POOL_KEYS),
        ("`branches`", BRANCH_KEYS),
        ("`git`", GIT_KEYS),
        ("`build`", BUILD_KEYS),
        ("`build.pre_ci_boot`", BOOT_KEYS),
        ("`integrations` of the CI part", INTEGRATION_KEYS),
        ("An entry of `integrations.notifications`", NOTIFICATION_KEYS),
    ):
        yield f"### {title}\n"
        yield from _keys(keys)


def _gone() -> Iterator[str]:
    yield "## Older and gone\n"
    rows = [(f"job type `{old}`", f"read as `{new}`, with a warning") for old, new in RENAMED_JOBS.items()]
    rows += [(f"job type `{name}`", hint or "gone without a successor") for name, hint in DEAD_JOBS.items()]
    rows += [(f"resource type `{name}`", hint or "gone without a successor") for name, hint in DEAD_RESOURCES.items()]
    rows += [(f"`{name}` of the CI part", hint or "means nothing any more") for name, hint in OLD_CI.items()]
    yield from _table(("what", "what about it"), rows)


def _keys(keys: Keys) -> Iterator[str]:
    yield from _table(
        ("key", "values", "meaning"), ((_name(key), words_of(key.kind), _meaning(key)) for key in keys.values())
    )


def _name(key: Key[Any]) -> str:
    return f"**`{key.name}`**" if key.required else f"`{key.name}`"


def _meaning(key: Key[Any]) -> str:
    return f"{key.doc} Write `{key.instead}`." if key.instead else key.doc


def _listed(names: Iterable[str], word: str) -> str:
    return f" {word} ".join(f"`{name}`" for name in names)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for row in (head, ("---",) * len(head), *rows):
        yield f"| {' | '.join(_cell(cell) for cell in row)} |"
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "&#124;").replace("<", "&lt;")
