"""A publish that fails at any step: every file is whole, what is pointed at is there, and the next run completes it."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from urllib.parse import urljoin

import feedparser
import html5lib
import log_fixtures
import pytest
from log_fixtures import ROOT, Office, adding, feed_command, files_in, fill, line, opening, story_of
from lxml import etree

from feed import database
from feed.site.files import Site

template, office = log_fixtures.template, log_fixtures.office

URL = "https://news.example.org/"
FAULTS = ("signal=KILL", "error=EIO", "error=ENOSPC")
CALLS = ("write", "fsync", "rename", "mkdir")

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
needs_faketime = pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is not installed")


def news() -> list[bytes]:
    """What changes most of the files of the site, and makes folders."""
    return [
        adding("flood", headline="News of the flood", tags=["Weather"], key=True),
        line("flood", "update.revised", update="1", signal="correction", notice="Wrong.", changes={"body": "Right"}),
        opening("dam"),
        adding("dam", headline="The dam is new"),
    ]


def published(office: Office) -> dict[str, bytes]:
    """What stands in the folder now."""
    return files_in(office.folder / "public")


@functools.cache
def references(path: str, content: bytes) -> frozenset[str]:
    """The files of the site that a file points at, which must parse as what it is."""
    if path.endswith((".xml", ".opml")):
        etree.fromstring(content)
        if path.endswith(FEEDS):
            assert not feedparser.parse(content).bozo
    elif path.endswith(".json"):
        json.loads(content)
    elif not path.endswith(".html"):
        return frozenset()
    else:
        html5lib.HTMLParser(strict=not path.endswith("fragment.html")).parse(content)
    found = re.findall(rb'(?:href|src|url|xmlUrl|htmlUrl|home_page_url|feed_url|next_url)"?[=:]\s*"([^"]+)"', content)
    found += re.findall(rb"<(?:link|loc)>([^<]+)</", content)
    addresses = (urljoin(URL + path, address.decode()).partition("#")[0] for address in found)
    paths = (address.removeprefix(URL) for address in addresses if address.startswith(URL))
    return frozenset(f"{at}index.html" if at.endswith("/") or not at else at for at in paths)


def is_left(name: str) -> bool:
    return name.endswith(".feed-part")


FEEDS = ("atom.xml", "rss.xml")


def dangling(whole: dict[str, bytes], old: Iterable[str]) -> set[str]:
    """What is not there and can be reached from what was there before, where subscribers and visitors are."""
    reached, waiting, missing = set(), set(old), set()
    while waiting:
        name = waiting.pop()
        if name not in whole:
            missing.add(name)
            continue
        reached.add(name)
        waiting |= references(name, whole[name]) - reached - missing
    return missing


def check(found: dict[str, bytes], old: dict[str, bytes], new: dict[str, bytes]) -> None:
    """Every file is that of before or of after, and what can be reached from where subscribers are is there.

    What is new (a story, a topic, the site itself) consists of pages and feeds that point at each other, so one of
    them is there first; nothing leads to it yet.
    """
    whole = {name: content for name, content in found.items() if not is_left(name)}
    for name, content in whole.items():
        assert content in (old.get(name), new.get(name)), name
        references(name, content)
    assert set(old) <= set(whole)
    assert dangling(whole, old) == set()


def longer() -> list[bytes]:
    """What gives a story of 190 updates a second page, and a further archive."""
    return [adding("flood", headline=f"Later {number}", tags=[f"Topic {number % 3}"]) for number in range(70)]


@pytest.mark.parametrize(
    ("before", "after", "everything"),
    [
        (story_of(4), news(), False),
        (story_of(4), news(), True),
        (story_of(190), longer(), False),
        (story_of(210), longer(), True),
    ],
)
def test_nothing_ever_points_at_what_is_not_there(
    office: Office, before: list[bytes], after: list[bytes], everything: bool
) -> None:
    fill(office, before)
    shown = office.size()
    assert office.run("publish").exit_code == 0
    files = published(office)
    old = set(files)
    fill(office, after)
    opened = database.open_database(office.url)
    with opened.reading() as connection:
        for path, content in Site(connection, office.settings).files(0 if everything else shown, shown):
            files[path] = content
            assert dangling(files, old) == set(), path
    opened.close()
    assert dangling(files, files) == set()


class Server:
    """The process that forks the publishers."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, **job: object) -> dict[str, object]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        answer: dict[str, object] = json.loads(self._process.stdout.readline())
        return answer


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    command = [sys.executable, str(Path(__file__).with_name("fault_server.py"))]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield Server(process)
        assert process.stdin
        process.stdin.close()


