"""Questions to the read tables. Every function takes a connection inside a transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, Table

from feed import driver
from feed.claims import Statement
from feed.developments import Development
from feed.events import Stance
from feed.projections import rows
from feed.projections.tables import LIVE
from feed.story import Note, Revision, Story, Update

_stories, _updates, _stances = LIVE.stories, LIVE.updates, LIVE.stances
_revisions, _notes = LIVE.revisions, LIVE.notes


class Told(Struct, frozen=True, kw_only=True):
    """A development with what it is about: its story (without updates), its whole update, and the counting
    statements on the claims that the update names, in the order of their places."""

    development: Development
    story: Story
    update: Update | None
    statements: tuple[Statement, ...]


def story(connection: Connection, slug: str) -> Story | None:
    """The whole story as it is now."""
    without_updates = _heads_of(connection, {slug}).get(slug)
    if without_updates is None:
        return None
    of_story = 'story = ? AND "update" IS NOT NULL'
    updates = _updates_by(lambda table, order: driver.rows(connection, _select(table, of_story, order), (slug,)))
    return replace(
        without_updates,
        updates={name: update for (_, name), update in updates.items()},
        named=named(connection, slug),
    )


def named(connection: Connection, slug: str) -> dict[str, int]:
    """A story's claims, with the version of the event that named each first."""
    return dict(driver.tuples(connection, "SELECT claim, version FROM claims WHERE story = ?", (slug,)))


def head(connection: Connection, slug: str) -> Story:
    """A story that exists, without its updates."""
    return _heads_of(connection, {slug})[slug]


def heads(connection: Connection, *, only_open: bool = False) -> Iterator[Story]:
    """All stories without updates, notes and revisions, in the order of their slugs."""
    every, of_open = "SELECT * FROM stories ORDER BY slug", "SELECT * FROM stories WHERE status = 'open' ORDER BY slug"
    yield from _plain(driver.rows(connection, of_open if only_open else every))


_SLUGS = "SELECT slug FROM stories WHERE slug LIKE ? ESCAPE '/' ORDER BY slug"
_OPEN_SLUGS = "SELECT slug FROM stories WHERE slug LIKE ? ESCAPE '/' AND status = 'open' ORDER BY slug"


def slugs(connection: Connection, *, beginning: str = "", only_open: bool = False) -> list[str]:
    """The stories' names that begin so, in order."""
    plain = beginning.replace("/", "//").replace("%", "/%").replace("_", "/_")
    found = driver.tuples(connection, _OPEN_SLUGS if only_open else _SLUGS, (f"{plain}%",))
    return [slug for (slug,) in found]


def open_stories(connection: Connection, count: int) -> list[Story]:
    """The open stories opened last, newest first, without their updates."""
    some = "SELECT * FROM stories WHERE status = 'open' ORDER BY opened DESC LIMIT ?"
    return list(_plain(driver.rows(connection, some, (count,))))


def latest(connection: Connection, count: int, status: str) -> list[Story]:
    """The stories of a status with the latest events, latest first, without their updates."""
    some = "SELECT * FROM stories WHERE status = ? ORDER BY position DESC LIMIT ?"
    return list(_plain(driver.rows(connection, some, (status, count))))


def opened(connection: Connection, first: int, last: int) -> list[Story]:
    """The stories with the numbers from `first` to `last` in the order of their opening, without their updates."""
    some = "SELECT * FROM stories ORDER BY opened LIMIT ? OFFSET ?"
    return list(_plain(driver.rows(connection, some, (last - first + 1, first - 1))))


def count_opened(connection: Connection, until: int | None = None) -> int:
    """How many stories have been opened, up to a position if one is given."""
    if until is None:
        ((number,),) = driver.tuples(connection, "SELECT count(*) FROM stories")
    else:
        ((number,),) = driver.tuples(connection, "SELECT count(*) FROM stories WHERE opened <= ?", (until,))
    return int(number)


def relating(connection: Connection, slugs: Sequence[str]) -> list[str]:
    """The stories that show the name of one of these, in order."""
    relations = "SELECT story FROM relations WHERE other IN {keys}"
    return sorted({story for (story,) in driver.among(connection, relations, ((slug,) for slug in slugs))})


def existing(connection: Connection, slugs: Sequence[str]) -> dict[str, Story]:
    """Those of the stories that have been opened, by their slugs, without their updates."""
    found = driver.among(connection, "SELECT * FROM stories WHERE slug IN {keys}", ((slug,) for slug in slugs))
    return {story.slug: story for story in _plain(found)}


def update_names(connection: Connection, slug: str) -> list[str]:
    """The names of a story's updates, in the order they were added."""
    names = """SELECT "update" FROM updates WHERE story = ? AND status <> 'undone' ORDER BY added"""
    return [name for (name,) in driver.tuples(connection, names, (slug,))]


def added_at(connection: Connection, slug: str, name: str) -> int:
    """The position of the event that added an update that exists."""
    at = 'SELECT position FROM updates WHERE story = ? AND "update" = ?'
    ((position,),) = driver.tuples(connection, at, (slug, name))
    return int(position)


def touched_since(connection: Connection, position: int) -> dict[str, int]:
    """The stories with events after a position, in order, each with the position of its opening."""
    # Sorted here, as SQLite would go through all stories to find them in order.
    return dict(sorted(driver.tuples(connection, "SELECT slug, opened FROM stories WHERE position > ?", (position,))))


