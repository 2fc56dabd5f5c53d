"""Where what is published can be reached (publishing.md section 1): every address is absolute."""

from __future__ import annotations

from msgspec import Struct

ATOM, RSS, JSON = "atom.xml", "rss.xml", "feed.json"
# The media types of the three feeds that stand in a folder (RFC 4287 section 7, RSS Advisory Board, JSON Feed 1.1).
MEDIA_TYPES = {ATOM: "application/atom+xml", RSS: "application/rss+xml", JSON: "application/feed+json"}
FORMATS = {ATOM: "Atom", RSS: "RSS", JSON: "JSON Feed"}


class Addresses(Struct, frozen=True, kw_only=True):
    """`url` is the site's home page; it ends in "/" and may have a path.

    `entry_link` is a pattern with {story} and {anchor} for a site of one's own that shows the developments.
    """

    url: str
    entry_link: str | None = None

    def story(self, slug: str) -> str:
        """A story's page, and the folder of its feeds."""
        return f"{self.url}stories/{slug}/"

    def entry(self, slug: str, anchor: str) -> str:
        """A development's place on its story's page."""
        if self.entry_link is not None:
            return self.entry_link.format(story=slug, anchor=anchor)
        return f"{self.story(slug)}#{anchor}"


def archive(name: str, number: int) -> str:
    """The place of an archive document beside its feed: archive/atom-00001.xml, archive/feed-00001.json."""
    stem, _, ending = name.partition(".")
    return f"archive/{stem}-{number:05}.{ending}"


def is_feed(path: str) -> bool:
    """Whether it is the path of a feed, which a hub has as a topic (WebSub); the documents of its archive are none."""
    return path.rpartition("/")[2] in MEDIA_TYPES
