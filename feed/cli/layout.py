"""Text for a terminal: harmless, styled, and wrapped to its width."""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Iterable
from typing import Any

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


def plain(text: str) -> str:
    r"""Text that cannot drive a terminal: what would is shown as an escape, such as `\u202e`."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text.replace("\r\n", "\n"))


def styled(text: str, **style: Any) -> str:
    """Plain text in a style of click.style, word by word, so that it can be wrapped."""
    return re.sub(r"\S+", lambda word: click.style(word[0], **style), plain(text))


def wrapped(text: str, first: str = "", rest: str | None = None) -> str:
    """The text, plain or styled, within the terminal's width.

    `first` stands before its first line, `rest` (else as much space) before all others. What continues a line hangs
    under its text; longer words stay whole.
    """
    rest = " " * _width(first) if rest is None else rest
    lines: list[str] = []
    for line in text.expandtabs(4).split("\n"):
        lines += _broken(line, rest if lines else first, rest)
    return "\n".join(lines)


def _broken(line: str, first: str, rest: str) -> list[str]:
    columns = min(shutil.get_terminal_size().columns, MOST_COLUMNS)
    margin = _MARGIN.match(click.unstyle(line))
    hanging = rest + " " * len(margin[0] if margin else "")
    lines, used = [first], 0
    for word in re.findall(r"\s*\S+", line):
        if used and used + _width(word) > columns:
            lines.append(hanging)
            word = word.lstrip()
        lines[-1] += word
        used = _width(lines[-1])
    return [line.rstrip() for line in lines]


def _width(text: str) -> int:
    """How many columns a text takes."""
    text = click.unstyle(text)
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else not unicodedata.combining(one) for one in text)


def counted(number: int, thing: str) -> str:
    """The number with its noun: 1 update, 2 updates."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def listed(words: Iterable[str]) -> str:
    """The words as a list in a sentence: a, b and c."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last
