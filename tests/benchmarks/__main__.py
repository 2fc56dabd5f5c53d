"""Runs the measurements named, or all, and prints a row for each."""

from __future__ import annotations

import argparse
import gc
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

from feed import log, merkle
from feed.database import open_database
from feed.events import NewEvent, UpdateAdded
from feed.newsroom import Newsroom
from feed.projections import history
from feed.settings import Settings
from feed.site import prose
from feed.site.addresses import Addresses
from feed.site.links import Links
from feed.site.pages import Pages
from feed.site.parts import Parting, parting
from feed.site.story_page import StoryPage
from feed.site.theme import Theme
from feed.site.voice import voice
from tests.benchmarks import data

ROUNDS = 5


def append_to_a_long_story(_events: int) -> None:
    """An append, with a stance on a claim, to a story of 10 and of 10,000 updates: no more than 1.3 times."""
    with tempfile.TemporaryDirectory() as short, tempfile.TemporaryDirectory() as long:
        rooms = [_filled(Path(short), data.one_story(10, 10)), _filled(Path(long), data.one_story(10_000, 1_000))]
        _compare(("append, story of 10 updates", "append, story of 10,000 updates"), rooms, _append_many, 200)


def publish_after_one_append(events: int) -> None:
    """A publish after one append, with 1,000 and with N events in the log: under 40 ms of CPU."""
    with tempfile.TemporaryDirectory() as small, tempfile.TemporaryDirectory() as large:
        rooms = [_filled(Path(small), data.newsroom(1_000)), _filled(Path(large), data.many_stories(events))]
        for room in rooms:
            room.publish()
        _compare(("publish, 1,000 events", f"publish, {events:,} events"), rooms, _publish_many, 10)


def page_of_200_updates(_events: int) -> None:
    """A story's page with 200 updates, from what the read tables hold to its bytes: under 25 ms of CPU and 300 KB."""
    with tempfile.TemporaryDirectory() as folder:
        made = data.make(Path(folder))
        with Newsroom.open(made) as room:
            room.append_all(list(data.live_blog(200)))
        database = open_database(made.database_url)
        with database.reading() as connection:
            whole, parts = history.stretch(connection, "live", 1, None), parting(history.added(connection, "live"))
        database.close()
        rounds = [_page(whole, parts, made) for _ in range(10 * ROUNDS)]
    # Whatever else the machine does adds to a figure, and never takes from it.
    _row("page of 200 updates", min(seconds for seconds, _ in rounds) * 1000, "ms CPU")
    _row("page of 200 updates", rounds[0][1] / 1000, "KB")


def _page(whole: history.Stretch, parts: Parting, made: Settings) -> tuple[float, int]:
    """Seconds of CPU, and bytes."""
    addresses = Addresses(url=made.site.url, entry_link=made.site.entry_link)
    spoken = voice(made.site.language, made.words, ZoneInfo(made.site.timezone))
    links = Links(story="live", number=1, parting=parts, addresses=addresses, relative=True, to_pages=True)
    pages = Pages(Theme(None), addresses, made.site.title, spoken, [])
    prose.render.cache_clear()
    gc.collect()
    start = time.process_time()
    told = StoryPage(whole, {}, links, pages.theme, spoken)
    page = pages.story(told, "", [], oldest_first=False)
    return time.process_time() - start, len(page)


def prove(events: int) -> None:
    """A proof of a log of N events, without and with the comparison of the read tables: 60,000 events/s or more."""
    with tempfile.TemporaryDirectory() as folder, _filled(Path(folder), data.newsroom(events)) as room:
        bare = min(_seconds(lambda: room.prove([], _silent)) for _ in range(ROUNDS))
        _row(f"verify, {events:,} events, the log", events / bare, "events/s")
        _row("  with the read tables", events / _seconds(lambda: room.verify([], _silent)), "events/s")


def append_with_proof(_events: int) -> None:
    """A durable append with the proof's columns, and with empty ones and no hashing: at most 1.1 times."""
    with tempfile.TemporaryDirectory() as with_proof, tempfile.TemporaryDirectory() as without:
        rooms = [_filled(Path(folder), data.one_story(100, 0)) for folder in (without, with_proof)]
        rounds = []
        for _ in range(3 * ROUNDS):
            with _no_proof():
                bare = _seconds(lambda: _append_many(rooms[0], 200))
            rounds.append((bare, _seconds(lambda: _append_many(rooms[1], 200))))
        for name, figures in zip(("without", "with"), zip(*rounds, strict=True), strict=True):
            _row(f"durable append, {name} proof", statistics.median(figures) / 200 * 1000, "ms")
        _row("  ratio", statistics.median(proved / bare for bare, proved in rounds), "")
        for room in rooms:
            room.close()


BENCHMARKS: dict[str, Callable[[int], None]] = {
    "append": append_to_a_long_story,
    "page": page_of_200_updates,
    "publish": publish_after_one_append,
    "verify": prove,
    "proof": append_with_proof,
}


def _silent(_done: int, _total: int) -> None:
    """No progress is shown."""


@contextmanager
def _no_proof() -> Iterator[None]:
    """Appends as if there were no proof: no hash is made, and the columns for them stay empty."""
    with (
        patch.object(log, "commit", lambda _salt, _payload: b""),
        patch.object(log, "header", lambda *_columns: b""),
        patch.object(log.secrets, "token_bytes", lambda _size: b""),
        patch.object(merkle, "leaf_hash", lambda _header: b""),
        patch.object(merkle, "extend", lambda _frontier, _size, _leaf: ()),
    ):
        yield


def _seconds(work: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _filled(folder: Path, events: Iterable[NewEvent]) -> Newsroom:
    newsroom = Newsroom.open(data.make(folder))
    remaining = iter(events)
    while some := list(islice(remaining, 1_000)):
        newsroom.append_all(some)
    return newsroom


def _compare(names: tuple[str, str], rooms: list[Newsroom], work: Callable[[Newsroom, int], float], times: int) -> None:
    """Both in turn, so that a machine that slows down slows both; milliseconds of CPU each, and their ratio."""
    for room in rooms:
        work(room, times)
    rounds = [[work(room, times) for room in rooms] for _ in range(ROUNDS)]
    for name, figures in zip(names, zip(*rounds, strict=True), strict=True):
        _row(name, statistics.median(figures) * 1000, "ms CPU")
    _row("  ratio", statistics.median(large / small for small, large in rounds), "")
    for room in rooms:
        room.close()


def _append_many(room: Newsroom, times: int) -> float:
    """Seconds of CPU of one append."""
    story = room.names()[0]
    gc.collect()
    start = time.process_time()
    for number in range(times):
        stance = data.disputed(number)
        room.append(NewEvent(story=story, data=UpdateAdded(headline="The dam holds", stances=(stance,))))
    return (time.process_time() - start) / times


def _publish_many(room: Newsroom, times: int) -> float:
    """Seconds of CPU of one publish after an append."""
    names = room.names()
    spent = 0.0
    for number in range(times):
        room.append(NewEvent(story=names[number % len(names)], data=UpdateAdded(headline="The dam holds")))
        start = time.process_time()
        room.publish()
        spent += time.process_time() - start
    return spent / times


def _row(name: str, figure: float, unit: str) -> None:
    print(f"{name:<40} {figure:>10.2f} {unit}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--events", type=int, default=100_000, help="the size of the large log")
    chosen = parser.parse_args()
    for name in chosen.names or BENCHMARKS:
        BENCHMARKS[name](chosen.events)


if __name__ == "__main__":
    main()
