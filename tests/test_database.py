"""Opening, making and upgrading the database, and what its schema refuses."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import log_fixtures
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from log_fixtures import Office, adding, files_in, fill, opening, python, silent, story_of
from sqlalchemy import Connection

from feed import database, shipped
from feed.database import create, open_database, upgrade
from feed.errors import DatabaseError
from feed.newsroom import Newsroom

template, office = log_fixtures.template, log_fixtures.office

FOREIGN = "it is not a feed database: name another one (--database)"
OLDER = "was made by an older version of feed: run feed upgrade"
DAMAGED = "it is damaged: put a copy from before back, and keep the damaged file for a rescue"
READ_ONLY = "it may only be read: give yourself the right to write to the file and its folder"


def nothing(connection: Connection) -> None:
    """No read tables."""


def refusal(office: Office, *args: str) -> str:
    """What `feed` says on standard error, where it refuses and writes nothing."""
    before = files_in(office.folder)
    result = office.run(*args)
    assert (result.exit_code, result.stdout) == (1, "")
    assert files_in(office.folder) == before
    return result.stderr


# Opening what is no feed database


def foreign(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE guests (name TEXT)")
        connection.execute("INSERT INTO guests VALUES ('Ada')")
        for statement in statements:
            connection.execute(statement)


MAKE: dict[str, Callable[[Path], object]] = {
    "another SQLite database": foreign,
    "one that keeps a write-ahead log": lambda file: foreign(file) or set_wal(file),
    "another application's, under alembic": lambda file: foreign(
        file, "CREATE TABLE alembic_version (version_num TEXT)", "INSERT INTO alembic_version VALUES ('0001')"
    ),
    "one with another table of that name": lambda file: foreign(file, "CREATE TABLE alembic_version (other TEXT)"),
    "one marked by another application": lambda file: foreign(
        file,
        "CREATE TABLE alembic_version (version_num TEXT)",
        "CREATE TABLE log_head (one TEXT)",
        "PRAGMA application_id = 252006673",
    ),
    "no byte": Path.touch,
}


def set_wal(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


@pytest.mark.parametrize("what", MAKE)
def test_a_foreign_database_is_refused_and_left_as_it_was(office: Office, what: str) -> None:
    office.file.unlink()
    MAKE[what](office.file)
    for command in (["stories"], ["open", "flood", "Headline"], ["rebuild"], ["upgrade"]):
        assert refusal(office, *command) == f"Error: {office.file}: {FOREIGN}\n"


@pytest.mark.parametrize("content", [b"a text\n" * 1000, b"{}", b"SQLite format 3\x00 not really" * 100])
def test_a_file_of_another_kind_is_refused_and_left_as_it_was(office: Office, content: bytes) -> None:
    office.file.write_bytes(content)
    assert refusal(office, "stories") == (
        f"Error: {office.file}: it is not a feed database: name another one (--database), or make one with feed init\n"
    )


def test_a_missing_database_is_not_made(office: Office) -> None:
    office.file.unlink()
    for command in (["stories"], ["open", "flood", "Headline"], ["upgrade"]):
        said = refusal(office, *command)
        assert said == f"Error: {office.file}: there is no such database: make one with feed init\n"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("{folder}", "{folder}: is a folder: name the database in it"),
        ("{folder}/feed.db/x", "{folder}/feed.db/x: there is no such database: make one with feed init"),
        ("/" + "n" * 300, "/" + "n" * 300 + ": cannot be opened (File name too long): name another one (--database)"),
        ("postgresql://ada:secret@host/news", "postgresql://ada:***@host/news: only SQLite is supported: write a path"),
        ("postgresql://host:port/news", "postgresql://host:port/news: is no database address: write a path"),
        ("sqlite+aiosqlite:///x", "sqlite+aiosqlite:///x: only SQLite is supported: write a path"),
        ("sqlite://host/feed.db", "sqlite://host/feed.db: only SQLite is supported: write a path"),
        ("sqlite:///:memory:", "sqlite:///:memory:: a log must outlive the command: name a file, sqlite:///PATH"),
        ("sqlite://", "sqlite://: a log must outlive the command: name a file, sqlite:///PATH"),
        ("://", "://: is no database address: write a path, or sqlite:///PATH"),
        ("sqlite:///feed.db?timeout=x", "sqlite:///feed.db?timeout=x: takes no options: leave out what follows"),
    ],
)
def test_an_address_that_is_none_of_a_database_is_refused(office: Office, url: str, problem: str) -> None:
    said = refusal(office, "--database", url.format(folder=office.folder), "stories")
    assert said.startswith(f"Error: {problem.format(folder=office.folder)}")


def test_a_newer_database_is_refused_and_left_as_it_was(office: Office) -> None:
    office.change("UPDATE alembic_version SET version_num = '9999'")
    for command in (["stories"], ["open", "flood", "Headline"], ["upgrade"]):
        assert refusal(office, *command) == (
            f"Error: {office.file}: was made by a newer version of feed: "
            "install that one (pip install --upgrade story-feed)\n"
        )


# Opening what cannot be used right now


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)


@pytest.mark.usefixtures("impatient")
def test_a_locked_database_can_be_read_and_refuses_to_be_written_to(office: Office) -> None:
    fill(office, [opening()])
    with closing(sqlite3.connect(office.file)) as other:
        other.execute("BEGIN IMMEDIATE")
        result = office.run("append", "flood", "Headline")
        assert result.exit_code == 1
        assert result.stderr == (
            f"Error: {office.file}: another program has kept it locked for 30 seconds: let that finish, then repeat\n"
        )
        assert "The flood" in office.run("stories").stdout
    assert office.size() == 1


def test_a_writer_waits_until_the_lock_is_free(office: Office) -> None:
    with closing(sqlite3.connect(office.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        command = python("from feed.cli import main; main()", "--config", office.config, "open", "flood", "Headline")
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as waiting:
            with pytest.raises(subprocess.TimeoutExpired):
                waiting.wait(1.5)
            other.execute("ROLLBACK")
            _, errors = waiting.communicate(timeout=20)
    assert (waiting.returncode, office.size()) == (0, 1), errors


def test_a_database_opened_for_reading_can_be_read_and_says_why_it_cannot_be_written_to(office: Office) -> None:
    fill(office, [opening()])
    url = f"sqlite:///file:{office.file}?mode=ro&uri=true"
    before = office.file.read_bytes()
    assert "The flood" in office.run("--database", url, "stories").stdout
    result = office.run("--database", url, "append", "flood", "Headline")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: {office.file}: {READ_ONLY}\n"
    assert office.file.read_bytes() == before


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that any user can reach, which those that pytest makes are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextmanager
def rights(folder: Path, mode: int, file: Path, file_mode: int) -> Iterator[None]:
    """These rights, and a user to whom they matter."""
    folder.chmod(mode)
    file.chmod(file_mode)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)
        folder.chmod(0o755)
        file.chmod(0o644)


@pytest.mark.parametrize(
    ("mode", "file_mode", "problem"),
    [
        (0o755, 0o444, READ_ONLY),
        (0o755, 0o000, "it cannot be opened: you need the right to read the file and to write to its folder"),
        (0o555, 0o666, READ_ONLY),
        (0o000, 0o666, "cannot be opened (Permission denied): name another one (--database)"),
    ],
)
def test_a_database_that_one_has_no_right_to_is_refused(
    office: Office, public_folder: Path, mode: int, file_mode: int, problem: str
) -> None:
    folder = public_folder / "folder"
    folder.mkdir()
    file = Path(shutil.copy(office.file, folder))
    shutil.copy(office.config, public_folder)
    elsewhere = Office(public_folder)
    # What is imported late must be there before the user is another.
    assert elsewhere.run("--database", str(office.file), "open", "flood", "Headline").exit_code == 0
    before = file.read_bytes()
    with rights(folder, mode, file, file_mode):
        result = elsewhere.run("--database", str(file), "open", "flood", "Headline")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"Error: {file}: {problem}\n")
    assert file.read_bytes() == before


def test_pages_overwritten_in_the_middle_are_told_and_nothing_is_written(office: Office) -> None:
    fill(office, story_of(60))
    content = office.file.read_bytes()
    half = len(content) // 8192 * 4096
    office.file.write_bytes(content[:4096] + b"\xff" * half + content[4096 + half :])
    for command in (["show", "flood"], ["log"], ["append", "flood", "Headline"], ["rebuild"], ["rebuild", "--check"]):
        assert refusal(office, *command) == f"Error: {office.file}: {DAMAGED}\n"


def test_a_file_cut_off_is_told_and_nothing_is_written(office: Office) -> None:
    fill(office, story_of(60))
    content = office.file.read_bytes()
    office.file.write_bytes(content[: len(content) // 8192 * 4096])
    for command in (["log"], ["append", "flood", "Headline"], ["rebuild"]):
        assert refusal(office, *command) == f"Error: {office.file}: {DAMAGED}\n"


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        ("UPDATE payloads SET data = '{' WHERE position = 2", f"event 2 cannot be read; {DAMAGED}"),
        ("UPDATE payloads SET data = '{}' WHERE position = 2", f"event 2 cannot be read; {DAMAGED}"),
        ("UPDATE events SET type = 'update.addef' WHERE position = 2", f"event 2 cannot be read; {DAMAGED}"),
        ("UPDATE payloads SET data = CAST(x'7bff' AS TEXT) WHERE position = 2", DAMAGED),
    ],
)
def test_a_damaged_event_is_told(office: Office, damage: str, problem: str) -> None:
    fill(office, story_of(3))
    office.change("DROP TRIGGER payloads_no_update")
    office.change("DROP TRIGGER events_no_update")
    office.change(damage)
    for command in (["rebuild"], ["rebuild", "--check"], ["show", "flood", "--as-recorded", "2999-01-01"]):
        result = office.run(*command)
        assert (result.exit_code, result.stderr) == (1, f"Error: {office.file}: {problem}\n")


def test_a_full_disk_is_told_and_nothing_of_the_batch_is_written(office: Office) -> None:
    fill(office, story_of(3))
    with office.newsroom() as newsroom:
        opened = newsroom._database
        with opened.writing() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 1}")
        with pytest.raises(DatabaseError) as caught:
            list(newsroom.import_lines([adding(body="x" * 100_000)]))
        assert str(caught.value) == (
            f"{office.file}: the disk is full: make room, then repeat; what was not acknowledged is not written"
        )
        # The same connection goes on.
        with opened.writing() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 1000}")
        receipts = list(newsroom.import_lines([adding()]))
    assert (receipts[0].position, office.size()) == (5, 5)
    assert office.is_sound()


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
from feed.cli import main
main()
"""


