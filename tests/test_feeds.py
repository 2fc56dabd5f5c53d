"""Atom, RSS and JSON Feed documents: the clauses of their standards, read back as subscribers read them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import datetime
from email.utils import parsedate_to_datetime
from html import unescape

import feedparser
import pytest
from entry_values import ENGLISH_VOICE, LATER, NOON, URI, channel, correction, entries, entry, line_text, made
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from feed.dates import to_datetime
from feed.site import content
from feed.site.entries import Notice
from feed.site.feeds import DOCUMENT_BYTES, atom, rss
from feed.site.jsonfeed import json_feed
from feed.story import Withdrawal

SPACES = {
    "a": "http://www.w3.org/2005/Atom",
    "thr": "http://purl.org/syndication/thread/1.0",
    "at": "http://purl.org/atompub/tombstones/1.0",
    "dc": "http://purl.org/dc/elements/1.1/",
    "content": "http://purl.org/rss/1.0/modules/content/",
}
HOME = "https://example.org/news/stories/balloon/"
SCHEME = "tag:example.org,2023-02-03:/categories/"
WITHDRAWAL = Withdrawal(version=9, notice="Court order", title=None, published_at=LATER)
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")

CORRECTED = entry(1, updated_at=LATER, tags=("China", "US & <allies>"), key=True, body="*New* text")
CORRECTION = correction(
    published_at=LATER,
    updated_at=LATER,
    notices=(Notice(signal="correction", text="It was wrong.", published_at=LATER),),
)
CHANNEL = channel(CORRECTION, entry(2, language="de", author="Berlin"), CORRECTED)
FORMATS = pytest.mark.parametrize("write", [atom, rss, json_feed])


def find(xml, path):
    return etree.fromstring(xml).xpath(path, namespaces=SPACES)


def attributes(xml, path):
    return [dict(element.attrib) for element in find(xml, path)]


def seen(document, path="a:entry/a:title"):
    """The texts that a plain XML parser reads there."""
    return [element.text for element in find(document, path)]


# Atom


def test_atom_has_the_elements_of_a_feed_once():
    """RFC 4287 section 4.1.1."""
    document = atom(CHANNEL)
    for name in ("id", "title", "updated", "subtitle", "author"):
        assert len(find(document, f"/a:feed/a:{name}")) == 1, name
    assert seen(document, "/a:feed/a:author/a:name") == ["Example News"]
    assert attributes(document, "/a:feed/a:link") == [
        {"rel": "self", "type": "application/atom+xml", "href": f"{HOME}atom.xml"},
        {"rel": "alternate", "type": "text/html", "href": HOME},
    ]


def test_an_atom_feed_without_entries_is_valid():
    """RFC 4287 section 4.1.1: an author, since no entry has one."""
    document = atom(channel())
    assert find(document, "/a:feed/a:entry") == []
    assert seen(document, "/a:feed/a:author/a:name") == ["Example News"]
    assert seen(document, "/a:feed/a:updated") == ["2023-02-04T20:00:00.123456+00:00"]


def test_atom_entries_have_each_element_once_and_links_with_their_relation():
    """RFC 4287 section 4.1.2."""
    document = atom(CHANNEL)
    for number in range(1, 4):
        for name in ("id", "title", "updated", "published", "content", "author"):
            assert len(find(document, f"/a:feed/a:entry[{number}]/a:{name}")) == 1, name
    assert attributes(document, "/a:feed/a:entry[1]/a:link") == [
        {"rel": "alternate", "type": "text/html", "href": f"{HOME}#_3"},
        {"rel": "related", "type": "text/html", "href": f"{HOME}#1"},
    ]
    assert attributes(document, "/a:feed/a:entry[2]/a:link") == [
        {"rel": "alternate", "type": "text/html", "href": f"{HOME}#2"}
    ]


def test_atom_ids_are_uris_and_stand_once():
    """RFC 4287 section 4.2.6."""
    ids = seen(atom(CHANNEL), "//a:id")
    assert ids == [URI, f"{URI}/event-3", f"{URI}/event-2", f"{URI}/event-1"]


def test_atom_times_are_those_given_and_never_now():
    """RFC 4287 sections 3.3 and 4.2.15."""
    document = atom(CHANNEL)
    times = seen(document, "//a:updated | //a:published")
    assert all(RFC3339.fullmatch(time) for time in times)
    assert {datetime.fromisoformat(time) for time in times} == {to_datetime(NOON), to_datetime(LATER)}
    assert seen(document, "/a:feed/a:updated") == seen(document, "/a:feed/a:entry[3]/a:updated")
    assert seen(document, "/a:feed/a:entry[3]/a:published") == ["2023-02-04T12:00:00+00:00"]


def test_atom_entries_name_the_author_and_the_language_where_they_differ():
    document = atom(CHANNEL)
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    assert find(document, "/a:feed")[0].get(lang) == "en"
    assert [one.get(lang) for one in find(document, "/a:feed/a:entry")] == [None, "de", None]
    assert seen(document, "/a:feed/a:entry/a:author/a:name") == ["Desk", "Berlin", "Desk"]


def test_an_entry_without_an_author_has_the_feeds():
    """RFC 4287 section 4.2.1: an entry without author elements has those of the feed."""
    nobody = channel(entry(author=""))
    assert find(atom(nobody), "//a:entry/a:author") == []
    assert seen(rss(nobody), "//item/dc:creator") == ["Example News"]
    assert "authors" not in json.loads(json_feed(nobody))["items"][0]


def test_atom_categories_are_tags_kind_and_key():
    assert attributes(atom(CHANNEL), "/a:feed/a:entry[3]/a:category") == [
        {"term": "China"},
        {"term": "US & <allies>"},
        {"term": "update", "scheme": f"{SCHEME}kind"},
        {"term": "key", "scheme": f"{SCHEME}key"},
    ]
    assert attributes(atom(CHANNEL), "/a:feed/a:entry[2]/a:category") == [{"term": "update", "scheme": f"{SCHEME}kind"}]


def test_atom_content_is_html():
    (body,) = find(atom(CHANNEL), "/a:feed/a:entry[3]/a:content")
    assert body.get("type") == "html"
    assert body.text == "<p><em>New</em> text</p>\n"


@pytest.mark.parametrize("path", ["/a:feed/a:entry[1]", "/rss/channel/item[1]"])
def test_a_correction_replies_to_its_original(path):
    """RFC 4685 section 3."""
    document = atom(CHANNEL) if path.startswith("/a:") else rss(CHANNEL)
    assert attributes(document, f"{path}/thr:in-reply-to") == [
        {"ref": f"{URI}/event-1", "href": f"{HOME}#1", "type": "text/html"}
    ]
    assert len(find(document, "//thr:in-reply-to")) == 1


def test_a_tombstone_stands_beside_a_stub_but_not_for_the_withdrawal_itself():
    """RFC 6721 section 3."""
    stub = entry(1, withdrawal=WITHDRAWAL, updated_at=LATER)
    document = atom(channel(entry(4, kind="withdrawal", withdrawal=WITHDRAWAL), stub))
    assert attributes(document, "/a:feed/at:deleted-entry") == [
        {"ref": f"{URI}/event-1", "when": "2023-02-04T20:00:00.123456+00:00"}
    ]
    assert len(find(document, "/a:feed/a:entry")) == 2


def test_a_feed_in_which_nothing_was_withdrawn_does_not_mention_tombstones():
    assert b"tombstones" not in atom(CHANNEL)


# RSS


def test_rss_has_the_elements_of_a_channel():
    """RSS 2.0, required channel elements; RSS Best Practices Profile, atom:link."""
    document = rss(CHANNEL)
    assert find(document, "/rss/@version") == ["2.0"]
    for name, text in [("title", "The balloon"), ("link", HOME), ("description", "What we know about it")]:
        assert seen(document, f"/rss/channel/{name}") == [text]
    assert attributes(document, "/rss/channel/a:link") == [
        {"rel": "self", "type": "application/rss+xml", "href": f"{HOME}rss.xml"}
    ]
    assert seen(document, "/rss/channel/language") == ["en"]
    assert seen(document, "/rss/channel/lastBuildDate") == ["Sat, 04 Feb 2023 20:00:00 +0000"]


def test_rss_items_are_named_by_an_id_that_is_no_address():
    document = rss(CHANNEL)
    assert attributes(document, "/rss/channel/item/guid") == [{"isPermaLink": "false"}] * 3
    assert seen(document, "/rss/channel/item/guid") == [f"{URI}/event-{number}" for number in (3, 2, 1)]
    assert seen(document, "/rss/channel/item/link") == [f"{HOME}#{anchor}" for anchor in ("_3", "2", "1")]


def test_rss_items_have_their_description_before_their_content():
    """RSS Best Practices Profile, content:encoded."""
    (item,) = find(rss(CHANNEL), "/rss/channel/item[3]")
    tags = [child.tag for child in item]
    assert tags.index("description") + 1 == tags.index(f"{{{SPACES['content']}}}encoded")
    assert item.findtext("description") == "New text"
    assert item.findtext(f"{{{SPACES['content']}}}encoded") == "<p><em>New</em> text</p>\n"


def test_rss_dates_are_those_of_publication():
    """RSS 2.0: pubDate, in the form of RFC 822."""
    dates = [parsedate_to_datetime(text) for text in seen(rss(CHANNEL), "/rss/channel/item/pubDate")]
    assert dates == [to_datetime(LATER).replace(microsecond=0), to_datetime(NOON), to_datetime(NOON)]


def test_rss_items_have_creator_and_categories():
    document = rss(CHANNEL)
    assert seen(document, "/rss/channel/item/dc:creator") == ["Desk", "Berlin", "Desk"]
    assert [(one.get("domain"), one.text) for one in find(document, "/rss/channel/item[3]/category")] == [
        (None, "China"),
        (None, "US & <allies>"),
        (f"{SCHEME}kind", "update"),
        (f"{SCHEME}key", "key"),
    ]


def test_rss_titles_and_descriptions_are_html_text():
    document = rss(channel(entry(title="<b> & ]]> 'x'"), title="A & B", description="<i>"))
    assert seen(document, "//item/title") == ["&lt;b&gt; &amp; ]]&gt; 'x'"]
    assert seen(document, "//item/description") == ["&lt;b&gt; &amp; ]]&gt; 'x'"]
    assert seen(document, "//channel/title") == ["A &amp; B"]
    assert seen(document, "//channel/description") == ["&lt;i&gt;"]


# JSON Feed


def test_json_feed_has_the_fields_of_a_feed():
    """JSON Feed 1.1, top-level."""
    document = json.loads(json_feed(CHANNEL))
    assert {name: value for name, value in document.items() if name != "items"} == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "The balloon",
        "home_page_url": HOME,
        "feed_url": f"{HOME}feed.json",
        "description": "What we know about it",
        "language": "en",
        "authors": [{"name": "Example News"}],
    }


def test_json_feed_items_have_their_fields_and_nothing_empty():
    """JSON Feed 1.1, items and extensions."""
    corrected, _, update = json.loads(json_feed(CHANNEL))["items"]
    assert update == {
        "id": f"{URI}/event-1",
        "url": f"{HOME}#1",
        "title": "Update 1",
        "content_html": "<p><em>New</em> text</p>\n",
        "summary": "New text",
        "date_published": "2023-02-04T12:00:00+00:00",
        "date_modified": "2023-02-04T20:00:00.123456+00:00",
        "authors": [{"name": "Desk"}],
        "tags": ["China", "US & <allies>"],
        "_feed": {"kind": "update", "key": True},
    }
    assert corrected["_feed"] == {
        "kind": "correction",
        "in_reply_to": f"{URI}/event-1",
        "in_reply_to_url": f"{HOME}#1",
    }


def test_json_feed_items_have_language_and_external_address_where_there_is_one():
    (item,) = json.loads(json_feed(channel(entry(language="de", link="https://example.org/x"))))["items"]
    assert item["language"] == "de"
    assert item["external_url"] == "https://example.org/x"


def test_json_feed_is_utf8_as_it_stands():
    assert "„Größe“ 🎈" in json_feed(channel(entry(title="„Größe“ 🎈"))).decode()


# All formats


@FORMATS
def test_the_same_feed_is_the_same_bytes_and_bears_no_stamp(write):
    document = write(CHANNEL)
    assert write(CHANNEL) == document
    assert b"generator" not in document
    assert b"feedgen" not in document


@FORMATS
def test_entries_stand_in_the_order_given(write):
    document = write(CHANNEL).decode()
    assert document.index("event-3<" if write is not json_feed else 'event-3"') < document.index("event-2")
    assert document.index("event-2") < document.rindex("#1")


@FORMATS
def test_an_entry_with_nothing_but_its_title_has_content(write):
    assert b"p>Update 2" in write(CHANNEL).replace(b"&lt;", b"<").replace(b"&gt;", b">")


@FORMATS
def test_a_long_entry_is_cut_with_a_link_to_the_rest(write):
    document = write(channel(entry(body="A paragraph.\n\n" * 1_000))).decode()
    contents = unescape(json.loads(document)["items"][0]["content_html"] if write is json_feed else document)
    assert 300 < contents.count("<p>A paragraph.</p>") < 350
    assert f'<p><a href="{HOME}#1">Read the rest</a></p>' in contents


@FORMATS
@pytest.mark.parametrize(
    "body",
    ["word " * 5_000, "&" * 20_000, "é\n\n" * 6_000, "<b></b>" * 3_000, '"' * 20_000, "[k](https://x.y/)" * 1_500],
)
def test_a_document_stays_under_250_kb(write, body):
    hostile = made(entry(body=body, tags=("t" * 200,) * 5))
    document = write(channel(items=(hostile,) * 50))
    assert len(document) <= DOCUMENT_BYTES
    assert document.count(b"Read the rest") == 50


@FORMATS
def test_a_document_of_many_tags_leaves_them_out(write):
    document = write(
        channel(*[entry(number, tags=tuple(f"{'ü' * 190}{n}" for n in range(100))) for number in range(50)])
    )
    assert len(document) <= DOCUMENT_BYTES
    assert document.decode().count("üüü") == 0


def test_entries_that_fit_are_not_cut_for_the_sake_of_long_ones():
    body = "word " * 790
    document = atom(channel(*[entry(number, body=body) for number in range(50)]))
    assert DOCUMENT_BYTES - 40_000 < len(document) <= DOCUMENT_BYTES
    assert b"Read the rest" not in document


@FORMATS
@given(of=entries, title=line_text)
def test_hostile_text_in_every_field_gives_a_document_that_reads_back(write, of, title):
    document = write(channel(of, title=title))
    shown = content.html(of, ENGLISH_VOICE)
    if write is json_feed:
        read = json.loads(document)
        assert (read["title"], read["items"][0]["title"]) == (title, of.title)
        assert read["items"][0].get("tags", []) == list(of.tags)
        assert not shown or read["items"][0]["content_html"] == shown
    elif write is atom:
        assert (seen(document, "/a:feed/a:title"), seen(document)) == ([title], [of.title])
        assert find(document, "//a:category[not(@scheme)]/@term") == list(of.tags)
        assert not shown or seen(document, "//a:content") == [shown]
    else:
        assert [unescape(text) for text in seen(document, "//title")] == [title, of.title]
        assert not shown or seen(document, "//content:encoded") == [shown]


def _is_left_alone_by_feedparser(text):
    """Not what it takes for text in a wrong encoding, or trims."""
    try:
        text.encode("latin-1").decode("utf-8")
    except ValueError:
        return not re.search("[\x7f-\x9f]", text) and text == text.strip()
    return text.isascii() and "\x7f" not in text


@settings(max_examples=50)
@given(st.lists(line_text.filter(_is_left_alone_by_feedparser), min_size=1, max_size=5))
def test_titles_come_back_from_feedparser_as_they_went_in(titles):
    feed = channel(*[entry(number, title=title) for number, title in enumerate(titles)])
    for document, read in ((atom(feed), str), (rss(feed), unescape)):
        parsed = feedparser.parse(document)
        assert not parsed.bozo
        assert [read(one.title) for one in parsed.entries] == titles


def test_feeds_are_generated_by_modules_that_are_loaded_when_needed():
    program = "import sys, feed.site.feeds, feed.site.jsonfeed, feed.site.pages; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"feedgen", "lxml", "jinja2", "babel"} & set(loaded)
