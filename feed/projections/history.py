"""What a story's page shows: a stretch of its updates, and what it takes to tell how things stood during it.

Every function takes a connection inside a transaction.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct
from sqlalchemy import Connection

from feed import driver, log
from feed.database import Unreadable
from feed.dates import Instant
from feed.developments import Development
from feed.moments import heads
from feed.projections import rows
from feed.projections.read import head, named, updates_of
from feed.story import Story, Update

# Greater than every version.
_NO_END = 2**63 - 1


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


_ADDED = """
SELECT "update", added, position, published_at FROM updates WHERE story = ? AND status <> 'undone' ORDER BY added
"""


def added(connection: Connection, slug: str) -> list[Added]:
    """The story's updates, in order."""
    return list(map(Added._make, driver.tuples(connection, _ADDED, (slug,))))


_TOLD = """
SELECT * FROM developments WHERE story = ? AND version >= ? AND version < ? AND kind <> 'update' ORDER BY story_number
"""


def stretch(connection: Connection, slug: str, first: int, end: int | None) -> Stretch:
    """The stretch of a story that exists."""
    before = _NO_END if end is None else end
    states = _heads(connection, slug)
    names = _names(connection, slug, first, before).union(state.pinned for _, state in states if state.pinned)
    whole = updates_of(connection, ((slug, name) for name in names))
    shown = (update for update in whole.values() if update.status != "undone" and update.added < before)
    updates = sorted(shown, key=lambda update: update.added)
    return Stretch(
        story=head(connection, slug),
        heads=tuple(states),
        updates=tuple(update for update in updates if update.added >= first),
        earlier=tuple(update for update in updates if update.added < first),
        developments=tuple(map(rows.development_of, driver.rows(connection, _TOLD, (slug, first, before)))),
        named=named(connection, slug),
    )


def spots(connection: Connection, slug: str, end: int) -> list[Spot]:
    """The places of all developments of a story before a version, in order."""
    told = 'SELECT version, kind, "update" FROM developments WHERE story = ? AND version < ? ORDER BY story_number'
    return list(map(Spot._make, driver.tuples(connection, told, (slug, end))))


# Without a condition on `added`, for whose index SQLite would look at all updates of the story.
_VEILED = """
SELECT u.added FROM updates u WHERE u.story = ? AND u.version > ? AND (
    u.status = 'withdrawn' OR EXISTS (SELECT 1 FROM revisions r
        WHERE r.story = u.story AND r."update" = u."update" AND r.version > ? AND r.hide_before = 1)
)
"""


def first_veiled(connection: Connection, slug: str, seen: int) -> int | None:
    """The first update, by the version that added it, of which events after version `seen` forbid to show what could
    be shown before: those that withdraw it, or hide its earlier words."""
    if seen == 0:
        return None
    veiled = driver.tuples(connection, _VEILED, (slug, seen, seen))
    return min((added for (added,) in veiled if added <= seen), default=None)


# A revision's `before` is a JSON object, so the name of a field stands in it with a colon behind.
_NAMES = """
SELECT "update" FROM updates WHERE story = ? AND added < ? AND status <> 'undone' AND (
    added >= ? OR key = 1
    OR "update" IN (SELECT "update" FROM stances WHERE story = ?)
    OR "update" IN (
        SELECT "update" FROM revisions WHERE story = ? AND (before LIKE '%"stances":%' OR before LIKE '%"key":%'))
    OR "update" IN (SELECT "update" FROM developments WHERE story = ? AND version >= ?)
)
"""


def _names(connection: Connection, slug: str, first: int, end: int) -> set[str]:
    """The updates of a stretch, and those before it that matter to it but for the pinned ones."""
    found = driver.tuples(connection, _NAMES, (slug, end, first, slug, slug, slug, first))
    return {name for (name,) in found}


_OF_STORY = "SELECT position FROM events WHERE story = ? AND type LIKE 'story.%'"
_CLOSING = "SELECT position FROM updates WHERE story = ? AND closes = 1 AND status <> 'undone'"


def _heads(connection: Connection, slug: str) -> list[tuple[Instant, Story]]:
    """Of all events those of the story itself and those of the updates that closed it change it."""
    changing = (driver.tuples(connection, statement, (slug,)) for statement in (_OF_STORY, _CLOSING))
    found = heads(log.read_at(connection, [position for some in changing for (position,) in some]))
    if not found:
        raise Unreadable(f"the log has nothing of the story {slug!r} that the read tables have")
    return found
