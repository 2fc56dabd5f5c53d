"""Where the newsroom's folder stands beside the log, and what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from sqlalchemy import Connection

from feed import log, outbox, projections
from feed.database import Database
from feed.projections import lists
from feed.settings import Settings


class Status(Struct, frozen=True, kw_only=True):
    """Where the newsroom's folder stands: `position` is what was last published into it, `size` the log's;
    `waiting` counts the developments in between by kind. `problems` are sentences that say what to do."""

    folder: Path
    last_published: datetime | None
    position: int | None
    size: int
    waiting: dict[str, int]
    problems: tuple[str, ...]


def status(database: Database, settings: Settings) -> Status:
    """What has not been published, and what is wrong. Raises PublishError and DatabaseError."""
    from feed.site.folder import RECORD, Folder
    from feed.site.standing import WHOSE, standing

    folder = Folder(settings.public)
    last = folder.published()
    with database.reading() as connection:
        head = log.head(connection)
        since = last.position if last and last.origin == head.origin else 0
        waiting = lists.count_by_kind(connection, after=since)
        problems = [*projections.problems(connection, head.size), *_outbox(connection)]
        if last is not None and (stands := standing(connection, head, last)) != "here":
            whose = f"{folder.folder} was published from {WHOSE[stands]}"
            problems.append(f"{whose}: feed publish --takeover takes it over")
    return Status(
        folder=folder.folder,
        last_published=_modified(folder.folder / RECORD) if last else None,
        position=last.position if last else None,
        size=head.size,
        waiting=waiting,
        problems=tuple(problems),
    )


def _outbox(connection: Connection) -> list[str]:
    failed = [one for one in outbox.ready(connection) if one.attempts]
    if not failed:
        return []
    return [f"the hub {failed[0].hub} has not been told of {len(failed)} changed feeds: feed websub says why"]


def _modified(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)
