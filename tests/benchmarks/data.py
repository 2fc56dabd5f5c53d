"""Newsrooms of a size, the same on every run: deterministic events, appended through the Python API."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from feed import settings
from feed.dates import from_datetime
from feed.events import (
    Changes,
    Data,
    NewEvent,
    Position,
    Source,
    Stance,
    StoryOpened,
    UpdateAdded,
    UpdateRevised,
    UpdateWithdrawn,
)
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
_TAGS = ("News", "City", "Weather", "Courts", "Schools", "Roads", "Sport", "Culture")
OPEN_AT_ONCE = 30
SHORTEST, LONGEST = 4, 1_000


@dataclass
class _Thread:
    """An open story; `left` are the updates that are still to come."""

    story: str
    left: int
    added: int = 0
    usable: list[str] = field(default_factory=list)


def make(folder: Path) -> settings.Settings:
    """A new newsroom in a folder."""
    file = settings.write(folder, url="https://news.example.org/", since="2026-01-01", author="Desk")
    loaded = settings.load(file)
    Newsroom.create(loaded)
    return loaded


def newsroom(events: int) -> Iterator[NewEvent]:
    """What a busy desk writes: 30 stories at a time, their sizes by Zipf's law (4 to 1,000 updates, about 26 on
    average), bodies of 200 to 3,000 characters; 3 % of the events revise an update, 0.5 % withdraw one."""
    random_ = random.Random(1)  # noqa: S311  # the same text on every run is what is wanted
    desk: list[_Thread] = []
    opened = 0
    for _ in range(events):
        if len(desk) < OPEN_AT_ONCE:
            opened += 1
            size = min(LONGEST, int(SHORTEST * random_.paretovariate(1)))
            desk.append(_Thread(story=f"story-{opened}", left=size))
            opening = StoryOpened(headline=_text(random_, 6), tags=(random_.choice(_TAGS),))
            yield NewEvent(story=desk[-1].story, data=opening)
            continue
        thread, chance = random_.choice(desk), random_.random()
        if chance < 0.03 and thread.usable:
            changes = Changes(body=_body(random_))
            name = random_.choice(thread.usable)
            data: Data = UpdateRevised(update=name, signal="correction", notice=_text(random_, 12), changes=changes)
        elif chance < 0.035 and thread.usable:
            name = thread.usable.pop(random_.randrange(len(thread.usable)))
            data = UpdateWithdrawn(update=name, notice=_text(random_, 12))
        else:
            thread.added += 1
            thread.left -= 1
            thread.usable.append(str(thread.added))
            data = _update(random_)
        yield NewEvent(story=thread.story, data=data)
        if not thread.left:
            desk.remove(thread)


def many_stories(stories: int, updates: int) -> Iterator[NewEvent]:
    """So many stories of so many updates each."""
    random_ = random.Random(4)  # noqa: S311  # the same
    for number in range(1, stories + 1):
        slug = f"story-{number}"
        yield NewEvent(story=slug, data=StoryOpened(headline=_text(random_, 6), tags=(random_.choice(_TAGS),)))
        for _ in range(updates):
            yield NewEvent(story=slug, data=_update(random_))


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
    position: Position = "asserts" if number % 2 else "denies"
    return Stance(claim="disputed", by=f"Party {number}", position=position, text="It is so")


def _update(random_: random.Random, stance: Stance | None = None) -> UpdateAdded:
    return UpdateAdded(
        headline=_text(random_, 8),
        body=_body(random_),
        occurred="2026-02-04",
        sources=(Source(name="Fire brigade", quote=_text(random_, 15)),),
        stances=(stance,) if stance else None,
    )


def _body(random_: random.Random) -> str:
    """200 to 3,000 characters, short ones more often, in paragraphs."""
    size = int(200 + 2_800 * random_.random() ** 2)
    paragraphs = [_text(random_, 60) for _ in range(size // 300 + 1)]
    return "\n\n".join(paragraphs)[:size].rstrip()


def _text(random_: random.Random, words: int) -> str:
    return " ".join(random_.choice(_WORDS) for _ in range(words)).capitalize()
