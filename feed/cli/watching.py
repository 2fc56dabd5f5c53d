"""Publishing by itself, as a command: until it is interrupted."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from feed.cli.desk import Desk
from feed.cli.layout import plain

if TYPE_CHECKING:
    from feed.site.publish import Report

_JOIN_SECONDS = 0.5


def watch(desk: Desk, out: Path | None, hold: float, say: Callable[[Report], None]) -> None:
    """Publish whenever the log has been quiet for `hold` seconds, until SIGINT or SIGTERM.

    Raises SettingsError and DatabaseError where there is nothing to watch.
    """
    from feed.watch import watch

    settings = desk.settings
    if out is not None:
        settings = replace(settings, publish=replace(settings.publish, folder=str(out.absolute())))
    # What is wrong at the beginning is not worth waiting for.
    desk.newsroom.head()
    desk.close()
    stop, bugs = Event(), list[BaseException]()

    def run() -> None:
        try:
            watch(settings, hold, stop, say, lambda error: click.echo(f"Error: {plain(str(error))}", err=True))
        except BaseException as bug:
            bugs.append(bug)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    click.echo(f"publishing when nothing has been appended for {hold:g} s; Ctrl-C ends it", err=True)
    # Not in this thread: a signal that comes while it waits for `stop` could find the lock held that sets it.
    thread = Thread(target=run, name="watch")
    thread.start()
    while thread.is_alive():
        thread.join(_JOIN_SECONDS)
    for bug in bugs:
        raise bug
