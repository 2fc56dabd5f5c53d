"""What was changed between two texts, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from msgspec import Struct

# Of either text: the time that comparing takes grows faster than its length.
MOST_UNITS = 2_000
# In words.
_SHORT_SAMENESS = 3

_BETWEEN_WORDS = re.compile(r"(\s+)")
_BETWEEN_PARAGRAPHS = re.compile(r"(\n\s*\n)")


class Part(Struct, frozen=True, kw_only=True):
    """A stretch of text. What is the same together with what is removed is the text before, with what is added the
    text after."""

    kind: Literal["same", "removed", "added"]
    text: str


class _Unit(NamedTuple):
    """A word or paragraph, and the white space after it."""

    text: str
    space: str


class _Change(NamedTuple):
    """What is removed and added after some sameness."""

    same: str = ""
    removed: str = ""
    added: str = ""

    @property
    def size(self) -> int:
        return max(len(self.removed.strip()), len(self.added.strip()))


def word_diff(before: str, after: str) -> list[Part]:
    """The parts in order, none of them empty; a removal stands before the addition that takes its place.

    With more than 2,000 words on either side paragraphs are compared, with more than 2,000 paragraphs the whole texts.
    """
    changes = _without_short_sameness(_changes(_pieces(*_units(before, after))))
    parts = (Part(kind=kind, text=text) for change in changes for kind, text in _named(change))
    return [part for part in parts if part.text]


def _units(before: str, after: str) -> tuple[list[_Unit], list[_Unit]]:
    for between in (_BETWEEN_WORDS, _BETWEEN_PARAGRAPHS):
        units = _split(before, between), _split(after, between)
        if max(map(len, units)) <= MOST_UNITS:
            return units
    return [_Unit(before, "")], [_Unit(after, "")]


def _split(text: str, between: re.Pattern[str]) -> list[_Unit]:
    pieces = [*between.split(text), ""]
    return [unit for unit in map(_Unit, pieces[::2], pieces[1::2]) if any(unit)]


def _pieces(before: list[_Unit], after: list[_Unit]) -> Iterator[_Change]:
    """The changes as they are found, some with nothing the same before them, some with nothing changed."""
    # What difflib by itself takes for junk in long texts are words as frequent as "the": no places to start from.
    matcher = SequenceMatcher(None, [unit.text for unit in before], [unit.text for unit in after])
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        old, new = before[start:end], after[new_start:new_end]
        if tag == "equal":
            yield from map(_respaced, old, new)
        else:
            yield from _replaced(old, new)


def _respaced(old: _Unit, new: _Unit) -> _Change:
    if old == new:
        return _Change(same="".join(old))
    return _Change(same=old.text, removed=old.space, added=new.space)


def _replaced(old: list[_Unit], new: list[_Unit]) -> Iterator[_Change]:
    """The space after what is replaced stays, as far as it is the same."""
    removed, added = ("".join(map("".join, units)) for units in (old, new))
    space = old[-1].space if old and new and old[-1].space == new[-1].space else ""
    yield _Change(removed=removed.removesuffix(space), added=added.removesuffix(space))
    yield _Change(same=space)


def _changes(pieces: Iterable[_Change]) -> list[_Change]:
    """The pieces joined, so that something is the same between two changes."""
    changes = [_Change()]
    for piece in pieces:
        last = changes[-1]
        if piece.same and (last.removed or last.added):
            changes.append(piece)
        else:
            changes[-1] = _Change(last.same + piece.same, last.removed + piece.removed, last.added + piece.added)
    return changes


def _without_short_sameness(changes: list[_Change]) -> Iterator[_Change]:
    """Changes that only a few short words of a line stand between are one, as these are mostly the same by chance."""
    last = changes[0]
    for change in changes[1:]:
        if _is_short(change.same, min(last.size, change.size)) and (change.removed or change.added):
            removed, added = (
                last_text + change.same + text for last_text, text in zip(last[1:], change[1:], strict=True)
            )
            last = _Change(last.same, removed, added)
        else:
            yield last
            last = change
    yield last


def _is_short(same: str, smaller: int) -> bool:
    """Whether it is shorter than the smaller change beside it."""
    return "\n" not in same and len(same.split()) <= _SHORT_SAMENESS and len(same.strip()) <= smaller


def _named(change: _Change) -> Iterator[tuple[Literal["same", "removed", "added"], str]]:
    yield "same", change.same
    yield "removed", change.removed
    yield "added", change.added
