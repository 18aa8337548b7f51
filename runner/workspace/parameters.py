"""The parameters of a `params` input, those that its version holds encrypted in their place among the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from runner.names import variable_key
from runner.pipeline.model import In
from runner.pipeline.plain import Json, json_line, variable_text
from runner.pipeline.sealed import PARAMS, SECURE
from runner.workspace.dependency import Dependency


@dataclass(frozen=True, slots=True)
class Parameter:
    """A key as it is written, and the text of its value. `secret`: it was encrypted."""

    key: str
    text: str = field(repr=False)
    secret: bool = False


def parameters_of(dependency: Dependency) -> Iterator[Parameter]:
    """Those of an IN of params; none of anything else."""
    if dependency.type != PARAMS or not isinstance(dependency.step, In):
        return
    for key, value in params_of(dependency.bag).items():
        if key == SECURE:
            yield from (Parameter(name, secret.reveal(), True) for name, secret in dependency.opened.items())
        else:
            yield Parameter(key, variable_text(value))


def params_file(dependency: Dependency) -> str:
    """The file `params` of an IN: `KEY=value` lines; what was encrypted is one line, with double quotes around values
    that hold blanks.

    Source: the platform wrote what it had decrypted as one line, which had that form."""
    lines = (f"{each.key}={each.text}\n" for each in parameters_of(dependency) if not each.secret)
    opened = " ".join(f"{each.key}={_word(each.text)}" for each in parameters_of(dependency) if each.secret)
    return "".join(lines) + (f"{opened}\n" if opened else "")


SECURE_FILE = "_params.json"


def secure_path(name: str) -> str:
    """Where the encrypted parameters of an input are, below the build directory: `params` cannot hold every text so
    that it can be read back. shipctl looks there for what is too long for a variable."""
    return f"secrets/{name}{SECURE_FILE}"


def secure_document(dependency: Dependency) -> str:
    """The one line of that file: an object of texts by their names. Empty where nothing is encrypted."""
    winning = {variable_key(each.key).upper(): each for each in parameters_of(dependency)}
    opened: dict[str, Json] = {each.key: each.text for each in winning.values() if each.secret}
    return json_line(opened) if opened else ""


def params_of(bag: Mapping[str, Json]) -> Mapping[str, Json]:
    """`params` of a property bag; an empty mapping where there are none."""
    params = bag.get("params")
    return params if isinstance(params, dict) else {}


def sealed_texts(bag: Mapping[str, Json]) -> Iterator[str]:
    """The encrypted texts of a property bag: one, or a list of them and of lists."""
    yield from _texts(params_of(bag).get(SECURE))


def _texts(value: Json) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for inner in value:
                yield from _texts(inner)
        case None:
            return
        case _:
            yield variable_text(value)


def _word(text: str) -> str:
    return f'"{text}"' if any(c.isspace() for c in text) else text
