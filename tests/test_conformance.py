"""Every document that is published keeps the clauses of its standard, whatever was told; and the checker can fail."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from html import unescape
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote

import conformance
import feedparser
import html5lib
import pytest
from conformance import CLAUSES, FOLDER
from conftest import Site
from entry_values import BREAKING, LATER, channel, correction, entry, prose_text
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from feed import settings as feed_settings
from feed.errors import Invalid, Refused
from feed.jsonlines import from_json
from feed.newsroom import Newsroom
from feed.site.entries import Notice
from feed.site.feeds import Archive, atom, rss
from feed.site.jsonfeed import json_feed
from feed.site.opml import Outline, opml
from feed.story import Withdrawal

STREAM = Path(__file__).parents[2] / "shared/data/github-statuses.jsonl.gz"
URL = "https://news.example.org/"
FOLDER_URL = "https://example.org/news/"
STORY = "stories/balloon/"


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# The checker


def feeds(**values: Any) -> dict[str, bytes]:
    """A story's three feeds: a correction, an update in another language, and the stub of what was withdrawn."""
    notice = Notice(signal="correction", text="It was wrong.", published_at=LATER)
    withdrawal = Withdrawal(version=9, notice="Court order", title="A report", published_at=LATER)
    entries = (
        correction(published_at=LATER, updated_at=LATER, notices=(notice,)),
        entry(
            2, language="de", author="Berlin", tags=("US & China",), key=True, link="https://example.org/x", body="Two"
        ),
        entry(1, title="A report", updated_at=LATER, withdrawal=withdrawal, body="*Old*"),
    )
    made = channel(*entries, hub="https://hub.example.org/", **values)
    return {"atom": atom(made), "rss": rss(made), "json": json_feed(made)}


@cache
def good() -> dict[str, bytes]:
    """A document of each kind; that of Atom and JSON is an archive, with one on either side."""
    outlines = [Outline(title=f"Story {number}", feed=f"https://example.org/{number}", home=URL) for number in (1, 2)]
    return feeds(archive=Archive(number=2, older=1, newer=3)) | {"opml": opml("News", outlines)}


@cache
def good_folder() -> dict[str, bytes]:
    """A story's feeds with two archives, and a list that names them."""
    current, first, second = (feeds(archive=place) for place in (Archive(older=2), Archive(number=1, newer=2), SECOND))
    outline = Outline(title="The balloon", feed=f"{FOLDER_URL}{STORY}atom.xml", home=FOLDER_URL)
    return {
        f"{STORY}atom.xml": current["atom"],
        f"{STORY}rss.xml": current["rss"],
        f"{STORY}feed.json": current["json"],
        f"{STORY}archive/atom-00001.xml": first["atom"],
        f"{STORY}archive/feed-00001.json": first["json"],
        f"{STORY}archive/atom-00002.xml": second["atom"],
        f"{STORY}archive/feed-00002.json": second["json"],
        "feeds.opml": opml("News", [outline]),
    }


SECOND = Archive(number=2, older=1)
ID = "tag:example.org,2023-02-03:balloon"
HOME = f"{FOLDER_URL}{STORY}"
ENTRY_LINK = f'<link rel="alternate" type="text/html" href="{HOME}#_3"/>'
SELF = f'<link href="{HOME}archive/atom-00002.xml" rel="self" type="application/atom+xml"/>'
PREVIOUS = f'<link href="{HOME}archive/atom-00001.xml" rel="prev-archive" type="application/atom+xml"/>'
CURRENT = f'<link href="{HOME}atom.xml" rel="current" type="application/atom+xml"/>'
REPLY = f'<thr:in-reply-to ref="{ID}/event-1" href="{HOME}#1" type="text/html"/>'
STONE = f'<at:deleted-entry ref="{ID}/event-1" when="2023-02-04T20:00:00.123456+00:00"/>'
GUID = f'<guid isPermaLink="false">{ID}/event-3</guid>'
RSS_SELF = f'<atom:link href="{HOME}rss.xml" rel="self" type="application/rss+xml"/>'
DESCRIPTION = "<description>What we know about it</description>"
DESCRIBED = "<description>Two More: https://example.org/x</description>"

