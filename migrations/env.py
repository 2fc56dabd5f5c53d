"""Runs the migrations on the connection that database.py hands over, or on ALEMBIC's own for developers."""

from __future__ import annotations

from alembic import context

from feed.database import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("migrations run through feed: feed init makes a database, feed upgrade brings one up to date")

context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
