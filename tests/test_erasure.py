"""Erasing for legal duty: what goes, what stays, and what lives on with the gap."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import log_fixtures
import lxml.html
import pytest
from click.testing import Result
from log_fixtures import Office, adding, feed_command, files_in, fill, line, opening, story_of

from feed import database, merkle

template, office = log_fixtures.template, log_fixtures.office

SECRET = "Xaver Quackenbush"  # noqa: S105  # a person's name
GROUND = "Court order 12 O 34/26"
STANCE = {"claim": "theft", "by": SECRET, "position": "denies", "text": f"{SECRET} stole it"}


def scandal() -> list[bytes]:
    """A story that names a person in every field of one update, in revisions, notes and withdrawal of it."""
    return [
        opening("theft", label="Theft", tags=["Courts"]),
        adding("theft", headline="A theft is reported", id="first"),
        adding(
            "theft",
            headline=f"{SECRET} was arrested",
            body=f"The police say that **{SECRET}** is the thief. " * 300,
            sources=[{"name": "Police", "quote": f"We have {SECRET}"}],
            stances=[STANCE],
            tags=[SECRET],
            author=SECRET,
            id="second",
        ),
        line("theft", "update.revised", update="2", signal="correction", notice=f"{SECRET} is free.",
             changes={"headline": f"{SECRET} was questioned"}),
        line("theft", "note.added", update="2", text=f"We spoke with {SECRET}."),
        adding("theft", headline="The thief is known", stances=[{**STANCE, "by": "Court", "text": None}]),
    ]  # fmt: skip


@pytest.fixture
def told(office: Office) -> Office:
    """A newsroom with the scandal and another story, published."""
    fill(office, [*story_of(3), *scandal()])
    assert office.run("publish").exit_code == 0
    return office


def erase(office: Office, *args: str) -> str:
    result = office.run("erase", *args, "--ground", GROUND, "--yes")
    assert result.exit_code == 0, result.output
    return result.stdout


def take(office: Office, lines: str | bytes, *args: str) -> Result:
    """What `feed import` makes of these lines."""
    file = office.folder.parent / "import.jsonl"
    file.write_bytes(lines if isinstance(lines, bytes) else lines.encode())
    return office.run("import", str(file), *args)


def root(office: Office, size: int) -> bytes:
    """The tree's root over the first leaves."""
    frontier: merkle.Frontier = ()
    for number, (leaf,) in enumerate(office.rows("SELECT leaf FROM events ORDER BY position LIMIT ?", size)):
        frontier = merkle.extend(frontier, number, leaf)
    return merkle.root(frontier)


def holders(folder: Path, text: str) -> list[str]:
    """The files that hold the text, in whatever spelling of a topic's address too."""
    spellings = [text.encode(), text.lower().replace(" ", "-").encode(), text.encode("utf-16-le")]
    return [
        name
        for name, content in files_in(folder).items()
        if any(spelling in content or spelling in name.encode() for spelling in spellings)
    ]


def test_an_erasure_withdraws_first_and_takes_every_event_of_the_update(told: Office) -> None:
    assert erase(told, "theft/2") == "theft/2: erased 3 events, events 7, 8 and 9 (event 12); withdrawn by event 11\n"
    assert told.rows("SELECT position FROM erasures WHERE erased_by = 12") == [(7,), (8,), (9,)]
    assert told.rows("SELECT position FROM payloads WHERE position IN (7, 8, 9)") == []
    assert told.rows("SELECT type FROM events WHERE position > 10") == [("update.withdrawn",), ("payload.erased",)]


def test_after_an_erasure_and_a_publish_the_text_is_in_no_file(told: Office) -> None:
    assert {"feed.db", "public/atom.xml", "public/topics/xaver-quackenbush/atom.xml"} <= set(
        holders(told.folder, SECRET)
    )
    erase(told, "theft/2", "--publish")
    assert holders(told.folder, SECRET) == []


def test_what_another_program_left_in_free_pages_goes_too(told: Office) -> None:
    with closing(sqlite3.connect(told.file, isolation_level=None)) as careless:
        careless.execute("PRAGMA secure_delete = OFF")
        careless.execute("CREATE TABLE copied AS SELECT data FROM payloads")
        careless.execute("DROP TABLE copied")
    erase(told, "theft/2")
    assert "feed.db" not in holders(told.folder, SECRET)


def test_the_root_does_not_change(told: Office) -> None:
    before = root(told, 10)
    erase(told, "theft/2")
    assert root(told, 10) == before
    with told.newsroom() as newsroom:
        assert merkle.root(newsroom.head().frontier) == root(told, 12)


