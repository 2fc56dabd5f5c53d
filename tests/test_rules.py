"""What may happen: each rule refused beside the nearest thing that is allowed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from feed.errors import FeedError, Invalid, Refused, Unknown
from feed.events import (
    Changes,
    Data,
    Event,
    NewEvent,
    NoteAdded,
    Related,
    Source,
    Stance,
    StoryChanged,
    StoryOpened,
    StoryWithdrawn,
    UpdateAdded,
    UpdateRevised,
    UpdateWithdrawn,
)
from feed.fold import Fold
from feed.rules import Context, decide
from feed.story import Story

CONTEXT = Context(
    recorded_at="2026-02-03T12:30:00.000000Z", told=0, authority="example.org", since="2026-01-01", language="en"
)


def at(minute: int) -> str:
    return f"2026-02-03T12:{minute:02}:00.000000Z"


def folded(history: Iterable[Data]) -> Fold:
    """The story `flood` after these events, one a minute from 12:01 on, at positions from 1 on."""
    fold = Fold()
    for number, data in enumerate(history, 1):
        fold.take(
            Event(
                position=number,
                id=f"event-{number}",
                story="flood",
                version=number,
                recorded_at=at(number),
                published_at=at(number),
                author="Desk",
                data=data,
                leaf=b"",
            )
        )
    return fold


def decided(history: Iterable[Data], data: Data, *, told: int = 0, published_at: str | None = None) -> Data:
    """What is recorded of `data`, with no more of the story at hand than the newsroom loads."""
    new = NewEvent(story="flood", data=data, published_at=published_at)
    return decide(new, folded(history).part(data), replace(CONTEXT, told=told))


def story(history: Iterable[Data]) -> Story:
    folded_story = folded(history).story
    assert folded_story is not None
    return folded_story


def changed(**fields: object) -> StoryChanged:
    return StoryChanged(**fields)  # type: ignore[arg-type]


def revised(signal: str = "refile", *, notice: str | None = None, hide: bool | None = None, **fields: object) -> Data:
    changes = Changes(**fields)  # type: ignore[arg-type]
    return UpdateRevised(update="1", signal=signal, notice=notice, hide_before=hide, changes=changes)  # type: ignore[arg-type]


def stance(claim: str = "safe", wording: str | None = None) -> Stance:
    return Stance(claim=claim, by="Mayor", position="asserts", text=wording)


OPENED = StoryOpened(headline="Flood", label="F", summary="It rains.", tags=("Weather",), uri="tag:e", language="en")
FIRST = UpdateAdded(update="1", headline="Water rises", body="By a metre.", key=True, tags=("Elbe",))
SECOND = UpdateAdded(update="2", headline="Water falls")
CLOSED = changed(status="closed")
REOPENED = changed(status="open")
WITHDRAWN = UpdateWithdrawn(update="1", notice="Not true.")
UNDONE = UpdateWithdrawn(update="1", untold=True)
STORY_WITHDRAWN = StoryWithdrawn(notice="Not true.")
ONE = [OPENED, FIRST]


class Rule(NamedTuple):
    """After `history`, `data` is refused in these words; `allowed` is the nearest thing that may happen, in
    `otherwise` instead if that is given."""

    name: str
    history: list[Data]
    data: Data
    error: type[FeedError]
    words: str
    allowed: Data
    otherwise: list[Data] | None = None


ADDED = UpdateAdded(headline="H", update="2")
NOTE = NoteAdded(text="T")
NOTICE = "is missing: a {} says what was wrong and what is right"
GONE = "flood/1 has been withdrawn: it takes only notes, append a new update"
WAS_UNDONE = "flood/1 was undone before anyone was told: append it again under a new name"
SAME = "nothing of flood/1 would change: it says this already"
STORY_SAME = "nothing of story 'flood' would change: it says this already"
STORY_GONE = "story 'flood' has been withdrawn: it takes only notes (feed note), open a new story"
NO_STORY = "there is no story 'flood': open it first (feed open flood HEADLINE)"
NO_UPDATE = "there is no update 'flood/1': feed show flood lists them"

RULES = [
    Rule(
        "a story is opened once",
        [OPENED],
        OPENED,
        Refused,
        f"story 'flood' is open already, since {at(1)}: append to it, or choose another name",
        OPENED,
        [],
    ),
    Rule(
        "a closed story is not opened again",
        [OPENED, CLOSED],
        OPENED,
        Refused,
        "story 'flood' exists already and is closed: choose another name",
        REOPENED,
    ),
    Rule(
        "a withdrawn story is not opened again",
        [OPENED, STORY_WITHDRAWN],
        OPENED,
        Refused,
        "story 'flood' exists already and is withdrawn: choose another name",
        NOTE,
    ),
    *(
        Rule(f"{type(data).__name__} needs a story", [], data, Unknown, NO_STORY, data, ONE)
        for data in (ADDED, NOTE, changed(label="G"), STORY_WITHDRAWN)
    ),
    Rule(
        "a closed story takes no update",
        [OPENED, CLOSED],
        ADDED,
        Refused,
        "story 'flood' is closed: reopen it first (feed reopen flood)",
        ADDED,
        [OPENED, CLOSED, REOPENED],
    ),
    Rule(
        "a story that an update closed takes no other",
        [OPENED, UpdateAdded(update="1", headline="H", closes=True)],
        ADDED,
        Refused,
        "story 'flood' is closed: reopen it first (feed reopen flood)",
        ADDED,
        [OPENED, UpdateAdded(update="1", headline="H", closes=True), UNDONE],
    ),
    *(
        Rule(f"a withdrawn story takes no {kind}", [*ONE, STORY_WITHDRAWN], data, Refused, STORY_GONE, allowed)
        for kind, data, allowed in (
            ("update", ADDED, NOTE),
            ("revision", revised(body="B"), NoteAdded(text="T", update="1")),
            ("withdrawal of an update", WITHDRAWN, NOTE),
            ("undo", UNDONE, NOTE),
            ("change", changed(label="G"), NOTE),
            ("reopening", REOPENED, NOTE),
            ("second withdrawal", STORY_WITHDRAWN, NOTE),
        )
    ),
    Rule("a revision needs its update", [OPENED], revised(body="B"), Unknown, NO_UPDATE, revised(body="B"), ONE),
    Rule("a withdrawal needs its update", [OPENED], WITHDRAWN, Unknown, NO_UPDATE, WITHDRAWN, ONE),
    Rule("a note needs its update", [OPENED], NoteAdded(text="T", update="1"), Unknown, NO_UPDATE, NOTE),
    Rule(
        "an update's name is used once",
        ONE,
        UpdateAdded(headline="H", update="1"),
        Refused,
        "there is an update flood/1 already: revise it (feed revise flood/1), or leave the name out",
        ADDED,
    ),
    Rule(
        "the name of a withdrawn update stays taken",
        [*ONE, WITHDRAWN],
        UpdateAdded(headline="H", update="1"),
        Refused,
        "there is an update flood/1 already: revise it (feed revise flood/1), or leave the name out",
        ADDED,
    ),
    Rule(
        "the name of an undone update stays taken",
        [*ONE, UNDONE],
        UpdateAdded(headline="H", update="1"),
        Refused,
        "there is an update flood/1 already: revise it (feed revise flood/1), or leave the name out",
        ADDED,
    ),
    *(
        Rule(
            f"a withdrawn update takes no {kind}",
            [*ONE, WITHDRAWN],
            data,
            Refused,
            GONE,
            NoteAdded(text="T", update="1"),
        )
        for kind, data in (
            ("revision", revised("correction", notice="N", body="B")),
            ("amendment", revised("amendment", body="B")),
            ("second withdrawal", WITHDRAWN),
            ("undo", UNDONE),
        )
    ),
    *(
        Rule(f"an undone update takes no {kind}", [*ONE, UNDONE], data, Refused, WAS_UNDONE, NOTE)
        for kind, data in (
            ("revision", revised(body="B")),
            ("withdrawal", WITHDRAWN),
            ("undo", UNDONE),
            ("note", NoteAdded(text="T", update="1")),
            ("pin", changed(pinned="1")),
        )
    ),
    *(
        Rule(
            f"a {signal} needs a notice",
            ONE,
            revised(signal, body="B"),
            Invalid,
            f"data.notice: {NOTICE.format(signal)}",
            revised(signal, body="B", notice="N"),
        )
        for signal in ("correction", "clarification")
    ),
    *(
        Rule(
            f"a {signal} of a story needs a notice",
            [OPENED],
            changed(headline="G", signal=signal),
            Invalid,
            f"data.notice: {NOTICE.format(signal)}",
            changed(headline="G", signal=signal, notice="N"),
        )
        for signal in ("correction", "clarification")
    ),
    Rule(
        "a correction of a story gives headline or summary",
        [OPENED],
        changed(label="G", signal="correction", notice="N"),
        Invalid,
        "data.signal: a correction of a story gives another headline or summary: add it",
        changed(summary="It pours.", signal="correction", notice="N"),
    ),
    Rule(
        "a correction of a story changes its headline or summary, whatever else it changes",
        [OPENED],
        changed(headline=OPENED.headline, label="G", signal="correction", notice="N"),
        Invalid,
        "data.signal: a correction of a story gives another headline or summary: add it",
        changed(headline="G", label="G", signal="correction", notice="N"),
    ),
    Rule(
        "a story's notice needs its signal",
        [OPENED],
        changed(headline="G", notice="N"),
        Invalid,
        "data.notice: belongs to a correction or clarification: name the signal, or use a note",
        changed(headline="G"),
    ),
    Rule(
        "a withdrawal says why",
        ONE,
        UpdateWithdrawn(update="1"),
        Invalid,
        "data.notice: is missing: a withdrawal says why it is withdrawn",
        UNDONE,
    ),
    *(
        Rule(f"a revision changes something: {kind}", ONE, same, Refused, SAME, other)
        for kind, same, other in (
            ("nothing given", revised(), revised(notice="N")),
            ("same headline", revised(headline="Water rises"), revised(headline="Water Rises")),
            ("same body", revised(body="By a metre."), revised(body=None)),
            ("same tags", revised(tags=("Elbe",)), revised(tags=None)),
            ("still no link", revised(link=None), revised(link="https://example.org/")),
            ("still no sources", revised(sources=None), revised(sources=(Source(name="N"),))),
            ("still a key update", revised(key=True), revised(key=None)),
            ("same as before", revised("addition", headline="Water rises", key=True), revised("addition", body=None)),
            ("amendment", revised("amendment", body="By a metre."), revised("amendment", body="By two.")),
        )
    ),
    *(
        Rule(f"a change of a story changes something: {kind}", history, same, Refused, STORY_SAME, other)
        for kind, history, same, other in (
            ("nothing given", [OPENED], changed(), changed(label=None)),
            ("same headline", [OPENED], changed(headline="Flood"), changed(headline="A flood")),
            ("same summary", [OPENED], changed(summary="It rains."), changed(summary=None)),
            ("same tags", [OPENED], changed(tags=("Weather",)), changed(tags=("Weather", "Elbe"))),
            ("still open", [OPENED], REOPENED, CLOSED),
            ("still closed", [OPENED, CLOSED], CLOSED, REOPENED),
            ("still nothing pinned", ONE, changed(pinned=None), changed(pinned="1")),
            ("still pinned", [*ONE, changed(pinned="1")], changed(pinned="1"), changed(pinned=None)),
            ("still unrelated", [OPENED], changed(related=None), changed(related=(Related(story="x", rel="related"),))),
        )
    ),
    Rule(
        "the same correction twice",
        [OPENED, changed(headline="G", signal="correction", notice="N")],
        changed(headline="G", signal="correction", notice="N"),
        Refused,
        STORY_SAME,
        changed(headline="G", summary="S", signal="correction", notice="N"),
    ),
    Rule(
        "words are hidden only where others take their place",
        ONE,
        revised("correction", notice="N", hide=True),
        Refused,
        "no words of flood/1 are replaced, so none can be hidden: change it",
        revised("correction", notice="N", hide=True, body="B"),
    ),
    Rule("a pinned update exists", [OPENED], changed(pinned="1"), Unknown, NO_UPDATE, changed(pinned="1"), ONE),
    Rule(
        "a pinned update is not withdrawn",
        [*ONE, SECOND, WITHDRAWN],
        changed(pinned="1"),
        Refused,
        "flood/1 has been withdrawn and cannot be pinned: pin another update",
        changed(pinned="2"),
    ),
    Rule(
        "a claim is worded the first time",
        ONE,
        UpdateAdded(headline="H", update="2", stances=(stance(),)),
        Invalid,
        "data.stances[0].text: is missing: claim 'safe' is new in 'flood', word it",
        UpdateAdded(headline="H", update="2", stances=(stance(wording="It is safe"), stance())),
    ),
    Rule(
        "each claim is worded the first time",
        ONE,
        UpdateAdded(headline="H", update="2", stances=(stance("safe", "It is safe"), stance("dry"))),
        Invalid,
        "data.stances[1].text: is missing: claim 'dry' is new in 'flood', word it",
        UpdateAdded(headline="H", update="2", stances=(stance("safe", "It is safe"), stance("dry", "It is dry"))),
    ),
    Rule(
        "a claim is worded the first time in a revision too",
        ONE,
        revised("addition", stances=(stance(),)),
        Invalid,
        "data.changes.stances[0].text: is missing: claim 'safe' is new in 'flood', word it",
        revised("addition", stances=(stance(),)),
        [*ONE, UpdateAdded(headline="H", update="2", stances=(stance(wording="It is safe"),))],
    ),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_refuses_and_says_why(rule: Rule) -> None:
    with pytest.raises(rule.error) as caught:
        decided(rule.history, rule.data)
    assert type(caught.value) is rule.error
    assert str(caught.value) == rule.words


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_lets_the_nearest_thing_happen(rule: Rule) -> None:
    history = rule.history if rule.otherwise is None else rule.otherwise
    assert decided(history, rule.allowed) == rule.allowed


# What was told

TOLD = "subscribers have been told flood/1: "


@pytest.mark.parametrize(
    ("data", "instead"),
    [
        (revised("amendment", body="B"), "revise it as a correction, clarification, addition or refile"),
        (UNDONE, "withdraw it (feed withdraw flood/1 --notice TEXT)"),
    ],
)
def test_what_was_told_is_neither_amended_nor_undone(data: Data, instead: str) -> None:
    assert decided(ONE, data, told=1) == data
    for told in (2, 9):
        with pytest.raises(Refused) as caught:
            decided(ONE, data, told=told)
        assert str(caught.value) == TOLD + instead


@pytest.mark.parametrize("data", [revised("correction", notice="N", body="B"), revised(body="B"), WITHDRAWN])
def test_what_was_told_is_revised_and_withdrawn(data: Data) -> None:
    assert decided(ONE, data, told=9) == data


def test_an_update_that_was_revised_untold_is_still_untold() -> None:
    history = [*ONE, revised("correction", notice="N", body="B")]
    assert decided(history, UNDONE, told=1) == UNDONE
    with pytest.raises(Refused, match="have been told flood/1"):
        decided(history, UNDONE, told=2)


# Times


def test_published_at_may_be_as_late_as_recorded_at_and_no_later() -> None:
    assert decided([OPENED], NOTE, published_at=CONTEXT.recorded_at) == NOTE
    later = "2026-02-03T12:30:00.000001Z"
    for history, data in (([OPENED], NOTE), ([], OPENED)):
        with pytest.raises(Invalid) as caught:
            decided(history, data, published_at=later)
        assert str(caught.value) == (
            f"published_at: {later} is later than now ({CONTEXT.recorded_at}): record it when it is published"
        )


def test_published_at_may_stand_still_in_a_story_and_not_go_back() -> None:
    assert decided(ONE, NOTE, published_at=at(2)) == NOTE
    with pytest.raises(Invalid) as caught:
        decided(ONE, NOTE, published_at="2026-02-03T12:01:59.999999Z")
    assert str(caught.value) == (
        f"published_at: 2026-02-03T12:01:59.999999Z is before {at(2)}, when story 'flood' last had something"
        " published: within a story it never goes back"
    )


@pytest.mark.parametrize("last", [NOTE, CLOSED, WITHDRAWN, UNDONE, STORY_WITHDRAWN, revised(body="B")])
def test_published_at_does_not_go_back_behind_any_event(last: Data) -> None:
    with pytest.raises(Invalid, match=f"is before {at(3)}"):
        decided([*ONE, last], NOTE, published_at=at(2))


def test_a_story_may_begin_at_any_time_that_has_been() -> None:
    assert decided([], OPENED, published_at="0001-01-01T00:00:00.000000Z") == OPENED


# What is filled in


def test_an_opening_gets_its_uri_and_language() -> None:
    assert decided([], StoryOpened(headline="H")) == StoryOpened(
        headline="H", uri="tag:example.org,2026-01-01:flood", language="en"
    )


@pytest.mark.parametrize(
    ("names", "following"),
    [
        ([], "1"),
        (["1"], "2"),
        (["1", "2"], "3"),
        (["7"], "8"),
        (["3", "1"], "4"),
        (["007"], "8"),
        (["0"], "1"),
        (["12a", "a12", "1.5", "1-2", "x"], "1"),
        (["999999998"], "999999999"),
        (["1", "1000000000"], "2"),
        (["20230204120000"], "1"),
    ],
)
def test_an_update_gets_the_next_number(names: list[str], following: str) -> None:
    history = [OPENED, *(UpdateAdded(headline="H", update=name) for name in names)]
    assert decided(history, UpdateAdded(headline="H")) == UpdateAdded(headline="H", update=following)


@pytest.mark.parametrize("last", [WITHDRAWN, UNDONE])
def test_the_number_of_an_update_that_is_gone_is_not_given_again(last: Data) -> None:
    assert decided([*ONE, last], UpdateAdded(headline="H")) == UpdateAdded(headline="H", update="2")


def test_after_the_highest_number_an_update_must_be_named() -> None:
    history = [OPENED, UpdateAdded(headline="H", update="999999999")]
    with pytest.raises(Invalid) as caught:
        decided(history, UpdateAdded(headline="H"))
    assert str(caught.value) == "data.update: is missing: no number is free after 999999999, so name the update"
    assert decided(history, ADDED) == ADDED


# What follows for the story


def test_withdrawing_and_undoing_unpin() -> None:
    pinned = [*ONE, SECOND, changed(pinned="1")]
    assert story(pinned).pinned == "1"
    assert story([*pinned, WITHDRAWN]).pinned is None
    assert story([*pinned, UNDONE]).pinned is None
    assert story([*pinned, UpdateWithdrawn(update="2", notice="N")]).pinned == "1"


def test_a_closed_story_is_still_revised_withdrawn_and_noted() -> None:
    for data in (revised(body="B"), WITHDRAWN, UNDONE, NOTE, NoteAdded(text="T", update="1"), STORY_WITHDRAWN):
        assert decided([*ONE, CLOSED], data) == data


def test_a_related_story_need_not_exist() -> None:
    related = changed(related=(Related(story="no-such", rel="continues"),))
    assert decided([OPENED], related) == related


def test_an_undone_closing_update_leaves_the_story_open() -> None:
    closed = [OPENED, UpdateAdded(update="1", headline="H", closes=True)]
    assert (story(closed).status, story(closed).closed_at) == ("closed", at(2))
    assert (story([*closed, UNDONE]).status, story([*closed, UNDONE]).closed_at) == ("open", None)
    assert story([*closed, REOPENED, CLOSED, UNDONE]).status == "closed"
    assert story([*closed, WITHDRAWN]).status == "closed"