# Clause, what stands in the good document, what makes it a bad one.
BROKEN = {
    "atom": [
        (conformance.size, "</feed>", " " * 250_000 + "</feed>"),
        (conformance.well_formed, "</feed>", ""),
        (conformance.well_formed, "encoding='UTF-8'", "encoding='ISO-8859-1'"),
        (conformance.well_formed, "\n<feed", "\n<!DOCTYPE feed>\n<feed"),
        (conformance.well_formed, "It was wrong.", "\x01"),
        (conformance.atom_feed, "<title>The balloon</title>", ""),
        (conformance.atom_feed, f"<id>{ID}</id>", f"<id>{ID}</id><id>{ID}-2</id>"),
        (conformance.atom_feed, "<subtitle>", "<subtitle/><subtitle>"),
        (conformance.atom_feed, "http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#"),
        (conformance.atom_entry, f"<id>{ID}/event-3</id>", ""),
        (conformance.atom_entry, "<title>Update 2</title>", "<title>Update 2</title><title>Zwei</title>"),
        (conformance.atom_entry, '<content type="html">', "<content/><content type='html'>"),
        (conformance.atom_vocabulary, "<subtitle>", "<tagline/><subtitle>"),
        (conformance.atom_vocabulary, "<subtitle>", "<published>2023</published><subtitle>"),
        (conformance.atom_vocabulary, "<entry>", '<entry xmlns="">'),
        (conformance.atom_authors, "author>", "contributor>"),
        (conformance.atom_authors, "<name>Berlin</name>", "<name> </name>"),
        (conformance.atom_authors, "<name>Berlin</name>", "<uri>https://example.org/</uri>"),
        (conformance.atom_alternates, ENTRY_LINK, ENTRY_LINK * 2),
        (conformance.atom_links, f'href="{HOME}#_3"', 'href="#_3"'),
        (conformance.atom_links, f'type="text/html" href="{HOME}#_3"', 'type="text/html"'),
        (conformance.atom_links, 'rel="related"', 'rel="seealso"'),
        (conformance.atom_links, ENTRY_LINK, ENTRY_LINK.replace("text/html", "html")),
        (conformance.atom_links, ENTRY_LINK, ENTRY_LINK.replace("/>", ">here</link>")),
        (conformance.atom_self, SELF, ""),
        (conformance.atom_self, SELF, SELF.replace("atom+xml", "rss+xml")),
        (conformance.atom_ids, f"<id>{ID}</id>", "<id>balloon</id>"),
        (conformance.atom_ids, f"<id>{ID}</id>", "<id>tag:example.org,2023:100%</id>"),
        (conformance.atom_ids, f"<id>{ID}</id>", "<id>tag:example.org,2023:a b</id>"),
        (conformance.atom_ids, f"<id>{ID}</id>", "<id>tag:example.org,2023:a#b#c</id>"),
        (conformance.atom_ids, f"<id>{ID}/event-2</id>", f"<id>{ID}/event-3</id>"),
        (conformance.atom_dates, "2023-02-04T12:00:00+00:00", "2023-02-04 12:00:00+00:00"),
        (conformance.atom_dates, "2023-02-04T12:00:00+00:00", "2023-02-04T12:00:00"),
        (conformance.atom_dates, "2023-02-04T12:00:00+00:00", "2023-02-30T12:00:00+00:00"),
        (conformance.atom_dates, "2023-02-04T12:00:00+00:00", "Sat, 04 Feb 2023 12:00:00 +0000"),
        (conformance.atom_updated, "<published>2023", "<published>2024"),
        (conformance.atom_texts, "<title>Update 2</title>", "<title/>"),
        (conformance.atom_texts, "<title>Update 2</title>", '<title type="html">Update 2</title>'),
        (conformance.atom_texts, "<title>Update 2</title>", "<title>Update <b>2</b></title>"),
        (conformance.atom_content, '<content type="html">', '<content type="CDATA">'),
        (conformance.atom_content, "&lt;p&gt;Two&lt;/p&gt;", "<p>Two</p>"),
        (conformance.atom_content, "&lt;p&gt;Two&lt;/p&gt;", "&lt;p&gt;Two&lt;/i&gt;"),
        (conformance.atom_content, "&lt;p&gt;Two", "&lt;p onclick='x()'&gt;Update 2"),
        (conformance.atom_content, "&lt;p&gt;Two", "&lt;p&gt;&lt;a href='../x'&gt;Update 2&lt;/a&gt;"),
        (conformance.atom_content, "&lt;p&gt;Two", "&lt;script&gt;x()&lt;/script&gt;&lt;p&gt;"),
        (conformance.atom_categories, '<category term="US &amp; China"/>', "<category/>"),
        (conformance.atom_categories, 'scheme="tag:example.org,2023-02-03:/categories/kind"', 'scheme="kind"'),
        (conformance.atom_languages, 'xml:lang="de"', 'xml:lang="de_DE"'),
        (conformance.atom_languages, ' xml:lang="en"', ""),
        (conformance.replies, REPLY, REPLY.replace(f'ref="{ID}/event-1"', "")),
        (conformance.replies, REPLY, REPLY.replace(f'ref="{ID}/event-1"', 'ref="event-1"')),
        (conformance.replies, REPLY, REPLY.replace(f"{HOME}#1", "#1")),
        (conformance.replies, REPLY, REPLY.replace("event-1", "event-3")),
        (conformance.replies, REPLY, REPLY.replace("text/html", "html")),
        (conformance.atom_replies, f'rel="related" type="text/html" href="{HOME}#1"', f'rel="related" href="{HOME}#2"'),
        (conformance.atom_replies, REPLY, ""),
        (conformance.tombstones, STONE, STONE.replace(f'ref="{ID}/event-1"', "")),
        (conformance.tombstones, STONE, STONE.replace("T20:00:00.123456+00:00", "")),
        (conformance.tombstones, STONE, STONE * 2),
        (conformance.tombstones, "</entry>", f"{STONE}</entry>"),
        (conformance.stubs, STONE, STONE.replace("T20:00:00.123456", "T19:00:00")),
        (conformance.stubs, STONE, STONE.replace("event-1", "event-9")),
        (conformance.archived, "<fh:archive/>", ""),
        (conformance.archived, "<fh:archive/>", "<fh:archive/><fh:archive/>"),
        (conformance.archived, "<fh:archive/>", "<fh:archive>1</fh:archive>"),
        (conformance.archived, CURRENT, ""),
        (conformance.archived, PREVIOUS, PREVIOUS * 2),
    ],
    "rss": [
        (conformance.size, "</rss>", " " * 250_000 + "</rss>"),
        (conformance.well_formed, "</channel>", ""),
        (conformance.rss_root, 'version="2.0"', 'version="0.92"'),
        (conformance.rss_root, "</channel>", "</channel><channel/>"),
        (conformance.rss_channel, "<title>The balloon</title>", ""),
        (conformance.rss_channel, f"<link>{HOME}</link>", ""),
        (conformance.rss_channel, DESCRIPTION, "<description/>"),
        (conformance.rss_channel, DESCRIPTION, DESCRIPTION * 2),
        (conformance.rss_item, "<title>Update 2</title>", "<title>Update 2</title><title>Zwei</title>"),
        (conformance.rss_item, "</item>", "</item><item/>"),
        (conformance.rss_vocabulary, DESCRIPTION, f"<subtitle>The balloon</subtitle>{DESCRIPTION}"),
        (conformance.rss_vocabulary, "<pubDate>", "<updated>2023</updated><pubDate>"),
        (conformance.rss_guid, GUID, ""),
        (conformance.rss_guid, GUID, GUID.replace(' isPermaLink="false"', "")),
        (conformance.rss_guid, GUID, GUID.replace('"false"', '"true"')),
        (conformance.rss_guid, GUID, GUID.replace("event-3", "event-2")),
        (conformance.rss_dates, "Sat, 04 Feb 2023 12:00:00 +0000", "Sat, 04 Feb 23 12:00:00 +0000"),
        (conformance.rss_dates, "Sat, 04 Feb 2023 12:00:00 +0000", "Sam, 04 Feb 2023 12:00:00 +0000"),
        (conformance.rss_dates, "Sat, 04 Feb 2023 12:00:00 +0000", "Sat, 04 Mär 2023 12:00:00 +0000"),
        (conformance.rss_dates, "Sat, 04 Feb 2023 12:00:00 +0000", "Sun, 04 Feb 2023 12:00:00 +0000"),
        (conformance.rss_dates, "Sat, 04 Feb 2023 12:00:00 +0000", "Sat, 31 Feb 2023 12:00:00 +0000"),
        (conformance.rss_dates, "Sat, 04 Feb 2023 12:00:00 +0000", "2023-02-04T12:00:00Z"),
        (conformance.rss_self, RSS_SELF, ""),
        (conformance.rss_self, RSS_SELF, RSS_SELF.replace(f"{HOME}rss.xml", "rss.xml")),
        (conformance.rss_self, RSS_SELF, RSS_SELF.replace("rss+xml", "xml")),
        (conformance.rss_self, 'rel="hub"', 'rel="next"'),
        (conformance.rss_links, f"<link>{HOME}#_3</link>", "<link>#_3</link>"),
        (conformance.rss_links, f"<link>{HOME}#_3</link>", "<link>javascript:alert(1)</link>"),
        (conformance.rss_links, 'domain="tag:example.org,2023-02-03:/categories/kind"', 'domain="kind"'),
        (conformance.rss_content, DESCRIBED, ""),
        (conformance.rss_content, DESCRIBED, f"<content:encoded/>{DESCRIBED}"),
        (conformance.rss_content, "&lt;p&gt;Two&lt;/p&gt;", "&lt;p&gt;Two&lt;/b&gt;"),
        (conformance.rss_texts, "<title>Update 2</title>", "<title>Update &lt;2&gt;</title>"),
        (conformance.rss_texts, "<title>Update 2</title>", "<title>Update &amp; 2</title>"),
        (conformance.rss_texts, "<title>Update 2</title>", "<title>Update <b>2</b></title>"),
        (conformance.rss_creator, "<dc:creator>Berlin</dc:creator>", ""),
        (conformance.rss_creator, "<dc:creator>Berlin</dc:creator>", "<dc:creator>B</dc:creator><author>B</author>"),
        (conformance.rss_categories, "<category>US &amp; China</category>", "<category/>"),
        (conformance.rss_language, "<language>en</language>", "<language>English please</language>"),
        (conformance.replies, REPLY, REPLY.replace("event-1", "event-3")),
    ],
    "json": [
        (conformance.size, '"items"', " " * 250_000 + '"items"'),
        (conformance.json_text, "\n}", "\n"),
        (conformance.json_text, '"items"', '"title": "Again", "items"'),
        (conformance.json_text, '"items"', '"_x": {"y": NaN}, "items"'),
        (conformance.json_text, "{\n", "\ufeff{\n"),
        (conformance.json_version, "version/1.1", "version/1"),
        (conformance.json_top, '"title": "The balloon"', '"name": "The balloon"'),
        (conformance.json_top, '"title": "The balloon"', '"title": null'),
        (conformance.json_top, '"language": "en"', '"expired": "no"'),
        (conformance.json_addresses, f'"url": "{HOME}#_3"', '"url": "#_3"'),
        (conformance.json_addresses, f'"feed_url": "{HOME}feed.json"', '"feed_url": "feed.json"'),
        (conformance.json_addresses, '"external_url": "https://example.org/x"', '"external_url": "x y"'),
        (conformance.json_next, f'"next_url": "{HOME}archive/feed-00001.json"', f'"next_url": "{HOME}feed.json"'),
        (conformance.json_next, f'"next_url": "{HOME}archive/feed-00001.json"', '"next_url": "feed-00001.json"'),
        (conformance.json_ids, f'"id": "{ID}/event-3"', '"id": 3'),
        (conformance.json_ids, f'"id": "{ID}/event-3"', '"id": ""'),
        (conformance.json_ids, f'"id": "{ID}/event-3"', f'"id": "{ID}/event-2"'),
        (conformance.json_items, '"title": "Update 2"', '"headline": "Update 2"'),
        (conformance.json_items, '"title": "Update 2"', '"title": ["Update 2"]'),
        (conformance.json_content, '"content_html": "<p>Two</p>', '"content_text": "", "_x": "<p>Two</p>'),
        (conformance.json_content, "<p>Two</p>", "<p>Two</div>"),
        (conformance.json_content, '"title": "Update 2"', '"title": " "'),
        (conformance.json_dates, "2023-02-04T12:00:00+00:00", "2023-02-04T12:00:00"),
        (conformance.json_dates, "2023-02-04T12:00:00+00:00", "2023-13-04T12:00:00Z"),
        (conformance.json_authors, '"name": "Berlin"', '"name": ""'),
        (conformance.json_authors, '"name": "Berlin"', '"fullname": "Berlin"'),
        (conformance.json_authors, '{\n     "name": "Berlin"\n    }', '"Berlin"'),
        (conformance.json_authors, '"items"', '"author": {"name": "Desk"}, "items"'),
        (conformance.json_tags, '"US & China"', "7"),
        (conformance.json_tags, '"US & China"', '""'),
        (conformance.json_languages, '"language": "en"', '"language": "en_US"'),
        (conformance.json_languages, '"language": "en",', ""),
        (conformance.json_hubs, '"type": "WebSub"', '"type": "PuSH"'),
        (conformance.json_hubs, '"type": "WebSub",', ""),
        (conformance.json_hubs, '"url": "https://hub.example.org/"', '"url": "hub"'),
        (conformance.json_extensions, '"_feed"', '"_feed.example"'),
        (conformance.json_extensions, '"items"', '"_7": {}, "items"'),
        (conformance.json_extensions, '"items"', '"_kind": "update", "items"'),
    ],
    "opml": [
        (conformance.size, "</opml>", " " * 250_000 + "</opml>"),
        (conformance.well_formed, "</opml>", ""),
        (conformance.opml_root, 'version="2.0"', 'version="1.0"'),
        (conformance.opml_root, "</head>", "</head><foot/>"),
        (conformance.opml_head, "<title>News</title>", ""),
        (conformance.opml_head, "<title>News</title>", "<title>News</title><dateCreated>2023</dateCreated>"),
        (conformance.opml_body, "<body>", "<body><title/>"),
        (conformance.opml_outlines, 'text="Story 1"', 'text=""'),
        (conformance.opml_outlines, 'type="rss"', 'type="atom"'),
        (conformance.opml_outlines, 'xmlUrl="https://example.org/1"', ""),
        (conformance.opml_outlines, 'xmlUrl="https://example.org/1"', 'xmlUrl="1"'),
        (conformance.opml_outlines, 'xmlUrl="https://example.org/1"', 'xmlUrl="https://example.org/2"'),
        (conformance.opml_outlines, f'htmlUrl="{URL}"', 'htmlUrl="/"'),
    ],
}
ATOM_FILE, JSON_FILE = f"{STORY}atom.xml", f"{STORY}feed.json"
FIRST_ATOM, SECOND_ATOM = (f"{STORY}archive/atom-0000{number}.xml" for number in (1, 2))
SECOND_JSON = f"{STORY}archive/feed-00002.json"
# Clause, file, what stands in it, what makes the folder a bad one; None takes the file away.
BROKEN_FOLDER = [
    (conformance.documents_are_where_they_say, ATOM_FILE, f"{HOME}atom.xml", f"{HOME}feed.xml"),
    (conformance.documents_are_where_they_say, f"{STORY}rss.xml", f"{HOME}rss.xml", f"{URL}rss.xml"),
    (conformance.documents_are_where_they_say, SECOND_JSON, f"{HOME}feed.json", f"{HOME}archive/feed-00002.json"),
    (conformance.archives_are_a_chain, FIRST_ATOM, "", None),
    (conformance.archives_are_a_chain, FIRST_ATOM, 'rel="next-archive"', 'rel="next"'),
    (conformance.archives_are_a_chain, FIRST_ATOM, 'rel="current"', 'rel="first"'),
    (conformance.archives_are_a_chain, FIRST_ATOM, "<fh:archive/>", ""),
    (conformance.archives_are_a_chain, FIRST_ATOM, f"<id>{ID}</id>", f"<id>{ID}/1</id>"),
    (conformance.archives_are_a_chain, SECOND_ATOM, "atom-00001.xml", "atom-00002.xml"),
    (conformance.archives_are_a_chain, SECOND_ATOM, 'rel="prev-archive"', 'rel="previous"'),
    (conformance.archives_are_a_chain, ATOM_FILE, 'rel="prev-archive"', 'rel="previous"'),
    (conformance.pages_of_items_are_a_chain, f"{STORY}archive/feed-00001.json", "", None),
    (conformance.pages_of_items_are_a_chain, SECOND_JSON, "feed-00001.json", "feed-00002.json"),
    (conformance.pages_of_items_are_a_chain, JSON_FILE, "feed-00002.json", "feed-00001.json"),
    (conformance.replies_are_to_what_is_there, ATOM_FILE, f'ref="{ID}/event-1" href', f'ref="{ID}/event-7" href'),
    (conformance.replies_are_to_what_is_there, ATOM_FILE, f'href="{HOME}#1" type', f'href="{HOME}#2" type'),
    (conformance.an_entry_is_the_same_everywhere, SECOND_ATOM, "<title>Update 2<", "<title>Update two<"),
    (conformance.an_entry_is_the_same_everywhere, SECOND_ATOM, "<published>2023-02-04T12", "<published>2023-02-04T11"),
    (conformance.subscriptions_are_there, "feeds.opml", "atom.xml", "feed.xml"),
    (conformance.subscriptions_are_there, "feeds.opml", 'text="The balloon"', 'text="Balloons"'),
]
EACH = [
    pytest.param(name, *case, id=f"{case[0].__name__}-{n}") for name in BROKEN for n, case in enumerate(BROKEN[name])
]


