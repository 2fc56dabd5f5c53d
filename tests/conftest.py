"""A newsroom in a folder, and the command line at work on it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import hypothesis
import pytest
from click.testing import CliRunner, Result

from feed import settings
from feed.cli import main
from feed.newsroom import Newsroom

pytest_plugins = ["browser"]
# How long something takes is measured in benchmarks, where a busy machine fails nothing.
hypothesis.settings.register_profile("feed", deadline=None)
hypothesis.settings.load_profile("feed")
DEMO = Path(settings.__file__).with_name("demo.jsonl")


class Site:
    """A folder with feed.toml and an empty database in it, whose times are those of Berlin."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = settings.write(
            folder,
            url="https://news.example.org/",
            since="2023-01-01",
            title="Example News",
            author="Night desk",
            timezone="Europe/Berlin",
        )
        Newsroom.create(settings.load(self.config))

    def newsroom(self) -> Newsroom:
        """An open newsroom, to be closed."""
        return Newsroom.open(settings.load(self.config))

    def fill(self, lines: Iterable[bytes]) -> None:
        """Append these events, one JSON object each."""
        with self.newsroom() as newsroom:
            list(newsroom.import_lines(lines))

    def run(self, *args: str, input: str | None = None) -> Result:
        """Run `feed` with these arguments on this newsroom, 80 columns wide, with no terminal at either end."""
        runner = CliRunner(env={"COLUMNS": "80", "FEED_AUTHOR": None})
        return runner.invoke(main, ["--config", str(self.config), *args], input=input, catch_exceptions=False)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """An empty newsroom."""
    return Site(tmp_path)


@pytest.fixture
def balloon(site: Site) -> Site:
    """A newsroom with the balloon story, which is not published yet."""
    site.fill(DEMO.read_bytes().splitlines())
    return site
