"""Making one story's rows of the read tables anew, after its events have lost payloads.

The developments keep their numbers among those of all stories, so that no feed or archive holds other ones.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from feed import log
from feed.developments import Development
from feed.projections.tables import LIVE
from feed.projections.workbench import Workbench


class _Refolding(Workbench):
    """A workbench whose developments have the numbers that they had before."""

    def __init__(self, connection: Connection, numbers: dict[int, int]) -> None:
        super().__init__(connection)
        self._numbers = numbers

    def number(self, told: Development) -> int:
        # What was undone before anyone was told has no row. It is told and untold again here, under a free number.
        return self._numbers.get(told.position, -told.position)


def refold(connection: Connection, slug: str) -> None:
    """Replace a story's rows by what its events say now. The read tables must stand where the log stands."""
    developments, channels = LIVE.developments, LIVE.channels
    of_story = developments.c.story == slug
    numbers = {row.position: row.number for row in connection.execute(select(developments).where(of_story))}
    connection.execute(delete(channels).where(channels.c.number.in_(select(developments.c.number).where(of_story))))
    for table in (LIVE.updates, LIVE.stances, LIVE.claims, LIVE.revisions, LIVE.notes, LIVE.relations, developments):
        connection.execute(delete(table).where(table.c.story == slug))
    connection.execute(delete(LIVE.stories).where(LIVE.stories.c.slug == slug))
    _fold(connection, slug, numbers)


def _fold(connection: Connection, slug: str, numbers: dict[int, int]) -> None:
    workbench = _Refolding(connection, numbers)
    position = workbench.position
    events = list(log.read_story(connection, slug))
    workbench.load((event.story, event.data) for event in events)
    for event in events:
        workbench.take(event)
    workbench.position = position
    workbench.save()
