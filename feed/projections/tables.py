"""The read tables. Their names are a contract, their columns are not: a change of them raises VERSION.

They have no indexes but those of their keys, as a constraint's index needs no name of its own and so can
move along when a rebuilt table takes the place of the live one.
"""

from __future__ import annotations

from functools import cache

from sqlalchemy import Column, Integer, MetaData, Table, Text, UniqueConstraint

VERSION = 3
STATE = "stories"


class ReadTables:
    """One set of the read tables: the live one, or the one that a rebuild fills beside it."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.metadata = MetaData()
        self.stories = self._table(
            "stories",
            _key("slug"),
            *_texts("uri", "headline"),
            *_optional("label", "summary"),
            *_texts("language", "status", "tags"),
            *_optional("pinned"),
            *_texts("related", "opened_at", "updated_at"),
            *_optional("closed_at"),
            *_texts("last_published_at"),
            *_optional("closed_by"),
            *_numbers("version", "position", "opened", "last_number", "usable"),
            *_optional("withdrawal"),
            *_numbers("developments"),
            UniqueConstraint("position"),
            UniqueConstraint("opened"),
            UniqueConstraint("status", "opened"),
            UniqueConstraint("status", "position"),
        )
        # Which stories show the name of another one.
        self.relations = self._table("relations", _key("other"), _key("story"))
        self.updates = self._table(
            "updates",
            _key("story"),
            _key("update"),
            *_numbers("added", "position"),
            *_texts("id"),
            *_numbers("version"),
            *_texts("headline", "title"),
            *_optional("body", "occurred", "occurred_text"),
            *_texts("sources"),
            *_numbers("key"),
            *_texts("tags"),
            *_optional("link"),
            *_numbers("closes"),
            *_texts("author", "status", "published_at", "updated_at", "hidden"),
            *_optional("withdrawal"),
            UniqueConstraint("story", "added"),
            UniqueConstraint("story", "version"),
        )
        self.stances = self._table(
            "stances",
            _key("story"),
            _key("update"),
            Column("ordinal", Integer, primary_key=True),
            *_numbers("place"),
            *_texts("claim", "by", "position"),
            *_optional("text"),
            UniqueConstraint("story", "claim", "place", "ordinal"),
            UniqueConstraint("story", "by", "place", "ordinal"),
        )
        self.claims = self._table("claims", _key("story"), _key("claim"), *_numbers("version"))
        self.revisions = self._table(
            "revisions",
            _key("story"),
            Column("version", Integer, primary_key=True),
            *_optional("update"),
            *_texts("signal"),
            *_optional("notice"),
            *_texts("published_at"),
            *_numbers("hide_before"),
            *_texts("before", "after"),
            UniqueConstraint("story", "update", "version"),
        )
        self.notes = self._table(
            "notes",
            _key("story"),
            Column("version", Integer, primary_key=True),
            *_optional("update"),
            *_texts("text", "published_at"),
            UniqueConstraint("story", "update", "version"),
        )
        self.developments = self._table(
            "developments",
            Column("position", Integer, primary_key=True),
            *_numbers("number", "story_number"),
            *_texts("id", "story"),
            *_numbers("version"),
            *_texts("kind"),
            *_optional("update"),
            *_texts("headline"),
            *_optional("label"),
            *_texts("tags"),
            *_numbers("key"),
            *_texts("author", "published_at"),
            UniqueConstraint("number"),
            UniqueConstraint("story", "story_number"),
            UniqueConstraint("story", "update", "version"),
        )
        self.channels = self._table(
            "channels",
            _key("channel"),
            Column("number", Integer, primary_key=True),
            *_texts("tag"),
            UniqueConstraint("number", "channel"),
        )

    def _table(self, name: str, *columns: Column[str] | Column[int] | UniqueConstraint) -> Table:
        return Table(self.prefix + name, self.metadata, *columns, sqlite_strict=True)


def _key(name: str) -> Column[str]:
    return Column(name, Text, primary_key=True)


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, Text, nullable=False) for name in names]


def _optional(*names: str) -> list[Column[str]]:
    return [Column(name, Text) for name in names]


def _numbers(*names: str) -> list[Column[int]]:
    return [Column(name, Integer, nullable=False) for name in names]


def insert_into(table: Table) -> str:
    """A plain INSERT of a whole row; as a fixed text it costs half of what Core's costs on the append's path."""
    columns = [f'"{column.name}"' for column in table.columns]
    return f'INSERT INTO "{table.name}" ({", ".join(columns)}) VALUES ({", ".join("?" * len(columns))})'  # noqa: S608  # names of ours


def upsert_into(table: Table) -> str:
    """The same, which takes the place of a row of the same key."""
    keys = [f'"{column.name}"' for column in table.primary_key]
    others = [f'"{column.name}"' for column in table.columns if not column.primary_key]
    replaced = ", ".join(f"{name} = excluded.{name}" for name in others)
    return f"{insert_into(table)} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {replaced}"


LIVE = ReadTables("")


@cache
def rebuilt_tables() -> ReadTables:
    """Those beside the live ones. Few commands ask for them, and to describe tables takes all of them time."""
    return ReadTables("rebuilt_")
