"""The fixed words: every language says the same with them, and a story is told in those of its language."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC
from pathlib import Path
from string import Formatter
from typing import get_args

import feedparser
import html5lib
import pytest
from conftest import Site
from entry_values import ENGLISH_VOICE, GERMAN_VOICE, correction, entry
from msgspec.structs import asdict, replace

from feed.claims import Claim, ClaimStatus, Statement
from feed.developments import Kind
from feed.events import (
    Changes,
    Data,
    NewEvent,
    NoteAdded,
    Position,
    Related,
    Relation,
    Source,
    Stance,
    StoryChanged,
    StoryOpened,
    StoryWithdrawn,
    UpdateAdded,
    UpdateRevised,
    UpdateWithdrawn,
)
from feed.languages import ENGLISH, GERMAN, words_for
from feed.site import prose
from feed.site.content import html
from feed.site.entries import Wording
from feed.site.voice import voice
from feed.words import FIELDS, Words

LANGUAGES = pytest.mark.parametrize("words", [ENGLISH, GERMAN], ids=["en", "de"])
# The same in both languages: patterns and punctuation, and three words.
ALIKE = {
    "date_year",
    "date_month",
    "month_of_year",
    "single",
    "between_year",
    "between_month",
    "labelled",
    "topic_feed",
    "field_body",
    "field_link",
}
FRENCH = """
[words.fr]
labelled = "{label} : {text}"
correction = "Rectification & <autre>"
perhaps = "peut-être"
before_day = "{perhaps}le {about}{date} ou avant"
"""


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def fixed(words: Words) -> set[str]:
    """The texts between the placeholders, as far as there are letters in them and they are no patterns of dates."""
    texts = {text.strip(" ,:()“„”") for word in asdict(words).values() for text, *_ in Formatter().parse(word)}
    return {text for text in texts if re.search("[A-Za-z]", text) and not re.fullmatch("[dMy. ]+", text)}


def found(texts: Iterable[str], told: str) -> set[str]:
    return {text for text in texts if re.search(rf"(?<!\w){re.escape(text)}(?!\w)", told)}


# The words


def test_every_german_word_has_the_placeholders_of_the_english_one() -> None:
    german = asdict(GERMAN)
    assert {name: placeholders(word) for name, word in asdict(ENGLISH).items()} == {
        name: placeholders(german[name]) for name in asdict(ENGLISH)
    }


def test_german_has_a_word_of_its_own_for_all_but_a_few() -> None:
    german = asdict(GERMAN)
    assert {name for name, word in asdict(ENGLISH).items() if german[name] == word} == ALIKE


def test_quotation_marks_are_those_of_the_language() -> None:
    quoted = [name for name, word in asdict(GERMAN).items() if "„" in word]
    assert quoted == ["quoted", "coverage_ended_of", "coverage_resumed_of"]
    assert [re.sub("[^„“”]", "", asdict(GERMAN)[name]) for name in quoted] == ["„“"] * 3
    assert [re.sub("[^„“”]", "", asdict(ENGLISH)[name]) for name in quoted] == ["“”"] * 3


@LANGUAGES
def test_there_is_a_word_for_everything_that_can_be_said(words: Words) -> None:
    said = [
        *(words.with_kind(kind, "Title") for kind in get_args(Kind)),
        *(words.claim_status(status, ["UN"]) for status in get_args(ClaimStatus)),
        *(words.position(position, "UN") for position in get_args(Position)),
        *(words.story_status(status) for status in ("open", "closed", "withdrawn")),
        *(words.field(name) for name in FIELDS),
    ]
    assert len(set(said)) == len(said) - (said.count("Berichterstattung beendet") > 1)
    assert not [text for text in said if "{" in text]


def test_the_fields_are_those_that_a_revision_can_change() -> None:
    of_story = {"headline", "summary"}
    assert set(FIELDS) == set(Changes.__struct_fields__) | of_story


def test_an_updates_own_title_has_nothing_before_it() -> None:
    assert ENGLISH.with_kind("update", "Title") == "Title"
    assert GERMAN.with_kind("note", "Titel") == "Anmerkung der Redaktion: Titel"


def test_placeholders_in_a_title_are_text() -> None:
    assert ENGLISH.with_kind("correction", "{text} {0}") == "Correction: {text} {0}"


# Which language


@pytest.mark.parametrize(
    ("language", "words", "locale"),
    [
        ("en", ENGLISH, "en"),
        ("en-GB", ENGLISH, "en-GB"),
        ("DE", GERMAN, "DE"),
        ("de-AT", GERMAN, "de-AT"),
        ("fr", ENGLISH, "en"),
        ("ja-JP", ENGLISH, "en"),
        ("xx-newsroom", ENGLISH, "en"),
    ],
)
def test_words_and_dates_are_always_of_one_language(language: str, words: Words, locale: str) -> None:
    assert words_for(language, {}) == (words, locale)


def test_a_table_goes_before_the_shipped_words_and_that_of_the_whole_tag_before_that_of_its_first_part() -> None:
    swiss, german = replace(GERMAN, yes="Ja"), replace(GERMAN, yes="jawohl")
    tables = {"de-ch": swiss, "de": german}
    assert words_for("de-CH", tables) == (swiss, "de-CH")
    assert words_for("de-AT", tables) == (german, "de-AT")
    assert words_for("en", tables) == (ENGLISH, "en")


def test_a_language_without_words_gets_no_month_of_its_own() -> None:
    assert voice("fr", {}, UTC).occurred("2023-02~") == "about February 2023"
    assert voice("fr", {}, UTC).time("2023-02-04T20:00:00.000000Z") == "4 February 2023, 20:00 UTC"


# One entry


def test_an_entrys_html_is_in_the_words_and_dates_of_its_voice() -> None:
    claims = tuple(
        Claim(claim="c", text="Es war so", status=status, confirmed_by=("UN",), statements=(statement(position),))
        for status, position in zip(get_args(ClaimStatus), get_args(Position), strict=True)
    )
    shown = prose.plain(html(entry(claims=claims, occurred_text="am Samstag", closes=True), GERMAN_VOICE), 10_000)
    assert shown == (
        "Wann: „am Samstag“ Aussagen "
        "Es war so: strittig UN: behauptet "
        "Es war so: bestätigt (UN) UN: dementiert "
        "Es war so: unbestätigt UN: bestätigt "
        "Es war so: dementiert UN: kein Kommentar "
        "Es war so: zurückgenommen UN: zurückgenommen "
        "Damit endet unsere Berichterstattung."
    )


def statement(position: Position) -> Statement:
    return Statement(claim="c", by="UN", position=position, text=None, update="1", place=1, published_at="")


def test_words_are_text_and_no_markup() -> None:
    voice = replace(GERMAN_VOICE, words=replace(GERMAN, labelled="<b>{label} & {text}", said="<i>"))
    shown = html(correction(wordings=(Wording(field="link", before="a", after="b"),)), voice)
    assert shown.startswith("<p>&lt;b&gt;<strong>Link</strong> &amp; &lt;b&gt;&lt;i&gt; &amp; <del>a</del></p>")


# A whole story


def stance(by: str, position: Position, claim: str = "safe") -> Stance:
    return Stance(claim=claim, by=by, position=position, text=f"Es ist {claim}")


STANCES = (stance("Betreiber", "asserts"),)
FLOOD: tuple[Data, ...] = (
    UpdateAdded(
        headline="Wasser steigt",
        body="Um einen Meter. " * 400,
        occurred="[2026-02-03..2026-02-05]",
        occurred_text="dieser Tage",
        sources=(Source(name="Pegel", url="https://example.org/1", quote="Ein Meter."),),
        stances=STANCES,
        key=True,
        link="https://example.org/2",
    ),
    UpdateAdded(headline="Hilfe trifft ein", occurred="/2026-02-04%", stances=STANCES),
    UpdateAdded(headline="Falsch", body="Falsch.", closes=True),
    UpdateRevised(
        update="1",
        signal="correction",
        notice="Es war anders.",
        changes=Changes(
            headline="Wasser stieg",
            body="Zwei Meter.",
            occurred="2026-02-03T23:30:00Z",
            occurred_text=None,
            sources=None,
            stances=(stance("Betreiber", "declines"),),
            key=None,
            tags=("Elbe",),
            link=None,
        ),
    ),
    UpdateRevised(update="2", signal="clarification", notice="Genauer.", changes=Changes(key=True)),
    UpdateRevised(update="2", signal="correction", notice="Weg.", changes=Changes(body="Hier."), hide_before=True),
    UpdateRevised(update="2", signal="addition", notice="Mehr.", changes=Changes(body="Hier. Dort.")),
    NoteAdded(text="Geprüft.", update="2"),
    StoryChanged(status="open"),
    StoryChanged(status="closed"),
    StoryChanged(status="open"),
    UpdateAdded(headline="Das Ende", closes=True),
    UpdateWithdrawn(update="3", notice="Stimmt nicht."),
)


STORIES = ("flut", "regen", "sturm")
RAIN: tuple[Data, ...] = (
    UpdateAdded(headline="Regen", body="Viel Regen. " * 600, occurred="../2026", link="https://example.org/3"),
    UpdateAdded(headline="Guss", stances=(stance("Amt", "denies"), stance("Amt", "asserts", "wet"))),
    UpdateAdded(headline="Nass", stances=(stance("Rat", "asserts"), stance("Rat", "confirms", "wet"))),
    UpdateAdded(headline="Trocken", stances=(stance("Rat", "retracts"), stance("Amt", "retracts", "dry"))),
    *(
        UpdateAdded(headline=edtf, occurred=edtf)
        for day in ("2026", "2026-02", "2026-02-03", "2026-02-03T12:00:00Z")
        for edtf in (f"/{day}", f"{day}/", f"../{day}", f"{day}/..")
    ),
    StoryChanged(summary="Viel Wasser.", signal="correction", notice="Viel."),
)
STORM: tuple[Data, ...] = (UpdateAdded(headline="Sturm"), StoryWithdrawn(notice="Kein Sturm."))
# So many that it has older pages.
THAW: tuple[Data, ...] = (
    *(UpdateAdded(headline="Tau") for _ in range(301)),
    StoryChanged(
        related=tuple(Related(story=name, rel=rel) for name, rel in zip(STORIES, get_args(Relation), strict=True))
    ),
    StoryChanged(status="closed"),
)


def tell(site: Site, language: str) -> None:
    with site.newsroom() as newsroom:
        for story, data in zip((*STORIES, "tau"), (FLOOD, RAIN, STORM, THAW), strict=True):
            opened = StoryOpened(headline="Das Wetter", language=language)
            newsroom.append_all([NewEvent(story=story, data=one) for one in (opened, *data)])


def told(site: Site, language: str) -> str:
    """All that subscribers and visitors read, in every format, without markup, before there is a story and after."""
    site.config.write_text(site.config.read_text().replace('language = "en"', f'language = "{language}"'))
    texts = []
    for fill in (lambda: None, lambda: tell(site, language)):
        fill()
        assert site.run("publish").exit_code == 0
        texts += [text for file in sorted((site.folder / "public").rglob("*.*")) for text in texts_in(file)]
    return "\n".join(texts)


def texts_in(file: Path) -> list[str]:
    text = file.read_text(encoding="utf-8")
    match file.suffix:
        case ".html":
            return [prose.plain(text, 1_000_000), *texts_of_page(text)]
        case ".xml" if "sitemap" not in file.name:
            read = feedparser.parse(text.encode())
            entries = [part for one in read.entries for part in (one.title, one.summary, one.content[0].value)]
            return [prose.plain(part, 1_000_000) for part in (read.feed.title, read.feed.subtitle, *entries)]
        case _:
            values = json.loads(text) if file.name == "feed.json" else {}
            return [
                *(values.get(name, "") for name in ("title", "description")),
                *(one[name] for one in values.get("items", ()) for name in ("title", "summary", "content_html")),
            ]


READABLE = ("aria-label", "content", "title", "data-one", "data-many", "data-show", "data-copied", "data-failed")


def texts_of_page(page: str) -> Iterator[str]:
    """What a page says, in attributes and by its script as well."""
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    for element in tree.iter():
        values = (element.attrib[name] for name in READABLE if name in element.attrib)
        yield from (value for value in values if not value.startswith("http"))
        if element.get("id") == "_past":
            past = json.loads(element.text)
            yield from (past["now"], past["then"], past["withdrawn"], *(words for _, words in past["moments"]))
            yield from (prose.plain(part, 1_000_000) for states in past["slots"].values() for _, part in states)
        if element.tag != "script":
            yield " ".join((element.text or "").split())
        yield " ".join((element.tail or "").split())
    # Without a script only.
    yield from (prose.plain(part, 1_000_000) for part in re.findall("<noscript>.*?</noscript>", page, re.DOTALL))


@pytest.fixture
def others(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A second empty newsroom."""
    return Site(tmp_path_factory.mktemp("others"))


