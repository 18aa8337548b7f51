"""The key `secure`: what stands behind it, read and judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.pipeline.codes import Code
from runner.pipeline.kinds import flat
from runner.pipeline.nodes import Scalar, Unresolved, is_null, kind_of
from runner.pipeline.sealed import ForeignError, Secure, UnsealableError, envelope_of

if TYPE_CHECKING:
    from runner.pipeline.report import Spot


def read_secure(spot: Spot) -> tuple[Secure, ...]:
    """What stands under `secure`: a text, or a list of them; what nothing can decrypt is reported."""
    found = (_read(item) for item in flat(spot))
    return tuple(secure for secure in found if secure is not None)


def _read(spot: Spot) -> Secure | None:
    node = spot.node
    if isinstance(node, Unresolved):
        return None
    if not isinstance(node, Scalar) or is_null(node) or not node.text.strip():
        what = "nothing" if isinstance(node, Scalar) else kind_of(node)
        spot.error(Code.WRONG_SECURE, f"must be an encrypted text, not {what}", "'runner encrypt KEY=VALUE' makes one")
        return None
    try:
        envelope_of(node.text)
    except ForeignError as error:
        spot.warn(Code.FOREIGN_SECURE, f"this value {error}", error.hint)
    except UnsealableError as error:
        spot.error(Code.WRONG_SECURE, f"this value {error}", error.hint)
        return None
    return Secure(node.text, node.place)
