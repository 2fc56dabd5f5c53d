"""What `feed serve` answers over HTTP, and how it takes up what is published meanwhile."""

from __future__ import annotations

import gzip
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from email.utils import parsedate_to_datetime
from pathlib import Path

import brotli
import pytest
from conftest import DEMO, Site
from serving import ROOT, ask, ask_raw, service, until

from feed.serve.encoded import Encoded
from feed.serve.server import Service
from feed.serve.shelf import Shelf
from feed.site.folder import Folder

CACHE = "public, max-age=300, stale-while-revalidate=60, stale-if-error=86400"
CODINGS = {"gzip": gzip.decompress, "br": brotli.decompress}
STORY = "stories/us-china-balloon-2023/"


def publish(site: Site) -> Site:
    """The balloon story, published, with a hub."""
    site.fill(DEMO.read_bytes().splitlines())
    text = site.config.read_text(encoding="utf-8")
    site.config.write_text(text.replace("# hub =", "hub ="), encoding="utf-8")
    assert site.run("publish").exit_code == 0
    return site


@pytest.fixture
def published(site: Site) -> Site:
    """A folder to be changed."""
    return publish(site)


@pytest.fixture(scope="module", params=[64, 0], ids=["from memory", "from disk"])
def served(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[tuple[Service, Path]]:
    """A service and its folder, to be asked only; with a budget of memory that holds everything, and with none."""
    site = publish(Site(tmp_path_factory.mktemp("served")))
    with service(site.config, memory=request.param) as running:
        kept = [file.content is not None for file in running.shelf.snapshot.files.values()]
        assert kept
        assert all(kept) if request.param else not any(kept)
        yield running, site.folder / "public"


def test_every_file_of_the_folder_is_answered_with_its_bytes(served: tuple[Service, Path]) -> None:
    running, public = served
    for file in (path for path in public.rglob("*") if path.is_file()):
        path = file.relative_to(public).as_posix()
        answer = ask(running.port, f"/{path}")
        assert (answer.status, answer.content) == (200, file.read_bytes()), path
        assert answer.fields["content-length"] == str(file.stat().st_size)
        assert answer.fields["cache-control"] == CACHE
        assert answer.fields["x-content-type-options"] == "nosniff"
        assert "frame-ancestors" in answer.fields["content-security-policy"]
        modified = parsedate_to_datetime(answer.fields["last-modified"]).timestamp()
        assert modified <= int(file.stat().st_mtime)


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_codings_hold_the_same_bytes_and_have_tags_of_their_own(served: tuple[Service, Path], coding: str) -> None:
    running, public = served
    plain = ask(running.port, "/atom.xml")
    coded = ask(running.port, "/atom.xml", {"Accept-Encoding": coding})
    again = ask(running.port, "/atom.xml", {"Accept-Encoding": coding})
    assert "content-encoding" not in plain.fields
    assert coded.fields["content-encoding"] == coding
    assert CODINGS[coding](coded.content) == plain.content == (public / "atom.xml").read_bytes()
    assert len(coded.content) < len(plain.content) / 2
    assert coded.content == again.content
    assert len({plain.fields["etag"], coded.fields["etag"]}) == 2
    assert plain.fields["vary"] == coded.fields["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("coding", ["identity", "gzip", "br"])
@pytest.mark.parametrize("path", ["/atom.xml", "/", f"/{STORY}feed.json"])
def test_not_modified_says_what_ok_says_but_for_the_content(
    served: tuple[Service, Path], path: str, coding: str
) -> None:
    running, _ = served
    accept = {"Accept-Encoding": coding}
    whole = ask(running.port, path, accept)
    tag, modified = whole.fields["etag"], whole.fields["last-modified"]
    described = set(whole.fields) - {"content-type", "content-length", "content-encoding", "date"}
    for condition in (
        {"If-None-Match": tag},
        {"If-None-Match": f'"x", W/{tag}'},
        {"If-None-Match": "*"},
        {"If-None-Match": tag, "If-Modified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"},
    ):
        answer = ask(running.port, path, accept | condition)
        assert (answer.status, answer.content) == (304, b"")
        assert {name: answer.fields.get(name) for name in described} == {name: whole.fields[name] for name in described}
    assert ask(running.port, path, accept | {"If-None-Match": '"x"', "If-Modified-Since": modified}).status == 200
    assert ask(running.port, path, accept | {"If-Match": '"x"'}).status == 412


def test_a_date_alone_is_enough_once_it_is_past(served: tuple[Service, Path]) -> None:
    running, _ = served
    since = {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
    assert ask(running.port, "/atom.xml", since).status == 304
    assert ask(running.port, "/atom.xml", {"If-Modified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"}).status == 200


def test_a_file_whose_time_lies_ahead_is_given_no_date(published: Site) -> None:
    """As it does for a moment after two publishes in a second: readers take two contents of one date for one."""
    public = published.folder / "public"
    ahead = time.time() + 3600
    os.utime(public / "atom.xml", (ahead, ahead))
    tags = []
    for word in (b"one", b"two"):
        with Folder(public) as target:
            target.put("atom.xml", word)
        with service(published.config) as running:
            answer = ask(running.port, "/atom.xml")
            assert answer.content == word
            assert "last-modified" not in answer.fields
            assert "last-modified" in ask(running.port, "/rss.xml").fields
            tags.append(answer.fields["etag"])
    assert len(set(tags)) == 2


def test_head_says_what_get_says(served: tuple[Service, Path]) -> None:
    running, _ = served
    for accept in ({}, {"Accept-Encoding": "br"}):
        get, head = (ask(running.port, "/atom.xml", accept, method) for method in ("GET", "HEAD"))
        assert head.content == b""
        assert {**head.fields, "date": ""} == {**get.fields, "date": ""}


def test_feeds_link_to_the_hub(served: tuple[Service, Path]) -> None:
    running, _ = served
    link = '<https://hub.example.org/>; rel="hub", <https://news.example.org/atom.xml>; rel="self"'
    assert ask(running.port, "/atom.xml").fields["link"] == link
    assert "link" not in ask(running.port, "/").fields


def test_the_header_repeats_the_policy_that_the_page_states(served: tuple[Service, Path]) -> None:
    running, public = served
    stated = re.search(r'Content-Security-Policy" content="([^"]+)"', (public / "index.html").read_text())
    assert stated
    assert ask(running.port, "/").fields["content-security-policy"] == stated[1] + "; frame-ancestors 'self'"


def test_folders_have_pages_and_lead_to_themselves(served: tuple[Service, Path]) -> None:
    running, public = served
    assert ask(running.port, f"/{STORY}").content == (public / STORY / "index.html").read_bytes()
    moved = ask(running.port, f"/{STORY[:-1]}?as-of=2023-02-04")
    assert (moved.status, moved.fields["location"]) == (301, "us-china-balloon-2023/?as-of=2023-02-04")
    assert ask(running.port, "/static/").status == 404


def test_what_is_not_there_is_said_in_a_page(served: tuple[Service, Path]) -> None:
    running, _ = served
    answer = ask(running.port, "/stories/none/")
    assert (answer.status, answer.fields["content-type"]) == (404, "text/html; charset=utf-8")
    assert answer.fields["cache-control"] == "no-cache"
    assert b"There is no such page" in answer.content
    assert ask(running.port, "/stories/none/", method="HEAD").content == b""


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
@pytest.mark.parametrize("path", ["/atom.xml", "/none", "/healthz"])
def test_other_methods_are_told_which_there_are(published: Site, method: str, path: str) -> None:
    with service(published.config) as running:
        answer = ask(running.port, path, method=method)
        assert (answer.status, answer.fields["allow"]) == (405, "GET, HEAD")


def test_a_not_found_page_of_ones_own_is_shown(published: Site) -> None:
    (published.folder / "public/404.html").write_text("<p>Gone fishing")
    with service(published.config) as running:
        assert ask(running.port, "/none")[::2] == (404, b"<p>Gone fishing")


def test_nothing_hidden_and_no_link_is_served(published: Site) -> None:
    public = published.folder / "public"
    (public / ".atom.xml.feed-part").write_text("half")
    (public / ".well-known").mkdir()
    (public / ".well-known/x").write_text("hidden")
    (public / "config.toml").symlink_to(published.config)
    (public / "above").symlink_to(published.folder)
    os.mkfifo(public / "pipe")
    (public / "robots.txt").write_text("User-agent: *\n")
    with service(published.config) as running:
        for path in ("/.atom.xml.feed-part", "/.well-known/x", "/config.toml", "/above/feed.db", "/pipe", "/above/"):
            assert ask(running.port, path).status == 404, path
        assert ask(running.port, "/robots.txt").content == b"User-agent: *\n"


def test_a_link_that_comes_after_the_snapshot_is_not_followed(published: Site) -> None:
    public = published.folder / "public"
    with service(published.config, memory=1) as running:
        for file in running.shelf.snapshot.files.values():
            file.content = None
        (public / "atom.xml").unlink()
        (public / "atom.xml").symlink_to(published.config)
        (public / "stories").rename(public / "old")
        (public / "stories").symlink_to(public / "old")
        assert ask(running.port, "/atom.xml").status == 404
        assert ask(running.port, f"/{STORY}atom.xml").status == 404


def test_a_publish_is_taken_up_and_only_changed_files_are_read(published: Site) -> None:
    with service(published.config) as running:
        before = running.shelf.snapshot
        tag = ask(running.port, "/atom.xml").fields["etag"]
        published.run("append", "us-china-balloon-2023", "The last word", "--publish")
        until(lambda: running.shelf.snapshot is not before)
        answer = ask(running.port, "/atom.xml", {"If-None-Match": tag})
        assert answer.status == 200
        assert b"The last word" in answer.content
        after = running.shelf.snapshot.files
        same = [path for path, file in before.files.items() if after.get(path) is file]
        assert "static/feed.css" in same
        assert "atom.xml" not in same
        assert b"The last word" not in (before.files["atom.xml"].content or b"")


def test_a_publish_at_work_is_not_seen_before_it_has_finished(published: Site) -> None:
    shelf = Shelf(published.folder / "public", 10_000_000)
    assert shelf.refresh()
    old = shelf.snapshot.files["atom.xml"].content
    with Folder(published.folder / "public") as target:
        target.put("atom.xml", b"new")
        record = target.published()
        assert record
        assert not shelf.is_stale()
        target.put("publish.json", (published.folder / "public/publish.json").read_bytes() + b" ")
        assert shelf.is_stale()
        assert not shelf.refresh()
        assert shelf.snapshot.files["atom.xml"].content == old
    assert shelf.refresh()
    assert shelf.snapshot.files["atom.xml"].content == b"new"
    assert not shelf.is_stale()


def test_what_was_removed_is_gone_from_the_next_snapshot(published: Site) -> None:
    public = published.folder / "public"
    shelf = Shelf(public, 10_000_000)
    shelf.refresh()
    assert f"{STORY}index.html" in shelf.snapshot.files
    with Folder(public) as target:
        target.remove_others({"atom.xml", "index.html"})
        target.put("publish.json", b"{}")
    assert shelf.refresh()
    assert set(shelf.snapshot.files) == {"atom.xml", "index.html", "publish.json", "checkpoint"}
    assert shelf.snapshot.published is None


@pytest.mark.parametrize("budget", [0, 30_000, 60_000, 10**8])
def test_contents_stay_within_the_budget(published: Site, budget: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.serve.shelf.FILE_BYTES", 0)
    monkeypatch.setattr("feed.serve.shelf._LARGEST", 1)
    shelf = Shelf(published.folder / "public", budget)
    for number in range(3):
        shelf.refresh()
        kept = {path: file.content for path, file in shelf.snapshot.files.items() if file.content is not None}
        assert sum(map(len, kept.values())) <= budget
        if budget:
            assert kept.keys() & {"atom.xml", "rss.xml", "feed.json"}
        published.run("append", "us-china-balloon-2023", f"Word {number}", "--publish")
        assert shelf.is_stale()


def test_encoded_contents_go_by_age_of_use() -> None:
    import asyncio

    async def work() -> None:
        kept = Encoded(1_000)
        made = [await kept.made(b"%d" % number, "gzip", os.urandom(300)) for number in range(3)]
        assert kept.kept(b"0") == made[0]
        await kept.made(b"3", "gzip", os.urandom(300))
        assert [kept.kept(b"%d" % number) is not None for number in range(4)] == [True, False, True, True]
        await kept.made(b"4", "gzip", os.urandom(3_000))
        assert kept.kept(b"4") is None

        big = os.urandom(200_000)
        some = await asyncio.gather(*(kept.made(b"5", "br", big) for _ in range(5)))
        assert len({id(one) for one in some}) == 1

    asyncio.run(work())


def health(port: int) -> tuple[int, dict[str, object]]:
    answer = ask(port, "/healthz")
    assert answer.fields["cache-control"] == "no-store"
    return answer.status, json.loads(answer.content)


def test_health_follows_the_log(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.serve.health._SECONDS", 0)
    with service(site.config, lag=3600) as running:
        assert health(running.port) == (503, {"status": "nothing has been published"})
        assert ask(running.port, "/").status == 404
        site.run("open", "flood", "Flood", "--publish")
        until(lambda: running.shelf.snapshot.published)
        assert health(running.port) == (200, {"status": "ok", "position": 1, "behind": 0})
        site.run("append", "flood", "The dam holds")
        status, facts = health(running.port)
        assert (status, facts["status"], facts["behind"]) == (200, "ok", 1)
        with closing(sqlite3.connect(site.folder / "feed.db")):
            (site.folder / "feed.db").rename(site.folder / "gone.db")
        assert health(running.port) == (503, {"status": "the log cannot be read", "position": 1})


def test_health_fails_when_an_event_waits_for_too_long(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.run("open", "flood", "Flood", "--publish")
    site.run("append", "flood", "The dam holds")
    monkeypatch.setattr("feed.serve.health.datetime", Later)
    with service(site.config) as running:
        status, facts = health(running.port)
        assert (status, facts["status"]) == (503, "behind the log")
    with service(site.config, lag=0) as running:
        assert health(running.port) == (200, {"status": "ok", "position": 1})


class Later:
    """A clock ten minutes ahead."""

    @staticmethod
    def now(zone: object) -> object:
        from datetime import UTC, datetime, timedelta

        return datetime.now(UTC) + timedelta(minutes=10)


@pytest.mark.parametrize(
    "path",
    [
        "/../feed.toml",
        "/stories/../../feed.toml",
        "/%2e%2e/feed.toml",
        "/..%2ffeed.toml",
        "/%2e%2e%2ffeed.toml",
        "/..%252ffeed.toml",
        "/..\\feed.toml",
        "/static/..%5c..%5cfeed.toml",
        "//etc/passwd",
        "/etc/passwd",
        "/atom.xml%00.html",
        "/atom.xml%0d%0aX-A:%20b",
        "/atom.xml/",
        "/atom.xml/index.html",
        "/.public.lock",
        "/%e2%80%ae",
        "/" + "a" * 8_000,
        "/" + "a/" * 4_000,
    ],
)
def test_no_path_leads_out(served: tuple[Service, Path], path: str) -> None:
    running, _ = served
    assert ask(running.port, path).status == 404


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET http://news.example.org/atom.xml HTTP/1.1\r\nHost: a\r\n\r\n", b"200"),
        (b"GET /atom.xml HTTP/1.0\r\n\r\n", b"200"),
        (b"GET /atom.xml\0 HTTP/1.1\r\nHost: a\r\n\r\n", b"400"),
        (b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n", b"400"),
        (b"GET /atom.xml HTTP/1.1\r\nA: " + b"b" * 40_000 + b"\r\n\r\n", b"431"),
        (b"GET /atom.xml HTTP/1.1\r\n" + b"A: b\r\n" * 101 + b"\r\n", b"431"),
        (b"GET /atom.xml?" + b"b" * 300_000 + b" HTTP/1.1\r\n\r\n", b"431"),
        (b"GET /atom.xml HTTP/1.1\r\n" + b"A" * 300_000, b"431"),
        (b"GET http://news.example.org HTTP/1.1\r\nHost: a\r\n\r\n", b"400"),
        (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", b"405"),
        (b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),
        (b"BREW /atom.xml HTTP/1.1\r\nHost: a\r\n\r\n", b"400"),
        (b"GET /none HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", b"404"),
    ],
)
def test_what_is_no_request_is_refused(published: Site, request_: bytes, status: bytes) -> None:
    with service(published.config) as running:
        received = ask_raw(running.port, request_)
        assert received[9:12] == status, received[:200]
        assert ask(running.port, "/atom.xml").status == 200


@pytest.mark.slow
def test_a_request_that_does_not_come_is_not_waited_for(published: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feed.serve.protocol.REQUEST_SECONDS", 0.2)
    with service(published.config) as running:
        for start in (b"", b"GET /", b"\r\n", b"GET / HTTP/1.1\r\nContent-Length: 9\r\n\r\n"):
            received = ask_raw(running.port, start)
            assert received == b"" or start.startswith(b"GET / ")
        until(lambda: len(running._server.server_state.connections) == 0)


def test_connections_are_counted(published: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    with service(published.config) as running:
        monkeypatch.setattr("feed.serve.protocol.Guarded.limit", 3)
        with closing(socket.create_connection(("127.0.0.1", running.port))) as one:
            with closing(socket.create_connection(("127.0.0.1", running.port))):
                until(lambda: len(running._server.server_state.connections) == 2)
                assert ask(running.port, "/").status == 200
                with closing(socket.create_connection(("127.0.0.1", running.port))):
                    until(lambda: len(running._server.server_state.connections) == 3)
                    with pytest.raises(ConnectionError):
                        ask(running.port, "/")
            one.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert one.recv(12) == b"HTTP/1.1 200"


def test_a_port_in_use_is_told(published: Site) -> None:
    with service(published.config) as running:
        done = published.run("serve", "--port", str(running.port))
    assert done.exit_code == 1
    assert done.output == (
        f"Error: 127.0.0.1 port {running.port}: cannot be listened at (Address already in use): "
        "name others with --host and --port\n"
    )


def test_a_missing_extra_is_named(published: Site) -> None:
    program = (
        "import sys\nsys.modules['uvicorn'] = None\nfrom feed.cli import main\n"
        f"main(['--config', {str(published.config)!r}, 'serve'])"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert done.stderr == "Error: feed serve: needs uvicorn: pip install 'story-feed[serve]'\n"
