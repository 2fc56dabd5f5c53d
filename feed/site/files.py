"""Which files a site consists of, and what is in each: (path, bytes), from one snapshot of the read tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import Connection

from feed.dates import Instant
from feed.developments import CORRECTIONS, KEY, Development
from feed.projections import lists, read
from feed.projections.lists import Span
from feed.settings import Settings
from feed.site.addresses import ATOM, JSON, RSS, Addresses, archive
from feed.site.crew import Crew, File, Rendered
from feed.site.entries import entry, story_title
from feed.site.feeds import Archive, Channel, Item, atom, item, rss
from feed.site.jsonfeed import json_feed
from feed.site.list_files import ListFiles
from feed.site.opml import Outline, opml
from feed.site.pages import Feed, Offer, Pages, feeds_of
from feed.site.story_files import StoryFiles
from feed.site.theme import Theme
from feed.site.voice import Voice, voice
from feed.story import Story

# A feed holds its newest developments, this many, and an archive document as many (publishing.md section 2).
FEED_ENTRIES = 50
OPML = ("feeds.opml", "stories.opml")
OPML_TYPE = "text/x-opml"
OPML_STORIES = 200
# Entries kept while they may be needed again by another feed of the same publish.
KEPT_ITEMS = 5_000


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
    """The files of one publish, in an order in which nothing ever points at what is not there. A crew renders stories
    where there is one."""

    def __init__(self, connection: Connection, settings: Settings, crew: Crew | None = None) -> None:
        self.addresses = Addresses(url=settings.site.url, entry_link=settings.site.entry_link)
        self._connection = connection
        self._settings = settings
        self._site = settings.site
        self._crew = crew
        self._theme = Theme(settings.theme)
        self._voices: dict[str, Voice] = {}
        self._items: dict[int, Item] = {}
        spoken = self._voice(self._site.language)
        self._pages = Pages(self._theme, self.addresses, self._site.title, spoken, self._offers())
        self._lists = ListFiles(connection, self._pages, self.addresses, spoken, self._rendered)

    def files(self, since: int, shown: int) -> Iterator[File]:
        """The files that events after a position may have changed; after 0, all. What is new since `shown`, the
        position of the last publish, comes before what leads to it."""
        touched = read.touched_since(self._connection, since)
        if not touched and since:
            return
        if self._has_pages and not since:
            yield from self._theme.static()
        begun = lists.begun_since(self._connection, lists.channels_since(self._connection, since, ()), shown)
        rewritten: list[lists.Place] = []
        yield from self._stories_files((slug for slug in touched if touched[slug] > shown), since, rewritten)
        yield from self._channel_files(begun, since, ())
        yield from self._stories_files((slug for slug in touched if touched[slug] <= shown), since, rewritten)
        yield from self._relating_files(touched, since)
        yield from self._channel_files(self._other_channels(begun, since, rewritten), since, rewritten)
        feed, span = self._site_feed(), lists.span(self._connection, None, since)
        yield from self._archives(feed, span, [place.number for place in rewritten])
        newest = lists.newest(self._connection, FEED_ENTRIES)
        if self._has_pages:
            yield from self._lists.stories(since, touched.values())
            yield self._lists.index(newest)
        yield from self._feed_files(feed, newest, span)
        yield from self._opml_files(feed)

    @property
    def _has_pages(self) -> bool:
        return self._settings.publish.pages

    def story(self, slug: str, since: int) -> Rendered:
        """What events after a position may have changed of a story."""
        rewritten = lists.rewritten(self._connection, slug, since)
        newest = lists.newest(self._connection, FEED_ENTRIES, slug=slug)
        feed, span = self._story_feed(read.head(self._connection, slug)), lists.span(self._connection, slug, since)
        files = [
            *self._story_pages(slug, newest).files(since, rewritten),
            *self._archives(feed, span, [place.story_number for place in rewritten]),
            *self._feed_files(feed, newest, span),
        ]
        return files, rewritten

    def _stories_files(self, slugs: Iterable[str], since: int, rewritten: list[lists.Place]) -> Iterator[File]:
        """The files of these stories; `rewritten` is added to."""
        if self._crew is None:
            stories: Iterable[Rendered] = (self.story(slug, since) for slug in slugs)
        else:
            stories = self._crew.render(slugs, since, self.story)
        for files, of_story in stories:
            yield from files
            rewritten += of_story

    def _story_pages(self, slug: str, newest: Sequence[Development]) -> StoryFiles:
        latest = self._rendered(newest[:1])
        return StoryFiles(
            self._connection,
            slug,
            latest[0].entry.id if latest else "",
            self._pages,
            self.addresses,
            self._voice,
            with_pages=self._has_pages,
        )

    def _relating_files(self, slugs: Collection[str], since: int) -> Iterator[File]:
        """The pages that show the name of a story which has been opened, renamed or withdrawn."""
        renamed = [slug for slug in slugs if lists.is_renamed_since(self._connection, slug, since)] if since else ()
        for slug in read.relating(self._connection, renamed):
            if slug not in slugs:
                newest = lists.newest(self._connection, 1, slug=slug)
                yield from self._story_pages(slug, newest).files(since, ())

    def _other_channels(self, begun: Sequence[str], since: int, rewritten: Iterable[lists.Place]) -> list[str]:
        """The channels that may have changed, but for those that have begun."""
        changed = lists.channels_since(self._connection, since, [place.number for place in rewritten])
        return sorted({*changed, *(() if since else (CORRECTIONS, KEY))} - {*begun})

    def _channel_files(self, names: Iterable[str], since: int, rewritten: Iterable[lists.Place]) -> Iterator[File]:
        """Pages and feeds of topics and of corrections, and the key feed."""
        numbers = [place.number for place in rewritten]
        for name in names:
            newest = lists.newest(self._connection, FEED_ENTRIES, channel=name)
            feed = self._channel_feed(name)
            if self._has_pages and name == CORRECTIONS:
                yield from self._lists.corrections(feed.title, since, numbers)
            elif self._has_pages and name != KEY:
                yield from self._lists.topic(name, feed.title, newest)
            yield from self._feed_files(feed, newest, None)

    def _archives(self, feed: _Feed, span: Span, rewritten: Iterable[int]) -> Iterator[File]:
        """The archive documents that are new, or whose entries or neighbours have changed."""
        count, before = span.last // FEED_ENTRIES, span.before // FEED_ENTRIES
        changed = {(number - 1) // FEED_ENTRIES + 1 for number in rewritten}
        changed.update(range(before if before and count > before else before + 1, count + 1))
        # An older one leads to the next.
        for number in sorted((number for number in changed if 0 < number <= count), reverse=True):
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

    def _offers(self) -> list[Offer]:
        """The site's feeds, as its pages offer them, and lists of feeds."""
        words = self._voice(self._site.language).words
        named = ((self._site_feed(), words.stories), *((self._channel_feed(name), "") for name in (KEY, CORRECTIONS)))
        offers = [
            Offer(feeds=feeds_of(self.addresses.url + feed.folder, feed.title), name=name or feed.title)
            for feed, name in named
        ]
        listed = zip(OPML, (words.reading_list, words.reading_list_open), strict=True)
        of_lists = tuple(
            Feed(format=called, media_type=OPML_TYPE, title=called, address=self.addresses.url + name)
            for name, called in listed
        )
        return [*offers, Offer(feeds=of_lists, name=words.reading_lists)]

    def _opml_files(self, site: _Feed) -> Iterator[File]:
        feeds = [site, self._channel_feed(KEY), self._channel_feed(CORRECTIONS)]
        yield OPML[0], opml(site.title, map(self._outline, feeds))
        stories = [self._story_feed(story) for story in read.open_stories(self._connection, OPML_STORIES)]
        # A list has at least one subscription (OPML 2.0, "body"): while no story is open, the site's.
        yield OPML[1], opml(site.title, map(self._outline, stories or [site]))

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
        tag = lists.spellings(self._connection, [name]).get(name)
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
            title=story_title(story, self._voice(story.language)),
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