class Scene:
    """A newsroom of six pages that is published, and has news; copies of it can be spoilt one after the other."""

    def __init__(self, office: Office, folder: Path, server: Server) -> None:
        fill(office, [*story_of(4), *story_of(2, "river")])
        assert office.run("publish").exit_code == 0
        self.old = published(office)
        fill(office, news())
        self.pristine = office.folder
        self._folder = folder
        self._server = server
        server.run(config=str(office.config), warm=str(folder / "warm"))
        copy = self.copied()
        assert server.run(config=str(copy.config), inject="", trace=str(folder / "trace"))["status"] == 0
        self.new = published(copy)
        trace = (folder / "trace").read_text()
        self.counts = {name: len(re.findall(rf"^\d+ +{name}\(", trace, re.MULTILINE)) for name in CALLS}

    def copied(self) -> Office:
        place = self._folder / "scene"
        shutil.rmtree(place, ignore_errors=True)
        return Office(Path(shutil.copytree(self.pristine, place)))

    def spoil(self, inject: str) -> str:
        """Publish with a fault, look at what is left, and publish again; returns how the first one ended."""
        copy = self.copied()
        answer = self._server.run(config=str(copy.config), inject=inject, trace=str(self._folder / "trace"))
        check(published(copy), self.old, self.new)
        again = self._server.run(config=str(copy.config), inject=None)
        assert again["status"] == 0, again["said"]
        assert published(copy) == self.new
        return f"{answer['status']} {answer['said']}"


@pytest.mark.slow
@needs_strace
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
def test_a_fault_at_any_call_leaves_a_whole_site_that_the_next_publish_completes(
    office: Office, tmp_path: Path, server: Server, call: str, fault: str
) -> None:
    scene = Scene(office, tmp_path, server)
    count = scene.counts[call]
    assert count > 0
    ended = {"killed": 0, "refused": 0, "done": 0}
    for number in range(1, count + 1):
        how = scene.spoil(f"{call}:{fault}:when={number}")
        assert how.startswith(("-9 ", "3 ", "0 ")), how
        ended["killed" if how[0] == "-" else "refused" if how[0] == "3" else "done"] += 1
    print(f"{call}, {fault} at each of {count} calls: {ended}")
    assert ended["killed"] == (count if fault == "signal=KILL" else 0)
    assert fault == "signal=KILL" or ended["refused"] > 0


# Disks that are too small, too strict, or read-only


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A file system of its own at `folder`, where this user may mount one."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a file system needs root")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


@pytest.fixture
def told(office: Office) -> Office:
    fill(office, [*story_of(4), *story_of(2, "river"), *news()])
    return office


def on(office: Office, folder: Path, *args: str) -> tuple[int, str]:
    result = office.run("publish", "--out", str(folder), *args)
    return result.exit_code, result.stderr


def complete(office: Office, folder: Path) -> dict[str, bytes]:
    """What a publish of its own makes of the log."""
    assert on(office, folder)[0] == 0
    return files_in(folder)


