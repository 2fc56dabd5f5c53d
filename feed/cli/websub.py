"""The command that shows what the WebSub hub is still to be told of, and tells it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from feed.cli.desk import Desk, echo_json, pass_desk
from feed.cli.layout import counted, plain, wrapped
from feed.errors import Refused

if TYPE_CHECKING:
    from feed.outbox import Waiting
    from feed.site.voice import Voice

_FLUSH_SECONDS = 60


@click.command()
@click.option("--flush", is_flag=True, help="Tell the hub now, what has failed before too; for a minute at most.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@pass_desk
def websub(desk: Desk, flush: bool, as_json: bool) -> None:
    """Show the feeds that have changed and of which the hub (websub.hub) could not be told yet.

    Every feed publish tries again, and so does feed publish --watch; what fails is put off, up to ten minutes. Exit
    status 1 if any are left.

    \b
    feed websub --flush
    """
    if flush:
        told = desk.newsroom.tell_hub(_FLUSH_SECONDS, early=True).told
        click.echo(f"The hub is told of {counted(told, 'feed')}.", err=as_json)
    waiting = desk.newsroom.outbox()
    for one in waiting:
        if as_json:
            echo_json(one)
            continue
        for line in _lines(one, desk.newsroom.voice):
            click.echo(line)
    if waiting:
        raise Refused(
            f"the hub is to be told of {counted(len(waiting), 'feed')}: {_advice(waiting, desk.settings.websub.hub)}"
        )
    if not flush:
        click.echo("nothing waits to be told", err=True)


COMMANDS = (websub,)


def _lines(one: Waiting, voice: Voice) -> Iterator[str]:
    yield plain(one.topic)
    yield f"  changed {voice.time(one.since)}" + ("" if one.ready else "; that publish is not finished")
    if one.attempts:
        yield wrapped(plain(f"{counted(one.attempts, 'attempt')}, the last: {one.last_error}"), "  ")
        yield f"  tried again from {voice.time(one.next_try)} on"


def _advice(waiting: list[Waiting], hub: str | None) -> str:
    """What is promised, or was for a hub of before, goes with the next publish."""
    return "feed websub --flush" if any(one.ready and one.hub == hub for one in waiting) else "feed publish"
