"""Whether a folder was published from the log that is to be published into it."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Connection

from feed import log
from feed.site.folder import Published

Standing = Literal["here", "another log", "a later state", "another course"]
"""A log that was restored from a backup is at an earlier state, and once it has been appended to, on another course."""

WHOSE: dict[Standing, str] = {
    "here": "this log",
    "another log": "another log",
    "a later state": "a later state of this log, before it was restored",
    "another course": "another course of this log, which was restored and has had other events since",
}


def standing(connection: Connection, head: log.Head, last: Published) -> Standing:
    """How the last publish into a folder stands to the log with this head."""
    if last.origin != head.origin:
        return "another log"
    if last.position > head.size:
        return "a later state"
    if last.leaf and last.leaf != leaf_at(connection, last.position):
        return "another course"
    return "here"


def leaf_at(connection: Connection, position: int) -> str:
    """The hex leaf of the event at a position, which no other event has; empty where none is."""
    event = log.at(connection, position) if position else None
    return event.leaf.hex() if event else ""
