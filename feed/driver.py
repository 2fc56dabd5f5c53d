"""Fixed statements straight to the driver (PEP 249), inside the transaction that SQLAlchemy began.

On the way of every append and publish SQLAlchemy's own work for a statement is four to eight times what SQLite needs
to run it. Engine, transactions and schema, and what is asked rarely, are SQLAlchemy's.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, TypeAlias

from sqlalchemy import Connection

Value: TypeAlias = str | int | bytes | None
Values: TypeAlias = Sequence[Value]

# A statement takes 32,766 values, or 999 where SQLite is old.
_MOST_VALUES = 900


def rows(connection: Connection, statement: str, values: Values = ()) -> Iterator[Any]:
    """The rows that a query finds, as named tuples, read as they are asked for."""
    cursor = _driver(connection).execute(statement, values)
    return map(_shape(tuple(column[0] for column in cursor.description)), cursor)


def tuples(connection: Connection, statement: str, values: Values = ()) -> Iterator[tuple[Any, ...]]:
    """The same, as plain tuples."""
    found: Iterator[tuple[Any, ...]] = _driver(connection).execute(statement, values)
    return found


def first(connection: Connection, statement: str, values: Values = ()) -> tuple[Any, ...] | None:
    """The first row that a query finds."""
    return next(tuples(connection, statement, values), None)


def run(connection: Connection, statement: str, values: Iterable[Values]) -> None:
    """Run a statement once for each of these values."""
    _driver(connection).executemany(statement, values)


def among(connection: Connection, statement: str, keys: Iterable[Values]) -> Iterator[Any]:
    """The rows, as of `rows`, that a query finds whose list `{keys}` these keys are, each as long as the others."""
    ordered = sorted(keys)  # type: ignore[type-var]  # the keys of one list are of one kind
    if not ordered:
        return
    piece = _MOST_VALUES // len(ordered[0])
    for some in (ordered[start : start + piece] for start in range(0, len(ordered), piece)):
        # Lists of few lengths are few statements, which SQLite has prepared. One key more changes nothing.
        some += some[-1:] * (min(1 << (len(some) - 1).bit_length(), piece) - len(some))
        yield from rows(connection, statement.format(keys=_list(len(some), len(some[0]))), [*chain.from_iterable(some)])


@lru_cache(maxsize=256)
def _list(keys: int, values: int) -> str:
    """So many different keys of so many values each."""
    one = f"({', '.join('?' * values)})"
    # A bare list of pairs would be searched for in the whole table; a selected one is looked up in the index.
    return f"(SELECT DISTINCT * FROM (VALUES {', '.join([one] * keys)}) AS keys)"  # noqa: S608  # question marks


def _driver(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


@lru_cache(maxsize=256)
def _shape(names: tuple[str, ...]) -> Callable[[Iterable[Any]], Any]:
    shape: Any = namedtuple("Row", names)  # type: ignore[misc]  # the names are the query's
    make: Callable[[Iterable[Any]], Any] = shape._make
    return make
