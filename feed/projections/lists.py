"""Which developments stand in which feed, and which entries later events have rewritten.

Every function takes a connection inside a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from msgspec import UNSET, Struct
from sqlalchemy import Connection

from feed import driver
from feed.developments import Development
from feed.events import decode_payload
from feed.projections import rows
from feed.projections.read import existing


class Span(Struct, frozen=True, kw_only=True):
    """Which developments there are of all stories, or of one: their numbers go up to `last`, and went up to
    `before` at an earlier position. A number whose development was undone before anyone was told stays free."""

    slug: str | None
    last: int
    before: int


_LAST = "SELECT max(number) FROM developments"
_LAST_BEFORE = "SELECT number FROM developments WHERE position <= ? ORDER BY position DESC LIMIT 1"
_LAST_OF_STORY = "SELECT max(story_number) FROM developments WHERE story = ?"
_LAST_OF_STORY_BEFORE = (
    "SELECT story_number FROM developments WHERE story = ? AND position <= ? ORDER BY story_number DESC LIMIT 1"
)


def span(connection: Connection, slug: str | None, since: int) -> Span:
    """The span of one story, or of all (None), with the position `since` as the earlier one."""
    last, before, of_these = (
        (_LAST, _LAST_BEFORE, ()) if slug is None else (_LAST_OF_STORY, _LAST_OF_STORY_BEFORE, (slug,))
    )
    return Span(
        slug=slug,
        last=_number(connection, last, of_these),
        before=_number(connection, before, (*of_these, since)) if since else 0,
    )


def numbered(connection: Connection, slug: str | None, first: int, last: int) -> list[Development]:
    """The developments with numbers from `first` to `last` among those of one story, or of all, newest first."""
    if slug is None:
        some = "SELECT * FROM developments WHERE number BETWEEN ? AND ? ORDER BY number DESC"
        return _developments(connection, some, (first, last))
    some = "SELECT * FROM developments WHERE story = ? AND story_number BETWEEN ? AND ? ORDER BY story_number DESC"
    return _developments(connection, some, (slug, first, last))


_NEWEST = "SELECT * FROM developments ORDER BY number DESC LIMIT ?"
_NEWEST_OF_STORY = "SELECT * FROM developments WHERE story = ? ORDER BY story_number DESC LIMIT ?"
_NEWEST_OF_CHANNEL = """
SELECT * FROM developments
WHERE number IN (SELECT number FROM channels WHERE channel = ? ORDER BY number DESC LIMIT ?) ORDER BY number DESC
"""


def newest(
    connection: Connection, count: int, *, slug: str | None = None, channel: str | None = None
) -> list[Development]:
    """The newest developments of all stories, of one, or of a channel (developments.channels), newest first."""
    if slug is not None:
        return _developments(connection, _NEWEST_OF_STORY, (slug, count))
    if channel is not None:
        return _developments(connection, _NEWEST_OF_CHANNEL, (channel, count))
    return _developments(connection, _NEWEST, (count,))


_LISTED = """
SELECT * FROM developments
WHERE number IN (SELECT number FROM channels WHERE channel = ? ORDER BY number LIMIT ? OFFSET ?) ORDER BY number
"""


def listed(connection: Connection, channel: str, first: int, last: int) -> list[Development]:
    """The developments of a channel at the places from `first` to `last`, counted from 1, in order."""
    return _developments(connection, _LISTED, (channel, last - first + 1, first - 1))


_COUNT = "SELECT count(*) FROM channels WHERE channel = ?"
_FIRST_LATER = "SELECT number FROM developments WHERE position > ? ORDER BY position LIMIT 1"


def count(connection: Connection, channel: str, until: int | None = None) -> int:
    """How many developments a channel holds, up to a position if one is given."""
    if until == 0:
        return 0
    later = None if until is None else driver.first(connection, _FIRST_LATER, (until,))
    if later is None:
        return _number(connection, _COUNT, (channel,))
    return _number(connection, f"{_COUNT} AND number < ?", (channel, *later))


# With the keys in an IN list SQLite would go through the whole channel for each.
_RANKS = """
SELECT (SELECT count(*) FROM channels WHERE channel = column1 AND number <= column2) AS place
FROM {keys} AS wanted WHERE EXISTS (SELECT 1 FROM channels WHERE channel = column1 AND number = column2)
"""


def ranks(connection: Connection, channel: str, numbers: Iterable[int]) -> set[int]:
    """The places in a channel, counted from 1, of those of these developments, by their numbers, that it holds."""
    keys = ((channel, number) for number in numbers)
    return {place for (place,) in driver.among(connection, _RANKS, keys)}


_CHANNELS_SINCE = """
SELECT DISTINCT channel FROM channels WHERE number IN (SELECT number FROM developments WHERE position > ?)
"""
_CHANNELS_OF = "SELECT DISTINCT channel FROM channels WHERE number IN {keys}"


def channels_since(connection: Connection, since: int, rewritten: Sequence[int]) -> list[str]:
    """The channels that hold developments after a position, or one of these numbers, in order."""
    new = driver.tuples(connection, _CHANNELS_SINCE, (since,))
    old = driver.among(connection, _CHANNELS_OF, ((number,) for number in rewritten))
    return sorted({name for (name,) in chain(new, old)})


# For one channel at a time only the first entry of the index is looked at.
_FIRST_POSITIONS = """
SELECT column1 AS channel, (SELECT position FROM developments
    WHERE number = (SELECT min(number) FROM channels WHERE channel = column1)) AS position
