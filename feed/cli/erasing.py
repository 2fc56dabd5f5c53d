"""The command that deletes what the law wants deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from feed.cli.desk import Desk, echo_json, on_terminal, pass_desk
from feed.cli.layout import counted, listed, plain
from feed.cli.publishing import publish_now
from feed.cli.reading import logged

if TYPE_CHECKING:
    from feed.eraser import Erasable, Erasure
    from feed.events import Event


@click.command()
@click.argument("what", metavar="[STORY/UPDATE]", required=False)
@click.option("--event", "position", metavar="POSITION", type=click.IntRange(1), help="Only this event of the log.")
@click.option("--find", metavar="TEXT", help="List every event that holds the text; erase nothing.")
@click.option(
    "--ground", metavar="TEXT", help="Why, without any word of what is erased; this is recorded, and published."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.option("-n", "--dry-run", is_flag=True, help="List the events that would lose their text; write nothing.")
@click.option("-p", "--publish", is_flag=True, help="Publish right after.")
@click.option("--author", envvar="FEED_AUTHOR", metavar="NAME", help="Who does so; else the settings' author.")
@pass_desk
def erase(
    desk: Desk,
    /,
    *,
    what: str | None,
    position: int | None,
    find: str | None,
    ground: str | None,
    yes: bool,
    as_json: bool,
    dry_run: bool,
    publish: bool,
    author: str | None,
) -> None:
    """Delete the text of an update, in all its events, or of one event, from the database for ever.

    What is not withdrawn yet is withdrawn first: the update, or the story where the event is about the story itself.
    The events' headers stay, so the log's proof holds; names of stories, updates and events cannot be erased. The
    next publish writes every file anew, with a stub in place of the update. Repeating an erasure does no harm.

    \b
    feed erase --find "Jane Doe"
    feed erase flood-2026/3 --ground "Court order 12 O 34/26" --publish
    feed erase --event 17 --ground "Request of a private person"
    """
    if sum(given is not None for given in (what, position, find)) != 1:
        raise click.UsageError("name one thing: STORY/UPDATE, --event POSITION, or --find TEXT to look for it")
    if find is not None:
        _list(desk, find, as_json)
        return
    chosen: Erasable = position if position is not None else desk.update(what or "")
    events = desk.newsroom.to_erase(chosen)
    if dry_run or not yes:
        _show(desk, events)
    if dry_run:
        click.echo("nothing was written (dry run)", err=True)
        return
    if ground is None:
        raise click.UsageError("Missing option '--ground': why is it erased? This is recorded, and published")
    if not yes:
        _ask()
    _say(desk, desk.newsroom.erase(chosen, ground, author=author), as_json)
    if publish:
        publish_now(desk, err=as_json)


def _list(desk: Desk, text: str, as_json: bool) -> None:
    from feed.jsonlines import to_json

    none = True
    for event in desk.newsroom.holding(text):
        none = False
        click.echo(to_json(event) if as_json else logged(event, desk.newsroom.voice))
    if none:
        click.echo("no event holds it", err=True)


def _show(desk: Desk, events: Sequence[Event]) -> None:
    for event in events:
        click.echo(logged(event, desk.newsroom.voice), err=True)


def _ask() -> None:
    if not on_terminal():
        raise click.UsageError("erasing cannot be undone: add --yes to do it without being asked")
    click.confirm("Delete the text of these events for ever?", abort=True, err=True)


def _say(desk: Desk, erased: Erasure, as_json: bool) -> None:
    if as_json:
        recorded = erased.event.position if erased.event else None
        withdrawal = erased.withdrawal.position if erased.withdrawal else None
        echo_json({"positions": erased.positions, "withdrawal": withdrawal, "position": recorded})
    else:
        click.echo(plain(_sentence(erased)))
    for copy in desk.newsroom.copies():
        click.echo(f"not erased from this copy of the database: {copy}", err=True)
    click.echo(
        "not reached: other backups and exports, what is published until the next publish, readers' copies", err=True
    )


def _sentence(erased: Erasure) -> str:
    name = f"{erased.story}/{erased.update}" if erased.update else erased.story
    where = f"{'event' if len(erased.positions) == 1 else 'events'} {listed(map(str, erased.positions))}"
    if erased.event is None:
        return f"{name}: {where} had been erased before; the file was written anew without them"
    withdrawn = f"; withdrawn by event {erased.withdrawal.position}" if erased.withdrawal else ""
    return (
        f"{name}: erased {counted(len(erased.positions), 'event')}, {where} (event {erased.event.position}){withdrawn}"
    )


COMMANDS = (erase,)
