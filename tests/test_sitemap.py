"""A sitemap lists pages as the Sitemaps protocol 0.9 wants them."""

from __future__ import annotations

from xml.etree import ElementTree

from entry_values import LATER
from hypothesis import given
from hypothesis import strategies as st

from feed.site.sitemap import Page, sitemap, sitemap_index

SPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
HOME = "https://example.org/news/"
addresses = st.lists(st.text(st.sampled_from("ab/%20&?='\"<>#-ü"), max_size=9).map(HOME.__add__), max_size=5)


def read(document):
    """The root's name and, of each entry, its name and its children as (name, text)."""
    root = ElementTree.fromstring(document)  # noqa: S314 - the document is our own
    names = [element.tag for element in root.iter()]
    assert all(name.startswith(SPACE) for name in names)
    return root.tag.removeprefix(SPACE), [
        (entry.tag.removeprefix(SPACE), [(child.tag.removeprefix(SPACE), child.text) for child in entry])
        for entry in root
    ]


def test_a_sitemap_has_each_pages_address_and_when_it_changed_in_the_order_given():
    document = sitemap([Page(address=f"{HOME}b/?a=1&b", updated=LATER), Page(address=HOME, updated=None)])
    assert document.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n<urlset xmlns=")
    assert read(document) == (
        "urlset",
        [
            ("url", [("loc", f"{HOME}b/?a=1&b"), ("lastmod", "2023-02-04T20:00:00+00:00")]),
            ("url", [("loc", HOME)]),
        ],
    )


def test_an_index_leads_to_sitemaps():
    assert read(sitemap_index([f"{HOME}sitemap-1.xml"])) == (
        "sitemapindex",
        [("sitemap", [("loc", f"{HOME}sitemap-1.xml")])],
    )


@given(of=addresses)
def test_whatever_an_address_holds_it_is_read_back_from_the_same_bytes(of):
    pages = [Page(address=address, updated=LATER) for address in of]
    assert sitemap(pages) == sitemap(iter(pages))
    assert [dict(children)["loc"] for _, children in read(sitemap(pages))[1]] == of
    assert [dict(children)["loc"] for _, children in read(sitemap_index(of))[1]] == of
