"""The use cases, and the Python API: where settings, log, projections and site are put together.

with Newsroom.open(settings.load(Path("feed.toml"))) as newsroom:
    newsroom.append(NewEvent(story="flood", data=UpdateAdded(headline="The dam holds")))
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event as Stop
from types import TracebackType
from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from feed import checkpoint, copying, database, eraser, keys, log, outbox, projections, status, verify
from feed.checkpoint import Verifier
from feed.database import Database
from feed.dates import Instant
from feed.developments import Development
from feed.eraser import Erasable, Erasure
from feed.errors import DatabaseError, Invalid, InvalidLine, PublishError, Refused
from feed.events import Event, NewEvent, UpdateAdded, UpdateRevised
from feed.fold import Fold
from feed.jsonlines import batches, checked
from feed.outbox import Waiting
from feed.projections import Difference, Progress, lists, read
from feed.recorder import Clock, Receipt, Recorder, unknown_story
from feed.settings import Settings
from feed.site.entries import Entry, entry
from feed.site.voice import Voice, voice
from feed.status import Status
from feed.story import Story
from feed.verify import Fault, Older, Verdict

if TYPE_CHECKING:
    from feed.site.publish import Report
    from feed.websub import Telling

BATCH = 1_000


class Answer(Struct, frozen=True, kw_only=True):
    """What an event came to: the entry that subscribers get of it (None if they get none), and the parties
    of its stances that are new in the story while `known_parties` were known."""

    event: Event
    entry: Entry | None
    new_parties: tuple[str, ...]
    known_parties: tuple[str, ...]


class Newsroom:
    """An open log with everything around it. Close it, or use it in a with statement.

    `voice` is English, for answers; entries are in their story's.
    """

    def __init__(self, settings: Settings, opened: Database, clock: Clock) -> None:
        self.settings = settings
        self.timezone = ZoneInfo(settings.site.timezone)
        self.voice = voice("en", {}, self.timezone)
        self._database = opened
        self._recorder = Recorder(settings, opened.name, clock)

    @classmethod
    def open(cls, settings: Settings, clock: Clock = lambda: datetime.now(UTC)) -> Self:
        """Raises DatabaseError where the database is missing, foreign, older, newer, locked or damaged."""
        opened = database.open_database(settings.database_url)
        try:
            with opened.reading() as connection:
                projections.require_current(connection, opened.name)
        except BaseException:
            opened.close()
            raise
        return cls(settings, opened, clock)

    @classmethod
    def create(cls, settings: Settings) -> None:
        """Make the database that the settings name. Raises DatabaseError if something is there."""
        database.create(settings.database_url, projections.create)

    @classmethod
    def upgrade(cls, settings: Settings, progress: Progress) -> Path | None:
        """Bring an older database to this version; returns the path of the copy made before, if one was needed."""
        copy = database.upgrade(settings.database_url)
        opened = database.open_database(settings.database_url)
        try:
            with opened.reading() as connection:
                current = projections.is_current(connection)
            if not current:
                copy = copy or database.backup(settings.database_url, "read-tables")
                projections.rebuild(opened, progress)
        finally:
            opened.close()
        return copy

    @classmethod
    def restore(cls, settings: Settings, file: Path, progress: Progress) -> tuple[int, Path | None]:
        """Put a proved copy of a backup in place of the database; returns its number of events, and where the
        replaced one is kept. Raises DatabaseError."""
        return copying.restore(settings.database_url, file, progress)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database, so that no file is left beside it."""
        self._database.close()

    # Writing

    def append(self, new: NewEvent, *, expected_version: int | None = None) -> Event:
        """Record one event, or find it recorded already by its id.

        Raises Invalid, Refused (Unknown, KnownId; Conflict where the story is not at `expected_version`).
        """
        with self._database.writing() as connection:
            return self._recorder.append(connection, checked(new), expected_version)

    def rehearse(self, new: NewEvent) -> Answer:
        """What `append` would record and tell; nothing is written. Raises as `append` does."""
        with self._database.rehearsing() as connection:
            return self._answer(connection, self._recorder.append(connection, checked(new), None))

    def answer(self, event: Event) -> Answer:
        """What a recorded event tells, as it stands now."""
        with self._database.reading() as connection:
            return self._answer(connection, event)

    def append_all(self, new: Sequence[NewEvent]) -> Receipt:
        """Record events in one transaction: all, or none. Raises InvalidLine, which counts them from 1."""
        numbered = [(number, _checked(number, one)) for number, one in enumerate(new, 1)]
        with self._database.writing() as connection:
            return self._recorder.append_all(connection, numbered)

    def import_lines(self, lines: Iterable[bytes], batch: int = BATCH) -> Iterator[Receipt]:
        """Record events in the event format, in transactions of `batch` lines; blank lines are skipped.

        Yields each batch's receipt once it is committed. Raises InvalidLine; the batch of that line is not
        written, those before it are.
        """
        for events in batches(lines, batch):
            with self._database.writing() as connection:
                receipt = self._recorder.append_all(connection, events)
            yield receipt

    def rehearse_lines(self, lines: Iterable[bytes]) -> Receipt:
        """What importing all the lines would come to; nothing is written. Raises InvalidLine."""
        with self._database.rehearsing() as connection:
            receipts = [self._recorder.append_all(connection, events) for events in batches(lines, BATCH)]
        return Receipt(
            appended=sum(receipt.appended for receipt in receipts),
            skipped=sum(receipt.skipped for receipt in receipts),
            position=receipts[-1].position if receipts else 0,
        )

    # Reading

    def story(self, slug: str, *, as_of: Instant | None = None, as_recorded: Instant | None = None) -> Story:
        """A whole story: as it is, as readers knew it, or as the log held it at a moment, which is included.

        Raises Unknown, and Refused before its opening.
        """
        with self._database.reading() as connection:
            if as_of is None and as_recorded is None:
                story = read.story(connection, slug)
            else:
                story = self._story_then(connection, slug, as_of, as_recorded)
            if story is None:
                raise unknown_story(connection, slug)
            return story

    def stories(self, *, only_open: bool = False, tag: str | None = None) -> Iterator[Story]:
        """All stories without their updates, in the order of their names."""
        with self._database.reading() as connection:
            for story in read.heads(connection, only_open=only_open):
                if tag is None or tag in story.tags:
                    yield story

    def names(self, *, beginning: str = "", only_open: bool = False) -> list[str]:
        """The names of the stories that begin so."""
        with self._database.reading() as connection:
            return read.slugs(connection, beginning=beginning, only_open=only_open)

    def events(self, *, story: str | None = None, after: int = 0) -> Iterator[Event]:
        """The log's events after a position, of all stories or of one. Raises Unknown."""
        with self._database.reading() as connection:
            if story is None:
                yield from log.read(connection, after=after)
                return
            if read.slugs(connection, beginning=story)[:1] != [story]:
                raise unknown_story(connection, story)
            yield from log.read_story(connection, story, after=after)

    def head(self) -> log.Head:
        """Where the log stands."""
        with self._database.reading() as connection:
            return log.head(connection)

    # Publishing

    def publish(self, folder: Path | None = None, *, everything: bool = False, takeover: bool = False) -> Report:
        """Bring a folder (the settings', if none is given) to where the log is (site.publish). Raises PublishError."""
        from feed.site.publish import publish

        where = folder or self.settings.public
        if Path(self._database.name).resolve().is_relative_to(where.resolve()):
            raise PublishError(where, "holds the database, which would be published with it: name another folder")
        if self.settings.key_file.resolve().is_relative_to(where.resolve()):
            raise PublishError(where, "holds the private key (log.key), which would be published: move it elsewhere")
        return publish(self._database, self.settings, where, everything=everything, takeover=takeover)

    def waiting(self, folder: Path | None = None) -> Iterator[Entry]:
        """The entries that the next publish into a folder (the settings', if none is given) would tell, in order."""
        from feed.site.folder import Folder

        last = Folder(folder or self.settings.public).published()
        with self._database.reading() as connection:
            since = last.position if last and last.origin == log.head(connection).origin else 0
            while some := lists.after(connection, since, BATCH):
                yield from self._entries(connection, some)
                since = some[-1].position

    def tell_hub(self, seconds: float, *, stop: Stop | None = None, early: bool = False) -> Telling:
        """Tell the WebSub hub, if the settings name one, what publishes have put into the outbox (websub.tell)."""
        from feed import websub

        return websub.tell(self._database, self.settings.websub.hub, seconds, stop=stop, early=early)

    def outbox(self) -> list[Waiting]:
        """The topics that the hub is still to be told of, what is tried next first."""
        with self._database.reading() as connection:
            return outbox.waiting(connection)

    def status(self) -> Status:
        """What has not been published, and what is wrong."""
        return status.status(self._database, self.settings)

    # Tending

    def to_erase(self, what: Erasable) -> list[Event]:
        """The events whose payloads `erase` would delete, those erased already among them. Raises Refused."""
        with self._database.reading() as connection:
            return eraser.chosen(connection, what)

    def holding(self, text: str) -> Iterator[Event]:
        """The events that hold a text, in whatever field."""
        return eraser.holding(self.events(), text)

    def erase(self, what: Erasable, ground: str, *, author: str | None = None) -> Erasure:
        """Delete the payloads of an update or of one event, from the log, the read tables and the file, for ever.

        Raises Refused and Invalid; and DatabaseError where the erasure is recorded, but its text may still be in the
        file as another program reads it: erasing again ends that.
        """
        with self._database.writing() as connection:
            erased = eraser.carry_out(connection, self._recorder, what, ground, author)
        try:
            self._database.scrub()
        except DatabaseError as error:
            problem = f"the erasure is recorded, but the text may still be in the file: {error.problem}"
            raise DatabaseError(error.database, problem) from error
        return erased

    def prove(self, olders: Sequence[Older], progress: Progress) -> Verdict:
        """Prove the log, and hold it against older checkpoints; the read tables are not looked at."""
        with self._database.reading() as connection:
            return verify.verify(connection, olders, progress)

    def verify(self, olders: Sequence[Older], progress: Progress) -> Verdict:
        """The same, and where the log has no fault compare the read tables with it."""
        verdict = self.prove(olders, progress)
        with self._database.reading() as connection:
            faults = verdict.faults or verify.of_read_tables(connection)
        if not faults and (difference := self.check(progress)) is not None:
            key = "/".join(map(str, difference.key))
            problem = f"the read table {difference.table} says otherwise at {key}: feed rebuild makes it anew"
            faults = (Fault(kind="damage", position=None, problem=problem),)
        return replace(verdict, faults=faults)

    def backup(self, file: Path, progress: Progress) -> int:
        """Copy the database to a new file, proved; returns its number of events. Raises DatabaseError."""
        return copying.backup(self.settings.database_url, file, progress)

    def make_key(self) -> Verifier:
        """Make the private key that the settings name; returns the public one. Raises KeyFileError."""
        return self._verifier(keys.make(self.settings.key_file))

    def public_key(self) -> Verifier:
        """The public key of the private one that the settings name. Raises KeyFileError."""
        return self._verifier(keys.public(self.settings.key_file))

    def _verifier(self, public: bytes) -> Verifier:
        name = checkpoint.origin(self.settings.site.authority, self.head().origin)
        return Verifier(name=name, public=public)

    def copies(self) -> list[Path]:
        """The copies of the database that feed has made beside it."""
        return copying.copies(self.settings.database_url)

    def rebuild(self, progress: Progress) -> int:
        """Make the read tables anew from the log; returns the number of events."""
        return projections.rebuild(self._database, progress)

    def check(self, progress: Progress) -> Difference | None:
        """The first place where the read tables are not what the log says."""
        return projections.check(self._database, progress)

    def _answer(self, connection: Connection, event: Event) -> Answer:
        development = read.at_position(connection, _telling(connection, event))
        told = self._entries(connection, [development])[0] if development else None
        new, known = _parties(connection, event)
        return Answer(event=event, entry=told, new_parties=new, known_parties=known)

    def _entries(self, connection: Connection, developments: Sequence[Development]) -> list[Entry]:
        return [
            entry(told.development, told.story, told.update, told.statements, self.voice_of(told.story.language))
            for told in read.told(connection, developments)
        ]

    def voice_of(self, language: str) -> Voice:
        """The voice in which subscribers are told stories of a language."""
        return voice(language, self.settings.words, self.timezone)

    def _story_then(
        self, connection: Connection, slug: str, as_of: Instant | None, as_recorded: Instant | None
    ) -> Story | None:
        folding, empty = Fold(), True
        for event in log.read_story(connection, slug):
            empty = False
            if (as_of and event.published_at > as_of) or (as_recorded and event.recorded_at > as_recorded):
                break
            folding.take(event)
        if folding.story is None and not empty:
            asked = " and ".join(moment for moment in (as_of, as_recorded) if moment)
            raise Refused(f"story {slug!r} had not been opened at {asked}: ask for a later moment")
        return folding.story


def _telling(connection: Connection, event: Event) -> int:
    """The position of the event whose entry an event makes or, before anyone was told, makes anew."""
    match event.data:
        case UpdateRevised(update=name, signal="amendment"):
            return read.added_at(connection, event.story, name)
        case _:
            return event.position


def _parties(connection: Connection, event: Event) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The event's parties that its story did not know, and those that it knew."""
    match event.data:
        case UpdateAdded(update=update, stances=stances):
            pass
        case UpdateRevised(update=update) if event.data.changes.stances:
            stances = event.data.changes.stances
        case _:
            return (), ()
    known = read.parties(connection, event.story, other_than=update)
    named = dict.fromkeys(stance.by for stance in stances or ())
    new = tuple(party for party in named if party not in known)
    return (new, tuple(known)) if known and new else ((), ())


def _checked(number: int, new: NewEvent) -> NewEvent:
    try:
        return checked(new)
    except Invalid as error:
        raise InvalidLine(number, error) from None