def test_the_next_publish_shows_stubs_under_the_ids_that_were_there(told: Office) -> None:
    feed = told.folder / "public/stories/theft/feed.json"
    before = {item["id"] for item in json.loads(feed.read_bytes())["items"]}
    erase(told, "theft/2", "--publish")
    after = {item["id"]: item for item in json.loads(feed.read_bytes())["items"]}
    assert before < set(after)
    stub = next(item for id, item in after.items() if id.endswith("/second"))
    assert "Withdrawn: update of" in stub["title"]
    assert GROUND in stub["content_html"]
    assert sum("Withdrawn: update of" in item["title"] for item in after.values()) == 4


def test_no_page_of_a_long_story_holds_it_and_its_address_goes_on(office: Office) -> None:
    """Neither that of its time, nor the newest, which shows claims and what was most important at every moment."""
    named = adding("theft", headline=f"{SECRET} was arrested", key=True, stances=[STANCE], body=SECRET)
    revised = line("theft", "update.revised", update="1", signal="correction", notice=f"Not {SECRET}.",
                   changes={"headline": f"{SECRET} was questioned", "key": False, "stances": []})  # fmt: skip
    fill(office, [opening("theft"), named, *(adding("theft") for _ in range(300)), revised])
    assert office.run("publish").exit_code == 0
    pages = office.folder / "public/stories/theft"
    assert SECRET in (pages / "part-00001.html").read_text()
    erase(office, "theft/1", "--publish")
    assert holders(office.folder, SECRET) == []
    assert 'href="part-00001.html#1"' in (pages / "index.html").read_text()
    (article,) = lxml.html.parse(pages / "part-00001.html").xpath("//article[@id='1']")
    assert "Withdrawn" in article.text_content()
    assert GROUND in article.text_content()


def test_a_story_of_which_everything_is_erased_keeps_its_page(office: Office) -> None:
    related = line("flood", "story.changed", related=[{"rel": "related", "story": "theft"}])
    named = adding("theft", headline=f"{SECRET} was arrested", key=True)
    fill(office, [opening("theft", headline=f"The case of {SECRET}", summary=SECRET, tags=[SECRET]), named,
                  line("theft", "story.changed", pinned="1", headline=SECRET), *story_of(2), related])  # fmt: skip
    assert office.run("publish").exit_code == 0
    assert SECRET in (office.folder / "public/stories/flood/index.html").read_text()
    erase(office, "theft/1")
    for position in ("1", "3"):
        erase(office, "--event", position)
    assert office.run("publish").exit_code == 0
    assert holders(office.folder, SECRET) == []
    page = (office.folder / "public/stories/theft/index.html").read_text()
    assert GROUND in page
    assert "_past" not in page
    assert office.run("verify").exit_code == 0


def test_the_read_tables_are_what_a_rebuild_makes(told: Office) -> None:
    erase(told, "theft/2")
    assert told.is_sound()
    numbers = told.rows("SELECT position, number, story_number FROM developments ORDER BY position")
    assert told.run("rebuild").exit_code == 0
    assert told.rows("SELECT position, number, story_number FROM developments ORDER BY position") == numbers


def test_other_developments_keep_their_numbers(told: Office) -> None:
    told.run("append", "theft", "Undone")
    told.run("undo", "theft/4")
    fill(told, [adding("flood", headline="Later")])
    before = told.rows("SELECT position, number, story_number FROM developments ORDER BY position")
    erase(told, "theft/2")
    after = told.rows("SELECT position, number, story_number FROM developments ORDER BY position")
    assert after[:-1] == before
    assert told.is_sound()


def test_a_moment_before_shows_that_something_was_there_and_not_what(told: Office) -> None:
    moment = told.rows("SELECT recorded_at FROM events WHERE position = 8")[0][0]
    erase(told, "theft/2")
    shown = told.run("show", "theft", "--as-recorded", moment, "--json")
    assert shown.exit_code == 0
    update = json.loads(shown.stdout)["updates"][1]
    assert (update["update"], update["headline"], update["body"], update["author"]) == ("2", None, None, None)
    assert SECRET not in shown.stdout
    assert "(erased)" in told.run("show", "theft/2").stdout
    assert "(erased)" in told.run("log", "theft").stdout


def test_an_export_says_what_was_erased_and_can_be_imported(told: Office, template: Path, tmp_path: Path) -> None:
    erase(told, "theft/2")
    exported = told.run("log", "--json").stdout
    lines = [json.loads(one) for one in exported.splitlines()]
    assert [one["position"] for one in lines if one.get("erased")] == [7, 8, 9]
    assert all(one["data"] is None and one["author"] is None for one in lines if one.get("erased"))
    other = log_fixtures.furnish(template, tmp_path / "other")
    # In small batches, so that what was erased and what says so are in different ones.
    taken = take(other, exported, "--batch", "2")
    assert taken.exit_code == 0, taken.output
    assert other.is_sound()
    assert other.rows("SELECT position, erased_by FROM erasures") == told.rows(
        "SELECT position, erased_by FROM erasures"
    )
    for story in ("theft", "flood"):
        shown = [one.run("show", story, "--json").stdout for one in (told, other)]
        assert shown[0] == shown[1]
    again = take(other, exported)
    assert again.stdout == "0 events appended, 12 known already (position 12)\n"


