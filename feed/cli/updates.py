"""The commands that append and revise updates: by options, from a document, in an editor."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO, cast

import click

from feed.cli import documents
from feed.cli.desk import Desk, on_terminal, pass_desk, read_text
from feed.cli.fields import update_options
from feed.cli.recording import Manner, plain_names, record, writes
from feed.errors import Conflict, FeedError, PublishError, Refused

if TYPE_CHECKING:
    from feed.events import Changes, Data, Signal, Stance
    from feed.story import Update


@click.command()
@click.argument("story")
@click.argument("headline", required=False)
@click.option(
    "--file",
    type=click.File(encoding="utf-8-sig"),
    metavar="UPDATE.md",
    help="The update from Markdown with a YAML head.",
)
@click.option("--update", metavar="NAME", help="Its name in the story.  [default: the next number]")
@click.option("--close", is_flag=True, help="The story ends with this update.")
@update_options
@writes
@pass_desk
def append(
    desk: Desk,
    story: str,
    headline: str | None,
    file: TextIO | None,
    update: str | None,
    close: bool,
    fields: dict[str, Any],
    manner: Manner,
) -> None:
    """Append an update to STORY. Without HEADLINE an editor opens; "-" reads both from standard input.

    \b
    feed append flood-2026 "The dam holds" --source "Fire brigade: It holds." --stance "Fire brigade asserts dam-safe" --claim "dam-safe=The dam is safe"
    feed append flood-2026 --file update.md
    """  # noqa: E501  # the first line of an example is one line
    story = desk.story(story)
    fields |= {name: value for name, value in (("update", update), ("closes", close or None)) if value is not None}
    if file is not None:
        if headline is not None:
            raise click.UsageError("HEADLINE and --file say the same: give one of them")
        _append_document(desk, story, documents.read(file.name, read_text(file)), fields, manner)
    elif headline is None:
        _append_edited(desk, story, fields, manner)
    else:
        if headline == "-":
            if "body" in fields:
                raise click.UsageError('HEADLINE "-" reads the text too: leave out --body and --body-file')
            headline, fields["body"] = _from_standard_input()
        _append_document(desk, story, {"headline": headline}, fields, manner)


@click.command()
@click.argument("update", metavar="STORY/UPDATE")
@click.option("--correction", "signal", flag_value="correction", help="A fact was wrong.")
@click.option("--clarification", "signal", flag_value="clarification", help="Right, but misleading or incomplete.")
@click.option("--addition", "signal", flag_value="addition", help="Right, and now more is known.")
@click.option("--refile", "signal", flag_value="refile", help="Spelling, link, markup: nobody is told.")
@click.option("--notice", metavar="TEXT", help="What was wrong, and what is right.")
@click.option("--hide-before", is_flag=True, help="Never show the old words in public.")
@click.option("--headline", metavar="TEXT", help="The new headline.")
@update_options
@writes
@pass_desk
def revise(
    desk: Desk,
    update: str,
    signal: Signal | None,
    notice: str | None,
    hide_before: bool,
    headline: str | None,
    fields: dict[str, Any],
    manner: Manner,
) -> None:
    """Revise an update. Without changes an editor opens on the present text. A list given replaces the whole list.

    \b
    feed revise flood-2026/3 --correction --notice "It was the old dam, not the new one." --headline "Old dam gives way"
    """
    story, name = desk.update(update)
    if headline is not None:
        fields["headline"] = headline
    _revise(desk, story, name, signal, notice, hide_before, fields, manner)


@click.command()
@click.argument("update", metavar="STORY/UPDATE")
@click.option("--headline", metavar="TEXT", help="The new headline.")
@update_options
@writes
@pass_desk
def amend(desk: Desk, update: str, headline: str | None, fields: dict[str, Any], manner: Manner) -> None:
    """Mend an update that has not been published: a mistake made a minute ago. Without changes an editor opens."""
    story, name = desk.update(update)
    if headline is not None:
        fields["headline"] = headline
    _revise(desk, story, name, "amendment", None, False, fields, manner)


@click.command()
@click.argument("update", metavar="STORY/UPDATE")
@writes
@pass_desk
def undo(desk: Desk, update: str, manner: Manner) -> None:
    """Take back an update that has not been published, as if it had not been."""
    from feed.events import UpdateWithdrawn

    story, name = desk.update(update)
    record(desk, story, UpdateWithdrawn(update=name, untold=True), manner)


COMMANDS = (append, revise, amend, undo)


def _append_document(desk: Desk, story: str, document: dict[str, Any], fields: dict[str, Any], manner: Manner) -> None:
    """Append what a document says; what the options say goes first."""
    from feed.jsonlines import from_fields

    signed = {name: document.pop(name, None) for name in ("id", "author")}
    manner = manner._replace(id=manner.id or signed["id"], author=manner.author or signed["author"])
    with plain_names():
        data = from_fields("update.added", {**document, **fields})
    record(desk, story, data, manner)


def _append_edited(desk: Desk, story: str, fields: dict[str, Any], manner: Manner) -> None:
    if not on_terminal():
        raise click.UsageError('HEADLINE is missing: give one, or "-" to read it from standard input')
    desk.newsroom.story(story)
    edited = documents.edit(documents.TEMPLATE)
    if edited is None:
        click.echo("nothing written, so nothing appended", err=True)
        return
    with _kept(edited):
        _append_document(desk, story, documents.read("your text", edited), fields, manner)


def _revise(
    desk: Desk,
    story: str,
    name: str,
    signal: Signal | None,
    notice: str | None,
    hide_before: bool,
    fields: dict[str, Any],
    manner: Manner,
) -> None:
    from feed.events import Changes, NewEvent

    if fields or notice is not None or not on_terminal():
        if signal is None:
            raise click.UsageError("say what it is: --correction, --clarification, --addition or --refile")
        if fields.get("stances"):
            fields["stances"] = _worded(fields["stances"], _present(desk, story, name))
        record(desk, story, _revision(name, signal, notice, hide_before, Changes(**fields)), manner)
        return
    present = _present(desk, story, name)
    # What is refused whatever the text is refused before the editor opens.
    rehearsed = _revision(name, signal or "refile", "A notice.", False, Changes())
    desk.newsroom.rehearse(NewEvent(story=story, data=rehearsed))
    edited = documents.edit(documents.write(present))
    if edited is None:
        click.echo("nothing changed, so nothing appended", err=True)
        return
    with _kept(edited):
        changes = documents.differences(present, documents.read("your text", edited))
        signal, notice = _asked_class(desk, present, changes, signal)
        data = _revision(name, signal, notice, hide_before, changes)
        _record_unless_touched(desk, story, present, data, manner)


def _revision(name: str, signal: Signal, notice: str | None, hide_before: bool, changes: Changes) -> Data:
    from feed.events import UpdateRevised

    return UpdateRevised(
        update=name,
        signal=signal,
        notice=notice,
        changes=changes,
        hide_before=hide_before or None,
    )


def _worded(stances: tuple[Stance, ...], present: Update) -> tuple[Stance, ...]:
    """The stances, each claim worded as the update words it now where no other wording is given."""
    from msgspec.structs import replace

    wordings = {stance.claim: stance.text for stance in present.stances if stance.text is not None}
    return tuple(replace(stance, text=stance.text or wordings.get(stance.claim)) for stance in stances)


def _asked_class(desk: Desk, present: Update, changes: Changes, signal: Signal | None) -> tuple[Signal, str | None]:
    """Show what was changed, and ask what kind of change it is."""
    from feed.cli import terminal

    click.echo(terminal.changes(present, changes, desk.newsroom.voice), err=True)
    signal = signal or _asked_signal()
    if signal in ("correction", "clarification"):
        return signal, click.prompt("What was wrong, and what is right (this is published)", err=True)
    return signal, None


def _asked_signal() -> Signal:
    choice = click.Choice(["correction", "clarification", "addition", "refile"])
    return cast("Signal", click.prompt("What is it", type=choice, err=True))


def _record_unless_touched(desk: Desk, story: str, seen: Update, data: Data, manner: Manner) -> None:
    """Record a revision of what the editor saw; refused if someone else revised it meanwhile."""
    while True:
        now = desk.newsroom.story(story)
        if now.updates[seen.update].version != seen.version:
            raise Refused(
                f"someone else has revised {story}/{seen.update} meanwhile: look at it (feed show), then repeat"
            )
        try:
            record(desk, story, data, manner, expected_version=now.version)
        except Conflict:
            # Another update of the story came in between: only this update's own changes matter.
            continue
        return


def _present(desk: Desk, story: str, name: str) -> Update:
    from feed.errors import Unknown

    update = desk.newsroom.story(story).updates.get(name)
    if update is None:
        raise Unknown("update", f"{story}/{name}", otherwise=f"feed show {story} lists them")
    return update


@contextmanager
def _kept(text: str) -> Iterator[None]:
    """Text from an editor that is then refused is kept in a file, which the message names."""
    try:
        yield
    # Then it has been appended.
    except PublishError:
        raise
    except (FeedError, click.Abort) as error:
        with tempfile.NamedTemporaryFile("wb", prefix="feed-", suffix=".md", delete=False) as file:
            file.write(text.encode(errors="surrogateescape"))
        raise FeedError(f"{str(error) or 'broken off'}\nYour text is kept in {file.name}") from error


def _from_standard_input() -> tuple[str, str | None]:
    """The first line as the headline, the rest as the body."""
    headline, _, body = read_text(sys.stdin).strip().partition("\n")
    return headline.strip(), body.strip("\n") or None
