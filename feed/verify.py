"""Proving the log: every leaf recomputed from what is stored, the tree over them, and what older checkpoints say.

Four things are told apart. *Damage*: SQLite or a single flipped bit says so. *Tampering*: what is stored fits no
recorded hash, or fits itself but no older checkpoint. *Truncation*: events are missing at the end. An *erasure* is no
fault: an event of the log names the position. Memory does not grow with the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

from msgspec import MsgspecError, Struct
from sqlalchemy import Connection

from feed import log, merkle
from feed.checkpoint import Checkpoint
from feed.events import PayloadErased, decode_payload, encode_kept
from feed.evidence import Row, altered, are_one_bit_apart, is_bound, leaf_of
from feed.projections.tables import LIVE

Kind = Literal["damage", "tampering", "truncation"]
# A log that is wrong all over is not listed in full.
MOST_FAULTS = 100
_STEP = 1_000

# In the order of evidence.Row.
_ROWS = """
SELECT lower(hex(e.commitment)), e.id, e.position, e.published_at, e.recorded_at, e.schema, e.story, e.type,
  e.version, e.leaf, p.salt, p.data, x.erased_by
FROM events e LEFT JOIN payloads p ON p.position = e.position LEFT JOIN erasures x ON x.position = e.position
ORDER BY e.position
"""
# All of it stands in one index, in this order, so that nothing has to be sorted or looked up.
_STREAMS = """
SELECT position, version, earlier_version FROM (
  SELECT position, version, lag(version, 1, 0) OVER w AS earlier_version, lag(position, 1, 0) OVER w AS earlier_position
  FROM events WINDOW w AS (PARTITION BY story ORDER BY version)
) WHERE version <> earlier_version + 1 OR position < earlier_position LIMIT 100
"""
_STRAYS = "SELECT position FROM payloads WHERE position NOT IN (SELECT position FROM events) LIMIT 100"
_COUNTS = "SELECT (SELECT count(*) FROM payloads), (SELECT count(*) FROM erasures)"
_ERASURE = "SELECT erased_by, kept FROM erasures WHERE position = ?"
TRIGGERS = frozenset(
    f"{table}_{name}"
    for table, names in {
        "events": ("no_update", "no_delete", "no_replace"),
        "payloads": ("no_update", "no_delete", "no_replace", "no_return"),
        "erasures": ("no_update", "no_delete", "no_replace", "by_event"),
    }.items()
    for name in names
)

Progress = Callable[[int, int], None]
"""Told how many events are done, and of how many."""


class Older(NamedTuple):
    """A checkpoint to hold the log against; `signed` says whether the key asked for signed it, None if none was."""

    name: str
    checkpoint: Checkpoint
    signed: bool | None


class Fault(Struct, frozen=True, kw_only=True):
    """`position` is that of the event it is about, if it is about one; `problem` is a sentence."""

    kind: Kind
    position: int | None
    problem: str


class Verdict(Struct, frozen=True, kw_only=True):
    """What was found of a log of `size` events: the first `MOST_FAULTS` faults, and how many `more` there are.

    `erased` are the positions that lost their payloads lawfully, as (first, last, position of the erasure);
    `agreed` are the names of the checkpoints whose events are the log's first ones.
    """

    size: int
    root: str
    faults: tuple[Fault, ...]
    more: int
    erased: tuple[tuple[int, int, int], ...]
    agreed: tuple[str, ...]


def verify(connection: Connection, olders: Sequence[Older], progress: Progress) -> Verdict:
    """Check the whole log in one snapshot; the read tables are not looked at."""
    return _Verification(connection, olders, progress).run()


def damage(driver: Any, tables: Iterable[str]) -> Iterator[str]:
    """What SQLite finds wrong with these tables and their indexes."""
    for table in tables:
        for (problem,) in driver.execute(f"PRAGMA integrity_check({table})"):
            if problem != "ok":
                yield f"SQLite finds in {table}: {problem}"


def of_read_tables(connection: Connection) -> tuple[Fault, ...]:
    """What SQLite finds wrong with the read tables."""
    found = damage(connection.connection.driver_connection, LIVE.metadata.tables)
    return tuple(
        Fault(kind="damage", position=None, problem=f"{problem}: feed rebuild makes it anew") for problem in found
    )


@contextmanager
def _texts_as_bytes(driver: Any) -> Iterator[None]:
    """Lets the driver hand out texts undecoded: it is faster, and a flipped bit does not keep it from reading on."""
    driver.text_factory = bytes
    try:
        yield
    finally:
        driver.text_factory = str


class _Verification:
    """One pass over the log, an event at a time."""

    def __init__(self, connection: Connection, olders: Sequence[Older], progress: Progress) -> None:
        # The driver's own rows, as SQLAlchemy's take half of the whole time.
        self._driver: Any = connection.connection.driver_connection
        self._head = log.head(connection)
        self._olders = sorted(olders, key=lambda older: older.checkpoint.size)
        self._progress = progress
        self._faults: list[Fault] = []
        self._more = 0
        self._agreed: list[str] = []
        self._last_agreed = 0
        self._erased: list[tuple[int, int, int]] = []
        self._named = 0
        self._without_payload = 0
        self._size = 0
        self._hashes: list[bytes] = []
        self._recorded_at = b""

    def run(self) -> Verdict:
        self._compare_here()
        try:
            self._check_file()
            with _texts_as_bytes(self._driver):
                for row in map(Row._make, self._driver.execute(_ROWS)):
                    self._take(row)
            self._check_order()
        except self._driver.DatabaseError as error:
            self._fault("damage", self._size + 1, f"SQLite cannot read on: {error}")
        self._check_head()
        self._check_missing()
        return Verdict(
            size=self._size,
            root=merkle.root(tuple(self._hashes)).hex(),
            faults=tuple(self._faults),
            more=self._more,
            erased=tuple(self._erased),
            agreed=tuple(self._agreed),
        )

    def _fault(self, kind: Kind, position: int | None, problem: str) -> None:
        if len(self._faults) == MOST_FAULTS:
            self._more += 1
            return
        self._faults.append(Fault(kind=kind, position=position, problem=problem))

    def _check_file(self) -> None:
        # Payloads have no index, and are read in full anyway.
        for problem in damage(self._driver, ("events", "erasures", "log_head")):
            self._fault("damage", None, problem)
        found = {name for (name,) in self._driver.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
        for name in sorted(TRIGGERS - found):
            self._fault("tampering", None, f"the trigger {name}, which keeps what is recorded as it is, was removed")

    def _take(self, row: Row) -> None:
        if row.position != self._size + 1:
            self._fault("tampering", self._size + 1, f"is missing: the next one is event {row.position}")
        leaf = leaf_of(row)
        if leaf != row.leaf or not is_bound(row):
            self._fault(*altered(row))
        if not self._recorded_at < row.recorded_at >= row.published_at:
            self._fault(
                "tampering", row.position, "was recorded before the event before it, or before it was published"
            )
        self._recorded_at = row.recorded_at
        if row.payload is None or row.erased_by is not None:
            self._check_erased(row)
        elif row.type == b"payload.erased":
            self._check_erasure(row)
        merkle.grow(self._hashes, self._size, leaf)
        self._size += 1
        if self._olders:
            self._compare_here()
        if self._size % _STEP == 0 or self._size == self._head.size:
            self._progress(self._size, max(self._size, self._head.size))

    def _check_erased(self, row: Row) -> None:
        self._without_payload += row.payload is None
        if row.erased_by is None:
            self._fault("tampering", row.position, "its payload is missing, and no erasure names it")
        elif row.payload is not None:
            self._fault("tampering", row.position, f"has a payload, although event {row.erased_by} erased it")
        elif self._erased and self._erased[-1][1:] == (row.position - 1, row.erased_by):
            self._erased[-1] = (self._erased[-1][0], row.position, row.erased_by)
        else:
            self._erased.append((row.position, row.position, row.erased_by))

    def _check_erasure(self, row: Row) -> None:
        """That what the event says is erased is."""
        try:
            _, data = decode_payload("payload.erased", row.schema, row.payload or b"")
        except (MsgspecError, KeyError):
            return
        for one in data.erased if isinstance(data, PayloadErased) else ():
            found = self._driver.execute(_ERASURE, (one.position,)).fetchone()
            if found == (row.position, encode_kept(one.kept).encode()):
                self._named += 1
            else:
                self._fault("tampering", one.position, f"event {row.position} erased it, and that is not recorded so")

    def _check_order(self) -> None:
        """What is not seen event by event: the streams of the stories, and rows without an event."""
        for position, version, earlier in self._driver.execute(_STREAMS):
            problem = f"is version {version} of its story after version {earlier}"
            if version == earlier + 1:
                problem = "stands before an earlier version of its story"
            self._fault("tampering", position, problem)
        ((payloads, erasures),) = self._driver.execute(_COUNTS)
        if erasures > self._named:
            self._fault("tampering", None, f"{erasures - self._named} erasures are recorded that no event names")
        # Looking for them takes long.
        if payloads > self._size - self._without_payload:
            for (position,) in self._driver.execute(_STRAYS):
                self._fault("tampering", position, "has a payload, but is no event")

    def _check_head(self) -> None:
        head = self._head
        if head.size > self._size:
            last = f"events up to {head.size} are missing: the log's head counts them"
            self._fault("truncation", self._size + 1, last)
        elif head.size < self._size:
            self._fault("tampering", head.size + 1, f"stands beyond the {head.size} events of the log's head")
        elif self._recorded_at.decode(errors="replace") != head.recorded_at:
            self._fault("tampering", None, "the log's head names another time of the last event")
        if head.told > head.size:
            self._fault("tampering", None, "the log's head says that more was told than there is")
        if head.frontier != tuple(self._hashes) and not self._faults:
            flipped = are_one_bit_apart(merkle.pack(head.frontier), merkle.pack(tuple(self._hashes)))
            self._fault("damage" if flipped else "tampering", None, "the log's head holds another tree")

    def _compare_here(self) -> None:
        while self._olders and self._olders[0].checkpoint.size == self._size:
            self._compare(self._olders.pop(0))

    def _compare(self, older: Older) -> None:
        if not self._is_of_this_log(older):
            return
        if older.checkpoint.root == merkle.root(tuple(self._hashes)):
            self._agreed.append(older.name)
            self._last_agreed = self._size
            return
        known = min((fault.position for fault in self._faults if fault.position is not None), default=None)
        first = self._last_agreed + 1 if known is None else known
        where = f"event {first} is the first that differs"
        if known is None and first < self._size:
            where = f"the first event that differs is one of {first} to {self._size}"
        self._fault("tampering", first, f"{older.name} saw other events: {where}")

    def _is_of_this_log(self, older: Older) -> bool:
        if older.signed is False:
            self._fault("tampering", None, f"{older.name} is not signed by the key")
        if older.checkpoint.origin.rpartition("/")[2] != self._head.origin:
            self._fault("tampering", None, f"{older.name} is of another log: this one's origin is {self._head.origin}")
            return False
        return True

    def _check_missing(self) -> None:
        for older in self._olders:
            if self._is_of_this_log(older):
                missing = f"events up to {older.checkpoint.size} are missing: {older.name} saw them"
                self._fault("truncation", self._size + 1, missing)
