"""Lists of pages for search engines (the Sitemaps protocol 0.9, https://www.sitemaps.org/protocol.html)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from feed.dates import Instant
from feed.site.content import machine_time

_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


class Page(Struct, frozen=True, kw_only=True):
    """A page's absolute address, and when its content changed last, where that is known."""

    address: str
    updated: Instant | None


def sitemap(pages: Iterable[Page]) -> bytes:
    """A `urlset` in UTF-8, in the order given. The protocol takes at most 50,000 pages and 50 MB."""
    root = _root("urlset")
    for page in pages:
        entry = _entry(root, "url", page.address)
        if page.updated is not None:
            _child(entry, "lastmod").text = machine_time(page.updated)
    return _document(root)


def sitemap_index(addresses: Iterable[str]) -> bytes:
    """A `sitemapindex` in UTF-8 that leads to the sitemaps at these addresses, at most 50,000."""
    root = _root("sitemapindex")
    for address in addresses:
        _entry(root, "sitemap", address)
    return _document(root)


def _root(name: str) -> Any:
    from lxml.etree import Element

    return Element(f"{{{_NAMESPACE}}}{name}", nsmap={None: _NAMESPACE})


def _entry(root: Any, name: str, address: str) -> Any:
    entry = _child(root, name)
    _child(entry, "loc").text = address
    return entry


def _child(parent: Any, name: str) -> Any:
    from lxml.etree import SubElement

    return SubElement(parent, f"{{{_NAMESPACE}}}{name}")


def _document(root: Any) -> bytes:
    from lxml.etree import tostring

    document: bytes = tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return document
