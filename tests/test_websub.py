"""The hub is told of exactly the feeds that changed, at least once, and never holds up a publish."""

from __future__ import annotations

import json
import re
import shutil
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from time import monotonic
from urllib.parse import urlsplit

import hub as hubs
import log_fixtures
import pytest
import test_publish_faults
from hub import Hub
from hypothesis import given
from hypothesis import strategies as st
from log_fixtures import Office, adding, files_in, fill, furnish, opening, story_of
from test_killed import dying
from test_publish_faults import Server

from feed import outbox, websub
from feed.checks import is_guarded
from feed.database import open_database
from feed.errors import HubError

template, office, server = log_fixtures.template, log_fixtures.office, test_publish_faults.server

URL = "https://news.example.org/"
FEEDS = ("atom.xml", "rss.xml", "feed.json")
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def one_hub() -> Iterator[Hub]:
    with hubs.running() as hub:
        yield hub


@pytest.fixture
def hub(one_hub: Hub) -> Iterator[Hub]:
    """A hub that has been told nothing yet."""
    one_hub.told.clear()
    one_hub.answer = hubs.takes
    one_hub.ends.clear()
    yield one_hub
    one_hub.ends.set()
    assert one_hub.faults == []


@pytest.fixture(scope="module")
def published(template: Path, tmp_path_factory: pytest.TempPathFactory, one_hub: Hub) -> Path:
    office = furnish(template, tmp_path_factory.mktemp("websub") / "office")
    name_hub(office, one_hub.url)
    fill(office, [*story_of(3), *story_of(2, "river"), opening("dam", tags=["Weather"])])
    assert office.run("publish").exit_code == 0
    return office.folder


