"""The commands that read: nothing here writes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from feed.cli.desk import Desk, echo_json, pass_desk
from feed.cli.layout import ERASED, counted, measure_again, plain, styled, wrapped
from feed.errors import Unknown

if TYPE_CHECKING:
    from feed.dates import Instant
    from feed.events import Data, Event
    from feed.site.voice import Voice
    from feed.status import Status
    from feed.story import Story, Update

POLL_SECONDS = 0.5


@click.command()
@pass_desk
def status(desk: Desk) -> None:
    """Say what is not published yet, when and where the last publish was, and what is wrong.

    \b
    feed status
    """
    found = desk.newsroom.status()
    for line in _status(found, desk.newsroom.voice):
        click.echo(line)
    if found.size > (found.position or 0):
        click.echo("not published yet: feed publish", err=True)


@click.command()
@click.option("--open", "only_open", is_flag=True, help="Only open ones.")
@click.option("--tag", metavar="TAG", help="Only those with this tag.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@pass_desk
def stories(desk: Desk, only_open: bool, tag: str | None, as_json: bool) -> None:
    """List the stories by name: how they stand, how many updates they have, and when the last news came.

    \b
    feed stories --open --tag Weather
    """
    from feed.cli.stories import row
    from feed.state import summary_document

    none = True
    for story in desk.newsroom.stories(only_open=only_open, tag=tag):
        none = False
        if as_json:
            echo_json(summary_document(story))
        else:
            click.echo(row(story, desk.newsroom.voice))
    if none:
        click.echo('no such story: open one with feed open STORY "HEADLINE"', err=True)


@click.command()
@click.argument("what", metavar="STORY[/UPDATE]")
@click.option("--as-of", metavar="TIME", help="As readers knew it at a moment, which is included.")
@click.option("--as-recorded", metavar="TIME", help="As the log held it at a moment, which is included.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_desk
def show(desk: Desk, what: str, as_of: str | None, as_recorded: str | None, as_json: bool) -> None:
    """Show a story: headline, status, claims, timeline; or one of its updates in full, with all that became of it.

    What was withdrawn is shown too, marked as such: this is the desk's own view.

    \b
    feed show flood-2026
    feed show flood-2026/3 --as-of "yesterday 9:00"
    """
    name, update_name = desk.story_or_update(what)
    moments = {
        "as_of": None if as_of is None else desk.moment(as_of),
        "as_recorded": None if as_recorded is None else desk.moment(as_recorded),
    }
    story = desk.newsroom.story(name, **moments)
    update = None if update_name is None else _update(story, update_name)
    for asked in _asked(**moments, voice=desk.newsroom.voice):
        click.echo(asked if as_json else f"{asked}\n", err=as_json)
    if as_json:
        _show_json(story, update)
    else:
        _show(story, update, desk.newsroom.voice)


@click.command()
@click.argument("update", metavar="STORY/UPDATE")
@pass_desk
def diff(desk: Desk, update: str) -> None:
    """Show every revision of an update with the words that it took out, [-so-], and put in, {+so+}.

    \b
    feed diff flood-2026/3
    """
    from feed.cli import terminal

    name, update_name = desk.update(update)
    found = _update(desk.newsroom.story(name), update_name)
    click.echo(f"{wrapped(styled(found.headline, bold=True))}\n")
    revisions = [terminal.revision(revision, desk.newsroom.voice) for revision in found.revisions]
    click.echo("\n\n".join(revisions) or "It has not been revised.")


@click.command()
@click.argument("story")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
@pass_desk
def claims(desk: Desk, story: str, as_json: bool) -> None:
    """Show the claims of a story: their status, and every party's stances with the updates that report them.

    \b
    feed claims flood-2026
    """
    from feed.claims import claims_of
    from feed.cli.stories import claims as shown
    from feed.state import claim_document

    found = desk.newsroom.story(desk.story(story))
    if as_json:
        echo_json([claim_document(claim) for claim in claims_of(found)])
    elif text := shown(found, desk.newsroom.voice):
        click.echo(text)
    else:
        click.echo("no claims yet: append an update with --stance 'PARTY asserts CLAIM' --claim 'CLAIM=TEXT'", err=True)


@click.command()
@click.argument("story", required=False)
@click.option("--after", metavar="POSITION", default=0, type=click.IntRange(0), help="Only events after this one.")
@click.option("--follow", is_flag=True, help="Then wait for new ones, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print the event format, one event a line.")
@pass_desk
def log(desk: Desk, story: str | None, after: int, follow: bool, as_json: bool) -> None:
    """Show the events of the log, or those of STORY, oldest first, with the times when they were recorded.

    \b
    feed log flood-2026 --after 17
    feed log --json | gzip > events.jsonl.gz
    """
    from feed.jsonlines import to_json

    name = None if story is None else desk.story(story)
    try:
        for event in _followed(desk, name, after) if follow else desk.newsroom.events(story=name, after=after):
            click.echo(to_json(event) if as_json else logged(event, desk.newsroom.voice))
    except KeyboardInterrupt:
        if not follow:
            raise


COMMANDS = (status, stories, show, diff, claims, log)


def _followed(desk: Desk, story: str | None, after: int) -> Iterator[Event]:
    """The events after a position, those to come included; never ends."""
    while True:
        for event in desk.newsroom.events(story=story, after=after):
            yield event
            after = event.position
        time.sleep(POLL_SECONDS)
        measure_again()


def _update(story: Story, name: str) -> Update:
    update = story.updates.get(name)
    if update is None or update.status == "undone":
        otherwise = f"feed show {story.slug} lists them"
        raise Unknown("update", f"{story.slug}/{name}", near=_near(story, name), otherwise=otherwise)
    return update


def _near(story: Story, name: str) -> list[str]:
    from difflib import get_close_matches

    names = [update.update for update in story.updates.values() if update.status != "undone"]
    # Below this, 2 would be near to 12.
    return [f"{story.slug}/{near}" for near in get_close_matches(name, names, 3, cutoff=0.75)]


def _asked(as_of: Instant | None, as_recorded: Instant | None, voice: Voice) -> Iterator[str]:
    if as_of is not None:
        yield f"As readers knew it at {_exactly(as_of, voice)}"
    if as_recorded is not None:
        yield f"As the log held it at {_exactly(as_recorded, voice)}"


def _exactly(moment: Instant, voice: Voice) -> str:
    """In words, which end at the minute, and where that is not all of it, as it is stored."""
    words = voice.time(moment)
    return words if moment.endswith(":00.000000Z") else f"{words} ({moment})"


def _show_json(story: Story, update: Update | None) -> None:
    from feed.state import story_document, update_document

    echo_json(story_document(story) if update is None else update_document(update))


def _show(story: Story, update: Update | None, voice: Voice) -> None:
    from feed.cli import stories

    if update is None:
        click.echo(stories.story(story, voice))
        return
    click.echo(stories.update(story, update, voice))
    if any(revision.before for revision in update.revisions):
        click.echo(f"the words that changed: feed diff {story.slug}/{update.update}", err=True)


def logged(event: Event, voice: Voice) -> str:
    """When it was recorded and where, what it says, and when it was published if that was another time."""
    recorded, published = voice.time(event.recorded_at), voice.time(event.published_at)
    update = getattr(event.data, "update", None)
    where = styled(f"{event.story}/{update}" if update else event.story, bold=True)
    facts = " · ".join(part for part in (recorded, event.type, where, plain(event.author)) if part)
    gist = ERASED if event.erased else plain(_gist(event.data))
    lines = [wrapped(facts, f"{event.position:>6}  "), wrapped(gist, " " * 8)]
    return "\n".join(lines if published == recorded else [*lines, f"        published {published}"])


def _gist(data: Data) -> str:
    from msgspec import to_builtins

    from feed import events

    match data:
        case events.StoryOpened() | events.UpdateAdded():
            return data.headline
        case events.NoteAdded():
            return data.text
        case events.PayloadErased():
            positions = ", ".join(str(one.position) for one in data.erased)
            return f"{positions}: {data.ground}"
        case events.StoryWithdrawn() | events.UpdateWithdrawn():
            return data.notice or "untold"
        case events.StoryChanged():
            changed = to_builtins(data).items()
            return "; ".join(f"{name}: {value}" if isinstance(value, str) else name for name, value in changed)
        case events.UpdateRevised():
            fields = ", ".join(to_builtins(data.changes))
            signal = f"{data.signal} ({fields})" if fields else data.signal
            return f"{signal}: {data.notice}" if data.notice else signal


def _status(found: Status, voice: Voice) -> Iterator[str]:
    from feed.cli.terminal import tally

    yield _fact("Folder", plain(str(found.folder)))
    yield _fact("Last publish", _last_publish(found, voice))
    yield _fact("Log", counted(found.size, "event"))
    yield _fact("To be told", tally(found.waiting) or "nothing")
    for problem in found.problems:
        yield _fact("Problem", styled(problem, fg="red"))


def _fact(name: str, text: str) -> str:
    return wrapped(text, f"{name:13}")


def _last_publish(found: Status, voice: Voice) -> str:
    from feed.dates import from_datetime

    if found.last_published is None:
        return "never"
    return f"{voice.time(from_datetime(found.last_published))}, up to event {found.position:,}"
