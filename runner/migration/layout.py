"""How an entry is laid out: indentation, and comments on lines of their own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise

import yaml

_COMMENT = re.compile(r"(?:^|\s)(#.*?)\s*$", re.MULTILINE)


def lines_of(text: str) -> list[str]:
    """The lines with their ends; only line feeds end them."""
    return [line for line in re.split(r"(?<=\n)", text) if line]


def depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def comments(text: str) -> Counter[str]:
    """Everything in a text that looks like a comment."""
    return Counter(_COMMENT.findall(text))


def indent_of(lines: list[str]) -> tuple[int, int, int]:
    """How people have indented an entry: the width of a mapping in a mapping, of a list in one, and where its dash
    stands; what most lines say."""
    mappings: Counter[int] = Counter()
    dashes: Counter[int] = Counter()
    widths: Counter[int] = Counter()
    for line, following in pairwise(line for line in lines if line.strip() and line.lstrip()[0] != "#"):
        key = depth(line.replace("-", " ", 1)) if line.lstrip().startswith("- ") else depth(line)
        if key > depth(line):
            widths[key - depth(line)] += 1
        if not line.rstrip().endswith(":"):
            continue
        if following.lstrip().startswith("- "):
            dashes[depth(following) - key] += 1
        elif depth(following) > key:
            mappings[depth(following) - key] += 1
    offset = max(_most(dashes, 0), 0)
    return _most(mappings, 2), offset + _most(widths, 2), offset


def placed(old: list[str], new: list[str], by: int) -> list[str]:
    """The new lines of an entry, moved to the side. A comment that stood right above its line stands so again; one
    that stood behind a key that is gone gets a line of its own, above the first line that has changed."""
    spaced = {" ".join(line.split()): line.strip() for line in old}
    moved = [_spaced(_shifted(line, by), spaced) for line in new]
    moved = _with_lost_comments(old, moved)
    aligned = {line.strip() for line, following in _over(old) if depth(line) == depth(following)}
    inside = _inside_texts(moved)
    for number in range(len(moved) - 2, -1, -1):
        text = moved[number].strip()
        if text.startswith("#") and text in aligned and number not in inside and moved[number + 1].strip():
            moved[number] = " " * depth(moved[number + 1]) + moved[number].lstrip(" ")
    return moved


def _with_lost_comments(old: list[str], new: list[str]) -> list[str]:
    lost = comments("".join(old)) - comments("".join(new))
    first = next((number for number, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), 0)
    if not lost or not first:
        return new
    wanted = []
    for text in (text for line in old for text in comments(line)):
        if lost[text] > 0:
            lost[text] -= 1
            wanted.append(text)
    return [*new[:first], *(f"{' ' * depth(new[first])}{text}\n" for text in wanted), *new[first:]]


def _spaced(line: str, old: Mapping[str, str]) -> str:
    """A line with the blanks before its comment that it had."""
    text = line.strip()
    if not text or text in old.values():
        return line
    return " " * depth(line) + old.get(" ".join(text.split()), text) + "\n"


def _over(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Comments on lines of their own, each with the next line that is none."""
    following = ""
    for line in reversed(lines):
        if line.lstrip().startswith("#"):
            yield line, following
        elif line.strip():
            following = line


def _inside_texts(lines: list[str]) -> set[int]:
    """The lines that lie inside texts of several lines."""
    found: set[int] = set()
    for token in yaml.scan("".join(lines), Loader=yaml.SafeLoader):
        if isinstance(token, yaml.ScalarToken):
            found.update(range(token.start_mark.line + 1, token.end_mark.line))
    return found


def _most(counter: Counter[int], default: int) -> int:
    return counter.most_common(1)[0][0] if counter else default


def _shifted(line: str, by: int) -> str:
    if not line.strip():
        return line
    return " " * by + line if by >= 0 else line[min(-by, depth(line)) :]
