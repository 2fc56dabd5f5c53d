"""The database: opening it, transactions, the log's tables, upgrades; all that is particular to SQLite.

No meaning lives here. A reader's transaction sees one snapshot; a writer's takes the write lock at its
beginning, as one that reads first and writes then fails at once when another writer was faster.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from feed import driver
from feed.errors import DatabaseError

# Kept in the file's header (SQLite's application_id): "feed" in ASCII.
APPLICATION_ID = 0x66656564
# The migrations in their order; the last is what this version reads and writes.
REVISIONS = ("0001", "0002", "0003")
BUSY_SECONDS = 30

metadata = MetaData()

events = Table(
    "events",
    metadata,
    Column("position", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("story", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("schema", Integer, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("published_at", Text, nullable=False),
    Column("commitment", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    UniqueConstraint("story", "version"),
    sqlite_strict=True,
)
payloads = Table(
    "payloads",
    metadata,
    Column("position", Integer, ForeignKey("events.position"), primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("data", Text, nullable=False),
    sqlite_strict=True,
)
erasures = Table(
    "erasures",
    metadata,
    Column("position", Integer, ForeignKey("events.position"), primary_key=True),
    Column("erased_by", Integer, ForeignKey("events.position"), nullable=False),
    Column("kept", Text, nullable=False),
    sqlite_strict=True,
)
log_head = Table(
    "log_head",
    metadata,
    Column("one", Integer, CheckConstraint("one = 1"), primary_key=True),
    Column("origin", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("told", Integer, nullable=False),
    sqlite_strict=True,
)
projection_state = Table(
    "projection_state",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("developments", Integer, nullable=False),
    sqlite_strict=True,
)
websub_outbox = Table(
    "websub_outbox",
    metadata,
    Column("topic", Text, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("hub", "since", "next_try")),
    *(Column(name, Integer, nullable=False) for name in ("ready", "attempts", "silent")),
    Column("last_error", Text),
    sqlite_strict=True,
)


class Database:
    """An open database. `name` is what messages call it: the file's path."""

    def __init__(self, name: str, engine: Engine) -> None:
        self.name = name
        self._engine = engine
        self._writer = engine.execution_options(feed_begin="BEGIN IMMEDIATE")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One snapshot for as long as the block runs. Raises DatabaseError."""
        with explained(self.name), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction under the write lock, committed at the end of the block. Raises DatabaseError."""
        with explained(self.name), self._writer.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def rehearsing(self) -> Iterator[Connection]:
        """The same as `writing`, but undone at the end of the block. Raises DatabaseError."""
        with explained(self.name), self._writer.connect() as connection, connection.begin() as transaction:
            yield connection
            transaction.rollback()

    def scrub(self) -> None:
        """Write the file anew without what was deleted, and empty the log that stands beside it until then.

        Our connections overwrite what they delete, but another program's may have left copies in free pages.
        Raises DatabaseError where another program holds a snapshot for longer than it is waited for.
        """
        with explained(self.name), self._engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute("VACUUM")
            busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise DatabaseError(self.name, _REPAIRS[sqlite3.SQLITE_BUSY])

    def close(self) -> None:
        self._engine.dispose()


def open_database(url: str) -> Database:
    """The database at `url`, if this version can use it as it is. Raises DatabaseError."""
    file = file_of(url)
    _check_file(file)
    engine = _engine(url)
    database = Database(str(file), engine)
    try:
        _check_revision(database)
        _set_wal(str(file), engine)
    except BaseException:
        database.close()
        raise
    return database


def create(url: str, fill: Callable[[Connection], None]) -> None:
    """Make a new database at `url`, with what `fill` puts in; it appears there whole, or not at all.

    Raises DatabaseError, also if something is there.
    """
    file = file_of(url)
    taken = DatabaseError(str(file), "is there already: choose another name, or remove it")
    try:
        if file.exists():
            raise taken
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".feed-", dir=file.parent) as folder:
            fresh = Path(folder) / file.name
            _migrate(str(file), url_of(fresh))
            _fill(str(file), url_of(fresh), fill)
            # Unlike a rename, a link never takes the place of a file that someone has made meanwhile.
            os.link(fresh, file)
    except OSError as error:
        if isinstance(error, FileExistsError) and file.exists():
            raise taken from None
        raise DatabaseError(str(file), f"cannot be made ({error.strerror}): choose another place") from None


def upgrade(url: str) -> Path | None:
    """Bring an older database to this version, after a copy beside it; the copy's path, None if it was not needed.

    Raises DatabaseError.
    """
    file = file_of(url)
    try:
        open_database(url).close()
    except OlderDatabase as older:
        copy = backup(url, older.revision)
        _migrate(str(file), url)
        return copy
    return None


def backup(url: str, label: str) -> Path:
    """Copy a database to a new file beside it, with the label in its name; returns its path. Raises DatabaseError."""
    file = file_of(url)
    names = (f"{file.name}.{label}.backup{f'-{number}' if number > 1 else ''}" for number in count(1))
    copy = next(path for name in names if not (path := file.with_name(name)).exists())
    copy_to(file, copy)
    return copy


def copy_to(file: Path, copy: Path) -> None:
    """Copy one snapshot of a database to a new file, while others go on writing. Raises DatabaseError."""
    with explained(str(file)):
        source, target = sqlite3.connect(file), sqlite3.connect(copy)
        try:
            source.backup(target)
        finally:
            target.close()
            source.close()
    shutil.copymode(file, copy)


class OlderDatabase(DatabaseError):
    """A database that an older version made; `revision` is its last migration."""

    def __init__(self, database: str, revision: str) -> None:
        self.revision = revision
        super().__init__(database, "was made by an older version of feed: run feed upgrade")