def broken(document: bytes, old: str, new: str) -> bytes:
    assert old.encode() in document
    return document.replace(old.encode(), new.encode())


def refused(clause: Callable[..., None]) -> Any:
    """It names the clause that is broken."""
    return pytest.raises(AssertionError, match=f"^{re.escape(clause.__doc__ or 'undocumented')} .")


@pytest.mark.parametrize("name", CLAUSES)
def test_a_good_document_keeps_every_clause(name):
    for clause in CLAUSES[name]:
        clause(good()[name])


@pytest.mark.parametrize(("name", "clause", "old", "new"), EACH)
def test_a_broken_document_is_refused_by_its_clause(name, clause, old, new):
    document = broken(good()[name], old, new)
    with refused(clause):
        clause(document)


def test_a_list_without_outlines_is_refused():
    with refused(conformance.opml_body):
        conformance.opml_body(opml("News", []))


def test_a_good_folder_keeps_every_clause():
    assert conformance.check(good_folder(), FOLDER_URL) == {"atom": 3, "json": 3, "rss": 1, "opml": 1}


@pytest.mark.parametrize(("clause", "path", "old", "new"), BROKEN_FOLDER)
def test_a_broken_folder_is_refused_by_its_clause(clause, path, old, new):
    files = dict(good_folder())
    document = files.pop(path)
    if new is not None:
        files[path] = broken(document, old, new)
    with refused(clause):
        clause(files, FOLDER_URL)


