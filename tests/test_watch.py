"""Publishing by itself: when, what a fault does to it, and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import hub as hubs
import log_fixtures
import pytest
from hub import Hub
from hypothesis import given
from hypothesis import strategies as st
from log_fixtures import Office, adding, feed_command, files_in, fill, opening, story_of

from feed import watch as watching
from feed import websub
from feed.errors import FeedError
from feed.site.publish import Report
from feed.watch import MOST_HOLDS, POLL_SECONDS, Rule, watch

template, office = log_fixtures.template, log_fixtures.office

PATIENCE = 20.0


def until(is_so: Callable[[], bool]) -> float:
    """Wait until something is so; returns for how many seconds."""
    begun = monotonic()
    while not is_so():
        assert monotonic() - begun < PATIENCE
        sleep(0.01)
    return monotonic() - begun


# When a publish is due

# What is seen, look by look: how many seconds later, and how many events more.
looks = st.lists(st.tuples(st.floats(0.01, 3), st.sampled_from([0, 0, 0, 1, 5])), min_size=1, max_size=60)
holds = st.floats(0, 5)


def caught_up(hold: float) -> Rule:
    rule = Rule(hold)
    rule.published(0)
    return rule


@given(looks, holds)
def test_a_publish_comes_after_a_hold_without_growth_or_after_ten_holds_and_no_earlier(
    seen: list[tuple[float, int]], hold: float
) -> None:
    rule, now, size, published = caught_up(hold), 0.0, 0, 0
    grown = begun = 0.0
    for later, more in seen:
        now += later
        if more:
            begun = begun if size > published else now
            size, grown = size + more, now
        due = rule.look(size, now)
        waited_enough = now >= grown + hold or now >= begun + MOST_HOLDS * hold
        assert due == (size > published and waited_enough)
        if due:
            rule.published(size)
            published = size


@given(looks, holds)
def test_whatever_happens_an_event_waits_for_ten_holds_at_most(seen: list[tuple[float, int]], hold: float) -> None:
    rule, now, size = caught_up(hold), 0.0, 0
    oldest: float | None = None
    for later, more in seen:
        now += later
        size += more
        oldest = now if more and oldest is None else oldest
        if rule.look(size, now):
            rule.published(size)
            oldest = None
        assert oldest is None or now < oldest + max(MOST_HOLDS * hold, 1e-9)


@given(st.lists(st.floats(0, 100), max_size=20), holds)
def test_where_nothing_is_appended_nothing_is_published(moments: list[float], hold: float) -> None:
    rule = caught_up(hold)
    assert not any(rule.look(0, moment) for moment in sorted(moments))


@given(holds)
def test_the_first_look_counts_as_growth(hold: float) -> None:
    rule = Rule(hold)
    assert rule.look(0, 0.0) == (hold == 0)
    assert rule.look(0, hold)


def test_an_amendment_begins_the_hold_anew() -> None:
    rule = caught_up(60)
    assert not rule.look(1, 0)
    assert not rule.look(2, 50)
    assert not rule.look(2, 109)
    assert rule.look(2, 110)


def test_what_is_appended_during_a_publish_is_held_from_the_next_look_on() -> None:
    rule = caught_up(10)
    rule.look(1, 0)
    assert rule.look(1, 10)
    rule.published(1)
    assert not rule.look(2, 15)
    assert not rule.look(2, 24)
    assert rule.look(2, 25)


@given(st.integers(1, 40))
def test_rests_after_failures_grow_to_a_minute_and_end_with_a_success(failures: int) -> None:
    rule, now, rests = caught_up(0), 0.0, []
    for _ in range(failures):
        assert rule.look(1, now)
        rule.failed(now)
        rests.append(rule.wait(now))
        assert not rule.look(1, now + rests[-1] / 2)
        now += rests[-1]
    assert rests == [min(2.0**number, 60) for number in range(failures)]
    rule.published(1)
    assert rule.wait(now) == POLL_SECONDS
    rule.look(2, now)
    rule.failed(now)
    assert rule.wait(now) == 1


@given(looks, holds)
def test_a_wait_ends_when_the_publish_is_due(seen: list[tuple[float, int]], hold: float) -> None:
    rule, now, size = caught_up(hold), 0.0, 0
    for later, more in seen:
        now, size = now + later, size + more
        if rule.look(size, now):
            assert rule.wait(now) == 0
            rule.published(size)
        assert 0 <= rule.wait(now) <= POLL_SECONDS


# In a thread, as a server has it


class Watcher:
    """`reports` and `errors` are what it said."""

    def __init__(self, office: Office, hold: float) -> None:
        self.reports: list[Report] = []
        self.errors: list[FeedError] = []
        self.stop = Event()
        arguments = (office.settings, hold, self.stop, self.reports.append, self.errors.append)
        self.thread = Thread(target=watch, args=arguments)
        self.thread.start()


@contextmanager
def watched(office: Office, hold: float = 0.1) -> Iterator[Watcher]:
    watcher = Watcher(office, hold)
    try:
        yield watcher
    finally:
        watcher.stop.set()
        watcher.thread.join(PATIENCE)
        assert not watcher.thread.is_alive()


def atom(office: Office) -> bytes:
    file = office.folder / "public/atom.xml"
    return file.read_bytes() if file.exists() else b""


@pytest.fixture
def running_hub() -> Iterator[Hub]:
    with hubs.running() as hub:
        yield hub


def test_what_is_appended_is_published_once_and_what_is_not_is_left_alone(office: Office) -> None:
    with watched(office) as watcher:
        until(lambda: len(watcher.reports) == 1)
        fill(office, [opening(), adding(headline="The dam holds")])
        until(lambda: len(watcher.reports) == 2)
        assert b"The dam holds" in atom(office)
        sleep(4 * POLL_SECONDS)
    assert [report.position for report in watcher.reports] == [0, 2]
    assert watcher.errors == []
    assert not (office.folder / "feed.db-wal").exists()


@pytest.mark.slow
def test_a_burst_is_published_as_one_and_an_update_of_it_can_be_amended_until_then(office: Office) -> None:
    fill(office, [opening()])
    with watched(office, hold=2.5) as watcher:
        for number in range(5):
            assert office.run("append", "flood", f"Update {number}").exit_code == 0
        assert office.run("amend", "flood/5", "--body", "As it was meant").exit_code == 0
        until(lambda: len(watcher.reports) == 1)
    assert (watcher.reports[0].position, watcher.reports[0].told) == (7, {"update": 5})
    assert b"As it was meant" in atom(office)


@pytest.mark.slow
def test_who_never_pauses_is_published_after_ten_holds(office: Office) -> None:
    fill(office, [opening()])
    with watched(office, hold=0.2) as watcher:
        until(lambda: len(watcher.reports) == 1)
        with office.newsroom() as newsroom:
            end = monotonic() + PATIENCE
            while len(watcher.reports) == 1 and monotonic() < end:
                list(newsroom.import_lines([adding()]))
                sleep(0.02)
        assert len(watcher.reports) == 2


def test_a_publish_that_fails_is_told_once_and_made_up_for(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "FIRST_DELAY", 0.05)
    fill(office, story_of(1))
    (office.folder / "public").write_text("in the way")
    with watched(office) as watcher:
        until(lambda: len(watcher.errors) == 1)
        sleep(0.5)
        (office.folder / "public").unlink()
        until(lambda: len(watcher.reports) == 1)
        fill(office, [adding(headline="Afterwards")])
        until(lambda: b"Afterwards" in atom(office))
    assert [str(error).partition(": ")[0] for error in watcher.errors] == [str(office.folder / "public")]


def test_a_bad_template_is_told_and_ends_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "FIRST_DELAY", 0.05)
    office.config.write_text(office.config.read_text().replace("# theme =", "theme ="))
    (office.folder / "theme").mkdir()
    template = office.folder / "theme/footer.html"
    template.write_text("{{ nothing.of.the.kind }}")
    fill(office, story_of(1))
    with watched(office) as watcher:
        until(lambda: len(watcher.errors) == 1)
        template.write_text("<p>Mended</p>")
        until(lambda: len(watcher.reports) == 1)
    assert "'nothing' is undefined: mend it" in str(watcher.errors[0])
    assert b"Mended" in (office.folder / "public/index.html").read_bytes()


@pytest.mark.slow
def test_a_database_that_is_gone_for_a_while_is_told_and_watched_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "FIRST_DELAY", 0.05)
    with watched(office) as watcher:
        until(lambda: len(watcher.reports) == 1)
        office.file.rename(office.folder / "away.db")
        until(lambda: len(watcher.errors) == 1)
        (office.folder / "away.db").rename(office.file)
        fill(office, story_of(1))
        until(lambda: b"Update 1" in atom(office))
    assert "there is no such database" in str(watcher.errors[0])


def test_the_hub_is_told_and_one_that_hangs_holds_up_no_publish(
    office: Office, running_hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = running_hub
    office.config.write_text(
        office.config.read_text().replace('# hub = "https://hub.example.org/"', f'hub = "{hub.url}"')
    )
    monkeypatch.setattr(watching, "TELL_SECONDS", 0.1)
    monkeypatch.setattr(websub, "PATIENCE_SECONDS", 0.3)
    fill(office, story_of(1))
    with watched(office) as watcher:
        until(lambda: len(set(hub.told)) == 12)
        until(lambda: office.rows("SELECT * FROM websub_outbox") == [])
        hub.answer = hubs.hangs
        for number in range(3):
            fill(office, [adding(headline=f"News {number}")])
            until(lambda number=number: f"News {number}".encode() in atom(office))
        until(lambda: len(watcher.errors) == 1)
        hub.ends.set()
        hub.answer = hubs.takes
        office.change("UPDATE websub_outbox SET next_try = '2020-01-01T00:00:00.000000Z'")
        until(lambda: office.rows("SELECT * FROM websub_outbox") == [])
    assert "does not answer within 0.3 s" in str(watcher.errors[0])
    assert hub.faults == []


# As a command


class Command:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def end(self, number: signal.Signals) -> tuple[int, str, str]:
        self.process.send_signal(number)
        said, advice = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, said, advice


@contextmanager
def command(office: Office, *args: str) -> Iterator[Command]:
    line = feed_command(office, "publish", "--watch", *args)
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield Command(process)
        finally:
            if process.poll() is None:
                process.kill()


def is_published(office: Office) -> bool:
    record = office.folder / "public/publish.json"
    return record.exists() and json.loads(record.read_bytes())["position"] == office.size()


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_the_command_goes_on_until_a_signal_and_leaves_nothing_half_done(
    office: Office, number: signal.Signals
) -> None:
    fill(office, story_of(2))
    with command(office, "--hold", "0.1") as watcher:
        until(lambda: is_published(office))
        fill(office, [adding(headline="It is visible")])
        until(lambda: b"It is visible" in atom(office))
        until(lambda: is_published(office))
        status, said, advice = watcher.end(number)
    assert (status, advice) == (0, "publishing when nothing has been appended for 0.1 s; Ctrl-C ends it\n")
    assert "Subscribers are told of 2 updates." in said
    assert "Subscribers are told of 1 update." in said
    assert [name for name in files_in(office.folder) if name.endswith((".feed-part", "-wal", "-shm"))] == []
    assert office.run("publish").stdout.startswith("Subscribers are told nothing new.\n0 files written")


@pytest.mark.slow
def test_a_signal_during_a_publish_lets_it_finish(office: Office) -> None:
    fill(office, [line for story in range(40) for line in story_of(5, f"story-{story}")])
    with command(office, "--hold", "0", "--json") as watcher:
        until(lambda: (office.folder / "public/stories").exists())
        assert not is_published(office)
        status, said, _ = watcher.end(signal.SIGTERM)
    assert (status, json.loads(said)["position"], is_published(office)) == (0, 240, True)


@pytest.mark.slow
def test_the_folder_can_be_another_one(office: Office, tmp_path: Path) -> None:
    fill(office, story_of(1))
    with command(office, "--hold", "0", "--out", str(tmp_path / "elsewhere")) as watcher:
        until(lambda: (tmp_path / "elsewhere/publish.json").exists())
        assert watcher.end(signal.SIGTERM)[0] == 0
    assert not (office.folder / "public").exists()


@pytest.mark.slow
def test_an_append_is_visible_within_a_second_of_the_holds_end(office: Office) -> None:
    fill(office, story_of(20))
    taken = []
    with command(office, "--hold", "0.5") as watcher:
        until(lambda: is_published(office))
        for number in range(10):
            fill(office, [adding(headline=f"Timed {number}")])
            taken.append(until(lambda number=number: f"Timed {number}".encode() in atom(office)))
        assert watcher.end(signal.SIGTERM)[0] == 0
    print(f"from append to feed with a hold of 0.5 s: {sorted(f'{seconds:.2f}' for seconds in taken)}")
    assert max(taken) < 1.5


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--watch", "--all"], "--watch goes with --out, --hold and --json only"),
        (["--watch", "-n"], "--watch goes with --out, --hold and --json only"),
        (["--hold", "3"], "--hold goes with --watch"),
        (["--watch", "--hold", "-1"], "not in the range"),
        (["--watch", "--hold", "nan"], "must be a number of seconds"),
    ],
)
def test_wrong_usage_is_told(office: Office, args: list[str], problem: str) -> None:
    result = office.run("publish", *args)
    assert (result.exit_code, problem in result.stderr) == (2, True)
    assert not (office.folder / "public").exists()


def test_where_there_is_nothing_to_watch_the_command_ends_at_once(office: Office) -> None:
    office.file.unlink()
    result = office.run("publish", "--watch")
    assert (result.exit_code, "there is no such database" in result.stderr) == (1, True)
