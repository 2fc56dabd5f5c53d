"""`feed serve` as a process, nginx and Caddy as documented: conditional requests, real readers, hostile clients, and
many appends in a row."""

from __future__ import annotations

import gzip
import json
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Event
from typing import NamedTuple

import brotli
import pytest
from conftest import Site
from lxml import etree
from serving import CADDY, NGINX, OPERATIONS, Answer, ask, ask_raw, caddy, documented, nginx, process, service, until
from test_readers import PROXIES, Feedparser, Newsboat, ReaderLibrary, following
from test_serve import CACHE, STORY

from feed.events import NewEvent, UpdateAdded
from feed.serve.app import App, Ready
from feed.site.folder import Folder, Published

pytestmark = pytest.mark.slow

DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
}
DOCUMENTS = ("atom.xml", "feed.json", f"{STORY}atom.xml", "rss.xml")
CHANGES = 25
ATOM_SIZE = 30_000


class Served(NamedTuple):
    """A server of the folder, at a port of loopback."""

    kind: str
    port: int
    public: Path

    @property
    def codings(self) -> list[str]:
        return ["identity", "gzip", "br"] if self.kind == "feed" else ["identity", "gzip"]


@pytest.fixture
def published(balloon: Site) -> Site:
    assert balloon.run("publish").exit_code == 0
    return balloon


@pytest.fixture(
    params=[
        "feed",
        pytest.param("nginx", marks=pytest.mark.skipif(not NGINX, reason="nginx is not installed")),
        pytest.param("caddy", marks=pytest.mark.skipif(not CADDY, reason="Caddy is not installed")),
    ]
)
def served(published: Site, request: pytest.FixtureRequest) -> Iterator[Served]:
    public = published.folder / "public"
    with ExitStack() as stack:
        if request.param == "feed":
            port, _ = stack.enter_context(process(published.config))
        else:
            server = {"nginx": nginx, "caddy": caddy}[request.param]
            port = stack.enter_context(server(public, published.folder / "server"))
        yield Served(request.param, port, public)


def fetch(served: Served, path: str, coding: str, **conditions: str) -> Answer:
    fields = {name.replace("_", "-"): value for name, value in conditions.items()}
    return ask(served.port, path, {"Accept-Encoding": coding} | fields)


def decoded(answer: Answer) -> bytes:
    return DECODERS[answer.fields.get("content-encoding", "identity")](answer.content)


def since(old: Answer) -> dict[str, str]:
    """The condition that the date of an answer is good for; it has none while the file's lies ahead."""
    date = old.fields.get("last-modified")
    return {"If_Modified_Since": date} if date else {}


def put(served: Served, content: bytes, position: int) -> None:
    """A publish that changes one file, and a poll until it is there."""
    with Folder(served.public) as target:
        target.put("atom.xml", content)
        target.finish(Published(origin="o", position=position, fingerprint="f"))
    until(lambda: decoded(fetch(served, "/atom.xml", "identity")) == content)


def test_changed_bytes_are_never_called_unmodified_and_unchanged_ones_always(served: Served) -> None:
    """Each content has the same length, and several come within the same second."""
    seen: list[tuple[str, Answer]] = []
    started = time.monotonic()
    for number in range(CHANGES):
        content = f"<feed>{number:06}</feed>".encode() + b" " * (ATOM_SIZE - 19)
        put(served, content, number + 1)
        for coding, old in seen:
            tag, modified = {"If_None_Match": old.fields["etag"]}, since(old)
            for conditions in (tag, tag | modified, modified) if modified else (tag,):
                answer = fetch(served, "/atom.xml", coding, **conditions)
                assert (answer.status, decoded(answer)) == (200, content)
        whole = {coding: fetch(served, "/atom.xml", coding) for coding in served.codings}
        for coding, answer in whole.items():
            assert decoded(answer) == content
            assert answer.fields.get("content-encoding", "identity") == coding
            tag = answer.fields["etag"]
            for listed in (tag, f'"x", {tag}', "W/" + tag.removeprefix("W/"), "*"):
                again = fetch(served, "/atom.xml", coding, If_None_Match=listed)
                assert (again.status, again.content) == (304, b""), (coding, listed)
                # nginx's own is weak only beside a content that it has compressed.
                assert again.fields["etag"].removeprefix("W/") == tag.removeprefix("W/")
                assert again.fields["cache-control"] == CACHE
        if served.kind != "caddy":
            assert len({answer.fields["etag"] for answer in whole.values()}) == len(whole)
        seen = [*seen[-6:], *whole.items()]
    print(f"{served.kind}: {CHANGES} contents of one length in {time.monotonic() - started:.1f} s, no wrong 304")


