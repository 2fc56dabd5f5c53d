"""The commands about a story as a whole, and those that speak of a story or one of its updates alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import click

from feed.cli.desk import Desk, pass_desk
from feed.cli.recording import Manner, asked, record, writes

if TYPE_CHECKING:
    from feed.events import Data, Related, Relation


@click.command("open")
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
    record(desk, story, data, manner)


@click.command()
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
        notice = asked("Why is it withdrawn? This is published", "--notice")
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
    record(desk, story, data, manner)


@click.command()
@click.argument("what", metavar="STORY[/UPDATE]")
@click.argument("text")
@writes
@pass_desk
def note(desk: Desk, what: str, text: str, manner: Manner) -> None:
    """Add an editor's note, on the reporting rather than on the news, to a story or one of its updates."""
    from feed.events import NoteAdded

    story, update = desk.story_or_update(what)
    record(desk, story, NoteAdded(text=text, update=update), manner)


@click.command()
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
    record(desk, desk.story(story), StoryChanged(**values), manner)


@click.command()
@click.argument("story")
@writes
@pass_desk
def close(desk: Desk, story: str, manner: Manner) -> None:
    """Close a story: subscribers are told that coverage has ended."""
    from feed.events import StoryChanged

    record(desk, desk.story(story), StoryChanged(status="closed"), manner)


@click.command()
@click.argument("story")
@writes
@pass_desk
def reopen(desk: Desk, story: str, manner: Manner) -> None:
    """Reopen a closed story: subscribers are told that coverage has resumed."""
    from feed.events import StoryChanged

    record(desk, desk.story(story), StoryChanged(status="open"), manner)


COMMANDS = (open_story, withdraw, note, change, close, reopen)


def _related(text: str) -> Related:
    from feed.events import Related

    relation, _, story = text.partition(" ")
    if relation not in ("continues", "part-of", "related") or not story.strip():
        raise click.BadParameter(
            f"{text!r} relates nothing: write 'continues STORY', 'part-of STORY' or 'related STORY'"
        )
    return Related(story=story.strip(), rel=cast("Relation", relation))
