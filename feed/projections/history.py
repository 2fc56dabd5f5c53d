"""What a story's page shows: a stretch of its updates, and what it takes to tell how things stood during it.

Every function takes a connection inside a transaction.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct
from sqlalchemy import Connection, exists, or_, select

from feed import log
from feed.database import Unreadable, events
from feed.dates import Instant
from feed.developments import Development
from feed.moments import heads
from feed.projections import rows
from feed.projections.read import head, named, updates_of
from feed.projections.tables import LIVE
from feed.story import Story, Update

_updates, _stances, _revisions, _developments = LIVE.updates, LIVE.stances, LIVE.revisions, LIVE.developments


class Stretch(Struct, frozen=True, kw_only=True):
    """A part of a story: its events with versions from `first` up to, but without, `end` (None: and all later ones).

    `story` is as it is now, without updates; `heads` are its states since its opening. `updates` are those added
    in the stretch; `earlier` are those added before it that are key updates, or state a claim, now or once, that
    were pinned, or that `developments` are about. `named` maps a claim to the version of the event that named it first.
    `developments` are those of the stretch but for the updates' own. All are in the order of the log.
    """

    story: Story
    heads: tuple[tuple[Instant, Story], ...]
    updates: tuple[Update, ...]
    earlier: tuple[Update, ...]
    developments: tuple[Development, ...]
    named: dict[str, int]


class Spot(NamedTuple):
    """Where a development stands in its story."""

    version: int
    kind: str
    update: str | None


class Added(NamedTuple):
    """An update of a story's, with the event that added it: its version, its position in the log, and its time."""

    update: str
    version: int
    position: int
    published_at: Instant


def added(connection: Connection, slug: str) -> list[Added]:
    """The story's updates, in order."""
    of = _updates.c
    query = select(of.update, of.added, of.position, of.published_at).where(of.story == slug, of.status != "undone")
    return [Added(*row) for row in connection.execute(query.order_by(of.added))]


def stretch(connection: Connection, slug: str, first: int, end: int | None) -> Stretch:
    """The stretch of a story that exists."""
    states = _heads(connection, slug)
    pinned = {state.pinned for _, state in states if state.pinned}
    names = _names(connection, slug, first, end, pinned)
    whole = updates_of(connection, ((slug, name) for name in names))
    updates = sorted(whole.values(), key=lambda update: update.added)
    within = [_developments.c.version >= first, *([_developments.c.version < end] if end else [])]
    told = select(_developments).where(_developments.c.story == slug, _developments.c.kind != "update", *within)
    return Stretch(
        story=head(connection, slug),
        heads=tuple(states),
        updates=tuple(update for update in updates if update.added >= first),
        earlier=tuple(update for update in updates if update.added < first),
        developments=tuple(
            rows.development_of(row) for row in connection.execute(told.order_by(_developments.c.version))
        ),
        named=named(connection, slug),
    )


def spots(connection: Connection, slug: str, end: int) -> list[Spot]:
    """The places of all developments of a story before a version, in order."""
    told = _developments.c
    query = select(told.version, told.kind, told.update).where(told.story == slug, told.version < end)
    return [Spot(*row) for row in connection.execute(query.order_by(told.version))]


def first_veiled(connection: Connection, slug: str, seen: int) -> int | None:
    """The first update, by the version that added it, of which events after version `seen` forbid to show what could
    be shown before: those that withdraw it, or hide its earlier words."""
    of_story = (_updates.c.story == slug, _updates.c.added <= seen, _updates.c.version > seen)
    hiding = exists().where(
        _revisions.c.story == slug,
        _revisions.c.update == _updates.c.update,
        _revisions.c.version > seen,
        _revisions.c.hide_before == 1,
    )
    query = select(_updates.c.added).where(*of_story, or_(_updates.c.status == "withdrawn", hiding))
    return connection.scalar(query.order_by(_updates.c.added).limit(1))


def _names(connection: Connection, slug: str, first: int, end: int | None, pinned: set[str]) -> list[str]:
    """The updates of a stretch, and those before it that matter to it."""
    stated = select(_stances.c.update).where(_stances.c.story == slug)
    # A revision's `before` is a JSON object, so the name of a field stands in it with a colon behind.
    was_otherwise = or_(_revisions.c.before.contains('"stances":'), _revisions.c.before.contains('"key":'))
    revised = select(_revisions.c.update).where(_revisions.c.story == slug, was_otherwise)
    told = select(_developments.c.update).where(_developments.c.story == slug, _developments.c.version >= first)
    named = (_updates.c.update.in_(names) for names in (stated, revised, pinned, told))
    matters = or_(_updates.c.key == 1, *named)
    query = select(_updates.c.update).where(_updates.c.story == slug, _updates.c.status != "undone")
    query = query.where(or_(_updates.c.added >= first, matters))
    return list(connection.scalars(query.where(_updates.c.added < end) if end else query))


def _heads(connection: Connection, slug: str) -> list[tuple[Instant, Story]]:
    """Of all events those of the story itself and those of the updates that closed it change it."""
    of_story = select(events.c.position).where(events.c.story == slug, events.c.type.startswith("story."))
    closing = (_updates.c.story == slug, _updates.c.closes == 1, _updates.c.status != "undone")
    of_updates = select(_updates.c.position).where(*closing)
    found = heads(log.read_at(connection, [*connection.scalars(of_story), *connection.scalars(of_updates)]))
    if not found:
        raise Unreadable(f"the log has nothing of the story {slug!r} that the read tables have")
    return found
