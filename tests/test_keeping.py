"""Backups, restoring them, and the doctor."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import log_fixtures
import pytest
from log_fixtures import Office, files_in, fill, furnish, line, story_of

from feed import database

template, office = log_fixtures.template, log_fixtures.office

EVENTS = "SELECT * FROM events JOIN payloads USING (position) ORDER BY position"


@pytest.fixture
def filled(office: Office) -> Office:
    fill(office, story_of(5))
    return office


def rows(file: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(EVENTS).fetchall()


def done(office: Office, *args: str) -> str:
    result = office.run(*args)
    assert result.exit_code == 0, result.output
    return result.stdout


def damaged(file: Path) -> None:
    """Change a payload in the file itself."""
    content = file.read_bytes()
    assert b"Update 3" in content
    file.write_bytes(content.replace(b"Update 3", b"Update 9"))


# Backups


def test_a_backup_holds_what_the_database_holds_and_leaves_no_other_file(filled: Office) -> None:
    copy = filled.folder / "copy.db"
    assert done(filled, "backup", str(copy)) == f"{copy} holds 6 events, verified\n"
    assert rows(copy) == rows(filled.file)
    assert sorted(files_in(filled.folder)) == ["copy.db", "feed.db", "feed.toml"]


def test_a_backup_overwrites_nothing(filled: Office) -> None:
    (filled.folder / "copy.db").write_bytes(b"kept")
    refused = filled.run("backup", str(filled.folder / "copy.db"))
    assert (refused.exit_code, "is there already: name another file" in refused.stderr) == (1, True)
    assert (filled.folder / "copy.db").read_bytes() == b"kept"


def test_a_backup_of_a_damaged_database_is_refused_and_leaves_no_file(filled: Office) -> None:
    damaged(filled.file)
    refused = filled.run("backup", str(filled.folder / "copy.db"))
    assert refused.exit_code == 1
    assert "it is not what was recorded (tampering: event 4 its payload is not the one" in refused.stderr
    assert sorted(files_in(filled.folder)) == ["feed.db", "feed.toml"]


@pytest.mark.parametrize("place", ["missing/copy.db", "feed.toml/copy.db"])
def test_a_backup_to_where_nothing_can_be_is_refused_in_words(filled: Office, place: str) -> None:
    refused = filled.run("backup", str(filled.folder / place))
    assert (refused.exit_code, "cannot be written" in refused.stderr) == (1, True), refused.stderr


def test_a_backup_is_of_one_moment_while_others_append(filled: Office) -> None:
    with closing(sqlite3.connect(filled.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert done(filled, "backup", str(filled.folder / "copy.db")).endswith("6 events, verified\n")
        other.execute("ROLLBACK")


def test_what_was_erased_is_not_in_a_later_backup(filled: Office) -> None:
    done(filled, "erase", "flood/3", "--ground", "Law", "--yes")
    done(filled, "backup", str(filled.folder / "copy.db"))
    assert b"Update 3" not in (filled.folder / "copy.db").read_bytes()


# Restoring


def test_a_restored_backup_takes_the_place_and_the_replaced_database_is_kept(filled: Office) -> None:
    copy, before = filled.folder / "copy.db", rows(filled.file)
    done(filled, "backup", str(copy))
    done(filled, "append", "flood", "After the backup")
    after = rows(filled.file)
    kept = filled.folder / "feed.db.replaced"
    said = done(filled, "restore", str(copy))
    assert said == f"restored 6 events from {copy}; the replaced database is {kept}\n"
    assert (rows(filled.file), rows(kept)) == (before, after)
    assert sorted(files_in(filled.folder)) == ["copy.db", "feed.db", "feed.db.replaced", "feed.toml"]
    assert done(filled, "restore", str(copy)).endswith(f"{kept}-2\n")
    assert filled.is_sound()


def test_a_database_that_is_gone_or_destroyed_can_be_restored(filled: Office) -> None:
    copy, before = filled.folder / "copy.db", rows(filled.file)
    done(filled, "backup", str(copy))
    filled.file.write_bytes(b"rubbish")
    done(filled, "restore", str(copy))
    assert rows(filled.file) == before
    assert (filled.folder / "feed.db.replaced").read_bytes() == b"rubbish"
    filled.file.unlink()
    assert done(filled, "restore", str(copy)) == f"restored 6 events from {copy}\n"
    assert rows(filled.file) == before


def test_a_log_that_a_killed_command_left_beside_the_database_is_no_part_of_the_restored_one(filled: Office) -> None:
    copy, before = filled.folder / "copy.db", rows(filled.file)
    done(filled, "backup", str(copy))
    with closing(sqlite3.connect(filled.file)) as reader:
        reader.execute("SELECT * FROM events").fetchone()
        done(filled, "append", "flood", "In the log beside")
        for ending in ("-wal", "-shm"):
            shutil.copy(f"{filled.file}{ending}", f"{filled.file}{ending}.saved")
    for ending in ("-wal", "-shm"):
        shutil.move(f"{filled.file}{ending}.saved", f"{filled.file}{ending}")
    done(filled, "restore", str(copy))
    assert rows(filled.file) == before
    assert "In the log beside" in str(rows(filled.folder / "feed.db.replaced"))


@pytest.mark.parametrize("what", ["damaged", "foreign", "missing", "folder"])
def test_what_is_no_sound_backup_replaces_nothing(filled: Office, what: str) -> None:
    copy = filled.folder / "copy.db"
    match what:
        case "damaged":
            done(filled, "backup", str(copy))
            damaged(copy)
        case "foreign":
            copy.write_bytes(b"rubbish")
        case "folder":
            copy.mkdir()
    before = filled.file.read_bytes()
    refused = filled.run("restore", str(copy))
    assert (refused.exit_code, refused.stderr.startswith(f"Error: {copy}: ")) == (1, True), refused.stderr
    assert filled.file.read_bytes() == before
    assert not (filled.folder / "feed.db.replaced").exists()


def test_a_database_in_use_is_not_replaced(filled: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    copy = filled.folder / "copy.db"
    done(filled, "backup", str(copy))
    with closing(sqlite3.connect(filled.file)) as reader:
        reader.execute("SELECT * FROM events").fetchone()
        refused = filled.run("restore", str(copy))
    assert refused.stderr == f"Error: {filled.file}: another program has it open: end that, then repeat\n"
    assert not (filled.folder / "feed.db.replaced").exists()


def test_a_backup_with_wrong_read_tables_is_restored_with_right_ones(filled: Office) -> None:
    copy = filled.folder / "copy.db"
    done(filled, "backup", str(copy))
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("UPDATE updates SET headline = 'Another'")
    done(filled, "restore", str(copy))
    assert filled.is_sound()


def test_the_restored_database_has_the_rights_of_the_replaced_one(filled: Office) -> None:
    copy = filled.folder / "copy.db"
    done(filled, "backup", str(copy))
    filled.file.chmod(0o660)
    done(filled, "restore", str(copy))
    assert stat.S_IMODE(filled.file.stat().st_mode) == 0o660


def test_publishing_after_a_restore_is_refused_until_the_folder_is_taken_over(filled: Office) -> None:
    copy = filled.folder / "copy.db"
    done(filled, "backup", str(copy))
    done(filled, "append", "flood", "After the backup", "--publish")
    done(filled, "restore", str(copy))
    refused = filled.run("publish")
    assert "was published from a later state of this log, before it was restored" in refused.stderr
    assert "After the backup" in (filled.folder / "public/atom.xml").read_text()
    done(filled, "publish", "--takeover")
    assert "After the backup" not in (filled.folder / "public/atom.xml").read_text()


def test_a_log_that_went_another_way_after_a_restore_is_refused_though_it_is_as_long(filled: Office) -> None:
    copy = filled.folder / "copy.db"
    done(filled, "backup", str(copy))
    done(filled, "append", "flood", "Told and lost", "--publish")
    done(filled, "restore", str(copy))
    for number in range(2):
        done(filled, "append", "flood", f"Another course {number}")
    refused = filled.run("publish")
    assert "was published from another course of this log, which was restored" in refused.stderr
    assert "another course" in findings(filled)["folder"][0]
    assert "another course" in done(filled, "status")
    done(filled, "publish", "--takeover")
    done(filled, "publish")
    assert "Told and lost" not in (filled.folder / "public/atom.xml").read_text()


# The doctor


def findings(office: Office, *args: str) -> dict[str, tuple[str, str | None]]:
    """What the doctor finds wrong, by subject; its exit status must say the same."""
    result = office.run(*args, "doctor", "--json")
    found = [json.loads(one) for one in result.stdout.splitlines()]
    wrong = {one["subject"]: (one["text"], one["repair"]) for one in found if one["repair"]}
    assert result.exit_code == (1 if wrong else 0), result.stderr
    return wrong


@pytest.fixture
def healthy(filled: Office) -> Office:
    done(filled, "keygen")
    done(filled, "publish")
    assert findings(filled) == {}
    return filled


def test_nothing_is_wrong_with_a_published_newsroom(healthy: Office) -> None:
    said = done(healthy, "doctor")
    assert {row.split()[0] for row in said.splitlines() if not row.startswith(" ")} == {"ok"}


def test_a_folder_behind_ahead_or_of_another_log_is_told(healthy: Office, template: Path, tmp_path: Path) -> None:
    copy = healthy.folder / "copy.db"
    done(healthy, "backup", str(copy))
    done(healthy, "append", "flood", "More")
    assert findings(healthy)["folder"] == (f"{healthy.folder}/public is behind: it shows event 6 of 7", "feed publish")
    done(healthy, "publish")
    done(healthy, "restore", str(copy))
    text, repair = findings(healthy)["folder"]
    assert ("from a later state of this log" in text, repair) == (True, "feed publish --takeover")
    assert findings(healthy, "--database", str(furnished(template, tmp_path)))["folder"] == (
        f"{healthy.folder}/public was published from another log",
        "feed publish --takeover",
    )


def furnished(template: Path, tmp_path: Path) -> Path:
    other = furnish(template, tmp_path / "other")
    other.change("UPDATE log_head SET origin = 'other'")
    return other.file


def test_a_folder_that_was_never_published_is_told(office: Office) -> None:
    assert findings(office)["folder"][1] == "feed publish"


@pytest.mark.parametrize(
    ("statement", "subject", "repair"),
    [
        ("UPDATE projection_state SET position = 3", "read tables", "feed rebuild"),
        ("UPDATE projection_state SET version = 0", "read tables", "feed upgrade"),
        ("UPDATE alembic_version SET version_num = '0001'", "database", "feed upgrade"),
        ("UPDATE alembic_version SET version_num = '9999'", "database", "feed restore BACKUP"),
    ],
)
def test_what_is_wrong_with_the_database_is_told(healthy: Office, statement: str, subject: str, repair: str) -> None:
    healthy.change(statement)
    assert findings(healthy)[subject][1] == repair


def test_a_damaged_or_missing_database_is_told(healthy: Office) -> None:
    content = bytearray(healthy.file.read_bytes())
    content[4096 * 3 : 4096 * 12] = os.urandom(4096 * 9)
    healthy.file.write_bytes(content)
    found = findings(healthy)
    assert {found[subject][1] for subject in ("database", "integrity") if subject in found} == {"feed restore BACKUP"}
    healthy.file.unlink()
    assert findings(healthy)["database"] == (
        "there is no such database: make one with feed init",
        "feed restore BACKUP",
    )


def test_a_key_that_others_can_read_or_that_is_damaged_or_another_is_told(healthy: Office) -> None:
    key = healthy.folder / "feed.key"
    key.chmod(0o644)
    assert findings(healthy)["key"] == (f"{key} can be read by others", f"chmod 600 {key}")
    key.unlink()
    assert findings(healthy)["key"][1] == "feed publish"
    done(healthy, "keygen")
    assert findings(healthy)["key"][1] == "feed publish"
    key.write_bytes(b"rubbish")
    assert findings(healthy)["key"][1] == "feed keygen"


def test_a_clock_behind_the_log_is_told(healthy: Office) -> None:
    later = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    healthy.change("UPDATE log_head SET recorded_at = ?", later)
    text, repair = findings(healthy)["clock"]
    assert (text.startswith("is 2 days, 23:59:"), repair) == (True, "timedatectl set-ntp true")


def test_a_folder_of_a_group_whose_files_are_not_the_groups_is_told(healthy: Office) -> None:
    healthy.folder.chmod(0o775)
    healthy.file.chmod(0o644)
    (healthy.folder / "public").chmod(0o775)
    text, repair = findings(healthy)["permissions"]
    assert "others of the group that may write to its folder may not write to it" in text
    assert repair == f"chmod -R g+rwX {healthy.file}"
    healthy.file.chmod(0o660)
    assert findings(healthy) == {}


def test_settings_that_cannot_be_read_are_told(office: Office) -> None:
    office.config.write_text("[site]\n")
    refused = office.run("doctor")
    assert (refused.exit_code, "site.url: is missing" in refused.stderr) == (1, True)


def test_an_imported_line_is_no_backup(filled: Office) -> None:
    """What a backup keeps and an export does not: the times of recording and the proof."""
    copy = filled.folder / "copy.db"
    done(filled, "backup", str(copy))
    fill(filled, [line("flood", "note.added", text="A note")])
    done(filled, "restore", str(copy))
    assert "6 events" in done(filled, "verify")