@pytest.fixture
def told(published: Path, tmp_path: Path, hub: Hub) -> Office:
    """A newsroom of three stories whose hub knows all."""
    return furnish(published, tmp_path / "office")


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A publisher that gives up sooner, for a test of a hub that hangs."""
    monkeypatch.setattr(websub, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(websub, "AFTER_PUBLISH_SECONDS", 1.0)


def name_hub(office: Office, url: str) -> None:
    config = office.config.read_text()
    office.config.write_text(config.replace('# hub = "https://hub.example.org/"', f'hub = "{url}"'))


def topics(office: Office) -> dict[str, bytes]:
    """The feeds in the folder, by their addresses."""
    files = files_in(office.folder / "public")
    return {URL + name: content for name, content in files.items() if name.rpartition("/")[2] in FEEDS}


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    return sorted(topic for topic, content in after.items() if before.get(topic) != content)


def waiting(office: Office) -> list[str]:
    return [topic for (topic,) in office.rows("SELECT topic FROM websub_outbox ORDER BY topic")]


def news(office: Office) -> None:
    """What changes some feeds and not others."""
    fill(office, [adding("flood", headline="The water falls", tags=["Weather"]), adding("dam", headline="The dam")])


# Exactly what changed


def test_the_hub_is_told_of_every_feed_whose_bytes_changed_and_of_no_other(told: Office, hub: Hub) -> None:
    for number in range(3):
        before = topics(told)
        fill(told, [adding("flood", headline=f"News {number}", tags=["Weather"][:number])])
        result = told.run("publish")
        expected = changed(before, topics(told))
        assert f"The hub is told of {len(expected)} feeds.\n" in result.stdout
        assert sorted(hub.told) == expected
        assert f"{URL}stories/flood/atom.xml" in expected
        assert f"{URL}stories/river/atom.xml" not in expected
        assert waiting(told) == []
        hub.told.clear()


def test_the_first_publish_tells_all_feeds_and_neither_archives_nor_pages(office: Office, hub: Hub) -> None:
    name_hub(office, hub.url)
    fill(office, story_of(120))
    assert office.run("publish").exit_code == 0
    assert (office.folder / "public/archive/atom-00001.xml").exists()
    assert sorted(hub.told) == sorted(topics(office))


def test_topics_are_what_the_feeds_name_as_themselves(told: Office) -> None:
    for topic, content in topics(told).items():
        assert topic.encode() in content


def test_a_publish_that_changes_nothing_tells_nothing(told: Office, hub: Hub) -> None:
    assert "The hub" not in told.run("publish", "--all").stdout
    assert hub.told == []


def test_publishing_after_another_command_tells_too(told: Office, hub: Hub) -> None:
    assert "The hub is told of 9 feeds.\n" in told.run("append", "flood", "More", "--key", "--publish").stdout
    assert len(hub.told) == 9


def test_without_a_hub_nothing_goes_into_the_outbox(office: Office) -> None:
    fill(office, story_of(3))
    assert len(office.run("publish").output.splitlines()) == 3
    assert office.run("websub").stderr == "nothing waits to be told\n"
    assert waiting(office) == []


def test_one_connection_serves_for_all_topics(told: Office, hub: Hub) -> None:
    hub.connections = 0
    news(told)
    told.run("publish")
    assert (len(hub.told) > 6, hub.connections) == (True, 1)


def test_a_hub_that_closes_between_two_topics_is_told_all_the_same(told: Office, hub: Hub) -> None:
    hub.answer = hubs.takes_and_closes
    before = topics(told)
    news(told)
    told.run("publish")
    assert (sorted(hub.told), waiting(told)) == (changed(before, topics(told)), [])


# After kill -9

QUICK_KILLS = [
    ("feed.outbox", "promise", 1, False),
    ("feed.site.folder", "Folder.put", 8, True),
    ("feed.site.news", "News.release", 1, False),
]
KILLS = [
    ("feed.outbox", "promise", 1),
    *(("feed.site.folder", "Folder.put", count) for count in (1, 4, 8, 12, 16, 20)),
    ("feed.site.folder", "_replace", 2),
    ("feed.outbox", "release", 1),
    ("feed.site.news", "News.release", 1),
    ("feed.site.folder", "Folder.finish", 1),
]
OTHER_KILLS = [(*kill, goes_on) for kill in KILLS for goes_on in (False, True) if (*kill, goes_on) not in QUICK_KILLS]


@pytest.mark.parametrize(
    ("module", "name", "count", "goes_on"),
    [*QUICK_KILLS, *(pytest.param(*kill, marks=pytest.mark.slow) for kill in OTHER_KILLS)],
)
def test_after_a_kill_the_next_publish_tells_exactly_what_both_have_changed(
    told: Office, hub: Hub, module: str, name: str, count: int, goes_on: bool
) -> None:
    before = topics(told)
    news(told)
    assert dying(told, module, name, count, "publish").returncode == -9
    if goes_on:
        fill(told, [adding("river", headline="After the kill")])
    assert told.run("publish").exit_code == 0
    assert sorted(hub.told) == changed(before, topics(told))
    assert waiting(told) == []


@pytest.mark.parametrize("count", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_what_was_told_right_before_a_kill_is_told_again(told: Office, hub: Hub, count: int) -> None:
    before = topics(told)
    news(told)
    assert dying(told, "feed.websub", "_Talk.tell", count, "publish").returncode == -9
    assert len(hub.told) == count
    assert told.run("publish").exit_code == 0
    expected = changed(before, topics(told))
    assert (sorted(set(hub.told)), len(hub.told), waiting(told)) == (expected, len(expected) + 1, [])


def test_what_is_promised_is_not_told_before_a_publish_is_finished(told: Office, hub: Hub) -> None:
    news(told)
    assert dying(told, "feed.site.folder", "Folder.put", 8, "publish").returncode == -9
    promised = waiting(told)
    result = told.run("websub", "--flush")
    assert (result.exit_code, hub.told, waiting(told)) == (1, [], promised)
    assert "that publish is not finished" in result.stdout
    assert result.stderr.endswith(f"Error: the hub is to be told of {len(promised)} feeds: feed publish\n")


def test_a_publish_that_fails_leaves_its_promises_to_the_next(told: Office, hub: Hub) -> None:
    before = topics(told)
    news(told)
    in_the_way = told.folder / "public/.atom.xml.feed-part"
    in_the_way.mkdir()
    assert told.run("publish").exit_code == 1
    assert (hub.told, waiting(told) != []) == ([], True)
    in_the_way.rmdir()
    told.run("publish")
    assert (sorted(hub.told), waiting(told)) == (changed(before, topics(told)), [])


@pytest.mark.slow
@test_publish_faults.needs_strace
@pytest.mark.parametrize("call", ["rename", "write", "pwrite64", "fdatasync"])
def test_killed_at_any_call_what_has_changed_is_in_the_outbox_and_once_completed_nothing_else(
    told: Office, tmp_path: Path, server: Server, call: str
) -> None:
    before = topics(told)
    news(told)

    def publish(inject: str | None) -> tuple[Office, object]:
        shutil.rmtree(tmp_path / "copy", ignore_errors=True)
        copy = furnish(told.folder, tmp_path / "copy")
        answer = server.run(config=str(copy.config), inject=inject, trace=str(tmp_path / "trace"))
        return copy, answer["status"]

    server.run(config=str(furnish(told.folder, tmp_path / "warm").config), warm=str(tmp_path / "out"))
    copy, _ = publish("")
    expected = changed(before, topics(copy))
    count = len(re.findall(rf"^\d+ +{call}\(", (tmp_path / "trace").read_text(), re.MULTILINE))
    for number in range(1, count + 1):
        copy, status = publish(f"{call}:signal=KILL:when={number}")
        assert status == -9
        assert set(changed(before, topics(copy))) <= set(waiting(copy)) <= set(expected)
        assert server.run(config=str(copy.config), inject=None)["status"] == 0
        assert copy.rows("SELECT topic FROM websub_outbox WHERE ready = 1 ORDER BY topic") == [
            (topic,) for topic in expected
        ]
    print(f"killed at each of {count} calls of {call}: {len(expected)} topics each time")
    assert count > 0


# Hubs that behave badly


def slow(*case: object) -> object:
    """A case for the slow tests."""
    return pytest.param(*case, marks=pytest.mark.slow)


LATER = "the hub is to be told of 9 feeds later"
SILENT = [
    (hubs.hangs, "does not answer within 0.3 s"),
    slow(hubs.drips, "does not answer within 0.3 s"),
    (hubs.hangs_up, "cannot be reached (Remote end closed connection without response)"),
    slow(hubs.speaks_otherwise, "does not answer as HTTP has it"),
]
REFUSING = [
    (hubs.says(500), "answers 500"),
    slow(hubs.says(404), "answers 404"),
    slow(hubs.endless(503), "answers 503"),
    (hubs.says(307, Location="/elsewhere"), "answers 307, a redirect, and none is followed: set websub.hub anew"),
    slow(hubs.says(301, Location="http://127.0.0.2:1/"), "answers 301, a redirect, and none is followed"),
]


def publish_with(office: Office, within: float) -> str:
    """Publish news of one story, which must succeed in time; what is said of the hub."""
    fill(office, [adding("flood", headline="The water falls", key=True)])
    begun = monotonic()
    result = office.run("publish")
    taken = monotonic() - begun
    assert (result.exit_code, "Subscribers are told of 1 update" in result.stdout) == (0, True)
    assert taken < within
    assert b"The water falls" in (office.folder / "public/atom.xml").read_bytes()
    return result.stderr


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(("answer", "problem"), SILENT)
def test_a_hub_that_gives_no_answer_is_left_alone_for_a_while(
    told: Office, hub: Hub, answer: hubs.Answer, problem: str
) -> None:
    hub.answer = answer
    assert publish_with(told, 5) == f"{LATER} ({hub.url}: {problem}): feed websub\n"
    assert len(hub.told) == 1
    assert publish_with(told, 5) == f"{LATER}: feed websub\n"
    assert len(hub.told) == 1
    hub.answer = hubs.takes
    assert told.run("websub", "--flush").stdout == "The hub is told of 9 feeds.\n"
    assert waiting(told) == []


@pytest.mark.parametrize(("answer", "problem"), REFUSING)
def test_a_hub_that_refuses_is_asked_again_later(told: Office, hub: Hub, answer: hubs.Answer, problem: str) -> None:
    hub.answer = answer
    assert f"{LATER} ({hub.url}: {problem}" in publish_with(told, 5)
    assert (len(hub.told), len(waiting(told))) == (9, 9)
    publish_with(told, 5)
    assert len(hub.told) == 9
    told.change("UPDATE websub_outbox SET next_try = '2020-01-01T00:00:00.000000Z'")
    hub.answer = hubs.takes
    assert told.run("publish").exit_code == 0
    assert waiting(told) == []


def test_a_hub_that_cannot_be_reached_is_told_when_it_is_back(told: Office, hub: Hub) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    config = told.config.read_text()
    told.config.write_text(config.replace(hub.url, f"http://127.0.0.1:{port}/"))
    fill(told, [adding("flood", headline="The water falls")])
    result = told.run("publish")
    assert (result.exit_code, ": cannot be reached (Connection refused)): feed websub" in result.stderr) == (0, True)
    assert len(waiting(told)) > 9
    told.config.write_text(config)
    told.run("publish")
    assert sorted(hub.told) == sorted(topics(told))
    assert waiting(told) == []


def test_a_body_without_end_is_not_read(told: Office, hub: Hub) -> None:
    hub.answer = hubs.endless(200)
    assert publish_with(told, 5) == ""
    assert (len(hub.told), waiting(told)) == (9, [])


@pytest.mark.usefixtures("hasty")
def test_a_slow_hub_is_told_of_as_much_as_there_is_time_for_and_of_the_rest_later(told: Office, hub: Hub) -> None:
    hub.answer = hubs.is_slow(0.2)
    said = publish_with(told, 5)
    assert 1 <= len(set(hub.told)) < 9
    assert said.startswith("the hub is to be told of ")
    # Being cut short is no fault of the hub's.
    assert told.rows("SELECT max(attempts) FROM websub_outbox") == [(0,)]
    hub.answer = hubs.takes
    told.run("publish")
    assert (len(set(hub.told)), waiting(told)) == (9, [])


def test_one_topic_that_the_hub_refuses_holds_up_no_other(told: Office, hub: Hub) -> None:
    refused = f"{URL}stories/flood/rss.xml"
    hub.answer = lambda handler: handler.say(404 if hub.topic == refused else 200, Content_Length="0")
    for _ in range(2):
        publish_with(told, 5)
        assert waiting(told) == [refused]
    assert (len(hub.told), hub.told.count(refused)) == (9 + 8, 1)


def test_a_host_that_is_none_is_told_in_words() -> None:
    with closing(websub._Talk(f"https://{'x' * 70}.example.org/")) as talk, pytest.raises(HubError, match="cannot be"):
        talk.tell(f"{URL}atom.xml", 2)


@pytest.mark.parametrize(
    ("hub", "guarded"),
    [
        ("https://hub.example.org/", True),
        ("http://127.0.0.1:8080/", True),
        ("http://[::1]/hub", True),
        ("http://localhost/", True),
        ("http://hub.example.org/", False),
        ("http://127.0.0.1.example.org/", False),
        ("http://10.0.0.1/", False),
        ("ftp://127.0.0.1/", False),
    ],
)
def test_only_an_encrypted_hub_or_one_on_this_machine_is_told(hub: str, guarded: bool) -> None:
    assert is_guarded(urlsplit(hub)) == guarded
    if guarded:
        websub._Talk(hub).close()
        return
    with pytest.raises(HubError, match="is open to others"):
        websub._Talk(hub)


@pytest.mark.slow
@pytest.mark.parametrize("answer", [hubs.hangs, hubs.drips, hubs.is_slow(0.8), hubs.endless(500)])
def test_as_shipped_no_hub_holds_up_a_publish_for_longer_than_it_says(
    told: Office, hub: Hub, answer: hubs.Answer
) -> None:
    hub.answer = answer
    begun = monotonic()
    publish_with(told, websub.AFTER_PUBLISH_SECONDS + 2)
    print(f"{answer}: {monotonic() - begun:.2f} s with the publish")


# The outbox


@given(st.integers(1, 10_000))
def test_delays_grow_and_are_capped(attempts: int) -> None:
    delays = [outbox.delay(number) for number in range(1, attempts % 50 + 3)]
    assert delays[0] == outbox.FIRST_DELAY
    assert all(earlier <= later <= outbox.LONGEST_DELAY for earlier, later in pairwise(delays))
    assert outbox.delay(attempts + 20) == outbox.LONGEST_DELAY == timedelta(minutes=10)


def test_a_topic_that_changes_while_it_is_told_is_told_again(told: Office) -> None:
    opened = open_database(told.url)
    with opened.writing() as connection:
        outbox.release(connection, "https://hub.example.org/", ["a", "b"], NOW)
        one, other = outbox.ready(connection)
        outbox.promise(connection, "https://hub.example.org/", ["a"], NOW + timedelta(seconds=1))
        outbox.told(connection, one)
        outbox.told(connection, other)
        assert [(left.topic, left.ready) for left in outbox.waiting(connection)] == [("a", False)]
        outbox.release(connection, "https://hub.example.org/", [], NOW)
        assert [(left.topic, left.ready) for left in outbox.waiting(connection)] == [("a", True)]
    opened.close()


def test_what_failed_keeps_its_time_when_it_changes_again(told: Office) -> None:
    opened = open_database(told.url)
    with opened.writing() as connection:
        outbox.release(connection, "https://hub.example.org/", ["a", "b"], NOW)
        outbox.put_off(connection, outbox.due(connection, NOW)[0], NOW, "answers 500", silent=False)
        outbox.release(connection, "https://hub.example.org/", ["a"], NOW + timedelta(seconds=1))
        assert [one.topic for one in outbox.due(connection, NOW + timedelta(seconds=9))] == ["b"]
        assert [one.topic for one in outbox.due(connection, NOW + timedelta(seconds=10))] == ["b", "a"]
    opened.close()


def test_a_hub_that_is_named_no_more_is_forgotten(told: Office, hub: Hub) -> None:
    hub.answer = hubs.says(500)
    publish_with(told, 5)
    assert len(waiting(told)) == 9
    told.config.write_text(told.config.read_text().replace("hub = ", "# hub = "))
    assert told.run("publish").exit_code == 0
    assert waiting(told) == []


def test_a_topic_that_was_erased_leaves_the_outbox(told: Office, hub: Hub) -> None:
    hub.answer = hubs.says(500)
    told.run("append", "flood", "Named", "--tag", "Jane Doe", "--publish")
    assert f"{URL}topics/jane-doe/atom.xml" in waiting(told)
    told.run("erase", "flood/4", "--ground", "Court order", "--yes", "--publish")
    assert [topic for topic in waiting(told) if "jane" in topic] == []
    assert b"jane-doe" not in told.file.read_bytes()


def test_an_older_database_gets_its_outbox_by_upgrading(office: Office, hub: Hub) -> None:
    name_hub(office, hub.url)
    fill(office, story_of(2))
    with closing(sqlite3.connect(office.file)) as connection, connection:
        connection.execute("DROP TABLE websub_outbox")
        connection.execute("UPDATE alembic_version SET version_num = '0002'")
    assert "run feed upgrade" in office.run("publish").stderr
    assert office.run("upgrade").stdout.endswith("feed.db.0002.backup\n")
    assert office.run("publish").exit_code == 0
    assert sorted(hub.told) == sorted(topics(office))


# The command


def test_the_command_shows_what_waits_and_why(told: Office, hub: Hub) -> None:
    hub.answer = hubs.says(500)
    publish_with(told, 5)
    result = told.run("websub")
    assert result.exit_code == 1
    assert result.stdout.count("\n  1 attempt, the last: answers 500\n  tried again from ") == 9
    assert f"{URL}atom.xml\n  changed " in result.stdout
    assert result.stderr == "Error: the hub is to be told of 9 feeds: feed websub --flush\n"
    rows = [json.loads(line) for line in told.run("websub", "--json").stdout.splitlines()]
    assert {(row["hub"], row["attempts"], row["last_error"], row["ready"]) for row in rows} == {
        (hub.url, 1, "answers 500", True)
    }
    status = " ".join(told.run("status").stdout.split())
    assert f"the hub {hub.url} has not been told of 9 changed feeds: feed websub says why" in status
    assert finding(told) == (f"{hub.url} was not told of 9 changed feeds: it answers 500", "feed websub --flush")
    assert told.run("websub", "--flush").exit_code == 1
    assert told.rows("SELECT DISTINCT attempts FROM websub_outbox") == [(2,)]
    hub.answer = hubs.takes
    flushed = told.run("websub", "--flush")
    assert (flushed.exit_code, flushed.stdout, flushed.stderr) == (0, "The hub is told of 9 feeds.\n", "")
    assert "Problem" not in told.run("status").stdout
    assert finding(told) == (f"{hub.url} has been told of every change", None)


def finding(office: Office) -> tuple[str, str | None]:
    """What feed doctor finds of the hub."""
    findings = map(json.loads, office.run("doctor", "--json").stdout.splitlines())
    return next((found["text"], found["repair"]) for found in findings if found["subject"] == "hub")


def test_a_hub_on_the_loopback_address_of_ipv6_is_told() -> None:
    with closing(socket.socket(socket.AF_INET6)) as listening:
        try:
            listening.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        listening.listen()
        listening.settimeout(5)
        port = listening.getsockname()[1]
        accepted = SimpleQueue[bytes]()

        def answer() -> None:
            with closing(listening.accept()[0]) as connection:
                accepted.put(connection.recv(65_536))
                connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")

        thread = Thread(target=answer)
        thread.start()
        with closing(websub._Talk(f"http://[::1]:{port}/hub")) as talk:
            talk.tell(f"{URL}atom.xml", 5)
        thread.join()
    assert f"\r\nHost: [::1]:{port}\r\n".encode() in accepted.get()
    assert websub._Talk("http://[::1]/hub")._connection.port == 80
