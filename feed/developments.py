"""Which events reach subscribers, and what of a story may be shown in public (product.md section 3)."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from feed.dates import Instant
from feed.events import Event, NoteAdded, StoryChanged, StoryWithdrawn, UpdateAdded, UpdateRevised, UpdateWithdrawn
from feed.story import NEWS, Revision, Story, Update, Withdrawal
from feed.topics import topic

CORRECTIONS, KEY = "corrections", "key"
CORRECTING = frozenset({"correction", "clarification", "withdrawal"})

Kind = Literal["update", "correction", "clarification", "addition", "withdrawal", "note", "ended", "resumed"]


class Development(Struct, frozen=True, kw_only=True, gc=False):
    """What one event tells subscribers; it becomes an entry of the feeds.

    `headline` is that of the update, or of the story where `update` is None, as it was then, `label` the
    story's. `tags` are those that story and update had then. `key` says that it belongs to the quiet feed: a
    key update, what happens to one, the end of coverage.
    """

    position: int
    id: str
    story: str
    version: int
    kind: Kind
    update: str | None
    headline: str
    label: str | None
    tags: tuple[str, ...]
    key: bool
    author: str
    published_at: Instant


def development(event: Event, before: Story | None, after: Story) -> Development | None:
    """What the event tells, given its story before and after it; both may be parts (fold.parts)."""
    match event.data:
        case UpdateAdded(update=str(name)):
            return of_update(after.updates[name], after) if name in after.updates else None
        case UpdateRevised(update=name, signal=signal) if signal in NEWS:
            return _of_update(event, signal, after, name)  # type: ignore[arg-type]  # NEWS are kinds
        case UpdateWithdrawn(update=name, untold=untold) if not untold:
            return _of_update(event, "withdrawal", after, name)
        case NoteAdded(update=str(name)):
            return _of_update(event, "note", after, name)
        case NoteAdded():
            return _of_story(event, "note", after)
        case StoryWithdrawn():
            return _of_story(event, "withdrawal", after)
        case StoryChanged(signal=str(signal)):
            return _of_story(event, signal, after)
        case StoryChanged() if before is not None and before.status != after.status:
            return _of_story(event, "ended" if after.status == "closed" else "resumed", after)
        case _:
            return None


def of_update(update: Update, story: Story) -> Development:
    """What an update itself tells, as it is now: an amendment before anyone was told tells it anew."""
    return Development(
        position=update.position,
        id=update.id,
        story=story.slug,
        version=update.added,
        kind="update",
        update=update.update,
        headline=update.headline,
        label=story.label,
        tags=_tags(story.tags, update.tags),
        key=update.key or update.closes,
        author=update.author,
        published_at=update.published_at,
    )


def channels(told: Development) -> dict[str, str]:
    """The feeds, by their folders, that hold a development beside the site's and its story's.

    The value is the tag as it is spelled here, for a topic; else empty.
    """
    found = {f"topics/{topic(tag)}": tag for tag in reversed(told.tags)}
    if told.kind in CORRECTING:
        found[CORRECTIONS] = ""
    if told.key:
        found[KEY] = ""
    return found


def withdrawal_of(story: Story, update: Update | None) -> Withdrawal | None:
    """The withdrawal that leaves nothing of the update (of the story, where it is None) but a neutral title.

    Only what was said after it, in notes, may still be shown; so the later of the two counts.
    """
    both = (story.withdrawal, update.withdrawal if update else None)
    return max((one for one in both if one is not None), key=lambda one: one.covers, default=None)


def public_words(update: Update, revision: Revision) -> tuple[dict[str, Any], dict[str, Any]]:
    """The before and after values of a revision that may still be shown.

    A revision with `hide_before` hides the words that it replaced, and with them every older wording of
    the same field, which may hold the same words.
    """
    hidden = update.hidden
    before = {name: value for name, value in revision.before.items() if hidden.get(name, 0) < revision.version}
    after = {name: value for name, value in revision.after.items() if hidden.get(name, 0) <= revision.version}
    return before, after


def public_headline(development: Development, update: Update | None) -> str:
    """The headline that a development may carry: that of its time, unless it has been hidden since."""
    if update is None:
        return development.headline
    if development.kind == "update" or update.hidden.get("headline", 0) > development.version:
        return update.title
    return development.headline


def public_tags(development: Development, story: Story, update: Update | None) -> tuple[str, ...]:
    """The tags that a development may carry: those of its time, without those hidden since."""
    if update is None or update.hidden.get("tags", 0) <= development.version:
        return development.tags
    return tuple(tag for tag in development.tags if tag in story.tags or tag in update.tags)


def _of_update(event: Event, kind: Kind, story: Story, name: str) -> Development | None:
    update = story.updates.get(name)
    if update is None:
        return None
    return replace(
        of_update(update, story),
        position=event.position,
        id=event.id,
        version=event.version,
        kind=kind,
        author=event.author,
        published_at=event.published_at,
    )


def _of_story(event: Event, kind: Kind, story: Story) -> Development:
    return Development(
        position=event.position,
        id=event.id,
        story=event.story,
        version=event.version,
        kind=kind,
        update=None,
        headline=story.headline,
        label=story.label,
        tags=story.tags,
        key=kind in ("ended", "withdrawal"),
        author=event.author,
        published_at=event.published_at,
    )


def _tags(of_story: tuple[str, ...], of_update: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*of_story, *of_update)))
