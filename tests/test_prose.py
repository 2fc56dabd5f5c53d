"""Markdown becomes HTML in which nothing is active or loaded, and is cut without being broken."""

from __future__ import annotations

import html
from urllib.parse import urlsplit

import html5lib
import pytest
from entry_values import prose_text
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.site import prose


def elements(markup: str) -> list[tuple[str, dict[str, str]]]:
    """The elements that a browser makes of a fragment, by name, with their attributes."""
    tree = html5lib.parseFragment(markup, namespaceHTMLElements=False)
    return [(str(element.tag), dict(element.attrib)) for element in tree.iter()][1:]


def is_valid(markup: str) -> bool:
    """Whether a strict HTML parser takes the fragment within an article without an error."""
    page = f"<!DOCTYPE html><html><head><title>x</title></head><body><article>{markup}</article></body></html>"
    html5lib.HTMLParser(strict=True).parse(page)
    return True


def test_markdown_is_githubs():
    markup = prose.render("a ~~b~~ https://example.org\n\n|c|\n|-|\n|d|")
    assert "<del>b</del>" in markup
    assert '<a href="https://example.org">https://example.org</a>' in markup
    assert "<td>d</td>" in markup


@pytest.mark.parametrize(
    ("markdown", "markup"),
    [
        ("![alt](https://example.org/x.png)", "<p></p>\n"),
        ("<video src=x>a</video>", "<p>a</p>\n"),
        ("[k](javascript:alert(1))", "<p><a>k</a></p>\n"),
        ("[k](data:text/html,x)", "<p><a>k</a></p>\n"),
        ("[k](/relative)", "<p><a>k</a></p>\n"),
        ("[k](mailto:a@example.org)", '<p><a href="mailto:a@example.org">k</a></p>\n'),
        ('<b id="3" class="x" style="y" onclick="z">k</b>', "<p><b>k</b></p>\n"),
        ("<script>k", "&lt;script&gt;k\n"),
        ("- [x] done", "<ul>\n<li>[x] done</li>\n</ul>\n"),
        ("note[^1]\n\n[^1]: at its foot", "<p>note[^1]</p>\n<p>[^1]: at its foot</p>\n"),
    ],
)
def test_what_is_loaded_active_or_named_is_left_out(markdown, markup):
    assert prose.render(markdown) == markup


def test_headings_stand_below_those_of_page_section_and_entry():
    assert [name for name, _ in elements(prose.render("# a\n\n## b\n\n##### c\n\n<h6 lang=de>d</h6>"))] == [
        "h4",
        "h5",
        "h6",
        "h6",
    ]


@pytest.mark.parametrize("reference", ["&#xFFFE;", "&#65535;", "&#x0FFFF;", "&#1;", "&#xD800;", "<b>&#2;</b>"])
def test_references_to_characters_that_no_feed_can_carry_are_replaced(reference):
    assert "\ufffd" in prose.render(reference)


def test_plain_text_stands_in_one_line():
    assert prose.plain("<p>a<br>\nb</p>\n<p>c &amp;lt; d</p>\n", 10_000) == "a b c &lt; d"


def test_line_ends_are_line_feeds():
    assert prose.legal("a\r\nb\rc\x85d") == "a\nb\nc\nd"


@pytest.mark.parametrize("nested", [">" * 250_000, "<div>" * 50_000, "<blockquote>" * 2_000])
def test_a_body_nested_beyond_all_measure_is_shown_as_typed(nested):
    assert prose.render(nested) == f"<pre>{html.escape(nested)}</pre>"


def test_what_never_settles_into_a_valid_nesting_is_shown_as_typed(monkeypatch):
    monkeypatch.setattr(prose, "_PASSES", 0)
    assert prose.render("<b>*a*</b>") == "<pre>&lt;b&gt;*a*&lt;/b&gt;</pre>"