def test_an_unmodified_date_is_enough_once_it_is_past(served: Served) -> None:
    time.sleep(1.1)
    modified = fetch(served, f"/{STORY}", "identity").fields["last-modified"]
    assert fetch(served, f"/{STORY}", "identity", If_Modified_Since=modified).status == 304


def test_all_servers_say_the_same_of_each_file(served: Served) -> None:
    types = {
        "/": "text/html; charset=utf-8",
        "/atom.xml": "application/atom+xml; charset=utf-8",
        f"/{STORY}rss.xml": "application/rss+xml; charset=utf-8",
        "/feed.json": "application/feed+json; charset=utf-8",
        "/publish.json": "application/json; charset=utf-8",
        "/feeds.opml": "text/x-opml; charset=utf-8",
        "/sitemap.xml": "application/xml; charset=utf-8",
        "/checkpoint": "text/plain; charset=utf-8",
        "/static/feed.css": "text/css; charset=utf-8",
        "/static/feed.js": "text/javascript; charset=utf-8",
        "/static/icon.svg": "image/svg+xml; charset=utf-8",
    }
    for path, kind in types.items():
        # Caddy knows some of these by the system's table of types.
        answer = fetch(served, path, "gzip")
        found = answer.fields["content-type"]
        if served.kind != "caddy" or "atom" in kind or "rss" in kind or "feed+json" in kind or "opml" in kind:
            assert (path, found) == (path, kind)
        assert answer.fields["cache-control"] == CACHE
        assert answer.fields["x-content-type-options"] == "nosniff"
        assert answer.fields["access-control-allow-origin"] == "*"
        assert "frame-ancestors 'self'" in answer.fields["content-security-policy"]
        if answer.fields.get("content-encoding"):
            assert "accept-encoding" in answer.fields["vary"].lower()
    moved = fetch(served, f"/{STORY[:-1]}", "gzip")
    assert (moved.status, moved.fields["location"].rpartition("/")[0].rpartition("/")[2]) in [
        (status, STORY[:-1].rpartition("/")[2]) for status in (301, 308)
    ]


@pytest.mark.skipif(not NGINX, reason="nginx is not installed")
def test_nginx_links_to_the_hub_where_it_is_named(published: Site) -> None:
    server = documented().replace("    # ~/(atom", "    ~/(atom")
    with nginx(published.folder / "public", published.folder / "server", server) as port:
        link = '<https://hub.example.org/>; rel="hub", <https://news.example.org/atom.xml>; rel="self"'
        assert ask(port, "/atom.xml").fields["link"] == link
        assert "link" not in ask(port, "/").fields


HOSTILE = [
    *("/../feed.toml", "/%2e%2e/feed.toml", "/..%2ffeed.toml", "/static/../../feed.toml", "/..%5cfeed.toml"),
    *(
        "//feed.toml",
        "/..%252ffeed.toml",
        "/.public.lock",
        "/.hidden",
        "/atom.xml%00.html",
        "/link.toml",
        "/above/feed.db",
    ),
    *("/atom.xml%0d%0aX-A:%20b", "/" + "a" * 5_000, "/%ff%fe", "/./.hidden", "/static/", "/a b"),
]


def test_no_request_gets_a_file_from_outside_or_breaks_the_server(served: Served) -> None:
    (served.public / ".hidden").write_text("[site] secret")
    (served.public / "link.toml").symlink_to(served.public.parent / "feed.toml")
    (served.public / "above").symlink_to(served.public.parent)
    if served.kind == "feed":
        with Folder(served.public) as target:
            target.finish(Published(origin="o", position=1, fingerprint="f"))
    inside = {file.read_bytes() for file in served.public.rglob("*") if file.is_file() and not file.is_symlink()}
    inside -= {(served.public / ".hidden").read_bytes()}
    for path in HOSTILE:
        # Caddy follows links, as the document says.
        if served.kind == "caddy" and path in ("/link.toml", "/above/feed.db"):
            continue
        received = ask_raw(
            served.port, f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode("latin-1")
        )
        head, _, content = received.partition(b"\r\n\r\n")
        status = int(head[9:12]) if head else 0
        assert status < 500, path
        assert b"[site]" not in content
        assert b"SQLite format" not in content
        if status == 200:
            assert not content or content in inside, path


