"""Search engines are told of a story in JSON-LD that cannot leave its script element."""

from __future__ import annotations

import json

import html5lib
from entry_values import ADDRESSES, LATER, NOON, line_text, prose_text
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup

from feed.site import prose
from feed.site.linked_data import Correction, LiveBlog, Post, linked_data

HOME = ADDRESSES.story("balloon")
SITE = {"@type": "Organization", "name": "Example News", "url": ADDRESSES.url}
corrections = st.lists(st.builds(Correction, text=prose_text, published_at=st.just(LATER)), max_size=2).map(tuple)


def post(**values):
    standard = {
        "headline": "Shot down",
        "address": f"{HOME}#4",
        "excerpt": "Over the sea.",
        "author": "Example News",
        "published_at": NOON,
        "updated_at": NOON,
    }
    return Post(**standard | values)


def blog(**values):
    standard = {
        "headline": "The balloon",
        "address": HOME,
        "summary": None,
        "language": "en",
        "site": "Example News",
        "home": ADDRESSES.url,
        "tags": (),
        "opened_at": NOON,
        "updated_at": LATER,
        "closed_at": None,
    }
    return LiveBlog(**standard | values)


def read(**values):
    return json.loads(linked_data(blog(**values)))


def read_post(**values):
    return read(posts=(post(**values),))["liveBlogUpdate"][0]


def test_a_story_is_a_live_blog_with_what_is_known_of_it_and_no_more():
    assert read() == {
        "@context": "https://schema.org",
        "@type": "LiveBlogPosting",
        "headline": "The balloon",
        "url": HOME,
        "mainEntityOfPage": HOME,
        "inLanguage": "en",
        "datePublished": "2023-02-04T12:00:00+00:00",
        "dateModified": "2023-02-04T20:00:00+00:00",
        "coverageStartTime": "2023-02-04T12:00:00+00:00",
        "author": SITE,
        "publisher": SITE,
    }


def test_summary_topics_and_the_end_of_coverage_are_told_where_there_are_any():
    told = read(summary="For days.", tags=("China", "Espionage"), closed_at=LATER)
    assert told["description"] == "For days."
    assert told["keywords"] == ["China", "Espionage"]
    assert told["coverageEndTime"] == "2023-02-04T20:00:00+00:00"


def test_each_update_is_a_posting_in_the_order_given():
    told = read(posts=(post(), post(headline="Seen", address=f"{HOME}#1")))["liveBlogUpdate"]
    assert told[0] == {
        "@type": "BlogPosting",
        "headline": "Shot down",
        "url": f"{HOME}#4",
        "datePublished": "2023-02-04T12:00:00+00:00",
        "articleBody": "Over the sea.",
    }
    assert [one["headline"] for one in told] == ["Shot down", "Seen"]


def test_an_update_names_its_author_unless_that_is_the_site():
    assert "author" not in read_post()
    assert read_post(author="Ann")["author"] == {"@type": "Person", "name": "Ann"}


def test_an_update_has_a_date_of_change_only_if_it_changed():
    assert "dateModified" not in read_post()
    assert read_post(updated_at=LATER)["dateModified"] == "2023-02-04T20:00:00+00:00"


def test_an_update_without_text_has_no_body():
    assert "articleBody" not in read_post(excerpt="")


def test_corrections_are_comments_on_what_they_correct():
    notice = Correction(text="It was several days.", published_at=LATER)
    told = {
        "@type": "CorrectionComment",
        "text": "It was several days.",
        "datePublished": "2023-02-04T20:00:00+00:00",
    }
    assert read(corrections=(notice,))["correction"] == [told]
    assert read_post(corrections=(notice,))["correction"] == [told]
    assert "correction" not in read_post()


def test_it_is_compact():
    assert linked_data(blog()).startswith('{"@context":"https://schema.org","@type":"LiveBlogPosting","headline":')


@given(
    headline=line_text,
    summary=st.none() | prose_text,
    tags=st.lists(line_text, max_size=2).map(tuple),
    notices=corrections,
    author=line_text,
)
@example(headline="</script>", summary="<!--<script>", tags=("\x85\u2028\u2029",), notices=(), author="&lt;\x7f\r")
def test_hostile_text_stays_in_its_script_and_is_read_back(headline, summary, tags, notices, author):
    of = post(headline=headline, excerpt=headline, author=author, corrections=notices)
    script = linked_data(blog(headline=headline, summary=summary, tags=tags, corrections=notices, posts=(of,)))
    assert isinstance(script, Markup)
    assert not set("<\u2028\u2029") & set(script)
    shown = in_a_page(script)
    assert shown["headline"] == characters(headline)
    assert shown.get("description") == (characters(summary) if summary else None)
    assert shown.get("keywords", []) == [characters(tag) for tag in tags]
    assert shown["liveBlogUpdate"][0]["author"]["name"] == characters(author)
    assert [one["text"] for one in shown.get("correction", [])] == [characters(one.text) for one in notices]


def characters(text):
    """As the text was given, but for what is no character."""
    return "".join("\ufffd" if "\ufdd0" <= one <= "\ufdef" or ord(one) & 0xFFFE == 0xFFFE else one for one in text)


def in_a_page(script):
    """What a strict browser reads in it after the page's own cleaning."""
    page = prose.legal(f'<!DOCTYPE html><title>x</title><script type="application/ld+json">{script}</script>')
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    assert [element.tag for element in tree.iter()] == ["html", "head", "title", "script", "body"]
    return json.loads(tree.find("head/script").text)
