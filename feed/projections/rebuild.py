"""Making the read tables from the log: beside the live ones, then swapped in one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, Table, delete, insert, select, text

from feed import log
from feed.database import Database, projection_state
from feed.errors import DatabaseError
from feed.projections.refold import refold
from feed.projections.tables import LIVE, STATE, VERSION, rebuilt_tables
from feed.projections.workbench import Workbench

BATCH = 2_000
# How long the write lock is left free after a batch, as a part of how long it was held.
PAUSE = 0.25
_REBUILDING = "rebuilding"

Progress = Callable[[int, int], None]
"""Told how many events are done, and of how many."""


class Difference(Struct, frozen=True, kw_only=True):
    """The first place where the live tables are not what the log says. None stands for a missing row."""

    table: str
    key: tuple[Any, ...]
    column: str
    live: Any
    rebuilt: Any


def create(connection: Connection) -> None:
    """Make the empty read tables of a new database."""
    LIVE.metadata.create_all(connection)
    connection.execute(insert(projection_state).values(name=STATE, version=VERSION, position=0, developments=0))


def is_current(connection: Connection) -> bool:
    """Whether the live tables are of this version's make."""
    return _version(connection) == VERSION


def require_current(connection: Connection, database: str) -> None:
    """Raises DatabaseError unless the live tables are of this version's make."""
    if _version(connection) > VERSION:
        raise DatabaseError(
            database, "was made by a newer version of feed: install that one (pip install --upgrade story-feed)"
        )
    if not is_current(connection):
        raise DatabaseError(database, "was made by an older version of feed: run feed upgrade")


def problems(connection: Connection, size: int) -> list[str]:
    """What is wrong with the live tables of a log of this size, in sentences that say what to do."""
    position = connection.scalars(select(projection_state.c.position).where(projection_state.c.name == STATE)).one()
    if position == size:
        return []
    return [f"the read tables hold {position} events of the log's {size}: run feed rebuild"]


def rebuild(database: Database, progress: Progress) -> int:
    """Build the read tables anew and swap them in; readers and writers carry on meanwhile.

    Returns the number of events. Raises DatabaseError where another rebuild takes over.
    """
    with _rebuilt(database, progress) as connection:
        _swap(connection)
        return log.head(connection).size


def check(database: Database, progress: Progress) -> Difference | None:
    """Compare the live tables with what the log says, and leave them as they are."""
    with _rebuilt(database, progress) as connection:
        difference = _first_difference(connection)
        _clear(connection)
    return difference


@contextmanager
def _rebuilt(database: Database, progress: Progress) -> Iterator[Connection]:
    """A write transaction in which the tables beside the live ones stand where the log stands."""
    mark, began = _begin(database)
    while _step(database, mark, progress):
        pass
    with database.writing() as connection:
        while _take(connection, database, mark, progress):
            pass
        # What was taken in before it was erased.
        for slug in log.stories_erased_since(connection, began):
            refold(connection, slug, rebuilt_tables(), _REBUILDING)
        yield connection


def _version(connection: Connection) -> int:
    versions = connection.scalars(select(projection_state.c.version).where(projection_state.c.name == STATE))
    return versions.one_or_none() or 0


def _begin(database: Database) -> tuple[int, int]:
    """Make the empty tables; returns the mark by which this rebuild knows that they are still its own, and the size of
    the log."""
    mark = secrets.randbits(62)
    with database.writing() as connection:
        _clear(connection)
        rebuilt_tables().metadata.create_all(connection)
        connection.execute(insert(projection_state).values(name=_REBUILDING, version=mark, position=0, developments=0))
        return mark, log.head(connection).size


def _step(database: Database, mark: int, progress: Progress) -> bool:
    """Take one more batch of events in; whether more are waiting. The lock is held while they are written only."""
    with database.reading() as connection:
        workbench, size = _folded(connection, database, mark)
    with database.writing() as connection:
        began = monotonic()
        _check_mark(connection, database, mark)
        workbench.save(connection)
    # SQLite wakes nobody who waits for the lock; they try again now and then, and must find it free sometimes.
    sleep((monotonic() - began) * PAUSE)
    progress(workbench.position, size)
    return workbench.position < size


def _take(connection: Connection, database: Database, mark: int, progress: Progress) -> bool:
    """The same, in a write transaction that goes on."""
    workbench, size = _folded(connection, database, mark)
    workbench.save(connection)
    progress(workbench.position, size)
    return workbench.position < size


def _folded(connection: Connection, database: Database, mark: int) -> tuple[Workbench, int]:
    """What the next batch of events makes of the rebuilt tables; and the size of the log."""
    _check_mark(connection, database, mark)
    workbench = Workbench(connection, rebuilt_tables(), _REBUILDING)
    events = list(log.read(connection, after=workbench.position, limit=BATCH))
    workbench.load((event.story, event.data) for event in events)
    for event in events:
        workbench.take(event)
    return workbench, log.head(connection).size


def _check_mark(connection: Connection, database: Database, mark: int) -> None:
    marks = connection.scalars(select(projection_state.c.version).where(projection_state.c.name == _REBUILDING))
    if marks.one_or_none() != mark:
        raise DatabaseError(database.name, "another rebuild has begun meanwhile: let that one finish")


def _clear(connection: Connection) -> None:
    """Remove what this or a killed rebuild has left."""
    rebuilt_tables().metadata.drop_all(connection)
    connection.execute(delete(projection_state).where(projection_state.c.name == _REBUILDING))


def _swap(connection: Connection) -> None:
    LIVE.metadata.drop_all(connection)
    for table in rebuilt_tables().metadata.tables.values():
        live = table.name.removeprefix(rebuilt_tables().prefix)
        connection.execute(text(f'ALTER TABLE "{table.name}" RENAME TO "{live}"'))
    state = projection_state
    built = connection.execute(select(state).where(state.c.name == _REBUILDING)).one()
    connection.execute(delete(state))
    connection.execute(
        insert(state).values(name=STATE, version=VERSION, position=built.position, developments=built.developments)
    )


def _first_difference(connection: Connection) -> Difference | None:
    tables = zip(LIVE.metadata.sorted_tables, rebuilt_tables().metadata.sorted_tables, strict=True)
    return next((found for live, rebuilt in tables for found in _differences(connection, live, rebuilt)), None)


def _differences(connection: Connection, live: Table, rebuilt: Table) -> Iterator[Difference]:
    """The differences of two tables, merged in the order of their keys."""
    lefts, rights = _in_order(connection, live), _in_order(connection, rebuilt)
    left, right = next(lefts, None), next(rights, None)
    while left is not None or right is not None:
        left_key, right_key = left and _key(left, live), right and _key(right, rebuilt)
        if right_key is None or (left_key is not None and left_key < right_key):
            yield Difference(table=live.name, key=left_key or (), column="", live="a row", rebuilt=None)
            left = next(lefts, None)
        elif left_key is None or right_key < left_key:
            yield Difference(table=live.name, key=right_key, column="", live=None, rebuilt="a row")
            right = next(rights, None)
        else:
            for column, one, other in zip(live.columns.keys(), left or (), right or (), strict=True):
                if one != other:
                    yield Difference(table=live.name, key=left_key, column=column, live=one, rebuilt=other)
            left, right = next(lefts, None), next(rights, None)


def _in_order(connection: Connection, table: Table) -> Iterator[Row[Any]]:
    return iter(connection.execution_options(yield_per=1000).execute(select(table).order_by(*table.primary_key)))


def _key(row: Row[Any], table: Table) -> tuple[Any, ...]:
    return tuple(row._mapping[column.name] for column in table.primary_key)