def test_every_clause_has_been_seen_to_refuse():
    for name, clauses in CLAUSES.items():
        assert {clause.__name__ for clause in clauses} - {"well_formed"} <= {case[0].__name__ for case in BROKEN[name]}
    assert {case[0] for case in BROKEN_FOLDER} == set(FOLDER)


def test_a_broken_document_in_a_folder_is_named():
    files = dict(good_folder())
    files[FIRST_ATOM] = broken(files[FIRST_ATOM], "T12:00:00", "T25:00:00")
    with pytest.raises(AssertionError, match=r"^stories/balloon/archive/atom-00001\.xml: RFC 4287 sections 3\.3"):
        conformance.check(files, FOLDER_URL)


# What is published


def published(site: Site) -> dict[str, bytes]:
    assert site.run("publish").exit_code == 0
    return files_in(site.folder / "public")


def test_the_balloon_storys_documents_keep_every_clause(balloon):
    files = published(balloon)
    assert conformance.check(files, URL) == {"atom": 7, "rss": 7, "json": 7, "opml": 2}
    assert come_back(files) == 14 * 2 * 5 + 2 * (2 + 4)


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("stream"))
    with gzip.open(STREAM) as lines:
        site.fill(lines)
    return site


@pytest.mark.slow
@pytest.mark.skipif(not STREAM.is_file(), reason="the stream is not beside the checkout")
def test_the_whole_streams_documents_keep_every_clause(stream):
    files = published(stream)
    assert conformance.check(files, URL) == {"atom": 934, "rss": 833, "json": 934, "opml": 2}
    assert come_back(files) > 2 * 5079
    with stream.newsroom() as newsroom:
        headlines = {update.id: update.title for slug in newsroom.names() for update in shown(newsroom, slug)}
    titles = {item["id"].rpartition("/")[2]: item["title"] for item in items(files)}
    assert len(headlines) == 4568 - 8
    assert {id: titles[id] for id in headlines} == headlines


