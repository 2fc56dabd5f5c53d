"""A feed's values, and the Atom (RFC 4287) and RSS 2.0 documents that feedgen makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import lru_cache
from typing import Any

from markupsafe import escape
from msgspec import Struct
from msgspec.structs import replace

from feed.dates import Instant, to_datetime
from feed.site import content, prose
from feed.site.addresses import ATOM, MEDIA_TYPES, RSS, Addresses, archive
from feed.site.entries import Entry
from feed.site.voice import Voice

DOCUMENT_BYTES = 250_000
# The bytes of text that an entry may have; the smaller ones are for a document that would be too long otherwise,
# and with the last of them the plain text beside the HTML is cut as well.
_ENTRY_BYTES = (prose.TEXT_BYTES, 3_000, 2_000, 1_000, 500, 0)
_LEAST_BYTES = 30


class Item(Struct, frozen=True, kw_only=True):
    """An entry with what is rendered of it once for all formats.

    `html` is the whole, sanitised, and may be empty; `text` is one line of plain text, never empty. `original`
    is the address of the update that the entry is about. `read_on` leads to what is cut off.
    """

    entry: Entry
    address: str
    original: str | None
    html: str
    text: str
    read_on: str


class Archive(Struct, frozen=True, kw_only=True):
    """Where a document stands in the chain of a feed's archives (RFC 5005 section 4).

    `number` is its own, None for the feed itself; `older` and `newer` are those of the archives beside it.
    """

    number: int | None = None
    older: int | None = None
    newer: int | None = None


class Channel(Struct, frozen=True, kw_only=True):
    """What stands in one folder as three feeds, or in one of their archives; `items` are newest first.

    `home` is the address of the page that the feeds are of, `folder` that of the folder, which ends in "/".
    `updated` is never the time of publishing (publishing.md section 2 rule 3). `author` is the name behind
    entries without one. `scheme` is a URI that ends in "/", under which the site's own categories have theirs.
    `hub` is the address of the WebSub hub that is told of changes.
    """

    id: str
    title: str
    description: str
    language: str
    home: str
    folder: str
    updated: Instant
    author: str
    scheme: str
    items: tuple[Item, ...]
    hub: str | None = None
    archive: Archive = Archive()


# A publisher that goes on running is asked for the same ones again and again: of a feed's fifty, one is new.
@lru_cache(maxsize=1_024)
def item(entry: Entry, addresses: Addresses, voice: Voice) -> Item:
    """Renders an entry."""
    markup = content.html(entry, voice)
    about = entry.original_anchor
    return Item(
        entry=entry,
        address=addresses.entry(entry.story, entry.anchor),
        original=addresses.entry(entry.story, about) if about else None,
        html=markup,
        text=content.text(entry, markup),
        read_on=voice.words.read_on,
    )


def atom(channel: Channel) -> bytes:
    """An Atom document; titles are plain text, contents HTML."""
    return fitted(channel, _atom)


def rss(channel: Channel) -> bytes:
    """An RSS 2.0 document; titles and descriptions are HTML text, as most readers take them."""
    return fitted(channel, _rss)


def fitted(channel: Channel, write: Callable[[Channel], bytes]) -> bytes:
    """What `write` makes of the channel, with every entry's HTML cut alike so that it stays under 250 KB.

    Where even entries without HTML and tags do not fit, the document is as long as they are: dropping entries
    would bring their ids back later, which readers take for news.
    """
    document = b""
    for limit in _ENTRY_BYTES:
        document = write(replace(channel, items=tuple(_shortened(item, limit) for item in channel.items)))
        if len(document) <= DOCUMENT_BYTES:
            break
    return document


def _shortened(item: Item, limit: int) -> Item:
    if item.html and limit and prose.is_short(item.html, limit):
        return item
    entry = item.entry if limit else replace(item.entry, tags=())
    markup, is_cut = prose.excerpt(item.html or prose.legal(f"<p>{escape(item.text)}</p>"), limit)
    if is_cut:
        markup += f'\n<p><a href="{escape(item.address)}">{escape(item.read_on)}</a></p>'
    text = item.text if limit else prose.cut(item.text, _LEAST_BYTES)
    return replace(item, entry=entry, html=markup, text=text)


def _atom(channel: Channel) -> bytes:
    feed = _generator(channel)
    feed.title(channel.title)
    feed.subtitle(channel.description)
    feed.author(name=channel.author)
    for rel, name in _chain(channel):
        feed.link(rel=rel, href=channel.folder + name, type=MEDIA_TYPES[ATOM])
    feed.link(rel="alternate", href=channel.home, type="text/html")
    if channel.hub:
        feed.link(rel="hub", href=channel.hub)
    if channel.archive.number:
        feed.story.archive()
    for item in channel.items:
        entry = _atom_entry(item, channel.scheme, channel.language)
        feed.add_entry(_Made(entry), order="append")
        if _is_stub(item.entry):
            feed.story.delete(item.entry.id, item.entry.updated_at)
    document: bytes = feed.atom_str(pretty=True)
    return document


def _chain(channel: Channel) -> Iterator[tuple[str, str]]:
    """The links of an Atom document to itself and through the archives, by their relation (RFC 5005 section 4)."""
    place = channel.archive
    yield "self", archive(ATOM, place.number) if place.number else ATOM
    if place.number:
        yield "current", ATOM
    if place.older:
        yield "prev-archive", archive(ATOM, place.older)
    if place.newer:
        yield "next-archive", archive(ATOM, place.newer)


@lru_cache(maxsize=1_024)
def _atom_entry(item: Item, scheme: str, language: str) -> Any:
    """The element of an entry in feeds of this language, for as many feeds as hold it."""
    entry = _entry(item, scheme)
    entry.title(item.entry.title)
    entry.updated(to_datetime(item.entry.updated_at))
    if item.entry.author:
        entry.author(name=item.entry.author)
    entry.content(item.html, type="html")
    entry.story.address(item.address)
    if item.entry.language != language:
        entry.story.language(item.entry.language)
    return entry.atom_entry()


def _rss(channel: Channel) -> bytes:
    from feed.site import feedgen_ext

    feed = _generator(channel)
    feed.register_extension("creator", feedgen_ext.CreatorFeedExtension, atom=False)
    feed.title(_html_text(channel.title))
    feed.description(_html_text(channel.description))
    feed.link(rel="self", href=channel.folder + RSS, type=MEDIA_TYPES[RSS])
    if channel.hub:
        feed.story.hub(channel.hub)
    # The last link is the channel's.
    feed.link(rel="alternate", href=channel.home)
    for item in channel.items:
        made = _rss_item(item, channel.scheme, item.entry.author or channel.author)
        feed.add_entry(_Made(made), order="append")
    document: bytes = feed.rss_str(pretty=True)
    return document


@lru_cache(maxsize=1_024)
def _rss_item(item: Item, scheme: str, author: str) -> Any:
    """The element of an item, for as many feeds as hold it."""
    from feed.site import feedgen_ext

    entry = _entry(item, scheme)
    entry.title(_html_text(item.entry.title))
    entry.link(href=item.address)
    entry.description(_html_text(item.text))
    entry.content(item.html)
    entry.register_extension("creator", feedgen_ext.CreatorExtension, atom=False)
    entry.creator.name(author)
    return entry.rss_entry()


class _Made:
    """An entry as FeedGenerator takes it, of which the element is made already."""

    def __init__(self, element: Any) -> None:
        self._element = element

    def register_extension(self, *_extension: object) -> None:
        """What an extension adds is in the element."""

    def atom_entry(self) -> Any:
        """A copy, as an element can stand in one document only."""
        return deepcopy(self._element)

    rss_entry = atom_entry


def _generator(channel: Channel) -> Any:
    """A FeedGenerator with what both formats have; its own version stamp and clock are set aside."""
    from feedgen.feed import FeedGenerator

    from feed.site import feedgen_ext

    feed = FeedGenerator()
    feed.register_extension("story", feedgen_ext.FeedExtension, feedgen_ext.EntryExtension)
    feed.id(channel.id)
    feed.updated(to_datetime(channel.updated))
    feed.language(channel.language)
    feed.generator("")
    feed.docs("")
    return feed


def _entry(item: Item, scheme: str) -> Any:
    """A FeedEntry with what both formats have."""
    from feedgen.entry import FeedEntry

    from feed.site import feedgen_ext

    entry = FeedEntry()
    entry.register_extension("story", feedgen_ext.EntryExtension)
    entry.id(item.entry.id)
    entry.published(to_datetime(item.entry.published_at))
    entry.category([{"term": tag} for tag in item.entry.tags])
    entry.category(term=item.entry.kind, scheme=f"{scheme}kind")
    if item.entry.key:
        entry.category(term="key", scheme=f"{scheme}key")
    if item.entry.original and item.original:
        entry.story.reply(item.entry.original, item.original)
    return entry


def _is_stub(entry: Entry) -> bool:
    """Whether the entry said something once that was withdrawn; the withdrawal's own entry did not."""
    return entry.withdrawal is not None and entry.kind != "withdrawal"


def _html_text(plain: str) -> str:
    """Plain text as HTML; quotation marks stay, for readers that show titles as they come."""
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
