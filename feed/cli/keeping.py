"""The commands that keep a newsroom safe: copies of its database, and what is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from feed.cli.desk import Desk, echo_json, pass_desk, progress
from feed.cli.layout import counted, plain, styled, wrapped
from feed.errors import Refused


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@pass_desk
def backup(desk: Desk, file: Path) -> None:
    """Copy the database to FILE while everybody goes on working, and prove the copy as feed verify does.

    FILE appears whole or not at all, and nothing is overwritten. Keep the key (feed.key) elsewhere.

    \b
    feed backup /backups/feed-$(date +%F).db
    """
    events = desk.newsroom.backup(file, progress("verifying"))
    click.echo(f"{file} holds {counted(events, 'event')}, verified")


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@pass_desk
def restore(desk: Desk, file: Path) -> None:
    """Prove FILE as feed verify does, then put a copy of it in place of the database, which is kept beside it.

    What was appended after the backup is not in it. If some of that was published, the next feed publish refuses, and
    feed publish --takeover shows subscribers what the log says now; readers keep what they have fetched.
    """
    from feed.newsroom import Newsroom

    events, kept = Newsroom.restore(desk.settings, file, progress("verifying"))
    click.echo(
        f"restored {counted(events, 'event')} from {file}" + (f"; the replaced database is {kept}" if kept else "")
    )
    click.echo("next: feed doctor, then feed publish", err=True)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@pass_desk
def doctor(desk: Desk, as_json: bool) -> None:
    """Look at settings, database, published folder, key, clock and permissions; exit status 1 if anything is wrong."""
    from feed.doctor import Finding, examine

    findings = [Finding(subject="settings", text="can be read"), *examine(desk.settings, datetime.now(UTC))]
    for finding in findings:
        if as_json:
            echo_json(finding)
        else:
            click.echo(_line(finding.subject, finding.text, finding.repair))
    if wrong := [finding for finding in findings if finding.repair]:
        raise Refused(f"{counted(len(wrong), 'problem')} found: run what stands behind the arrow")


COMMANDS = (backup, restore, doctor)


def _line(subject: str, text: str, repair: str | None) -> str:
    mark = styled("ok  ", fg="green") if repair is None else styled("bad ", fg="red")
    end = f" -> {plain(repair)}" if repair else ""
    return wrapped(f"{plain(text)}{end}", f"{mark} {subject:12} ")
