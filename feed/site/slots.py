"""The parts of a page that change with time: what each shows now, and what it showed at earlier moments.

A page holds only what is shown now. What was shown earlier goes along as data, which no reader without a script
takes for news.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import TypeVar

from markupsafe import Markup, escape
from msgspec import Struct

from feed.dates import Instant
from feed.moments import changing

_State = TypeVar("_State")


class Slot(Struct, frozen=True, kw_only=True):
    """`html` stands since the moment `since`, and is empty where nothing does; `earlier` are older states, oldest
    first, each with the moment since which it stood."""

    key: str
    since: Instant
    html: Markup
    earlier: tuple[tuple[Instant, str], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there never was anything in it."""
        return not self.html and not self.earlier


def slot(key: str, states: Iterable[tuple[Instant, str]]) -> Slot:
    """The slot of these states, oldest first, of which there is at least one."""
    kept = changing(states)
    while len(kept) > 1 and not kept[0][1]:
        del kept[0]
    *earlier, (since, html) = kept
    return Slot(key=key, since=since, html=Markup(html), earlier=tuple(earlier))  # noqa: S704  # rendered with escaping


def within(
    states: Sequence[tuple[Instant, _State]], start: Instant, end: Instant | None
) -> list[tuple[Instant, _State]]:
    """The states that stood between two moments, the one at the beginning included."""
    before = [state for state in states if state[0] <= start][-1:]
    return before + [state for state in states if start < state[0] and (end is None or state[0] < end)]


class Moments:
    """The moments at which any slot of a page changed, from `start` on and before `end`; pages count them from 0."""

    def __init__(self, slots: Iterable[Slot], start: Instant, end: Instant | None) -> None:
        self._slots = list(slots)
        found = {since for one in self._slots for since in (one.since, *(since for since, _ in one.earlier))}
        self.all = sorted(since for since in found if since >= start and (end is None or since < end))

    def number(self, since: Instant) -> int:
        """That of the first moment at which what stands since then is seen; after all if that is later."""
        return bisect_left(self.all, since)

    def mark(self, slot: Slot) -> Markup:
        """The attributes of an element that holds a slot: since when it has stood, and by what its past is found."""
        key = f' data-slot="{escape(slot.key)}"' if slot.earlier else ""
        hidden = "" if slot.html else " hidden"
        return Markup(f' data-since="{self.number(slot.since)}"{key}{hidden}')  # noqa: S704  # escaped where it is text

    def past(self) -> dict[str, list[tuple[int, str]]]:
        """The earlier states, by the keys of the slots that have any."""
        return {
            one.key: [(self.number(since), str(html)) for since, html in one.earlier]
            for one in self._slots
            if one.earlier
        }