def shown(newsroom: Newsroom, slug: str) -> list[Any]:
    """The updates of a story that stand in public with their headlines."""
    story = newsroom.story(slug)
    return [update for update in story.updates.values() if update.status == "usable" and story.withdrawal is None]


def items(files: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    for path, document in files.items():
        if conformance.kind(path) == "json":
            yield from json.loads(document)["items"]


def come_back(files: Mapping[str, bytes]) -> int:
    """Asserts that what feedparser reads is what stands in the JSON beside it; returns the number of entries."""
    read = 0
    for path, document in files.items():
        if conformance.kind(path) not in ("atom", "rss"):
            continue
        beside = json.loads(files[re.sub(r"(atom|rss)(-\d+)?\.xml$", r"feed\2.json", path)])
        parsed = feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False)
        assert not parsed.bozo, path
        title = unescape if path.endswith("rss.xml") else str
        assert title(parsed.feed.title) == as_feedparser_reads(beside["title"])
        assert [title(one.title) for one in parsed.entries] == [
            as_feedparser_reads(i["title"]) for i in beside["items"]
        ]
        assert [one.content[0].value for one in parsed.entries] == [
            as_feedparser_reads(item["content_html"]) for item in beside["items"]
        ]
        read += len(parsed.entries)
    return read