class Unreadable(Exception):
    """What is stored cannot be read. Raise it in a transaction, which knows the database's name."""


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Turns what SQLite says, where a user can repair it, into a DatabaseError that tells how."""
    try:
        yield
    except Unreadable as error:
        raise DatabaseError(name, f"{error}; {_REPAIRS[sqlite3.SQLITE_CORRUPT]}") from error
    except (DBAPIError, sqlite3.Error) as error:
        repairable = _translated(name, error.orig if isinstance(error, DBAPIError) else error)
        if repairable is None:
            raise
        raise repairable from error


# By SQLite's primary result code (sqlite.org/rescode.html).
_REPAIRS = {
    sqlite3.SQLITE_BUSY: f"another program has kept it locked for {BUSY_SECONDS} seconds: let that finish, then repeat",
    sqlite3.SQLITE_LOCKED: "another program keeps it locked: let that finish, then repeat",
    sqlite3.SQLITE_READONLY: "it may only be read: give yourself the right to write to the file and its folder",
    sqlite3.SQLITE_FULL: "the disk is full: make room, then repeat; what was not acknowledged is not written",
    sqlite3.SQLITE_IOERR: "the disk could not be read or written: check the disk and its free space, then repeat",
    sqlite3.SQLITE_CORRUPT: "it is damaged: put a copy from before back, and keep the damaged file for a rescue",
    sqlite3.SQLITE_NOTADB: "it is not a feed database: name another one (--database), or make one with feed init",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: you need the right to read the file and to write to its folder",
    sqlite3.SQLITE_PERM: "you may not open it: ask its owner for the right to read and write",
}


def _translated(name: str, error: BaseException | None) -> DatabaseError | None:
    code = getattr(error, "sqlite_errorcode", None)
    if str(error).startswith("Could not decode to UTF-8"):
        code = sqlite3.SQLITE_CORRUPT
    if code is None:
        return None
    repair = _REPAIRS.get(code & 0xFF)
    return DatabaseError(name, repair) if repair else None


def file_of(url: str) -> Path:
    """The file of a database at `url`. Raises DatabaseError."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise DatabaseError(url, "is no database address: write a path, or sqlite:///PATH") from None
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite") or parsed.host:
        raise DatabaseError(parsed.render_as_string(), "only SQLite is supported: write a path, or sqlite:///PATH")
    if not parsed.database or parsed.database == ":memory:":
        raise DatabaseError(url, "a log must outlive the command: name a file, sqlite:///PATH")
    if parsed.query and "uri" not in parsed.query:
        raise DatabaseError(url, "takes no options: leave out what follows the question mark, or write %3F for it")
    path = re.sub(r"^file:", "", parsed.database) if parsed.query.get("uri") else parsed.database
    return Path(path)


def _check_file(file: Path) -> None:
    try:
        if file.is_dir():
            raise DatabaseError(str(file), "is a folder: name the database in it")
        if not file.is_file():
            raise DatabaseError(str(file), "there is no such database: make one with feed init")
    except OSError as error:
        raise DatabaseError(str(file), f"cannot be opened ({error.strerror}): name another one (--database)") from None


def url_of(file: Path) -> str:
    """SQLite's address of a file; SQLAlchemy undoes percent-encoding, and a query begins at a question mark."""
    return "sqlite:///" + str(file).replace("%", "%25").replace("?", "%3F")


def _fill(name: str, url: str, fill: Callable[[Connection], None]) -> None:
    database = Database(name, _engine(url))
    try:
        with database.writing() as connection:
            fill(connection)
    finally:
        database.close()


# The last two are for large writes: 8 MB of pages in memory, and a checkpoint for each 32 MB of write-ahead log.
_PRAGMAS = (
    *("synchronous = FULL", "foreign_keys = ON", "recursive_triggers = ON", "secure_delete = ON"),
    *("cache_size = -8000", "wal_autocheckpoint = 8000"),
)


def _engine(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver begins no transaction by itself: _begin does, for reading as well.
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        driver.first(connection, connection.get_execution_options().get("feed_begin", "BEGIN"))

    return engine


# A dump does not hold the application_id, so what is restored from one has 0.
_LOOK = """
SELECT
  (SELECT version_num FROM alembic_version),
  (SELECT application_id FROM pragma_application_id),
  EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'log_head')
"""


def _check_revision(database: Database) -> None:
    foreign = DatabaseError(database.name, "it is not a feed database: name another one (--database)")
    with database.reading() as connection:
        try:
            revision, application_id, has_log = connection.exec_driver_sql(_LOOK).one()
        except DBAPIError as error:
            if re.match("no such (table|column)", str(error.orig)):
                raise foreign from None
            raise
    if application_id not in (APPLICATION_ID, 0) or not has_log:
        raise foreign
    if revision == REVISIONS[-1]:
        return
    if revision in REVISIONS or revision is None:
        raise OlderDatabase(database.name, revision or "0000")
    raise DatabaseError(
        database.name, "was made by a newer version of feed: install that one (pip install --upgrade story-feed)"
    )


def _migrate(name: str, url: str) -> None:
    from alembic import command
    from alembic.config import Config

    from feed.shipped import shipped

    config = Config()
    config.set_main_option("script_location", str(shipped("migrations")).replace("%", "%%"))
    engine = _engine(url)
    try:
        _set_wal(name, engine)
        with Database(name, engine).writing() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def _set_wal(name: str, engine: Engine) -> None:
    """Readers and the writer go on beside each other. A property of the file, but a restored copy has lost it."""
    with explained(name), engine.connect() as connection:
        # It cannot be set inside a transaction.
        connection.connection.driver_connection.execute("PRAGMA journal_mode = WAL")  # type: ignore[union-attr]