def test_a_disk_that_takes_no_more_is_told_and_the_acknowledged_batches_are_there(office: Office) -> None:
    lines = [opening(), *(adding(body="x" * 2_000) for _ in range(400))]
    limit = office.file.stat().st_size + 400_000
    command = python(LIMITED, limit, "--config", office.config, "import", "-", "--batch", "10")
    done = subprocess.run(command, input=b"".join(lines), capture_output=True, check=False)
    assert (done.returncode, done.stderr.decode()) == (
        1,
        f"Error: {office.file}: the disk could not be read or written: "
        "check the disk and its free space, then repeat\n",
    )
    assert 0 < office.size() == 10 * len(done.stdout.splitlines()) < 401
    assert office.is_sound()


# The connection


def test_every_connection_is_durable_and_keeps_the_schemas_promises(office: Office) -> None:
    opened = open_database(office.url)
    expected = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "secure_delete": 1,
        "busy_timeout": 30_000,
    }
    for begin in (opened.reading, opened.writing, opened.rehearsing):
        with begin() as connection:
            assert {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in expected} == expected
    opened.close()


def test_a_reader_sees_one_snapshot_however_long_it_reads(office: Office) -> None:
    fill(office, [opening()])
    opened = open_database(office.url)
    with opened.reading() as connection:
        count = "SELECT count(*) FROM events"
        assert connection.exec_driver_sql(count).scalar() == 1
        fill(office, [adding()])
        assert connection.exec_driver_sql(count).scalar() == 1
    opened.close()
    assert office.size() == 2


