"""The floor under our writes: the very statements that they sent, sent again by the standard library's driver alone.

What is left out is all that is no write: checking, reading, folding, hashing, and SQLAlchemy.
"""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import Watch

# As feed/database.py sets up a connection; WAL is the file's own setting.
_PRAGMAS = ("synchronous = FULL", "foreign_keys = ON", "recursive_triggers = ON", "secure_delete = ON")


def replay(folder: str, file: str) -> dict[str, float]:
    """Send them to the newsroom's database, which must be as it was before; only SQLite's work is timed."""
    watch = Watch()
    with watch:
        connection = sqlite3.connect(Path(folder) / "feed.db", isolation_level=None)
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    for statements in _transactions(Path(file)):
        with watch:
            for sql, rows, many in statements:
                if many:
                    connection.executemany(sql, rows)
                else:
                    connection.execute(sql, rows[0])
            connection.commit()
    with watch:
        connection.close()
    return watch.figures()


def _transactions(file: Path) -> Iterator[list[tuple[str, list[Any], bool]]]:
    """One at a time, as all of them would need more memory than is measured."""
    with file.open("rb") as stream:
        while True:
            try:
                yield pickle.load(stream)  # noqa: S301  # the benchmark's own file
            except EOFError:
                return
