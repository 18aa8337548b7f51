"""One entry of `resources` or `triggers`."""

from __future__ import annotations

from collections.abc import Mapping

from runner.pipeline.codes import Code
from runner.pipeline.content import Content, check_content
from runner.pipeline.fields import Fields, Key, Keys, read_fields, table
from runner.pipeline.job_types import FLAGS, NAME, TYPE
from runner.pipeline.kinds import Table, Word
from runner.pipeline.model import Data, Named, Resource, Syntax
from runner.pipeline.nodes import Entry, MappingNode, Scalar, data, is_null
from runner.pipeline.report import Report, Spot
from runner.pipeline.resource_types import ResourceType, Section
from runner.pipeline.sealed import PARAMS, SECURE, Secure
from runner.pipeline.secure import read_secure

_NOW = "versionTemplate"
INTEGRATION = Key("integration", Word(), "The integration it is reached with.")
INTEGRATION_NAME = Key("integrationName", Word(), "An older spelling of integration.", instead="integration")
TEMPLATE = Key("versionTemplate", Table(), "Its content.")
POINTER = Key("pointer", Table(), "Older: where it is.", instead=_NOW)
SEED = Key("seed", Table(), "Older: the version to start from.", instead=_NOW)
VERSION = Key("version", Table(), "Older: its static content.", instead=_NOW)
SOURCE = Key("source", Table(), "Oldest: where it is, with name and tag.", instead=_NOW)
INITIAL = Key("initialVersion", Table(), "Oldest: the version to start from.", instead=_NOW)
RESOURCE: Keys = table(
    NAME, TYPE, FLAGS, INTEGRATION, INTEGRATION_NAME, TEMPLATE, POINTER, SEED, VERSION, SOURCE, INITIAL
)
OLD = ((Section.POINTER, POINTER), (Section.SEED, SEED), (Section.VERSION, VERSION))
_CONTENT = (TEMPLATE, POINTER, SEED, VERSION, SOURCE, INITIAL)
SOURCE_KEYS = {"name": (Section.POINTER, "sourceName"), "tag": (Section.SEED, "versionName")}


def read_resource(spot: Spot, node: MappingNode, name: Scalar, resource_type: ResourceType) -> Resource:
    """The resource, whose name and type are read already."""
    subject = f"{resource_type.name} '{name.text}'"
    fields = read_fields(spot, node, RESOURCE, "a resource", skip=("name", "type"))
    template, old = fields.get(TEMPLATE), _old_sections(spot, fields, resource_type)
    if template is not None and old:
        spot.error(Code.TWO_SYNTAXES, f"{subject}: versionTemplate and {', '.join(old)} exclude each other")
    check_content(spot, name, resource_type, Content(template=template, old=old, whole=_whole(node, fields)))
    first = template if template is not None else old.get(Section.SEED)
    return Resource(
        name=name.text,
        type=resource_type.name,
        place=name.place,
        syntax=Syntax.NEW if template is not None else Syntax.OLD if old else Syntax.NONE,
        integration=_integration(spot, fields, subject, resource_type),
        flags=tuple(flag.text for flag in fields.get(FLAGS, ())),
        yml=_mapping(node),
        version_name=_version_name(first),
        property_bag=_bag(template, old),
        secure=_secure(spot, template or old.get(Section.VERSION), resource_type),
    )


def _whole(node: MappingNode, fields: Fields) -> bool:
    """Whether every content that is written, or meant by a misspelt key, could be read."""
    written = ((node.find(key.name), fields.get(key)) for key in _CONTENT)
    return fields.meant.isdisjoint(key.name for key in _CONTENT) and all(
        entry is None or is_null(entry.value) or value is not None for entry, value in written
    )


def _old_sections(spot: Spot, fields: Fields, resource_type: ResourceType) -> dict[Section, MappingNode]:
    """`pointer`, `seed` and `version`, with what the oldest keys mean put where it belongs."""
    moved = [entry for key in (SOURCE, INITIAL) for entry in _moved(spot, fields, key, resource_type)]
    found: dict[Section, MappingNode] = {}
    for section, key in OLD:
        written = fields.get(key)
        below = [entry for place, entry in moved if place is section]
        if written is not None:
            below.extend(written.entries)
        if written is not None or below:
            entries = {entry.key.text: entry for entry in below}
            found[section] = MappingNode(
                tuple(entries.values()), written.place if written is not None else spot.node.place
            )
    return found


def _moved(
    spot: Spot, fields: Fields, key: Key[MappingNode], resource_type: ResourceType
) -> list[tuple[Section, Entry]]:
    """The entries of `source` or `initialVersion`, each with its place in the later syntax."""
    node = fields.get(key)
    if node is None:
        return []
    spot.at(node, f".{key.name}").warn(Code.OLD_SPELLING, f"'{key.name}' is an older spelling", "use versionTemplate")
    default = moved_to(key, resource_type)
    found = []
    for entry in node.entries:
        section, name = default, entry.key.text
        if key is SOURCE:
            section, name = SOURCE_KEYS.get(name, (default, name))
        found.append((section, Entry(Scalar(name, entry.key.plain, entry.key.place), entry.value)))
    return found


def moved_to(key: Key[MappingNode], resource_type: ResourceType) -> Section:
    """Where the keys of `source` and `initialVersion` belong, but for those of SOURCE_KEYS."""
    return Section.SEED if key is INITIAL else Section.VERSION if resource_type.version else Section.POINTER


def _integration(spot: Spot, fields: Fields, subject: str, resource_type: ResourceType) -> Named | None:
    named, older = fields.get(INTEGRATION), fields.get(INTEGRATION_NAME)
    if older is not None:
        spot.at(older, ".integrationName").warn(
            Code.OLD_SPELLING, "'integrationName' is an older spelling", "use integration"
        )
        named = named or older
    if named is None and resource_type.integration and INTEGRATION.name not in fields.meant:
        spot.error(Code.MISSING_CONTENT, f"{subject}: integration is required")
    return None if named is None else Named(named.text, named.place)


def _bag(template: MappingNode | None, old: Mapping[Section, MappingNode]) -> Mapping[str, Data]:
    bag: dict[str, Data] = {}
    for section in (Section.POINTER, Section.VERSION):
        if section in old:
            bag.update(_mapping(old[section]))
    if template is not None:
        bag.update((key, value) for key, value in _mapping(template).items() if key != "versionName")
    return bag


def _secure(spot: Spot, content: MappingNode | None, resource_type: ResourceType) -> tuple[Secure, ...]:
    """The encrypted texts among the parameters; what is wrong with them is reported by who checks the content."""
    params = content.find("params") if content is not None and resource_type.name == PARAMS else None
    if params is None or not isinstance(params.value, MappingNode):
        return ()
    secure = params.value.find(SECURE)
    return () if secure is None else read_secure(Spot(secure.value, spot.path, Report()))


def _version_name(node: MappingNode | None) -> str | None:
    entry = None if node is None else node.find("versionName")
    if entry is None or not isinstance(entry.value, Scalar) or is_null(entry.value):
        return None
    return entry.value.text or None


def _mapping(node: MappingNode) -> dict[str, Data]:
    return {entry.key.text: data(entry.value) for entry in node.entries}
