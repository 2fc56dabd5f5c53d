"""Backups of the database, and putting one back: each is proved before it counts, and nothing is lost on the way.

A copy is made in a hidden folder beside its place, and gets its name in one step once it is verified and on disk.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from feed import database, projections, verify
from feed.database import Database
from feed.errors import DatabaseError
from feed.projections import Progress


def backup(url: str, file: Path, progress: Progress) -> int:
    """Copy the database at `url` to a new file, and prove the copy; returns its number of events.

    Writers carry on meanwhile. Raises DatabaseError, also if something is there.
    """
    if file.exists():
        raise DatabaseError(str(file), "is there already: name another file, so that no backup is lost")
    with _draft(file) as draft:
        database.copy_to(database.file_of(url), draft)
        events = _prove(draft, file, progress)
        # Unlike a rename, a link never takes the place of a file that someone has made meanwhile.
        os.link(draft, file)
        _sync(file.parent)
    return events


def restore(url: str, file: Path, progress: Progress) -> tuple[int, Path | None]:
    """Put a copy of `file`, proved, in place of the database at `url`; an older one is brought to this version.

    Returns its number of events and where the replaced database is kept, None if there was none. Raises
    DatabaseError, and then nothing is replaced.
    """
    if not file.is_file():
        raise DatabaseError(str(file), "there is no such file: name a backup that feed backup made")
    place = database.file_of(url)
    with _draft(place) as draft:
        database.copy_to(file, draft)
        events = _prove(draft, file, progress)
        kept = _set_aside(place, draft) if place.exists() else None
        draft.replace(place)
        _sync(place.parent)
    return events, kept


def copies(url: str) -> list[Path]:
    """The copies of a database that `database.backup` has made beside it."""
    file = database.file_of(url)
    name = re.compile(rf"{re.escape(file.name)}\..*\.backup(-\d+)?")
    return sorted(path for path in file.parent.iterdir() if name.fullmatch(path.name))


@contextmanager
def _draft(file: Path) -> Iterator[Path]:
    """A place for what is to become `file`, on the same disk."""
    try:
        with tempfile.TemporaryDirectory(prefix=".feed-", dir=file.parent) as folder:
            yield Path(folder) / file.name
    except OSError as error:
        raise DatabaseError(str(file), f"cannot be written ({error.strerror}): name another place") from None


def _prove(draft: Path, file: Path, progress: Progress) -> int:
    """Check the whole of a copy, and bring it to the disk; messages name the file that it is of."""
    try:
        database.upgrade(database.url_of(draft))
        opened = database.open_database(database.url_of(draft))
        try:
            events = _check(opened, progress)
        finally:
            opened.close()
    except DatabaseError as error:
        raise DatabaseError(str(file), error.problem) from None
    _settle(draft)
    with draft.open("rb") as stream:
        os.fsync(stream.fileno())
    return events


def _check(opened: Database, progress: Progress) -> int:
    with opened.reading() as connection:
        verdict = verify.verify(connection, (), progress)
        current = projections.is_current(connection) and not verify.of_read_tables(connection)
    if verdict.faults:
        found = verdict.faults[0]
        where = f"event {found.position} " if found.position else ""
        problem = f"it is not what was recorded ({found.kind}: {where}{found.problem}): feed verify tells all of it"
        raise DatabaseError(opened.name, problem)
    # The read tables are made of the log, which is sound.
    if not current or projections.check(opened, progress) is not None:
        projections.rebuild(opened, progress)
    return verdict.size


def _set_aside(place: Path, draft: Path) -> Path:
    """Give the database that is there a second name, under which it stays when the first is taken."""
    _settle(place)
    shutil.copymode(place, draft)
    names = (f"{place.name}.replaced{f'-{number}' if number > 1 else ''}" for number in count(1))
    kept = next(path for name in names if not (path := place.with_name(name)).exists())
    os.link(place, kept)
    for ending in ("-wal", "-shm"):
        beside = place.with_name(place.name + ending)
        # Of a damaged database only. SQLite would take what stands there for a part of the one that comes.
        if beside.exists():
            beside.rename(kept.with_name(kept.name + ending))
    return kept


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _settle(file: Path) -> None:
    """Bring what stands beside a database into it, so that the file alone is all of it.

    Raises DatabaseError where another program has it open. What is damaged stays as it is.
    """
    connection = sqlite3.connect(file, timeout=database.BUSY_SECONDS, isolation_level=None)
    try:
        # SQLite leaves the mode only when nobody else is there.
        connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise DatabaseError(str(file), "another program has it open: end that, then repeat") from None
    finally:
        connection.close()
