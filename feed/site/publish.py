"""One publish: what has changed since the last one, rendered from one snapshot and put into the folder.

Rendering is pure and knows no folder; this module leads the one into the other.
"""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from msgspec import Struct
from sqlalchemy import Connection

from feed import log, outbox
from feed.database import Database
from feed.errors import PublishError
from feed.projections import lists, read
from feed.settings import Settings
from feed.site.checkpoint import CHECKPOINT, signed_head
from feed.site.crew import MANY, Crew
from feed.site.files import Site
from feed.site.folder import Folder, Published
from feed.site.news import News
from feed.site.standing import WHOSE, leaf_at, standing
from feed.site.theme import Theme


class Report(Struct, frozen=True, kw_only=True):
    """What a publish did. `told` counts, by kind, the developments since the folder's last publish."""

    folder: Path
    address: str
    position: int
    files_written: int
    files_unchanged: int
    told: dict[str, int]


def publish(database: Database, settings: Settings, folder: Path, *, everything: bool, takeover: bool) -> Report:
    """Bring the folder to where the log is. Raises PublishError and DatabaseError.

    With `everything`, and where other settings or another program published last, or something was erased since, all
    files are rendered, and those of the layout that are not among them are removed. With `takeover` a folder of
    another log, or of another state of this one, is taken over.
    """
    fingerprint = _fingerprint(settings)
    with Folder(folder) as target, ExitStack() as stack:
        crew = None
        with database.reading() as connection:
            since = 0 if everything else _since(connection, target.published(), fingerprint)
            many = read.count_touched(connection, since) >= MANY
        if many:
            crew = stack.enter_context(Crew(settings))
        connection, head = _snapshot(database, settings, stack, crew)
        last = _last(target, connection, head, takeover)
        shown = last.position if last else 0
        since = 0 if everything else _since(connection, last, fingerprint)
        site = Site(connection, settings, crew)
        news = News(database, settings, target)
        put = set()
        for path, content in news.promised(site.files(since, shown)):
            target.put(path, content)
            put.add(path)
        # Other settings may mean fewer files, and what was withdrawn would live on in those of before.
        whole = not since and (everything or last is not None or log.erased_since(connection, 0))
        if whole:
            target.remove_others(put)
        news.release(put if whole else None)
        target.put(CHECKPOINT, signed_head(head, settings))
        leaf = leaf_at(connection, head.size)
        target.finish(Published(origin=head.origin, position=head.size, fingerprint=fingerprint, leaf=leaf))
        return Report(
            folder=folder,
            address=site.addresses.url + "atom.xml",
            position=head.size,
            files_written=target.files_written,
            files_unchanged=target.files_unchanged,
            told=lists.count_by_kind(connection, after=shown),
        )


def _since(connection: Connection, last: Published | None, fingerprint: str) -> int:
    """The position after which events may have changed files; 0 where all files are to be rendered."""
    if last is None or last.fingerprint != fingerprint:
        return 0
    # What was erased may stand in any file, a topic's folder named by its tag among them.
    return 0 if log.erased_since(connection, last.position) else last.position


def _snapshot(
    database: Database, settings: Settings, stack: ExitStack, crew: Crew | None
) -> tuple[Connection, log.Head]:
    """A snapshot of the log that has been told.

    It is taken under the write lock: an update that it holds can no longer be amended as untold.
    """
    with database.writing() as writer:
        connection = stack.enter_context(database.reading())
        head = log.head(connection)
        if crew is not None:
            crew.look(head.size)
        log.tell(writer, head.size)
        outbox.forget_other_hubs(writer, settings.websub.hub)
    return connection, head


def _last(target: Folder, connection: Connection, head: log.Head, takeover: bool) -> Published | None:
    """The folder's last publish, if this one goes on from there. Raises PublishError."""
    last = target.published()
    if last is None or (stands := standing(connection, head, last)) == "here":
        return last
    if takeover:
        return None
    raise PublishError(
        target.folder,
        f"was published from {WHOSE[stands]}: name another folder (--out), or take this one over (--takeover)",
    )


def _fingerprint(settings: Settings) -> str:
    """Changes when anything but the log changes what is rendered: hex SHA-256 of settings, templates and program."""
    digest = hashlib.sha256(_program() + Theme(settings.theme).digest)
    shown = (settings.site, settings.words, settings.publish.pages, settings.websub)
    digest.update(repr(shown).encode())
    return digest.hexdigest()


@cache
def _program() -> bytes:
    package = Path(__file__).parents[1]
    sources = sorted(path for path in package.rglob("*") if path.suffix in (".py", ".html", ".css", ".js"))
    digest = hashlib.sha256()
    for path in sources:
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.digest()