def test_an_error_within_a_transaction_undoes_it_and_a_rehearsal_is_always_undone(office: Office) -> None:
    opened = open_database(office.url)
    before = office.rows("SELECT * FROM log_head")
    tell = "UPDATE log_head SET told = 7"
    with pytest.raises(sqlite3.IntegrityError), opened.writing() as connection:  # noqa: PT012  # the block is the test
        connection.exec_driver_sql(tell)
        raise sqlite3.IntegrityError
    with opened.rehearsing() as connection:
        connection.exec_driver_sql(tell)
        assert connection.exec_driver_sql("SELECT told FROM log_head").scalar() == 7
    opened.close()
    assert office.rows("SELECT * FROM log_head") == before


@pytest.mark.parametrize(
    "command",
    [
        ["stories"],
        ["append", "flood", "News"],
        ["append", "flood", "News", "-n"],
        ["note", "nowhere", "x"],
        ["rebuild"],
    ],
)
def test_no_file_is_left_beside_the_database(office: Office, command: list[str]) -> None:
    fill(office, [opening()])
    office.run(*command)
    assert sorted(file.name for file in office.folder.iterdir()) == ["feed.db", "feed.toml"]


# Making


@pytest.mark.parametrize(
    "name", ["100%.db", "%41.db", "a?b.db", "a#b.db", "two words.db", "Übersicht – 新.db", "a&b=c"]
)
def test_any_file_name_will_do(office: Office, name: str) -> None:
    config = office.config.read_text()
    office.config.write_text(config.replace('database = "feed.db"', f"database = '{name}'"))
    Newsroom.create(office.settings)
    fill(office, [opening()])
    assert sorted(file.name for file in office.folder.iterdir()) == sorted([name, "feed.db", "feed.toml"])
    assert "The flood" in office.run("--database", str(office.folder / name), "stories").stdout


