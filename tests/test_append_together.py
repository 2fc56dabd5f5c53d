"""Many at work on one log at once: writers, readers and rebuilds."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from importlib import import_module
from itertools import count, islice
from time import sleep

import log_fixtures
import pytest
from log_fixtures import Office, adding, fill, opening, python, silent, story_of

from feed.database import open_database
from feed.errors import DatabaseError
from feed.events import NewEvent, UpdateAdded
from feed.newsroom import Newsroom

template, office = log_fixtures.template, log_fixtures.office

# Appends an event to the story "flood" for each line of standard input, and prints its position.
WRITER = """
from pathlib import Path
from feed import settings
from feed.events import NewEvent, UpdateAdded
from feed.newsroom import Newsroom

with Newsroom.open(settings.load(Path(sys.argv[1]))) as newsroom:
    newsroom.names()
    print("ready", flush=True)
    for line in sys.stdin:
        new = NewEvent(story="flood", data=UpdateAdded(headline="News"))
        print(newsroom.append(new).position, flush=True)
"""


class Writer:
    """A process that appends as often as it is told to."""

    def __init__(self, office: Office) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(python(WRITER, office.config), text=True, stdin=pipe, stdout=pipe, stderr=pipe)
        assert self.process.stdin
        assert self.process.stdout
        assert self.process.stderr
        self._told, self._says, self._errors = self.process.stdin, self.process.stdout, self.process.stderr

    def wait_until_ready(self) -> None:
        assert self._says.readline() == "ready\n"

    def append(self, count: int) -> None:
        """Have it append so many events; this does not wait for them."""
        self._told.write("\n" * count)
        self._told.flush()

    def position(self) -> int:
        """The position of the next event that it has appended."""
        return int(self._says.readline())

    def positions(self) -> list[int]:
        """Those of all others, once it has ended without an error."""
        self._told.close()
        output, errors = self._says.read(), self._errors.read()
        assert (self.process.wait(60), errors) == (0, "")
        return [int(position) for position in output.split()]


@contextmanager
def writers(office: Office, number: int) -> Iterator[list[Writer]]:
    found = [Writer(office) for _ in range(number)]
    with ExitStack() as stack:
        for writer in found:
            stack.enter_context(writer.process)
            stack.callback(writer.process.kill)
        for writer in found:
            writer.wait_until_ready()
        yield found


def test_four_processes_append_to_one_story_and_a_reader_misses_nothing(office: Office) -> None:
    fill(office, [opening()])
    seen: list[int] = []
    rounds = 0
    with writers(office, 4) as four, office.newsroom() as newsroom:
        for writer in four:
            writer.append(250)
        while len(seen) < 1001 and all(writer.process.poll() is None for writer in four):
            # As a reader who comes back again and again, and sometimes leaves in the middle.
            seen.extend(event.position for event in islice(newsroom.events(after=len(seen)), 50))
            assert seen == list(range(1, len(seen) + 1))
            rounds += 1
            sleep(0.01)
        appended = [writer.positions() for writer in four]
    assert rounds > 20
    assert all(positions == sorted(positions) and len(positions) == 250 for positions in appended)
    assert sorted(position for positions in appended for position in positions) == list(range(2, 1002))
    assert office.rows("SELECT min(version), max(version), count(DISTINCT version) FROM events") == [(1, 1001, 1001)]
    names = {name for (name,) in office.rows("SELECT \"update\" FROM updates WHERE story = 'flood'")}
    assert names == {str(number) for number in range(1, 1001)}
    times = [at for (at,) in office.rows("SELECT recorded_at FROM events ORDER BY position")]
    assert times == sorted(set(times))
    assert office.is_sound()


def test_threads_can_share_a_newsroom(office: Office) -> None:
    fill(office, [opening()])
    new = NewEvent(story="flood", data=UpdateAdded(headline="News"))
    with office.newsroom() as newsroom, ThreadPoolExecutor(4) as pool:
        appended = list(pool.map(lambda _: newsroom.append(new).position, range(100)))
    assert sorted(appended) == list(range(2, 102))
    assert office.is_sound()


# Rebuilding

rebuilding = import_module("feed.projections.rebuild")


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "BATCH", 25)


def in_first_pause(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Have something done once while a rebuild leaves the lock to others."""
    acts = iter([act])

    def pause(seconds: float) -> None:
        for act in acts:
            act()

    monkeypatch.setattr(rebuilding, "sleep", pause)


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("check", [False, True])
def test_another_process_appends_while_the_read_tables_are_made_anew(
    office: Office, monkeypatch: pytest.MonkeyPatch, check: bool
) -> None:
    fill(office, story_of(500))
    totals: list[int] = []
    appended: list[int] = []
    with writers(office, 1) as (writer,), office.newsroom() as newsroom:

        def pause(seconds: float) -> None:
            # The first is appended within the pause, the second at the same time as the next step.
            writer.append(2)
            appended.append(writer.position())

        monkeypatch.setattr(rebuilding, "sleep", pause)
        if check:
            assert newsroom.check(lambda done, total: totals.append(total)) is None
        else:
            assert newsroom.rebuild(lambda done, total: totals.append(total)) >= 501 + len(appended)
        monkeypatch.undo()
        appended.extend(writer.positions())
    assert totals == sorted(totals)
    assert len(appended) > 40
    assert sorted(appended) == list(range(502, 502 + len(appended))) == list(range(502, office.size() + 1))
    assert office.rows("SELECT count(*) FROM updates") == [(office.size() - 1,)]
    assert office.is_sound()


