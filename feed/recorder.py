"""Recording: events as asked for, decided, numbered, folded and written, within one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from feed import log
from feed.erasure import erasing, remains, subject
from feed.errors import Conflict, FeedError, InvalidLine, KnownId, Refused, Unknown
from feed.events import Event, NewEvent, PayloadErased, is_same
from feed.jsonlines import checked
from feed.projections import Workbench, read, refold
from feed.rules import Context, decide
from feed.settings import Settings

Clock = Callable[[], datetime]

Numbered = Sequence[tuple[int, NewEvent]]
"""New events that are well-formed, each with the number of its line."""


class Receipt(Struct, frozen=True, kw_only=True):
    """A committed batch; `position` is that of its last event."""

    appended: int
    skipped: int
    position: int


class Recorder:
    """Records by the settings' defaults. `database` is what messages call the log."""

    def __init__(self, settings: Settings, database: str, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        # An import in batches comes to what was erased before it comes to what says so.
        self._unworded = False

    def append(self, connection: Connection, new: NewEvent, expected_version: int | None) -> Event:
        """Record a well-formed event, or find it recorded already by its id. Raises Refused."""
        if new.id is not None and (stored := log.known(connection, [new.id]).get(new.id)):
            return _same(new, stored)
        if isinstance(new.data, PayloadErased):
            new = replace(new, data=_of_placeholders(connection, new.story, new.data, {}))
        return self._append(connection, new, expected_version)

    def erase(self, connection: Connection, events: Sequence[Event], ground: str, author: str | None) -> Event:
        """Record the erasure of these events, which are of one story and about one update or none, and carry it out.

        Raises Refused.
        """
        new = NewEvent(story=events[0].story, data=erasing(events, ground), author=author)
        return self._append(connection, checked(new), None)

    def append_all(self, connection: Connection, events: Numbered) -> Receipt:
        """Record the events, but those recorded already. Raises InvalidLine."""
        held = log.known(connection, [new.id for _, new in events if new.id is not None])
        batch, workbench = self._at_work(connection, [new for _, new in events])
        recorded: list[Event] = []
        last = None
        for number, new in events:
            try:
                if new.id is not None and new.id in held:
                    last = _same(new, held[new.id])
                    continue
                if isinstance(new.data, PayloadErased):
                    new = replace(new, data=_of_placeholders(connection, new.story, new.data, held))
                last = self._record(connection, batch, workbench, new)
                recorded.append(last)
            except FeedError as error:
                raise InvalidLine(number, error) from None
            held[last.id] = last
        if recorded:
            _write(connection, batch, workbench, recorded)
        appended = len(recorded)
        return Receipt(appended=appended, skipped=len(events) - appended, position=last.position if last else 0)

    def _append(self, connection: Connection, new: NewEvent, expected_version: int | None) -> Event:
        batch, workbench = self._at_work(connection, [new])
        found = batch.version(new.story)
        if expected_version is not None and expected_version != found:
            raise Conflict(new.story, expected_version, found)
        event = self._record(connection, batch, workbench, new)
        _write(connection, batch, workbench, [event])
        return event

    def _at_work(self, connection: Connection, new: Sequence[NewEvent]) -> tuple[log.Batch, Workbench]:
        self._unworded = self._unworded or any(one.erased for one in new) or log.erased_since(connection, 0)
        batch = log.Batch(connection, (one.story for one in new), self._clock)
        workbench = Workbench(connection)
        workbench.require(batch.head.size, self._database)
        workbench.load((one.story, one.data) for one in new)
        return batch, workbench

    def _record(self, connection: Connection, batch: log.Batch, workbench: Workbench, new: NewEvent) -> Event:
        recorded_at = batch.moment()
        context = Context(
            recorded_at=recorded_at,
            told=batch.head.told,
            authority=self._settings.site.authority,
            since=self._settings.site.since,
            language=self._settings.site.language,
            unworded=self._unworded,
        )
        part = workbench.part(new.story, new.data)
        try:
            data = decide(new, part, context)
        except Unknown as unknown:
            raise _with_near(connection, new.story, unknown) from None
        event = batch.record(
            story=new.story,
            data=data,
            id=new.id or _new_id(),
            author=new.author or self._author(),
            recorded_at=recorded_at,
            published_at=new.published_at or recorded_at,
        )
        workbench.take(event, part)
        return event

    def _author(self) -> str:
        import getpass

        try:
            return self._settings.desk.author or getpass.getuser()
        # A system may know no name of the user that it runs a program as; Python 3.13 says so by OSError.
        except (KeyError, OSError):
            raise Refused("who signs it is unknown: give --author, or write desk.author into the settings") from None


def _write(connection: Connection, batch: log.Batch, workbench: Workbench, recorded: Sequence[Event]) -> None:
    """Put what was recorded into the database, and delete what it says to be erased."""
    batch.write()
    workbench.save(connection)
    for event in recorded:
        if isinstance(event.data, PayloadErased):
            log.erase(connection, event.position, event.data)
            refold(connection, event.story)


def _of_placeholders(
    connection: Connection, story: str, data: PayloadErased, held: Mapping[str, Event]
) -> PayloadErased:
    """The erasure of another log, with the positions here. Nothing is erased by it that still has a text here."""
    found = log.known(connection, [one.id for one in data.erased if one.id not in held])
    events = []
    for one in data.erased:
        event = held.get(one.id) or found.get(one.id)
        if event is None or event.story != story:
            raise Refused(f"story {story!r} has no event {one.id!r} here: import the events before its erasure first")
        if event.erased or remains(event.data) != event.data or subject(event.data) != data.update:
            raise Refused(
                f"event {event.position} is not what an erasure has left of it: look at it"
                f" (feed log --after {event.position - 1}), and erase it here (feed erase --event {event.position})"
            )
        events.append(event)
    return erasing(events, data.ground)


def _with_near(connection: Connection, slug: str, unknown: Unknown) -> Unknown:
    names = read.slugs(connection)
    if unknown.what == "update":
        names = [f"{slug}/{name}" for name in read.update_names(connection, slug)]
    near = _near(unknown.name, names)
    return Unknown(unknown.what, unknown.name, near=near) if near else unknown


def unknown_story(connection: Connection, slug: str) -> Unknown:
    """The refusal of a story that does not exist, with the names that were perhaps meant."""
    near = _near(slug, read.slugs(connection))
    return Unknown("story", slug, near=near, otherwise="feed stories lists all")


def unknown_update(connection: Connection, slug: str, name: str) -> Unknown:
    """The refusal of an update that does not exist in a story that does."""
    unknown = Unknown("update", f"{slug}/{name}", otherwise=f"feed show {slug} lists them")
    return _with_near(connection, slug, unknown)


def _new_id() -> str:
    import uuid_utils

    return str(uuid_utils.uuid7())


def _near(name: str, names: Iterable[str]) -> list[str]:
    """Up to three names that were perhaps meant; the beginning of one counts as much as the whole."""
    import difflib

    by_beginning = {known[: len(name) + 1]: known for known in names} | {known: known for known in names}
    return list(dict.fromkeys(by_beginning[close] for close in difflib.get_close_matches(name, by_beginning, 3)))


def _same(new: NewEvent, stored: Event) -> Event:
    if not is_same(new, stored):
        raise KnownId(stored.id, stored.position)
    return stored
