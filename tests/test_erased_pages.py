"""What pages show of what was erased: that it was withdrawn, and of its words none, now or at any earlier moment."""

from __future__ import annotations

import json

import pytest
from conftest import Site
from log_fixtures import adding, files_in, line, opening
from test_pages import broken_links, ids, pages_of, parsed, publish, texts, valid

SECRET = "Quackenbush"  # noqa: S105  # a person's name
GROUND = "Court order 12 O 34/26"
CLAIM = {"claim": "guilt", "by": SECRET, "position": "denies", "text": f"{SECRET} did it"}
STUB = "Withdrawn: update of 3 February 2026, 13:00 CET"
FOLDER = "stories/theft/"


def theft(headline: str = "The theft") -> bytes:
    return opening("theft", headline=headline, tags=["Courts"], published_at="2026-02-03T11:00:00Z")


def scandal(update: str = "2", **fields: object) -> list[bytes]:
    """An update that names a person in every field, and a claim and a headline that it had before its correction."""
    named = {
        "headline": f"{SECRET} was arrested",
        "body": f"The thief is *{SECRET}*.",
        "occurred": "2026-02-03",
        "occurred_text": f"when {SECRET} slept",
        "sources": [{"name": f"Office of {SECRET}", "url": f"https://{SECRET}.example.org/", "quote": SECRET}],
        "stances": [CLAIM],
        "tags": [SECRET],
        "link": f"https://example.org/{SECRET}",
        "author": SECRET,
        "key": True,
        "published_at": "2026-02-03T12:00:00Z",
    }
    changes = {"headline": f"{SECRET} was questioned", "stances": [{**CLAIM, "text": f"{SECRET} stole it"}]}
    return [
        adding("theft", **{**named, **fields}),
        line("theft", "update.revised", update=update, signal="correction", notice=SECRET, changes=changes),
        line("theft", "note.added", update=update, text=f"We spoke with {SECRET}."),
    ]


def erase(site: Site, *what: str) -> dict[str, bytes]:
    """The site after an erasure."""
    result = site.run("erase", *what, "--ground", GROUND, "--yes")
    assert result.exit_code == 0, result.output
    return publish(site)


def holders(files: dict[str, bytes]) -> set[str]:
    """The files that hold the name, or have it in theirs, in capital or small letters."""
    wanted = SECRET.lower()
    return {path for path, content in files.items() if wanted.encode() in content.lower() or wanted in path}


def past(page: bytes) -> dict[str, list[tuple[int, str]]]:
    """What a page holds of earlier moments, by slot."""
    script = parsed(page).find(".//script[@id='_past']")
    return {} if script is None else json.loads(script.text)["slots"]


@pytest.fixture
def told(site: Site) -> Site:
    """A published story in which the update 2, pinned, names a person, and the next one says more of its claim."""
    court = {"claim": "guilt", "by": "Court", "position": "asserts"}
    site.fill([theft(), adding("theft", headline="A theft", published_at="2026-02-03T11:30:00Z"), *scandal()])
    site.fill([line("theft", "story.changed", pinned="2"), adding("theft", headline="A verdict", stances=[court])])
    site.fill([opening(), line("flood", "story.changed", related=[{"story": "theft", "rel": "part-of"}]), adding()])
    publish(site)
    return site


def test_no_file_of_the_site_holds_a_word_of_what_was_erased(told):
    before = holders(publish(told))
    pages = {"index.html", "fragment.html", "oldest.html"}
    assert {FOLDER + name for name in pages} <= before
    assert {"index.html", "topics/courts/index.html", "corrections/index.html"} <= before
    assert "topics/quackenbush/index.html" in before
    files = erase(told, "theft/2")
    assert holders(files) == set()
    assert holders(files_in(told.folder)) == set()


def test_every_page_that_showed_an_update_shows_that_it_was_withdrawn(told):
    files = erase(told, "theft/2")
    for path in ("index.html", "topics/courts/index.html", "corrections/index.html"):
        assert STUB in texts(parsed(files[path]), ".//main//a"), path
    for path in (f"{FOLDER}index.html", f"{FOLDER}oldest.html", f"{FOLDER}fragment.html"):
        (article,) = (one for one in parsed(files[path]).iterfind(".//article") if one.get("id") == "2")
        assert texts(article, "div/h3") + texts(article, "div/h4") == [STUB]
        assert texts(article, "div/div/p")[0].endswith(f"): {GROUND}")
    for content in pages_of(files).values():
        valid(content)
    assert broken_links(files) == set()


def test_every_address_leads_to_the_stub_still(told):
    before = set(ids(parsed(publish(told)[f"{FOLDER}index.html"])))
    assert {"2", "_4", "_5"} <= before
    after = set(ids(parsed(erase(told, "theft/2")[f"{FOLDER}index.html"])))
    assert before - after == {"_known"}


def test_search_engines_and_what_we_know_say_nothing_of_it(told):
    tree = parsed(erase(told, "theft/2")[f"{FOLDER}index.html"])
    posts = json.loads(tree.find(".//script[@type='application/ld+json']").text)["liveBlogUpdate"]
    assert [one["headline"] for one in posts] == ["A verdict", "A theft"]
    assert not list(tree.iterfind(".//section[@class='feed-known']"))


def test_a_claim_that_it_worded_is_called_by_its_name(told):
    tree = parsed(erase(told, "theft/2")[f"{FOLDER}index.html"])
    assert texts(tree, ".//tbody/tr/th") == ["guilt"]
    assert texts(tree, ".//tbody/tr/td/ul/li") == ["Court asserts"]


def test_who_steps_through_the_past_sees_the_withdrawal_alone(told):
    before = past(publish(told)[f"{FOLDER}index.html"])
    assert {"update-2", "text-2"} <= set(before)
    assert past(erase(told, "theft/2")[f"{FOLDER}index.html"]) == {}


def test_notes_on_a_withdrawal_go_too_and_their_addresses_lead_to_it(told):
    told.run("withdraw", "theft/2", "--notice", f"{SECRET} is innocent.")
    told.run("note", "theft/2", f"Sorry, {SECRET}.")
    (article,) = (one for one in parsed(publish(told)[f"{FOLDER}index.html"]).iterfind(".//article[@id='2']"))
    anchors = set(ids(article))
    assert {"_8", "_9"} <= anchors
    files = erase(told, "theft/2")
    assert holders(files) == set()
    (article,) = (one for one in parsed(files[f"{FOLDER}index.html"]).iterfind(".//article[@id='2']"))
    assert set(ids(article)) == anchors
    assert broken_links(files) == set()


def test_what_is_said_after_an_erasure_is_told(told):
    erase(told, "theft/2")
    told.run("note", "theft/2", "The court has spoken.")
    (article,) = (one for one in parsed(publish(told)[f"{FOLDER}index.html"]).iterfind(".//article[@id='2']"))
    assert any(text.endswith("The court has spoken.") for text in texts(article, "div/div/p"))


def test_a_story_of_which_every_update_is_erased_has_a_page_of_stubs(site):
    site.fill([theft(), *scandal("1"), *scandal("2", published_at=None)])
    publish(site)
    erase(site, "theft/1")
    files = erase(site, "theft/2")
    assert holders(files) == set()
    tree = valid(files[f"{FOLDER}index.html"])
    assert texts(tree, ".//h1") == ["The theft"]
    assert [title.startswith("Withdrawn: update of ") for title in texts(tree, ".//article/div/h3")] == [True, True]
    assert not list(tree.iterfind(".//tbody"))
    assert broken_links(files) == set()


def test_an_erased_new_headline_of_a_story_takes_the_story_from_every_page(told):
    told.fill([line("theft", "story.changed", headline=f"The {SECRET} affair", summary=SECRET)])
    assert {"stories/flood/index.html", "stories/index.html"} <= holders(publish(told))
    erase(told, "theft/2")
    files = erase(told, "--event", "11")
    assert holders(files) == set()
    tree = valid(files[f"{FOLDER}index.html"])
    assert texts(tree, ".//h1")[0].startswith("Withdrawn: story of ")
    assert past(files[f"{FOLDER}index.html"]) == {}
    assert texts(parsed(files["stories/flood/index.html"]), ".//ul[@class='feed-related']/li")[0].startswith(
        "Part of: Withdrawn: story of "
    )
    assert broken_links(files) == set()


def test_older_pages_of_a_long_story_show_stubs(site):
    more = (adding("theft", headline=f"Update {number}") for number in range(240))
    site.fill([theft(), adding("theft", published_at="2026-02-03T11:30:00Z"), *scandal(), *more])
    files = publish(site)
    parts = {FOLDER + name for name in ("part-00001.html", "oldest.html")}
    assert parts <= holders(files)
    files = erase(site, "theft/2")
    assert holders(files) == set()
    for path in parts:
        assert STUB in texts(parsed(files[path]), ".//article/div/h3")
    assert not {"update-2", "text-2"} & set(past(files[f"{FOLDER}part-00001.html"]))


def test_what_a_first_publish_left_unfinished_goes_with_an_erasure(told):
    """As nothing says of such a folder what stands in it."""
    (told.folder / "public/publish.json").unlink()
    assert holders(erase(told, "theft/2")) == set()