@pytest.mark.slow
def test_german_stories_have_german_words_everywhere_and_no_english_one(site: Site, others: Site) -> None:
    """What there is in English is looked for, so that every word is."""
    english, german = told(site, "en"), told(others, "de")
    words = fixed(ENGLISH) - fixed(GERMAN)
    assert words - found(words, english) == set()
    assert found(words, german) == set()
    words = fixed(GERMAN) - fixed(ENGLISH)
    assert words - found(words, german) == set()
    assert "zwischen dem 3. und dem 5. Februar 2026" in german
    # The settings' time zone is Berlin's.
    assert "4. Februar 2026, 00:30 Uhr MEZ" in german
    assert "CET" not in german


def test_words_from_the_settings_are_used(site: Site) -> None:
    site.config.write_text(site.config.read_text() + FRENCH)
    published = told(site, "fr-CA")
    assert "Rectification & <autre> : Wasser stieg" in published
    assert "peut-être le about 4 février 2026 ou avant" in published


def test_a_language_without_words_is_told_in_english_throughout(site: Site) -> None:
    danish = told(site, "da")
    words = fixed(ENGLISH) - fixed(GERMAN)
    assert words - found(words, danish) == set()
    assert "between 3 and 5 February 2026" in danish


def test_other_words_in_the_settings_are_published_at_once(site: Site) -> None:
    assert "Added: Hilfe trifft ein" in told(site, "en")
    site.config.write_text(site.config.read_text() + '\n[words.en]\naddition = "New"\n')
    assert site.run("publish").exit_code == 0
    assert "New: Hilfe trifft ein" in (site.folder / "public/stories/flut/atom.xml").read_text()


# The terminal


def test_an_answer_shows_the_entry_in_the_storys_language_and_the_rest_in_english(site: Site) -> None:
    tell(site, "de")
    done = site.run(
        "revise",
        "flut/1",
        "--correction",
        "--notice",
        "Doch nicht.",
        "--headline",
        "Wasser fällt",
    )
    assert "  Korrektur: Wasser fällt\n" in done.stdout
    assert "    Zuvor hieß es: Wasser stieg\n" in done.stdout
    shown = site.run("show", "flut").stdout
    assert "Correction (" in shown
    assert found(fixed(GERMAN) - fixed(ENGLISH) - {"Text"}, shown) == set()


def test_times_on_the_terminal_are_in_the_sites_zone(site: Site) -> None:
    tell(site, "de")
    assert "occurred 4 February 2026, 00:30 CET" in " ".join(site.run("show", "flut").stdout.split())


def test_the_voice_of_the_terminal_is_english(site: Site) -> None:
    with site.newsroom() as newsroom:
        assert newsroom.voice.words == ENGLISH_VOICE.words
        assert newsroom.voice_of("de") == GERMAN_VOICE
