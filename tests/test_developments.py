"""Which events reach subscribers and what their entries say (product.md section 3), row by row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from conftest import Site
from entry_values import ENGLISH_VOICE

from feed import log, settings
from feed.database import Database, open_database
from feed.events import (
    Changes,
    Data,
    Event,
    NewEvent,
    NoteAdded,
    Source,
    Stance,
    StoryChanged,
    StoryOpened,
    StoryWithdrawn,
    UpdateAdded,
    UpdateRevised,
    UpdateWithdrawn,
)
from feed.newsroom import Newsroom
from feed.projections import lists, read
from feed.site.entries import Entry, Wording, entry

NOTICE = "The notice."


class Press:
    """The story `flood` as subscribers see it; an event a minute, from 12:01 on."""

    def __init__(self, newsroom: Newsroom, database: Database) -> None:
        self._newsroom = newsroom
        self._database = database

    def does(self, *data: Data) -> Event:
        """Append these; returns the last event."""
        return [self._newsroom.append(NewEvent(story="flood", data=one)) for one in data][-1]

    def tells(self) -> None:
        """All that there is has been published."""
        with self._database.writing() as connection:
            log.tell(connection, log.head(connection).size)

    def entries(self) -> list[Entry]:
        """All entries of the story, oldest first."""
        with self._database.reading() as connection:
            told = read.told(connection, lists.newest(connection, 1000, slug="flood")[::-1])
            return [entry(one.development, one.story, one.update, one.statements, ENGLISH_VOICE) for one in told]

    def titles(self) -> list[str]:
        return [one.title for one in self.entries()]

    def words(self) -> str:
        """Every field of every entry."""
        return json.dumps(msgspec.to_builtins(self.entries()), ensure_ascii=False)

    def newest(self) -> Entry:
        return self.entries()[-1]

    def of(self, name: str) -> Entry:
        """The own entry of an update."""
        (own,) = [one for one in self.entries() if one.kind == "update" and one.anchor == name]
        return own


@pytest.fixture
def press(site: Site) -> Iterator[Press]:
    """A newsroom whose clock goes a minute at every look."""
    loaded = settings.load(site.config)
    minutes = iter(range(1, 60))
    database = open_database(loaded.database_url)
    with Newsroom.open(
        loaded, lambda: datetime(2026, 2, 3, 12, tzinfo=UTC) + timedelta(minutes=next(minutes))
    ) as newsroom:
        yield Press(newsroom, database)
    database.close()


def at(minute: int) -> str:
    return f"2026-02-03T12:{minute:02}:00.000000Z"


def revised(signal: str, *, notice: str | None = NOTICE, hide: bool | None = None, **fields: Any) -> UpdateRevised:
    changes = Changes(**fields)
    return UpdateRevised(update="1", signal=signal, notice=notice, hide_before=hide, changes=changes)  # type: ignore[arg-type]


def stance(by: str, position: str, text: str | None = None) -> Stance:
    return Stance(claim="safe", by=by, position=position, text=text)  # type: ignore[arg-type]


OPENED = StoryOpened(headline="The flood", label="Flood", tags=("Weather",))
PLAIN = StoryOpened(headline="The flood")
FIRST = UpdateAdded(headline="Water rises", body="By a metre.", tags=("Elbe",), key=True)
WITHDRAWN = UpdateWithdrawn(update="1", notice=NOTICE)
UNDONE = UpdateWithdrawn(update="1", untold=True)


# update.added


@pytest.mark.parametrize(("opened", "label"), [(OPENED, "Flood: "), (PLAIN, "")])
def test_an_update_is_an_entry_of_its_headline_after_the_label(press: Press, opened: StoryOpened, label: str) -> None:
    press.does(opened, FIRST)
    (only,) = press.entries()
    assert (only.kind, only.title, only.body, only.anchor) == ("update", f"{label}Water rises", "By a metre.", "1")
    assert (only.published_at, only.updated_at, only.key) == (at(2), at(2), True)
    assert only.tags == (*(opened.tags or ()), "Elbe")
    assert (only.original, only.notices, only.wordings, only.withdrawal) == (None, (), (), None)


def test_an_update_shows_all_that_it_rests_on(press: Press) -> None:
    source = Source(name="Operator", url="https://example.org/", quote="It rises.")
    full = UpdateAdded(
        headline="H",
        occurred="2026-02-02~",
        occurred_text="yesterday",
        sources=(source,),
        link="https://example.org/more",
        stances=(stance("Mayor", "asserts", "It is safe"),),
    )
    press.does(OPENED, full)
    own = press.newest()
    assert (own.occurred, own.occurred_text) == ("about 2 February 2026", "yesterday")
    assert (own.sources, own.link) == ((source,), "https://example.org/more")
    assert [(claim.text, claim.status) for claim in own.claims] == [("It is safe", "unconfirmed")]


def test_a_closing_update_says_so_itself_and_there_is_no_other_entry(press: Press) -> None:
    press.does(OPENED, UpdateAdded(headline="The end", closes=True))
    assert [(one.kind, one.closes) for one in press.entries()] == [("update", True)]


# update.revised


@pytest.mark.parametrize(("signal", "word"), [("correction", "Correction"), ("clarification", "Clarification")])
def test_a_correction_is_an_entry_and_rewrites_the_original(press: Press, signal: str, word: str) -> None:
    press.does(OPENED, FIRST, revised(signal, headline="Water falls", body="By a foot."))
    own, told = press.entries()
    assert (told.kind, told.title, told.anchor) == (signal, f"Flood: {word}: Water falls", "_3")
    assert [(notice.signal, notice.text) for notice in told.notices] == [(signal, NOTICE)]
    assert told.wordings == (
        Wording(field="headline", before="Water rises", after="Water falls"),
        Wording(field="body", before="By a metre.", after="By a foot."),
    )
    assert (told.original, told.original_anchor, told.body) == (own.id, "1", None)
    assert (own.title, own.body) == ("Flood: Water falls", "By a foot.")
    assert [(notice.signal, notice.text) for notice in own.notices] == [(signal, NOTICE)]
    assert (own.published_at, own.updated_at, told.published_at) == (at(2), at(3), at(3))


def test_an_addition_is_an_entry_with_the_new_text_and_renews_the_original(press: Press) -> None:
    press.does(OPENED, FIRST, revised("addition", body="By a metre, then two.", link="https://example.org/"))
    own, told = press.entries()
    assert (told.kind, told.title, told.body) == ("addition", "Flood: Added: Water rises", "By a metre, then two.")
    assert [notice.text for notice in told.notices] == [NOTICE]
    assert told.wordings == (Wording(field="link", before=None, after="https://example.org/"),)
    assert (own.body, own.updated_at) == ("By a metre, then two.", at(3))


def test_an_addition_needs_no_notice(press: Press) -> None:
    press.does(OPENED, FIRST, revised("addition", notice=None, body="By two."))
    own, told = press.entries()
    assert (told.notices, own.notices, own.updated_at) == ((), (), at(3))


def test_a_refile_is_no_entry_and_leaves_title_and_time(press: Press) -> None:
    press.does(OPENED, FIRST, revised("refile", headline="Water Rises", body="By a *metre*."))
    (own,) = press.entries()
    assert (own.title, own.body, own.updated_at, own.notices) == ("Flood: Water rises", "By a *metre*.", at(2), ())


def test_after_a_refile_a_correction_of_the_body_brings_the_refiled_headline(press: Press) -> None:
    press.does(OPENED, FIRST, revised("refile", headline="Water Rises"), revised("correction", body="By a foot."))
    assert press.titles() == ["Flood: Water Rises", "Flood: Correction: Water Rises"]


def test_an_amendment_is_no_entry_and_only_its_text_is_told(press: Press) -> None:
    press.does(OPENED, FIRST)
    press.does(revised("amendment", headline="Water falls", body="By a foot.", tags=("Oder",), key=None))
    (own,) = press.entries()
    assert (own.title, own.body, own.tags, own.key) == ("Flood: Water falls", "By a foot.", ("Weather", "Oder"), False)
    assert (own.published_at, own.updated_at, own.notices) == (at(2), at(2), ())


def test_an_amendment_leaves_no_old_word_in_what_was_revised_and_noted_before(press: Press) -> None:
    press.does(OPENED, UpdateAdded(headline="qqq rises", body="qqq body", tags=("qqq",)))
    press.does(revised("correction", headline="www falls", body="www body", tags=("www",)))
    press.does(NoteAdded(text="T", update="1"))
    press.does(revised("amendment", headline="Calm", body="All is calm.", tags=("Elbe",)))
    assert "qqq" not in press.words()
    assert "www" not in press.words()
    assert press.titles() == ["Flood: Calm", "Flood: Correction: Calm", "Flood: Editor’s note: Calm"]


# update.withdrawn


@pytest.mark.parametrize(
    ("title", "shown"),
    [("Report on the water", "Report on the water"), (None, "update of 3 February 2026, 12:02 UTC")],
)
def test_a_withdrawal_is_an_entry_and_leaves_a_stub(press: Press, title: str | None, shown: str) -> None:
    press.does(OPENED, FIRST)
    before = press.of("1")
    press.does(UpdateWithdrawn(update="1", notice=NOTICE, title=title))
    own, told = press.entries()
    assert (told.kind, told.title) == ("withdrawal", f"Flood: Withdrawn: {shown}")
    assert (told.original, told.published_at) == (own.id, at(3))
    for one in (own, told):
        assert one.withdrawal is not None
        assert (one.withdrawal.notice, one.title, one.updated_at) == (NOTICE, f"Flood: Withdrawn: {shown}", at(3))
        assert (one.body, one.notices, one.wordings, one.claims, one.notes, one.sources) == (None, (), (), (), (), ())
    assert (own.id, own.anchor, own.published_at) == (before.id, before.anchor, before.published_at)
    assert own.tags == ("Weather",)


def test_an_untold_withdrawal_leaves_nothing(press: Press) -> None:
    press.does(OPENED, FIRST, revised("correction", body="B"), NoteAdded(text="T", update="1"))
    press.does(revised("addition", body="C"), UNDONE)
    assert press.entries() == []
    press.does(UpdateAdded(headline="Water falls"))
    assert press.titles() == ["Flood: Water falls"]
    assert press.newest().anchor == "2"


def test_an_undone_closing_update_leaves_no_end_of_coverage(press: Press) -> None:
    press.does(OPENED, UpdateAdded(headline="The end", closes=True), UNDONE, UpdateAdded(headline="Not the end"))
    assert press.titles() == ["Flood: Not the end"]


def test_other_updates_stay_as_they_are_when_one_is_withdrawn_or_undone(press: Press) -> None:
    press.does(OPENED, FIRST, UpdateAdded(headline="Help comes"))
    other = press.of("2")
    press.does(UNDONE)
    assert press.entries() == [other]
    press.does(UpdateAdded(headline="More help"), UpdateWithdrawn(update="3", notice=NOTICE))
    assert press.of("2") == other


# story.withdrawn


@pytest.mark.parametrize(
    ("title", "shown"), [("Story on water", "Story on water"), (None, "story of 3 February 2026, 12:01 UTC")]
)
def test_the_withdrawal_of_a_story_is_one_entry_and_makes_every_entry_a_stub(
    press: Press, title: str | None, shown: str
) -> None:
    press.does(OPENED, FIRST, UpdateAdded(headline="Help comes"), revised("correction", body="B"))
    press.does(NoteAdded(text="T"), StoryChanged(status="closed"))
    number = len(press.entries())
    press.does(StoryWithdrawn(notice=NOTICE, title=title))
    entries = press.entries()
    assert len(entries) == number + 1
    assert {one.title for one in entries} == {f"Withdrawn: {shown}"}
    assert {one.withdrawal.notice for one in entries if one.withdrawal} == {NOTICE}
    assert {(one.updated_at, one.tags, one.body, one.statement) for one in entries} == {(at(7), (), None, None)}


# note.added


def test_a_note_on_an_update_is_an_entry_and_the_original_shows_it_unmoved(press: Press) -> None:
    press.does(OPENED, FIRST, NoteAdded(text="We rang twice.", update="1"))
    own, told = press.entries()
    assert (told.kind, told.title) == ("note", "Flood: Editor’s note: Water rises")
    assert (told.statement, told.original) == ("We rang twice.", own.id)
    assert (own.notes, own.updated_at) == (("We rang twice.",), at(2))


def test_a_note_on_a_story_is_an_entry_of_the_story(press: Press) -> None:
    press.does(OPENED, FIRST, NoteAdded(text="We live there."))
    own, told = press.entries()
    assert (told.kind, told.title, told.statement) == ("note", "Flood: Editor’s note: The flood", "We live there.")
    assert (told.original, own.notes) == (None, ())


def test_a_note_after_a_withdrawal_says_nothing_of_what_was_withdrawn(press: Press) -> None:
    press.does(OPENED, FIRST, WITHDRAWN, NoteAdded(text="We are sorry.", update="1"))
    told = press.newest()
    assert (told.kind, told.title) == ("note", "Flood: Editor’s note: update of 3 February 2026, 12:02 UTC")
    assert (told.statement, told.tags, told.withdrawal) == ("We are sorry.", (), None)
    press.does(StoryWithdrawn(notice=NOTICE), NoteAdded(text="We are very sorry."))
    told = press.newest()
    assert (told.title, told.statement) == (
        "Editor’s note: story of 3 February 2026, 12:01 UTC",
        "We are very sorry.",
    )


# story.changed


@pytest.mark.parametrize(("signal", "word"), [("correction", "Correction"), ("clarification", "Clarification")])
def test_a_correction_of_a_story_is_an_entry(press: Press, signal: Any, word: str) -> None:
    press.does(OPENED, StoryChanged(headline="The rain", summary="It rains.", signal=signal, notice=NOTICE))
    (told,) = press.entries()
    assert (told.kind, told.title, told.original) == (signal, f"Flood: {word}: The rain", None)
    assert [notice.text for notice in told.notices] == [NOTICE]
    assert told.wordings == (
        Wording(field="headline", before="The flood", after="The rain"),
        Wording(field="summary", before=None, after="It rains."),
    )


def test_the_end_and_the_resumption_of_coverage_are_entries(press: Press) -> None:
    press.does(OPENED, StoryChanged(status="closed"), StoryChanged(status="open", summary="It rains."))
    ended, resumed = press.entries()
    assert (ended.kind, ended.title) == ("ended", "Flood: Coverage ended: The flood")
    assert ended.statement == "Our coverage of “The flood” has ended."
    assert (resumed.kind, resumed.title) == ("resumed", "Flood: Coverage resumed: The flood")
    assert resumed.statement == "We have resumed our coverage of “The flood”."


def test_a_status_that_the_story_had_already_is_no_entry(press: Press) -> None:
    press.does(OPENED, StoryChanged(status="open", summary="It rains."), UpdateAdded(headline="The end", closes=True))
    press.does(StoryChanged(status="closed", summary="It rained."))
    assert press.titles() == ["Flood: The end"]


def test_a_correction_that_closes_is_one_entry(press: Press) -> None:
    press.does(OPENED, StoryChanged(headline="The rain", status="closed", signal="correction", notice=NOTICE))
    assert [one.kind for one in press.entries()] == ["correction"]


@pytest.mark.parametrize(
    "change",
    [
        StoryChanged(headline="The rain"),
        StoryChanged(label=None),
        StoryChanged(summary="It rains."),
        StoryChanged(tags=("Elbe",)),
        StoryChanged(pinned="1"),
    ],
)
def test_any_other_change_of_a_story_is_no_entry(press: Press, change: StoryChanged) -> None:
    press.does(OPENED, FIRST, change)
    assert [one.kind for one in press.entries()] == ["update"]


def test_opening_a_story_is_no_entry(press: Press) -> None:
    press.does(OPENED)
    assert press.entries() == []


# No word of what was withdrawn

WORDS = {
    name: f"zz{name}zz"
    for name in (
        "headline",
        "body",
        "occurred_text",
        "source",
        "quote",
        "party",
        "claim",
        "tag",
        "path",
        "notice",
        "note",
    )
}


def marked(prefix: str = "") -> dict[str, Any]:
    """The fields of an update, each with a word of its own that stands nowhere else."""
    words = {name: word.replace("zz", f"zz{prefix}", 1) for name, word in WORDS.items()}
    url = f"https://example.org/{words['path']}"
    return {
        "headline": words["headline"],
        "body": words["body"],
        "occurred": "1877-05" if not prefix else "1878-05",
        "occurred_text": words["occurred_text"],
        "sources": (Source(name=words["source"], url=url, quote=words["quote"]),),
        "stances": (
            stance(words["party"], "confirms", words["claim"]),
            stance("Mayor", "asserts", f"{words['claim']} too"),
        ),
        "tags": (words["tag"],),
        "link": url,
    }


def marks_in(words: str) -> list[str]:
    return sorted({mark for mark in ("zz", "1877", "1878") if mark in words})


def test_no_word_of_a_withdrawn_update_is_left_in_any_entry(press: Press) -> None:
    press.does(OPENED, UpdateAdded(headline="Before", stances=(stance("Mayor", "asserts", "It is safe"),), update="0"))
    press.does(UpdateAdded(update="1", **marked()))
    press.does(UpdateAdded(headline="After", stances=(stance("Operator", "denies"),)))
    press.does(revised("correction", notice="zznotice", **marked("new")))
    press.does(revised("addition", notice="zzaddition", body="zzmore"))
    press.does(revised("clarification", notice="zzclear", headline="zzlast"))
    press.does(NoteAdded(text="zznote", update="1"))
    assert marks_in(press.words()) == ["1877", "1878", "zz"]
    press.does(WITHDRAWN)
    assert marks_in(press.words()) == []
    assert len(press.entries()) == 8
    assert [(claim.text, claim.status) for claim in press.of("2").claims] == [("It is safe", "disputed")]


def test_a_party_that_confirmed_in_a_withdrawn_update_only_confirms_nowhere(press: Press) -> None:
    press.does(OPENED, UpdateAdded(update="1", **marked()))
    press.does(UpdateAdded(headline="After", stances=(stance("Operator", "asserts", "It is safe"),)))
    assert [claim.confirmed_by for claim in press.of("2").claims] == [("zzpartyzz",)]
    press.does(WITHDRAWN)
    assert [(claim.confirmed_by, claim.status) for claim in press.of("2").claims] == [((), "unconfirmed")]
    assert marks_in(press.words()) == []


def test_a_tag_of_a_withdrawn_update_stays_only_where_the_story_has_it(press: Press) -> None:
    press.does(
        StoryOpened(headline="H", tags=("Weather", "zzold")), UpdateAdded(headline="H", tags=("Elbe", "Weather"))
    )
    press.does(StoryChanged(tags=("Weather",)), WITHDRAWN)
    assert [one.tags for one in press.entries()] == [("Weather",), ("Weather",)]


def test_no_word_of_a_withdrawn_story_is_left_in_any_entry(press: Press) -> None:
    press.does(StoryOpened(headline="zzstory", label="zzlabel", summary="zzsummary", tags=("zztag",)))
    press.does(UpdateAdded(update="1", **marked()), UpdateAdded(update="2", **marked("other")))
    press.does(revised("correction", notice="zznotice", **marked("new")))
    press.does(NoteAdded(text="zznote", update="1"), NoteAdded(text="zznote"))
    press.does(UpdateWithdrawn(update="2", notice="zzwhy", title="zztitle"))
    press.does(StoryChanged(headline="zznew", summary="zznew", signal="correction", notice="zznotice"))
    press.does(StoryChanged(status="closed"), StoryChanged(status="open"))
    assert marks_in(press.words()) == ["1877", "1878", "zz"]
    press.does(StoryWithdrawn(notice=NOTICE))
    assert marks_in(press.words()) == []
    press.does(NoteAdded(text="We are sorry.", update="1"), NoteAdded(text="We are sorry."))
    assert marks_in(press.words()) == []
    assert len(press.entries()) == 12


# No word that was hidden


@pytest.mark.parametrize("signal", ["correction", "clarification", "addition", "refile"])
def test_hidden_words_are_left_in_no_entry_before_or_after(press: Press, signal: str) -> None:
    press.does(OPENED, UpdateAdded(update="1", **marked()), NoteAdded(text="T", update="1"))
    press.does(revised("correction", **marked("new")), NoteAdded(text="T", update="1"))
    press.does(UpdateAdded(headline="After", stances=(stance("Operator", "denies"),)))
    assert marks_in(press.words()) == ["1877", "1878", "zz"]
    harmless = {
        "headline": "Water rises",
        "body": "By a metre.",
        "occurred": "2026",
        "occurred_text": "this year",
        "sources": (Source(name="Operator"),),
        "stances": (stance("Mayor", "asserts", "It is safe"),),
        "tags": ("Elbe",),
        "link": "https://example.org/",
    }
    press.does(revised(signal, hide=True, **harmless))
    press.does(revised("correction", headline="Water falls", tags=("Oder",)), NoteAdded(text="T", update="1"))
    assert marks_in(press.words()) == []
    assert press.of("1").title == "Flood: Water falls"


def test_hiding_one_field_leaves_the_others_words(press: Press) -> None:
    press.does(OPENED, FIRST, revised("correction", headline="Water falls", body="By a foot."))
    press.does(revised("correction", hide=True, body="By an inch."))
    _, first, second = press.entries()
    assert first.wordings == (Wording(field="headline", before="Water rises", after="Water falls"),)
    assert second.wordings == (Wording(field="body", before=None, after="By an inch.", hidden=True),)


def test_a_hiding_refile_of_the_headline_changes_the_title(press: Press) -> None:
    press.does(OPENED, FIRST, NoteAdded(text="T", update="1"))
    press.does(revised("refile", hide=True, headline="The water rises"))
    assert press.titles() == ["Flood: The water rises", "Flood: Editor’s note: The water rises"]


def test_without_hiding_earlier_entries_keep_the_headline_of_their_time(press: Press) -> None:
    press.does(OPENED, FIRST, NoteAdded(text="T", update="1"), revised("correction", headline="Water falls"))
    assert press.titles() == [
        "Flood: Water falls",
        "Flood: Editor’s note: Water rises",
        "Flood: Correction: Water falls",
    ]


# Claims


def test_a_new_stance_rewrites_no_older_entry(press: Press) -> None:
    press.does(OPENED, UpdateAdded(headline="One", stances=(stance("Mayor", "asserts", "It is safe"),)))
    press.does(UpdateAdded(headline="Two", stances=(stance("Operator", "confirms"),)))
    before = press.entries()
    assert [one.claims[0].status for one in before] == ["unconfirmed", "confirmed"]
    press.does(UpdateAdded(headline="Three", stances=(stance("Engineer", "denies", "It is quite safe"),)))
    *older, newest = press.entries()
    assert older == before
    assert (newest.claims[0].status, newest.claims[0].text) == ("disputed", "It is quite safe")
    press.does(UpdateWithdrawn(update="3", notice=NOTICE))
    assert press.entries()[:2] == before


def test_a_revision_of_the_stances_shows_what_it_made_of_the_claim(press: Press) -> None:
    press.does(OPENED, UpdateAdded(headline="One", stances=(stance("Mayor", "asserts", "It is safe"),)))
    press.does(UpdateAdded(headline="Two", stances=(stance("Operator", "denies"),)))
    press.does(revised("correction", stances=(stance("Mayor", "denies", "It is safe"),)))
    own, _, told = press.entries()
    assert [claim.status for claim in told.claims] == ["denied"]
    assert [claim.status for claim in own.claims] == ["denied"]
    assert [(one.before, one.after) for one in told.wordings] == [
        ("It is safe (Mayor asserts)", "It is safe (Mayor denies)")
    ]


def test_a_revision_of_other_fields_shows_no_claims(press: Press) -> None:
    press.does(OPENED, UpdateAdded(headline="One", stances=(stance("Mayor", "asserts", "It is safe"),)))
    press.does(revised("correction", headline="Two"))
    assert press.newest().claims == ()


# Ids and places


def test_ids_are_the_storys_uri_with_the_events_id_and_anchors_are_unique(press: Press) -> None:
    events = [press.does(OPENED), press.does(FIRST), press.does(NoteAdded(text="T")), press.does(WITHDRAWN)]
    uri = "tag:news.example.org,2023-01-01:flood"
    assert [one.id for one in press.entries()] == [f"{uri}/{event.id}" for event in events[1:]]
    assert [one.anchor for one in press.entries()] == ["1", "_3", "_4"]


def test_what_was_told_stays_in_place_whatever_comes_later(press: Press) -> None:
    press.does(OPENED, FIRST, NoteAdded(text="T", update="1"))
    press.tells()
    before = [(one.id, one.anchor, one.published_at) for one in press.entries()]
    press.does(UpdateAdded(headline="Two"), UpdateWithdrawn(update="2", untold=True), WITHDRAWN)
    after = [(one.id, one.anchor, one.published_at) for one in press.entries()]
    assert after[:2] == before
    assert len(after) == 3
