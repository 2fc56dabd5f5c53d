"""The event types as frozen values, their stored names, and their stored text (the event format).

A stored name or schema number is never renamed nor given another meaning; both stand in `_SCHEMAS`
and are never derived from Python names.
"""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from feed.dates import Instant

Position = Literal["asserts", "denies", "confirms", "declines", "retracts"]
Relation = Literal["continues", "part-of", "related"]
Signal = Literal["correction", "clarification", "addition", "refile", "amendment"]
StorySignal = Literal["correction", "clarification"]
Status = Literal["open", "closed"]


class Value(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A part of an event's data. An absent text or list is None; in a change, UNSET says "as it was".

    Here, in stories and in developments nothing is ever part of a cycle, so the collector need not look (gc=False).
    """


class Source(Value, frozen=True, kw_only=True):
    """What an update rests on: at least one of the three."""

    name: str | None = None
    url: str | None = None
    quote: str | None = None


class Stance(Value, frozen=True, kw_only=True):
    """A party's position on a claim; `text` words the claim."""

    claim: str
    by: str
    position: Position
    text: str | None = None


class Related(Value, frozen=True, kw_only=True):
    """Another story, by its slug."""

    story: str
    rel: Relation


class Changes(Value, frozen=True, kw_only=True):
    """The fields of an update that a revision gives another value; None clears."""

    headline: str | UnsetType = UNSET
    body: str | UnsetType | None = UNSET
    occurred: str | UnsetType | None = UNSET
    occurred_text: str | UnsetType | None = UNSET
    sources: tuple[Source, ...] | UnsetType | None = UNSET
    stances: tuple[Stance, ...] | UnsetType | None = UNSET
    key: bool | UnsetType | None = UNSET
    tags: tuple[str, ...] | UnsetType | None = UNSET
    link: str | UnsetType | None = UNSET


class StoryOpened(Value, frozen=True, kw_only=True):
    headline: str
    label: str | None = None
    summary: str | None = None
    language: str | None = None
    tags: tuple[str, ...] | None = None
    uri: str | None = None


class StoryChanged(Value, frozen=True, kw_only=True):
    headline: str | UnsetType = UNSET
    label: str | UnsetType | None = UNSET
    summary: str | UnsetType | None = UNSET
    status: Status | UnsetType = UNSET
    pinned: str | UnsetType | None = UNSET
    tags: tuple[str, ...] | UnsetType | None = UNSET
    related: tuple[Related, ...] | UnsetType | None = UNSET
    signal: StorySignal | None = None
    notice: str | None = None


class StoryWithdrawn(Value, frozen=True, kw_only=True):
    notice: str
    title: str | None = None


class UpdateAdded(Value, frozen=True, kw_only=True):
    headline: str
    update: str | None = None
    body: str | None = None
    occurred: str | None = None
    occurred_text: str | None = None
    sources: tuple[Source, ...] | None = None
    stances: tuple[Stance, ...] | None = None
    key: bool | None = None
    tags: tuple[str, ...] | None = None
    link: str | None = None
    closes: bool | None = None


class UpdateRevised(Value, frozen=True, kw_only=True):
    update: str
    signal: Signal
    notice: str | None = None
    changes: Changes = Changes()
    hide_before: bool | None = None


class UpdateWithdrawn(Value, frozen=True, kw_only=True):
    update: str
    notice: str | None = None
    title: str | None = None
    untold: bool | None = None


class NoteAdded(Value, frozen=True, kw_only=True):
    text: str
    update: str | None = None


class Erased(Value, frozen=True, kw_only=True):
    """An event that lost its payload; `kept` are its data without any text (erasure.remains), as plain JSON values."""

    position: int
    id: str
    kept: dict[str, Any]


class PayloadErased(Value, frozen=True, kw_only=True):
    """Payloads were deleted for legal duty; `update` is the one that they were about, None for the story itself."""

    ground: str
    erased: tuple[Erased, ...]
    update: str | None = None


Data: TypeAlias = (
    StoryOpened
    | StoryChanged
    | StoryWithdrawn
    | UpdateAdded
    | UpdateRevised
    | UpdateWithdrawn
    | NoteAdded
    | PayloadErased
)

_SCHEMAS: dict[tuple[str, int], type[Data]] = {
    ("story.opened", 1): StoryOpened,
    ("story.changed", 1): StoryChanged,
    ("story.withdrawn", 1): StoryWithdrawn,
    ("update.added", 1): UpdateAdded,
    ("update.revised", 1): UpdateRevised,
    ("update.withdrawn", 1): UpdateWithdrawn,
    ("note.added", 1): NoteAdded,
    ("payload.erased", 1): PayloadErased,
}
_NAMES: dict[type, tuple[str, int]] = {of: name for name, of in _SCHEMAS.items()}
# The fields that the program fills in where the writer leaves them out.
_FILLED: dict[type, tuple[str, ...]] = {StoryOpened: ("uri", "language"), UpdateAdded: ("update",)}

TYPES = tuple(name for name, _ in _SCHEMAS)


class NewEvent(Struct, frozen=True, kw_only=True, gc=False):
    """What a writer asks to have recorded; `erased` says that another log has lost the payload of it, and the data
    are what remains (erasure.remains)."""

    story: str
    data: Data
    id: str | None = None
    published_at: Instant | None = None
    author: str | None = None
    erased: bool = False

    @property
    def type(self) -> str:
        return type_name(self.data)


class Event(Struct, frozen=True, kw_only=True, gc=False):
    """A row of the log. `leaf` is the 32-byte hash of its header.

    Of an erased event no author is known, and `data` are what remains of them (erasure.remains).
    """

    position: int
    id: str
    story: str
    version: int
    recorded_at: Instant
    published_at: Instant
    author: str
    data: Data
    leaf: bytes
    erased: bool = False

    @property
    def type(self) -> str:
        return type_name(self.data)


def type_name(data: Data) -> str:
    """The stored name of an event's type."""
    return _NAMES[type(data)][0]


def schema_number(data: Data) -> int:
    """The version of the type's fields that these data are written in."""
    return _NAMES[type(data)][1]


_Kind = TypeVar("_Kind", bound=Value)


class _Payload(Value, Generic[_Kind], frozen=True, kw_only=True):
    author: str
    data: _Kind


decoders = {name: msgspec.json.Decoder(of) for name, of in _SCHEMAS.items()}
_payload_decoders = {name: msgspec.json.Decoder(_Payload[of]) for name, of in _SCHEMAS.items()}  # type: ignore[valid-type]
_encode = msgspec.json.Encoder(order="sorted").encode


def encode_payload(author: str, data: Data) -> bytes:
    """What is stored and hashed of an event's text: canonical JSON (RFC 8785) of author and data.

    The data hold texts, booleans, lists and positions only, for which sorted keys and msgspec's escapes are
    the whole of RFC 8785 section 3.2.
    """
    return _encode({"author": author, "data": data})


def encode_kept(kept: dict[str, Any]) -> str:
    """What is stored of an erased event's data: canonical JSON, as above."""
    return _encode(kept).decode()


def decode_kept(name: str, schema: int, kept: str) -> Data:
    """The data of an erased event, of which only this was kept."""
    return decoders[name, schema].decode(kept)


def decode_payload(name: str, schema: int, payload: str | bytes) -> tuple[str, Data]:
    """Author and data of a stored event."""
    stored = _payload_decoders[name, schema].decode(payload)
    return stored.author, stored.data


def is_same(new: NewEvent, stored: Event) -> bool:
    """Whether `new`, which has the stored event's id, says the same, what the program filled in left aside.

    What an erased event said is not known any more, so whatever comes under its id counts as the same.
    """
    if new.story != stored.story or type(new.data) is not type(stored.data):
        return False
    if stored.erased or new.erased:
        return True
    if isinstance(new.data, PayloadErased) and isinstance(stored.data, PayloadErased):
        # The positions, and what is kept of the events, are those of the log that erased them.
        return {one.id for one in new.data.erased} == {one.id for one in stored.data.erased}
    filled = {
        name: getattr(stored.data, name) for name in _FILLED.get(type(new.data), ()) if getattr(new.data, name) is None
    }
    return (
        msgspec.structs.replace(new.data, **filled) == stored.data
        and new.author in (None, stored.author)
        and new.published_at in (None, stored.published_at)
    )
