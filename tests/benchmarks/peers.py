"""The eventsourcing library as a peer: the same stories as its aggregates, in its own SQLite file.

Its durability is ours: WAL, and synchronous FULL as is SQLite's default. It keeps no read tables and no proof, and its
stories are held in memory between events, so it never reads before it writes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from tests.benchmarks.measure import Watch

if TYPE_CHECKING:
    from feed.events import NewEvent


class Story(Aggregate):
    """A story with its updates by their names; `data` are an event's, as plain values."""

    @event("Opened")
    def __init__(self, slug: str, data: dict[str, Any]) -> None:
        self.slug = slug
        self.data = data
        self.updates: dict[str, dict[str, Any]] = {}

    @staticmethod
    def create_id(slug: str) -> UUID:
        return uuid5(NAMESPACE_URL, slug)

    @event("Added")
    def add(self, author: str, data: dict[str, Any]) -> None:
        self.updates[str(len(self.updates) + 1)] = data

    @event("Revised")
    def revise(self, author: str, update: str, data: dict[str, Any]) -> None:
        self.updates[update] = {**self.updates[update], **data["changes"]}

    @event("Withdrawn")
    def withdraw(self, author: str, update: str, data: dict[str, Any]) -> None:
        self.updates[update] = {**self.updates[update], "withdrawn": data}


def append(folder: str, events: int, batch: int) -> dict[str, float]:
    """So many events, saved `batch` at a time; answers the number of their stories too."""
    # What makes our events is loaded here alone, as it would add to the memory of `replay`.
    from tests.benchmarks import data
    from tests.benchmarks.ours import in_batches

    application, stories, watch = _application(folder), dict[str, Story](), Watch()
    for some in in_batches(data.newsroom(events), batch):
        with watch:
            changed = {new.story: _take(stories, new) for new in some}
            application.save(*changed.values())
    with watch:
        application.close()
    return watch.figures(stories=len(stories))


def replay(folder: str, stories: int) -> dict[str, float]:
    """So many stories, each from its events, into memory; those of `data.newsroom` are numbered from 1."""
    application = _application(folder)
    ids = [Story.create_id(f"story-{number}") for number in range(1, stories + 1)]
    watch = Watch()
    with watch:
        kept: list[Story] = [application.repository.get(id) for id in ids]
    return watch.figures(stories=len(kept))


def _application(folder: str) -> Application[UUID]:
    file = Path(folder) / "eventsourcing.db"
    return Application(env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(file)})


def _take(stories: dict[str, Story], new: NewEvent) -> Story:
    import msgspec

    from feed.events import UpdateRevised, UpdateWithdrawn

    plain = msgspec.to_builtins(new.data)
    story = stories.get(new.story)
    if story is None:
        story = stories[new.story] = Story(new.story, plain)
    elif isinstance(new.data, UpdateRevised):
        story.revise("Desk", new.data.update, plain)
    elif isinstance(new.data, UpdateWithdrawn):
        story.withdraw("Desk", new.data.update, plain)
    else:
        story.add("Desk", plain)
    return story
