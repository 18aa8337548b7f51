"""An integration as a job sees it: fields for variables, `integration.json` and `integration.env`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from runner.integrations.catalogue import AWS_IAM, OLD_AWS_IAM
from runner.integrations.keeping_back import is_kept_back
from runner.integrations.model import ResolvedIntegration, Text, Value, revealed
from runner.integrations.role_arn import parse_role_arn
from runner.names import can_be_set, variable_key
from runner.secret import Secret


@dataclass(frozen=True, slots=True)
class Flat:
    """One field: `<NAME>_INTEGRATION_<KEY>`. `bare`: a key-value pair, also exported under its own name."""

    key: str
    value: str = field(repr=False)
    secret: bool
    bare: bool = False


def flatten(integration: ResolvedIntegration) -> tuple[Flat, ...]:
    """`name` first, then texts in the order of the catalogue, then lists, then pairs.

    A list is one text `'"a","b"'`, the single quotes being part of it, as Shippable's agent exported it; and, as its
    documents promised, also one field an item: `nodes_0`, `nodes_1` …
    """
    values = exported(integration)
    plain = tuple(_flat(key, value) for key, value in values.items() if isinstance(value, str | Secret))
    lists = tuple(flat for key, value in values.items() if isinstance(value, tuple) for flat in _list(key, value))
    pairs = tuple(flat for value in values.values() if isinstance(value, Mapping) for flat in _pairs(value))
    return (Flat("name", integration.name, secret=False), *plain, *lists, *pairs)


def exported(integration: ResolvedIntegration) -> Mapping[str, Value]:
    """The values a job may see, in order: the catalogue's fields, then the others. Our own fields stay here."""
    known = [field for field in integration.type.fields if field.exported]
    values = {field.name: integration.values[field.name] for field in known if field.name in integration.values}
    ours = {field.name for field in integration.type.fields}
    values |= {name: value for name, value in integration.values.items() if name not in ours}
    if is_kept_back(integration):
        return {name: value for name, value in values.items() if isinstance(value, str)}
    if integration.type.master_name in (AWS_IAM, OLD_AWS_IAM):
        return _with_account(integration, values)
    return values


def _with_account(integration: ResolvedIntegration, values: Mapping[str, Value]) -> Mapping[str, Value]:
    """`awsAccountId` right behind the role: always the role's account, also where the entry does not give it."""
    if (arn := integration.text("assumeRoleARN")) is None:
        return values
    rest = {name: value for name, value in values.items() if name not in ("assumeRoleARN", "awsAccountId")}
    account = parse_role_arn(arn).account
    return {"assumeRoleARN": values["assumeRoleARN"], "awsAccountId": account, **rest}


def _flat(key: str, text: Text, *, bare: bool = False) -> Flat:
    return Flat(key, revealed(text), isinstance(text, Secret), bare)


def _list(key: str, items: tuple[Text, ...]) -> Iterator[Flat]:
    yield Flat(key, f"'{_quoted(items)}'", any(isinstance(item, Secret) for item in items))
    yield from (_flat(f"{key}_{index}", item) for index, item in enumerate(items))


def _quoted(items: tuple[Text, ...]) -> str:
    return ",".join(f'"{revealed(item)}"' for item in items)


def _pairs(pairs: Mapping[str, Text]) -> Iterator[Flat]:
    yield from (_flat(key, text, bare=True) for key, text in pairs.items())


def integration_json(integration: ResolvedIntegration) -> str:
    """The text of `integration.json`: `id` (the name), `masterName`, `name`, then each field; lists stay lists."""
    document: dict[str, object] = {
        "id": integration.name,
        "masterName": integration.type.master_name,
        "name": integration.name,
    }
    for key, value in exported(integration).items():
        match value:
            case tuple():
                document[key] = [revealed(item) for item in value]
            case str() | Secret():
                document[key] = revealed(value)
            case _:
                document |= {name: revealed(text) for name, text in value.items()}
    return json.dumps(document, indent=2, ensure_ascii=False)


def integration_env(integration: ResolvedIntegration) -> str:
    """The text of `integration.env`: `name` first, one `key="value"` a line, lists last, each with its newline.

    bash can source it whatever the values hold, and each stands on one line; a key bash does not take is left out.
    """
    values = exported(integration)
    lines = [("name", shell_word(integration.name))]
    lists: list[tuple[str, str]] = []
    for key, value in values.items():
        match value:
            case tuple():
                lists.append((key, shell_word(_quoted(value), quote="'")))
            case str() | Secret():
                lines.append((key, shell_word(revealed(value))))
            case _:
                lines += [(name, shell_word(revealed(text))) for name, text in value.items()]
    named = ((variable_key(key), word) for key, word in (*lines, *lists))
    return "".join(f"{key}={word}\n" for key, word in named if can_be_set(key))


_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\", "'": "\\'"}
_ESCAPED = str.maketrans({chr(code): f"\\{code:03o}" for code in (*range(1, 32), 127)} | _NAMED | {"\0": ""})
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def shell_word(text: str, quote: str = '"') -> str:
    """`text` as one word of bash on one line: in `quote` where nothing in it needs more, as Shippable wrote it."""
    if _CONTROL.search(text):
        return f"$'{text.translate(_ESCAPED)}'"
    if quote == '"' and text.isprintable() and not any(c in text for c in '"\\`$'):
        return f'"{text}"'
    return "'" + text.replace("'", "'\"'\"'") + "'"
