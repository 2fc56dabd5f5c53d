"""From events to feeds, as a newcomer and as an operator meet it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from collections import Counter
from pathlib import Path

import feedparser
import pytest
from click.testing import CliRunner
from conftest import Site

from feed.cli import main

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
BALLOON = "us-china-balloon-2023"

needs_seed = pytest.mark.skipif(not (SHARED / "seed").is_dir(), reason="the seed is not beside the checkout")
needs_stream = pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="the stream is not beside the checkout")


def feed(*args: object) -> str:
    result = CliRunner().invoke(main, [str(arg) for arg in args], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_demo_makes_a_newsroom_whose_feeds_hold_fourteen_entries_each(tmp_path):
    feed("demo", tmp_path / "d")
    assert (tmp_path / "d/feed.toml").is_file()
    assert (tmp_path / "d/feed.db").is_file()
    for folder in ("", f"stories/{BALLOON}/"):
        for name in ("atom.xml", "rss.xml"):
            parsed = feedparser.parse((tmp_path / "d/public" / folder / name).read_bytes())
            assert not parsed.bozo
            assert len(parsed.entries) == 14
        assert len(json.loads((tmp_path / "d/public" / folder / "feed.json").read_bytes())["items"]) == 14


def test_a_second_demo_changes_no_byte(tmp_path):
    feed("demo", tmp_path / "d")
    before = contents(tmp_path / "d")
    feed("demo", tmp_path / "d")
    assert contents(tmp_path / "d") == before


def test_the_demo_leaves_a_newsroom_of_ones_own_alone(site):
    result = CliRunner().invoke(main, ["demo", str(site.folder)])
    assert result.exit_code == 1
    assert "holds a newsroom of your own: name another folder" in result.output
    assert site.run("stories", "--json").stdout == ""


@pytest.fixture
def exported_and_imported(balloon, tmp_path_factory) -> tuple[Site, Site]:
    other = Site(tmp_path_factory.mktemp("other"))
    at, to = (f"{sys.executable} -m feed --config {site.config}" for site in (balloon, other))
    subprocess.run(f"{at} log --json | {to} import -", shell=True, cwd=ROOT, check=True, capture_output=True)  # noqa: S602  # the pipe is what is tested
    return balloon, other


def test_an_export_imported_elsewhere_publishes_the_same_bytes(exported_and_imported):
    published = []
    for site in exported_and_imported:
        assert site.run("publish").exit_code == 0
        files = contents(site.folder / "public")
        record = json.loads(files.pop("publish.json"))
        record["checkpoint"] = files.pop("checkpoint")
        published.append((files, record))
    (one, record), (other, other_record) = published
    assert one == other
    assert len(one) == 38
    assert record["origin"] != other_record["origin"]
    assert record["checkpoint"] != other_record["checkpoint"]


def test_an_export_imported_elsewhere_is_the_same_but_for_its_log(exported_and_imported):
    """Position and version stay; the time of recording and the proof are those of the log that took the event."""
    exports = [
        [json.loads(line) for line in site.run("log", "--json").stdout.splitlines()] for site in exported_and_imported
    ]
    assert len(exports[0]) == 18
    for one, other in zip(*exports, strict=True):
        assert {**one, "recorded_at": None, "leaf": None} == {**other, "recorded_at": None, "leaf": None}
        assert one["leaf"] != other["leaf"]


@needs_seed
def test_the_seed_folds_to_what_is_expected_of_it(site):
    expected = json.loads((SHARED / "seed/expected.json").read_bytes())
    assert site.run("import", str(SHARED / "seed/balloon.jsonl")).exit_code == 0
    story = json.loads(site.run("show", BALLOON, "--json").stdout)
    assert len(story["updates"]) == expected["updates"]
    assert [update["update"] for update in story["updates"] if update["key"]] == expected["key_updates"]
    assert story["pinned"] == expected["pinned"]
    assert {claim["claim"]: claim["status"] for claim in story["claims"]} == expected["claim_status"]
    for signal in ("correction", "clarification"):
        revised = [u["update"] for u in story["updates"] if any(r["signal"] == signal for r in u["revisions"])]
        assert revised == expected[f"{signal}s"]
    for moment, then in expected["as_of"].items():
        story = json.loads(site.run("show", BALLOON, "--json", "--as-of", moment).stdout)
        statuses = {claim["claim"]: claim["status"] for claim in story["claims"]}
        assert len(story["updates"]) == then["updates"]
        assert {claim: statuses.get(claim) for claim in then["claim_status"]} == then["claim_status"]


@needs_stream
def test_the_real_stream_goes_through_and_its_facts_come_out(site):
    stream = SHARED / "data/github-statuses.jsonl.gz"
    assert site.run("import", str(stream)).exit_code == 0
    with site.newsroom() as newsroom:
        events = list(newsroom.events())
        stories = list(newsroom.stories())
        most = sorted(((story.usable, story.slug) for story in stories), reverse=True)[:2]
    assert Counter(event.type for event in events) == {
        "update.added": 4568,
        "story.opened": 819,
        "update.revised": 509,
        "story.changed": 5,
        "story.withdrawn": 3,
    }
    signals = Counter(event.data.signal for event in events if event.type == "update.revised")
    assert signals == {"addition": 488, "correction": 18, "refile": 3}
    assert Counter(story.status for story in stories) == {"closed": 814, "open": 2, "withdrawn": 3}
    assert most == [
        (36, "31193766-incident-github-com"),
        (33, "21748191-all-github-services-experiencing-significant"),
    ]
    assert events[-1].id == "ghs-31200202-4"
    assert max(event.published_at for event in events) == "2026-08-22T04:40:27.000000Z"
    story = json.loads(site.run("show", "19656564-incident-issues-api-requests-pull-requests", "--json").stdout)
    assert max((len(update["revisions"]), update["update"]) for update in story["updates"]) == (3, "24")


@needs_stream
def test_the_real_stream_imported_again_writes_nothing(site):
    stream = SHARED / "data/github-statuses.jsonl.gz"
    site.run("import", str(stream))
    before = (site.folder / "feed.db").read_bytes()
    again = site.run("import", str(stream), "--json")
    assert again.exit_code == 0
    assert {json.loads(line)["appended"] for line in again.stdout.splitlines()} == {0}
    assert (site.folder / "feed.db").read_bytes() == before


@pytest.mark.slow
def test_the_wheel_alone_runs_the_demo(tmp_path):
    """Built from a copy, installed in an empty environment, run away from the checkout."""
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "dist", "build")
    shutil.copytree(ROOT, source, ignore=ignored)
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, source, cwd=tmp_path)
    (wheel,) = tmp_path.glob("story_feed-*.whl")
    shutil.rmtree(source)
    venv.create(tmp_path / "venv", with_pip=True)
    run(tmp_path / "venv/bin/pip", "install", "--quiet", wheel, cwd=tmp_path)
    run(tmp_path / "venv/bin/feed", "demo", tmp_path / "d", cwd=tmp_path)
    run(sys.executable, "-m", "feed", "demo", tmp_path / "checkout", cwd=tmp_path)
    assert set(contents(tmp_path / "d/public")) == set(contents(tmp_path / "checkout/public"))
    upgraded = run(tmp_path / "venv/bin/feed", "upgrade", cwd=tmp_path / "d")
    assert upgraded == "the database is up to date\n"


def run(*command: object, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, check=True, capture_output=True, text=True
    ).stdout
