"""An entry's HTML says what product.md section 3 has it say."""

from __future__ import annotations

from urllib.parse import urlsplit

import html5lib
import pytest
from entry_values import ENGLISH_VOICE, NOON, correction, entries, entry, statement
from hypothesis import given

from feed.claims import Claim
from feed.events import Source
from feed.site import content, prose
from feed.site.entries import Notice, Wording
from feed.story import Withdrawal


def html(**values):
    return content.html(entry(**values), ENGLISH_VOICE)


def words_of(**values):
    return prose.plain(html(**values), 10_000)


def claim(status, *statements, confirmed_by=(), text="It was a spy balloon"):
    return Claim(claim="spy", text=text, status=status, confirmed_by=confirmed_by, statements=statements)


def test_an_entry_with_nothing_but_its_title_has_no_html_and_its_title_as_text():
    assert html() == ""
    assert content.text(entry(title="Only this"), "") == "Only this"


def test_the_body_is_markdown():
    assert html(body="It was *shot* down.") == "<p>It was <em>shot</em> down.</p>\n"


def test_notices_stand_at_the_top_with_their_time_and_line_breaks():
    notice = Notice(signal="correction", text="Not <one>\nbut two", published_at="2023-02-04T20:00:00.123456Z")
    assert html(body="Body", notices=(notice,)) == (
        '<p><strong>Correction</strong> (<time datetime="2023-02-04T20:00:00+00:00">4 February 2023, 20:00 UTC</time>)'
        ": Not &lt;one&gt;<br>\nbut two</p>\n<p>Body</p>\n"
    )


def test_a_correction_shows_what_it_said_and_what_it_now_says():
    changed = Wording(field="headline", before="Day-long & <b>", after="Days-long")
    assert content.html(correction(wordings=(changed,)), ENGLISH_VOICE) == (
        "<p><strong>Headline</strong>: It said: <del>Day-long &amp; &lt;b&gt;</del></p>\n"
        "<p>It now says: <ins>Days-long</ins></p>"
    )


def test_hidden_words_are_said_to_be_hidden():
    hidden = Wording(field="body", before=None, after="New", hidden=True)
    assert words_of(wordings=(hidden,)) == "Text: The earlier words are no longer shown. It now says: New"


def test_what_was_absent_is_called_nothing():
    assert words_of(wordings=(Wording(field="link", before=None, after="https://example.org"),)) == (
        "Link: It said: nothing It now says: https://example.org"
    )
    assert words_of(wordings=(Wording(field="key", before="yes", after=None),)).endswith("It now says: nothing")


def test_of_a_long_text_only_the_changed_words_are_shown_with_some_around():
    same = [f"w{number}" for number in range(500)]
    before, after = [" ".join([*same, word, *same]) for word in ("wrong", "right")]
    shown = words_of(wordings=(Wording(field="body", before=before, after=after),))
    around = (" ".join(same[-20:]), " ".join(same[:20]))
    assert shown == (f"Text: It said: … {around[0]} wrong {around[1]} … It now says: … {around[0]} right {around[1]} …")


def test_a_long_text_that_is_new_throughout_is_cut_on_both_sides():
    shown = html(wordings=(Wording(field="body", before="old " * 5_000, after="new " * 5_000),))
    assert shown.count("old") == shown.count("new") == 374
    assert " …</del>" in shown
    assert " …</ins>" in shown


@pytest.mark.parametrize(
    ("occurred", "occurred_text", "shown"),
    [
        ("4 February 2023", None, "When: 4 February 2023"),
        ("4 February 2023", "on Saturday", "When: 4 February 2023 (“on Saturday”)"),
        (None, "for days", "When: “for days”"),
    ],
)
def test_when_it_happened_is_shown_with_the_words_it_came_from(occurred, occurred_text, shown):
    assert words_of(occurred=occurred, occurred_text=occurred_text) == shown


def test_sources_are_shown_with_addresses_and_quotes():
    sources = (
        Source(name="Beijing", url="https://example.org/?a=1&b=2", quote="a\nb"),
        Source(name="Reuters"),
        Source(url="https://example.org/x"),
        Source(quote="only words"),
    )
    assert html(sources=sources) == (
        "<p><strong>Sources</strong></p>\n"
        '<ul><li><a href="https://example.org/?a=1&amp;b=2">Beijing</a>: '
        '<blockquote cite="https://example.org/?a=1&amp;b=2"><p>a<br>\nb</p></blockquote></li>\n'
        "<li>Reuters</li>\n"
        '<li><a href="https://example.org/x">https://example.org/x</a></li>\n'
        "<li><blockquote><p>only words</p></blockquote></li></ul>"
    )


def test_claims_are_shown_with_status_and_the_latest_position_of_each_party():
    told = claim("disputed", statement("US", "asserts"), statement("China", "denies"), statement("US", "confirms"))
    assert words_of(claims=(told,)) == "Claims It was a spy balloon: disputed US confirms China denies"


def test_a_confirmed_claim_names_who_confirms_it():
    told = claim("confirmed", statement("US", "asserts"), statement("China", "confirms"), confirmed_by=("China", "UN"))
    assert "It was a spy balloon: confirmed by China, UN" in words_of(claims=(told,))


def test_a_claim_without_words_goes_by_its_name_and_one_without_statements_is_not_shown():
    assert words_of(claims=(claim("denied", statement("US", "denies"), text=None),)) == "Claims spy: denied US denies"
    assert html(claims=(claim("unconfirmed"),)) == ""


def test_notes_link_and_end_of_coverage_follow():
    assert html(notes=("Checked\ntwice",), link="https://example.org/?a&b", closes=True) == (
        "<p><strong>Editor’s note</strong>: Checked<br>\ntwice</p>\n"
        '<p><strong>More</strong>: <a href="https://example.org/?a&amp;b">https://example.org/?a&amp;b</a></p>\n'
        "<p>This ends our coverage.</p>"
    )


def test_a_statement_is_plain_text():
    assert html(kind="note", statement="*a*\n<b>") == "<p>*a*<br>\n&lt;b&gt;</p>"


def test_a_stub_shows_the_notice_of_the_withdrawal_and_nothing_else():
    withdrawal = Withdrawal(version=3, notice="Court order", title="Neutral", published_at=NOON)
    assert words_of(withdrawal=withdrawal) == "Withdrawn (4 February 2023, 12:00 UTC): Court order"


def test_a_link_that_is_active_leads_nowhere():
    assert html(link="javascript:alert(1)") == "<p><strong>More</strong>: <a>javascript:alert(1)</a></p>"


def test_the_text_is_one_line_cut_between_words():
    shown = html(body="First *line*.\n\n" + "word " * 100)
    text = content.text(entry(), shown)
    assert text.startswith("First line. word word")
    assert text.endswith("word …")
    assert len(text.encode()) <= 300


@given(entries)
def test_nothing_in_any_entry_is_active(hostile):
    tree = html5lib.parseFragment(content.html(hostile, ENGLISH_VOICE), namespaceHTMLElements=False)
    for element in [*tree.iter()][1:]:
        assert element.tag in prose._TAGS
        assert not [name for name in element.attrib if name.startswith("on") or name in ("src", "style", "id")]
        assert urlsplit(element.get("href", "https:")).scheme in ("http", "https", "mailto")


@given(entries)
def test_any_entry_has_a_text_in_one_line(hostile):
    text = content.text(hostile, content.html(hostile, ENGLISH_VOICE))
    assert text
    assert "\n" not in text
