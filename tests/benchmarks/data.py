"""Newsrooms of a size, the same on every run: deterministic events, appended through the Python API."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from feed import settings
from feed.dates import from_datetime
from feed.events import Changes, NewEvent, Source, Stance, StoryOpened, UpdateAdded, UpdateRevised, UpdateWithdrawn
from feed.newsroom import Newsroom

_WORDS = [
    "river",
    "water",
    "dam",
    "bridge",
    "mayor",
    "brigade",
    "night",
    "morning",
    "street",
    "school",
    "train",
    "power",
    "station",
    "report",
    "minister",
    "council",
    "said",
    "says",
    "rises",
    "falls",
    "holds",
    "gives",
    "way",
    "after",
    "before",
    "near",
    "under",
    "over",
    "with",
    "without",
    "more",
    "than",
    "people",
    "have",
    "been",
]
PER_STORY = 20


def make(folder: Path) -> settings.Settings:
    """A new newsroom in a folder."""
    file = settings.write(folder, url="https://news.example.org/", since="2026-01-01", author="Desk")
    loaded = settings.load(file)
    Newsroom.create(loaded)
    return loaded


def many_stories(events: int) -> Iterator[NewEvent]:
    """Stories of about twenty updates; 3 % of the events revise one, 0.5 % withdraw one."""
    random_ = random.Random(1)  # noqa: S311  # the same text on every run is what is wanted
    opened = 0
    for number in range(events):
        if number % (PER_STORY + 1) == 0:
            opened += 1
            added = 0
            yield NewEvent(story=f"story-{opened}", data=StoryOpened(headline=_text(random_, 6), tags=("News",)))
            continue
        story, chance = f"story-{opened}", random_.random()
        if added > 1 and chance < 0.03:
            changes = Changes(body=_text(random_, 60))
            data = UpdateRevised(update="1", signal="correction", notice=_text(random_, 12), changes=changes)
            yield NewEvent(story=story, data=data)
        elif added > 2 and chance < 0.035:
            yield NewEvent(story=story, data=UpdateWithdrawn(update=str(added), notice=_text(random_, 12)))
        else:
            added += 1
            yield NewEvent(story=story, data=_update(random_))


def one_story(updates: int, disputes: int) -> Iterator[NewEvent]:
    """One long story; a claim is asserted and denied in turn, by a party of its own each time."""
    random_ = random.Random(2)  # noqa: S311  # the same
    yield NewEvent(story="long", data=StoryOpened(headline="A long story"))
    for number in range(updates):
        stance = disputed(number) if number < disputes else None
        yield NewEvent(story="long", data=_update(random_, stance))


def live_blog(updates: int) -> Iterator[NewEvent]:
    """A story as newsrooms tell it, an update every twenty minutes: of two or three sentences and now and then a
    quote, a claim or a correction."""
    random_ = random.Random(3)  # noqa: S311  # the same
    start = datetime(2026, 2, 3, 6, tzinfo=UTC)
    bodies: list[str] = []
    story = StoryOpened(headline="A story of three days", summary=_text(random_, 30), tags=("News",))
    yield NewEvent(story="live", data=story, published_at=from_datetime(start))
    for number in range(updates):
        moment = start + timedelta(minutes=20 * number)
        bodies.append(_text(random_, random_.randint(20, 60)))
        update = UpdateAdded(
            headline=_text(random_, 8),
            body=bodies[-1],
            key=number % 20 == 0,
            occurred=f"{moment:%Y-%m-%d}" if number % 2 else None,
            sources=(Source(name="Fire brigade", quote=_text(random_, 15)),) if number % 3 == 0 else (),
            stances=(disputed(number // 10 % 4),) if number % 10 == 0 else None,
        )
        yield NewEvent(story="live", data=update, published_at=from_datetime(moment))
        if number % 20 == 19:
            corrected = bodies[number - 5].replace(" said ", " denied ").replace(" more ", " fewer ") + " twice"
            changes = Changes(headline=_text(random_, 8), body=corrected)
            data = UpdateRevised(
                update=str(number - 4), signal="correction", notice=_text(random_, 12), changes=changes
            )
            yield NewEvent(story="live", data=data, published_at=from_datetime(moment + timedelta(minutes=5)))


def disputed(number: int) -> Stance:
    """The number-th party's stance on the disputed claim."""
    position = "asserts" if number % 2 else "denies"
    return Stance(claim="disputed", by=f"Party {number}", position=position, text="It is so")


def _update(random_: random.Random, stance: Stance | None = None) -> UpdateAdded:
    return UpdateAdded(
        headline=_text(random_, 8),
        body=_text(random_, random_.randint(30, 400)),
        occurred="2026-02-04",
        sources=(Source(name="Fire brigade", quote=_text(random_, 15)),),
        stances=(stance,) if stance else None,
    )


def _text(random_: random.Random, words: int) -> str:
    return " ".join(random_.choice(_WORDS) for _ in range(words)).capitalize()
