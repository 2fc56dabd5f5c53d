"""How the cost of an event, or of an action, grows with the log: what the picture is drawn from."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.benchmarks.measure import Cost, Plan, Row, feed, side
from tests.benchmarks.reading import AS_OF
from tests.benchmarks.writing import LINES

SIZES = (1_000, 10_000, 100_000, 1_000_000)
# The first story of every log, in events of `data.live_blog`: the same size whatever the log's.
_UPDATES, _EVENTS = 200, 211
_APPENDS, _PUBLISHES = 40, 10


def growth(plan: Plan) -> Iterator[Row]:
    """The same works at 1,000 events, and ten times as many, up to N."""
    empty = plan.folder / "published"
    side("ours.make", empty)
    feed(empty, "publish")
    for events in SIZES:
        if events <= plan.events:
            with plan.fresh(empty) as folder:
                yield from _of_size(plan, empty, folder, events)


def _of_size(plan: Plan, empty: Path, folder: Path, events: int) -> Iterator[Row]:
    file = folder / LINES
    side("ours.write_lines", file, [["live_blog", _UPDATES], ["newsroom", events - _EVENTS]])

    def importing() -> Cost:
        with plan.fresh(empty) as another:
            return feed(another, "import", file)

    yield from plan.rows(plan.in_turn({"feed import": importing}), "events/s", events=events, memory=True)
    feed(folder, "import", file)
    side("ours.mark_published", folder)
    for what, work in (("rebuild", "ours.rebuild"), ("verify, the log", "ours.prove")):
        costs = plan.in_turn({what: partial(side, work, folder)})
        yield from plan.rows(costs, "events/s", events=events, memory=True)
    costs = plan.in_turn({"feed show --as-of": lambda: feed(folder, "show", "live", "--as-of", AS_OF)})
    yield from plan.rows(costs, "ms", events=events)
    # These add to the log, so they come last.
    costs = plan.in_turn({"append": lambda: side("ours.append_more", folder, _APPENDS)})
    yield from plan.rows(costs, "ms", events=events, times=_APPENDS)
    costs = plan.in_turn({"publish after one append": lambda: side("ours.publish_more", folder, _PUBLISHES)})
    yield from plan.rows(costs, "ms", events=events, times=_PUBLISHES)