def as_feedparser_reads(text: str) -> str:
    """feedparser takes some text for text in a wrong encoding, and trims it (mixin.py, `pop`)."""
    text = text.strip()
    with suppress(ValueError):
        text = text.encode("latin-1").decode()
    return re.sub("[\x80-\x9f]", lambda match: _windows(match[0]), text)


def _windows(control: str) -> str:
    try:
        return control.encode("latin-1").decode("cp1252")
    except ValueError:
        return control


# Hostile stories

_NOT_IN_LINE = re.compile("[\n\r\x85\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def line(limit: int) -> st.SearchStrategy[str]:
    """Hostile text as the gate lets it through in one line."""
    return prose_text.map(lambda text: in_one_line(text, limit))


def in_one_line(text: str, limit: int) -> str:
    return _NOT_IN_LINE.sub("\t", text)[:limit].strip() or "x"


headlines, labels, named = line(300), line(40), line(200)
links = st.builds(
    lambda place, rest: place + rest,
    st.sampled_from(["https://example.org/", "http://[2001:db8::1]:8080/?q=", "https://xn--bcher-kva.example/#"]),
    st.text("aé🎈\u200d'&;()*!~:@,=+/?-", max_size=12),
) | st.sampled_from(["mailto:a@example.org", "HTTPS://EXAMPLE.ORG/%22%3E%3Cscript%3E?a=1&amp;b=2"])
sources = st.fixed_dictionaries({"quote": prose_text}, optional={"name": named, "url": links}) | st.builds(
    dict, url=links
)
stances = st.fixed_dictionaries(
    {
        "claim": st.sampled_from(["spy", "shot-down"]),
        "by": named,
        "position": st.sampled_from(["asserts", "denies", "confirms", "declines", "retracts"]),
        "text": headlines,
    }
)
NAMES = ("1", "A._-")
names = st.sampled_from(NAMES)
tags = st.lists(named, max_size=1)
occurred = st.sampled_from([None, "2023-02-04", "2023-02~", "../2023-02-04T12:00:00Z", "[2023-02-01..2023-02-04]"])
update_fields = {
    "body": st.none() | prose_text,
    "occurred": occurred,
    "occurred_text": st.none() | named,
    "sources": st.lists(sources, max_size=2),
    "stances": st.lists(stances, max_size=2),
    "key": st.booleans(),
    "tags": tags,
    "link": st.none() | links,
}


def event(type: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(type), "data": st.fixed_dictionaries(fields)})


def some(fields: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """One or two of the fields."""
    one = st.sampled_from(sorted(fields)).flatmap(lambda name: st.fixed_dictionaries({name: fields[name]}))
    return st.builds(lambda first, second: first | second, one, one)


opened = event(
    "story.opened",
    headline=headlines,
    label=st.none() | labels,
    summary=st.none() | prose_text,
    language=st.sampled_from(["en", "de", "ar", "zh-Hant-TW", "xx", "de-CH-1996"]),
    tags=tags,
)
added = event("update.added", headline=headlines, **update_fields)
revised = event(
    "update.revised",
    update=names,
    signal=st.sampled_from(["correction", "correction", "clarification", "addition", "refile", "amendment"]),
    notice=prose_text,
    changes=some({"headline": headlines, **update_fields}),
    hide_before=st.booleans(),
)
withdrawn = event(
    "update.withdrawn", update=names, notice=prose_text, title=st.none() | headlines, untold=st.booleans()
)
changed = (
    event("story.changed", headline=headlines, label=labels, summary=prose_text, tags=tags)
    | event("story.changed", headline=headlines, signal=st.just("correction"), notice=prose_text)
    | event("story.changed", status=st.sampled_from(["open", "closed"]))
)
noted = event("note.added", text=prose_text, update=st.none() | names)
story_withdrawn = event("story.withdrawn", notice=prose_text, title=st.none() | headlines)
acts = st.one_of(added, revised, revised, revised, noted, withdrawn | changed)
SLUGS = ("flood", "0--")
slugs = st.sampled_from(SLUGS)
ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._~:-]{0,12}", fullmatch=True)
steps = st.lists(st.tuples(slugs, acts, named), min_size=8, max_size=20)


class Clock:
    """A second between any two events."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database."""
    folder = tmp_path_factory.mktemp("template")
    Newsroom.create(feed_settings.load(feed_settings.write(folder, url=URL, since="2026-01-01")))
    return folder / "feed.db"


