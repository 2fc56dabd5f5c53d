"""A story's values: what has become known of it, and what was changed since."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from feed.dates import Instant
from feed.events import (
    Related,
    Source,
    Stance,
)

# The signals by which an update has something to say that it did not say before.
NEWS = frozenset({"correction", "clarification", "addition"})
# An update named by a higher number does not count where the next free number is looked for.
HIGHEST_NUMBER = 999_999_999


class Revision(Struct, frozen=True, kw_only=True, gc=False):
    """What one event changed: `before` and `after` hold the changed fields' values as plain JSON values."""

    version: int
    signal: str
    notice: str | None
    published_at: Instant
    hide_before: bool
    before: dict[str, Any]
    after: dict[str, Any]


class Withdrawal(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """`title` is the neutral one that stands in public in place of the headline. `erased` is the version of the event
    that erased what was withdrawn, 0 where none has."""

    version: int
    notice: str | None
    title: str | None
    published_at: Instant
    erased: int = 0

    @property
    def covers(self) -> int:
        """The version up to which nothing may be shown any more: after an erasure not even notes on the withdrawal."""
        return max(self.version, self.erased)


class Note(Struct, frozen=True, kw_only=True, gc=False):
    version: int
    text: str
    published_at: Instant


class Update(Struct, frozen=True, kw_only=True, gc=False):
    """One thing that became known.

    `added`, `position` and `id` are those of the event that added it, `version` is that of the last one
    that touched it. `title` is the headline as subscribers were told it, which a refile leaves alone, unless it
    hides the words before.
    `hidden` maps a field to the version of the last revision that forbids to show its older words: one
    with `hide_before`, or an amendment, as its older words were told to nobody.
    An undone update was taken back before anyone was told: only its name lives on, as taken.
    """

    update: str
    added: int
    position: int
    id: str
    version: int
    headline: str
    title: str
    body: str | None
    occurred: str | None
    occurred_text: str | None
    sources: tuple[Source, ...]
    stances: tuple[Stance, ...]
    key: bool
    tags: tuple[str, ...]
    link: str | None
    closes: bool
    author: str
    status: Literal["usable", "withdrawn", "undone"]
    published_at: Instant
    updated_at: Instant
    hidden: dict[str, int]
    withdrawal: Withdrawal | None = None
    revisions: tuple[Revision, ...] = ()
    notes: tuple[Note, ...] = ()


class Story(Struct, frozen=True, kw_only=True, gc=False):
    """An editorial thread. `version` and `position` are those of its last event.

    `opened` is the position of its opening. `closed_by` is the update that ended it, if one did.
    `last_number` is the highest whole number that an update was named by. `named` maps a claim to the
    version of the event that named it first.
    """

    slug: str
    uri: str
    headline: str
    label: str | None
    summary: str | None
    language: str
    status: Literal["open", "closed", "withdrawn"]
    tags: tuple[str, ...]
    pinned: str | None
    related: tuple[Related, ...]
    opened_at: Instant
    updated_at: Instant
    closed_at: Instant | None
    last_published_at: Instant
    closed_by: str | None
    version: int
    position: int
    opened: int
    last_number: int
    usable: int
    withdrawal: Withdrawal | None
    updates: dict[str, Update]
    named: dict[str, int]
    notes: tuple[Note, ...] = ()
    revisions: tuple[Revision, ...] = ()
