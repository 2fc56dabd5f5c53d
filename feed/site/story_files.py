"""Which pages a story has, and which of them what happened since has changed: (path, bytes)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from sqlalchemy import Connection

from feed.projections import history, lists, read
from feed.projections.history import Stretch
from feed.projections.lists import Place
from feed.site.addresses import Addresses
from feed.site.entries import anchor
from feed.site.links import Links
from feed.site.pages import Pages, Spot
from feed.site.parts import full, parting
from feed.site.story_page import StoryPage
from feed.site.voice import Voice

File = tuple[str, bytes]


class StoryFiles:
    """The pages and the fragment of one story; with `with_pages` off, the fragment alone. `newest` is the id of its
    newest entry, empty while it has none."""

    def __init__(
        self,
        connection: Connection,
        slug: str,
        newest: str,
        pages: Pages,
        addresses: Addresses,
        voices: Callable[[str], Voice],
        *,
        with_pages: bool,
    ) -> None:
        self._connection = connection
        self._slug = slug
        self._newest = newest
        self._pages = pages
        self._addresses = addresses
        self._voices = voices
        self._with_pages = with_pages
        self._added = history.added(connection, slug)
        self._parting = parting(self._added)

    def files(self, since: int, rewritten: Iterable[Place]) -> Iterator[File]:
        """Those that events after a position may have changed, what is new before what leads to it: the newest page
        with its oldest update first, the older pages, and the story's first page last of all pages."""
        if not self._with_pages:
            yield self._fragment(self._stretch(self._parting.newest))
            return
        last: list[File] = []
        for number in reversed(self._changed(since, rewritten)):
            stretch = self._stretch(number)
            oldest_first, newest_first = self._both_orders(stretch, number)
            if number == self._parting.newest:
                last = [newest_first, self._fragment(stretch)]
            else:
                yield newest_first
            yield oldest_first
        yield from last

    def _stretch(self, number: int) -> Stretch:
        part = self._parting
        return history.stretch(self._connection, self._slug, part.first(number), part.end(number))

    def _both_orders(self, stretch: Stretch, number: int) -> tuple[File, File]:
        """A page with its oldest update first, and with its newest."""
        told = self._told(stretch, number, relative=True)
        spots = self._spots(told.links)
        return self._page(told, spots, oldest_first=True), self._page(told, spots, oldest_first=False)

    def _page(self, told: StoryPage, spots: Sequence[Spot], *, oldest_first: bool) -> File:
        name = self._parting.name(told.links.number, oldest_first=oldest_first)
        return self._path(name), self._pages.story(told, self._newest, spots, oldest_first=oldest_first)

    def _fragment(self, stretch: Stretch) -> File:
        told = self._told(stretch, self._parting.newest, relative=False)
        return self._path("fragment.html"), self._pages.fragment(told, self._spots(told.links))

    def _path(self, name: str) -> str:
        return f"stories/{self._slug}/{name}"

    def _changed(self, since: int, rewritten: Iterable[Place]) -> list[int]:
        """The numbers of the pages, in order. A page that is full changes only by what happens to what is on it, or
        forbids to show what once stood there."""
        newest = self._parting.newest
        before = full(sum(1 for one in self._added if one.position <= since))
        seen = lists.version_at(self._connection, self._slug, since)
        veiled = history.first_veiled(self._connection, self._slug, seen)
        numbers = {self._parting.page_of(place.version) for place in rewritten}
        numbers.update(range(before + 1, newest + 1))
        if veiled is not None:
            numbers.update(range(self._parting.page_of(veiled), newest + 1))
        return sorted(numbers)

    def _told(self, stretch: Stretch, number: int, *, relative: bool) -> StoryPage:
        links = Links(
            story=self._slug,
            number=number,
            parting=self._parting,
            addresses=self._addresses,
            relative=relative,
            to_pages=self._with_pages,
        )
        others = {other.story for _, head in stretch.heads for other in head.related}
        related = read.existing(self._connection, sorted(others)) if others else {}
        return StoryPage(stretch, related, links, self._pages.theme, self._voices(stretch.story.language))

    def _spots(self, links: Links) -> list[Spot]:
        """What stands on older pages, for addresses that were given when it stood on the newest one."""
        if links.number == 1 or links.number < self._parting.newest or not links.to_pages:
            return []
        words = self._voices(read.head(self._connection, self._slug).language).words
        return [
            Spot(
                anchor=anchor(spot),
                href=links.place(spot.version, anchor(spot)),
                words=spot.update if spot.kind == "update" and spot.update else words.kind(spot.kind),
            )
            for spot in history.spots(self._connection, self._slug, links.first)
        ]