@pytest.mark.parametrize("name", ["feed.db", "feed.toml", "folder"])
def test_making_a_database_never_overwrites(office: Office, name: str) -> None:
    (office.folder / "folder").mkdir()
    before = files_in(office.folder)
    with pytest.raises(DatabaseError) as caught:
        create(f"sqlite:///{office.folder / name}", nothing)
    assert str(caught.value) == (f"{office.folder / name}: is there already: choose another name, or remove it")
    assert files_in(office.folder) == before


def test_making_a_database_does_not_overwrite_one_made_meanwhile(tmp_path: Path) -> None:
    file = tmp_path / "feed.db"

    def meanwhile(connection: Connection) -> None:
        file.write_bytes(b"somebody else's")

    with pytest.raises(DatabaseError, match="is there already"):
        create(f"sqlite:///{file}", meanwhile)
    assert files_in(tmp_path) == {"feed.db": b"somebody else's"}


def test_a_failure_while_making_a_database_leaves_nothing(tmp_path: Path) -> None:
    def fail(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE half (one INTEGER) STRICT")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        create(f"sqlite:///{tmp_path / 'feed.db'}", fail)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("place", "reason"),
    [("file/feed.db", "File exists"), ("file/x/feed.db", "Not a directory"), ("n" * 300, "File name too long")],
)
def test_a_place_where_no_database_can_be_made_is_told(tmp_path: Path, place: str, reason: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseError) as caught:
        create(f"sqlite:///{tmp_path / place}", nothing)
    assert str(caught.value) == f"{tmp_path / place}: cannot be made ({reason}): choose another place"
    assert files_in(tmp_path) == {"file": b""}


def test_two_new_databases_have_different_origins(tmp_path: Path) -> None:
    origins = set()
    for name in ("one.db", "two.db"):
        create(f"sqlite:///{tmp_path / name}", nothing)
        with closing(sqlite3.connect(tmp_path / name)) as connection:
            origins.update(connection.execute("SELECT origin FROM log_head"))
    assert len(origins) == 2


# The schema


