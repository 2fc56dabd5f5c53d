"""What may happen: every rule of product.md section 2 that is not about the form of a single value.

`decide` changes nothing. It refuses, or returns the event's data with what the writer left out filled in.
"""

from __future__ import annotations

from typing import Any, assert_never

from msgspec import UNSET, Struct
from msgspec.structs import replace

from feed.dates import Instant
from feed.errors import Invalid, Refused, Unknown
from feed.events import (
    Changes,
    Data,
    NewEvent,
    NoteAdded,
    PayloadErased,
    Stance,
    StoryChanged,
    StoryOpened,
    StoryWithdrawn,
    UpdateAdded,
    UpdateRevised,
    UpdateWithdrawn,
)
from feed.story import HIGHEST_NUMBER, Story, Update


class Context(Struct, frozen=True, kw_only=True):
    """What a decision rests on besides the story: when the log takes the event, and the site's settings.

    `told` is the highest position that any publish has told; `since` is a date, YYYY-MM-DD. `unworded` says that a
    claim may be new here and yet come without words, as what worded it may have been erased.
    """

    recorded_at: Instant
    told: int
    authority: str
    since: str
    language: str
    unworded: bool = False


def decide(new: NewEvent, story: Story | None, context: Context) -> Data:
    """The data to record. `story` may be a part (fold.parts). Raises Refused, Unknown or Invalid."""
    if isinstance(new.data, StoryOpened):
        _check_time(new, story, context)
        return _open(new, new.data, story, context)
    if story is None:
        raise Unknown("story", new.story, otherwise=f"open it first (feed open {new.story} HEADLINE)")
    _check_time(new, story, context)
    if story.status == "withdrawn" and not _may_follow_a_withdrawal(new):
        raise Refused(f"story {story.slug!r} has been withdrawn: it takes only notes (feed note), open a new story")
    if new.erased and not isinstance(new.data, UpdateAdded):
        return new.data
    match new.data:
        case StoryChanged():
            return _change(story, new.data)
        case StoryWithdrawn():
            return new.data
        case UpdateAdded():
            return _add(story, new.data, context)
        case UpdateRevised():
            return _revise(story, new.data, context)
        case UpdateWithdrawn():
            return _withdraw(story, new.data, context)
        case PayloadErased():
            return new.data
        case NoteAdded():
            if new.data.update is not None:
                _update(story, new.data.update)
            return new.data
        case _:
            assert_never(new.data)


def _may_follow_a_withdrawal(new: NewEvent) -> bool:
    return isinstance(new.data, NoteAdded | PayloadErased)


def _check_time(new: NewEvent, story: Story | None, context: Context) -> None:
    if new.published_at is None:
        return
    if new.published_at > context.recorded_at:
        raise Invalid(
            "published_at",
            f"{new.published_at} is later than now ({context.recorded_at}): record it when it is published",
        )
    if story is not None and new.published_at < story.last_published_at:
        raise Invalid(
            "published_at",
            f"{new.published_at} is before {story.last_published_at}, when story {story.slug!r} last had something"
            " published: within a story it never goes back",
        )


def _open(new: NewEvent, data: StoryOpened, story: Story | None, context: Context) -> StoryOpened:
    if story is not None:
        raise Refused(
            f"story {story.slug!r} is open already, since {story.opened_at}: append to it, or choose another name"
            if story.status == "open"
            else f"story {story.slug!r} exists already and is {story.status}: choose another name"
        )
    uri = f"tag:{context.authority},{context.since}:{new.story}"
    return replace(data, uri=data.uri or uri, language=data.language or context.language)


def _change(story: Story, data: StoryChanged) -> StoryChanged:
    if data.signal is not None:
        _check_notice(data.signal, data.notice)
        if data.headline is UNSET and data.summary is UNSET:
            raise _corrects_nothing(data.signal)
    elif data.notice is not None:
        raise Invalid("data.notice", "belongs to a correction or clarification: name the signal, or use a note")
    if isinstance(data.pinned, str):
        update = _update(story, data.pinned)
        if update.status == "withdrawn":
            raise Refused(f"{_path(story, update)} has been withdrawn and cannot be pinned: pin another update")
    if not _differences(story, data, StoryChanged.__struct_fields__[:7]):
        raise Refused(f"nothing of story {story.slug!r} would change: it says this already")
    if data.signal is not None and not _differences(story, data, ("headline", "summary")):
        raise _corrects_nothing(data.signal)
    return data


