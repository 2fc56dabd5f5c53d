"""Which files a site consists of, and what is in each: (path, bytes), from one snapshot of the read tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from feed.dates import Instant, format_instant
from feed.developments import Development
from feed.projections import read
from feed.settings import Settings
from feed.site.addresses import Addresses
from feed.site.entries import entry
from feed.site.feeds import Channel, Item, atom, item, rss
from feed.site.jsonfeed import json_feed
from feed.site.pages import story_page, title
from feed.story import Story

# A feed holds its newest developments, this many (publishing.md section 2 rule 1).
FEED_ENTRIES = 50
# A page shows this many, so that it costs the same however long the story grows.
PAGE_ENTRIES = 200

File = tuple[str, bytes]


class Site:
    """The files of one publish, in an order in which nothing ever points at what is not there."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self.addresses = Addresses(url=settings.site.url)
        self._connection = connection
        self._site = settings.site
        self._format_time = partial(format_instant, timezone=ZoneInfo(settings.site.timezone))
        self._newest = read.newest(connection, FEED_ENTRIES)
        # What stands in the feed of a story and in that of the site is rendered once.
        self._shared: dict[int, Item] = {}

    def files(self, since: int) -> Iterator[File]:
        """The files that events after a position may have changed; after 0, all."""
        slugs = read.touched_since(self._connection, since)
        for slug in slugs:
            yield from self._story_files(slug)
        if slugs or since == 0:
            yield from _feeds("", self._site_channel())

    def _story_files(self, slug: str) -> Iterator[File]:
        story = read.head(self._connection, slug)
        items = self._items(read.newest(self._connection, PAGE_ENTRIES, slug=slug))
        yield f"stories/{slug}/index.html", story_page(story, items, self.addresses, self._format_time)
        yield from _feeds(f"stories/{slug}/", self._story_channel(story, items[:FEED_ENTRIES]))

    def _items(self, developments: Sequence[Development]) -> list[Item]:
        """The developments rendered; what stands in the site's own feed is kept for it."""
        missing = [one for one in developments if one.position not in self._shared]
        made = {told.development.position: self._item(told) for told in read.told(self._connection, missing)}
        self._shared |= {one.position: made[one.position] for one in self._newest if one.position in made}
        return [made.get(one.position) or self._shared[one.position] for one in developments]

    def _item(self, told: read.Told) -> Item:
        shown = entry(told.development, told.story, told.update, told.statements, self._format_time)
        return item(shown, self.addresses, self._format_time)

    def _site_channel(self) -> Channel:
        items = self._items(self._newest)
        return self._channel(
            items,
            id=f"tag:{self._site.authority},{self._site.since}:/",
            title=self._site.title,
            description=self._site.title,
            language=self._site.language,
            home=self.addresses.url,
            opened_at=f"{self._site.since}T00:00:00.000000Z",
        )

    def _story_channel(self, story: Story, items: Sequence[Item]) -> Channel:
        withdrawn = story.withdrawal.notice if story.withdrawal else None
        return self._channel(
            items,
            id=story.uri,
            title=title(story, self._format_time),
            description=withdrawn or story.summary or story.headline,
            language=story.language,
            home=self.addresses.story(story.slug),
            opened_at=story.opened_at,
        )

    def _channel(self, items: Sequence[Item], *, opened_at: Instant, home: str, **names: str) -> Channel:
        return Channel(
            **names,
            home=home,
            folder=home,
            # When it last said something that it had not said, whenever that is published.
            updated=max((item.entry.updated_at for item in items), default=opened_at),
            author=self._site.title,
            scheme=f"tag:{self._site.authority},{self._site.since}:/",
            items=tuple(items),
        )


def _feeds(folder: str, channel: Channel) -> Iterator[File]:
    yield f"{folder}atom.xml", atom(channel)
    yield f"{folder}rss.xml", rss(channel)
    yield f"{folder}feed.json", json_feed(channel)
