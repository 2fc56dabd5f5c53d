"""Four years of a real status page, published in fifty steps, as those who subscribe from the first day see it."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from pathlib import Path

import feedparser
import pytest
from conftest import Site

STREAM = Path(__file__).parents[2] / "shared/data/github-statuses.jsonl.gz"
STEPS = 50

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not STREAM.is_file(), reason="the stream is not beside the checkout"),
]


class Watcher:
    """What a subscriber to every document has seen, checked at each step."""

    def __init__(self, public: Path) -> None:
        self._public = public
        self._times: dict[Path, int] = {}
        self._held: dict[Path, list[str]] = defaultdict(list)
        self._left: dict[Path, set[str]] = defaultdict(set)
        self.published: dict[str, str] = {}
        self.titles: dict[str, str] = {}

    def look(self) -> int:
        """Read every JSON document that has changed; returns their number."""
        changed = [path for path in self._public.rglob("feed*.json") if self._is_new(path)]
        for path in changed:
            self._read(path)
        return len(changed)

    def _is_new(self, path: Path) -> bool:
        now, before = path.stat().st_mtime_ns, self._times.get(path)
        assert before is None or now == before or now >= before + 1_000_000_000, f"{path} stepped by less than a second"
        self._times[path] = now
        return now != before

    def _read(self, path: Path) -> None:
        items = json.loads(path.read_bytes())["items"]
        ids = [item["id"] for item in items]
        assert len(set(ids)) == len(ids) <= STEPS
        assert not self._left[path] & set(ids), f"an id has come back to {path}"
        if path.parent.name == "archive":
            assert self._held[path] in ([], ids), f"{path} has another set"
        self._left[path] |= set(self._held[path]) - set(ids)
        self._held[path] = ids
        for item in items:
            assert self.published.setdefault(item["id"], item["date_published"]) == item["date_published"]
            self.titles[item["id"]] = item["title"]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, Watcher, list[dict]]:
    site = Site(tmp_path_factory.mktemp("stream"))
    with gzip.open(STREAM) as stream:
        lines = stream.readlines()
    watcher = Watcher(site.folder / "public")
    step = -(-len(lines) // STEPS)
    for start in range(0, len(lines), step):
        site.fill(lines[start : start + step])
        assert site.run("publish").exit_code == 0
        assert watcher.look() > 0
    return site, watcher, [json.loads(line) for line in lines]


def test_each_correction_and_addition_has_an_entry_of_its_own_and_no_refile_has(watched):
    _, watcher, events = watched
    told = {id.rpartition("/")[2] for id in watcher.titles}
    signals = {event["id"]: event["data"]["signal"] for event in events if event["type"] == "update.revised"}
    assert {id for id, signal in signals.items() if signal != "refile"} <= told
    assert not {id for id, signal in signals.items() if signal == "refile"} & told
    assert len(told) == 4568 + 488 + 18 + 2 + 3


def test_a_publish_of_nothing_new_writes_nothing(watched):
    site, watcher, _ = watched
    again = json.loads(site.run("publish", "--json").stdout)
    assert again["files_written"] == 0
    assert again["told"] == {}
    assert watcher.look() == 0


def test_fifty_steps_end_where_one_publish_ends(watched, tmp_path):
    site, _, _ = watched
    assert site.run("publish", "--out", str(tmp_path / "whole")).exit_code == 0
    assert contents(site.folder / "public") == contents(tmp_path / "whole")


def test_every_feed_is_valid_and_small(watched):
    site, _, _ = watched
    feeds = [path for path in (site.folder / "public").rglob("*") if path.suffix in (".xml", ".json", ".opml")]
    documents = [path for path in feeds if not path.name.startswith("sitemap")]
    assert len(documents) > 3 * 820
    for path in documents:
        assert path.stat().st_size < 250_000
        if path.suffix == ".xml":
            parsed = feedparser.parse(path.read_bytes())
            assert not parsed.bozo, path
            assert parsed.version in ("atom10", "rss20")


def test_the_words_of_what_was_withdrawn_are_in_no_file(watched):
    site, _, events = watched
    withdrawn = {event["story"] for event in events if event["type"] == "story.withdrawn"}
    kept = " ".join(json.dumps(event["data"]) for event in events if event["story"] not in withdrawn)
    bodies = [
        event["data"]["body"]
        for event in events
        if event["story"] in withdrawn and event["data"].get("body") and event["data"]["body"] not in kept
    ]
    assert bodies
    files = contents(site.folder / "public")
    for body in bodies:
        assert not [path for path, content in files.items() if body.encode() in content]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