def _add(story: Story, data: UpdateAdded, context: Context) -> UpdateAdded:
    if story.status == "closed":
        raise Refused(f"story {story.slug!r} is closed: reopen it first (feed reopen {story.slug})")
    if data.update is None:
        if story.last_number == HIGHEST_NUMBER:
            raise Invalid("data.update", f"is missing: no number is free after {HIGHEST_NUMBER}, so name the update")
        data = replace(data, update=str(story.last_number + 1))
    elif data.update in story.updates:
        raise Refused(
            f"there is an update {story.slug}/{data.update} already:"
            f" revise it (feed revise {story.slug}/{data.update}), or leave the name out"
        )
    _check_worded(story, context, data.stances or (), "data.stances")
    return data


def _revise(story: Story, data: UpdateRevised, context: Context) -> UpdateRevised:
    update = _standing(story, data.update)
    if data.signal == "amendment":
        _check_untold(story, update, context, "revise it as a correction, clarification, addition or refile")
    if data.signal in ("correction", "clarification"):
        _check_notice(data.signal, data.notice)
    changed = _differences(update, data.changes, Changes.__struct_fields__)
    if not changed and data.notice is None:
        raise Refused(f"nothing of {_path(story, update)} would change: it says this already")
    if data.hide_before and not changed:
        raise Refused(f"no words of {_path(story, update)} are replaced, so none can be hidden: change it")
    _check_worded(story, context, data.changes.stances or (), "data.changes.stances")
    return data


def _withdraw(story: Story, data: UpdateWithdrawn, context: Context) -> UpdateWithdrawn:
    update = _standing(story, data.update)
    if data.untold:
        _check_untold(story, update, context, f"withdraw it (feed withdraw {_path(story, update)} --notice TEXT)")
    elif data.notice is None:
        raise Invalid("data.notice", "is missing: a withdrawal says why it is withdrawn")
    return data


def _update(story: Story, name: str) -> Update:
    update = story.updates.get(name)
    if update is None:
        raise Unknown("update", f"{story.slug}/{name}", otherwise=f"feed show {story.slug} lists them")
    if update.status == "undone":
        raise Refused(f"{_path(story, update)} was undone before anyone was told: append it again under a new name")
    return update


def _standing(story: Story, name: str) -> Update:
    update = _update(story, name)
    if update.status == "withdrawn":
        raise Refused(f"{_path(story, update)} has been withdrawn: it takes only notes, append a new update")
    return update


def _corrects_nothing(signal: str) -> Invalid:
    return Invalid("data.signal", f"a {signal} of a story gives another headline or summary: add it")


def _check_notice(signal: str, notice: str | None) -> None:
    if notice is None:
        raise Invalid("data.notice", f"is missing: a {signal} says what was wrong and what is right")


def _check_untold(story: Story, update: Update, context: Context, instead: str) -> None:
    if update.position <= context.told:
        raise Refused(f"subscribers have been told {_path(story, update)}: {instead}")


def _check_worded(story: Story, context: Context, stances: tuple[Stance, ...], field: str) -> None:
    if context.unworded:
        return
    worded = set(story.named)
    for number, stance in enumerate(stances):
        if stance.text is None and stance.claim not in worded:
            raise Invalid(
                f"{field}[{number}].text", f"is missing: claim {stance.claim!r} is new in {story.slug!r}, word it"
            )
        worded.add(stance.claim)


def _differences(present: Story | Update, given: Any, fields: tuple[str, ...]) -> bool:
    """Whether a field that `given` sets would get another value."""
    return any(
        (getattr(given, name) or None) != (getattr(present, name) or None)
        for name in fields
        if getattr(given, name) is not UNSET
    )


def _path(story: Story, update: Update) -> str:
    return f"{story.slug}/{update.update}"
