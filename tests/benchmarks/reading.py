"""The benchmarks of what reads the log, and of how long a command takes to start."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from statistics import median

from tests.benchmarks.measure import Plan, Row, Work, feed, process, python, side
from tests.benchmarks.writing import empty

# Of the long story in `data.live_blog`, which begins on 3 February 2026 and has 72 updates a day, nearly all is known.
AS_OF = "2026-04-10T00:00:00Z"
_LONG_UPDATES = 4_761


def rebuild(plan: Plan) -> Iterator[Row]:
    """The read tables of N events anew; its peer replays as many into objects in memory, and writes nothing."""
    template, peer = plan.folder / "filled", plan.folder / "peer"
    side("ours.fill", template, "newsroom", plan.events)
    peer.mkdir()
    stories = int(side("peers.append", peer, plan.events, 1_000).facts["stories"])
    works: dict[str, Work] = {
        "rebuild": lambda: side("ours.rebuild", template),
        "eventsourcing, replay into memory": lambda: side("peers.replay", peer, stories),
    }
    yield from plan.rows(plan.in_turn(works), "events/s", events=plan.events, memory=True)


def as_of(plan: Plan) -> Iterator[Row]:
    """`feed show STORY --as-of MOMENT` of a story of 5,000 events, as a whole process; beside what must be loaded."""
    template = plan.folder / "filled"
    events = int(side("ours.fill", template, "live_blog", _LONG_UPDATES).facts["events"])
    what = f"feed show --as-of, story of {events:,} events"
    works: dict[str, Work] = {
        what: lambda: feed(template, "show", "live", "--as-of", AS_OF),
        "import sqlalchemy": lambda: python("import sqlalchemy"),
    }
    costs = plan.in_turn(works)
    yield from plan.rows(costs, "ms", events=events)
    rounds = list(zip(*costs.values(), strict=True))
    wall, cpu = (median(getattr(mine, of) - getattr(its, of) for mine, its in rounds) * 1000 for of in ("wall", "cpu"))
    yield plan.row("  difference", wall, "ms", cpu, events=events)


def verify(plan: Plan) -> Iterator[Row]:
    """A proof of a log of N events, without and with the comparison of the read tables: 60,000 events/s or more."""
    template = plan.folder / "filled"
    side("ours.fill", template, "newsroom", plan.events)
    for what, work in (("verify, the log", "ours.prove"), ("verify, with the read tables", "ours.verify")):
        costs = plan.in_turn({what: partial(side, work, template)})
        yield from plan.rows(costs, "events/s", events=plan.events, memory=True)


def start(plan: Plan) -> Iterator[Row]:
    """Commands as whole processes, beside what must be loaded for them."""
    works: dict[str, Work] = {
        "feed --help": lambda: process(sys.executable, "-m", "feed", "--help"),
        "import click": lambda: python("import click"),
    }
    yield from plan.rows(plan.in_turn(works), "ms")
    with plan.fresh(empty(plan)) as folder:
        feed(folder, "open", "flood", "The river rises")
        works = {
            "feed append": lambda: feed(folder, "append", "flood", "The dam holds"),
            "import click, sqlalchemy, msgspec": lambda: python("import click, sqlalchemy, msgspec"),
        }
        yield from plan.rows(plan.in_turn(works), "ms")
