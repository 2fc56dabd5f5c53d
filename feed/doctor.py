"""What is wrong with a newsroom, and the command that repairs it. Nothing is changed here."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from sqlalchemy import Connection

from feed import checkpoint, database, keys, log, outbox, projections
from feed.database import Database
from feed.dates import to_datetime
from feed.errors import DatabaseError, FeedError, Invalid
from feed.settings import Settings
from feed.site.checkpoint import CHECKPOINT
from feed.site.folder import Folder
from feed.site.standing import WHOSE, standing

_GROUP = stat.S_IRGRP | stat.S_IWGRP


class Finding(Struct, frozen=True, kw_only=True):
    """Of what, and how it stands; `repair` is the command that helps, None where nothing is wrong."""

    subject: str
    text: str
    repair: str | None = None


def examine(settings: Settings, now: datetime) -> Iterator[Finding]:
    """How everything that the settings name stands, database first."""
    try:
        opened = database.open_database(settings.database_url)
    except DatabaseError as error:
        yield Finding(subject="database", text=error.problem, repair=_repair_of(error))
    else:
        try:
            yield from _log(opened, settings, now)
        finally:
            opened.close()
    yield from _key(settings)
    yield from _rights(settings)


def _repair_of(error: DatabaseError) -> str:
    return "feed upgrade" if isinstance(error, database.OlderDatabase) else "feed restore BACKUP"


def _log(opened: Database, settings: Settings, now: datetime) -> Iterator[Finding]:
    try:
        with opened.reading() as connection:
            head = log.head(connection)
            yield Finding(subject="database", text=f"{opened.name}, {head.size} events, of this version")
            yield from _integrity(connection)
            yield from _read_tables(connection, head)
            yield _clock(head, now)
            yield _folder(connection, head, settings)
            yield from _hub(connection, settings)
    except DatabaseError as error:
        yield Finding(subject="database", text=error.problem, repair="feed restore BACKUP")


def _integrity(connection: Connection) -> Iterator[Finding]:
    found = [row[0] for row in connection.exec_driver_sql("PRAGMA quick_check(3)")]
    if found == ["ok"]:
        yield Finding(subject="integrity", text="SQLite finds nothing wrong; feed verify proves more")
    for problem in found if found != ["ok"] else ():
        yield Finding(subject="integrity", text=f"SQLite finds: {problem}", repair="feed restore BACKUP")


def _read_tables(connection: Connection, head: log.Head) -> Iterator[Finding]:
    if not projections.is_current(connection):
        yield Finding(subject="read tables", text="are of another version's make", repair="feed upgrade")
    elif problems := projections.problems(connection, head.size):
        yield Finding(subject="read tables", text=problems[0], repair="feed rebuild")
    else:
        yield Finding(subject="read tables", text="stand where the log stands")


def _clock(head: log.Head, now: datetime) -> Finding:
    if head.recorded_at and (behind := to_datetime(head.recorded_at) - now).total_seconds() > 0:
        text = f"is {behind} behind the last event, whose time is {head.recorded_at}"
        return Finding(subject="clock", text=text, repair="timedatectl set-ntp true")
    return Finding(subject="clock", text="is not behind the log")


def _folder(connection: Connection, head: log.Head, settings: Settings) -> Finding:
    folder = Folder(settings.public)
    last = folder.published()
    if last is None:
        return Finding(subject="folder", text=f"{folder.folder}: never published", repair="feed publish")
    if (stands := standing(connection, head, last)) != "here":
        text = f"{folder.folder} was published from {WHOSE[stands]}"
        return Finding(subject="folder", text=text, repair="feed publish --takeover")
    if last.position < head.size:
        text = f"{folder.folder} is behind: it shows event {last.position} of {head.size}"
        return Finding(subject="folder", text=text, repair="feed publish")
    return Finding(subject="folder", text=f"{folder.folder} shows all of the log")


def _hub(connection: Connection, settings: Settings) -> Iterator[Finding]:
    if settings.websub.hub is None:
        return
    waiting = outbox.waiting(connection)
    if failed := [one for one in waiting if one.attempts]:
        text = f"{settings.websub.hub} was not told of {len(failed)} changed feeds: it {failed[-1].last_error}"
        yield Finding(subject="hub", text=text, repair="feed websub --flush")
    elif waiting:
        yield Finding(subject="hub", text=f"is still to be told of {len(waiting)} changed feeds", repair="feed publish")
    else:
        yield Finding(subject="hub", text=f"{settings.websub.hub} has been told of every change")


def _key(settings: Settings) -> Iterator[Finding]:
    file = settings.key_file
    try:
        private = keys.private(file)
    except FeedError as error:
        yield Finding(subject="key", text=str(error), repair="feed keygen")
        return
    if private is not None and not keys.is_private(file):
        yield Finding(subject="key", text=f"{file} can be read by others", repair=f"chmod 600 {file}")
    elif not _signed_by(settings.public / CHECKPOINT, private):
        text = f"{settings.public / CHECKPOINT} was signed by another key than {file}"
        yield Finding(subject="key", text=text, repair="feed publish")
    elif private is None:
        yield Finding(subject="key", text="none, so checkpoints are not signed; feed keygen makes one")
    else:
        yield Finding(subject="key", text=f"{file} signs the checkpoints")


def _signed_by(file: Path, private: bytes | None) -> bool:
    """Whether a published checkpoint, if there is one, is signed as the next one would be."""
    try:
        note = checkpoint.read(str(file), file.read_bytes())
    except (OSError, Invalid):
        return True
    if private is None:
        return not note.signatures
    by = checkpoint.Verifier(name=note.checkpoint.origin, public=checkpoint.public_of(private))
    return checkpoint.is_signed(note, by)


def _rights(settings: Settings) -> Iterator[Finding]:
    """Whether this user, and where a folder is a group's every user of it, can write what publishing writes."""
    wrong = [*_wrong_rights(database.file_of(settings.database_url)), *_wrong_rights(settings.public)]
    yield from wrong
    if not wrong:
        yield Finding(subject="permissions", text="database and folder can be written to by those who should")


def _wrong_rights(place: Path) -> Iterator[Finding]:
    if not place.exists():
        return
    for path in (place.parent, place):
        if not os.access(path, os.W_OK):
            text = f"{path}: this user may not write there"
            yield Finding(subject="permissions", text=text, repair=f"chmod u+w {path}, as its owner")
    folder, own = place.parent.stat(), place.stat()
    if not folder.st_mode & stat.S_IWGRP:
        return
    if own.st_gid != folder.st_gid:
        text = f"{place}: is not of the group that may write to its folder"
        yield Finding(subject="permissions", text=text, repair=f"chgrp -R --reference={place.parent} {place}")
    if own.st_mode & _GROUP != _GROUP:
        text = f"{place}: others of the group that may write to its folder may not write to it"
        yield Finding(subject="permissions", text=text, repair=f"chmod -R g+rwX {place}")
