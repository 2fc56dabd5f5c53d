"""Erasing payloads for legal duty: which events, withdrawn first, recorded, then deleted.

Every function takes a connection inside a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct, to_builtins
from sqlalchemy import Connection

from feed import log
from feed.erasure import subject, texts
from feed.errors import Refused
from feed.events import Event, NewEvent, PayloadErased, StoryWithdrawn, UpdateWithdrawn
from feed.projections import read
from feed.recorder import Recorder, unknown_story, unknown_update

Erasable = tuple[str, str] | int
"""What can be erased: all events of an update (story and name), or the one at a position."""


class Erasure(Struct, frozen=True, kw_only=True):
    """What was erased, by position. `withdrawal` is the event that took it back first, `event` the one that records
    the erasure; each None where there was one before."""

    story: str
    update: str | None
    positions: tuple[int, ...]
    withdrawal: Event | None
    event: Event | None


def chosen(connection: Connection, what: Erasable) -> list[Event]:
    """The events that are to be erased, those erased already among them. Raises Unknown and Refused."""
    if isinstance(what, int):
        return [_at(connection, what)]
    slug, name = what
    if read.slugs(connection, beginning=slug)[:1] != [slug]:
        raise unknown_story(connection, slug)
    events = log.read_story(connection, slug)
    found = [event for event in events if subject(event.data) == name and not isinstance(event.data, PayloadErased)]
    if not found:
        raise unknown_update(connection, slug, name)
    if any(event.erased for event in found):
        # The withdrawal came with that erasure and holds its ground, so that repeating it erases nothing further.
        return [event for event in found if event.erased or not isinstance(event.data, UpdateWithdrawn)]
    return found


def carry_out(connection: Connection, recorder: Recorder, what: Erasable, ground: str, author: str | None) -> Erasure:
    """Withdraw what is not withdrawn yet, record the erasure and delete the payloads. Raises Refused and Invalid."""
    events = chosen(connection, what)
    held = [event for event in events if not event.erased]
    slug, update = events[0].story, subject(events[0].data)
    withdrawal = recorded = None
    if held:
        withdrawal = _withdrawn(connection, recorder, slug, update, ground, author)
        recorded = recorder.erase(connection, held, ground, author)
    positions = tuple(event.position for event in events)
    return Erasure(story=slug, update=update, positions=positions, withdrawal=withdrawal, event=recorded)


def holding(events: Iterable[Event], text: str) -> Iterator[Event]:
    """The events that hold the text, in whatever field, story name or id; small and capital letters count as one."""
    wanted = text.casefold()
    for event in events:
        held = (event.author, event.story, event.id, *texts(to_builtins(event.data)))
        if any(wanted in one.casefold() for one in held):
            yield event


def _at(connection: Connection, position: int) -> Event:
    event = log.at(connection, position)
    if event is None:
        size = log.head(connection).size
        raise Refused(f"there is no event {position}: the log holds events 1 to {size} (feed log lists them)")
    if isinstance(event.data, PayloadErased):
        raise Refused(f"event {position} records an erasure, which stays: its ground is all the text that it has")
    return event


def _withdrawn(
    connection: Connection, recorder: Recorder, slug: str, update: str | None, ground: str, author: str | None
) -> Event | None:
    story = read.story(connection, slug)
    assert story is not None  # noqa: S101  # it has events
    if story.status == "withdrawn" or (update is not None and story.updates[update].status != "usable"):
        return None
    data = StoryWithdrawn(notice=ground) if update is None else UpdateWithdrawn(update=update, notice=ground)
    return recorder.append(connection, NewEvent(story=slug, data=data, author=author), None)
