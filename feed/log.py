"""The event log: append, read, head. Positions have no gaps, and their order is the order of commits.

Every function takes a connection inside a transaction (database.reading or database.writing).
"""

from __future__ import annotations

import hmac
import secrets
from binascii import hexlify
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from msgspec import MsgspecError, Struct
from sqlalchemy import Connection, update

from feed import driver, merkle
from feed.database import Unreadable, log_head
from feed.dates import Instant, from_datetime, to_datetime
from feed.events import (
    Data,
    Event,
    PayloadErased,
    decode_kept,
    decode_payload,
    encode_kept,
    encode_payload,
    schema_number,
    type_name,
)

SALT_BYTES = 32
_MICROSECOND = timedelta(microseconds=1)
HEADER_COLUMNS = (
    "commitment",
    "id",
    "position",
    "published_at",
    "recorded_at",
    "schema",
    "story",
    "type",
    "version",
)
# RFC 8785: sorted keys, no spaces. No value can hold a character that JSON would escape (text.event_id, text.slug).
_HEADER = (
    b'{"commitment":"%b","id":"%b","position":%d,"published_at":"%b","recorded_at":"%b","schema":%d,"story":"%b",'
    b'"type":"%b","version":%d}'
)


class Head(Struct, frozen=True, kw_only=True):
    """Where the log stands. `recorded_at` is empty while there is no event; `told` is the highest position told."""

    origin: str
    size: int
    recorded_at: str
    frontier: merkle.Frontier
    told: int


_SELECT_HEAD = "SELECT origin, size, recorded_at, frontier, told FROM log_head"
_SELECT_EVENTS = (
    "SELECT e.position, e.id, e.story, e.version, e.type, e.schema, e.recorded_at, e.published_at, e.leaf,"
    " p.data, x.kept FROM events e"
    " LEFT JOIN payloads p ON p.position = e.position LEFT JOIN erasures x ON x.position = e.position"
)
_SELECT_KNOWN = f"{_SELECT_EVENTS} WHERE e.id IN {{keys}}"
_SELECT_AT = f"{_SELECT_EVENTS} WHERE e.position IN {{keys}} ORDER BY e.position"
# Only for one story at a time does SQLite look at the last entry of the index alone.
_SELECT_VERSIONS = (
    "SELECT column1 AS story, (SELECT max(version) FROM events WHERE story = column1) AS version FROM {keys} AS stories"
)
_INSERT_EVENT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_PAYLOAD = "INSERT INTO payloads VALUES (?, ?, ?)"
_ERASED_SINCE = "SELECT 1 FROM erasures WHERE erased_by > ? LIMIT 1"
_STORIES_ERASED = (
    "SELECT DISTINCT e.story FROM erasures x JOIN events e ON e.position = x.position WHERE x.erased_by > ? ORDER BY 1"
)
_INSERT_ERASURE = "INSERT INTO erasures VALUES (?, ?, ?)"
_DELETE_PAYLOAD = "DELETE FROM payloads WHERE position = ?"
_UPDATE_HEAD = "UPDATE log_head SET size = ?, recorded_at = ?, frontier = ?"


def head(connection: Connection) -> Head:
    """Where the log stands."""
    (origin, size, recorded_at, frontier, told), *_ = driver.tuples(connection, _SELECT_HEAD)
    return Head(origin=origin, size=size, recorded_at=recorded_at, frontier=merkle.unpack(frontier), told=told)


def tell(connection: Connection, position: int) -> None:
    """Note that everything up to `position` has been told; it never goes back."""
    connection.execute(update(log_head).where(log_head.c.told < position).values(told=position))


def read(connection: Connection, *, after: int = 0, limit: int | None = None) -> Iterator[Event]:
    """The events after a position, in order."""
    some = f"{_SELECT_EVENTS} WHERE e.position > ? ORDER BY e.position LIMIT ?"
    return map(_event, driver.tuples(connection, some, (after, _limit(limit))))


def read_story(connection: Connection, story: str, *, after: int = 0, limit: int | None = None) -> Iterator[Event]:
    """The events of one story after a position, in order."""
    some = f"{_SELECT_EVENTS} WHERE e.story = ? AND e.position > ? ORDER BY e.version LIMIT ?"
    return map(_event, driver.tuples(connection, some, (story, after, _limit(limit))))


def read_at(connection: Connection, positions: Iterable[int]) -> Iterator[Event]:
    """The events at these positions, in order."""
    return map(_event, driver.among(connection, _SELECT_AT, ((position,) for position in positions)))


def known(connection: Connection, ids: Iterable[str]) -> dict[str, Event]:
    """Those of the ids that the log holds, with their events."""
    found = map(_event, driver.among(connection, _SELECT_KNOWN, ((id,) for id in ids)))
    return {event.id: event for event in found}


def at(connection: Connection, position: int) -> Event | None:
    """The event at a position."""
    return next(read(connection, after=position - 1, limit=1), None)


