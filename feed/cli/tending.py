"""The commands that set up, fill and keep a newsroom."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feed.cli.desk import Desk, echo_json, pass_desk, progress
from feed.cli.layout import counted
from feed.cli.publishing import publish_now, say
from feed.errors import Invalid, Refused
from feed.text import LINE_BYTES

if TYPE_CHECKING:
    from feed.recorder import Receipt

DEMO = {
    "url": "http://localhost:8000/",
    "title": "The balloon story",
    "authority": "example.org",
    "since": "2023-02-03",
    "author": "Demo desk",
}


@click.command()
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--url", metavar="URL", help="Where the published folder can be reached.")
@click.option("--title", help="What subscribers see as the name of the feeds.")
@click.option("--author", metavar="NAME", help="Who signs the updates.")
@click.option("--timezone", metavar="ZONE", help='Such as "Europe/Berlin".  [default: UTC]')
@click.option("--language", metavar="TAG", help='Such as "de".  [default: en]')
def init(folder: Path, url: str | None, **options: str | None) -> None:
    """Set up a newsroom in DIR (this folder): feed.toml, with a comment for every key, and the database.

    \b
    feed init --url https://news.example.org/ --title "Example News" --timezone Europe/Berlin
    """
    from feed import settings

    if url is None:
        if not sys.stdin.isatty():
            raise click.UsageError("Missing option '--url': where will the published folder be reached?")
        url = click.prompt("Where will the published folder be reached (its URL)", err=True)
    today = datetime.now(UTC).date().isoformat()
    file = _set_up(folder, url=url, since=today, **options)
    made = settings.load(file)
    click.echo(f"made {file} and {folder / made.log.database}")
    click.echo('next: feed open STORY "HEADLINE", then feed append STORY "HEADLINE", then feed publish', err=True)


@click.command()
@click.argument("folder", metavar="[DIR]", default="feed-demo", type=click.Path(path_type=Path))
def demo(folder: Path) -> None:
    """Make a newsroom with an example story in DIR (feed-demo), and publish it. Running it again does no harm."""
    from feed import settings
    from feed.jsonlines import from_json
    from feed.newsroom import Newsroom
    from feed.shipped import SETTINGS_FILE

    file = folder / SETTINGS_FILE
    if not file.exists():
        _set_up(folder, **DEMO)
    loaded = settings.load(file)
    if (loaded.site.authority, loaded.site.since) != (DEMO["authority"], DEMO["since"]):
        raise Refused(f"{folder} holds a newsroom of your own: name another folder (feed demo DIR)")
    story = (files("feed") / "demo.jsonl").read_bytes().splitlines()
    with Newsroom.open(loaded) as newsroom:
        for line in story:
            newsroom.append(from_json(line))
        report = newsroom.publish()
    click.echo(f"{folder} holds a newsroom with one story, told in {counted(len(story), 'event')}.")
    say(report)
    click.echo(
        f"\nLook at it:  cd {folder}; feed show us-china-balloon-2023\n"
        "             feed show us-china-balloon-2023 --as-of 2023-02-04\n"
        f"Read it:     python -m http.server --directory {folder / 'public'} --bind 127.0.0.1 8000\n"
        f"             and subscribe to {report.address}"
    )


@click.command("import")
@click.argument("file", metavar="FILE", type=click.File("rb"))
@click.option("--batch", default=1000, show_default=True, type=click.IntRange(1), help="Lines per transaction.")
@click.option("--json", "as_json", is_flag=True, help="Print each batch's answer as JSON.")
@click.option("-n", "--dry-run", is_flag=True, help="Check all of it; write nothing.")
@click.option("-p", "--publish", is_flag=True, help="Publish right after.")
@pass_desk
def import_events(desk: Desk, file: io.BufferedReader, batch: int, as_json: bool, dry_run: bool, publish: bool) -> None:
    """Append the events in FILE, as feed log --json writes them; gzip is read too, "-" is standard input.

    All or nothing per batch. What the log holds already is skipped, so an import that was broken off can
    simply be run again.
    """
    lines = _lines(file)
    if dry_run:
        _acknowledge(desk.newsroom.rehearse_lines(lines), as_json)
        click.echo("nothing was written (dry run)", err=True)
        return
    for receipt in desk.newsroom.import_lines(lines, batch):
        _acknowledge(receipt, as_json)
        sys.stdout.flush()
    if publish:
        publish_now(desk, err=as_json)


@click.command()
@pass_desk
def upgrade(desk: Desk) -> None:
    """Bring an older database to this version, after a copy beside it."""
    from feed.newsroom import Newsroom

    copy = Newsroom.upgrade(desk.settings, progress("rebuilding"))
    click.echo(f"upgraded; the old database is kept as {copy}" if copy else "the database is up to date")


@click.command()
@click.option("--check", is_flag=True, help="Only compare them with the log, and name the first difference.")
@pass_desk
def rebuild(desk: Desk, check: bool) -> None:
    """Make the read tables anew from the log, beside the present ones, which everyone can use meanwhile."""
    if not check:
        click.echo(f"rebuilt from {counted(desk.newsroom.rebuild(progress('rebuilding')), 'event')}")
        return
    found = desk.newsroom.check(progress("checking"))
    if found is not None:
        where = f"table {found.table}, key {'/'.join(map(str, found.key))}"
        what = f"column {found.column} is {found.live!r}, not {found.rebuilt!r}"
        if not found.column:
            what = "is missing" if found.live is None else "should not be there"
        raise Refused(f"{where}: {what}; feed rebuild makes the tables anew")
    click.echo("the read tables are what the log says")


COMMANDS = (init, demo, import_events, upgrade, rebuild)


def _set_up(folder: Path, *, url: str, since: str, **options: str | None) -> Path:
    """Settings and database, both or neither."""
    from feed import settings
    from feed.newsroom import Newsroom

    file = settings.write(folder, url=url, since=since, **options)
    try:
        Newsroom.create(settings.load(file))
    except BaseException:
        file.unlink()
        raise
    return file


def _acknowledge(receipt: Receipt, as_json: bool) -> None:
    if as_json:
        echo_json(receipt)
    else:
        known = f", {receipt.skipped:,} known already" if receipt.skipped else ""
        click.echo(f"{counted(receipt.appended, 'event')} appended{known} (position {receipt.position})")


def _lines(file: io.BufferedReader) -> Iterator[bytes]:
    """The lines of a file, unpacked where it is gzip; no line is read much beyond what is allowed."""
    bar = progress("importing")
    whole = os.fstat(file.fileno()).st_size if file.seekable() else 0
    unpacked = gzip.GzipFile(fileobj=file) if file.peek(2)[:2] == b"\x1f\x8b" else file
    try:
        while line := unpacked.readline(LINE_BYTES + 2):
            yield line
            if whole:
                bar(file.tell(), whole)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Invalid(str(file.name), f"is damaged or cut off gzip ({error}): fetch it again, then repeat") from None
