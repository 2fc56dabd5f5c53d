"""The command that publishes, and publishing right after another command."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feed.cli.desk import Desk, echo_json, pass_desk
from feed.cli.layout import counted, plain
from feed.errors import FeedError

if TYPE_CHECKING:
    from feed.site.publish import Report

HOLD_SECONDS = 1.0


@click.command()
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="The folder.  [default: the settings']")
@click.option(
    "--all", "everything", is_flag=True, help="Write every file anew, and remove those that belong to no story."
)
@click.option(
    "--takeover", is_flag=True, help="Publish into a folder that another log, or a later state, was published into."
)
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.option("-n", "--dry-run", is_flag=True, help="List the entries that subscribers would get; write nothing.")
@click.option("--watch", is_flag=True, help="Go on, and publish whenever the log has grown, until interrupted.")
@click.option(
    "--hold",
    metavar="SECONDS",
    type=click.FloatRange(0, 86_400),
    callback=lambda _context, _option, value: _a_number(value),
    help="With --watch: publish when nothing has been appended for so long, which leaves as long to amend; while"
    " somebody appends without such a pause, after ten times as long.  [default: 1]",
)
@pass_desk
def publish(
    desk: Desk,
    out: Path | None,
    everything: bool,
    takeover: bool,
    as_json: bool,
    dry_run: bool,
    watch: bool,
    hold: float | None,
) -> None:
    """Write feeds and pages, as far as they have changed since the last publish, and say what subscribers are told.

    A WebSub hub in the settings (websub.hub) is told of each feed that has changed.

    \b
    feed publish --watch --hold 60
    """
    if watch:
        if everything or takeover or dry_run:
            raise click.UsageError(
                "--watch goes with --out, --hold and --json only: publish once with the others first"
            )
        from feed.cli.watching import watch as go_on

        go_on(desk, out, HOLD_SECONDS if hold is None else hold, _say_json if as_json else say)
        return
    if hold is not None:
        raise click.UsageError("--hold goes with --watch")
    if dry_run:
        _list_waiting(desk, out, as_json)
        return
    report = desk.newsroom.publish(out and out.absolute(), everything=everything, takeover=takeover)
    if as_json:
        _say_json(report)
    else:
        say(report)
    _tell_hub(desk, err=as_json)


COMMANDS = (publish,)


def publish_now(desk: Desk, *, err: bool) -> None:
    """Publish after a writing command, and say so; on standard error where standard output holds JSON."""
    say(desk.newsroom.publish(), err=err)
    _tell_hub(desk, err=err)


def say(report: Report, *, err: bool = False) -> None:
    """What was published, and where."""
    from feed.cli import terminal

    told = f"of {terminal.tally(report.told)}" if report.told else "nothing new"
    written = counted(report.files_written, "file")
    click.echo(f"Subscribers are told {told}.", err=err)
    click.echo(f"{written} written, {report.files_unchanged:,} unchanged in {_from_here(report.folder)}", err=err)
    click.echo(f"The feed: {report.address}", err=err)


def _say_json(report: Report) -> None:
    echo_json(
        {
            "position": report.position,
            "files_written": report.files_written,
            "files_unchanged": report.files_unchanged,
            "told": report.told,
        }
    )


def _tell_hub(desk: Desk, *, err: bool) -> None:
    """Tell the hub, if there is one, of the feeds that have changed; the publish is done, whatever comes of this."""
    if desk.settings.websub.hub is None:
        return
    from feed.websub import AFTER_PUBLISH_SECONDS

    try:
        telling = desk.newsroom.tell_hub(AFTER_PUBLISH_SECONDS)
    except FeedError as error:
        click.echo(plain(f"the hub is not told: {error}"), err=True)
        return
    if telling.told:
        click.echo(f"The hub is told of {counted(telling.told, 'feed')}.", err=err)
    if telling.left:
        why = f" ({telling.trouble})" if telling.trouble else ""
        left = counted(telling.left, "feed")
        click.echo(plain(f"the hub is to be told of {left} later{why}: feed websub"), err=True)


def _a_number(hold: float | None) -> float | None:
    # NaN is in every range.
    if hold is not None and isnan(hold):
        raise click.BadParameter("must be a number of seconds")
    return hold


def _list_waiting(desk: Desk, out: Path | None, as_json: bool) -> None:
    for entry in desk.newsroom.waiting(out and out.absolute()):
        if as_json:
            echo_json({"id": entry.id, "kind": entry.kind, "title": entry.title, "published_at": entry.published_at})
            continue
        click.echo(plain(f"{desk.newsroom.voice.time(entry.published_at)}  {entry.title}"))
    click.echo("nothing was written (dry run)", err=True)


def _from_here(folder: Path) -> Path:
    """The path as short as it can be typed."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder
