"""The CI part of a file: nodes in, `CiPart` and problems out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runner.pipeline.ci.branches import read_filter
from runner.pipeline.ci.build import read_build, read_pools
from runner.pipeline.ci.env import read_env
from runner.pipeline.ci.expansion import MOST, size_of
from runner.pipeline.ci.keys import (
    BRANCHES,
    BUILD,
    BUNDLER_ARGS,
    CI,
    CI_KEYS,
    DEPTH,
    ENV,
    GIT,
    GIT_CONFIG,
    GIT_KEYS,
    INTEGRATION_KEYS,
    INTEGRATIONS,
    LANGUAGE,
    MATRIX,
    NOTIFICATIONS,
    OLD,
    RUNTIME,
    SERVICE_NAMES,
    SERVICES,
    SUBMODULES,
    UNUSED_INTEGRATIONS,
    VOTE,
)  # fmt: skip
from runner.pipeline.ci.languages import NONE
from runner.pipeline.ci.matrix import read_axes, read_matrix
from runner.pipeline.ci.model import (
    Branches,
    CiIntegration,
    CiNotification,
    CiPart,
    CiReading,
    Env,
    Matrix,
    Sections,
)  # fmt: skip
from runner.pipeline.ci.notifications import read_notifications
from runner.pipeline.codes import Code
from runner.pipeline.fields import Fields, read_fields
from runner.pipeline.ignores import Ignores
from runner.pipeline.kinds import flat, is_off
from runner.pipeline.model import Data, Named
from runner.pipeline.nodes import Entry, MappingNode, Scalar, Unresolved, data, is_null, kind_of
from runner.pipeline.problems import nearest, slip
from runner.pipeline.report import Report, Spot

SHORTEST = 5
"""Letters of a key that another one can be a slip of: shorter ones are near to too much."""


def read_ci(root: MappingNode, others: Sequence[Entry] = (), ignores: Ignores | None = None) -> CiReading | None:
    """The CI part of a file whose top is `root`; None where it has none. `others` are the keys of the top that nothing
    reads: they may be misspelt ones; `ignores` the comments that leave a warning out."""
    entries = tuple(entry for entry in root.entries if entry.key.text in CI_KEYS)
    if not entries:
        return None
    report = Report(ignores)
    spot = Spot(MappingNode(entries, root.place), "", report)
    for entry in (*entries, *others):
        _tell(spot.at(entry.key, entry.key.text), entry.key.text)
        if entry.key.text == VOTE.name and not is_null(entry.value) and not is_off(entry.value):
            spot.at(entry.key, VOTE.name).warn(Code.UNUSED_OPTION, "nothing votes at Gerrit yet")
    fields = read_fields(spot, MappingNode(entries, root.place), CI, "the CI part", skip=OLD)
    part = _part(spot, fields, entries[0])
    if size_of(part) > MOST:
        spot.error(Code.LARGE_MATRIX, f"the matrix has {size_of(part)} items; at most {MOST} are run")
    return CiReading(part, report.problems())


def _part(spot: Spot, fields: Fields, first: Entry) -> CiPart:
    language = fields.get(LANGUAGE)
    if language is None and LANGUAGE.name not in fields.meant:
        spot.report.warn(
            Code.NO_LANGUAGE,
            first.key.place,
            LANGUAGE.name,
            "no language is named: 'none' is taken, which runs no defaults",
        )
    language = language or NONE
    env, matrix, build = fields.get(ENV), fields.get(MATRIX), fields.get(BUILD)
    git, pools = fields.get(GIT), fields.get(RUNTIME)
    listed = list(_integrations(spot, fields))
    return CiPart(
        place=first.key.place,
        language=language,
        axes=read_axes(spot, fields, language),
        bundler_args=fields.get(BUNDLER_ARGS),
        env=Env() if env is None else read_env(spot.at(env, ENV.name)),
        matrix=Matrix() if matrix is None else read_matrix(spot.at(matrix, MATRIX.name), matrix, language),
        pools=() if pools is None else read_pools(spot.at(pools, RUNTIME.name)),
        branches=_branches(spot, fields),
        services=tuple(_services(spot, fields)),
        depth=fields.get(DEPTH),
        git_config=tuple(word.text for word in fields.get(GIT_CONFIG, ())),
        submodules=git is None or read_fields(spot.at(git, GIT.name), git, GIT_KEYS, "git").get(SUBMODULES, True),
        build=Sections() if build is None else read_build(spot.at(build, BUILD.name), build),
        integrations=tuple(each for each in listed if isinstance(each, CiIntegration)),
        notifications=tuple(each for each in listed if isinstance(each, CiNotification)),
        vote=fields.get(VOTE),
    )


def _tell(spot: Spot, name: str) -> None:
    """A word about a key that is not read: it is of an older syntax, or misspelt."""
    if name in OLD:
        spot.warn(Code.OLD_CI_KEY, f"'{name}' is of an older syntax and is ignored", OLD[name])
    elif name not in CI and (meant := slip(name, [key for key in CI if len(key) >= SHORTEST])):
        spot.error(Code.MISSPELT_KEY, f"'{name}' is not a key of the CI part", f"did you mean '{meant}'?")


def _branches(spot: Spot, fields: Fields) -> Branches:
    node = fields.get(BRANCHES)
    if node is None:
        return Branches()
    below = spot.at(node, BRANCHES.name)
    if isinstance(node, MappingNode):
        return read_filter(below, node)
    if not isinstance(node, Unresolved):
        below.error(Code.WRONG_VALUE, f"must be a mapping with only and except, not {kind_of(node)}")
    return Branches()


def _services(spot: Spot, fields: Fields) -> Iterator[Named]:
    node = fields.get(SERVICES)
    for item in () if node is None else flat(spot.at(node, SERVICES.name)):
        for name in _names(item):
            known = "" if name.text in SERVICE_NAMES else nearest(name.text, SERVICE_NAMES)
            item.warn(Code.SERVICE, f"the service {name.text} is not started: what this host has is used", known)
            yield Named(name.text, name.place)


def _names(item: Spot) -> list[Scalar]:
    """A name, or a mapping of names to versions."""
    if isinstance(item.node, MappingNode):
        return [entry.key for entry in item.node.entries]
    if isinstance(item.node, Scalar) and not is_null(item.node) and not isinstance(item.node, Unresolved):
        return [item.node]
    return []


def _integrations(spot: Spot, fields: Fields) -> Iterator[CiIntegration | CiNotification]:
    node = fields.get(INTEGRATIONS)
    if node is None or isinstance(node, Unresolved):
        return
    below = spot.at(node, INTEGRATIONS.name)
    for item in flat(below):
        if not isinstance(item.node, MappingNode):
            item.error(
                Code.WRONG_VALUE,
                f"must be a mapping of lists, not {kind_of(item.node)}",
                f"such as {', '.join(INTEGRATION_KEYS)}",
            )
            continue
        for entry in item.node.entries:
            name = entry.key.text
            if name == NOTIFICATIONS.name:
                yield from read_notifications(item.at(entry.value, f".{name}"))
            elif name in UNUSED_INTEGRATIONS:
                item.at(entry.key, f".{name}").warn(Code.CI_INTEGRATION, UNUSED_INTEGRATIONS[name])
                yield from _integration_list(item.at(entry.value, f".{name}"), name)
            else:
                told = f"'{name}' is not a list of integrations and is ignored"
                item.at(entry.key, f".{name}").warn(Code.UNKNOWN_KEY, told, nearest(name, INTEGRATION_KEYS))


def _integration_list(spot: Spot, kind: str) -> Iterator[CiIntegration]:
    for item in flat(spot):
        if is_null(item.node) or isinstance(item.node, Unresolved):
            continue
        if not isinstance(item.node, MappingNode):
            item.error(Code.WRONG_VALUE, f"must be a mapping with integrationName and type, not {kind_of(item.node)}")
            continue
        found = item.node.find("integrationName")
        named = found.value if found is not None and isinstance(found.value, Scalar) else None
        settings: dict[str, Data] = {entry.key.text: data(entry.value) for entry in item.node.entries}
        settings.pop("integrationName", None)
        kind_written = settings.pop("type", None)
        yield CiIntegration(
            kind=kind,
            name=None if named is None or is_null(named) else Named(named.text, named.place),
            type=None if kind_written is None else str(kind_written),
            settings=settings,
        )
