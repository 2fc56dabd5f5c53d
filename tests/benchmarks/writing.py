"""The benchmarks of what writes to the log."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import PROJECT, Cost, Plan, Row, Work, feed, side

LINES = "events.jsonl"
_APPENDS = 200


def append(plan: Plan) -> Iterator[Row]:
    """A durable append, one event a transaction; and to a story of 10 and of 10,000 updates: at most 1.3 times."""
    yield from _durable(plan, 1, "append, one event a transaction")
    yield from _to_a_long_story(plan)


def batches(plan: Plan) -> Iterator[Row]:
    """A hundred events a transaction."""
    yield from _durable(plan, 100, "append, 100 events a transaction")


def import_file(plan: Plan) -> Iterator[Row]:
    """`feed import` of N events, and of a real stream, as a whole process.

    What is raw is timed without the start of its process.
    """
    file = plan.folder / LINES
    side("ours.write_lines", file, [["newsroom", plan.events]])
    yield from _import(plan, file, plan.events, "feed import")
    real = next(PROJECT.parent.glob("shared/data/*.jsonl.gz"), None)
    if real is None:
        print("the real stream is skipped: there is no ../shared/data/*.jsonl.gz")
        return
    unpacked = plan.folder / "real.jsonl"
    unpacked.write_bytes(gzip.decompress(real.read_bytes()))
    yield from _import(plan, unpacked, unpacked.read_bytes().count(b"\n"), "feed import, a real stream")


def append_with_proof(plan: Plan) -> Iterator[Row]:
    """A durable append with the proof's columns, and with empty ones and no hashing: at most 1.1 times."""
    template = plan.folder / "filled"
    side("ours.fill", template, "one_story", 100, 0)

    def appending(how: str) -> Cost:
        with plan.fresh(template) as folder:
            return side(how, folder, _APPENDS)

    costs = plan.in_turn(
        {
            "append, with proof": lambda: appending("ours.append_more"),
            "without": lambda: appending("ours.append_unproved"),
        }
    )
    yield from plan.rows(costs, "ms", times=_APPENDS)


def empty(plan: Plan) -> Path:
    """An empty newsroom, to be copied."""
    folder = plan.folder / "empty"
    if not folder.exists():
        side("ours.make", folder)
    return folder


def _durable(plan: Plan, batch: int, what: str) -> Iterator[Row]:
    def appending(module: str) -> Cost:
        with plan.fresh(empty(plan)) as folder:
            return side(f"{module}.append", folder, plan.events, batch)

    works: dict[str, Work] = {
        what: lambda: appending("ours"),
        "raw sqlite3": _raw(plan, "append", plan.events, batch),
        "eventsourcing": lambda: appending("peers"),
    }
    yield from plan.rows(plan.in_turn(works), "events/s", events=plan.events)


def _to_a_long_story(plan: Plan) -> Iterator[Row]:
    templates = {"10,000": plan.folder / "long", "10": plan.folder / "short"}
    side("ours.fill", templates["10,000"], "one_story", 10_000, 1_000)
    side("ours.fill", templates["10"], "one_story", 10, 10)

    def appending(updates: str) -> Cost:
        with plan.fresh(templates[updates]) as folder:
            return side("ours.append_more", folder, _APPENDS)

    costs = plan.in_turn(
        {
            "append, story of 10,000 updates": lambda: appending("10,000"),
            "story of 10 updates": lambda: appending("10"),
        }
    )
    yield from plan.rows(costs, "ms", times=_APPENDS)


def _import(plan: Plan, file: Path, events: int, what: str) -> Iterator[Row]:
    def importing() -> Cost:
        with plan.fresh(empty(plan)) as folder:
            return feed(folder, "import", file)

    costs = plan.in_turn({what: importing, "raw sqlite3": _raw(plan, "import_lines", file)})
    yield from plan.rows(costs, "events/s", events=events, memory=True)


def _raw(plan: Plan, work: str, *arguments: object) -> Work:
    """The writes of one of our works, recorded once, sent again in each round."""
    file = plan.folder / f"{work}.transactions"
    with plan.fresh(empty(plan)) as folder:
        side("recording.record", file, work, folder, *arguments)

    def replaying() -> Cost:
        with plan.fresh(empty(plan)) as folder:
            return side("raw.replay", folder, file)

    return replaying