def test_a_disk_of_64_kib_is_told_full_and_what_stands_on_it_is_whole(told: Office, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with mounted(disk, "size=64k"):
        status, said = on(told, disk / "public")
        assert (status, "(No space left on device): make room there, then publish again" in said) == (1, True), said
        new = complete(told, tmp_path / "whole")
        check(files_in(disk / "public"), {}, new)
        assert not [name for name in files_in(disk / "public") if is_left(name)]
        remount(disk, "size=4m")
        assert on(told, disk / "public")[0] == 0
        assert files_in(disk / "public") == new


def test_a_read_only_folder_is_told_and_the_publish_after_it_is_complete(told: Office, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with mounted(disk, "size=4m"):
        assert on(told, disk / "public")[0] == 0
        old = files_in(disk / "public")
        remount(disk, "ro")
        told.run("append", "flood", "While it was read-only")
        status, said = on(told, disk / "public")
        assert (status, "Read-only file system" in said) == (1, True), said
        assert files_in(disk / "public") == old
        remount(disk, "rw")
        assert on(told, disk / "public")[0] == 0
        assert files_in(disk / "public") == complete(told, tmp_path / "whole")


@pytest.mark.parametrize("blocks", [0, 1, 4, 16, 64])
def test_a_limit_on_the_size_of_files_is_told_and_leaves_whole_files(told: Office, tmp_path: Path, blocks: int) -> None:
    new = complete(told, tmp_path / "whole")
    command = feed_command(told, "publish")
    limited = subprocess.run(
        ["bash", "-c", f'ulimit -f {blocks}; exec "$@"', "bash", *command], capture_output=True, text=True, check=False
    )
    assert limited.returncode in (0, 1), limited.stderr
    assert "Traceback" not in limited.stderr
    if (told.folder / "public").exists():
        check(published(told), {}, new)
    assert told.run("publish").exit_code == 0
    assert published(told) == new
    assert told.is_sound()


# Many at once, and a clock that is wrong


@pytest.mark.slow
def test_eight_publishers_at_once_leave_what_one_leaves(told: Office, tmp_path: Path) -> None:
    processes = []
    for number in range(8):
        told.run("append", "flood", f"Update of publisher {number}")
        command = feed_command(told, "publish")
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    outcomes = [(process.communicate()[1], process.returncode) for process in processes]
    assert [status for _, status in outcomes] == [0] * 8, outcomes
    assert published(told) == complete(told, tmp_path / "whole")


def test_a_stale_publisher_is_refused_and_leaves_the_newer_site(told: Office) -> None:
    """Its log ends where the folder's publish had long gone on."""
    stale = told.folder / "stale.db"
    shutil.copy(told.file, stale)
    told.run("append", "flood", "Later", "--publish")
    before = published(told)
    refused = told.run("--database", str(stale), "publish")
    assert (refused.exit_code, "was published from a later state of this log" in refused.stderr) == (1, True)
    assert published(told) == before


@needs_faketime
@pytest.mark.slow
def test_a_clock_that_runs_backwards_changes_neither_order_nor_steps_of_time(told: Office, tmp_path: Path) -> None:
    assert told.run("publish").exit_code == 0
    feed = told.folder / "public/atom.xml"
    seen = [feed.stat().st_mtime_ns]
    for moment in ("2024-05-01 12:00:00", "2023-05-01 12:00:00", "2001-01-01 00:00:00"):
        command = ["faketime", "-f", f"@{moment}", *feed_command(told, "append", "flood", f"At {moment}", "--publish")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        seen.append(feed.stat().st_mtime_ns)
    assert all(after - before >= 1_000_000_000 for before, after in pairwise(seen))
    times = [time for (time,) in told.rows("SELECT recorded_at FROM events ORDER BY position")]
    assert times == sorted(set(times))
    parsed = feedparser.parse(feed.read_bytes())
    assert parsed.entries[0].title.endswith("At 2001-01-01 00:00:00")
    assert published(told) == complete(told, tmp_path / "whole")
    assert told.run("verify").exit_code == 0


# Nothing leaves the folder


@pytest.mark.parametrize("name", ["stories", "stories/flood", "atom.xml", "checkpoint", "publish.json"])
def test_a_symbolic_link_in_the_folder_is_refused_and_what_it_leads_to_stays(
    told: Office, tmp_path: Path, name: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"kept")
    link = told.folder / "public" / name
    link.parent.mkdir(parents=True)
    link.symlink_to(outside / "file" if "." in name or name == "checkpoint" else outside)
    refused = told.run("publish")
    assert (refused.exit_code, f"{name} is a symbolic link, and none is followed" in refused.stderr) == (1, True)
    assert files_in(outside) == {"file": b"kept"}


@pytest.mark.parametrize(
    "slug",
    ["../../escaped", "/tmp/escaped", "..", "a/../../b", "a\0b", ".hidden", "CON\n"],
)
def test_a_stored_name_that_is_none_writes_no_file_outside(told: Office, tmp_path: Path, slug: str) -> None:
    told.change("UPDATE stories SET slug = ? WHERE slug = 'flood'", slug)
    before = outside(tmp_path)
    refused = told.run("publish")
    assert (refused.exit_code, "Error: " in refused.stderr) == (1, True)
    assert outside(tmp_path) == before


def outside(folder: Path) -> dict[str, bytes]:
    """Everything but what publishing may write: the published folder, its lock, and the database."""
    files = files_in(folder)
    return {
        name: content
        for name, content in files.items()
        if not name.startswith(("office/public/", "office/.public", "office/feed.db"))
    }
