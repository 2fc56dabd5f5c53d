"""Appending one event as the command line does: as whom, how answered, and what then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from feed.cli.desk import Desk, on_terminal
from feed.cli.layout import listed, plain
from feed.cli.publishing import publish_now
from feed.errors import Invalid

if TYPE_CHECKING:
    from feed.events import Data, Event
    from feed.newsroom import Answer

R = TypeVar("R")


class Manner(NamedTuple):
    """How to append: as whom, under which id, and what to do then."""

    author: str | None
    id: str | None
    dry_run: bool
    publish: bool
    as_json: bool


def writes(command: Callable[..., R]) -> Callable[..., R]:
    """Gives a command the options that all writing commands take, and hands them on as one `manner`."""

    @wraps(command)
    def with_manner(*args: Any, **options: Any) -> R:
        manner = Manner(*(options.pop(name) for name in Manner._fields))
        return command(*args, manner=manner, **options)

    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the event as it was recorded."),
        click.option("-p", "--publish", is_flag=True, help="Publish right after."),
        click.option("-n", "--dry-run", is_flag=True, help="Show the entry that subscribers would get; write nothing."),
        click.option("--id", "id", metavar="KEY", help="The event's id: appended twice under one id, it is one event."),
        click.option("--author", envvar="FEED_AUTHOR", metavar="NAME", help="Who says so; else the settings' author."),
    ):
        with_manner = option(with_manner)
    return with_manner


def record(desk: Desk, story: str, data: Data, manner: Manner, expected_version: int | None = None) -> None:
    """Append an event (or only rehearse it) and answer what came of it; publish where that is asked for."""
    from feed.events import NewEvent

    new = NewEvent(story=story, data=data, id=manner.id, author=manner.author)
    with plain_names():
        if manner.dry_run:
            answer, was_known = desk.newsroom.rehearse(new), False
        else:
            size = desk.newsroom.head().size
            event = desk.newsroom.append(new, expected_version=expected_version)
            answer, was_known = desk.newsroom.answer(event), event.position <= size
    _tell(desk, answer, manner, was_known)
    if manner.publish and not manner.dry_run:
        publish_now(desk, err=manner.as_json)


def _tell(desk: Desk, answer: Answer, manner: Manner, was_known: bool) -> None:
    from feed.cli import terminal
    from feed.jsonlines import to_json

    event = answer.event
    if manner.as_json:
        click.echo(to_json(event))
    else:
        would_be = "would be " if manner.dry_run else ""
        click.echo(f"{would_be}{_name(event)}  (event {event.position}{', recorded before' if was_known else ''})")
        if answer.entry is not None:
            click.echo(terminal.entry(answer.entry, desk.newsroom.voice_of(answer.entry.language)))
        else:
            click.echo("Subscribers get no entry of this.")
    for party in answer.new_parties:
        click.echo(plain(f"new party: {party}; known: {listed(answer.known_parties)}"), err=True)
    if manner.dry_run:
        click.echo("nothing was written (dry run)", err=True)
    elif not manner.publish:
        click.echo("not published yet: feed publish", err=True)


def _name(event: Event) -> str:
    update = getattr(event.data, "update", None)
    return f"{event.story}/{update}" if update else event.story


def asked(question: str, option: str) -> str:
    """What the user answers on a terminal; elsewhere the option is missing."""
    if not on_terminal():
        raise click.UsageError(f"Missing option '{option}'.")
    answer: str = click.prompt(question, err=True)
    return answer


@contextmanager
def plain_names() -> Iterator[None]:
    """Errors name a field as the user typed it, without the event format's path before it."""
    try:
        yield
    except Invalid as error:
        field = error.field.removeprefix("data.").removeprefix("changes.")
        raise Invalid(field, error.problem) from None
