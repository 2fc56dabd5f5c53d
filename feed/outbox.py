"""The outbox: the topics (feeds whose bytes a publish has changed) that the WebSub hub is still to be told of.

A publish promises a topic before it replaces the feed's file, and makes ready what was promised when all files stand.
A publish that is killed between leaves promises, which the next one that is finished makes ready too: it finds the
files that the killed one had written unchanged, and those alone would not tell it of them.

Every function takes a connection inside a transaction (database.reading or database.writing).
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import Connection

from feed import driver
from feed.dates import Instant, from_datetime

FIRST_DELAY = timedelta(seconds=10)
LONGEST_DELAY = timedelta(minutes=10)


class Waiting(Struct, frozen=True, kw_only=True):
    """A topic that the hub is to be told of, changed last at `since`; `ready` once that publish is finished."""

    topic: str
    hub: str
    since: Instant
    ready: bool
    attempts: int
    next_try: Instant
    last_error: str | None


_SELECT = "SELECT topic, hub, since, ready, attempts, next_try, last_error FROM websub_outbox"
_ALL = f"{_SELECT} ORDER BY next_try, topic"
_READY = f"{_SELECT} WHERE ready = 1 ORDER BY next_try, topic"
# A hub that gave no answer to one topic is not asked with another before that one's time has come.
_QUIET = "NOT EXISTS (SELECT 1 FROM websub_outbox WHERE silent = 1 AND next_try > ?1)"
_DUE = f"{_SELECT} WHERE ready = 1 AND next_try <= ?1 AND {_QUIET} ORDER BY next_try, topic"
# What has failed before keeps its time: a change is no reason to ask a failing hub earlier.
_PUT = (
    "INSERT INTO websub_outbox VALUES (?, ?, ?, ?, ?, 0, 0, NULL)"
    " ON CONFLICT (topic) DO UPDATE SET since = excluded.since, ready = excluded.ready"
)
_RELEASE = "UPDATE websub_outbox SET ready = ? WHERE ready = 0"
_COUNT_READY = "SELECT count(*) FROM websub_outbox WHERE ready = 1"
_FORGET_OTHER_HUBS = "DELETE FROM websub_outbox WHERE hub IS NOT ?"
_FORGET = "DELETE FROM websub_outbox WHERE topic = ?"
# A topic that has changed again meanwhile has another time, and is to be told again.
_TOLD = "DELETE FROM websub_outbox WHERE topic = ? AND since = ?"
_PUT_OFF = "UPDATE websub_outbox SET attempts = attempts + 1, next_try = ?, last_error = ?, silent = ? WHERE topic = ?"


def delay(attempts: int) -> timedelta:
    """How long to wait after so many attempts (1, 2, 3 …): each time twice as long, up to ten minutes."""
    # Without a limit of its own the power of two would be too large for a timedelta some day.
    return min(FIRST_DELAY * (1 << min(attempts - 1, 20)), LONGEST_DELAY)


def promise(connection: Connection, hub: str, topics: Iterable[str], now: datetime) -> None:
    """Note that these topics are about to change. Nobody is told of them until they are ready."""
    _put(connection, hub, topics, now, ready=False)


def release(connection: Connection, hub: str, topics: Iterable[str], now: datetime) -> None:
    """Make these topics, which have changed, ready to be told, and with them everything that was ever promised."""
    # Those that were promised may be gone: a publish into another folder made them ready, and they were told too early.
    _put(connection, hub, topics, now, ready=True)
    driver.run(connection, _RELEASE, [(1,)])


def forget_other_hubs(connection: Connection, hub: str | None) -> None:
    """Drop what was for a hub that the feeds name no more."""
    driver.run(connection, _FORGET_OTHER_HUBS, [(hub,)])


def forget_others(connection: Connection, topics: Set[str]) -> None:
    """Drop what is none of these topics; the address of one that is gone may hold a text that was erased."""
    driver.run(connection, _FORGET, [(one.topic,) for one in waiting(connection) if one.topic not in topics])


def waiting(connection: Connection) -> list[Waiting]:
    """All that is in the outbox, what is tried next first."""
    return _waiting(driver.tuples(connection, _ALL))


def ready(connection: Connection) -> list[Waiting]:
    """All that may be told, whether its time has come or not."""
    return _waiting(driver.tuples(connection, _READY))


def due(connection: Connection, now: datetime) -> list[Waiting]:
    """What is to be told now."""
    return _waiting(driver.tuples(connection, _DUE, (from_datetime(now),)))


def count_ready(connection: Connection) -> int:
    """How many topics may be told, whether their time has come or not."""
    (count,) = driver.first(connection, _COUNT_READY) or (0,)
    return int(count)


def told(connection: Connection, one: Waiting) -> None:
    """The hub has been told; unless the topic has changed since `one` was read, it leaves the outbox."""
    driver.run(connection, _TOLD, [(one.topic, one.since)])


def put_off(connection: Connection, one: Waiting, now: datetime, error: str, *, silent: bool) -> None:
    """The hub could not be told; with `silent` it gave no answer, and is left alone for as long."""
    next_try = from_datetime(now + delay(one.attempts + 1))
    driver.run(connection, _PUT_OFF, [(next_try, error, int(silent), one.topic)])


def _put(connection: Connection, hub: str, topics: Iterable[str], now: datetime, *, ready: bool) -> None:
    moment = from_datetime(now)
    driver.run(connection, _PUT, [(topic, hub, moment, moment, int(ready)) for topic in topics])


def _waiting(rows: Iterable[tuple[str, str, str, int, int, str, str | None]]) -> list[Waiting]:
    return [
        Waiting(
            topic=topic,
            hub=hub,
            since=since,
            ready=bool(is_ready),
            attempts=attempts,
            next_try=next_try,
            last_error=last_error,
        )
        for topic, hub, since, is_ready, attempts, next_try, last_error in rows
    ]
