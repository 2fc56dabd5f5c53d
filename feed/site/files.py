"""Which files a site consists of, and what is in each: (path, bytes), from one snapshot of the read tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import Connection

from feed.dates import Instant
from feed.developments import CORRECTIONS, KEY, Development
from feed.projections import lists, read
from feed.projections.lists import Span
from feed.settings import Settings
from feed.site.addresses import ATOM, JSON, RSS, Addresses, archive
from feed.site.entries import entry
from feed.site.feeds import Archive, Channel, Item, atom, item, rss
from feed.site.jsonfeed import json_feed
from feed.site.opml import Outline, opml
from feed.site.pages import fragment, site_page, story_page, title
from feed.site.voice import Voice, voice
from feed.story import Story

# A feed holds its newest developments, this many, and an archive document as many (publishing.md section 2).
FEED_ENTRIES = 50
# A page shows this many, so that it costs the same however long the story grows.
PAGE_ENTRIES = 200
OPML_STORIES = 200
# Entries kept while they may be needed again by another feed of the same publish.
KEPT_ITEMS = 5_000

File = tuple[str, bytes]


class _Feed(Struct, frozen=True, kw_only=True):
    """What the documents of one feed have in common; `folder` is relative, and ends in "/" or is empty.

    `opened_at` is the feed's time while it has no entry.
    """

    folder: str
    id: str
    title: str
    description: str
    language: str
    home: str
    opened_at: Instant


class Site:
    """The files of one publish, in an order in which nothing ever points at what is not there."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self.addresses = Addresses(url=settings.site.url, entry_link=settings.site.entry_link)
        self._connection = connection
        self._settings = settings
        self._site = settings.site
        self._voices: dict[str, Voice] = {}
        self._items: dict[int, Item] = {}

    def files(self, since: int) -> Iterator[File]:
        """The files that events after a position may have changed; after 0, all."""
        slugs = read.touched_since(self._connection, since)
        if not slugs and since:
            return
        rewritten: list[lists.Place] = []
        for slug in slugs:
            of_story = lists.rewritten(self._connection, slug, since)
            yield from self._story_files(slug, since, of_story)
            rewritten += of_story
        yield from self._channel_files(since, rewritten)
        feed, span = self._site_feed(), lists.span(self._connection, None, since)
        yield from self._archives(feed, span, [place.number for place in rewritten])
        newest = lists.newest(self._connection, FEED_ENTRIES)
        if self._settings.publish.pages:
            spoken = self._voice(self._site.language)
            yield "index.html", site_page(feed.title, self._rendered(newest), self.addresses, spoken)
        yield from self._feed_files(feed, newest, span)
        yield from self._opml_files(feed)

    def _story_files(self, slug: str, since: int, rewritten: Iterable[lists.Place]) -> Iterator[File]:
        story = read.head(self._connection, slug)
        newest = lists.newest(self._connection, PAGE_ENTRIES, slug=slug)
        feed, span = self._story_feed(story), lists.span(self._connection, slug, since)
        shown = (story, self._rendered(newest), self.addresses, self._voice(story.language))
        if self._settings.publish.pages:
            yield f"{feed.folder}index.html", story_page(*shown)
        yield f"{feed.folder}fragment.html", fragment(*shown)
        yield from self._archives(feed, span, [place.story_number for place in rewritten])
        yield from self._feed_files(feed, newest[:FEED_ENTRIES], span)

    def _channel_files(self, since: int, rewritten: Iterable[lists.Place]) -> Iterator[File]:
        """The feeds of topics, the corrections feed and the key feed."""
        for name in lists.channels_since(self._connection, since, [place.number for place in rewritten]):
            newest = lists.newest(self._connection, FEED_ENTRIES, channel=name)
            yield from self._feed_files(self._channel_feed(name), newest, None)
        if since == 0:
            empty = {CORRECTIONS, KEY}.difference(lists.channels_since(self._connection, 0, ()))
            for name in sorted(empty):
                yield from self._feed_files(self._channel_feed(name), (), None)

    def _archives(self, feed: _Feed, span: Span, rewritten: Iterable[int]) -> Iterator[File]:
        """The archive documents that are new, or whose entries or neighbours have changed."""
        count, before = span.last // FEED_ENTRIES, span.before // FEED_ENTRIES
        changed = {(number - 1) // FEED_ENTRIES + 1 for number in rewritten}
        changed.update(range(before if before and count > before else before + 1, count + 1))
        for number in sorted(number for number in changed if 0 < number <= count):
            first = (number - 1) * FEED_ENTRIES + 1
            held = lists.numbered(self._connection, span.slug, first, number * FEED_ENTRIES)
            place = Archive(number=number, older=number - 1 or None, newer=number + 1 if number < count else None)
            channel = self._channel(feed, held, place)
            yield feed.folder + archive(ATOM, number), atom(channel)
            yield feed.folder + archive(JSON, number), json_feed(channel)

    def _feed_files(self, feed: _Feed, newest: Sequence[Development], span: Span | None) -> Iterator[File]:
        """A feed's three documents; without a span it has no archives."""
        place = Archive(older=span.last // FEED_ENTRIES or None) if span else Archive()
        channel = self._channel(feed, newest, place)
        formats: tuple[tuple[str, Callable[[Channel], bytes]], ...] = ((ATOM, atom), (RSS, rss), (JSON, json_feed))
        for name, write in formats:
            yield feed.folder + name, write(channel)

    def _opml_files(self, site: _Feed) -> Iterator[File]:
        feeds = [site, self._channel_feed(KEY), self._channel_feed(CORRECTIONS)]
        yield "feeds.opml", opml(site.title, map(self._outline, feeds))
        stories = [self._story_feed(story) for story in read.open_stories(self._connection, OPML_STORIES)]
        # A list has at least one subscription (OPML 2.0, "body"): while no story is open, the site's.
        yield "stories.opml", opml(site.title, map(self._outline, stories or [site]))

    def _outline(self, feed: _Feed) -> Outline:
        return Outline(title=feed.title, feed=f"{self.addresses.url}{feed.folder}{ATOM}", home=feed.home)

    def _channel(self, feed: _Feed, developments: Sequence[Development], place: Archive) -> Channel:
        items = self._rendered(developments)
        return Channel(
            id=feed.id,
            title=feed.title,
            description=feed.description,
            language=feed.language,
            home=feed.home,
            folder=self.addresses.url + feed.folder,
            # When it last said something that it had not said, whenever that is published.
            updated=max((item.entry.updated_at for item in items), default=feed.opened_at),
            author=self._site.title,
            scheme=self._tag(""),
            items=tuple(items),
            hub=self._settings.websub.hub,
            archive=place,
        )

    def _site_feed(self) -> _Feed:
        return self._feed_of_site("", self._site.title)

    def _channel_feed(self, name: str) -> _Feed:
        words = self._voice(self._site.language).words
        if name == CORRECTIONS:
            return self._feed_of_site(name, f"{self._site.title}: {words.corrections}")
        if name == KEY:
            return self._feed_of_site(name, f"{self._site.title}: {words.key_updates}")
        tag = lists.spelling(self._connection, name)
        title = words.topic_feed.format(site=self._site.title, topic=tag) if tag else self._site.title
        return self._feed_of_site(name, title)

    def _feed_of_site(self, name: str, title: str) -> _Feed:
        return _Feed(
            folder=f"{name}/" if name else "",
            id=self._tag(name),
            title=title,
            description=title,
            language=self._site.language,
            home=self.addresses.url,
            opened_at=f"{self._site.since}T00:00:00.000000Z",
        )

    def _story_feed(self, story: Story) -> _Feed:
        withdrawn = story.withdrawal.notice if story.withdrawal else None
        return _Feed(
            folder=f"stories/{story.slug}/",
            id=story.uri,
            title=title(story, self._voice(story.language)),
            description=withdrawn or story.summary or story.headline,
            language=story.language,
            home=self.addresses.story(story.slug),
            opened_at=story.opened_at,
        )

    def _tag(self, name: str) -> str:
        """A tag URI of the site's (RFC 4151)."""
        return f"tag:{self._site.authority},{self._site.since}:/{name}"

    def _voice(self, language: str) -> Voice:
        if language not in self._voices:
            zone = ZoneInfo(self._site.timezone)
            self._voices[language] = voice(language, self._settings.words, zone)
        return self._voices[language]

    def _rendered(self, developments: Sequence[Development]) -> list[Item]:
        """The developments as items, each rendered once for all the feeds that hold it."""
        if len(self._items) > KEPT_ITEMS:
            self._items.clear()
        missing = [one for one in developments if one.position not in self._items]
        self._items |= {told.development.position: self._item(told) for told in read.told(self._connection, missing)}
        return [self._items[one.position] for one in developments]

    def _item(self, told: read.Told) -> Item:
        spoken = self._voice(told.story.language)
        shown = entry(told.development, told.story, told.update, told.statements, spoken)
        return item(shown, self.addresses, spoken)
