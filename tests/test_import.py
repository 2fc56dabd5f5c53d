"""Importing events as JSON Lines: all or nothing per batch, and the same event again is the same event."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import log_fixtures
import pytest
from log_fixtures import Office, adding, files_in, fill, furnish, line, numbers, opening, story_of

from feed.errors import Conflict, InvalidLine, KnownId, Refused
from feed.events import NewEvent, UpdateAdded
from feed.jsonlines import from_json

template, office = log_fixtures.template, log_fixtures.office


def take(office: Office, lines: list[bytes], batch: int = 1000) -> list[tuple[int, int, int]]:
    """Import the lines; each batch as (appended, skipped, position)."""
    with office.newsroom() as newsroom:
        return list(numbers(newsroom.import_lines(lines, batch)))


def refusal(office: Office, lines: list[bytes]) -> InvalidLine:
    """Why the lines are refused; nothing of them is written."""
    before = files_in(office.folder)
    with office.newsroom() as newsroom, pytest.raises(InvalidLine) as caught:
        list(newsroom.import_lines(lines))
    assert files_in(office.folder) == before
    return caught.value


# Batches


def test_each_batch_has_its_receipt(office: Office) -> None:
    lines = story_of(24)
    assert take(office, lines[:5], batch=10) == [(5, 0, 5)]
    assert take(office, lines, batch=10) == [(5, 5, 10), (10, 0, 20), (5, 0, 25)]
    assert take(office, [], batch=10) == []


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (b'{"story": "flood"', "is not JSON in UTF-8"),
        (adding("nowhere"), "there is no story 'nowhere'"),
        (opening(), "is open already"),
        (adding(id="flood-1", headline="Other"), "the id 'flood-1' is event 2 already, with other content"),
        (adding(published_at="2001-01-01T00:00:00Z"), "published_at"),
    ],
)
def test_a_batch_with_a_bad_line_500_is_not_written_and_the_line_is_named(
    office: Office, bad: bytes, problem: str
) -> None:
    lines = story_of(999)
    lines[499] = bad
    error = refusal(office, lines)
    assert error.number == 500
    assert str(error).startswith("line 500: ")
    assert problem in str(error)
    assert take(office, story_of(999)) == [(1000, 0, 1000)]


def test_the_batches_before_a_bad_line_are_written_and_those_after_it_are_not(office: Office) -> None:
    lines = story_of(60)
    lines[34] = b"[]"
    file = office.folder / "events.jsonl"
    file.write_bytes(b"".join(lines))
    result = office.run("import", str(file), "--batch", "10")
    assert result.exit_code == 1
    assert [said.partition(" (")[2] for said in result.stdout.splitlines()] == [
        "position 10)",
        "position 20)",
        "position 30)",
    ]
    assert result.stderr == "Error: line 35: an event: must be an object, not a list\n"
    assert office.size() == 30
    assert office.is_sound()


def test_blank_lines_are_skipped_and_counted(office: Office) -> None:
    assert take(office, [b"\n", opening(), b"  \r\n", adding(), b"\n"]) == [(2, 0, 2)]
    assert refusal(office, [b"\n", b"\n", adding(), b"\n", b"x\n"]).number == 5


def test_a_rehearsed_import_takes_all_lines_and_writes_nothing(office: Office) -> None:
    fill(office, story_of(5))
    before = files_in(office.folder)
    with office.newsroom() as newsroom:
        receipt = newsroom.rehearse_lines(story_of(2_500))
        assert list(numbers([receipt])) == [(2_495, 6, 2_501)]
    assert files_in(office.folder) == before


# The same event again

FULL = {
    "headline": "The dam holds",
    "update": "x",
    "body": "Words.",
    "tags": ["a"],
    "sources": [{"name": "Mayor", "url": "https://example.org/"}],
    "stances": [{"claim": "dam-safe", "by": "Mayor", "position": "asserts", "text": "It is safe"}],
}
OUTER = {"id": "one", "author": "Ada", "published_at": "2023-02-03T12:00:00Z"}


def test_the_same_file_again_changes_no_byte(office: Office) -> None:
    file = office.folder / "events.jsonl"
    file.write_bytes(b"".join(story_of(50)))
    assert office.run("import", str(file), "--batch", "20").exit_code == 0
    before = files_in(office.folder)
    result = office.run("import", str(file), "--batch", "20", "--json")
    assert result.exit_code == 0
    assert [json.loads(said) for said in result.stdout.splitlines()] == [
        {"appended": 0, "skipped": 20, "position": 20},
        {"appended": 0, "skipped": 20, "position": 40},
        {"appended": 0, "skipped": 11, "position": 51},
    ]
    assert files_in(office.folder) == before


def test_what_a_log_exports_can_be_imported_into_another_and_into_itself(
    office: Office, template: Path, tmp_path: Path
) -> None:
    fill(office, [opening(language="de"), adding(**FULL, author="Ada"), adding()])
    exported = office.run("log", "--json").stdout_bytes
    other = furnish(template, tmp_path / "other")
    assert take(office, exported.splitlines()) == [(0, 3, 3)]
    assert take(other, exported.splitlines()) == [(3, 0, 3)]
    kept = "SELECT id, story, version, type, published_at, data FROM events JOIN payloads USING (position)"
    assert other.rows(kept) == office.rows(kept)
    assert other.rows("SELECT recorded_at FROM events") != office.rows("SELECT recorded_at FROM events")


@pytest.mark.parametrize(
    ("outer", "fields"),
    [
        (OUTER, FULL),
        ({"id": "one"}, FULL),
        ({"id": "one", "author": "Ada"}, FULL),
        (OUTER | {"published_at": "2023-02-03T13:30:00.000+01:30"}, FULL),
        (OUTER, {name: value for name, value in FULL.items() if name != "update"}),
        (OUTER, FULL | {"occurred": None, "link": None}),
        (OUTER, FULL | {"key": False}),
    ],
)
def test_a_copy_that_leaves_out_what_the_program_fills_in_is_the_same_event(
    office: Office, outer: dict[str, Any], fields: dict[str, Any]
) -> None:
    fill(office, [opening(published_at="2023-02-03T11:00:00Z"), adding(**OUTER, **FULL)])
    before = files_in(office.folder)
    assert take(office, [adding(**outer, **fields)]) == [(0, 1, 2)]
    assert files_in(office.folder) == before


def test_an_opening_that_leaves_out_uri_and_language_is_the_same_event(office: Office) -> None:
    uri = "https://example.org/flood"
    fill(office, [opening(id="one", language="de", uri=uri), opening("elbe", id="two")])
    assert take(office, [opening(id="one"), opening(id="one", language="de"), opening("elbe", id="two")]) == [(0, 3, 2)]
    ((filled,),) = office.rows("SELECT data FROM payloads WHERE position = 2")
    assert json.loads(filled)["data"] == {
        "headline": "The flood",
        "language": "en",
        "uri": "tag:news.example.org,2023-01-01:elbe",
    }
    assert take(office, [opening("elbe", id="two", **json.loads(filled)["data"])]) == [(0, 1, 2)]
    for other in ({"language": "en"}, {"uri": "https://example.org/elbe"}):
        assert isinstance(refusal(office, [opening(id="one", **other)]).cause, KnownId)


@pytest.mark.parametrize(
    "other",
    [
        adding("elbe", **OUTER, **FULL),
        adding(**OUTER | {"author": "Bob"}, **FULL),
        adding(**OUTER | {"published_at": "2023-02-03T12:00:00.000001Z"}, **FULL),
        adding(**OUTER, **FULL | {"headline": "The dam breaks"}),
        adding(**OUTER, **FULL | {"update": "y"}),
        adding(**OUTER, **FULL | {"body": None}),
        adding(**OUTER, **FULL | {"key": True}),
        adding(**OUTER, **FULL | {"tags": ["a", "b"]}),
        adding(**OUTER, **FULL | {"stances": []}),
        line("flood", "note.added", **OUTER, text="A note"),
    ],
)
def test_other_content_under_a_known_id_is_refused_with_its_position(office: Office, other: bytes) -> None:
    early = {"published_at": "2023-02-03T11:00:00Z"}
    fill(office, [opening(**early), opening("elbe", **early), adding(**OUTER, **FULL)])
    error = refusal(office, [other])
    assert isinstance(error.cause, KnownId)
    assert (error.cause.event_id, error.cause.position) == ("one", 3)
    assert str(error) == (
        "line 1: the id 'one' is event 3 already, with other content: give the new event an id of its own"
    )


def test_an_id_twice_in_one_batch_is_one_event(office: Office) -> None:
    assert take(office, [opening(), adding(id="one"), adding(id="one"), adding(id="two")]) == [(3, 1, 3)]
    error = refusal(office, [adding(id="three"), adding(id="three", headline="Other")])
    assert (error.number, str(error.cause).partition(",")[0]) == (2, "the id 'three' is event 4 already")


def test_a_line_without_id_is_a_new_event_each_time(office: Office) -> None:
    fill(office, [opening()])
    assert take(office, [adding(), adding()]) == [(2, 0, 3)]
    assert take(office, [adding(), adding()]) == [(2, 0, 5)]
    assert len(set(office.rows("SELECT id FROM events"))) == 5


def test_one_event_appended_again_by_its_id_is_the_recorded_one(office: Office) -> None:
    fill(office, [opening()])
    new = NewEvent(story="flood", id="one", data=UpdateAdded(headline="The dam holds"))
    with office.newsroom() as newsroom:
        first = newsroom.append(new)
        newsroom.append(NewEvent(story="flood", data=UpdateAdded(headline="Later")))
        assert newsroom.append(new) == first
        with pytest.raises(KnownId) as caught:
            newsroom.append(NewEvent(story="flood", id="one", data=UpdateAdded(headline="Other")))
    assert (caught.value.position, office.size()) == (2, 3)


def test_what_another_log_gave_is_checked_and_left_aside(office: Office) -> None:
    given = json.loads(opening()) | {"position": 77, "version": 9, "recorded_at": "2001-01-01T00:00:00Z", "leaf": "ab"}
    assert take(office, [json.dumps(given).encode()]) == [(1, 0, 1)]
    ((version, recorded_at),) = office.rows("SELECT version, recorded_at FROM events")
    assert version == 1
    assert recorded_at != given["recorded_at"]
    assert from_json(json.dumps(given).encode()) == from_json(opening())


# Versions


def test_of_two_who_expect_the_same_version_the_later_is_refused(office: Office) -> None:
    fill(office, story_of(2))
    new = NewEvent(story="flood", data=UpdateAdded(headline="The dam breaks"))
    with office.newsroom() as newsroom:
        assert newsroom.append(new, expected_version=3).version == 4
        for expected in (3, 5):
            with pytest.raises(Conflict) as caught:
                newsroom.append(new, expected_version=expected)
            assert str(caught.value) == (
                f"story 'flood' is at version 4, not {expected}: look at it again (feed show flood), then repeat"
            )
    assert office.size() == 4
    assert issubclass(Conflict, Refused)
