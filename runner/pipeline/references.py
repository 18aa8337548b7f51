"""`externalReferences` of a templates file: the public texts elsewhere whose anchors it uses. Fetched elsewhere."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runner.pipeline.codes import Code
from runner.pipeline.kinds import wrong
from runner.pipeline.nodes import MappingNode, Node, Scalar, SequenceNode, Unresolved, is_null
from runner.pipeline.problems import Place
from runner.pipeline.report import Report, Spot
from runner.pipeline.source import compose

KEY = "externalReferences"
MOST = 20
"""How many references a templates file may have."""
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDRESS = re.compile(
    rf"https://(?P<user>[^/?#@]*@)?{_LABEL}(?:\.{_LABEL})*(?::(?P<port>[0-9]{{1,5}}))?"
    r'(?:/[!-"$->@-~]*)?(?:\?[!-"$-~]*)?',
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reference:
    """One entry of the list. The address is public, but its query is not shown: people put tokens there."""

    address: str
    place: Place
    subject: str = KEY

    @property
    def name(self) -> str:
        """What the text is called in problems and in the store."""
        return shown(self.address)


def shown(address: str) -> str:
    """The address without what stands in its query, which is told by its digest."""
    path, asked, query = address.partition("?")
    return f"{path}?{hashlib.sha256(query.encode()).hexdigest()[:8]}" if asked else path


def problem_of(address: str) -> str:
    """What keeps a text from being the address of a reference; an empty text if nothing does. Does not show it."""
    found = _ADDRESS.fullmatch(address.partition("#")[0])
    if found is not None and found["user"]:
        return "must be public: an address with a user name or password is not taken"
    if found is None and address.casefold().startswith("http:"):
        return "must start with https://, so that nobody on the way can change it"
    good = found is not None and int(found["port"] or 443) < 65_536
    return "" if good else "must be an https address such as https://example.com/ci/steps.yml"


def references_of(name: str, text: str) -> tuple[Reference, ...]:
    """Those of the text of a templates file, without the ones that cannot be fetched: whoever reads it tells them."""
    if KEY not in text:
        return ()
    return read_references(compose(name, text, incomplete=True).root, Report())


def read_references(root: Node | None, report: Report) -> tuple[Reference, ...]:
    """Those of a templates file, in their order; reports what is none."""
    entry = root.find(KEY) if isinstance(root, MappingNode) else None
    if entry is None or is_null(entry.value) or isinstance(entry.value, Unresolved):
        return ()
    spot = Spot(entry.value, KEY, report)
    if isinstance(entry.value, MappingNode):
        wrong(spot, "a list of https addresses")
        return ()
    items = entry.value.items if isinstance(entry.value, SequenceNode) else (entry.value,)
    if len(items) > MOST:
        spot.error(Code.WRONG_REFERENCE, f"there are {len(items)} references: {MOST} are the most")
    found: dict[str, Reference] = {}
    for reference in _read(spot, items[:MOST]):
        found.setdefault(reference.address, reference)
    return tuple(found.values())


def _read(spot: Spot, items: Sequence[Node]) -> Iterator[Reference]:
    for index, item in enumerate(items):
        below = spot.at(item, f"[{index}]")
        if isinstance(item, Unresolved):
            continue
        if not isinstance(item, Scalar) or is_null(item):
            wrong(below, "an https address")
        elif why := problem_of(item.text):
            below.error(Code.WRONG_REFERENCE, why)
        else:
            yield Reference(item.text.partition("#")[0], item.place, below.path)
