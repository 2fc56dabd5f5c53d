"""The commands that append an event to the log."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO, TypeVar, cast

import click

from feed.cli import documents
from feed.cli.desk import Desk, listed, on_terminal, pass_desk, read_text
from feed.cli.fields import update_options
from feed.cli.layout import plain
from feed.cli.tending import publish_now
from feed.errors import Conflict, FeedError, Invalid, PublishError, Refused

if TYPE_CHECKING:
    from feed.events import Changes, Data, Event, Related, Relation, Signal
    from feed.newsroom import Answer
    from feed.story import Update

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


@click.command("open", short_help="Open a story.")
@click.argument("story")
@click.argument("headline")
@click.option("--label", help='A short name before every title: "Balloon".')
@click.option("--summary", help="What it is about, in a sentence or two.")
@click.option("--language", metavar="TAG", help="Its language (BCP 47), if it is not the site's.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="A topic; repeatable.")
@writes
@pass_desk
def open_story(
    desk: Desk,
    story: str,
    headline: str,
    label: str | None,
    summary: str | None,
    language: str | None,
    tags: tuple[str, ...],
    manner: Manner,
) -> None:
    """Open a story, named for ever by STORY: lower-case letters, digits and "-".

    \b
    feed open flood-2026 "Flood on the lower Elbe" --label Flood --tag Weather
    """
    from feed.events import StoryOpened

    data = StoryOpened(headline=headline, label=label, summary=summary, language=language, tags=tags or None)
    _record(desk, story, data, manner)


@click.command(short_help="Append an update to a story.")
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


@click.command(short_help="Revise an update: correct, clarify, add, refile.")
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


@click.command(short_help="Mend an update that nobody was told yet.")
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


@click.command(short_help="Take back an update that nobody was told yet.")
@click.argument("update", metavar="STORY/UPDATE")
@writes
@pass_desk
def undo(desk: Desk, update: str, manner: Manner) -> None:
    """Take back an update that has not been published, as if it had not been."""
    from feed.events import UpdateWithdrawn

    story, name = desk.update(update)
    _record(desk, story, UpdateWithdrawn(update=name, untold=True), manner)


@click.command(short_help="Withdraw an update, or a whole story.")
@click.argument("what", metavar="STORY[/UPDATE]")
@click.option("--notice", metavar="TEXT", help="Why it must not be used; this is published.")
@click.option("--title", metavar="TEXT", help="Neutral words in place of the headline.")
@writes
@pass_desk
def withdraw(desk: Desk, what: str, notice: str | None, title: str | None, manner: Manner) -> None:
    """Withdraw an update or a story: none of its words are published from then on.

    \b
    feed withdraw flood-2026/3 --notice "The report was not true."
    """
    from feed.events import StoryWithdrawn, UpdateWithdrawn

    story, update = desk.story_or_update(what)
    if notice is None:
        notice = _asked("Why is it withdrawn? This is published", "--notice")
        title = (
            title
            or click.prompt("Neutral title in place of the headline", default="", show_default=False, err=True)
            or None
        )
    data: Data = (
        StoryWithdrawn(notice=notice, title=title)
        if update is None
        else UpdateWithdrawn(update=update, notice=notice, title=title)
    )
    _record(desk, story, data, manner)


@click.command(short_help="Add an editor's note.")
@click.argument("what", metavar="STORY[/UPDATE]")
@click.argument("text")
@writes
@pass_desk
def note(desk: Desk, what: str, text: str, manner: Manner) -> None:
    """Add an editor's note, on the reporting rather than on the news, to a story or one of its updates."""
    from feed.events import NoteAdded

    story, update = desk.story_or_update(what)
    _record(desk, story, NoteAdded(text=text, update=update), manner)


