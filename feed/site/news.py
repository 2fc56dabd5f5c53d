"""What a publish tells the WebSub hub: the feeds whose bytes it has changed, by way of the outbox."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from datetime import UTC, datetime
from itertools import islice

from feed import outbox
from feed.database import Database
from feed.settings import Settings
from feed.site.addresses import is_feed
from feed.site.crew import File
from feed.site.folder import Folder

# So many files are looked at before the first of them is put: a transaction for each would cost as much as its file.
_AHEAD = 64


class News:
    """The topics of one publish into a folder. Without a hub in the settings it does nothing."""

    def __init__(self, database: Database, settings: Settings, target: Folder) -> None:
        self._database = database
        self._hub = settings.websub.hub
        self._url = settings.site.url
        self._target = target
        self._changed: list[str] = []

    def promised(self, files: Iterable[File]) -> Iterator[File]:
        """The files, in order; that a feed among them will change is in the outbox before it is yielded."""
        if self._hub is None:
            yield from files
            return
        waiting = iter(files)
        while some := list(islice(waiting, _AHEAD)):
            changed = [self._url + path for path, content in some if is_feed(path) and self._changes(path, content)]
            if changed:
                with self._database.writing() as connection:
                    outbox.promise(connection, self._hub, changed, datetime.now(UTC))
                self._changed += changed
            yield from some

    def release(self, put: Set[str] | None) -> None:
        """Let the hub be told, now that all files stand. `put` are all the paths of the site, where that is known."""
        if self._hub is None:
            return
        with self._database.reading() as connection:
            waiting = outbox.waiting(connection)
        if not waiting and not self._changed:
            return
        with self._database.writing() as connection:
            outbox.release(connection, self._hub, self._changed, datetime.now(UTC))
            if put is not None:
                outbox.forget_others(connection, {self._url + path for path in put})

    def _changes(self, path: str, content: bytes) -> bool:
        return not self._target.holds(path, content)
