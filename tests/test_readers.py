"""What subscribers see who follow the published folder with a real feed reader, from a plain server of files."""

from __future__ import annotations

import importlib.util
import mailbox
import os
import re
import shutil
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from email import policy
from email.parser import BytesParser
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest
from conftest import Site
from file_server import Handler, Server, serving

pytestmark = pytest.mark.slow

SECONDS = 30
PROXIES = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
ATOM, STORY, RSS, JSON = "atom.xml", "stories/flood/atom.xml", "rss.xml", "feed.json"

# In the order of FIRST: headline, source's name, its address, its quote, tag, claim, notice and body, body, note.
WITHDRAWN = [
    *("Quimbledon", "Ostrovance", "hexworthy", "Ludgrave", "Zuckerbrot"),
    *("Igglesham", "Vantongeren", "Pellagrove", "Brocklebank"),
]
FIRST = (
    ("open", "flood", "Flood on the Elbe", "--label", "Flood", "--tag", "Weather"),
    ("append", "flood", "The old dam holds", "--body", "It was built in 1910."),
    ("append", "flood", "The bridge is closed", "--body", "Cars must take the ferry."),
    ("append", "flood", "A school takes people in", "--body", "It has room for forty."),
    (
        *("append", "flood", "Mayor Quimbledon has fled", "--body", "So says his driver Vantongeren."),
        *("--source", "Ostrovance Daily <https://hexworthy.example/>: Seen at Ludgrave", "--tag", "Zuckerbrot"),
        *("--claim", "mayor-fled=He is in Igglesham", "--stance", "Driver asserts mayor-fled"),
    ),
    ("append", "flood", "The watter rises", "--body", "It rises by an inch an our."),
    ("append", "flood", "Ten people are missing", "--body", "Divers look for them."),
    (
        *("revise", "flood/4", "--correction", "--notice", "It was not Vantongeren, the driver."),
        *("--body", "So says his cook Pellagrove."),
    ),
    ("note", "flood/4", "We have not asked Brocklebank yet."),
    ("publish",),
)
SECOND = (
    ("append", "flood", "The siren works again"),
    (
        *("revise", "flood/1", "--correction", "--notice", "It is the new dam that holds, not the old one."),
        *("--headline", "The new dam holds"),
    ),
    ("revise", "flood/2", "--clarification", "--notice", "It is closed to cars only.", "--body", "One can walk."),
    ("revise", "flood/3", "--addition", "--body", "It has room for forty, and for their dogs."),
    ("withdraw", "flood/4", "--notice", "The report was not true.", "--title", "a report on the mayor"),
    ("revise", "flood/5", "--refile", "--headline", "The water rises", "--body", "It rises by an inch an hour."),
    ("note", "flood/6", "The fire brigade counts differently."),
    ("append", "flood", "The army arives", "--update", "army"),
    ("amend", "flood/army", "--headline", "The army arrives"),
    ("append", "flood", "The army leaves", "--update", "mistake"),
    ("undo", "flood/mistake"),
    ("publish",),
)
NEWS = (
    "Flood: The siren works again",
    "Flood: Correction: The new dam holds",
    "Flood: Clarification: The bridge is closed",
    "Flood: Added: A school takes people in",
    "Flood: Withdrawn: a report on the mayor",
    "Flood: Editor’s note: Ten people are missing",
    "Flood: The army arrives",
)
# Of the first publish, by the titles that the second gives them: the withdrawn update, its correction and its note.
RETITLED = {"Flood: The new dam holds": 1, "Flood: Withdrawn: a report on the mayor": 3}


class Row(NamedTuple):
    """An entry in a reader's store; `text` is all that the store has of it."""

    id: str
    title: str
    text: str


class Reader(Protocol):
    """A reader that follows one feed and keeps everything in one folder.

    `asks_conditionally` (RFC 9110 section 13) from the third poll on at the latest. One that `follows_edits`
    shows a known entry's new text in place of the old, and as nothing new; the others keep the old.
    """

    asks_conditionally: bool
    follows_edits: bool

    def __init__(self, home: Path, url: str) -> None: ...

    def poll(self) -> None: ...

    def rows(self) -> list[Row]: ...


class Newsboat:
    # It forgets ETag and date of its first poll, for it has no row for them yet.
    asks_conditionally = True
    follows_edits = True

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        (home / "urls").write_text(f"{url}\n")
        (home / "conf").touch()

    def poll(self) -> None:
        run(self.home, "newsboat", "-q", "-u", "urls", "-c", "cache.db", "-C", "conf", "-x", "reload")

    def rows(self) -> list[Row]:
        with closing(sqlite3.connect(self.home / "cache.db")) as cache:
            found = cache.execute("SELECT guid, title, author, url, content FROM rss_item").fetchall()
        return [Row(row[0], row[1], repr(row)) for row in found]