def test_an_import_of_what_was_erased_brings_nothing_back(told: Office) -> None:
    erase(told, "theft/2")
    fill(told, scandal()[2:3])
    assert told.size() == 12
    assert told.rows("SELECT count(*) FROM payloads WHERE position = 7") == [(0,)]


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        ({"erased": True, "data": {"update": "9", "headline": "H"}}, "erased: contradicts data or author"),
        ({"erased": True, "data": None, "kept": {"update": "9", "headline": "H"}}, "kept: holds more than an erasure"),
        ({"erased": True, "data": None, "kept": {"update": "../9", "headline": ""}}, "kept.update: '../9' is not"),
        ({"erased": True, "data": None}, "kept: must be an object, not null"),
    ],
)
def test_an_import_takes_no_text_for_erased(office: Office, event: dict[str, object], problem: str) -> None:
    fill(office, [opening()])
    refused = take(office, json.dumps({"story": "flood", "type": "update.added", **event}))
    assert refused.exit_code == 1
    assert f"line 1: {problem}" in refused.stderr
    assert office.size() == 1


def test_an_import_erases_nothing_that_has_its_text_here(told: Office) -> None:
    erased = {"ground": GROUND, "update": "2", "erased": [{"position": 7, "id": "second", "kept": {}}]}
    refused = take(told, line("theft", "payload.erased", **erased))
    assert refused.exit_code == 1
    assert "event 7 is not what an erasure has left of it" in refused.stderr
    assert "erase it here (feed erase --event 7)" in refused.stderr
    assert told.rows("SELECT count(*) FROM payloads") == [(10,)]


def test_a_repeated_erasure_records_nothing_further(told: Office) -> None:
    erase(told, "theft/2")
    assert erase(told, "theft/2").startswith("theft/2: events 7, 8 and 9 had been erased before")
    assert told.size() == 12


def test_an_update_withdrawn_before_is_not_withdrawn_again_and_its_notice_goes_too(told: Office) -> None:
    told.run("withdraw", "theft/2", "--notice", f"{SECRET} is innocent.")
    said = erase(told, "theft/2", "-p")
    assert said.startswith("theft/2: erased 4 events, events 7, 8, 9 and 11 (event 12)\n")
    assert holders(told.folder, SECRET) == []


def test_a_note_on_what_was_withdrawn_becomes_a_stub_too(told: Office) -> None:
    told.run("withdraw", "theft/2", "--notice", "Not true.")
    told.run("note", "theft/2", f"We are sorry for {SECRET}.", "--id", "sorry", "--publish")
    feed = told.folder / "public/stories/theft/feed.json"
    assert f"sorry for {SECRET}" in feed.read_text()
    erase(told, "theft/2", "--publish")
    (stub,) = (item for item in json.loads(feed.read_bytes())["items"] if item["id"].endswith("/sorry"))
    assert "Withdrawn: update of" in stub["title"]
    assert GROUND in stub["content_html"]


def test_one_event_alone_can_be_erased(told: Office) -> None:
    assert erase(told, "--event", "8").startswith("theft/2: erased 1 event, event 8 (event 12); withdrawn by event 11")
    assert told.rows("SELECT position FROM erasures") == [(8,)]
    assert told.is_sound()


def test_of_an_event_about_the_story_itself_the_story_is_withdrawn(told: Office) -> None:
    erase(told, "--event", "5", "-p")
    page = (told.folder / "public/stories/theft/atom.xml").read_text()
    assert "The flood" not in page
    assert GROUND in page
    assert told.is_sound()


def test_what_holds_a_text_is_listed(told: Office) -> None:
    found = told.run("erase", "--find", SECRET.upper(), "--json")
    assert [json.loads(one)["position"] for one in found.stdout.splitlines()] == [7, 8, 9]
    assert told.size() == 10
    erase(told, "theft/2")
    assert told.run("erase", "--find", SECRET).stderr == "no event holds it\n"


def test_a_dry_run_erases_nothing(told: Office) -> None:
    before = told.rows("SELECT * FROM payloads")
    shown = told.run("erase", "theft/2", "--dry-run")
    assert (shown.exit_code, "was questioned" in shown.stderr or "correction" in shown.stderr) == (0, True)
    assert told.rows("SELECT * FROM payloads") == before