FROM {keys} AS names
"""


def begun_since(connection: Connection, names: Sequence[str], position: int) -> list[str]:
    """Those of these channels that hold nothing of up to a position."""
    firsts = driver.among(connection, _FIRST_POSITIONS, ((name,) for name in names))
    return sorted(name for name, first in firsts if first is not None and first > position)


# For each topic by itself, as that ends with the first row that may be shown, of however many the topic has.
# A revision of the tags that hides the older ones leaves its mark in `hidden` (story.Update.hidden).
_SPELLINGS = """
SELECT column1 AS channel, (
    SELECT c.tag FROM channels c JOIN developments d ON d.number = c.number JOIN stories s ON s.slug = d.story
    LEFT JOIN updates u ON u.story = d.story AND u."update" = d."update"
    WHERE c.channel = column1 AND s.status <> 'withdrawn'
    AND (d."update" IS NULL OR (u.status = 'usable' AND u.hidden NOT LIKE '%"tags"%'))
    ORDER BY c.number LIMIT 1
) AS tag FROM {keys} AS names
"""


def spellings(connection: Connection, names: Sequence[str]) -> dict[str, str]:
    """The topics' tags, by their channels, as each was first spelled in what may still be shown; without those of
    which nothing may."""
    found = driver.among(connection, _SPELLINGS, ((name,) for name in names))
    return {name: tag for name, tag in found if tag is not None}


def after(connection: Connection, position: int, count: int) -> list[Development]:
    """The first developments after a position, in order."""
    some = "SELECT * FROM developments WHERE position > ? ORDER BY position LIMIT ?"
    return _developments(connection, some, (position, count))


def count_by_kind(connection: Connection, *, after: int) -> dict[str, int]:
    """How many developments there are after a position, of each kind that there is, by the kind's name."""
    kinds = "SELECT kind, count(*) FROM developments WHERE position > ? GROUP BY kind ORDER BY kind"
    return dict(driver.tuples(connection, kinds, (after,)))


class Place(NamedTuple):
    """Where a development stands in the log, among all developments, among those of its story, and in its story."""

    position: int
    number: int
    story_number: int
    version: int


_PLACES = "SELECT position, number, story_number, version FROM developments"
_OF_STORY = f"{_PLACES} WHERE story = ? AND position <= ?"
_OF_UPDATES = f'{_PLACES} WHERE (story, "update") IN {{keys}}'


def rewritten(connection: Connection, slug: str, since: int) -> list[Place]:
    """The places of a story's developments up to a position whose entries later events may have rewritten."""
    seen = version_at(connection, slug, since)
    if seen == 0:
        return []
    if is_renamed(connection, slug, seen):
        return list(map(Place._make, driver.tuples(connection, _OF_STORY, (slug, since))))
    keys = ((slug, name) for name in _rewritten_updates(connection, slug, seen))
    return [Place._make(row) for row in driver.among(connection, _OF_UPDATES, keys) if row.position <= since]


def version_at(connection: Connection, slug: str, position: int) -> int:
    """The version of a story's last event up to a position, 0 before its opening."""
    last = "SELECT version FROM events WHERE story = ? AND position <= ? ORDER BY version DESC LIMIT 1"
    return _number(connection, last, (slug, position)) if position else 0


_CHANGES_SINCE = """
SELECT p.data FROM events e JOIN payloads p ON p.position = e.position
WHERE e.story = ? AND e.version > ? AND e.type = 'story.changed'
"""


def is_renamed(connection: Connection, slug: str, seen: int) -> bool:
    """Whether what every document of the story may carry is not as it was at version `seen`: its headline, label,
    summary and tags, as they were opened with, changed or withdrawn."""
    if seen == 0:
        return True
    withdrawal = existing(connection, [slug])[slug].withdrawal
    if withdrawal is not None and withdrawal.covers > seen:
        return True
    found = driver.tuples(connection, _CHANGES_SINCE, (slug, seen))
    changes = (decode_payload("story.changed", 1, payload)[1] for (payload,) in found)
    names = ("headline", "label", "summary", "tags")
    return any(getattr(change, name) is not UNSET for change in changes for name in names)


def is_renamed_since(connection: Connection, slug: str, position: int) -> bool:
    """The same, of the story as it was at a position of the log."""
    return is_renamed(connection, slug, version_at(connection, slug, position))


# Without a condition on `added`, for whose index SQLite would look at all updates of the story.
_UPDATES_SINCE = 'SELECT "update", added FROM updates WHERE story = ? AND version > ?'
_SHARING = 'SELECT "update" FROM stances WHERE (story, claim) IN {keys}'


def _rewritten_updates(connection: Connection, slug: str, seen: int) -> set[str]:
    """The updates that events after version `seen` touched, and those that share a claim with one of them."""
    since = driver.tuples(connection, _UPDATES_SINCE, (slug, seen))
    touched = {name for name, added in since if added <= seen}
    claims = ((slug, claim) for claim in _claims_of(connection, slug, touched, seen))
    return touched.union(name for (name,) in driver.among(connection, _SHARING, claims))


_NAMED = 'SELECT claim FROM stances WHERE (story, "update") IN {keys}'


def _claims_of(connection: Connection, slug: str, updates: set[str], seen: int) -> set[str]:
    """The claims that these updates name, or named before a revision after version `seen`."""
    named = driver.among(connection, _NAMED, ((slug, name) for name in updates))
    revised = driver.rows(connection, "SELECT * FROM revisions WHERE story = ? AND version > ?", (slug, seen))
    before = (rows.revision_of(row).before.get("stances", ()) for row in revised)
    return {*(claim for (claim,) in named), *(stance["claim"] for stances in before for stance in stances)}


def _developments(connection: Connection, statement: str, values: driver.Values) -> list[Development]:
    return list(map(rows.development_of, driver.rows(connection, statement, values)))


def _number(connection: Connection, statement: str, values: driver.Values) -> int:
    """The number that a query finds, 0 if none."""
    (number,) = driver.first(connection, statement, values) or (None,)
    return number or 0
