"""The command that serves what is published."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from feed.cli.desk import Desk, pass_desk
from feed.errors import FeedError, ServeError

if TYPE_CHECKING:
    from feed.serve.server import Service
    from feed.settings import Settings
    from feed.site.publish import Report

# What the extra [serve] brings; that one of them is missing is no bug.
_EXTRA = {"brotli", "httptools", "starlette", "uvicorn", "uvloop"}


@click.command()
@click.option("--host", metavar="HOST", help="Where to listen.  [default: the settings', 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65_535), help="The port; 0 for any free one.  [default: the settings', 8000]"
)
@click.option("--publish", is_flag=True, help="Publish too, whenever the log has grown.")
@click.option(
    "--hold",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="With --publish: how long the log must have been quiet.",
)
@pass_desk
def serve(desk: Desk, host: str | None, port: int | None, publish: bool, hold: float) -> None:
    """Serve the published folder to readers and browsers, until the process is told to end.

    What is published meanwhile is taken up at once. /healthz answers 200, or 503 where the folder lags the log.
    """
    settings = desk.settings
    service = _service(settings, host or settings.serve.host, settings.serve.port if port is None else port)
    if not publish and service.shelf.snapshot.published is None:
        click.echo("nothing has been published yet: feed publish", err=True)
    click.echo(f"Serving {settings.public} at {service.url}")
    click.echo(f"The feed: {service.url}atom.xml")
    if not publish:
        service.run()
        return
    with _watching(settings, hold, service):
        service.run()


COMMANDS = (serve,)


def _service(settings: Settings, host: str, port: int) -> Service:
    try:
        from feed.serve.server import Service
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        raise ServeError("feed serve", f"needs {error.name}: pip install 'story-feed[serve]'") from None
    return Service(settings, host, port)


@contextmanager
def _watching(settings: Settings, hold: float, service: Service) -> Iterator[None]:
    """Publishes in a thread beside; where that ends by a bug, serving ends with it."""
    from feed.cli.publishing import say
    from feed.watch import watch

    stop = threading.Event()
    bugs: list[BaseException] = []

    def published(report: Report) -> None:
        service.look()
        say(report)

    def work() -> None:
        try:
            watch(settings, hold, stop, published, _failed)
        except BaseException as error:
            bugs.append(error)
            service.stop()

    thread = threading.Thread(target=work, name="feed-watch")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    if bugs:
        raise bugs[0]


def _failed(error: FeedError) -> None:
    from feed.cli.layout import plain

    click.echo(f"Error: {plain(str(error))}", err=True)
