"""Which pages a story has, and which of them what happened since has changed: (path, bytes)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

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
        """Those that events after a position may have changed, the story's first page last."""
        folder, part = f"stories/{self._slug}/", self._parting
        for number in self._changed(since, rewritten):
            stretch = history.stretch(self._connection, self._slug, part.first(number), part.end(number))
            if self._with_pages:
                told = self._told(stretch, number, relative=True)
                spots = self._spots(told.links)
                for oldest_first in (True, False):
                    page = self._pages.story(told, self._newest, spots, oldest_first=oldest_first)
                    yield folder + part.name(number, oldest_first=oldest_first), page
            if number == part.newest:
                told = self._told(stretch, number, relative=False)
                yield f"{folder}fragment.html", self._pages.fragment(told, self._spots(told.links))

    def _changed(self, since: int, rewritten: Iterable[Place]) -> list[int]:
        """The numbers of the pages, in order. A page that is full changes only by what happens to what is on it, or
        forbids to show what once stood there."""
        newest = self._parting.newest
        if not self._with_pages:
            return [newest]
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
