"""Runs the measurements named, or all, and prints a row for each."""

from __future__ import annotations

import argparse
import gc
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

from feed.events import NewEvent, UpdateAdded
from feed.newsroom import Newsroom
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
        rooms = [_filled(Path(small), data.many_stories(1_000)), _filled(Path(large), data.many_stories(events))]
        for room in rooms:
            room.publish()
        _compare(("publish, 1,000 events", f"publish, {events:,} events"), rooms, _publish_many, 10)


BENCHMARKS: dict[str, Callable[[int], None]] = {
    "append": append_to_a_long_story,
    "publish": publish_after_one_append,
}


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
    print(f"{name:<40} {figure:>10.2f} {unit}", flush=True)  # noqa: T201  # this is what it is for


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--events", type=int, default=100_000, help="the size of the large log")
    chosen = parser.parse_args()
    for name in chosen.names or BENCHMARKS:
        BENCHMARKS[name](chosen.events)


main()