class Paper:
    """A newsroom with this title and without pages, which is told what the gate lets through."""

    def __init__(self, template: Path, folder: Path, title: str) -> None:
        shutil.copy(template, folder / "feed.db")
        file = feed_settings.write(folder, url=URL, since="2026-01-01", title=title, author="Desk")
        text = file.read_text(encoding="utf-8").replace('# hub = "', 'hub = "').replace("pages = true", "pages = false")
        file.write_text(text, encoding="utf-8")
        self.newsroom = Newsroom.open(feed_settings.load(file), Clock())
        self.public = folder / "public"

    def tell(self, story: str, event: Mapping[str, Any], **outer: str) -> bool:
        """Append one event as a line of the event format; a rule of the newsroom may refuse it, the gate may not."""
        new = from_json(json.dumps({"story": story, **event, **outer}).encode())
        try:
            self.newsroom.append(new)
        except Refused:
            return False
        return True

    def publish(self) -> dict[str, bytes]:
        self.newsroom.publish()
        return files_in(self.public)


@contextmanager
def paper(template: Path, title: str = "“<b>News</b>” & ]]>") -> Iterator[Paper]:
    with tempfile.TemporaryDirectory() as folder:
        made = Paper(template, Path(folder), title)
        with made.newsroom:
            yield made


