"""Lists of feeds that a reader imports (OPML 2.0, http://opml.org/spec2.opml)."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct


class Outline(Struct, frozen=True, kw_only=True):
    """A feed to subscribe to: its title, the address of its Atom document and that of the page it is of."""

    title: str
    feed: str
    home: str


def opml(title: str, outlines: Iterable[Outline]) -> bytes:
    """An OPML document in UTF-8. An outline of type "rss" is a subscription, in whatever format."""
    from lxml.etree import Element, SubElement, tostring

    root = Element("opml", version="2.0")
    SubElement(SubElement(root, "head"), "title").text = title
    body = SubElement(root, "body")
    for outline in outlines:
        names = {"text": outline.title, "title": outline.title}
        SubElement(body, "outline", type="rss", **names, xmlUrl=outline.feed, htmlUrl=outline.home)
    document: bytes = tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return document
