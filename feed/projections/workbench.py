"""Keeps the read tables, in the append's own transaction.

A batch's stories are loaded in the parts that its events touch, folded in memory by the one fold there is
(fold.Fold), and written back once. What grows without end (stances, revisions, notes, developments) is
only ever added to, so an append costs the same however long the story is.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection

from feed import driver
from feed.developments import CORRECTIONS, Development, channels, development, of_update
from feed.errors import DatabaseError
from feed.events import Data, Event, Stance, UpdateRevised, UpdateWithdrawn
from feed.fold import Fold, evolve, parts
from feed.projections import rows
from feed.projections.tables import LIVE, STATE, ReadTables, insert_into, upsert_into
from feed.story import Story, Update

_SELECT_STATE = "SELECT position, developments FROM projection_state WHERE name = ?"
_UPDATE_STATE = "UPDATE projection_state SET position = ?, developments = ? WHERE name = ?"


class _Statements(NamedTuple):
    """The statements that write, in the order in which a batch runs them."""

    story: str
    unrelate: str
    relate: str
    unclaim: str
    claim: str
    update: str
    unstance: str
    stance: str
    revision: str
    note: str
    tell: str
    list: str
    tell_anew: str
    tag_anew: str
    unlist: str
    list_anew: str
    unlist_all: str
    untell: str


@cache
def _statements(tables: ReadTables) -> _Statements:
    # Fixed texts, as they cost half of what Core's expressions cost on the path of every append.
    told, listed = tables.developments.name, tables.channels.name
    of_update = 'story = ? AND "update" = ?'
    return _Statements(
        story=upsert_into(tables.stories),
        unrelate=f'DELETE FROM "{tables.relations.name}" WHERE other = ? AND story = ?',  # noqa: S608  # a name of ours
        relate=insert_into(tables.relations),
        unclaim=f'DELETE FROM "{tables.claims.name}" WHERE story = ? AND claim = ?',  # noqa: S608  # a name of ours
        claim=insert_into(tables.claims),
        update=upsert_into(tables.updates),
        unstance=f'DELETE FROM "{tables.stances.name}" WHERE story = ? AND "update" = ?',  # noqa: S608  # a name of ours
        stance=insert_into(tables.stances),
        revision=insert_into(tables.revisions),
        note=insert_into(tables.notes),
        tell=insert_into(tables.developments),
        list=insert_into(tables.channels),
        tell_anew=f'UPDATE "{told}" SET headline = ?, label = ? WHERE position = ?',  # noqa: S608  # the same
        tag_anew=f'UPDATE "{told}" SET tags = ?, key = ? WHERE {of_update}',  # noqa: S608  # the same
        unlist=(
            f'DELETE FROM "{listed}" WHERE channel <> ?'  # noqa: S608  # the same
            f' AND number IN (SELECT number FROM "{told}" WHERE {of_update})'
        ),
        list_anew=f'INSERT INTO "{listed}" SELECT ?, number, ? FROM "{told}" WHERE {of_update}',  # noqa: S608  # the same
        unlist_all=(
            f'DELETE FROM "{listed}" WHERE number IN (SELECT number FROM "{told}" WHERE story = ? AND "update" = ?)'  # noqa: S608  # the same
        ),
        untell=f'DELETE FROM "{told}" WHERE story = ? AND "update" = ?',  # noqa: S608  # the same
    )


class _Queries(NamedTuple):
    """The queries that load what a batch touches, by keys (driver.among)."""

    stories: str
    updates: str
    stances: str
    named: str
    first_named: str


@cache
def _queries(tables: ReadTables) -> _Queries:
    claims = tables.claims.name
    pair = '(story, "update") IN {keys}'
    return _Queries(
        stories=f'SELECT * FROM "{tables.stories.name}" WHERE slug IN {{keys}}',  # noqa: S608  # a name of ours
        updates=f'SELECT * FROM "{tables.updates.name}" WHERE {pair}',  # noqa: S608  # the same
        stances=f'SELECT * FROM "{tables.stances.name}" WHERE {pair} ORDER BY story, "update", ordinal',  # noqa: S608  # the same
        named=f'SELECT * FROM "{claims}" WHERE (story, claim) IN {{keys}}',  # noqa: S608  # the same
        first_named=f'SELECT story, claim FROM "{claims}" WHERE (story, version) IN {{keys}}',  # noqa: S608  # the same
    )


class Workbench:
    """The stories that one transaction appends to: load, take event by event, save."""

    def __init__(self, connection: Connection, tables: ReadTables = LIVE, name: str = STATE) -> None:
        self._connection = connection
        self._tables = tables
        self._name = name
        self.position, self._number = self._state()
        self._folds: dict[str, Fold] = {}
        self._counts: dict[str, int] = {}
        self._loaded: dict[str, Story] = {}
        self._touched: dict[str, dict[str, None]] = {}
        self._anew: dict[int, Development] = {}
        self._sql = _statements(tables)
        self._find = _queries(tables)
        self._writes: dict[str, list[rows.Values]] = {statement: [] for statement in self._sql}

    def require(self, size: int, database: str) -> None:
        """Raises DatabaseError unless the read tables stand where the log stands."""
        if self.position != size:
            raise DatabaseError(
                database, f"its read tables hold {self.position} events of the log's {size}: run feed rebuild"
            )

    def load(self, wanted: Iterable[tuple[str, Data]]) -> None:
        """Load what the batch's events, with these stories and data, will touch."""
        updates: set[tuple[str, str]] = set()
        claims: set[tuple[str, str]] = set()
        withdrawn: set[tuple[str, str]] = set()
        slugs: set[str] = set()
        for slug, data in wanted:
            slugs.add(slug)
            if isinstance(data, UpdateWithdrawn):
                withdrawn.add((slug, data.update))
            of_updates, of_claims = parts(data)
            updates.update((slug, name) for name in of_updates)
            claims.update((slug, name) for name in of_claims)
        stories = self._stories(slugs)
        loaded = self._updates({key for key in updates if key[0] in stories})
        claims.update(
            (slug, stance.claim) for slug, of_story in loaded.items() for u in of_story.values() for stance in u.stances
        )
        claims |= self._first_named(loaded, withdrawn)
        named = self._named({key for key in claims if key[0] in stories})
        for slug in slugs:
            row = stories.get(slug)
            story = rows.story_of(row, named=named.get(slug, {}), updates=loaded.get(slug, {})) if row else None
            self._folds[slug] = Fold(story)
            self._counts[slug] = row.developments if row else 0
            self._touched[slug] = {}
            if story is not None:
                self._loaded[slug] = story

    def part(self, slug: str, data: Data) -> Story | None:
        """The part of a loaded story that these data touch, as the batch has left it."""
        return self._folds[slug].part(data)

    def take(self, event: Event, part: Story | None = None) -> Development | None:
        """Fold an event in; returns what it tells subscribers. `part` is what `part` gives for the event, where that
        has been asked for already."""
        fold = self._folds[event.story]
        before = part or fold.part(event.data)
        after = evolve(before, event)
        self.position = event.position
        if after is None:
            return None
        fold.put(after)
        self._touched[event.story].update(dict.fromkeys(after.updates))
        told = development(event, before, after)
        if told is not None:
            self._tell(told)
        else:
            self._untell(event, after)
        return told

    def save(self, connection: Connection) -> None:
        """Write back what the events changed, in the transaction that they were loaded in or in a later one, before
        which nobody else has written these tables."""
        for slug, fold in self._folds.items():
            if (story := fold.story) is not None:
                self._save_story(story, self._loaded.get(slug))
        for told in self._anew.values():
            self._save_anew(told)
        for sql, values in self._writes.items():
            if values:
                driver.run(connection, sql, values)
        driver.run(connection, _UPDATE_STATE, [(self.position, self._number, self._name)])

    def _state(self) -> tuple[int, int]:
        (position, developments), *_ = driver.tuples(self._connection, _SELECT_STATE, (self._name,))
        return position, developments

    def _tell(self, told: Development) -> None:
        number = self.number(told)
        self._counts[told.story] += 1
        row = rows.development_row(told, number, self._counts[told.story])
        self._writes[self._sql.tell].append(row)
        self._writes[self._sql.list].extend((name, number, tag) for name, tag in channels(told).items())

    def number(self, told: Development) -> int:
        """The place among all developments of one that is told now: the next."""
        self._number += 1
        return self._number

    def _untell(self, event: Event, story: Story) -> None:
        """Mend what an amendment or an undo changes of a development that nobody was told yet."""
        match event.data:
            case UpdateRevised(update=name, signal="amendment") if name in story.updates:
                told = of_update(story.updates[name], story)
                self._anew[told.position] = told
            case UpdateWithdrawn(update=name):
                self._writes[self._sql.unlist_all].append((event.story, name))
                self._writes[self._sql.untell].append((event.story, name))

    def _save_anew(self, told: Development) -> None:
        """Mend the rows of an amended update: its own development, and the tags of those that followed it."""
        writes, sql, key = self._writes, self._sql, (told.story, told.update)
        writes[sql.tell_anew].append((told.headline, told.label, told.position))
        writes[sql.tag_anew].append((*rows.tags_and_key(told), *key))
        writes[sql.unlist].append((CORRECTIONS, *key))
        writes[sql.list_anew].extend((name, tag, *key) for name, tag in channels(told).items())

    def _save_story(self, story: Story, loaded: Story | None) -> None:
        slug, writes, sql = story.slug, self._writes, self._sql
        known = loaded.named if loaded else {}
        writes[sql.story].append(rows.story_row(story, self._counts[slug]))
        before, now = _related(loaded), _related(story)
        writes[sql.unrelate].extend((other, slug) for other in before if other not in now)
        writes[sql.relate].extend((other, slug) for other in now if other not in before)
        writes[sql.unclaim].extend((slug, name) for name in known if name not in story.named)
        writes[sql.claim].extend((slug, name, at) for name, at in story.named.items() if name not in known)
        writes[sql.revision].extend(rows.revision_row(slug, None, revision) for revision in story.revisions)
        writes[sql.note].extend(rows.note_row(slug, None, note) for note in story.notes)
        for name in self._touched[slug]:
            self._save_update(slug, story.updates[name], loaded.updates.get(name) if loaded else None)

    def _save_update(self, slug: str, update: Update, loaded: Update | None) -> None:
        name, writes, sql = update.update, self._writes, self._sql
        writes[sql.update].append(rows.update_row(slug, update))
        if loaded is not None and loaded.stances != update.stances:
            writes[sql.unstance].append((slug, name))
        if loaded is None or loaded.stances != update.stances:
            writes[sql.stance].extend(rows.stance_rows(slug, update))
        writes[sql.revision].extend(rows.revision_row(slug, name, revision) for revision in update.revisions)
        writes[sql.note].extend(rows.note_row(slug, name, note) for note in update.notes)

    def _stories(self, slugs: set[str]) -> dict[str, Any]:
        found = driver.among(self._connection, self._find.stories, ((slug,) for slug in slugs))
        return {row.slug: row for row in found}

    def _updates(self, keys: set[tuple[str, str]]) -> dict[str, dict[str, Update]]:
        stances: dict[tuple[str, str], list[Stance]] = {}
        for row in driver.among(self._connection, self._find.stances, keys):
            stances.setdefault((row.story, row.update), []).append(rows.stance_of(row))
        loaded: dict[str, dict[str, Update]] = {}
        for row in driver.among(self._connection, self._find.updates, keys):
            of_update = tuple(stances.get((row.story, row.update), ()))
            loaded.setdefault(row.story, {})[row.update] = rows.update_of(row, stances=of_update)
        return loaded

    def _first_named(
        self, loaded: dict[str, dict[str, Update]], withdrawn: set[tuple[str, str]]
    ) -> set[tuple[str, str]]:
        """The claims that updates named first, which an undo makes unnamed; a revision may have taken them out."""
        added = [
            (slug, update.added)
            for slug, of_story in loaded.items()
            for name, update in of_story.items()
            if (slug, name) in withdrawn
        ]
        return {(row.story, row.claim) for row in driver.among(self._connection, self._find.first_named, added)}

    def _named(self, keys: set[tuple[str, str]]) -> dict[str, dict[str, int]]:
        named: dict[str, dict[str, int]] = {}
        for row in driver.among(self._connection, self._find.named, keys):
            named.setdefault(row.story, {})[row.claim] = row.version
        return named


def _related(story: Story | None) -> dict[str, None]:
    """The other stories that a story shows, once each."""
    return dict.fromkeys(other.story for other in story.related) if story else {}
