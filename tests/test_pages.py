"""A story's page is valid HTML that shows every development at its anchor."""

from __future__ import annotations

import html5lib
from entry_values import (
    ADDRESSES,
    ENGLISH_VOICE,
    GERMAN_VOICE,
    LATER,
    NOON,
    correction,
    entries,
    entry,
    line_text,
    made,
    prose_text,
    story,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.site import prose
from feed.site.pages import fragment, site_page, story_page, title
from feed.story import Withdrawal

HOME = "https://example.org/news/stories/balloon/"


def page(*of, voice=ENGLISH_VOICE, **values):
    return story_page(story(**values), [made(entry) for entry in of], ADDRESSES, voice)


def parsed(document):
    """The tree of a document that is valid for a strict parser."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(document)


def texts(tree, path):
    return [" ".join("".join(element.itertext()).split()) for element in tree.iterfind(path)]


def test_a_page_has_headline_status_summary_and_language():
    tree = parsed(page(label="Balloon", headline="Over <Montana> & on", summary="One.\n\nTwo & <three>."))
    assert tree.get("lang") == "en"
    assert texts(tree, "head/title") == texts(tree, ".//h1") == ["Balloon: Over <Montana> & on"]
    assert texts(tree, ".//header/p") == ["Developing", "One.", "Two & <three>."]


def test_a_page_is_in_the_words_and_dates_of_its_language():
    tree = parsed(page(entry(1), voice=GERMAN_VOICE, language="de", status="closed"))
    assert tree.get("lang") == "de"
    assert texts(tree, ".//header/p") == ["Berichterstattung beendet"]
    assert texts(tree, ".//article/p/time") == ["4. Februar 2023, 13:00 Uhr MEZ"]


def test_every_development_stands_at_its_anchor_newest_first():
    tree = parsed(page(correction(title="Correction: B"), entry(2, title="B"), entry(1, title="A")))
    assert [element.get("id") for element in tree.iterfind(".//article")] == ["_3", "2", "1"]
    assert texts(tree, ".//article/h2") == ["Correction: B", "B", "A"]
    assert [link.get("href") for link in tree.iterfind(".//article/h2/a")] == [
        f"{HOME}#{id}" for id in ("_3", "2", "1")
    ]


def test_an_entry_shows_when_it_was_published_who_wrote_it_and_its_html():
    tree = parsed(page(entry(body="It *was*.", author="Desk & Co")))
    assert texts(tree, ".//article/p") == ["4 February 2023, 12:00 UTC, Desk & Co", "It was."]
    assert [time.get("datetime") for time in tree.iterfind(".//article/p/time")] == ["2023-02-04T12:00:00+00:00"]


def test_a_page_leads_to_its_feeds_and_loads_nothing():
    links = [dict(link.attrib) for link in parsed(page()).iterfind("head/link")]
    assert {link.pop("title", "The balloon") for link in links} == {"The balloon"}
    assert links == [
        {"rel": "canonical", "href": HOME},
        {"rel": "alternate", "type": "application/atom+xml", "href": f"{HOME}atom.xml"},
        {"rel": "alternate", "type": "application/rss+xml", "href": f"{HOME}rss.xml"},
        {"rel": "alternate", "type": "application/feed+json", "href": f"{HOME}feed.json"},
    ]


def test_the_page_shows_an_entry_whole():
    body = "A paragraph.\n\n" * 1_000
    assert page(entry(body=body)).count(b"<p>A paragraph.</p>") == 1_000


def test_a_withdrawn_story_shows_only_the_notice():
    withdrawal = Withdrawal(version=9, notice="Wrong.\nAll of it.", title=None, published_at=LATER)
    secret = {"headline": "Secret headline", "label": "Secret label", "summary": "Secret summary", "opened_at": NOON}
    document = page(status="withdrawn", withdrawal=withdrawal, **secret)
    assert b"Secret" not in document
    tree = parsed(document)
    assert texts(tree, ".//h1") == ["Withdrawn: story of 4 February 2023, 12:00 UTC"]
    assert texts(tree, ".//header/p") == ["Withdrawn (4 February 2023, 20:00 UTC)", "Wrong.", "All of it."]


def test_a_withdrawn_story_goes_by_its_neutral_title():
    withdrawal = Withdrawal(version=9, notice="x", title="A court case", published_at=LATER)
    assert title(story(withdrawal=withdrawal), ENGLISH_VOICE) == "Withdrawn: A court case"


@settings(deadline=None)
@given(of=entries, headline=line_text, label=st.none() | line_text, summary=st.none() | prose_text)
def test_hostile_text_in_every_field_gives_a_valid_page_with_nothing_active(of, headline, label, summary):
    tree = parsed(page(of, headline=headline, label=label, summary=summary))
    shown = prose.legal(f"{label}: {headline}" if label else headline)
    assert texts(tree, ".//h1") == [" ".join(shown.split())]
    assert texts(tree, ".//article/h2") == [" ".join(prose.legal(of.title).split())]
    assert {element.tag for element in tree.iterfind("body//*")} <= prose._TAGS | {
        "main",
        "section",
        "header",
        "article",
        "h1",
        "h2",
    }
    assert {element.tag for element in tree.iterfind("head/*")} == {"meta", "title", "link"}


def test_a_fragment_is_the_page_without_its_frame():
    shown = (story(headline="Flood"), (made(entry()),), ADDRESSES, ENGLISH_VOICE)
    whole, part = story_page(*shown).decode(), fragment(*shown).decode()
    assert part.startswith('<section class="feed-story" lang="en">')
    assert "<html" not in part
    assert "<h2>Flood</h2>" in part
    inner = part.replace("<h2>", "<h1>").replace("</h2>", "</h1>").replace("h3>", "h2>")
    assert inner in whole


def test_the_sites_page_links_to_what_is_new():
    items = (made(entry(1)), made(entry(2)))
    document = site_page("Example & News", items, ADDRESSES, ENGLISH_VOICE)
    tree = parsed(document)
    assert texts(tree, ".//h1") == ["Example & News"]
    assert [one.get("href") for one in tree.iterfind(".//li/a")] == [item.address for item in items]