@pytest.mark.parametrize(
    ("args", "status", "problem"),
    [
        (["theft/2", "--ground", GROUND], 2, "add --yes"),
        (["theft/2", "--yes"], 2, "Missing option '--ground'"),
        (["theft/2", "--yes", "--ground", " "], 1, "ground: is blank"),
        ([], 2, "name one thing"),
        (["theft/2", "--event", "3"], 2, "name one thing"),
        (["theft/9", "--yes", "--ground", GROUND], 1, "there is no update 'theft/9'"),
        (["thief/2", "--yes", "--ground", GROUND], 1, "there is no story 'thief': did you mean theft?"),
        (["--event", "99", "--yes", "--ground", GROUND], 1, "there is no event 99: the log holds events 1 to 10"),
    ],
)
def test_what_cannot_be_erased_is_refused_and_nothing_is_written(
    told: Office, args: list[str], status: int, problem: str
) -> None:
    before = told.rows("SELECT * FROM payloads")
    refused = told.run("erase", *args)
    assert (refused.exit_code, problem in refused.stderr) == (status, True), refused.stderr
    assert told.rows("SELECT * FROM payloads") == before
    assert told.size() == 10


def test_an_erasure_itself_stays(told: Office) -> None:
    erase(told, "theft/2")
    refused = told.run("erase", "--event", "12", "--ground", GROUND, "--yes")
    assert (refused.exit_code, "event 12 records an erasure, which stays" in refused.stderr) == (1, True)


def test_copies_that_were_made_beside_the_database_are_named(told: Office) -> None:
    copy = database.backup(told.url, "0001")
    result = told.run("erase", "theft/2", "--ground", GROUND, "--yes")
    assert f"not erased from this copy of the database: {copy}\n" in result.stderr


@pytest.fixture
def reader(told: Office) -> Iterator[sqlite3.Connection]:
    """Another program that holds a snapshot."""
    with closing(sqlite3.connect(told.file, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT * FROM payloads").fetchone()
        yield connection


def test_while_a_reader_holds_a_snapshot_the_erasure_is_recorded_and_its_end_is_asked_for(
    told: Office, reader: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    failed = told.run("erase", "theft/2", "--ground", GROUND, "--yes")
    assert failed.exit_code == 1
    assert "the erasure is recorded, but the text may still be in the file: another program" in failed.stderr
    assert told.size() == 12
    reader.execute("ROLLBACK")
    assert "had been erased before" in erase(told, "theft/2")
    assert "feed.db" not in holders(told.folder, SECRET)


def test_an_erasure_waits_for_a_reader_to_end(told: Office, reader: sqlite3.Connection) -> None:
    command = feed_command(told, "erase", "theft/2", "--ground", GROUND, "--yes")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        while told.size() < 12:
            time.sleep(0.05)
        time.sleep(0.5)
        assert process.poll() is None
        reader.execute("ROLLBACK")
        assert process.wait(30) == 0
    assert "feed.db" not in holders(told.folder, SECRET)


REFUSED = [
    "DELETE FROM payloads WHERE position = 6",
    "INSERT INTO payloads VALUES (7, x'00', 'back')",
    "INSERT OR REPLACE INTO payloads VALUES (7, x'00', 'back')",
    "DELETE FROM erasures",
    "UPDATE erasures SET position = 6",
    "INSERT OR REPLACE INTO erasures SELECT position, erased_by, '{}' FROM erasures",
    "INSERT INTO erasures VALUES (6, 5, '{}')",
    "INSERT INTO erasures VALUES (12, 12, '{}')",
    "INSERT INTO erasures VALUES (99, 12, '{}')",
]


@pytest.mark.parametrize("statement", REFUSED)
def test_the_database_itself_refuses_what_no_erasure_allows(told: Office, statement: str) -> None:
    erase(told, "theft/2")
    before = [told.rows("SELECT * FROM payloads"), told.rows("SELECT * FROM erasures")]
    with pytest.raises(sqlite3.IntegrityError):
        told.change(statement)
    assert [told.rows("SELECT * FROM payloads"), told.rows("SELECT * FROM erasures")] == before


def test_a_database_from_before_erasures_is_upgraded_and_proved(told: Office) -> None:
    with closing(sqlite3.connect(told.file, isolation_level=None)) as connection:
        for name in ("payloads_no_delete", "payloads_no_return"):
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DROP TABLE erasures")
        connection.execute("DROP TABLE websub_outbox")
        connection.execute(
            "CREATE TRIGGER payloads_no_delete BEFORE DELETE ON payloads"
            " BEGIN SELECT RAISE(ABORT, 'payloads are immutable'); END"
        )
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    assert told.run("upgrade").stdout.endswith("feed.db.0001.backup\n")
    assert told.run("verify").exit_code == 0
    erase(told, "theft/2")
    assert told.run("verify").exit_code == 0
