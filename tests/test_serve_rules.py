"""What a request asks for, as RFC 9110 reads it: codings, conditions, dates; and the fields of a file."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import ROOT

from feed.serve.app import path_of
from feed.serve.conditions import Conditions, date, matches, seconds
from feed.serve.headers import POLICY, Writer, media_type, policy
from feed.serve.negotiation import coding

MOMENT = 784_111_777
SAID = b"Sun, 06 Nov 1994 08:49:37 GMT"
TAG = b'"abc"'


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        (None, "identity"),
        (b"", "identity"),
        (b"gzip", "gzip"),
        (b"x-gzip", "gzip"),
        (b"GZip", "gzip"),
        (b"br", "br"),
        (b"gzip, deflate, br, zstd", "br"),
        (b"gzip;q=1.0, br;q=0.5", "gzip"),
        (b"gzip ; q=0.5,\tbr ;\tq=0.5", "br"),
        (b"*", "br"),
        (b"*;q=0.1, br;q=0", "gzip"),
        (b"identity", "identity"),
        (b"identity, gzip;q=0.9", "identity"),
        (b"gzip;q=0.001", "gzip"),
        (b"gzip;q=0, br;q=0", "identity"),
        (b"identity;q=0, gzip", "gzip"),
        (b"identity;q=0", "identity"),
        (b"*;q=0", "identity"),
        (b"deflate", "identity"),
        (b"gzip;q=2", "identity"),
        (b"gzip;q=, br;q=a", "identity"),
        (b"gzip;level=9", "identity"),
        (b",,gzip,,", "gzip"),
        (b"gzip, " * 200, "identity"),
        (b"\xff, gzip", "gzip"),
    ],
)
def test_a_coding_is_chosen_by_weight_and_then_by_size(accepted: bytes | None, expected: str) -> None:
    assert coding(accepted) == expected


@given(st.binary(max_size=60))
def test_any_field_gives_a_coding(accepted: bytes) -> None:
    assert coding(accepted) in ("br", "gzip", "identity")


@pytest.mark.parametrize(
    ("listed", "weakly", "strongly"),
    [
        (b'"abc"', True, True),
        (b'W/"abc"', True, False),
        (b"*", True, True),
        (b' "abc" ', True, True),
        (b'"x", "abc"', True, True),
        (b'"x" ,, W/"abc",', True, False),
        (b',"abc"', True, True),
        (b'"a,b", "abc"', True, True),
        (b'"x"', False, False),
        (b'"abc', False, False),
        (b"abc", False, False),
        (b'w/"abc"', False, False),
        (b'"x" "abc"', False, False),
        (b'"x"abc"abc"', False, False),
        (b'"x", *', False, False),
        (b"", False, False),
        (b'"abc.br"', False, False),
        (b'"ABC"', False, False),
    ],
)
def test_tags_are_compared_weakly_or_strongly(listed: bytes, weakly: bool, strongly: bool) -> None:
    assert matches(listed, TAG, weakly=True) is weakly
    assert matches(listed, TAG, weakly=False) is strongly


opaque = st.lists(st.sampled_from([0x21, *range(0x23, 0x7F), *range(0x80, 0x100)]), max_size=6).map(bytes)
tags = st.tuples(st.booleans(), opaque)
blanks = st.sampled_from([b"", b" ", b"\t", b", ", b" ,,"])


@given(st.lists(tags, max_size=6), opaque, st.data())
def test_a_list_has_a_tag_if_one_of_its_tags_is_that(listed: list[tuple[bool, bytes]], one: bytes, data: st.DataObject):
    gaps = [data.draw(blanks) for _ in listed]
    field = b",".join(
        gap + (b"W/" if weak else b"") + b'"' + tag + b'"' for gap, (weak, tag) in zip(gaps, listed, strict=True)
    )
    quoted = b'"' + one + b'"'
    assert matches(field, quoted, weakly=True) == any(tag == one for _, tag in listed)
    assert matches(field, quoted, weakly=False) == any(tag == one and not weak for weak, tag in listed)


@given(st.binary(max_size=200))
def test_what_is_no_list_matches_no_tag_of_ours(field: bytes) -> None:
    if b'"4oIYpwZ2Z"' not in field and field.strip(b" \t") != b"*":
        assert not matches(field, b'"4oIYpwZ2Z"', weakly=True)


def test_a_long_list_is_read_in_time_that_grows_with_its_length() -> None:
    for hostile in (b'"a", ' * 6_000 + b"!", b"," * 30_000 + b'"', b'W/"' * 10_000, b'"' + b"a" * 30_000):
        assert not matches(hostile + b'"abc"x', TAG, weakly=True)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (SAID, MOMENT),
        (b"Sunday, 06-Nov-94 08:49:37 GMT", MOMENT),
        (b"Sun Nov  6 08:49:37 1994", MOMENT),
        (b"Sun, 06 Nov 1994 08:49:60 GMT", MOMENT + 22),
        (b"Sun, 06 Nov 1994 08:49:37 CET", None),
        (b"Sun, 31 Feb 1994 08:49:37 GMT", None),
        (b"Sun, 06 Nov 1994 25:49:37 GMT", None),
        (b"1994-11-06T08:49:37Z", None),
        (b"784111777", None),
        (SAID + b", " + SAID, None),
        (b"", None),
    ],
)
def test_dates_are_read_in_three_forms_and_in_no_other(said: bytes, expected: int | None) -> None:
    assert seconds(said) == expected


@given(st.integers(0, 4_000_000_000))
def test_a_date_is_written_as_it_is_read(moment: int) -> None:
    said = date(moment)
    assert seconds(said) == moment
    assert said.decode() == format_datetime(datetime.fromtimestamp(moment, UTC), usegmt=True)


BEFORE, AFTER = b"Sun, 06 Nov 1994 08:49:36 GMT", b"Sun, 06 Nov 1994 08:49:38 GMT"


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        (Conditions(), 200),
        (Conditions(none_match=TAG), 304),
        (Conditions(none_match=b'"x"'), 200),
        (Conditions(none_match=b"*"), 304),
        (Conditions(modified_since=SAID), 304),
        (Conditions(modified_since=AFTER), 304),
        (Conditions(modified_since=BEFORE), 200),
        (Conditions(modified_since=b"yesterday"), 200),
        (Conditions(none_match=b'"x"', modified_since=AFTER), 200),
        (Conditions(none_match=TAG, modified_since=BEFORE), 304),
        (Conditions(match=TAG), 200),
        (Conditions(match=b"*"), 200),
        (Conditions(match=b'W/"abc"'), 412),
        (Conditions(match=b'"x"', none_match=TAG), 412),
        (Conditions(match=TAG, none_match=TAG), 304),
        (Conditions(unmodified_since=BEFORE), 412),
        (Conditions(unmodified_since=SAID), 200),
        (Conditions(unmodified_since=b"never"), 200),
        (Conditions(match=TAG, unmodified_since=BEFORE), 200),
    ],
)
def test_conditions_are_judged_in_the_order_of_the_standard(conditions: Conditions, status: int) -> None:
    assert conditions.status(TAG, MOMENT) == status


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("atom.xml", "application/atom+xml; charset=utf-8"),
        ("stories/a/archive/atom-00001.xml", "application/atom+xml; charset=utf-8"),
        ("key/rss.xml", "application/rss+xml; charset=utf-8"),
        ("feed.json", "application/feed+json; charset=utf-8"),
        ("archive/feed-00012.json", "application/feed+json; charset=utf-8"),
        ("publish.json", "application/json; charset=utf-8"),
        ("sitemap.xml", "application/xml; charset=utf-8"),
        ("index.html", "text/html; charset=utf-8"),
        ("static/feed.css", "text/css; charset=utf-8"),
        ("static/feed.js", "text/javascript; charset=utf-8"),
        ("static/icon.svg", "image/svg+xml; charset=utf-8"),
        ("feeds.opml", "text/x-opml; charset=utf-8"),
        ("checkpoint", "text/plain; charset=utf-8"),
        ("static/logo.PNG", "image/png"),
        ("other", "application/octet-stream"),
        ("html", "application/octet-stream"),
    ],
)
def test_media_types(path: str, kind: str) -> None:
    assert media_type(path)[0] == kind


def test_pages_that_state_no_policy_get_that_of_the_shipped_pages() -> None:
    template = (ROOT / "feed/site/templates/page.html").read_text(encoding="utf-8")
    stated = re.search(r'Content-Security-Policy" content="([^"]+)"', template)
    assert stated
    assert stated[1] == POLICY
    assert policy("stories/a/fragment.html", b"<section>") == POLICY + "; frame-ancestors 'self'"


def test_a_page_keeps_its_own_policy() -> None:
    page = b'<head><meta http-equiv="Content-Security-Policy" content="default-src &#39;self&#39;"></head>'
    assert policy("index.html", page) == "default-src 'self'; frame-ancestors 'self'"
    split = b'<meta http-equiv="Content-Security-Policy" content="a\r\nSet-Cookie: b">'
    assert policy("index.html", split) == POLICY + "; frame-ancestors 'self'"


def test_feeds_link_to_their_hub_and_to_themselves_and_nothing_else_does() -> None:
    writer = Writer(cache_control="no-cache", url="https://a.example/live/", hub="https://hub.example/?a=b")
    link = dict(writer.fields("stories/x/rss.xml", "p"))[b"link"]
    assert link == b'<https://hub.example/?a=b>; rel="hub", <https://a.example/live/stories/x/rss.xml>; rel="self"'
    for other in ("archive/atom-00001.xml", "index.html", "feeds.opml", "publish.json"):
        assert b"link" not in dict(writer.fields(other, "p"))
    assert b"link" not in dict(Writer(cache_control="a", url="https://a/", hub=None).fields("atom.xml", "p"))


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b"/", "index.html"),
        (b"/stories/", "stories/index.html"),
        (b"/%61tom.xml", "atom.xml"),
        (b"/stories%2Fatom.xml", None),
        (b"/%252f", "%2f"),
        (b"atom.xml", None),
        (b"*", None),
        (b"//atom.xml", "/atom.xml"),
        (b"/../feed.toml", "../feed.toml"),
        (b"/a%00", "a\0"),
    ],
)
def test_paths_are_names_in_a_list(raw: bytes, path: str | None) -> None:
    assert path_of(raw) == path