def count_touched(connection: Connection, position: int) -> int:
    """How many stories have events after a position."""
    found = driver.first(connection, "SELECT count(*) FROM stories WHERE position > ?", (position,))
    return int(found[0]) if found else 0


def parties(connection: Connection, slug: str, *, other_than: str | None = None) -> list[str]:
    """The parties whose stances the story has reported, in order, those of one update left aside."""
    # No update's name is empty.
    names = 'SELECT DISTINCT by FROM stances WHERE story = ? AND "update" <> ? ORDER BY by'
    return [party for (party,) in driver.tuples(connection, names, (slug, other_than or ""))]


def at_position(connection: Connection, position: int) -> Development | None:
    """The development that an event is, if it is one."""
    row = next(driver.rows(connection, "SELECT * FROM developments WHERE position = ?", (position,)), None)
    return rows.development_of(row) if row else None


def told(connection: Connection, developments: Sequence[Development]) -> list[Told]:
    """The developments with what they are about, in the order given; a fixed number of queries for all."""
    stories = _heads_of(connection, {development.story for development in developments})
    keys = {(development.story, development.update) for development in developments if development.update}
    updates = updates_of(connection, keys)
    statements = _statements_about(connection, updates)
    result = []
    for development in developments:
        key = (development.story, development.update or "")
        result.append(
            Told(
                development=development,
                story=stories[development.story],
                update=updates.get(key),
                statements=tuple(
                    statement
                    for name in _claims_in(updates.get(key))
                    for statement in statements.get((development.story, name), ())
                ),
            )
        )
    return result


def updates_of(connection: Connection, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Update]:
    """The whole updates of these stories and names, as far as there are any, by both."""
    wanted = set(keys)
    of_updates = '(story, "update") IN {keys}'
    return _updates_by(lambda table, order: driver.among(connection, _select(table, of_updates, order), wanted))


def _plain(found: Iterable[Any]) -> Iterator[Story]:
    """The stories of rows of `stories`, without updates, notes and revisions."""
    return (rows.story_of(row, named={}, updates={}) for row in found)


_Find = Callable[[Table, str], Iterator[Any]]
"""The rows of a table that are looked for, in an order."""


def _select(table: Table, condition: str, order: str) -> str:
    return f'SELECT * FROM "{table.name}" WHERE {condition} ORDER BY {order}'  # noqa: S608  # texts of ours


def _heads_of(connection: Connection, slugs: set[str]) -> dict[str, Story]:
    """The stories without updates, but with their own notes and revisions."""
    keys = [(slug,) for slug in slugs]
    of_stories = 'story IN {keys} AND "update" IS NULL'

    def find(table: Table, order: str) -> Iterator[Any]:
        return driver.among(connection, _select(table, of_stories, order), keys)

    notes, revisions = _notes_by(find), _revisions_by(find)
    return {
        row.slug: rows.story_of(
            row,
            named={},
            updates={},
            notes=tuple(notes.get((row.slug, None), ())),
            revisions=tuple(revisions.get((row.slug, None), ())),
        )
        for row in driver.among(connection, _select(_stories, "slug IN {keys}", "slug"), keys)
    }


def _updates_by(find: _Find) -> dict[tuple[str, str], Update]:
    """Whole updates, those of one story in the order they were added."""
    stances: dict[tuple[str, str], list[Stance]] = {}
    for row in find(_stances, "ordinal"):
        stances.setdefault((row.story, row.update), []).append(rows.stance_of(row))
    notes, revisions = _notes_by(find), _revisions_by(find)
    found = {}
    for row in find(_updates, "story, added"):
        key = (row.story, row.update)
        found[key] = rows.update_of(
            row,
            stances=tuple(stances.get(key, ())),
            notes=tuple(notes.get(key, ())),
            revisions=tuple(revisions.get(key, ())),
        )
    return found


def _notes_by(find: _Find) -> dict[tuple[str, str | None], list[Note]]:
    found: dict[tuple[str, str | None], list[Note]] = {}
    for row in find(_notes, "version"):
        found.setdefault((row.story, row.update), []).append(rows.note_of(row))
    return found


def _revisions_by(find: _Find) -> dict[tuple[str, str | None], list[Revision]]:
    found: dict[tuple[str, str | None], list[Revision]] = {}
    for row in find(_revisions, "version"):
        found.setdefault((row.story, row.update), []).append(rows.revision_of(row))
    return found


_COUNTING = """
SELECT s.*, u.published_at FROM stances s JOIN updates u ON u.story = s.story AND u."update" = s."update"
WHERE (s.story, s.claim) IN {keys} AND u.status = 'usable' ORDER BY s.place, s.ordinal
"""


def _statements_about(
    connection: Connection, updates: dict[tuple[str, str], Update]
) -> dict[tuple[str, str], list[Statement]]:
    """The counting statements on every claim that these updates name."""
    claims = {(slug, name) for (slug, _), update in updates.items() for name in _claims_in(update)}
    found: dict[tuple[str, str], list[Statement]] = {}
    for row in driver.among(connection, _COUNTING, claims):
        found.setdefault((row.story, row.claim), []).append(
            Statement(
                claim=row.claim,
                by=row.by,
                position=row.position,
                text=row.text,
                update=row.update,
                place=row.place,
                published_at=row.published_at,
            )
        )
    return found


def _claims_in(update: Update | None) -> dict[str, None]:
    return dict.fromkeys(stance.claim for stance in update.stances) if update else {}
