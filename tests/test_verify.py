"""Proving the log: what feed verify finds, what it calls it, and what it lets pass."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import log_fixtures
import pytest
from log_fixtures import Office, adding, fill, furnish, opening, story_of

from feed import log, merkle, verify
from feed.errors import DatabaseError

template, office = log_fixtures.template, log_fixtures.office

GROUND = "Court order"


@pytest.fixture
def filled(office: Office) -> Office:
    fill(office, [*story_of(6), *story_of(3, "dam")])
    return office


@pytest.fixture
def signed(filled: Office) -> Office:
    """A newsroom with a key, and the checkpoint of its eleven events in `old`."""
    filled.run("keygen")
    publish(filled, "old")
    return filled


def publish(office: Office, name: str) -> str:
    """Publish, and keep the checkpoint under a name."""
    assert office.run("publish").exit_code == 0
    return shutil.copy(office.folder / "public/checkpoint", office.folder / name)


def faults(office: Office, *args: str) -> list[dict[str, Any]]:
    """What feed verify finds, which must tell the same by its exit status."""
    result = office.run("verify", "--json", *args)
    found: list[dict[str, Any]] = json.loads(result.stdout)["faults"]
    assert result.exit_code == (1 if found else 0), result.stderr
    return found


def told(office: Office, *args: str) -> list[tuple[str, int | None]]:
    return [(fault["kind"], fault["position"]) for fault in faults(office, *args)]


def unguarded(office: Office, *statements: str) -> None:
    """Change the file as one who owns it can, and put the triggers back so that nothing shows."""
    with closing(sqlite3.connect(office.file, isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, sql in triggers:
            connection.execute(sql)


def rewritten(office: Office, change: Callable[[sqlite3.Connection], None]) -> None:
    """Change the log, and make all hashes anew, so that it fits itself."""
    with closing(sqlite3.connect(office.file, isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        change(connection)
        frontier: merkle.Frontier = ()
        names = ", ".join(log.HEADER_COLUMNS[1:])
        query = f"SELECT {names}, salt, data FROM events JOIN payloads USING (position) ORDER BY position"  # noqa: S608
        rows = connection.execute(query).fetchall()
        for size, (*columns, salt, data) in enumerate(rows):
            commitment = log.commit(salt, data.encode())
            texts = (value.encode() if isinstance(value, str) else value for value in columns)
            leaf = merkle.leaf_hash(log.header((commitment.hex().encode(), *texts)))
            frontier = merkle.extend(frontier, size, leaf)
            made = "UPDATE events SET commitment = ?, leaf = ? WHERE position = ?"
            connection.execute(made, (commitment, leaf, size + 1))
        (recorded_at,) = connection.execute("SELECT max(recorded_at) FROM events").fetchone()
        head = (len(rows), recorded_at, merkle.pack(frontier))
        connection.execute("UPDATE log_head SET size = ?1, recorded_at = ?2, frontier = ?3, told = min(told, ?1)", head)
        for _, sql in triggers:
            connection.execute(sql)
    assert office.run("rebuild").exit_code == 0


# What passes


def test_an_honest_log_has_no_fault(signed: Office) -> None:
    with signed.newsroom() as newsroom:
        root = merkle.root(newsroom.head().frontier).hex()
    result = signed.run("verify")
    assert (result.exit_code, result.stdout) == (0, f"11 events, root {root}\nno fault\n")


def test_an_empty_log_has_no_fault(office: Office) -> None:
    assert office.run("verify").stdout.startswith("0 events, root e3b0c44298fc1c149afbf4c8996fb924")


def test_a_log_that_only_grew_agrees_with_its_older_checkpoints(signed: Office) -> None:
    signed.run("append", "flood", "More")
    new = publish(signed, "new")
    key = signed.folder / "key.pub"
    key.write_text(signed.run("keygen", "--public").stdout)
    old = str(signed.folder / "old")
    result = signed.run("verify", "--against", new, "--against", old, "--key", str(key))
    assert result.exit_code == 0, result.output
    assert f"{old}: its 11 events are the first ones here\n" in result.stdout
    assert f"{new}: its 12 events are the first ones here\n" in result.stdout


def test_an_erasure_is_no_fault_and_is_named(signed: Office) -> None:
    signed.run("erase", "flood/2", "--ground", GROUND, "--yes")
    result = signed.run("verify", "--against", str(signed.folder / "old"))
    assert result.exit_code == 0, result.output
    assert "erased: event 3, by event 13\n" in result.stdout


def test_events_erased_together_are_named_as_one(signed: Office) -> None:
    for _ in range(3):
        signed.run("note", "dam/3", "A note")
    signed.run("erase", "dam/3", "--ground", GROUND, "--yes")
    assert "erased: events 11 to 14, by event 16\n" in signed.run("verify").stdout


# What does not


@pytest.mark.parametrize(
    ("statement", "position", "problem"),
    [
        (
            "UPDATE payloads SET data = replace(data, 'Update 2', 'Update 9') WHERE position = 3",
            3,
            "its payload is not",
        ),
        ("UPDATE payloads SET salt = randomblob(32) WHERE position = 4", 4, "its payload is not"),
        ("UPDATE events SET published_at = '2001-01-01T00:00:00.000000Z' WHERE position = 5", 5, "its header is not"),
        ("UPDATE events SET story = 'dame' WHERE story = 'dam'", 8, "its header is not"),
        ("UPDATE events SET leaf = randomblob(32) WHERE position = 6", 6, "its header is not"),
        ("DELETE FROM payloads WHERE position = 7", 7, "its payload is missing, and no erasure names it"),
        ("INSERT INTO payloads SELECT 99, salt, data FROM payloads WHERE position = 1", 99, "has a payload, but is no"),
        ("UPDATE log_head SET frontier = randomblob(96)", None, "the log's head holds another tree"),
        ("UPDATE log_head SET told = 99", None, "more was told than there is"),
        ("UPDATE log_head SET recorded_at = '2001-01-01T00:00:00.000000Z'", None, "another time of the last event"),
        ("UPDATE log_head SET size = 9", 10, "stands beyond the 9 events"),
    ],
)
def test_what_was_changed_by_hand_is_tampering(
    filled: Office, statement: str, position: int | None, problem: str
) -> None:
    unguarded(filled, "PRAGMA foreign_keys = OFF", statement)
    found = faults(filled)[0]
    assert (found["kind"], found["position"]) == ("tampering", position)
    assert problem in found["problem"]


def test_a_removed_trigger_is_tampering(filled: Office) -> None:
    filled.change("DROP TRIGGER payloads_no_delete")
    (found,) = faults(filled)
    assert (found["kind"], "payloads_no_delete" in found["problem"]) == ("tampering", True)


def test_the_triggers_that_are_looked_for_are_those_of_the_migrations(filled: Office) -> None:
    assert {name for (name,) in filled.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'")} == verify.TRIGGERS


def test_payloads_that_were_swapped_are_both_named(filled: Office) -> None:
    unguarded(
        filled,
        "CREATE TABLE kept AS SELECT * FROM payloads WHERE position IN (3, 5)",
        "UPDATE payloads SET (salt, data) = (SELECT salt, data FROM kept WHERE kept.position = 8 - payloads.position)"
        " WHERE position IN (3, 5)",
        "DROP TABLE kept",
    )
    assert told(filled) == [("tampering", 3), ("tampering", 5)]


def test_an_event_missing_in_the_middle_is_named(filled: Office) -> None:
    unguarded(filled, "DELETE FROM payloads WHERE position = 4", "DELETE FROM events WHERE position = 4")
    assert told(filled)[0] == ("tampering", 4)


def test_events_missing_at_the_end_are_truncation(filled: Office) -> None:
    unguarded(filled, "DELETE FROM payloads WHERE position > 9", "DELETE FROM events WHERE position > 9")
    assert told(filled) == [("truncation", 10)]


def test_a_version_that_is_missing_is_named(filled: Office) -> None:
    rewritten(filled, lambda c: c.execute("UPDATE events SET version = 9 WHERE position = 11") and None)
    assert told(filled)[0] == ("tampering", 11)


def test_times_that_do_not_increase_are_named(filled: Office) -> None:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute(
            "UPDATE events SET recorded_at = (SELECT recorded_at FROM events WHERE position = 3) WHERE position = 4"
        )

    rewritten(filled, change)
    assert ("tampering", 4) in told(filled)


def test_an_erasure_that_no_event_names_is_tampering(filled: Office) -> None:
    unguarded(filled, "INSERT INTO erasures VALUES (3, 11, '{}')", "DELETE FROM payloads WHERE position = 3")
    (found,) = faults(filled)
    assert (found["kind"], found["problem"]) == ("tampering", "1 erasures are recorded that no event names")


def test_an_erased_payload_that_came_back_is_tampering(filled: Office) -> None:
    kept = filled.rows("SELECT hex(salt), hex(data) FROM payloads WHERE position = 3")[0]
    filled.run("erase", "--event", "3", "--ground", GROUND, "--yes")
    back = f"INSERT INTO payloads VALUES (3, x'{kept[0]}', CAST(x'{kept[1]}' AS TEXT))"  # noqa: S608  # our own
    unguarded(filled, back)
    assert told(filled) == [("tampering", 3)]


def test_read_tables_that_say_otherwise_are_damage(filled: Office) -> None:
    filled.change("UPDATE updates SET headline = 'Another' WHERE story = 'flood' AND added = 3")
    (found,) = faults(filled)
    assert (found["kind"], "feed rebuild makes it anew" in found["problem"]) == ("damage", True)
    assert faults(filled, "--log-only") == []


# Against older checkpoints


def test_a_removed_last_event_is_truncation_against_an_older_checkpoint(signed: Office) -> None:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM payloads WHERE position = 11")
        connection.execute("DELETE FROM events WHERE position = 11")

    rewritten(signed, change)
    assert told(signed) == []
    (found,) = faults(signed, "--against", str(signed.folder / "old"))
    assert (found["kind"], found["position"]) == ("truncation", 11)


def test_swapped_payloads_with_all_hashes_made_anew_are_found_against_an_older_checkpoint(signed: Office) -> None:
    def change(connection: sqlite3.Connection) -> None:
        one, other = (
            connection.execute("SELECT data FROM payloads WHERE position = ?", (position,)).fetchone()[0]
            for position in (3, 5)
        )
        connection.execute("UPDATE payloads SET data = ? WHERE position = 3", (other,))
        connection.execute("UPDATE payloads SET data = ? WHERE position = 5", (one,))

    rewritten(signed, change)
    assert told(signed) == []
    (found,) = faults(signed, "--against", str(signed.folder / "old"))
    assert (found["kind"], found["position"]) == ("tampering", 1)
    assert found["problem"].endswith("the first event that differs is one of 1 to 11")


def test_a_rewritten_log_signed_anew_is_found_and_checkpoints_close_in_on_the_event(signed: Office) -> None:
    names = [publish(signed, "at-11")]
    for number in range(12, 16):
        signed.run("append", "flood", f"Event {number}")
        names.append(publish(signed, f"at-{number}"))
    rewritten(
        signed,
        lambda c: c.execute("UPDATE payloads SET data = replace(data, 'Event 13', 'Event 99')") and None,
    )
    key = signed.run("keygen", "--public").stdout.strip()
    resigned = publish(signed, "resigned")
    assert told(signed, "--against", resigned, "--key", key) == []
    olders = [part for name in names for part in ("--against", name)]
    found = faults(signed, *olders, "--key", key)
    assert [fault["problem"] for fault in found] == [
        f"{names[number - 11]} saw other events: event 13 is the first that differs" for number in (13, 14, 15)
    ]
    assert {fault["kind"] for fault in found} == {"tampering"}


def test_a_truncated_wal_is_truncation_against_an_older_checkpoint(signed: Office) -> None:
    """SQLite itself finds nothing: the transactions that were cut off are as if they had never been."""
    with closing(sqlite3.connect(signed.file)) as reader:
        reader.execute("SELECT * FROM events").fetchone()
        for number in range(3):
            signed.run("append", "flood", f"More {number}")
        old = publish(signed, "newer")
        for name in ("feed.db", "feed.db-wal"):
            shutil.copy(signed.folder / name, signed.folder / f"cut-{name}")
    wal = signed.folder / "cut-feed.db-wal"
    os.truncate(wal, wal.stat().st_size * 2 // 3)
    url = ["--database", str(signed.folder / "cut-feed.db")]
    assert json.loads(signed.run(*url, "verify", "--json").stdout)["faults"] == []
    found = json.loads(signed.run(*url, "verify", "--json", "--against", old).stdout)["faults"]
    assert [fault["kind"] for fault in found] == ["truncation"]
    assert found[0]["problem"].startswith("events up to 14 are missing")


def test_a_checkpoint_of_another_log_is_told(signed: Office, template: Path, tmp_path: Path) -> None:
    other = furnish(template, tmp_path / "other")
    other.change("UPDATE log_head SET origin = 'other'")
    fill(other, [*story_of(6), *story_of(3, "dam")])
    (found,) = faults(other, "--against", str(signed.folder / "old"))
    assert "is of another log: this one's origin is other" in found["problem"]


def test_a_checkpoint_that_another_key_signed_is_told(signed: Office) -> None:
    key = signed.run("keygen", "--public").stdout.strip()
    (signed.folder / "feed.key").unlink()
    signed.run("keygen")
    forged = publish(signed, "forged")
    (found,) = faults(signed, "--against", forged, "--key", key)
    assert (found["kind"], found["problem"]) == ("tampering", f"{forged} is not signed by the key")


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--against", "missing"], "Error: against: missing cannot be read (No such file or directory)"),
        (["--against", "{folder}/feed.toml"], "feed.toml: is no checkpoint"),
        (["--key", "nothing"], "'nothing' is no public key: use what feed keygen --public prints"),
        (["--key", "{folder}/feed.toml"], "is no public key"),
    ],
)
def test_what_a_log_cannot_be_held_against_is_refused(office: Office, args: list[str], problem: str) -> None:
    refused = office.run("verify", *(arg.format(folder=office.folder) for arg in args))
    assert (refused.exit_code, problem in refused.stderr) == (1, True), refused.stderr


def test_more_faults_than_anyone_reads_are_counted(office: Office) -> None:
    fill(office, story_of(150))
    unguarded(office, "UPDATE payloads SET salt = zeroblob(32)")
    said = office.run("verify")
    assert said.stdout.endswith("and 51 more faults\n")
    assert said.stderr.startswith("Error: 151 faults found")


# Bits


COLUMNS = ("id", "story", "type", "recorded_at", "published_at", "commitment", "leaf", "salt", "data")


def flipped(office: Office, chance: random.Random) -> tuple[int, str]:
    """Flip a bit of a stored value, in the file itself; returns the event and the column."""
    position, column = chance.randint(1, office.size()), chance.choice(COLUMNS)
    sql = f"SELECT CAST({column} AS BLOB) FROM events JOIN payloads USING (position) WHERE position = ?"  # noqa: S608
    ((value,),) = office.rows(sql, position)
    content = bytearray(office.file.read_bytes())
    places = [at for at in range(len(content)) if content.startswith(value, at)]
    at = chance.choice(places) + chance.randrange(len(value))
    content[at] ^= 1 << chance.randrange(8)
    office.file.write_bytes(content)
    return position, column


@pytest.mark.parametrize(
    ("column", "named"),
    [
        ("salt", "payload or salt"),
        ("data", "payload or salt"),
        ("leaf", "leaf"),
        ("commitment", "commitment"),
        ("id", "id"),
        ("story", "story"),
        ("type", "type"),
        ("recorded_at", "recorded_at"),
        ("published_at", "published_at"),
    ],
)
def test_one_flipped_bit_is_damage_and_the_column_is_named(filled: Office, column: str, named: str) -> None:
    table = "payloads" if column in ("salt", "data") else "events"
    ((value,),) = filled.rows(f"SELECT CAST({column} AS BLOB) FROM {table} WHERE position = 4")  # noqa: S608
    flipped = bytes([value[0] ^ 2, *value[1:]]).hex()
    of = "BLOB" if column in ("salt", "leaf", "commitment") else "TEXT"
    change = f"UPDATE {table} SET {column} = CAST(x'{flipped}' AS {of}) WHERE position = 4"  # noqa: S608
    unguarded(filled, change)
    found = faults(filled)[0]
    assert (found["kind"], found["position"]) == ("damage", 4)
    assert found["problem"] == f"one bit of its {named} is flipped"


@pytest.mark.slow
def test_500_flipped_bits_are_all_found(office: Office) -> None:
    fill(office, [*story_of(20), *story_of(9, "dam")])
    whole, chance, found = office.file.read_bytes(), random.Random(5), {"damage": 0, "tampering": 0, "refused": 0}  # noqa: S311
    named = 0
    for _ in range(500):
        office.file.write_bytes(whole)
        position, column = flipped(office, chance)
        result = office.run("verify", "--json")
        assert result.exit_code == 1, (position, column)
        if not result.stdout:
            found["refused"] += 1
            continue
        seen = json.loads(result.stdout)["faults"]
        found[seen[0]["kind"]] += 1
        assert seen, (position, column)
        named += any(fault["position"] == position or "finds in" in fault["problem"] for fault in seen)
    print(f"500 bits flipped: {found}, {named} with the event or table named, 0 missed")
    assert sum(found.values()) == 500
    assert found["damage"] > 450


# False alarms


def honest(office: Office, chance: random.Random) -> None:
    """A history of what may happen, erasures included."""
    stories = ["flood", "dam", "river"]
    for story in stories:
        fill(office, [opening(story), *(adding(story, headline=f"Update {n}") for n in range(chance.randint(1, 6)))])
    commands = [
        lambda s, n: ("append", s, f"News {n}", "--tag", f"Tag {n}"),
        lambda s, n: ("revise", f"{s}/{n}", "--correction", "--notice", "Wrong.", "--body", f"Right {n}"),
        lambda s, n: ("withdraw", f"{s}/{n}", "--notice", "Not true."),
        lambda s, n: ("note", f"{s}/{n}", "A note."),
        lambda s, n: ("amend", f"{s}/{n}", "--body", f"Amended {n}"),
        lambda s, n: ("undo", f"{s}/{n}"),
        lambda s, n: ("change", s, "--headline", f"Headline {n}"),
        lambda s, n: ("erase", f"{s}/{n}", "--ground", GROUND, "--yes"),
        lambda s, n: ("erase", "--event", str(n), "--ground", GROUND, "--yes"),
    ]
    for _ in range(chance.randint(4, 12)):
        office.run(*chance.choice(commands)(chance.choice(stories), chance.randint(1, 7)))


@pytest.mark.slow
def test_100_honest_histories_raise_no_alarm(template: Path, tmp_path: Path) -> None:
    erasures = events = 0
    for seed in range(100):
        office = furnish(template, tmp_path / str(seed))
        honest(office, random.Random(seed))  # noqa: S311  # chance, no secret
        checkpoint = publish(office, "old")
        honest_more = random.Random(-seed)  # noqa: S311  # the same
        office.run("erase", f"dam/{honest_more.randint(1, 3)}", "--ground", GROUND, "--yes")
        assert faults(office, "--against", checkpoint) == []
        erasures += office.rows("SELECT count(*) FROM erasures")[0][0]
        events += office.size()
    print(f"100 honest histories, {events} events, {erasures} erased: 0 false alarms")
    assert erasures > 100


# What it costs


def test_a_proof_reads_the_log_once_in_pieces(office: Office) -> None:
    """Not whole: the driver is asked for rows one after the other, and progress is told on the way."""
    fill(office, story_of(2_500))
    seen: list[tuple[int, int]] = []
    with office.newsroom() as newsroom:
        verdict = newsroom.prove([], lambda done, total: seen.append((done, total)))
    assert verdict.faults == ()
    assert seen == [(1000, 2501), (2000, 2501), (2501, 2501)]


@pytest.fixture
def peak() -> Callable[[Office], int]:
    """The most memory that a feed verify of its own process takes, in KiB."""

    def measured(office: Office) -> int:
        code = (
            "import atexit, re\n"
            # The process that started it does not count here, as it does in getrusage.
            "status = lambda: open('/proc/self/status').read()\n"
            "atexit.register(lambda: print(re.search(r'VmHWM:\\s+(\\d+)', status())[1], file=sys.stderr))\n"
            "from feed.cli import main; main()"
        )
        command = log_fixtures.python(code, "--config", office.config, "verify")
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return int(done.stderr.split()[-1])

    return measured


@pytest.mark.slow
def test_the_memory_that_a_proof_takes_does_not_grow_with_the_log(
    template: Path, tmp_path: Path, peak: Callable[[Office], int]
) -> None:
    figures = []
    for updates in (1_000, 20_000):
        office = furnish(template, tmp_path / str(updates))
        for story in range(updates // 50):
            fill(office, story_of(49, f"story-{story}"))
        figures.append(peak(office))
    print(f"feed verify of 1,000 and 20,000 events: {figures[0] // 1024} and {figures[1] // 1024} MiB")
    assert figures[1] < figures[0] * 1.25


def test_a_database_that_cannot_be_opened_fails_in_words(office: Office) -> None:
    office.file.write_bytes(b"SQLite format 3\0" + bytes(4096))
    refused = office.run("verify")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("Error: ")
    with pytest.raises(DatabaseError):
        office.newsroom()
