"""The outbox of WebSub: the topics that the hub is still to be told of.

It is neither log nor read table: what is told is deleted, and nothing can be rebuilt from it. So it has no triggers. A
row is `ready` once the publish that changed its topic has put all files; `silent` where the hub gave no answer at all.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "websub_outbox",
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("hub", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.Column("next_try", sa.Text, nullable=False),
        sa.Column("ready", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("silent", sa.Integer, nullable=False),
        sa.Column("last_error", sa.Text),
        sqlite_strict=True,
    )
