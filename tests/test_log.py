"""The event log: order, time, proof and reading."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat

import log_fixtures
import msgspec
import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from log_fixtures import Office, adding, fill, opening, story_of

from feed import log, merkle
from feed.database import Database, open_database
from feed.dates import from_datetime
from feed.events import (
    Data,
    Event,
    NoteAdded,
    Source,
    StoryOpened,
    UpdateAdded,
    encode_payload,
)

template, office = log_fixtures.template, log_fixtures.office

# A worked example, whose salt is the bytes 0 to 31.
VECTOR = {
    "payload": '{"author":"Desk","data":{"headline":"Grüße – “ok” \\n\\t\\"x\\" €","key":true,"tags":["a","b"],'
    '"update":"1"}}',
    "commitment": "4e5a05a0e1ce48fccd5f744c17dd366f16537a3dbb67f2003dc5199551c75c7d",
    "header": '{"commitment":"4e5a05a0e1ce48fccd5f744c17dd366f16537a3dbb67f2003dc5199551c75c7d","id":"balloon-2",'
    '"position":1,"published_at":"2023-02-03T12:05:00.000000Z","recorded_at":"2026-11-22T08:00:00.000001Z",'
    '"schema":1,"story":"us-china-balloon-2023","type":"update.added","version":2}',
    "leaf": "5df04ffb5c1f06404b27f1a3b0c0507ba7d42364e7c71824a849a72f5183a7b9",
}
SALT = bytes(range(32))


@pytest.fixture
def opened(office: Office) -> Iterator[Database]:
    found = open_database(office.url)
    yield found
    found.close()


def ticking(*moments: datetime) -> Callable[[], datetime]:
    """A clock that shows these, and then stands still."""
    shown = chain(moments, repeat(moments[-1]))
    return lambda: next(shown)


NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def append(opened: Database, *stories: str, clock: Callable[[], datetime] | None = None) -> list[Event]:
    """Append an event to each of the stories, in one transaction."""
    with opened.writing() as connection:
        batch = log.Batch(connection, stories, clock or ticking(NOON))
        events = []
        for story in stories:
            data = UpdateAdded(headline="News", update="1")
            at = batch.moment()
            id = f"{story}-{batch.version(story)}"
            events.append(batch.record(story=story, data=data, id=id, author="Ada", recorded_at=at, published_at=at))
        batch.write()
    return events


def read(opened: Database, after: int = 0, limit: int | None = None) -> list[Event]:
    with opened.reading() as connection:
        return list(log.read(connection, after=after, limit=limit))


# Order


def test_positions_count_the_log_and_versions_count_each_story(opened: Database) -> None:
    append(opened, "a", "b", "a")
    append(opened, "b")
    append(opened, "c", "a", "a")
    assert [(event.position, event.story, event.version) for event in read(opened)] == [
        (1, "a", 1),
        (2, "b", 1),
        (3, "a", 2),
        (4, "b", 2),
        (5, "c", 1),
        (6, "a", 3),
        (7, "a", 4),
    ]


def test_what_append_returns_is_what_is_read(opened: Database) -> None:
    assert append(opened, "a", "b") + append(opened, "a") == read(opened)


def test_a_transaction_that_fails_burns_no_position(opened: Database) -> None:
    append(opened, "a")
    with pytest.raises(ZeroDivisionError):
        append(opened, "a", "a", clock=ticking_then_failing())
    assert [event.position for event in append(opened, "a")] == [2]
    assert [event.position for event in read(opened)] == [1, 2]


def ticking_then_failing() -> Callable[[], datetime]:
    shown = iter([NOON])

    def clock() -> datetime:
        for moment in shown:
            return moment
        raise ZeroDivisionError

    return clock


def test_a_rehearsed_append_burns_no_position(office: Office, opened: Database) -> None:
    fill(office, [opening()])
    assert office.run("append", "flood", "Headline", "--dry-run").exit_code == 0
    fill(office, [adding()])
    assert [event.position for event in read(opened)] == [1, 2]


# Time


def test_times_increase_by_a_microsecond_where_the_clock_stands_still(opened: Database) -> None:
    append(opened, "a", "a", "a")
    append(opened, "b")
    assert [event.recorded_at for event in read(opened)] == [
        "2026-11-22T12:00:00.000000Z",
        "2026-11-22T12:00:00.000001Z",
        "2026-11-22T12:00:00.000002Z",
        "2026-11-22T12:00:00.000003Z",
    ]


def test_times_increase_where_the_clock_runs_backwards_and_follow_it_when_it_is_ahead_again(opened: Database) -> None:
    backwards = ticking(NOON, NOON - timedelta(hours=1), NOON - timedelta(hours=2), NOON + timedelta(seconds=1))
    append(opened, "a", "a", clock=backwards)
    append(opened, "a", "a", clock=backwards)
    assert [event.recorded_at for event in read(opened)] == [
        "2026-11-22T12:00:00.000000Z",
        "2026-11-22T12:00:00.000001Z",
        "2026-11-22T12:00:00.000002Z",
        "2026-11-22T12:00:01.000000Z",
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.lists(st.integers(0, 5) | st.integers(-(10**15), 10**15), min_size=1, max_size=20))
def test_each_time_is_the_clocks_or_a_microsecond_after_the_one_before(opened: Database, shown: list[int]) -> None:
    moments = [NOON + timedelta(microseconds=microseconds) for microseconds in shown]
    expected = [moments[0]]
    for moment in moments[1:]:
        expected.append(max(moment, expected[-1] + timedelta(microseconds=1)))
    with opened.rehearsing() as connection:
        batch = log.Batch(connection, ["a"], ticking(*moments))
        found = []
        for number in range(len(moments)):
            found.append(batch.moment())
            batch.record(
                story="a",
                data=NoteAdded(text="T"),
                id=str(number),
                author="Ada",
                recorded_at=found[-1],
                published_at=found[-1],
            )
    assert found == [from_datetime(moment) for moment in expected]


# Proof


def recomputed(salt: bytes, payload: str, header: dict[str, object]) -> tuple[bytes, bytes, bytes]:
    """Commitment, canonical header and leaf by the design's words, with other libraries than the log's."""
    commitment = hmac.new(salt, payload.encode(), hashlib.sha256).digest()
    canonical = rfc8785.dumps({**header, "commitment": commitment.hex()})
    return commitment, canonical, hashlib.sha256(b"\x00" + canonical).digest()


EXAMPLE = {name: value for name, value in json.loads(VECTOR["header"]).items() if name != "commitment"}


def test_the_worked_example_is_what_other_libraries_make_of_it() -> None:
    commitment, header, leaf = recomputed(SALT, VECTOR["payload"], EXAMPLE)
    assert (commitment.hex(), header.decode(), leaf.hex()) == (VECTOR["commitment"], VECTOR["header"], VECTOR["leaf"])


def test_the_worked_example_comes_out_of_an_append(opened: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log.secrets, "token_bytes", lambda size: SALT[:size])
    author, data = json.loads(VECTOR["payload"]).values()
    clock = ticking(NOON.replace(hour=8, microsecond=1))
    with opened.writing() as connection:
        batch = log.Batch(connection, [EXAMPLE["story"]], clock)
        # The example is the second event of its story, but the first of its log.
        batch._versions[EXAMPLE["story"]] = 1
        event = batch.record(
            story=EXAMPLE["story"],
            data=msgspec.convert(data, UpdateAdded),
            id=EXAMPLE["id"],
            author=author,
            recorded_at=batch.moment(),
            published_at=EXAMPLE["published_at"],
        )
        batch.write()
        query = "SELECT salt, data, hex(commitment), hex(leaf) FROM events JOIN payloads USING (position)"
        salt, payload, commitment, leaf = connection.exec_driver_sql(query).one()
        frontier = log.head(connection).frontier
    assert (salt, payload, commitment.lower()) == (SALT, VECTOR["payload"], VECTOR["commitment"])
    assert leaf.lower() == event.leaf.hex() == merkle.root(frontier).hex() == VECTOR["leaf"]


def test_every_stored_event_proves_what_is_stored_of_it(office: Office) -> None:
    fill(office, [*story_of(20), opening("elbe", label="Größe “€” \x7f 𝄞 \\ /", summary="a\tb\r\nc\u2028d")])
    names = ("position", "id", "story", "version", "type", "schema", "recorded_at", "published_at")
    stored = office.rows(
        f"SELECT salt, data, commitment, leaf, {', '.join(names)} FROM events JOIN payloads USING (position)"  # noqa: S608
    )
    assert len(stored) == 22
    for salt, payload, commitment, leaf, *header in stored:
        found, _, of_header = recomputed(salt, payload, dict(zip(names, header, strict=True)))
        assert (found, of_header) == (commitment, leaf)
        assert rfc8785.dumps(json.loads(payload)).decode() == payload


def test_every_event_has_a_salt_of_its_own(office: Office) -> None:
    fill(office, [opening(), *(adding() for _ in range(20))])
    salts = {salt for (salt,) in office.rows("SELECT salt FROM payloads")}
    assert {len(salt) for salt in salts} == {32}
    assert len(salts) == 21


def tree_hash(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1 over leaf hashes."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + tree_hash(leaves[:split]) + tree_hash(leaves[split:])).digest()


def test_the_heads_frontier_is_that_of_all_leaves_after_every_batch(office: Office, opened: Database) -> None:
    with opened.reading() as connection:
        assert merkle.root(log.head(connection).frontier) == hashlib.sha256(b"").digest()
    for size in (1, 1, 5, 1, 13, 2):
        append(opened, *("a",) * size)
        leaves = [leaf for (leaf,) in office.rows("SELECT leaf FROM events ORDER BY position")]
        with opened.reading() as connection:
            head = log.head(connection)
        assert (head.size, merkle.root(head.frontier)) == (len(leaves), tree_hash(leaves))


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(texts, texts, texts, st.lists(texts, min_size=1), st.booleans())
def test_what_is_stored_of_an_event_is_canonical_json(
    author: str, headline: str, body: str, tags: list[str], key: bool
) -> None:
    data = UpdateAdded(
        headline=headline, update="1", body=body, tags=tuple(tags), key=key, sources=(Source(name=body, quote=author),)
    )
    payload = encode_payload(author, data)
    assert payload == rfc8785.dumps({"author": author, "data": msgspec.to_builtins(data)})


def fields(data: Data) -> dict[str, object]:
    found: dict[str, object] = json.loads(encode_payload("Ada", data))["data"]
    return found


def test_absent_fields_are_not_stored() -> None:
    assert fields(StoryOpened(headline="H")) == {"headline": "H"}
    assert fields(NoteAdded(text="T")) == {"text": "T"}


@given(
    st.integers(1, 2**53 - 1),
    st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._~:-]{0,127}\Z"),
    st.from_regex(r"\A[a-z0-9][a-z0-9-]{0,79}\Z"),
)
def test_the_header_is_canonical_json(position: int, id: str, story: str) -> None:
    moment = from_datetime(NOON)
    values = {
        "position": position,
        "id": id,
        "story": story,
        "version": position,
        "type": "update.added",
        "schema": 1,
        "recorded_at": moment,
        "published_at": moment,
        "commitment": "ab" * 32,
    }
    columns = [values[name] for name in log.HEADER_COLUMNS]
    header = log.header(tuple(value.encode() if isinstance(value, str) else value for value in columns))
    assert header == rfc8785.dumps(values)


# Reading


def test_the_head_says_where_the_log_stands(opened: Database) -> None:
    with opened.reading() as connection:
        empty = log.head(connection)
    assert (empty.size, empty.recorded_at, empty.frontier, empty.told) == (0, "", (), 0)
    *_, last = append(opened, "a", "b", "a")
    with opened.reading() as connection:
        head = log.head(connection)
    assert (head.origin, head.size, head.recorded_at, head.told) == (empty.origin, 3, last.recorded_at, 0)


@pytest.mark.parametrize(
    ("after", "limit", "positions"),
    [(0, None, [1, 2, 3, 4, 5]), (2, None, [3, 4, 5]), (2, 2, [3, 4]), (5, None, []), (99, 3, []), (0, 0, [])],
)
def test_reading_begins_after_a_position_and_ends_at_the_limit(
    opened: Database, after: int, limit: int | None, positions: list[int]
) -> None:
    append(opened, "a", "b", "a", "b", "a")
    assert [event.position for event in read(opened, after, limit)] == positions


@pytest.mark.parametrize(
    ("after", "limit", "positions"), [(0, None, [1, 3, 5]), (1, None, [3, 5]), (2, 1, [3]), (5, None, [])]
)
def test_reading_one_story_begins_after_a_position_of_the_log(
    opened: Database, after: int, limit: int | None, positions: list[int]
) -> None:
    append(opened, "a", "b", "a", "b", "a")
    with opened.reading() as connection:
        found = [event.position for event in log.read_story(connection, "a", after=after, limit=limit)]
        assert list(log.read_story(connection, "nowhere")) == []
    assert found == positions


def test_more_events_than_a_fetch_holds_are_read_in_order(office: Office, opened: Database) -> None:
    fill(office, story_of(2_500))
    assert [event.position for event in read(opened)] == list(range(1, 2_502))


def test_known_finds_events_by_their_ids(opened: Database) -> None:
    first, _, third = append(opened, "a", "b", "a")
    with opened.reading() as connection:
        assert log.known(connection, ["a-0", "a-1", "x", "a-0"]) == {"a-0": first, "a-1": third}
        assert log.known(connection, ["x"]) == log.known(connection, []) == {}


def test_known_takes_any_number_of_ids(opened: Database) -> None:
    (first,) = append(opened, "a")
    with opened.reading() as connection:
        # A statement takes 250,000 values or, where SQLite is built otherwise, 32,766.
        connection.connection.driver_connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 2_000)
        assert log.known(connection, [*map(str, range(5_000)), "a-0"]) == {"a-0": first}


def test_what_was_told_never_goes_back(opened: Database) -> None:
    append(opened, "a", "a", "a")
    found = []
    for position in (2, 1, 3, 0):
        with opened.writing() as connection:
            log.tell(connection, position)
        with opened.reading() as connection:
            found.append(log.head(connection).told)
    assert found == [2, 2, 3, 3]