def test_the_migrations_make_what_the_program_reads_and_writes(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'feed.db'}"
    create(url, nothing)
    opened = open_database(url)
    with opened.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), database.metadata) == []
    opened.close()


def test_the_known_revisions_are_the_migrations_in_their_order() -> None:
    config = Config()
    config.set_main_option("script_location", str(shipped.shipped("migrations")))
    history = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(history)) == database.REVISIONS


def test_every_table_is_strict(office: Office) -> None:
    tables = office.rows(
        "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'"
    )
    assert {"events", "payloads", "log_head", "projection_state", "stories", "updates"} < {name for name, _ in tables}
    assert [name for name, strict in tables if not strict] == ["alembic_version"]


FORGED = (
    "SELECT position, id, story, version, 'forged', schema, recorded_at, published_at, commitment, leaf"
    " FROM events WHERE position = 1"
)
FORBIDDEN = {
    "events": [
        "UPDATE events SET type = 'x' WHERE position = 1",
        "UPDATE OR REPLACE events SET id = 'flood-1' WHERE position = 1",
        "UPDATE OR IGNORE events SET type = 'x'",
        "DELETE FROM events WHERE position = 2",
        "DELETE FROM events",
        "INSERT OR REPLACE INTO events " + FORGED,
        "REPLACE INTO events " + FORGED,
        "INSERT OR IGNORE INTO events " + FORGED,
        "INSERT INTO events " + FORGED.replace("position,", "99,") + " ON CONFLICT DO NOTHING",
        "INSERT INTO events " + FORGED + " ON CONFLICT (position) DO UPDATE SET type = 'x'",
        # The same id at another place, and the same place in the story.
        "REPLACE INTO events " + FORGED.replace("position,", "99,").replace("version", "99"),
        "REPLACE INTO events " + FORGED.replace("position,", "99,").replace("id,", "'other',"),
    ],
    "payloads": [
        "UPDATE payloads SET data = 'x' WHERE position = 1",
        "DELETE FROM payloads",
        "REPLACE INTO payloads SELECT position, salt, 'x' FROM payloads WHERE position = 1",
        "INSERT INTO payloads SELECT position, salt, 'x' FROM payloads WHERE true ON CONFLICT DO UPDATE SET data = 'x'",
    ],
}