@given(prose_text)
def test_any_body_is_valid_html_without_anything_active(body):
    markup = prose.render(body)
    assert is_valid(markup)
    for name, attributes in elements(markup):
        assert name in prose._TAGS
        assert set(attributes) <= {"href", "lang", "dir", "title", "cite", "start", "datetime"}
        assert urlsplit(attributes.get("href", "https:")).scheme in ("http", "https", "mailto")


# Lines of lists, quotes, tables, headings, code and links, in any order.
_lines = st.text(alphabet=">#-*+_~`|:[]()!&;0123. \tab\n\\=", max_size=30) | st.sampled_from(
    [
        "- a",
        "  - b",
        "1. c",
        "> d",
        "|a|b|",
        "|-|-|",
        "```",
        "# e",
        "---",
        "===",
        "[x](https://example.org)",
        "**f",
        "~~g~~",
        "",
    ]
)


@given(st.lists(_lines, max_size=12).map("\n".join))
@settings(max_examples=300)
def test_markdown_without_html_is_nested_as_browsers_nest(markdown):
    markup = prose.render(markdown)
    assert prose.clean(markup) == markup


@pytest.mark.parametrize(
    "misnested",
    [
        "<applet/><blockquote>\n# <h1></div><a><select><h1></center>[k](http://x)</applet>",
        "</script></a><form dir=rtl><a dir=rtl><table/>\n# <caption><details></rp>&amp;<title><a/><details><li>",
    ],
)
def test_what_is_left_of_dropped_elements_is_nested_as_browsers_nest(misnested):
    assert is_valid(prose.render(misnested))


def test_text_that_fits_is_not_cut():
    markup = "<p>" + "é" * 2_000 + "</p>"
    assert prose.excerpt(markup) == (markup, False)


def test_an_excerpt_ends_at_a_block_and_counts_bytes_of_text():
    blocks = [f"<p><b>{'é' * 750}</b></p>\n" for _ in range(4)]
    markup, is_cut = prose.excerpt("".join(blocks))
    assert is_cut
    assert markup == "".join(blocks[:2]).rstrip()


def test_elements_without_an_end_are_blocks_too():
    kept = f"<p>a<br>b</p><hr><p>{'c' * 3_000}</p>"
    assert prose.excerpt(f"{kept}<p>{'d' * 3_000}</p>") == (kept, True)


def test_a_first_block_that_is_too_long_is_cut_between_words():
    markup, is_cut = prose.excerpt("<blockquote><p>" + "<i>ab</i> &amp; " * 2_000 + "</p></blockquote>")
    assert is_cut
    assert markup.startswith("<p>ab &amp; ab")
    assert markup.endswith("ab &amp; …</p>")
    assert 3_900 < len(prose.plain(markup, 10_000).encode()) <= 4_000


def test_a_long_block_after_a_short_one_is_begun():
    markup, _ = prose.excerpt("<p>short</p>\n<p>" + "word " * 2_000 + "</p>")
    assert markup.startswith("<p>short</p>\n<p>word word")


def test_a_word_that_never_ends_is_cut_within():
    markup, _ = prose.excerpt("<p>" + "字" * 5_000 + "</p>")
    assert 3_900 < len(prose.plain(markup, 10_000).encode()) <= 4_000


def test_markup_without_text_is_bounded_too():
    markup, is_cut = prose.excerpt("<p><b></b></p>" * 20_000)
    assert is_cut
    assert len(markup) <= 16_000
    assert is_valid(markup)


def test_nothing_is_left_at_a_limit_of_nothing():
    assert prose.excerpt("<hr><p>a</p>", 0) == ("", True)


@given(prose_text, prose_text)
def test_any_excerpt_is_valid_html_within_the_limit(one, other):
    markup, is_cut = prose.excerpt(prose.render(f"{one}\n\n{other * 5}"), 60)
    assert is_valid(markup)
    assert not is_cut or len(prose._text(markup).encode()) <= 60


def test_a_cut_text_keeps_whole_words():
    assert prose.cut("one two three", 13) == "one two three"
    assert prose.cut("one two three", 12) == "one two …"
    assert prose.cut("one two three", 10) == "one …"
    assert prose.cut("one", 2) == ""
