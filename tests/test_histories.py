"""Random histories: what holds for every story that can be told."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from entry_values import ENGLISH_VOICE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feed import log
from feed import settings as feed_settings
from feed.database import Database, open_database
from feed.errors import Invalid, Refused
from feed.events import (
    Changes,
    NewEvent,
    NoteAdded,
    Stance,
    StoryChanged,
    StoryOpened,
    StoryWithdrawn,
    UpdateAdded,
    UpdateRevised,
    UpdateWithdrawn,
)
from feed.fold import fold
from feed.newsroom import Newsroom
from feed.projections import lists, read
from feed.site.entries import Entry, entry

STORIES = ("flood", "dam")
FIRST = (Stance(claim="dam-safe", by="Mayor", position="asserts", text="The dam is safe"),)
TELL = "tell"

slugs = st.sampled_from(STORIES)
names = st.sampled_from(["1", "2", "3", "4"])
words = st.sampled_from(["Water rises", "Dam holds", "Dam gives way", "Help arrives"])
stances = st.lists(
    st.builds(
        Stance,
        claim=st.sampled_from(["dam-safe", "many-hurt"]),
        by=st.sampled_from(["Mayor", "Operator", "Engineer"]),
        position=st.sampled_from(["asserts", "denies", "confirms", "declines", "retracts"]),
        text=st.sampled_from(["It is so", "It is thus"]),
    ),
    max_size=3,
).map(tuple)
tags = st.lists(st.sampled_from(["Weather", "Elbe"]), max_size=2, unique=True).map(tuple)
added = st.builds(
    UpdateAdded,
    headline=words,
    update=st.none(),
    body=st.none() | words,
    stances=stances,
    key=st.booleans(),
    tags=tags,
    closes=st.sampled_from([None, None, None, True]),
)
revised = st.builds(
    UpdateRevised,
    update=names,
    signal=st.sampled_from(["correction", "clarification", "addition", "refile", "amendment", "amendment"]),
    notice=st.just("It was wrong."),
    changes=st.builds(Changes, headline=words)
    | st.builds(Changes, body=st.none() | words, stances=stances)
    | st.builds(Changes, tags=tags, key=st.booleans()),
    hide_before=st.booleans(),
)
withdrawn = st.builds(
    UpdateWithdrawn, update=names, notice=st.just("Not true."), untold=st.sampled_from([None, True, True])
)
changed = (
    st.builds(StoryChanged, headline=words, pinned=st.none() | names)
    | st.builds(StoryChanged, status=st.sampled_from(["open", "closed"]))
    | st.builds(StoryChanged, summary=words, signal=st.just("correction"), notice=st.just("It was wrong."))
    | st.builds(StoryChanged, tags=tags)
)
noted = st.builds(NoteAdded, text=words, update=st.none() | names)
data = st.one_of(added, revised, revised, withdrawn, changed, noted)
steps = st.lists(
    st.tuples(slugs, data, st.integers(min_value=-3, max_value=9)) | st.just(TELL), min_size=10, max_size=30
)
# What may happen without anything that subscribers were told becoming other than it was told.
quiet_steps = st.lists(
    st.tuples(
        slugs,
        st.one_of(
            added,
            st.builds(
                UpdateRevised, update=names, signal=st.just("amendment"), changes=st.builds(Changes, headline=words)
            ),
            st.builds(UpdateWithdrawn, update=names, untold=st.just(True)),
            changed,
            st.builds(NoteAdded, text=words),
        ),
        st.integers(min_value=-3, max_value=9),
    )
    | st.just(TELL),
    min_size=10,
    max_size=30,
)
endings = st.sampled_from([None, None, StoryWithdrawn(notice="All of it was not true.")])

RELAXED = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Clock:
    """A clock that runs as the history says, backwards too."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    file = feed_settings.write(folder, url="https://news.example.org/", since="2026-01-01")
    Newsroom.create(feed_settings.load(file))
    return folder


def played(template: Path, history: list, ending: StoryWithdrawn | None) -> Iterator[tuple[Newsroom, Database, list]]:
    """A newsroom after a history, with the entries that stood at each telling."""
    clock, told = Clock(), []
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(template, folder, dirs_exist_ok=True)
        loaded = feed_settings.load(Path(folder) / "feed.toml")
        database = open_database(loaded.database_url)
        with Newsroom.open(loaded, clock) as newsroom:
            for slug in STORIES:
                newsroom.append(NewEvent(story=slug, data=StoryOpened(headline="Flood", tags=("Weather",))))
                for number in range(3):
                    newsroom.append(NewEvent(story=slug, data=UpdateAdded(headline=f"{number}", stances=FIRST)))
            for step in [*history, *([("dam", ending, 1)] if ending else [])]:
                if step == TELL:
                    told.append(tell(database))
                    continue
                slug, happened, seconds = step
                clock.now += timedelta(seconds=seconds)
                try:
                    newsroom.append(NewEvent(story=slug, data=happened))
                except (Refused, Invalid):
                    continue
            yield newsroom, database, told
        database.close()


def tell(database: Database) -> dict[str, Entry]:
    with database.writing() as connection:
        log.tell(connection, log.head(connection).size)
        return entries(connection)


def entries(connection) -> dict[str, Entry]:
    told = read.told(connection, lists.newest(connection, 1000))
    made = [entry(one.development, one.story, one.update, one.statements, ENGLISH_VOICE) for one in told]
    assert len({one.id for one in made}) == len(made)
    return {one.id: one for one in made}


@given(history=steps, ending=endings)
@RELAXED
def test_live_tables_are_the_rebuilt_tables_and_the_fold(template, history, ending):
    for newsroom, database, _ in played(template, history, ending):
        assert newsroom.check(lambda *_: None) is None
        with database.reading() as connection:
            for slug in STORIES:
                assert read.story(connection, slug) == fold(log.read_story(connection, slug))
            before = entries(connection)
        newsroom.rebuild(lambda *_: None)
        with database.reading() as connection:
            assert entries(connection) == before


@given(history=steps, ending=endings)
@RELAXED
def test_a_story_at_a_moment_is_the_fold_of_what_came_before(template, history, ending):
    for newsroom, _, _ in played(template, history, ending):
        for slug in STORIES:
            events = list(newsroom.events(story=slug))
            for event in events:
                recorded = [one for one in events if one.recorded_at <= event.recorded_at]
                assert newsroom.story(slug, as_recorded=event.recorded_at) == fold(recorded)
                published = [one for one in events if one.published_at <= event.published_at]
                assert newsroom.story(slug, as_of=event.published_at) == fold(published)


@given(history=quiet_steps)
@RELAXED
def test_what_was_told_stays_as_it_was_told(template, history):
    """Amendments, undos, changes of the story, notes on it and new stances rewrite no entry that was told."""
    for _, database, told in played(template, history, None):
        with database.reading() as connection:
            now = entries(connection)
        for then in told:
            assert {id: now.get(id) for id in then} == then
