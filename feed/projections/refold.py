"""Making one story's rows of the read tables anew, after its events have lost payloads.

The developments keep their numbers among those of all stories, so that no feed or archive holds other ones.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from feed import log
from feed.developments import Development
from feed.projections.tables import LIVE, STATE, ReadTables
from feed.projections.workbench import Workbench


class _Refolding(Workbench):
    """A workbench whose developments have the numbers that they had before."""

    def __init__(self, connection: Connection, tables: ReadTables, name: str, numbers: dict[int, int]) -> None:
        super().__init__(connection, tables, name)
        self._numbers = numbers

    def number(self, told: Development) -> int:
        # What was undone before anyone was told has no row. It is told and untold again here, under a free number.
        return self._numbers.get(told.position, -told.position)


def refold(connection: Connection, slug: str, tables: ReadTables = LIVE, name: str = STATE) -> None:
    """Replace a story's rows by what its events say now. The read tables must stand where the log stands."""
    developments, channels = tables.developments, tables.channels
    of_story = developments.c.story == slug
    numbers = {row.position: row.number for row in connection.execute(select(developments).where(of_story))}
    connection.execute(delete(channels).where(channels.c.number.in_(select(developments.c.number).where(of_story))))
    of_stories = (tables.updates, tables.stances, tables.claims, tables.revisions, tables.notes, tables.relations)
    for table in (*of_stories, developments):
        connection.execute(delete(table).where(table.c.story == slug))
    connection.execute(delete(tables.stories).where(tables.stories.c.slug == slug))
    workbench = _Refolding(connection, tables, name, numbers)
    position = workbench.position
    events = list(log.read_story(connection, slug))
    workbench.load((event.story, event.data) for event in events)
    for event in events:
        workbench.take(event)
    workbench.position = position
    workbench.save(connection)
