"""Which developments stand in which feed, and which entries later events have rewritten.

Every function takes a connection inside a transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec import UNSET, Struct
from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, or_, select

from feed.database import events, payloads
from feed.developments import Development
from feed.events import decode_payload
from feed.projections import rows
from feed.projections.read import head
from feed.projections.tables import LIVE

_stories, _updates, _stances, _revisions = LIVE.stories, LIVE.updates, LIVE.stances, LIVE.revisions
_developments, _channels = LIVE.developments, LIVE.channels

# SQLite takes 32,766 values in one statement.
_MOST_VALUES = 10_000


class Span(Struct, frozen=True, kw_only=True):
    """Which developments there are of all stories, or of one: their numbers go up to `last`, and went up to
    `before` at an earlier position. A number whose development was undone before anyone was told stays free."""

    slug: str | None
    last: int
    before: int


def span(connection: Connection, slug: str | None, since: int) -> Span:
    """The span of one story, or of all (None), with the position `since` as the earlier one."""
    number, of_these = _numbering(slug)
    before = select(number).where(*of_these, _developments.c.position <= since).order_by(number.desc()).limit(1)
    last = select(number).where(*of_these).order_by(number.desc()).limit(1)
    return Span(slug=slug, last=connection.scalar(last) or 0, before=connection.scalar(before) or 0)


def numbered(connection: Connection, slug: str | None, first: int, last: int) -> list[Development]:
    """The developments with numbers from `first` to `last` among those of one story, or of all, newest first."""
    number, of_these = _numbering(slug)
    query = select(_developments).where(*of_these, number.between(first, last)).order_by(number.desc())
    return [rows.development_of(row) for row in connection.execute(query)]


def newest(
    connection: Connection, count: int, *, slug: str | None = None, channel: str | None = None
) -> list[Development]:
    """The newest developments of all stories, of one, or of a channel (developments.channels), newest first."""
    number, of_these = _numbering(slug)
    query = select(_developments).where(*of_these).order_by(number.desc()).limit(count)
    if channel is not None:
        of_channel = select(_channels.c.number).where(_channels.c.channel == channel)
        newest_numbers = of_channel.order_by(_channels.c.number.desc()).limit(count)
        query = query.where(_developments.c.number.in_(newest_numbers))
    return [rows.development_of(row) for row in connection.execute(query)]


def listed(connection: Connection, channel: str, first: int, last: int) -> list[Development]:
    """The developments of a channel at the places from `first` to `last`, counted from 1, in order."""
    of_channel = select(_channels.c.number).where(_channels.c.channel == channel).order_by(_channels.c.number)
    some = of_channel.limit(last - first + 1).offset(first - 1)
    query = select(_developments).where(_developments.c.number.in_(some)).order_by(_developments.c.number)
    return [rows.development_of(row) for row in connection.execute(query)]


def count(connection: Connection, channel: str, until: int | None = None) -> int:
    """How many developments a channel holds, up to a position if one is given."""
    query = select(func.count(_channels.c.number)).where(_channels.c.channel == channel)
    if until is not None:
        first_later = select(_developments.c.number).where(_developments.c.position > until)
        later = first_later.order_by(_developments.c.position).limit(1).scalar_subquery()
        query = query.where(or_(later.is_(None), _channels.c.number < later))
    return connection.scalar(query) or 0


def ranks(connection: Connection, channel: str, numbers: Iterable[int]) -> set[int]:
    """The places in a channel, counted from 1, of those of these developments, by their numbers, that it holds."""
    wanted, found = sorted(numbers), set()
    for start in range(0, len(wanted), _MOST_VALUES):
        some = wanted[start : start + _MOST_VALUES]
        held = select(_channels.c.number).where(_channels.c.channel == channel, _channels.c.number.in_(some))
        for number in connection.scalars(held).all():
            before = select(func.count(_channels.c.number))
            before = before.where(_channels.c.channel == channel, _channels.c.number <= number)
            found.add(connection.scalar(before) or 0)
    return found


def channels_since(connection: Connection, since: int, rewritten: Sequence[int]) -> list[str]:
    """The channels that hold developments after a position, or one of these numbers, in order."""
    new = select(_developments.c.number).where(_developments.c.position > since)
    query = select(_channels.c.channel).where(_channels.c.number.in_(new))
    names = set(connection.scalars(query.distinct()))
    for start in range(0, len(rewritten), _MOST_VALUES):
        some = rewritten[start : start + _MOST_VALUES]
        query = select(_channels.c.channel).where(_channels.c.number.in_(some))
        names.update(connection.scalars(query.distinct()))
    return sorted(names)


def begun_since(connection: Connection, names: Sequence[str], position: int) -> list[str]:
    """Those of these channels that hold nothing of up to a position."""
    wanted = func.json_each(json.dumps(list(names))).table_valued("value")
    first = select(func.min(_channels.c.number)).where(_channels.c.channel == wanted.c.value)
    first_number = first.scalar_subquery().correlate(wanted)
    query = select(wanted.c.value).select_from(wanted).join(_developments, _developments.c.number == first_number)
    return list(connection.scalars(query.where(_developments.c.position > position).order_by(wanted.c.value)))


# A revision of the tags that hides the older ones leaves its mark here (story.Update.hidden).
_tags_may_be_shown = _updates.c.hidden.not_like('%"tags"%')


def spellings(connection: Connection, names: Sequence[str]) -> dict[str, str]:
    """The topics' tags, by their channels, as each was first spelled in what may still be shown; without those of
    which nothing may."""
    wanted = func.json_each(json.dumps(list(names))).table_valued("value")
    of_update = and_(_updates.c.story == _developments.c.story, _updates.c.update == _developments.c.update)
    # For each topic by itself, as that ends with the first row that may be shown, of however many the topic has.
    first = (
        select(_channels.c.tag)
        .join(_developments, _developments.c.number == _channels.c.number)
        .join(_stories, _stories.c.slug == _developments.c.story)
        .outerjoin(_updates, of_update)
        .where(_channels.c.channel == wanted.c.value, _stories.c.status != "withdrawn")
        .where(or_(_developments.c.update.is_(None), and_(_updates.c.status == "usable", _tags_may_be_shown)))
        .order_by(_channels.c.number)
        .limit(1)
        .scalar_subquery()
        .correlate(wanted)
    )
    query = select(wanted.c.value, first)
    return {name: tag for name, tag in connection.execute(query) if tag is not None}


def after(connection: Connection, position: int, count: int) -> list[Development]:
    """The first developments after a position, in order."""
    query = select(_developments).where(_developments.c.position > position).order_by(_developments.c.position)
    return [rows.development_of(row) for row in connection.execute(query.limit(count))]


def count_by_kind(connection: Connection, *, after: int) -> dict[str, int]:
    """How many developments there are after a position, of each kind that there is, by the kind's name."""
    kind = _developments.c.kind
    query = select(kind, func.count()).where(_developments.c.position > after).group_by(kind).order_by(kind)
    return dict(tuple(row) for row in connection.execute(query))


