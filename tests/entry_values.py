"""Entries, items and feeds as values for the tests of what is made of them, and text that tries to break it."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from feed.claims import Claim, Statement
from feed.events import Source
from feed.site.addresses import Addresses
from feed.site.entries import Entry, Notice, Wording
from feed.site.feeds import Channel, Item, item
from feed.site.voice import voice
from feed.story import Story, Withdrawal

URI = "tag:example.org,2023-02-03:balloon"
NOON = "2023-02-04T12:00:00.000000Z"
LATER = "2023-02-04T20:00:00.123456Z"
ADDRESSES = Addresses(url="https://example.org/news/")
ENGLISH_VOICE = voice("en", {}, ZoneInfo("UTC"))
GERMAN_VOICE = voice("de", {}, ZoneInfo("Europe/Berlin"))


def entry(number: int = 1, **values: Any) -> Entry:
    """The entry of update `number`, which says nothing but its title."""
    standard: dict[str, Any] = {
        "id": f"{URI}/event-{number}",
        "story": "balloon",
        "anchor": str(number),
        "language": "en",
        "kind": "update",
        "title": f"Update {number}",
        "author": "Desk",
        "tags": (),
        "key": False,
        "published_at": NOON,
        "updated_at": NOON,
    }
    return Entry(**standard | values)


def correction(**values: Any) -> Entry:
    """The entry of a correction of update 1."""
    about = {"kind": "correction", "anchor": "_3", "original": f"{URI}/event-1", "original_anchor": "1"}
    return entry(3, **about | values)


def made(of: Entry) -> Item:
    return item(of, ADDRESSES, ENGLISH_VOICE)


def channel(*entries: Entry, **values: Any) -> Channel:
    """The feed of a story with these entries."""
    home = ADDRESSES.story("balloon")
    standard: dict[str, Any] = {
        "id": URI,
        "title": "The balloon",
        "description": "What we know about it",
        "language": "en",
        "home": home,
        "folder": home,
        "updated": LATER,
        "author": "Example News",
        "scheme": "tag:example.org,2023-02-03:/categories/",
        "items": tuple(made(entry) for entry in entries),
    }
    return Channel(**standard | values)


def story(**values: Any) -> Story:
    standard: dict[str, Any] = {
        "slug": "balloon",
        "uri": URI,
        "headline": "The balloon",
        "label": None,
        "summary": None,
        "language": "en",
        "status": "open",
        "tags": (),
        "pinned": None,
        "related": (),
        "opened_at": NOON,
        "updated_at": NOON,
        "closed_at": None,
        "last_published_at": NOON,
        "closed_by": None,
        "version": 1,
        "position": 1,
        "opened": 1,
        "last_number": 0,
        "usable": 0,
        "withdrawal": None,
        "updates": {},
        "named": {},
    }
    return Story(**standard | values)


def statement(by: str, position: Any, *, claim: str = "spy") -> Statement:
    return Statement(claim=claim, by=by, position=position, text=None, update="1", place=2, published_at=NOON)


BREAKING = (
    "<script>alert(1)</script>",
    "<b>&amp;</b>",
    "]]>",
    "<![CDATA[",
    "<!--",
    "&#x1;",
    "&#xFFFE;",
    "</p></article></main>",
    '" onmouseover="alert(1)',
    "[k](javascript:alert(1))",
    '<a href="javascript:alert(1)">k</a>',
    '<img src="https://example.org/pixel" onerror=alert(1)>',
    "<iframe src=https://example.org>",
    "<svg><style><img src=x onerror=alert(1)>",
    "<table><p><a>",
    "<plaintext>",
    "{{ 7 * 7 }}",
    "\U0001f388",
    "\u202e",
    "> ",
    "\n\n",
    "\x85",
    "\x80",
    "\u2028",
    "\r",
    "\x7f",
    "\ufdd0",
    "\U0001ffff",
)
_LEGAL = st.characters(
    exclude_categories=["Cs"], exclude_characters=[*map(chr, [*range(9), 11, 12, *range(14, 32)]), "\ufffe", "\uffff"]
)
prose_text = st.lists(st.sampled_from(BREAKING) | st.text(_LEGAL, max_size=5), min_size=1, max_size=6).map(
    lambda parts: "".join(parts).strip() or "x"
)
# As the gate lets a headline or a name through.
line_text = prose_text.map(
    lambda text: " ".join(text.translate(dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e"))).split()) or "x"
)
_links = st.sampled_from(
    ["https://example.org/?a=1&b='2'", "mailto:a@example.org", "javascript:alert(1)", 'https://example.org/"><script>']
)
_some = st.none() | prose_text
entries = st.builds(
    entry,
    st.integers(1, 10**6),
    kind=st.sampled_from(["update", "correction", "note", "ended"]),
    title=line_text,
    author=line_text,
    tags=st.lists(line_text, max_size=2).map(tuple),
    withdrawal=st.none()
    | st.builds(Withdrawal, version=st.just(9), notice=_some, title=_some, published_at=st.just(NOON)),
    statement=_some,
    notices=st.lists(
        st.builds(Notice, signal=st.just("correction"), text=prose_text, published_at=st.just(NOON)), max_size=2
    ).map(tuple),
    body=_some,
    wordings=st.lists(
        st.builds(Wording, field=st.just("body"), before=_some, after=_some, hidden=st.booleans()), max_size=1
    ).map(tuple),
    occurred_text=st.none() | line_text,
    sources=st.lists(st.builds(Source, name=line_text, url=st.none() | _links, quote=_some), max_size=2).map(tuple),
    claims=st.lists(
        st.builds(
            Claim,
            claim=st.just("spy"),
            text=_some,
            status=st.just("confirmed"),
            confirmed_by=st.tuples(line_text),
            statements=st.tuples(st.builds(statement, line_text, st.just("denies"))),
        ),
        max_size=1,
    ).map(tuple),
    notes=st.lists(prose_text, max_size=1).map(tuple),
    link=st.none() | _links,
    closes=st.booleans(),
)
