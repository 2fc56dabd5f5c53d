"""The pages that list stories and developments, and which of them what happened since has changed: (path, bytes)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from sqlalchemy import Connection

from feed.developments import CORRECTIONS, Development
from feed.projections import lists, read
from feed.site.addresses import Addresses
from feed.site.feeds import Item
from feed.site.pages import Leaf, Pages
from feed.site.parts import INDEX, PART, full, page_name
from feed.site.sitemap import Page as Listed
from feed.site.sitemap import sitemap, sitemap_index
from feed.site.voice import Voice
from feed.topics import topic

# How many of the site's stories and developments its first page shows.
OPEN_STORIES, CLOSED_STORIES, NEWS = 20, 10, 30

File = tuple[str, bytes]


class ListFiles:
    """The site's first page, the lists of stories and of corrections, and the sitemaps."""

    def __init__(
        self,
        connection: Connection,
        pages: Pages,
        addresses: Addresses,
        voice: Voice,
        render: Callable[[Sequence[Development]], list[Item]],
    ) -> None:
        self._connection = connection
        self._pages = pages
        self._addresses = addresses
        self._voice = voice
        self._render = render

    def topic(self, folder: str, title: str, newest: Sequence[Development]) -> Iterator[File]:
        """The page of a topic."""
        yield f"{folder}/{INDEX}", self._pages.topic(folder, title, self._shown(newest))

    def corrections(self, title: str, since: int, rewritten: Iterable[int]) -> Iterator[File]:
        """The pages of all corrections that events after a position may have changed; `rewritten` are numbers of
        developments."""
        count, before = (lists.count(self._connection, CORRECTIONS, until) for until in (None, since))
        changed = lists.ranks(self._connection, CORRECTIONS, rewritten)
        for number in _changed(count, before, changed):
            first, last = _range(number, count)
            items = self._render(lists.listed(self._connection, CORRECTIONS, first, last))
            name = page_name(number, count)
            yield f"corrections/{name}", self._pages.corrections(title, items[::-1], self._leaves(number, count), name)

    def stories(self, since: int, touched: Iterable[int]) -> Iterator[File]:
        """The pages of all stories, by their opening, newest first, and the sitemaps, which events after a position
        may have changed; `touched` are the positions at which the stories with such events were opened."""
        count, before = (read.count_opened(self._connection, until) for until in (None, since))
        ranks = {read.count_opened(self._connection, opened) for opened in touched} if since else range(1, count + 1)
        for number in _changed(count, before, ranks):
            first, last = _range(number, count)
            found = read.opened(self._connection, first, last)
            name = page_name(number, count)
            yield f"stories/{name}", self._pages.stories(found[::-1], self._leaves(number, count), name)
        yield from self._sitemaps(count, ranks)

    def index(self, newest: Sequence[Development]) -> File:
        """The site's first page."""
        opened = read.latest(self._connection, OPEN_STORIES, "open")
        closed = read.latest(self._connection, CLOSED_STORIES, "closed")
        items = self._shown(newest)[:NEWS]
        tags = [
            *(tag for story in (*opened, *closed) for tag in story.tags),
            *(tag for one in items for tag in one.entry.tags),
        ]
        names = lists.spellings(self._connection, sorted({f"topics/{topic(tag)}" for tag in tags}))
        topics = dict(sorted(names.items(), key=lambda pair: pair[1].casefold()))
        return INDEX, self._pages.index(opened, closed, items, topics)

    def _sitemaps(self, count: int, ranks: Iterable[int]) -> Iterator[File]:
        """A sitemap holds a fixed run of stories, by their opening; the first one holds the site's own pages."""
        url = self._addresses.url
        own = (url, f"{url}stories/", f"{url}corrections/")
        yield _sitemap_name(0), sitemap(Listed(address=address, updated=None) for address in own)
        for number in sorted({-(-rank // PART) for rank in ranks}):
            found = read.opened(self._connection, (number - 1) * PART + 1, number * PART)
            listed = (Listed(address=self._addresses.story(one.slug), updated=one.updated_at) for one in found)
            yield _sitemap_name(number), sitemap(listed)
        yield "sitemap.xml", sitemap_index(url + _sitemap_name(number) for number in range(-(-count // PART) + 1))

    def _leaves(self, number: int, count: int) -> list[Leaf]:
        """All pages of a list, the newest first. A page that is full knows of the newest one only, so that it stays as
        it is."""
        newest = full(count) + 1
        numbers = range(newest, 0, -1) if number == newest else [newest, *(n for n in (number, number - 1) if n > 0)]
        return [
            Leaf(
                words=self._voice.words.newest if one == newest else str(one),
                href=None if one == number else "./" if one == newest else page_name(one, count),
            )
            for one in numbers
        ]

    def _shown(self, developments: Sequence[Development]) -> list[Item]:
        """As items, but for what is nothing but a second mark of a withdrawal."""
        return [
            one for one in self._render(developments) if one.entry.withdrawal is None or one.entry.kind == "withdrawal"
        ]


def _changed(count: int, before: int, ranks: Iterable[int]) -> list[int]:
    """The pages of a list that has grown, or of which things at these places, counted from 1, have changed."""
    newest = full(count) + 1
    numbers = {min((rank - 1) // PART + 1, newest) for rank in ranks}
    return sorted(numbers | set(range(full(before) + 1, newest + 1)))


def _range(number: int, count: int) -> tuple[int, int]:
    """The places of the first and the last thing on a page."""
    first = (number - 1) * PART + 1
    return first, count if number > full(count) else first + PART - 1


def _sitemap_name(number: int) -> str:
    return f"sitemap-{number:05}.xml"