# A message names the document and the clause, so a smaller story is not worth minutes.
RELAXED = settings(
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


@pytest.mark.slow
@given(
    title=named,
    openings=st.lists(opened, min_size=len(SLUGS), max_size=len(SLUGS)),
    first=st.lists(st.tuples(added, ids), min_size=4, max_size=4, unique_by=lambda pair: pair[1]),
    untold=steps,
    told=steps,
    ending=st.none() | story_withdrawn,
)
@settings(RELAXED, max_examples=15)
def test_hostile_text_in_every_field_gives_documents_that_keep_every_clause(
    template, title, openings, first, untold, told, ending
):
    with paper(template, title) as made:
        for slug, opening in zip(SLUGS, openings, strict=True):
            assert made.tell(slug, opening)
        for (slug, name), (update, id) in zip(product(SLUGS, NAMES), first, strict=True):
            assert made.tell(slug, {**update, "data": {**update["data"], "update": name}}, id=id)
        for slug, act, author in untold:
            made.tell(slug, act, author=author)
        made.publish()
        for slug, act, author in told:
            made.tell(slug, act, author=author)
        if ending:
            made.tell("0--", ending)
        # A list of no stories is no valid one: see below.
        made.tell("flood", {"type": "story.changed", "data": {"status": "open"}})
        files = made.publish()
        count = conformance.check(files, URL)
        assert count["atom"] == count["rss"] == count["json"] >= 3 + len(SLUGS)
        come_back(files)
        assert has_titles(made.newsroom, files)


def has_titles(newsroom: Newsroom, files: Mapping[str, bytes]) -> bool:
    """Whether each update that stands in public has the title of the log."""
    told = {item["id"]: item["title"] for item in items(files)}
    for slug in newsroom.names():
        uri = newsroom.story(slug).uri
        if not all(told[f"{uri}/{quote(one.id, safe='')}"].endswith(one.title) for one in shown(newsroom, slug)):
            return False
    return True


def test_every_breaking_text_in_every_field_stays_valid_in_archives(template):
    with paper(template) as made:
        for slug in SLUGS:
            assert made.tell(slug, {"type": "story.opened", "data": {"headline": "<b>", "tags": [']]> "&"']}})
        for number in range(120):
            tell_of(made, SLUGS[number % 8 == 0], BREAKING[number % len(BREAKING)], number)
            if number == 60:
                made.publish()
        files = made.publish()
        assert conformance.check(files, URL)["atom"] > 3 + 2 + 4
        assert come_back(files) > 2 * 120
        assert has_titles(made.newsroom, files)
    chain = [path for path in files if "archive/atom" in path]
    assert len(chain) == 4 + 3


def tell_of(made: Paper, slug: str, text: str, number: int) -> None:
    """An update with `text` in each of its fields, and something that happens to it."""
    word = in_one_line(text, 200)
    notice = f"{text} {number}"
    told = {"headline": word, "body": notice, "occurred_text": word, "tags": [word], "key": number % 7 == 0}
    sources = [{"name": word, "quote": notice, "url": "https://example.org/?a=1&b='2'"}]
    stances = [{"claim": "spy", "by": word, "position": "asserts", "text": word}]
    update = {"update": f"u{number}", **told, "sources": sources, "stances": stances}
    assert made.tell(slug, {"type": "update.added", "data": update}, author=word)
    about = {"update": f"u{number}", "notice": notice}
    match number % 6:
        case 1 | 2 | 3 as which:
            signal = ("correction", "clarification", "addition")[which - 1]
            changes = {"headline": f"{word} {number}", "body": f"{text}.", "sources": [], "tags": [f"{word}2"]}
            revision = {**about, "signal": signal, "changes": changes, "hide_before": number % 4 == 0}
            assert made.tell(slug, {"type": "update.revised", "data": revision})
        case 4:
            assert made.tell(slug, {"type": "update.withdrawn", "data": {**about, "title": word}})
        case 5:
            assert made.tell(slug, {"type": "note.added", "data": {"update": f"u{number}", "text": notice}})


def as_code(text: str) -> str:
    """Markdown that shows this text as it is."""
    return "\n".join(f"    {one}" for one in text.splitlines())


def as_shown(text: str) -> str:
    """Text in HTML, which has one kind of line break and no controls and noncharacters (prose.py, `legal`)."""
    return _NOT_HTML.sub("\ufffd", "\n".join(text.splitlines()))


_NOT_HTML = re.compile("[\x7f-\x9f\ufdd0-\ufdef\U0001ffff]")


def lines(text: str) -> str:
    return text.replace("\r\n", "\n")


def says(words: str, text: str) -> bool:
    return as_shown(text) in words or as_feedparser_reads(as_shown(text)) in words


def words_in(markup: str) -> str:
    tree = html5lib.parseFragment(markup, namespaceHTMLElements=False)
    return "".join(tree.itertext())


@given(
    label=labels,
    headline=headlines,
    summary=prose_text,
    author=named,
    topics=st.lists(named, max_size=3, unique=True),
    texts=st.lists(prose_text, min_size=3, max_size=3),
    # cmark cannot show this reference, not even in code (prose.py, `_NO_UTF8`).
    body=prose_text.filter(lambda text: "&#xFFFE;" not in text),
    names=st.lists(named, min_size=3, max_size=3),
)
@settings(RELAXED, max_examples=15)
def test_titles_and_texts_come_back_from_feedparser_as_they_went_in(
    template, label, headline, summary, author, topics, texts, body, names
):
    quoted, notice, note = texts
    name, party, when = names
    claim = {"claim": "spy", "by": party, "position": "asserts", "text": in_one_line(notice, 2000)}
    opening = {"headline": headline, "label": label, "summary": summary}
    update = {"headline": headline, "update": "1", "sources": [{"name": name, "quote": quoted}], "stances": [claim]}
    told = {"occurred_text": when, "body": as_code(body), "tags": topics}
    correction = {"update": "1", "signal": "correction", "notice": notice, "changes": {"key": True}}
    with paper(template) as made:
        assert made.tell("flood", {"type": "story.opened", "data": opening})
        assert made.tell("flood", {"type": "update.added", "data": update | told}, author=author)
        assert made.tell("flood", {"type": "update.revised", "data": correction})
        assert made.tell("flood", {"type": "note.added", "data": {"text": note, "update": "1"}})
        files = made.publish()
    for file, read in (("atom.xml", str), ("rss.xml", unescape)):
        parsed = feedparser.parse(files[f"stories/flood/{file}"])
        assert [read(one.title) for one in parsed.entries] == [
            as_feedparser_reads(f"{label}: {kind}{headline}") for kind in ("Editor’s note: ", "Correction: ", "")
        ]
        assert not parsed.bozo
        # It takes an RSS description for HTML, whose line breaks are one.
        assert lines(read(parsed.feed.subtitle)) == lines(as_feedparser_reads(summary))
        # It may leave names and tags alone.
        assert parsed.entries[2].author in (author, as_feedparser_reads(author))
        terms = [tag.term for tag in parsed.entries[2].tags if not tag.scheme]
        assert terms in (topics, [as_feedparser_reads(tag) for tag in topics])
        of_note, of_correction, of_update = (words_in(one.content[0].value) for one in parsed.entries)
        assert says(of_note, note)
        assert says(of_correction, notice)
        for text in (*texts, body, *names, claim["text"]):
            assert says(of_update, text)


# What the gate refuses, as a standard does not allow it, and what would be too long


@pytest.mark.parametrize("uri", ["tag:example.org,2026:100%", "urn:example:a#b#c", "http:#"])
def test_a_storys_uri_that_is_no_iri_is_refused(template, uri):
    with paper(template) as made, pytest.raises(Invalid, match=r"data\.uri"):
        made.tell("flood", {"type": "story.opened", "data": {"headline": "Flood", "uri": uri}})


@pytest.mark.parametrize("link", ["https://example.org/100%", "https://example.org/#a#b", "https://example.org/[1]"])
def test_a_link_that_is_no_iri_is_refused(template, link):
    with paper(template) as made, pytest.raises(Invalid, match=r"data\.link"):
        made.tell("flood", {"type": "update.added", "data": {"headline": "Water", "link": link}})


def test_a_list_of_open_stories_is_valid_when_there_are_none(template):
    with paper(template) as made:
        assert made.tell("flood", {"type": "story.opened", "data": {"headline": "Flood"}})
        assert made.tell("flood", {"type": "update.added", "data": {"headline": "Water falls", "closes": True}})
        conformance.check(made.publish(), URL)


def test_a_feed_of_the_longest_titles_stays_under_250_kb(template):
    with paper(template) as made:
        opening = {"type": "story.opened", "data": {"headline": "&" * 300, "label": "&" * 40}}
        made.newsroom.append(from_json(json.dumps({"story": "flood", **opening}).encode()))
        update = {"type": "update.added", "data": {"headline": "&" * 300, "body": "&" * 4000}}
        made.newsroom.append_all(
            [from_json(json.dumps({"story": "flood", "author": "&" * 200, **update}).encode())] * 50
        )
        conformance.check(made.publish(), URL)


@pytest.mark.xfail(
    raises=AssertionError, strict=True, reason="stories.opml lists 200 stories, with titles of any length"
)
def test_a_list_of_the_longest_titles_stays_under_250_kb():
    outlines = [
        Outline(title="ü" * 342, feed=f"{URL}stories/{number}/atom.xml", home=f"{URL}stories/{number}/")
        for number in range(200)
    ]
    conformance.size(opml("News", outlines))