def erase(connection: Connection, by: int, data: PayloadErased) -> None:
    """Delete the payloads and salts that the event at `by`, whose data these are, says to be erased.

    The headers stay, and with them leaves and root.
    """
    rows = [(one.position, by, encode_kept(one.kept)) for one in data.erased]
    driver.run(connection, _INSERT_ERASURE, rows)
    driver.run(connection, _DELETE_PAYLOAD, [(one.position,) for one in data.erased])


def erased_since(connection: Connection, position: int) -> bool:
    """Whether an event after a position erased payloads."""
    return driver.first(connection, _ERASED_SINCE, (position,)) is not None


def stories_erased_since(connection: Connection, position: int) -> list[str]:
    """The stories of which events after a position erased payloads, in order."""
    return [story for (story,) in driver.tuples(connection, _STORIES_ERASED, (position,))]


def commit(salt: bytes, payload: bytes) -> bytes:
    """The 32 bytes that bind an event's header to its payload."""
    return hmac.digest(salt, payload, "sha256")


def header(columns: tuple[bytes | int, ...]) -> bytes:
    """What an event's leaf is the hash of: canonical JSON of these columns, in the order of HEADER_COLUMNS, texts as
    UTF-8 and the commitment in hex."""
    return _HEADER % columns


class Batch:
    """The events that one write transaction appends: numbered here, written together by `write`.

    `clock` says what time it is; times are made to increase strictly, whatever it says.
    """

    def __init__(self, connection: Connection, stories: Iterable[str], clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._clock = clock
        self.head = head(connection)
        self._size, self._frontier = self.head.size, self.head.frontier
        self._last = to_datetime(self.head.recorded_at) if self.head.recorded_at else None
        self._versions = _versions(connection, set(stories))
        self._events: list[tuple[int | str | bytes, ...]] = []
        self._payloads: list[tuple[int | str | bytes, ...]] = []

    def moment(self) -> Instant:
        """When the log takes the next event: now, but later than every event before."""
        now = self._clock()
        if self._last is not None and now <= self._last:
            now = self._last + _MICROSECOND
        self._next = now
        return from_datetime(now)

    def version(self, story: str) -> int:
        """The version of the story's stream, 0 before its first event."""
        return self._versions.get(story, 0)

    def record(
        self, *, story: str, data: Data, id: str, author: str, recorded_at: Instant, published_at: Instant
    ) -> Event:
        """The next event of the log and of its story; `recorded_at` is what `moment` said."""
        position, version = self._size + 1, self.version(story) + 1
        salt, payload = secrets.token_bytes(SALT_BYTES), encode_payload(author, data)
        commitment = commit(salt, payload)
        name, schema = type_name(data), schema_number(data)
        leaf = merkle.leaf_hash(
            header(
                (
                    hexlify(commitment),
                    id.encode(),
                    position,
                    published_at.encode(),
                    recorded_at.encode(),
                    schema,
                    story.encode(),
                    name.encode(),
                    version,
                )
            )
        )
        self._events.append((position, id, story, version, name, schema, recorded_at, published_at, commitment, leaf))
        self._payloads.append((position, salt, payload.decode()))
        self._frontier = merkle.extend(self._frontier, self._size, leaf)
        self._size, self._last, self._versions[story] = position, self._next, version
        return Event(
            position=position,
            id=id,
            story=story,
            version=version,
            recorded_at=recorded_at,
            published_at=published_at,
            author=author,
            data=data,
            leaf=leaf,
        )

    def write(self) -> None:
        """Put the batch's events and the new head into the database."""
        if not self._events:
            return
        driver.run(self._connection, _INSERT_EVENT, self._events)
        driver.run(self._connection, _INSERT_PAYLOAD, self._payloads)
        recorded_at = self._events[-1][6]
        driver.run(self._connection, _UPDATE_HEAD, [(self._size, recorded_at, merkle.pack(self._frontier))])


def _versions(connection: Connection, stories: set[str]) -> dict[str, int]:
    found = driver.among(connection, _SELECT_VERSIONS, ((story,) for story in stories))
    return {story: version or 0 for story, version in found}


def _limit(count: int | None) -> int:
    """In SQL a negative limit is none."""
    return -1 if count is None else count


def _event(row: tuple[Any, ...]) -> Event:
    position, id, story, version, name, schema, recorded_at, published_at, leaf, payload, kept = row
    erased = payload is None and kept is not None
    try:
        author, data = ("", decode_kept(name, schema, kept)) if erased else decode_payload(name, schema, payload)
    # A payload that is neither there nor erased is None, which is no JSON.
    except (MsgspecError, KeyError, TypeError):
        raise Unreadable(f"event {position} cannot be read") from None
    return Event(
        position=position,
        id=id,
        story=story,
        version=version,
        recorded_at=recorded_at,
        published_at=published_at,
        author=author,
        data=data,
        leaf=leaf,
        erased=erased,
    )