@pytest.mark.parametrize("recursive_triggers", ["OFF", "ON"])
@pytest.mark.parametrize(
    ("table", "statement"), [(table, statement) for table, statements in FORBIDDEN.items() for statement in statements]
)
def test_what_is_recorded_can_be_neither_changed_nor_removed_nor_replaced(
    office: Office, table: str, statement: str, recursive_triggers: str
) -> None:
    fill(office, story_of(2))
    before = office.rows("SELECT * FROM events JOIN payloads USING (position)")
    with closing(sqlite3.connect(office.file)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(f"PRAGMA recursive_triggers = {recursive_triggers}")
        with pytest.raises(sqlite3.IntegrityError, match=f"^{table} are immutable$"):
            connection.execute(statement)
    assert office.rows("SELECT * FROM events JOIN payloads USING (position)") == before


def test_what_a_dump_restores_is_the_same_log_and_can_be_appended_to(office: Office) -> None:
    fill(office, story_of(5))
    before = office.rows("SELECT * FROM events JOIN payloads USING (position) JOIN log_head")
    with closing(sqlite3.connect(office.file)) as source:
        dump = "\n".join(source.iterdump())
    office.file.unlink()
    with closing(sqlite3.connect(office.file)) as target:
        target.executescript(dump)
    assert office.rows("SELECT * FROM events JOIN payloads USING (position) JOIN log_head") == before
    assert office.run("append", "flood", "Headline").exit_code == 0
    assert (office.size(), office.rows("PRAGMA journal_mode")) == (7, [("wal",)])
    assert office.is_sound()
    with pytest.raises(sqlite3.IntegrityError, match="events are immutable"):
        office.change("DELETE FROM events")


# Upgrading

NEXT = """
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("CREATE TABLE fourth (one INTEGER NOT NULL) STRICT")
    {then}
"""


@pytest.fixture
def older(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A newsroom whose database lacks a migration."""
    fill(office, story_of(3))
    migrations = tmp_path / "shipped" / "migrations"
    shutil.copytree(shipped.shipped("migrations"), migrations, ignore=shutil.ignore_patterns("__pycache__"))
    (migrations / "versions" / "0004_next.py").write_text(NEXT.format(then=""))
    monkeypatch.setattr(shipped, "shipped", lambda name: tmp_path / "shipped" / name)
    monkeypatch.setattr(database, "REVISIONS", (*database.REVISIONS, "0004"))
    return office


def test_an_older_database_is_refused_by_every_command_but_upgrade(older: Office) -> None:
    for command in (["stories"], ["append", "flood", "Headline"], ["log"], ["rebuild"], ["publish"], ["status"]):
        assert refusal(older, *command) == f"Error: {older.file}: {OLDER}\n"


def test_upgrading_keeps_a_copy_of_the_old_database_beside_the_new_one(older: Office) -> None:
    log = "SELECT * FROM events JOIN payloads USING (position) JOIN log_head"
    before = older.rows(log)
    result = older.run("upgrade")
    copy = older.folder / "feed.db.0003.backup"
    assert (result.exit_code, result.stdout) == (0, f"upgraded; the old database is kept as {copy}\n")
    assert (older.rows(log), older.rows("SELECT * FROM fourth")) == (before, [])
    assert sorted(file.name for file in older.folder.iterdir()) == ["feed.db", "feed.db.0003.backup", "feed.toml"]
    assert older.run("append", "flood", "Headline").exit_code == 0
    with closing(sqlite3.connect(copy)) as kept:
        assert kept.execute(log).fetchall() == before
        assert kept.execute("SELECT version_num FROM alembic_version").fetchall() == [("0003",)]
        assert kept.execute("PRAGMA application_id").fetchall() == [(database.APPLICATION_ID,)]


def test_upgrading_again_does_nothing(older: Office) -> None:
    assert upgrade(older.url) == older.folder / "feed.db.0003.backup"
    before = files_in(older.folder)
    assert upgrade(older.url) is None
    assert files_in(older.folder) == before


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(older: Office, tmp_path: Path) -> None:
    added = tmp_path / "shipped" / "migrations" / "versions" / "0004_next.py"
    added.write_text(NEXT.format(then="raise ZeroDivisionError"))
    schema = older.rows("SELECT * FROM sqlite_master")
    with pytest.raises(ZeroDivisionError):
        upgrade(older.url)
    assert older.rows("SELECT * FROM sqlite_master") == schema
    assert older.rows("SELECT version_num FROM alembic_version") == [("0003",)]
    added.write_text(NEXT.format(then=""))
    assert upgrade(older.url) is not None
    assert older.is_sound()


@pytest.mark.usefixtures("impatient")
def test_an_upgrade_under_anothers_lock_is_refused_in_words(older: Office) -> None:
    with closing(sqlite3.connect(older.file)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseError, match="another program has kept it locked"):
            upgrade(older.url)
    assert older.rows("SELECT version_num FROM alembic_version") == [("0003",)]


def test_read_tables_of_an_older_make_are_refused_until_upgrade_makes_them_anew(office: Office) -> None:
    fill(office, story_of(3))
    before = office.rows("SELECT * FROM updates")
    office.change("UPDATE projection_state SET version = 0")
    office.change("ALTER TABLE updates DROP COLUMN link")
    for command in (["stories"], ["append", "flood", "Headline"], ["rebuild"]):
        assert refusal(office, *command) == f"Error: {office.file}: {OLDER}\n"
    Newsroom.upgrade(office.settings, silent)
    assert office.rows("SELECT * FROM updates") == before
    assert office.run("append", "flood", "Headline").exit_code == 0
    assert office.is_sound()


def test_a_file_name_that_ends_the_address_is_not_taken_for_options(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a%3Fb%25.db"
    create(url, nothing)
    open_database(url).close()
    assert list(files_in(tmp_path)) == ["a?b%.db"]
