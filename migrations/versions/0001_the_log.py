"""The log: events, their payloads, its head, and where the projections stand.

Rows of events and payloads can be neither changed nor removed. An UPDATE and a DELETE trigger are not
enough: INSERT OR REPLACE passes both on a connection without recursive_triggers, so inserting over what
is there is refused as well.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

APPLICATION_ID = 0x66656564


def upgrade() -> None:
    op.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    _make_tables()
    _make_triggers("events", "position = NEW.position OR id = NEW.id OR (story = NEW.story AND version = NEW.version)")
    _make_triggers("payloads", "position = NEW.position")
    head = sa.text("INSERT INTO log_head VALUES (1, :origin, 0, '', x'', 0)")
    op.execute(head.bindparams(origin=secrets.token_hex(16)))


def _make_tables() -> None:
    op.create_table(
        "events",
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("story", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("schema", sa.Integer, nullable=False),
        sa.Column("recorded_at", sa.Text, nullable=False),
        sa.Column("published_at", sa.Text, nullable=False),
        sa.Column("commitment", sa.LargeBinary, nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("story", "version"),
        sqlite_strict=True,
    )
    op.create_table(
        "payloads",
        sa.Column("position", sa.Integer, sa.ForeignKey("events.position"), primary_key=True),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "log_head",
        sa.Column("one", sa.Integer, sa.CheckConstraint("one = 1"), primary_key=True),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("recorded_at", sa.Text, nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
        sa.Column("told", sa.Integer, nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "projection_state",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("developments", sa.Integer, nullable=False),
        sqlite_strict=True,
    )


def _make_triggers(table: str, taken: str) -> None:
    for name, when in (
        ("no_update", "BEFORE UPDATE ON {table}"),
        ("no_delete", "BEFORE DELETE ON {table}"),
        ("no_replace", "BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {taken})"),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_{name} {when.format(table=table, taken=taken)}"
            f" BEGIN SELECT RAISE(ABORT, '{table} are immutable'); END"
        )
