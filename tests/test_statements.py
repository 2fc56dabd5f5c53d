"""How many statements an append and a publish send to the database: the same however much there is.

Whoever adds one changes a number here, and knows that every append or publish pays for it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Site
from log_fixtures import adding, line, opening, story_of
from statements import Statement, recorded

from feed import settings
from feed.events import NewEvent, UpdateAdded
from feed.jsonlines import from_json
from feed.newsroom import Newsroom

CLAIM = {"claim": "dam", "by": "Fire brigade", "position": "asserts", "text": "The dam holds"}


def sent(file: Path, act: Callable[[Newsroom], object]) -> list[Statement]:
    """The statements of the transactions that an act commits, but for BEGIN."""
    transactions: list[list[Statement]] = []
    with recorded(transactions.append), Newsroom.open(settings.load(file)) as newsroom:
        transactions.clear()
        act(newsroom)
        return [one for transaction in transactions for one in transaction if not one.sql.startswith("BEGIN")]


def counted(statements: list[Statement]) -> tuple[int, int]:
    """How many read and how many write."""
    writing = sum(one.writes for one in statements)
    return len(statements) - writing, writing


@pytest.mark.parametrize("updates", [3, 300])
@pytest.mark.parametrize(
    ("data", "reads", "writes"),
    [
        pytest.param(line("flood", "update.added", headline="H"), 5, 7, id="an update"),
        pytest.param(line("flood", "update.added", headline="H", stances=[CLAIM]), 6, 9, id="with a claim"),
        pytest.param(
            line("flood", "update.revised", update="1", signal="correction", notice="N", changes={"body": "B"}),
            7, 9, id="a correction",
        ),
        pytest.param(line("flood", "note.added", text="N"), 5, 7, id="a note"),
    ],
)  # fmt: skip
def test_an_append_sends_the_same_statements_whatever_the_story_and_the_log_hold(
    site: Site, updates: int, data: bytes, reads: int, writes: int
) -> None:
    lines = [*story_of(updates), *(event for number in range(updates // 3) for event in story_of(2, f"other-{number}"))]
    with site.newsroom() as newsroom:
        list(newsroom.import_lines(lines))
    found = sent(site.config, lambda newsroom: newsroom.append(from_json(data)))
    assert counted(found) == (reads, writes)


@pytest.mark.parametrize("events", [50, 400])
def test_a_batch_sends_the_same_statements_however_many_events_and_stories_it_has(site: Site, events: int) -> None:
    opened = [from_json(opening(f"story-{number}")) for number in range(events // 10)]
    with site.newsroom() as newsroom:
        newsroom.append_all(opened)
    added = [
        NewEvent(story=f"story-{number % len(opened)}", data=UpdateAdded(headline="H", update=f"u{number}"))
        for number in range(events)
    ]
    found = sent(site.config, lambda newsroom: newsroom.append_all(added))
    assert counted(found) == (7, 7)


@pytest.mark.parametrize("stories", [3, 60])
def test_a_publish_after_one_append_sends_the_same_statements_however_many_stories_there_are(
    site: Site, stories: int
) -> None:
    slugs = [f"story-{number}" for number in range(stories)]
    site.fill([event for slug in slugs for event in (opening(slug, headline=slug, tags=["News"]), adding(slug))])
    assert site.run("publish").exit_code == 0
    site.fill([adding(slugs[1], headline="Later", stances=[CLAIM])])
    found = sent(site.config, lambda newsroom: newsroom.publish())
    assert counted(found) == (77, 2)
