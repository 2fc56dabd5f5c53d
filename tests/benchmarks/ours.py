"""Our own work, as a side of a comparison: makes what it works on first, and times the rest.

Each takes the folder of a newsroom, and says in seconds what its work took.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec

from feed import log, merkle, settings
from feed.database import open_database
from feed.events import NewEvent, UpdateAdded
from feed.newsroom import BATCH, Newsroom
from feed.site.folder import Folder
from feed.site.standing import leaf_at
from tests.benchmarks import data
from tests.benchmarks.measure import Watch

Figures = dict[str, float]


def make(folder: str) -> None:
    """An empty newsroom."""
    data.make(Path(folder))


def fill(folder: str, kind: str, *sizes: int) -> Figures:
    """A newsroom with the events of a function of `data`; answers how many."""
    data.make(Path(folder))
    with _open(folder) as newsroom:
        for some in in_batches(_events(kind, sizes), BATCH):
            newsroom.append_all(some)
        return {"events": newsroom.head().size}


def write_lines(file: str, kinds: list[list[Any]]) -> None:
    """The events of functions of `data`, each with its sizes, one after another in the event format."""
    made = (new for kind, *sizes in kinds for new in _events(kind, sizes))
    with Path(file).open("wb") as stream:
        for number, new in enumerate(made, 1):
            line = {"id": f"event-{number}", "story": new.story, "type": new.type, "data": new.data}
            if new.published_at is not None:
                line["published_at"] = new.published_at
            stream.write(msgspec.json.encode(line) + b"\n")


def mark_published(folder: str) -> None:
    """Say in the folder that was published when the log was empty that all of the log is published.

    The files that no further publish touches are not missed; those of a million events would be twenty gigabytes.
    """
    made = settings.load(Path(folder) / "feed.toml")
    database = open_database(made.database_url)
    with database.reading() as connection:
        size = log.head(connection).size
        leaf = leaf_at(connection, size)
    database.close()
    with Folder(made.public) as target:
        last = target.published()
        if last is None:
            raise ValueError(f"{target.folder} was never published")
        target.finish(msgspec.structs.replace(last, position=size, leaf=leaf))


def append(folder: str, events: int, batch: int) -> Figures:
    """So many events, in transactions of `batch`; of one, by the call for one."""
    newsroom, watch = _open(folder), Watch()
    for some in in_batches(data.newsroom(events), batch):
        with watch:
            if batch == 1:
                newsroom.append(some[0])
            else:
                newsroom.append_all(some)
    with watch:
        newsroom.close()
    return watch.figures()


def append_more(folder: str, times: int) -> Figures:
    """Appends, each with a stance on a claim, to the first story."""
    with _open(folder) as newsroom:
        story = newsroom.names()[0]
        stated = [
            UpdateAdded(headline="The dam holds", stances=(data.disputed(number),)) for number in range(times + 20)
        ]
        # The first ones compile statements.
        for update in stated[times:]:
            newsroom.append(NewEvent(story=story, data=update))
        watch = Watch()
        with watch:
            for update in stated[:times]:
                newsroom.append(NewEvent(story=story, data=update))
        return watch.figures()


def append_unproved(folder: str, times: int) -> Figures:
    """The same, as if there were no proof: no hash is made, and the columns for them stay empty."""
    with _no_proof():
        return append_more(folder, times)


def import_lines(folder: str, file: str) -> None:
    """What the command for it does, for its statements."""
    with _open(folder) as newsroom, Path(file).open("rb") as stream:
        for _ in newsroom.import_lines(stream):
            pass


def rebuild(folder: str) -> Figures:
    """All read tables anew."""
    with _open(folder) as newsroom:
        watch = Watch()
        with watch:
            newsroom.rebuild(_silent)
        return watch.figures()


def prove(folder: str) -> Figures:
    """A proof of the log alone."""
    with _open(folder) as newsroom:
        watch = Watch()
        with watch:
            newsroom.prove([], _silent)
        return watch.figures()


def verify(folder: str) -> Figures:
    """A proof of the log, and the comparison of the read tables with it."""
    with _open(folder) as newsroom:
        watch = Watch()
        with watch:
            newsroom.verify([], _silent)
        return watch.figures()


def publish_more(folder: str, times: int) -> Figures:
    """Publishes, each after one append; the newsroom is published already. Answers the mean number of files too."""
    with _open(folder) as newsroom:
        names, watch, files = newsroom.names(), Watch(), 0
        for number in range(2 * times):
            story = names[number % times % len(names)]
            newsroom.append(NewEvent(story=story, data=UpdateAdded(headline="The dam holds")))
            if number < times:
                # The first ones load and render what later ones use again.
                newsroom.publish()
                continue
            with watch:
                report = newsroom.publish()
            files += report.files_written
        return watch.figures(files=files / times)


def in_batches(events: Iterable[NewEvent], size: int) -> Iterator[list[NewEvent]]:
    """The events in lists of `size`."""
    remaining = iter(events)
    while some := list(islice(remaining, size)):
        yield some


def _events(kind: str, sizes: Iterable[int]) -> Iterator[NewEvent]:
    events: Iterator[NewEvent] = getattr(data, kind)(*sizes)
    return events


def _open(folder: str) -> Newsroom:
    return Newsroom.open(settings.load(Path(folder) / "feed.toml"))


def _silent(_done: int, _total: int) -> None:
    """No progress is shown."""


@contextmanager
def _no_proof() -> Iterator[None]:
    with (
        patch.object(log, "commit", lambda _salt, _payload: b""),
        patch.object(log, "header", lambda *_columns: b""),
        patch.object(secrets, "token_bytes", lambda _size: b""),
        patch.object(merkle, "leaf_hash", lambda _header: b""),
        patch.object(merkle, "extend", lambda _frontier, _size, _leaf: ()),
    ):
        yield
