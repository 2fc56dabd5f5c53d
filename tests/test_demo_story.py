"""The story that `feed demo` appends: the seed's events in this project's own words."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from feed import text

DEMO = Path(__file__).parents[1] / "feed" / "demo.jsonl"
SEED = Path(__file__).parents[2] / "shared" / "seed"
AUTHOR = "Demo desk"
LABEL = "Balloon"

# published_at, type, update, and the stances as "party position claim"
TABLE: list[tuple[str, str, str | None, list[str]]] = [
    ("2023-02-03T12:00:00Z", "story.opened", None, []),
    ("2023-02-03T12:05:00Z", "update.added", "1", ["US asserts spy-balloon"]),
    ("2023-02-03T18:00:00Z", "update.added", "2", ["China denies spy-balloon", "China asserts civil-balloon"]),
    ("2023-02-03T20:00:00Z", "update.added", "3", []),
    ("2023-02-04T20:00:00Z", "update.added", "4", []),
    ("2023-02-04T20:05:00Z", "story.changed", None, []),
    ("2023-02-07T15:00:00Z", "update.added", "5", ["US asserts declined-call"]),
    ("2023-02-08T19:00:00Z", "update.added", "6", ["US asserts spy-balloon", "US asserts fleet"]),
    ("2023-02-09T09:00:00Z", "update.added", "7", ["China confirms declined-call"]),
    ("2023-02-13T01:00:00Z", "update.added", "8", []),
    ("2023-02-13T01:05:00Z", "story.changed", None, []),
    ("2023-02-13T08:00:00Z", "update.added", "9", ["US denies civil-balloon", "US asserts spy-balloon"]),
    ("2023-02-13T09:00:00Z", "update.added", "10", ["US asserts contacts"]),
    ("2023-02-13T09:05:00Z", "story.changed", None, []),
    ("2023-02-13T09:10:00Z", "note.added", "10", []),
    ("2023-02-13T09:30:00Z", "update.added", "11", []),
    ("2023-02-13T10:00:00Z", "update.revised", "11", []),
    ("2023-02-13T10:10:00Z", "update.revised", "5", []),
]


def events(file: Path = DEMO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def added() -> dict[str, dict[str, Any]]:
    """The data of each update.added by the update's name."""
    return {event["data"]["update"]: event["data"] for event in events() if event["type"] == "update.added"}


def revised() -> dict[str, dict[str, Any]]:
    """The data of each update.revised by the update's name."""
    return {event["data"]["update"]: event["data"] for event in events() if event["type"] == "update.revised"}


def row(event: dict[str, Any]) -> tuple[str, str, str | None, list[str]]:
    data = event["data"]
    stances = [f"{stance['by']} {stance['position']} {stance['claim']}" for stance in data.get("stances", [])]
    return event["published_at"], event["type"], data.get("update"), stances


def test_the_events_are_those_of_the_table_in_its_order() -> None:
    assert [row(event) for event in events()] == TABLE


def test_the_events_are_signed_and_numbered_in_one_story() -> None:
    assert [event["id"] for event in events()] == [f"balloon-{n}" for n in range(1, 19)]
    assert {(event["story"], event["author"]) for event in events()} == {("us-china-balloon-2023", AUTHOR)}
    assert events()[0]["data"]["label"] == LABEL


def test_the_key_updates_and_the_pinned_one_are_marked() -> None:
    assert [name for name, data in added().items() if data.get("key")] == ["4", "7", "10"]
    assert [event["data"]["pinned"] for event in events() if "pinned" in event["data"]] == ["10"]


def test_every_claim_is_worded_where_it_is_first_named_and_only_there() -> None:
    stances = [stance for data in added().values() for stance in data.get("stances", [])]
    worded = [stance["claim"] for stance in stances if "text" in stance]
    assert worded == list(dict.fromkeys(stance["claim"] for stance in stances))


@pytest.mark.parametrize("name", [str(n) for n in range(1, 12)])
def test_every_update_has_a_body_of_one_to_three_sentences(name: str) -> None:
    assert 1 <= len(re.findall(r"\.(?:\s|$)", added()[name]["body"])) <= 3


@pytest.mark.parametrize(("name", "signal"), [("11", "correction"), ("5", "clarification")])
def test_a_revision_rewords_headline_and_body_and_says_why(name: str, signal: str) -> None:
    revision = revised()[name]
    assert (revision["signal"], set(revision["changes"])) == (signal, {"headline", "body"})
    assert all(added()[name][field] != new for field, new in revision["changes"].items())
    text.prose("notice", revision["notice"], 10 * 1024)


def test_the_correction_replaces_the_day_by_days_and_nothing_else() -> None:
    changes = revised()["11"]["changes"]
    assert added()["11"]["body"].replace("one day", "several days") == changes["body"]
    assert added()["11"]["headline"].replace("One day", "Several days") == changes["headline"]


def test_no_title_says_the_label_twice() -> None:
    assert [data["headline"] for data in added().values() if data["headline"].startswith(LABEL)] == []


def seed(name: str) -> Path:
    if not (file := SEED / name).exists():
        pytest.skip(f"the seed lies beside the project's own checkout only: no {name}")
    return file


def bare(event: dict[str, Any]) -> dict[str, Any]:
    """An event without what the demo words itself or adds."""
    own = {"headline", "summary", "notice", "text", "body", "label", "tags", "changes", "language"}
    data = {key: value for key, value in event["data"].items() if key not in own}
    if "stances" in data:
        data["stances"] = [{k: v for k, v in stance.items() if k != "text"} for stance in data["stances"]]
    return {key: event[key] for key in ("id", "story", "type", "published_at")} | {"data": data}


def wordings(value: object, key: str = "") -> set[str]:
    """Every headline, summary, notice and text in an event."""
    if isinstance(value, dict):
        return set().union(*(wordings(inner, name) for name, inner in value.items()))
    if isinstance(value, list):
        return set().union(*(wordings(inner) for inner in value))
    return {str(value)} if key in {"headline", "summary", "notice", "text", "body"} else set()


def test_all_but_the_wording_is_the_seeds() -> None:
    assert [bare(event) for event in events()] == [bare(event) for event in events(seed("balloon.jsonl"))]


def test_the_wording_is_our_own() -> None:
    article = seed("article.txt").read_text(encoding="utf-8")
    ours = wordings(events())
    assert len(ours) > 30
    assert ours & wordings(events(seed("balloon.jsonl"))) == set()
    assert [words for words in ours if words in article] == []


def test_the_quotes_are_parts_of_the_article() -> None:
    article = seed("article.txt").read_text(encoding="utf-8")
    quotes = [source["quote"] for data in added().values() for source in data["sources"]]
    assert [quote for quote in quotes if quote not in article] == []
    assert len(quotes) == 14
