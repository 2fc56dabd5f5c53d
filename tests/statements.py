"""The SQL statements that reach SQLite, whichever way they are sent: through SQLAlchemy, or to the driver itself.

with recorded(transactions.append), Newsroom.open(settings) as newsroom:
    newsroom.append(new)
assert sum(not statement.writes for statement in transactions[-1]) == 7
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, Self

from sqlalchemy import Engine, event

_WRITING = ("INSERT", "UPDATE", "DELETE", "REPLACE")


class Statement(NamedTuple):
    """A statement as the driver got it: `rows` are the values of each of its executions, of which there is one
    unless `many`."""

    sql: str
    rows: list[Any]
    many: bool

    @property
    def writes(self) -> bool:
        """Whether it changes rows."""
        return self.sql.lstrip().upper().startswith(_WRITING)


Note = Callable[[list[Statement]], None]
"""Told the statements of a transaction when it ends, its BEGIN first; one that is undone is not told."""


@contextmanager
def recorded(note: Note) -> Iterator[None]:
    """Every database that SQLAlchemy connects to inside the block tells its committed transactions to `note`."""

    def connect(_dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
        options["factory"] = partial(_Connection, note)

    event.listen(Engine, "do_connect", connect)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", connect)


class _Connection(sqlite3.Connection):
    """Sends all that it is asked to execute through its own cursors, which note it."""

    def __init__(self, note: Note, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._note = note
        self.statements: list[Statement] = []

    def cursor(self, factory: Any = None) -> _Cursor:  # type: ignore[override]  # whichever cursor is asked for
        return _Cursor(self)

    def execute(self, sql: str, values: Any = (), /) -> sqlite3.Cursor:
        return self.cursor().execute(sql, values)

    def executemany(self, sql: str, rows: Iterable[Any], /) -> sqlite3.Cursor:
        return self.cursor().executemany(sql, rows)

    def commit(self) -> None:
        super().commit()
        self._note(self.statements)
        self.statements = []

    def rollback(self) -> None:
        super().rollback()
        self.statements = []


class _Cursor(sqlite3.Cursor):
    connection: _Connection

    def execute(self, sql: str, values: Any = (), /) -> Self:
        self._take(Statement(sql, [values], many=False))
        return super().execute(sql, values)

    def executemany(self, sql: str, rows: Iterable[Any], /) -> Self:
        sent = list(rows)
        self._take(Statement(sql, sent, many=True))
        return super().executemany(sql, sent)

    def _take(self, statement: Statement) -> None:
        # What comes before a transaction, as the settings of a connection do, is not of it.
        if statement.sql.startswith("BEGIN"):
            self.connection.statements = []
        self.connection.statements.append(statement)