class Sfeed:
    """Its key is id, title and link: a new title is a further row."""

    asks_conditionally = False
    follows_edits = False

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        (home / "sfeedrc").write_text(f'sfeedpath="{home}/feeds"\nfeeds() {{\n\tfeed site "{url}"\n}}\n')

    def poll(self) -> None:
        run(self.home, "sfeed_update", "./sfeedrc")

    def rows(self) -> list[Row]:
        lines = (self.home / "feeds/site").read_text(encoding="utf-8").splitlines()
        # sfeed(5): time, title, link, content, its type, id, author, enclosure, categories.
        return [Row(line.split("\t")[5], line.split("\t")[1], line) for line in lines]


class Rss2Email:
    asks_conditionally = True
    follows_edits = False

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        (home / "r2e.cfg").write_text(
            "[DEFAULT]\nto = reader@example.org\n"
            f"email-protocol = maildir\nmaildir-path = {home}\nmaildir-mailbox = inbox\n"
            f"[feed.site]\nurl = {url}\n"
        )

    def poll(self) -> None:
        run(self.home, "r2e", "-c", "r2e.cfg", "-d", "r2e.json", "run")

    def rows(self) -> list[Row]:
        parser = BytesParser(policy=policy.default)
        mails = [parser.parsebytes(bytes(mail)) for mail in mailbox.Maildir(self.home / "inbox")]
        return [Row(mail["X-RSS-ID"], mail["Subject"], f"{mail.items()}\n{mail.get_content()}") for mail in mails]


class ReaderLibrary:
    """PyPI's reader."""

    asks_conditionally = True
    follows_edits = True

    def __init__(self, home: Path, url: str) -> None:
        self.database, self.url = home / "reader.sqlite", url
        with self._open() as reader:
            reader.add_feed(url)

    def poll(self) -> None:
        with self._open() as reader:
            reader.update_feed(self.url)

    def rows(self) -> list[Row]:
        with self._open() as reader:
            found = list(reader.get_entries())
        return [Row(one.id, one.title, repr((one.title, one.link, one.summary, one.content))) for one in found]

    @contextmanager
    def _open(self) -> Iterator[Any]:
        from reader import make_reader

        with closing(make_reader(str(self.database))) as reader:
            yield reader


class Feedparser:
    """A script that keeps the newest that feedparser gave it of each entry, and the values to ask again with."""

    asks_conditionally = True
    follows_edits = True

    def __init__(self, home: Path, url: str) -> None:
        self.url, self.etag, self.modified = url, None, None
        self.newest: dict[str, Row] = {}

    def poll(self) -> None:
        import feedparser

        parsed = feedparser.parse(self.url, etag=self.etag, modified=self.modified)
        self.etag, self.modified = parsed.get("etag"), parsed.get("modified")
        self.newest |= {entry.id: Row(entry.id, entry.title, repr(entry)) for entry in parsed.entries}

    def rows(self) -> list[Row]:
        return list(self.newest.values())


def run(home: Path, *command: str) -> None:
    """Run a program that has this home, and of this process's environment no more than the path."""
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, f"{command} failed: {done.stdout}{done.stderr}"


class LikeNginx(Handler):
    """Answers with nginx's ETag, and 304 to whoever has the file."""

    etag: str | None = None

    def send_head(self) -> Any:
        file = Path(self.translate_path(self.path))
        if file.is_file():
            self.etag = f'"{int(file.stat().st_mtime):x}-{file.stat().st_size:x}"'
        if self.etag is None or self.headers.get("If-None-Match") != self.etag:
            return super().send_head()
        self.send_response(HTTPStatus.NOT_MODIFIED)
        self.end_headers()
        return None

    def end_headers(self) -> None:
        if self.etag:
            self.send_header("ETag", self.etag)
        super().end_headers()


class Poll(NamedTuple):
    """What a reader holds after a poll, and how the server answered it."""

    rows: list[Row]
    statuses: list[int]


class Subscription(NamedTuple):
    """A subscriber's polls after the first publish, after the second, and after one that made every file anew with
    nothing to say; and the first poll of one who comes that late, whose folder is `late_home`.

    `document` is the feed of the first publish.
    """

    reader: Reader
    document: str
    first: Poll
    second: Poll
    third: Poll
    late: Poll
    late_home: Path