def test_a_rebuild_leaves_the_lock_free_between_its_steps_for_a_part_of_the_time_it_held_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(office, story_of(100))
    monkeypatch.setattr(rebuilding, "BATCH", 25)
    monkeypatch.setattr(rebuilding, "monotonic", count(step=4).__next__)
    pauses: list[float] = []
    monkeypatch.setattr(rebuilding, "sleep", pauses.append)
    with office.newsroom() as newsroom:
        newsroom.rebuild(silent)
    assert pauses == [1, 1, 1, 1, 1]


@pytest.mark.usefixtures("small_steps")
def test_of_two_rebuilds_the_first_is_told_that_the_second_has_taken_over(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(office, story_of(100))
    before = office.rows("SELECT * FROM updates")
    with office.newsroom() as first, office.newsroom() as second:
        in_first_pause(monkeypatch, lambda: second.rebuild(silent))
        with pytest.raises(DatabaseError) as caught:
            first.rebuild(silent)
    assert str(caught.value) == f"{office.file}: another rebuild has begun meanwhile: let that one finish"
    assert office.rows("SELECT * FROM updates") == before
    assert office.is_sound()


@pytest.mark.usefixtures("small_steps")
def test_what_is_appended_in_the_middle_of_a_rebuild_is_in_the_new_tables(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(office, story_of(100))
    lines = [opening("elbe"), adding("elbe"), adding(update="late")]
    in_first_pause(monkeypatch, lambda: fill(office, lines))
    with office.newsroom() as newsroom:
        assert newsroom.rebuild(silent) == 104
        assert [story.slug for story in newsroom.stories()] == ["elbe", "flood"]
        assert "late" in newsroom.story("flood").updates
    assert office.is_sound()


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("check", [False, True])
def test_what_is_erased_in_the_middle_of_a_rebuild_is_not_in_the_new_tables(
    office: Office, monkeypatch: pytest.MonkeyPatch, check: bool
) -> None:
    fill(office, story_of(100))
    erased: list[int] = []
    erase = ("erase", "flood/1", "--ground", "GDPR", "--yes")
    in_first_pause(monkeypatch, lambda: erased.append(office.run(*erase).exit_code))
    with office.newsroom() as newsroom:
        assert newsroom.check(silent) is None if check else newsroom.rebuild(silent)
    assert erased == [0]
    assert office.rows("SELECT headline, title FROM updates WHERE \"update\" = '1'") == [("", "")]
    assert office.rows("SELECT count(*) FROM updates") == [(100,)]
    with office.newsroom() as newsroom:
        assert newsroom.check(silent) is None


def test_what_is_appended_between_the_last_step_and_the_swap_is_caught_up(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(office, story_of(10))
    # All fits into one step, so this pause is the last before the swap.
    in_first_pause(monkeypatch, lambda: fill(office, [adding(update="late")]))
    with office.newsroom() as newsroom:
        assert newsroom.rebuild(silent) == 12
    assert office.rows("SELECT position FROM projection_state") == [(12,)]
    assert office.is_sound()


def test_a_reader_carries_on_with_its_snapshot_while_the_tables_are_swapped(office: Office) -> None:
    fill(office, story_of(1_100))
    fill(office, [opening(f"story-{number:04}") for number in range(1_100)])
    opened = open_database(office.url)
    with opened.reading() as connection, office.newsroom() as newsroom:
        before = connection.exec_driver_sql('SELECT "update", headline FROM updates').fetchall()
        listing = newsroom.stories()
        first = next(listing)
        with office.newsroom() as other:
            other.rebuild(silent)
            other.append(NewEvent(story="flood", data=UpdateAdded(headline="News")))
        assert connection.exec_driver_sql('SELECT "update", headline FROM updates').fetchall() == before
        assert len([first, *listing]) == 1_101
    opened.close()
    assert len(before) == 1_100
    assert office.is_sound()


def test_a_difference_far_from_the_end_of_a_table_is_told_and_leaves_nothing_behind(office: Office) -> None:
    fill(office, story_of(2_500))
    office.change("UPDATE updates SET headline = 'Forged' WHERE \"update\" = '17'")
    with office.newsroom() as newsroom:
        found = newsroom.check(silent)
    assert found is not None
    assert (found.table, found.key, found.column) == ("updates", ("flood", "17"), "headline")
    assert (found.live, found.rebuilt) == ("Forged", "Update 17")
    assert office.rows("SELECT name FROM sqlite_master WHERE name LIKE 'rebuilt%'") == []
    Newsroom.open(office.settings).close()
    assert sorted(file.name for file in office.folder.iterdir()) == ["feed.db", "feed.toml"]
