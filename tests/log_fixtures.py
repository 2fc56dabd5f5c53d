"""Newsrooms for the tests of the database and the log: a copied file, as making one takes 0.3 seconds."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from feed import settings, shipped
from feed.cli import main
from feed.newsroom import Newsroom

ROOT = Path(settings.__file__).parents[1]


class Office:
    """A folder with feed.toml and a database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / shipped.SETTINGS_FILE
        self.file = folder / "feed.db"

    @property
    def url(self) -> str:
        return self.settings.database_url

    @property
    def settings(self) -> settings.Settings:
        return settings.load(self.config)

    def newsroom(self) -> Newsroom:
        return Newsroom.open(self.settings)

    def run(self, *args: str, input: str | bytes | None = None) -> Result:
        """`feed` with these arguments; what is no answer to a user is raised."""
        return CliRunner().invoke(main, ["--config", str(self.config), *args], input=input, catch_exceptions=False)

    def rows(self, sql: str, *values: object) -> list[Any]:
        """What the file holds, read past the program."""
        with closing(sqlite3.connect(self.file)) as connection:
            return connection.execute(sql, values).fetchall()

    def change(self, sql: str, *values: object) -> None:
        """Change the file past the program."""
        with closing(sqlite3.connect(self.file)) as connection, connection:
            connection.execute(sql, values)

    def size(self) -> int:
        """The number of events."""
        ((count,),) = self.rows("SELECT count(*) FROM events")
        return int(count)

    def is_sound(self) -> bool:
        """Whether positions and versions have no gaps, and the read tables are what the log says."""
        positions = [position for (position,) in self.rows("SELECT position FROM events ORDER BY position")]
        assert positions == list(range(1, len(positions) + 1))
        for (story,) in self.rows("SELECT DISTINCT story FROM events"):
            found = self.rows("SELECT version FROM events WHERE story = ? ORDER BY position", story)
            assert [version for (version,) in found] == list(range(1, len(found) + 1))
        with self.newsroom() as newsroom:
            return newsroom.check(silent) is None


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    config = settings.write(folder, url="https://news.example.org/", since="2023-01-01", author="Desk")
    Newsroom.create(settings.load(config))
    return folder


@pytest.fixture
def office(template: Path, tmp_path: Path) -> Office:
    """A newsroom without events."""
    return furnish(template, tmp_path / "office")


def furnish(template: Path, folder: Path) -> Office:
    shutil.copytree(template, folder)
    return Office(folder)


def line(story: str, type: str, **fields: Any) -> bytes:
    """An event in the event format; what is not of the event itself is of its data."""
    outer = {name: fields.pop(name) for name in ("id", "author", "published_at") if name in fields}
    return json.dumps({"story": story, "type": type, "data": fields, **outer}).encode() + b"\n"


def opening(story: str = "flood", **fields: Any) -> bytes:
    return line(story, "story.opened", **{"headline": "The flood", **fields})


def adding(story: str = "flood", **fields: Any) -> bytes:
    return line(story, "update.added", **{"headline": "The dam holds", **fields})


def story_of(updates: int, story: str = "flood") -> list[bytes]:
    """A story's lines, with ids story-0, story-1 …"""
    added = (adding(story, id=f"{story}-{number}", headline=f"Update {number}") for number in range(1, updates + 1))
    return [opening(story, id=f"{story}-0"), *added]


def fill(office: Office, lines: Iterable[bytes]) -> None:
    with office.newsroom() as newsroom:
        list(newsroom.import_lines(lines))


def files_in(folder: Path) -> dict[str, bytes]:
    """The bytes of everything in a folder."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def silent(done: int, total: int) -> None:
    """No progress is shown."""


def numbers(receipts: Iterable[Any]) -> Iterator[tuple[int, int, int]]:
    """Receipts as (appended, skipped, position)."""
    return ((receipt.appended, receipt.skipped, receipt.position) for receipt in receipts)


def python(code: str, *args: object) -> list[str]:
    """The command that runs `code` on this very program, whether it is installed or not."""
    return [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}", *map(str, args)]


def feed_command(office: Office, *args: str) -> list[str]:
    """`feed` with these arguments, as a process of its own."""
    return python("from feed.cli import main; main()", "--config", office.config, *args)