def rewritten(connection: Connection, slug: str, since: int) -> list[Place]:
    """The places of a story's developments up to a position whose entries later events may have rewritten."""
    seen = version_at(connection, slug, since)
    query = select(*(_developments.c[name] for name in Place._fields))
    query = query.where(_developments.c.story == slug, _developments.c.position <= since)
    updates = _rewritten_updates(connection, slug, seen)
    if not is_renamed(connection, slug, seen) and len(updates) <= _MOST_VALUES:
        query = query.where(_developments.c.update.in_(updates))
    return [Place(*row) for row in connection.execute(query)]


class Place(NamedTuple):
    """Where a development stands in the log, among all developments, among those of its story, and in its story."""

    position: int
    number: int
    story_number: int
    version: int


def version_at(connection: Connection, slug: str, position: int) -> int:
    """The version of a story's last event up to a position, 0 before its opening."""
    return connection.scalar(_VERSION_AT, {"story": slug, "position": position}) or 0


_VERSION_AT = select(func.max(events.c.version)).where(
    events.c.story == bindparam("story"), events.c.position <= bindparam("position")
)


_CHANGES_SINCE = (
    select(payloads.c.data)
    .join(events, events.c.position == payloads.c.position)
    .where(events.c.story == bindparam("story"), events.c.version > bindparam("version"))
    .where(events.c.type == "story.changed")
)


def is_renamed(connection: Connection, slug: str, seen: int) -> bool:
    """Whether what every document of the story may carry is not as it was at version `seen`: its headline, label,
    summary and tags, as they were opened with, changed or withdrawn."""
    withdrawal = head(connection, slug).withdrawal
    if seen == 0 or (withdrawal is not None and withdrawal.covers > seen):
        return True
    found = connection.scalars(_CHANGES_SINCE, {"story": slug, "version": seen})
    changes = (decode_payload("story.changed", 1, payload)[1] for payload in found)
    names = ("headline", "label", "summary", "tags")
    return any(getattr(change, name) is not UNSET for change in changes for name in names)


def is_renamed_since(connection: Connection, slug: str, position: int) -> bool:
    """The same, of the story as it was at a position of the log."""
    return is_renamed(connection, slug, version_at(connection, slug, position))


def _rewritten_updates(connection: Connection, slug: str, seen: int) -> list[str]:
    """The updates that events after version `seen` touched, and those that share a claim with one of them."""
    of_story = (_updates.c.story == slug, _updates.c.added <= seen)
    touched = set(connection.scalars(select(_updates.c.update).where(*of_story, _updates.c.version > seen)))
    claims = _claims_of(connection, slug, touched, seen)
    query = select(_stances.c.update).where(_stances.c.story == slug, _stances.c.claim.in_(claims)).distinct()
    return sorted(touched.union(connection.scalars(query)))


def _claims_of(connection: Connection, slug: str, updates: set[str], seen: int) -> set[str]:
    """The claims that these updates name, or named before a revision after version `seen`."""
    named = select(_stances.c.claim).where(_stances.c.story == slug, _stances.c.update.in_(updates))
    revised = select(_revisions).where(_revisions.c.story == slug, _revisions.c.version > seen)
    before = (rows.revision_of(row).before.get("stances", ()) for row in connection.execute(revised))
    return {*connection.scalars(named), *(stance["claim"] for stances in before for stance in stances)}


def _numbering(slug: str | None) -> tuple[ColumnElement[int], tuple[ColumnElement[bool], ...]]:
    """The column that numbers the developments of one story, or of all, and the condition that they are these."""
    if slug is None:
        return _developments.c.number, ()
    return _developments.c.story_number, (_developments.c.story == slug,)
