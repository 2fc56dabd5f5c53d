"""Lists that grow, on pages of a fixed size: a page that is full is never rewritten by what is added later.

Of `2 * PART` things or fewer there is one page. Of more, the first `PART` stand on a page of their own, the next
`PART` on the next one, and so on; what is left, always more than `PART`, stands on the newest page.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from msgspec import Struct

from feed.dates import Instant
from feed.projections.history import Added

PART = 100
INDEX = "index.html"


def full(count: int) -> int:
    """How many pages there are beside the newest one."""
    return max(-(-(count - 2 * PART) // PART), 0)


def page_name(number: int, count: int) -> str:
    """The file of page `number` of a list of `count` things, counted from 1."""
    return INDEX if number > full(count) else f"part-{number:05}.html"


class Parting(Struct, frozen=True, kw_only=True):
    """How a story's updates are parted: the versions that the pages begin with, the first one's being 1, and of all
    pages but the first one the times and the names of their first updates."""

    starts: tuple[int, ...]
    moments: tuple[Instant, ...]
    updates: tuple[str, ...]

    @property
    def newest(self) -> int:
        """The number of the newest page, and of all."""
        return len(self.starts)

    def page_of(self, version: int) -> int:
        """The number of the page that tells what happened with an event."""
        return bisect_right(self.starts, version)

    def first(self, number: int) -> int:
        """The version that a page begins with."""
        return self.starts[number - 1]

    def end(self, number: int) -> int | None:
        """The version that the next page begins with, None for the newest page."""
        return self.starts[number] if number < self.newest else None

    def name(self, number: int, *, oldest_first: bool = False) -> str:
        """A page's file; of one that stands with its oldest update first, the name begins with that."""
        if oldest_first:
            return "oldest.html" if number == 1 else f"oldest-{number:05}.html"
        return INDEX if number == self.newest else f"part-{number:05}.html"


def parting(added: Sequence[Added]) -> Parting:
    """How a story with these updates is parted."""
    firsts = [added[number * PART] for number in range(1, full(len(added)) + 1)]
    return Parting(
        starts=(1, *(first.version for first in firsts)),
        moments=tuple(first.published_at for first in firsts),
        updates=tuple(first.update for first in firsts),
    )
