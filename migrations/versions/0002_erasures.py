"""Erasures: a payload may be deleted once an event of the log says so, and never comes back.

A row of `erasures` is the one key to the payloads' DELETE trigger, and it can only be made for an event that
another event, a payload.erased, names. It holds what the fold still needs to know of the erased event.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("position", sa.Integer, sa.ForeignKey("events.position"), primary_key=True),
        sa.Column("erased_by", sa.Integer, sa.ForeignKey("events.position"), nullable=False),
        sa.Column("kept", sa.Text, nullable=False),
        sqlite_strict=True,
    )
    _refuse("erasures_no_update", "BEFORE UPDATE ON erasures", "erasures are immutable")
    _refuse("erasures_no_delete", "BEFORE DELETE ON erasures", "erasures are immutable")
    same = "EXISTS (SELECT 1 FROM erasures WHERE position = NEW.position)"
    _refuse("erasures_no_replace", f"BEFORE INSERT ON erasures WHEN {same}", "erasures are immutable")
    _refuse(
        "erasures_by_event",
        "BEFORE INSERT ON erasures WHEN NOT EXISTS (SELECT 1 FROM events"
        " WHERE position = NEW.erased_by AND type = 'payload.erased' AND NEW.position < position)"
        " OR EXISTS (SELECT 1 FROM events WHERE position = NEW.position AND type = 'payload.erased')",
        "an event of type payload.erased must say so first",
    )
    op.execute("DROP TRIGGER payloads_no_delete")
    known = "EXISTS (SELECT 1 FROM erasures WHERE position = OLD.position)"
    _refuse("payloads_no_delete", f"BEFORE DELETE ON payloads WHEN NOT {known}", "payloads are immutable")
    _refuse("payloads_no_return", f"BEFORE INSERT ON payloads WHEN {same}", "erased payloads do not come back")


def _refuse(name: str, when: str, problem: str) -> None:
    op.execute(f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, '{problem}'); END")
