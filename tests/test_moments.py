"""What readers knew when: the fold of the events until then, but for what has been withdrawn or hidden since."""

from __future__ import annotations

import log_fixtures
import pytest
import test_histories
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from test_histories import RELAXED, STORIES, TELL, added, changed, noted, played, slugs, steps

from feed.claims import claims_of
from feed.events import (
    Changes,
    Event,
    NewEvent,
    NoteAdded,
    Stance,
    StoryOpened,
    UpdateAdded,
    UpdateRevised,
    UpdateWithdrawn,
)
from feed.fold import fold
from feed.moments import at, changing, claims_over_time, heads, known_over_time, stages, standing
from feed.newsroom import Newsroom
from feed.story import Story, Update

template, office = log_fixtures.template, log_fixtures.office

revised = test_histories.revised.filter(lambda one: one.signal != "amendment").map(
    lambda one: replace(one, hide_before=None)
)
open_steps = st.lists(
    st.tuples(slugs, st.one_of(added, revised, revised, changed, noted), st.integers(min_value=-3, max_value=9))
    | st.just(TELL),
    min_size=10,
    max_size=30,
)
FIELDS = ("headline", "body", "occurred", "sources", "stances", "key", "tags", "link")


def whole(newsroom: Newsroom, slug: str) -> tuple[list[Event], Story]:
    return list(newsroom.events(story=slug)), newsroom.story(slug)


def known(update: Update) -> tuple[object, ...]:
    """What readers see of an update."""
    return (*(getattr(update, name) for name in FIELDS), update.updated_at, update.notes, len(update.revisions))


@given(history=open_steps)
@RELAXED
def test_what_readers_knew_is_the_fold_of_what_had_been_published(template, history):
    for newsroom, _, _ in played(template, history, None):
        for slug in STORIES:
            events, story = whole(newsroom, slug)
            states = {update.update: stages(update) for update in story.updates.values()}
            claims = claims_over_time(states.values(), story.named, story.opened_at)
            own = heads(events)
            for event in events:
                moment = event.published_at
                then = fold(one for one in events if one.published_at <= moment)
                stood = {name: standing(of, moment) for name, of in states.items()}
                assert {name: known(one) for name, one in stood.items() if one} == {
                    name: known(one) for name, one in then.updates.items()
                }
                assert [one for of in claims.values() if (one := at(of, moment))] == claims_of(then)
                assert at(own, moment).headline == then.headline
                assert (at(own, moment).status, at(own, moment).tags) == (then.status, then.tags)


@given(history=open_steps)
@RELAXED
def test_what_was_most_important_is_the_pinned_update_and_the_newest_key_ones(template, history):
    for newsroom, _, _ in played(template, history, None):
        for slug in STORIES:
            events, story = whole(newsroom, slug)
            own = heads(events)
            found = known_over_time(
                [stages(one) for one in story.updates.values()],
                [(since, head.pinned) for since, head in own],
                story.opened_at,
                2,
            )
            for event in events:
                then = fold(one for one in events if one.published_at <= event.published_at)
                newest = reversed(then.updates.values())
                keys = [one.update for one in newest if one.key and one.update != then.pinned][:2]
                first, *others = at(found, event.published_at)
                assert (first.update if first else None) == then.pinned
                assert [one.update for one in others] == keys


@given(history=steps)
@RELAXED
def test_hidden_words_never_stood(template, history):
    """Whatever a field said before a revision that hides it, no state says that, but for what was said since too."""
    for newsroom, _, _ in played(template, history, None):
        for slug in STORIES:
            events, story = whole(newsroom, slug)
            for update in story.updates.values():
                for name, version in update.hidden.items():
                    since = {
                        getattr(fold(events[:end]).updates[update.update], name)
                        for end in range(version, len(events) + 1)
                    }
                    for stage in stages(update):
                        assert getattr(stage.update, name) in since | {None, ()}


@given(history=steps)
@RELAXED
def test_what_was_withdrawn_has_no_earlier_state_and_no_stance(template, history):
    for newsroom, _, _ in played(template, history, None):
        for slug in STORIES:
            _, story = whole(newsroom, slug)
            withdrawn = [one for one in story.updates.values() if one.status == "withdrawn"]
            for update in withdrawn:
                assert all(one.update.status == "withdrawn" for one in stages(update))
                assert len(stages(update)) <= 1 + sum(one.version > update.withdrawal.version for one in update.notes)
            assert claims_over_time([stages(one) for one in withdrawn], story.named, story.opened_at) == {}


@pytest.fixture
def flood(office):
    """A newsroom with a story, and a way to append to it."""
    with office.newsroom() as newsroom:
        newsroom.append(NewEvent(story="flood", data=StoryOpened(headline="Flood")))

        def tell(*data: object) -> Update:
            for one in data:
                newsroom.append(NewEvent(story="flood", data=one))
            return newsroom.story("flood").updates["1"]

        yield tell


def test_an_amended_text_has_always_been_as_it_was_told(flood):
    update = flood(
        UpdateAdded(headline="Water rises", body="To 9 metres."),
        UpdateRevised(update="1", signal="amendment", changes=Changes(body="To 8 metres.")),
    )
    (only,) = stages(update)
    assert (only.since, only.update.body, only.hidden) == (update.published_at, "To 8 metres.", frozenset())


def test_a_hidden_body_is_named_and_empty_in_the_state_before(flood):
    update = flood(
        UpdateAdded(headline="Smith held", body="Smith was held.", tags=("Smith",)),
        UpdateRevised(
            update="1",
            signal="correction",
            notice="No name.",
            changes=Changes(headline="One held", body="One was held.", tags=()),
            hide_before=True,
        ),
    )
    before, now = stages(update)
    assert (before.update.headline, before.update.body, before.update.tags) == ("One held", None, ())
    assert before.hidden == {"headline", "body", "tags"}
    assert (now.update.body, now.hidden) == ("One was held.", frozenset())


def test_a_withdrawn_update_has_a_state_for_each_note_since(flood):
    update = flood(
        UpdateAdded(headline="Dam breaks"),
        NoteAdded(update="1", text="We are checking."),
        UpdateWithdrawn(update="1", notice="It did not."),
        NoteAdded(update="1", text="How it came about."),
    )
    assert [[note.text for note in one.update.notes][1:] for one in stages(update)] == [[], ["How it came about."]]


def test_a_claim_that_nobody_states_any_more_stood_until_then(flood):
    stance = Stance(claim="safe", by="Mayor", position="asserts", text="The dam is safe")
    update = flood(
        UpdateAdded(headline="Dam is safe", stances=(stance,)),
        UpdateRevised(update="1", signal="correction", notice="She did not.", changes=Changes(stances=())),
    )
    states = claims_over_time([stages(update)], {"safe": 2}, update.published_at)["safe"]
    assert [state and (state.text, state.status) for _, state in states] == [("The dam is safe", "unconfirmed"), None]


def test_of_several_states_of_one_moment_the_last_stood(flood):
    states = [("1", "a"), ("1", "b"), ("2", "b"), ("3", "c")]
    assert changing(states) == [("1", "b"), ("3", "c")]
    assert [at(states, moment) for moment in ("0", "1", "2")] == [None, "b", "b"]
