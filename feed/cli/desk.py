"""What the commands share: settings, the open newsroom, names and times as typed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeVar

import click

from feed.errors import Invalid

if TYPE_CHECKING:
    from feed.dates import Instant
    from feed.newsroom import Newsroom
    from feed.settings import Settings


class Desk:
    """The settings and the newsroom of one command, opened when first asked for."""

    def __init__(self, config: str | None, database: str | None) -> None:
        self._config = Path(config or "feed.toml")
        self._database = database

    @cached_property
    def settings(self) -> Settings:
        """Raises SettingsError."""
        from msgspec.structs import replace

        from feed import settings

        loaded = settings.load(self._config)
        if self._database is None:
            return loaded
        return replace(loaded, log=replace(loaded.log, database=self._from_here(self._database)))

    @cached_property
    def newsroom(self) -> Newsroom:
        """Raises SettingsError and DatabaseError."""
        from feed.newsroom import Newsroom

        return Newsroom.open(self.settings)

    def close(self) -> None:
        """Close the database, if it was opened."""
        if "newsroom" in self.__dict__:
            self.newsroom.close()

    def story(self, name: str) -> str:
        """A story's name as typed; on a terminal the unique beginning of an open story's name is enough."""
        if not on_terminal() or self.newsroom.names(beginning=name)[:1] == [name]:
            return name
        meant = self.newsroom.names(beginning=name, only_open=True)
        if len(meant) != 1:
            return name
        click.echo(f"{name} is {meant[0]}", err=True)
        return meant[0]

    def update(self, name: str) -> tuple[str, str]:
        """STORY/UPDATE as typed, as story and update."""
        story, slash, update = name.partition("/")
        if not slash or not update:
            raise click.UsageError(f"{name!r} names no update: write STORY/UPDATE, for example {story}/3")
        return self.story(story), update

    def story_or_update(self, name: str) -> tuple[str, str | None]:
        """STORY or STORY/UPDATE as typed."""
        return self.update(name) if "/" in name else (self.story(name), None)

    def moment(self, typed: str) -> Instant:
        """A moment as people type it, in the site's time zone. Raises Invalid."""
        from feed import when

        return when.moment(typed, datetime.now(UTC), self.newsroom.timezone)

    def occurrence(self, words: str) -> str:
        """When something happened, from words to EDTF. Raises Invalid."""
        from feed import when

        return when.occurrence(words, datetime.now(UTC), self.newsroom.timezone)

    @staticmethod
    def _from_here(database: str) -> str:
        """A path given on the command line is from the current folder, not from that of the settings."""
        return database if "://" in database else str(Path(database).absolute())


pass_desk = click.make_pass_decorator(Desk)

_Item = TypeVar("_Item")


def read_text(file: TextIO) -> str:
    """All that a text file holds. Raises Invalid."""
    try:
        return file.read()
    except UnicodeDecodeError as error:
        raise Invalid(file.name, f"byte {error.start + 1} is not UTF-8: save it as UTF-8") from None


def on_terminal() -> bool:
    """Whether a person is at both ends: questions can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def echo_json(value: object) -> None:
    """One JSON value on a line of standard output."""
    import msgspec

    click.echo(msgspec.json.encode(value))


def progress(label: str) -> Callable[[int, int], None]:
    """A progress bar on standard error, on a terminal only; call it with what is done and the whole."""
    from feed.cli.terminal import ProgressBar

    return ProgressBar(label)
