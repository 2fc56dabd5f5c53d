"""Text for a terminal: harmless, styled, and wrapped to its width."""

from __future__ import annotations

import re
import shutil
import sys
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import click

# Longer lines are hard to read.
MOST_COLUMNS = 100
# In place of a text whose event has lost its payload.
ERASED = "(erased)"

# C0 controls but tab and line feed, DEL and the C1 controls drive a terminal (ECMA-48); embeddings, overrides and
# isolates change the reading direction (Unicode Standard Annex #9).
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# What the text of a line of Markdown stands behind.
_MARGIN = re.compile(r"\s*(?:(?:[-*+>]|\d+[.)])\s+)*")
# Before U+0300 every character takes one column.
_FAR = re.compile("[^\x00-\u02ff]")


class _Terminal(NamedTuple):
    """The width of lines, and whether styles are shown."""

    columns: int
    styles: bool


def plain(text: str) -> str:
    r"""Text that cannot drive a terminal: what would is shown as an escape, such as `\u202e`."""
    if text.isprintable():
        return text
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text.replace("\r\n", "\n"))


def styled(text: str, **style: Any) -> str:
    """Plain text in a style of click.style, word by word, so that it can be wrapped."""
    text = plain(text)
    if not _terminal().styles:
        return text
    before, after = click.style("|", **style).split("|")
    return re.sub(r"\S+", lambda word: f"{before}{word[0]}{after}", text)


def wrapped(text: str, first: str = "", rest: str | None = None) -> str:
    """The text, plain or styled, within the terminal's width.

    `first` stands before its first line, `rest` (else as much space) before all others. What continues a line hangs
    under its text; longer words stay whole.
    """
    columns = _terminal().columns
    whole = first + text
    if "\n" not in whole and "\t" not in whole and _width(whole) <= columns:
        return whole.rstrip()
    rest = " " * _width(first) if rest is None else rest
    lines: list[str] = []
    for line in text.expandtabs(4).split("\n"):
        lines += _broken(line, rest if lines else first, rest, columns)
    return "\n".join(lines)


def measure_again() -> None:
    """Look at the terminal anew, as a command otherwise does once: it may have changed while the command waited."""
    click.get_current_context().meta.pop(__name__, None)


def _terminal() -> _Terminal:
    """What a command writes to, looked at once in it: to ask the system takes longer than to wrap a line."""
    context = click.get_current_context(silent=True)
    meta: dict[str, Any] = {} if context is None else context.meta
    known: _Terminal | None = meta.get(__name__)
    if known is not None:
        return known
    # What reaches no terminal has its styles taken off again.
    styles = context is None or any(stream.isatty() for stream in (sys.stdout, sys.stderr))
    found = meta[__name__] = _Terminal(min(shutil.get_terminal_size().columns, MOST_COLUMNS), styles)
    return found


def _broken(line: str, first: str, rest: str, columns: int) -> list[str]:
    margin = _MARGIN.match(click.unstyle(line))
    hanging = rest + " " * len(margin[0] if margin else "")
    broken = _broken_evenly if _is_even(f"{first}{rest}{line}") else _broken_by_word
    return [line.rstrip() for line in broken(line, first, hanging, columns)]


def _broken_evenly(line: str, first: str, hanging: str, columns: int) -> list[str]:
    """Where every character takes a column."""
    before = len(line) - len(line.lstrip())
    beginning = _words_within(columns - len(first) - before).match(line, before)
    if beginning is None:
        return [first]
    others = _words_within(columns - len(hanging)).findall(line, beginning.end())
    return [first + line[: beginning.end()], *(hanging + words for words in others)]


def _broken_by_word(line: str, first: str, hanging: str, columns: int) -> list[str]:
    beginning, *words = re.findall(r"\s*\S+", line) or [""]
    lines = [first + beginning]
    used = _width(lines[0])
    for word in words:
        if used and used + _width(word) > columns:
            lines.append(hanging)
            used, word = _width(hanging), word.lstrip()
        lines[-1] += word
        used += _width(word)
    return lines


@lru_cache(maxsize=256)
def _words_within(columns: int) -> re.Pattern[str]:
    """As many words as fit into columns, or one that does not."""
    return re.compile(rf"\S.{{0,{max(columns, 1) - 1}}}(?!\S)|\S+", re.DOTALL)


def _is_even(text: str) -> bool:
    """Whether every character of the text takes a column."""
    return "\33" not in text and not any(map(_beyond_one, _FAR.findall(text)))


def _width(text: str) -> int:
    """How many columns a text takes."""
    if "\33" in text:
        text = click.unstyle(text)
    return len(text) if text.isascii() else len(text) + sum(map(_beyond_one, _FAR.findall(text)))


@lru_cache(maxsize=4_096)
def _beyond_one(character: str) -> int:
    """How many columns more than one a character takes."""
    if unicodedata.east_asian_width(character) in "WF":
        return 1
    return -1 if unicodedata.combining(character) else 0


def counted(number: int, thing: str) -> str:
    """The number with its noun: 1 update, 2 updates."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def listed(words: Iterable[str]) -> str:
    """The words as a list in a sentence: a, b and c."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last
