"""Variables as bash takes them: words of a text, and values as words. Nothing is evaluated here."""

from __future__ import annotations

import re
import shlex

_BARE = re.compile(r"[A-Za-z0-9_./:@%+,=^-]*")
_SPECIAL = frozenset(";&|<>()#")
"""What a word may not hold without quotes: it would be the end of it."""


def words_of(text: str) -> list[str] | None:
    """Cut a text at the blanks that stand outside of quotes and substitutions; None where one of those has no end."""
    found: list[str] = []
    begin = position = 0
    while position < len(text):
        if text[position].isspace():
            found += [text[begin:position]] if position > begin else []
            begin = position = position + 1
            continue
        position = _after(text, position)
        if position > len(text):
            return None
    return [*found, *([text[begin:]] if begin < len(text) else [])]


def word_of(value: str) -> str:
    """The word for a value that stands alone: bare where that is safe, else in quotes in which `$NAME` and `$(…)`
    still mean what they do."""
    if _BARE.fullmatch(value):
        return value
    quoted: list[str] = []
    position = 0
    while position < len(value):
        if value[position] == '"':
            quoted.append('\\"')
            position += 1
            continue
        substitution = value[position] == "`" or value.startswith(("$(", "${"), position)
        end = _after(value, position) if substitution or value[position] == "\\" else position + 1
        if end > len(value):  # no end: it is meant as it stands
            quoted.append(f"\\{value[position]}")
            end = position + 1
        else:
            quoted.append(value[position:end])
        position = end
    return f'"{"".join(quoted)}"'


def canonical(word: str) -> str:
    """The same word without quotes that change nothing; one with signs that would end it gets some."""
    if not any(quote in word for quote in "'\"\\`$"):
        return word_of(word) if any(sign in word for sign in _SPECIAL) else word
    if "$" in word or "`" in word:
        return word
    try:
        plain = shlex.split(word)
    except ValueError:
        return word
    return word_of(plain[0]) if len(plain) == 1 and _BARE.fullmatch(plain[0]) else word


def _after(text: str, position: int) -> int:
    """The position behind what begins here: a quotation, a substitution or one character; more than the length of the
    text where it has no end."""
    sign = text[position]
    if sign == "\\":
        return position + 2
    if sign == "'":
        return _behind(text.find("'", position + 1), text)
    if sign in '"`':
        return _until(text, position + 1, sign)
    if text.startswith("$(", position) or text.startswith("${", position):
        return _until(text, position + 2, ")" if text[position + 1] == "(" else "}")
    return position + 1


def _until(text: str, position: int, closing: str) -> int:
    """The position behind the closing sign; inside of double quotes single ones mean nothing."""
    while position < len(text):
        sign = text[position]
        if sign == closing:
            return position + 1
        if sign == "(" and closing == ")":
            position = _until(text, position + 1, ")")
        elif sign == "'" and closing == '"':
            position += 1
        else:
            position = _after(text, position)
    return len(text) + 1


def _behind(found: int, text: str) -> int:
    return found + 1 if found >= 0 else len(text) + 1
