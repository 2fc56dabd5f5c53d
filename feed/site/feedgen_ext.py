"""What feedgen gets wrong or lacks, as one extension of it (publishing.md section 3).

feedgen asks an extension for namespaces, and hands it each finished element to complete. Its Atom elements
carry no namespace of their own, but stand under `<feed xmlns="…Atom">`: ours are made alike.
"""

from __future__ import annotations

from typing import Any

from lxml.etree import SubElement

from feed.dates import Instant, to_datetime

THREADING = "http://purl.org/syndication/thread/1.0"
DELETED = "http://purl.org/atompub/tombstones/1.0"
HISTORY = "http://purl.org/syndication/history/1.0"
ATOM = "http://www.w3.org/2005/Atom"
DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


class FeedExtension:
    """The feed's part, of which feedgen knows nothing.

    - Tombstones (RFC 6721), and the mark of an archive document (RFC 5005 section 4).
    - The hub of an RSS channel (WebSub section 4): feedgen writes no atom:link but "self" into RSS.
    """

    def __init__(self) -> None:
        self._deleted: list[tuple[str, Instant]] = []
        self._is_archive = False
        self._hub: str | None = None

    def archive(self) -> None:
        """This document is an archive."""
        self._is_archive = True

    def hub(self, address: str) -> None:
        self._hub = address

    def delete(self, entry_id: str, when: Instant) -> None:
        self._deleted.append((entry_id, when))

    def extend_ns(self) -> dict[str, str]:
        return (
            {"thr": THREADING}
            | ({"at": DELETED} if self._deleted else {})
            | ({"fh": HISTORY} if self._is_archive else {})
        )

    def extend_atom(self, feed: Any) -> None:
        """RFC 6721 section 3: `ref` is the entry's id, `when` a date-time of RFC 3339."""
        if self._is_archive:
            SubElement(feed, f"{{{HISTORY}}}archive")
        for entry_id, when in self._deleted:
            SubElement(feed, f"{{{DELETED}}}deleted-entry", ref=entry_id, when=to_datetime(when).isoformat())

    def extend_rss(self, rss: Any) -> None:
        """RSS has neither tombstones nor archives."""
        if self._hub:
            SubElement(rss.find("channel"), f"{{{ATOM}}}link", rel="hub", href=self._hub)


class EntryExtension:
    """An entry's part.

    - Links: feedgen's own have neither rel nor type, and two of them make the entry invalid (RFC 4287 section
      4.1.2: no two alternates of one type and language), so it is given none.
    - Replies (RFC 4685 section 3) and the language of an entry that is not the feed's: feedgen has no means.
    """

    def __init__(self) -> None:
        self._address = ""
        self._language: str | None = None
        self._original: tuple[str, str] | None = None

    def address(self, address: str) -> None:
        self._address = address

    def language(self, language: str) -> None:
        self._language = language

    def reply(self, entry_id: str, address: str) -> None:
        """This entry is about another one."""
        self._original = (entry_id, address)

    def extend_atom(self, entry: Any) -> None:
        if self._language:
            entry.set(_LANG, self._language)
        SubElement(entry, "link", rel="alternate", type="text/html", href=self._address)
        if self._original:
            SubElement(entry, "link", rel="related", type="text/html", href=self._original[1])
        self._in_reply_to(entry)

    def extend_rss(self, item: Any) -> None:
        self._in_reply_to(item)

    def _in_reply_to(self, element: Any) -> None:
        if self._original:
            ref, href = self._original
            SubElement(element, f"{{{THREADING}}}in-reply-to", ref=ref, href=href, type="text/html")


class CreatorFeedExtension:
    """The namespace of the authors of RSS items."""

    def extend_ns(self) -> dict[str, str]:
        return {"dc": DUBLIN_CORE}

    def extend_rss(self, rss: Any) -> None:
        """A channel has none."""


class CreatorExtension:
    """The author of an RSS item, as Dublin Core's creator: feedgen puts one into RSS only with an email address, and
    its own extension for Dublin Core looks for fifteen elements in every item."""

    def __init__(self) -> None:
        self._name = ""

    def name(self, name: str) -> None:
        self._name = name

    def extend_rss(self, item: Any) -> None:
        SubElement(item, f"{{{DUBLIN_CORE}}}creator").text = self._name