def poll(reader: Reader, server: Server) -> Poll:
    server.answers.clear()
    reader.poll()
    return Poll(reader.rows(), [status for _, status in server.answers])


def publish(site: Site, commands: Sequence[tuple[str, ...]]) -> None:
    for command in commands:
        done = site.run(*command)
        assert done.exit_code == 0, f"{command}: {done.output}"


def follow(kind: type[Reader], path: str, folder: Path) -> Subscription:
    """What a reader of this kind gets to see of the feed at this path."""
    homes = folder / "early", folder / "late"
    for home in homes:
        home.mkdir()
    site = Site(folder / "newsroom")
    with serving(site.folder / "public", LikeNginx) as server:
        config = site.config.read_text(encoding="utf-8")
        site.config.write_text(re.sub("(?m)^url = .*$", f'url = "{server.url}"', config), encoding="utf-8")
        publish(site, FIRST)
        document = (site.folder / "public" / path).read_text(encoding="utf-8")
        early = kind(homes[0], server.url + path)
        first = poll(early, server)
        publish(site, SECOND)
        second = poll(early, server)
        publish(site, [("publish", "--all")])
        third = poll(early, server)
        late = poll(kind(homes[1], server.url + path), server)
    return Subscription(early, document, first, second, third, late, homes[1])


def following(kind: type[Reader], name: str, *paths: str) -> Iterator[Any]:
    """Parameters for a reader, which is a program or a library of this name."""
    is_missing = shutil.which(name) is None and importlib.util.find_spec(name) is None
    skip = pytest.mark.skipif(is_missing, reason=f"{name} is not installed")
    return (pytest.param((kind, path), marks=skip, id=f"{name}-{path}") for path in paths)


@pytest.fixture(
    scope="module",
    params=[
        *following(Newsboat, "newsboat", ATOM, STORY, RSS),
        *following(Sfeed, "sfeed_update", ATOM, STORY, RSS),
        *following(Rss2Email, "r2e", ATOM, STORY, RSS),
        *following(ReaderLibrary, "reader", ATOM, STORY, RSS, JSON),
        *following(Feedparser, "feedparser", ATOM, STORY, RSS),
    ],
)
def subscription(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Subscription:
    kind, path = request.param
    with pytest.MonkeyPatch.context() as patch:
        for name in PROXIES:
            patch.delenv(name, raising=False)
        return follow(kind, path, tmp_path_factory.mktemp("readers"))


def words_in(text: object) -> list[str]:
    return [word for word in WITHDRAWN if word.casefold() in str(text).casefold()]


def test_all_news_is_an_entry_not_seen_before_each_once_and_nothing_else_is(subscription: Subscription) -> None:
    known = {row.id for row in subscription.first.rows}
    new = [row for row in subscription.second.rows if row.id not in known]
    assert subscription.second.statuses == [HTTPStatus.OK]
    assert Counter(row.title for row in new) == Counter(NEWS)
    assert len({row.id for row in new}) == len(NEWS)


def test_no_known_entry_is_shown_again_but_by_sfeed_under_a_new_title(subscription: Subscription) -> None:
    counts = Counter(row.id for row in subscription.second.rows)
    again = [row.title for row in subscription.second.rows if row not in subscription.first.rows and counts[row.id] > 1]
    assert Counter(again) == (RETITLED if isinstance(subscription.reader, Sfeed) else {})


def test_nothing_fetched_after_a_withdrawal_holds_the_withdrawn_words(subscription: Subscription) -> None:
    assert words_in(subscription.document) == WITHDRAWN
    assert "Quimbledon" in words_in(subscription.first.rows)
    after = subscription.second.rows + subscription.third.rows
    fetched = (
        after if subscription.reader.follows_edits else [row for row in after if row not in subscription.first.rows]
    )
    assert len(fetched) >= len(NEWS)
    assert words_in(fetched) == []


def test_who_subscribes_after_a_withdrawal_has_every_entry_and_none_of_the_words(subscription: Subscription) -> None:
    assert Counter(row.id for row in subscription.late.rows) == Counter({row.id for row in subscription.second.rows})
    assert words_in(subscription.late.rows) == []
    files = [file for file in subscription.late_home.rglob("*") if file.is_file()]
    assert words_in([file.read_bytes() for file in files]) == []


def test_a_poll_of_unchanged_feeds_brings_nothing_and_is_answered_as_not_modified(subscription: Subscription) -> None:
    conditional = subscription.reader.asks_conditionally
    assert sorted(subscription.third.rows) == sorted(subscription.second.rows)
    assert subscription.third.statuses == [HTTPStatus.NOT_MODIFIED if conditional else HTTPStatus.OK]
