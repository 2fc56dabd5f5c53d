"""What an erasure leaves of an event: where it belongs and what it did, and not a word of what it said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, assert_never

from msgspec import to_builtins

from feed.events import (
    Changes,
    Data,
    Erased,
    Event,
    NoteAdded,
    PayloadErased,
    StoryChanged,
    StoryOpened,
    StoryWithdrawn,
    UpdateAdded,
    UpdateRevised,
    UpdateWithdrawn,
)


def remains(data: Data) -> Data:
    """The data without their texts; what subscribers were told of when, and under which id, stays the same.

    An erasure remains as it is: it says what is missing.
    """
    match data:
        case StoryOpened():
            return StoryOpened(headline="", language=data.language, uri=data.uri)
        case StoryChanged():
            return StoryChanged(status=data.status, pinned=data.pinned, related=data.related, signal=data.signal)
        case StoryWithdrawn():
            return StoryWithdrawn(notice="")
        case UpdateAdded():
            return UpdateAdded(headline="", update=data.update, key=data.key, closes=data.closes)
        case UpdateRevised():
            changes = Changes(key=data.changes.key)
            return UpdateRevised(update=data.update, signal=data.signal, changes=changes, hide_before=data.hide_before)
        case UpdateWithdrawn():
            return UpdateWithdrawn(update=data.update, untold=data.untold)
        case NoteAdded():
            return NoteAdded(text="", update=data.update)
        case PayloadErased():
            return data
        case _:
            assert_never(data)


def subject(data: Data) -> str | None:
    """The update that the data are about; None where it is the story."""
    return getattr(data, "update", None)


def erasing(events: Iterable[Event], ground: str) -> PayloadErased:
    """What is recorded of the erasure of these events, which are all about one update, or all about the story."""
    chosen = list(events)
    return PayloadErased(
        ground=ground,
        update=subject(chosen[0].data),
        erased=tuple(
            Erased(position=event.position, id=event.id, kept=to_builtins(remains(event.data))) for event in chosen
        ),
    )


def texts(value: Any) -> Iterator[str]:
    """Every text in a plain JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from texts(part)