@click.command(short_help="Change a story's headline, label, summary, tags, pin or relations.")
@click.argument("story")
@click.option("--headline", metavar="TEXT", help="The story's new headline.")
@click.option("--label", metavar="TEXT", help="The short name before every title; an empty one takes it away.")
@click.option("--summary", metavar="TEXT", help="What it is about; an empty one takes it away.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="The topics, all of them; repeatable.")
@click.option("--pin", metavar="UPDATE", help="The update to stand on top.")
@click.option("--unpin", is_flag=True, help="Let no update stand on top.")
@click.option(
    "--relate",
    "related",
    metavar="'REL STORY'",
    multiple=True,
    help="continues, part-of or related, and a story; repeatable.",
)
@click.option("--correction", "signal", flag_value="correction", help="The headline or summary was wrong.")
@click.option("--clarification", "signal", flag_value="clarification", help="It was right, but misleading.")
@click.option("--notice", metavar="TEXT", help="What was wrong, and what is right.")
@writes
@pass_desk
def change(
    desk: Desk,
    /,
    story: str,
    *,
    tags: tuple[str, ...],
    pin: str | None,
    unpin: bool,
    related: tuple[str, ...],
    manner: Manner,
    **texts: str | None,
) -> None:
    """Change what a story is called and how it stands. A list given replaces the whole list.

    \b
    feed change flood-2026 --headline "Flood recedes" --pin 7 --relate "continues flood-2024"
    """
    from feed.events import StoryChanged

    values: dict[str, Any] = {name: text for name, text in texts.items() if text is not None}
    if tags:
        values["tags"] = () if tags == ("",) else tags
    if related:
        values["related"] = () if related == ("",) else tuple(_related(text) for text in related)
    if pin and unpin:
        raise click.UsageError("--pin and --unpin contradict each other: give one of them")
    if pin or unpin:
        values["pinned"] = pin
    _record(desk, desk.story(story), StoryChanged(**values), manner)


@click.command(short_help="Close a story.")
@click.argument("story")
@writes
@pass_desk
def close(desk: Desk, story: str, manner: Manner) -> None:
    """Close a story: subscribers are told that coverage has ended."""
    from feed.events import StoryChanged

    _record(desk, desk.story(story), StoryChanged(status="closed"), manner)


@click.command(short_help="Reopen a closed story.")
@click.argument("story")
@writes
@pass_desk
def reopen(desk: Desk, story: str, manner: Manner) -> None:
    """Reopen a closed story: subscribers are told that coverage has resumed."""
    from feed.events import StoryChanged

    _record(desk, desk.story(story), StoryChanged(status="open"), manner)


COMMANDS = (open_story, append, revise, amend, undo, withdraw, note, change, close, reopen)


def _append_document(desk: Desk, story: str, document: dict[str, Any], fields: dict[str, Any], manner: Manner) -> None:
    """Append what a document says; what the options say goes first."""
    from feed.jsonlines import from_fields

    signed = {name: document.pop(name, None) for name in ("id", "author")}
    manner = manner._replace(id=manner.id or signed["id"], author=manner.author or signed["author"])
    with _plain_names():
        data = from_fields("update.added", {**document, **fields})
    _record(desk, story, data, manner)


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
    from feed.events import Changes

    if fields or notice is not None or not on_terminal():
        if signal is None:
            raise click.UsageError("say what it is: --correction, --clarification, --addition or --refile")
        _record(desk, story, _revision(name, signal, notice, hide_before, Changes(**fields)), manner)
        return
    present = _present(desk, story, name)
    edited = documents.edit(documents.write(present))
    if edited is None:
        click.echo("nothing changed, so nothing appended", err=True)
        return
    with _kept(edited):
        changes = documents.differences(present, documents.read("your text", edited))
        signal, notice = _asked_class(present, changes, signal)
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


def _asked_class(present: Update, changes: Changes, signal: Signal | None) -> tuple[Signal, str | None]:
    """Show what was changed, and ask what kind of change it is."""
    from feed.cli import terminal

    click.echo(terminal.changes(present, changes), err=True)
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
            _record(desk, story, data, manner, expected_version=now.version)
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
def _plain_names() -> Iterator[None]:
    """Errors name a field as the user typed it, without the event format's path before it."""
    try:
        yield
    except Invalid as error:
        field = error.field.removeprefix("data.").removeprefix("changes.")
        raise Invalid(field, error.problem) from None


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


def _record(desk: Desk, story: str, data: Data, manner: Manner, expected_version: int | None = None) -> None:
    from feed.events import NewEvent

    new = NewEvent(story=story, data=data, id=manner.id, author=manner.author)
    with _plain_names():
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
            click.echo(terminal.entry(answer.entry, desk.newsroom.format_time))
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


def _asked(question: str, option: str) -> str:
    if not on_terminal():
        raise click.UsageError(f"Missing option '{option}'.")
    answer: str = click.prompt(question, err=True)
    return answer


def _from_standard_input() -> tuple[str, str | None]:
    """The first line as the headline, the rest as the body."""
    headline, _, body = read_text(sys.stdin).strip().partition("\n")
    return headline.strip(), body.strip("\n") or None


def _related(text: str) -> Related:
    from feed.events import Related

    relation, _, story = text.partition(" ")
    if relation not in ("continues", "part-of", "related") or not story.strip():
        raise click.BadParameter(
            f"{text!r} relates nothing: write 'continues STORY', 'part-of STORY' or 'related STORY'"
        )
    return Related(story=story.strip(), rel=cast("Relation", relation))
