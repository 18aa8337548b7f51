"""What stands in a log, read as plainly as it can be: all its files, one after another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zstandard

from runner.logs.filters import meets
from runner.logs.segments import segments

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.logs.filters import Condition
    from runner.logs.records import Record


def text_of(path: Path) -> bytes:
    parts = []
    for segment in segments(str(path)):
        data = Path(segment.path).read_bytes()
        parts.append(zstandard.ZstdDecompressor().decompress(data) if segment.packed else data)
    return b"".join(parts)


def written(path: Path) -> list[dict[str, Any]]:
    text = text_of(path).decode()
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def messages(path: Path) -> list[str]:
    return [record["text"] for record in written(path) if record["type"] == "message"]


def select(records: Iterable[Record], *conditions: Condition) -> Iterator[Record]:
    return (record for record in records if meets(record, conditions))