def resident(pid: int) -> float:
    """Megabytes that a process has in memory."""
    (line,) = re.findall(r"VmRSS:\s+([0-9]+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(line) / 1_000


def test_slow_and_greedy_clients_cost_little_and_are_let_go(published: Site) -> None:
    """Half requests of 30 kB, requests byte by byte, answers that nobody takes, headers without end."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    many = min(250, (limit - 200) // 3)
    (published.folder / "public/big.txt").write_bytes(b"0123456789abcdef" * 125_000)
    with process(published.config) as (port, run), ExitStack() as stack:
        for _ in range(50):
            ask(port, "/atom.xml", {"Accept-Encoding": "br"})
        before = resident(run.pid)
        opened = []
        for start in (
            b"GET /atom.xml HTTP/1.1\r\nA: " + b"b" * 30_000,
            b"G",
            b"GET /big.txt HTTP/1.1\r\n\r\n",
        ):
            for _ in range(many):
                one = stack.enter_context(closing(socket.create_connection(("127.0.0.1", port), timeout=5)))
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
                one.sendall(start)
                opened.append(one)
        # The system's copying into 250 sockets is work of a second or two.
        until(lambda: ask(port, "/atom.xml").status == 200)
        for _ in range(20):
            assert ask_raw(port, b"GET /atom.xml HTTP/1.1\r\n" + b"A: b\r\n" * 50_000)[9:12] == b"431"
            assert ask_raw(port, b"GET / HTTP/1.1\r\n\r\n" * 5_000)[9:12] in (b"", b"200")
        start = time.monotonic()
        assert ask(port, "/atom.xml").status == 200
        waited = time.monotonic() - start
        grown = resident(run.pid) - before
        print(f"{len(opened)} slow clients: {grown:.0f} MB more, an answer meanwhile took {waited * 1000:.0f} ms")
        assert grown < 100
        time.sleep(24)
        gone = 0
        for one in opened[: 2 * many]:
            one.setblocking(False)
            try:
                gone += one.recv(10) == b""
            except ConnectionError:
                gone += 1
            except BlockingIOError:
                pass
        assert gone == 2 * many
        assert ask(port, "/atom.xml").status == 200


def test_sigterm_lets_requests_end_and_takes_no_more(published: Site) -> None:
    content = b"0123456789abcdef" * 500_000
    (published.folder / "public/big.txt").write_bytes(content)
    with process(published.config) as (port, run):
        with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            one.sendall(b"GET /big.txt HTTP/1.1\r\n\r\n")
            received = one.recv(1_000)
            run.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            with pytest.raises(ConnectionError):
                ask(port, "/")
            while chunk := one.recv(1_000_000):
                received += chunk
        assert received.partition(b"\r\n\r\n")[2] == content
        assert run.wait(10) == 0


READERS = [
    *following(Newsboat, "newsboat", "atom.xml", "rss.xml"),
    *following(ReaderLibrary, "reader", "atom.xml", "feed.json"),
    *following(Feedparser, "feedparser", "atom.xml"),
]


@pytest.mark.parametrize("kind_and_path", READERS)
@pytest.mark.parametrize("server", ["feed", "nginx"])
def test_real_readers_are_told_that_nothing_has_changed(
    published: Site, monkeypatch: pytest.MonkeyPatch, server: str, kind_and_path: tuple[type[Newsboat], str]
) -> None:
    kind, path = kind_and_path
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    home = published.folder / "home"
    home.mkdir()
    with ExitStack() as stack:
        if server == "feed":
            answers = noted(monkeypatch)
            port = stack.enter_context(service(published.config)).port
        else:
            if not NGINX:
                pytest.skip("nginx is not installed")
            port = stack.enter_context(nginx(published.folder / "public", published.folder / "server"))
            answers = Logged(published.folder / "server/access.log")
        reader = kind(home, f"http://127.0.0.1:{port}/{path}")
        for _ in range(3):
            reader.poll()
        rows = reader.rows()
        until(lambda: answers.of(path)[-1:] == [304])
        published.run("append", "us-china-balloon-2023", "The last word", "--publish")
        until(lambda: b"The last word" in ask(port, f"/{path}").content)
        reader.poll()
        assert len(reader.rows()) == len(rows) + 1
        reader.poll()
        until(lambda: answers.of(path)[-2:] == [200, 304])


class Noted:
    """What was answered in this process."""

    def __init__(self) -> None:
        self.all: list[tuple[str, int]] = []

    def of(self, path: str) -> list[int]:
        return [status for asked, status in self.all if asked == f"/{path}"]


class Logged(NamedTuple):
    """What nginx has logged."""

    file: Path

    def of(self, path: str) -> list[int]:
        lines = self.file.read_text().splitlines()
        return [int(line.rpartition(" ")[2]) for line in lines if line.startswith(f"/{path} ")]


def noted(monkeypatch: pytest.MonkeyPatch) -> Noted:
    answers = Noted()
    answer = App.__call__

    async def noting(
        self: App, scope: dict[str, str], receive: object, send: Callable[[dict[str, int]], object]
    ) -> None:
        async def note(message: dict[str, int]) -> None:
            if "status" in message:
                answers.all.append((scope["path"], message["status"]))
            await send(message)  # type: ignore[misc]

        await answer(self, scope, receive, note)  # type: ignore[arg-type]

    ready = App.ready

    def noting_ready(self: App, method: str, target: bytes, asked: list[tuple[bytes, bytes]]) -> Ready | None:
        found = ready(self, method, target, asked)
        if found is not None:
            answers.all.append((target.decode(), found[0]))
        return found

    monkeypatch.setattr(App, "__call__", noting)
    monkeypatch.setattr(App, "ready", noting_ready)
    return answers


def test_an_append_is_served_within_a_second_of_the_hold(published: Site) -> None:
    hold = 0.5
    waits = []
    with process(published.config, "--publish", "--hold", str(hold)) as (port, _), published.newsroom() as newsroom:
        for number in range(5):
            start = time.monotonic()
            newsroom.append(NewEvent(story="us-china-balloon-2023", data=UpdateAdded(headline=f"Update {number}.")))
            until(lambda: b"Update %d." % number in ask(port, "/atom.xml").content)  # noqa: B023, called at once
            waits.append(time.monotonic() - start - hold)
        assert ask(port, "/healthz").status == 200
    print(f"served {max(waits):.2f} s after the end of the hold at most")
    assert max(waits) < 1 + 0.2


def test_fifty_clients_see_no_torn_and_no_older_feed_through_200_appends(published: Site) -> None:
    done = Event()
    with (
        process(published.config, "--publish", "--hold", "0") as (port, _),
        published.newsroom() as newsroom,
        ThreadPoolExecutor(50) as pool,
    ):
        clients = [pool.submit(poll, client, port, done) for client in range(50)]
        try:
            for number in range(200):
                newsroom.append(NewEvent(story=STORY[8:-1], data=UpdateAdded(headline=f"Update {number}.")))
                time.sleep(0.05)
            until(lambda: b"Update 199." in ask(port, "/atom.xml").content)
            time.sleep(2)
        finally:
            done.set()
        seen = [client.result() for client in clients]
    assert {newest for newest, _ in seen} == {199}
    print(f"{sum(answers for _, answers in seen):,} answers to 50 clients during 200 appends, none torn, none older")


def poll(client: int, port: int, done: Event) -> tuple[int, int]:
    """Asks for the feeds in turn, each whole and no older than what this client has seen before in any of them;
    answers the number of the newest update seen, and how many answers there were."""
    newest, answers, tags = -1, 0, dict.fromkeys(DOCUMENTS, "")
    coding = list(DECODERS)[client % 3]
    while not done.is_set():
        path = DOCUMENTS[(client + answers) % len(DOCUMENTS)]
        answer = ask(port, f"/{path}", {"Accept-Encoding": coding, "If-None-Match": tags[path]})
        answers += 1
        assert answer.status in (200, 304)
        if answer.status == 200:
            content = decoded(answer)
            assert json.loads(content) if path.endswith("json") else etree.fromstring(content) is not None
            found = max(map(int, re.findall(rb"Update ([0-9]+)\.", content)), default=-1)
            assert found >= newest, (path, found, newest)
            newest, tags[path] = found, answer.fields["etag"]
        time.sleep(0.05)
    return newest, answers


def test_the_unit_starts_what_there_is() -> None:
    """The unit's command and the commands of the document are commands of this program."""
    text = OPERATIONS.read_text(encoding="utf-8")
    assert "ExecStart=/srv/news/venv/bin/feed serve --publish" in text
    for name in sorted(
        set(re.findall(r"feed (?:--config \S+ )?([a-z]+)", " ".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))))
    ):
        done = subprocess.run([sys.executable, "-m", "feed", name, "--help"], capture_output=True, text=True)
        assert done.returncode == 0, name
