"""The one fold that makes a story of its events.

`evolve` is total and never raises: history is a fact. It needs, and may be given, only the parts of a
story that the event touches (`parts`); that is what lets a fold and an append cost the same whether the
story has ten updates or ten thousand.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never

from msgspec import UNSET, to_builtins
from msgspec.structs import replace

from feed.events import (
    Changes,
    Data,
    Event,
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
from feed.story import HIGHEST_NUMBER, NEWS, Note, Revision, Story, Update, Withdrawal


def parts(data: Data) -> tuple[set[str], set[str]]:
    """The names of the updates and of the claims that `evolve` and `decide` must know of for these data."""
    match data:
        case UpdateAdded():
            return {data.update} if data.update else set(), _claims_in(data.stances)
        case UpdateRevised():
            return {data.update}, _claims_in(data.changes.stances or ())
        case UpdateWithdrawn():
            return {data.update}, set()
        case NoteAdded() | PayloadErased():
            return {data.update} if data.update else set(), set()
        case StoryChanged():
            return {data.pinned} if data.pinned else set(), set()
        case StoryOpened() | StoryWithdrawn():
            return set(), set()
        case _:
            assert_never(data)


def evolve(story: Story | None, event: Event) -> Story | None:
    """The story after the event; None only while it has not been opened."""
    if story is None:
        return _open(event, event.data) if isinstance(event.data, StoryOpened) else None
    story = replace(story, version=event.version, position=event.position, last_published_at=event.published_at)
    match event.data:
        case StoryOpened():
            return story
        case StoryChanged():
            return _change(story, event, event.data)
        case StoryWithdrawn():
            return _withdraw_story(story, event, event.data)
        case UpdateAdded():
            return _add(story, event, event.data)
        case UpdateRevised():
            return _revise(story, event, event.data)
        case UpdateWithdrawn():
            return _withdraw(story, event, event.data)
        case NoteAdded():
            return _note(story, event, event.data)
        case PayloadErased():
            return _erase(story, event, event.data)
        case _:
            assert_never(event.data)


class Fold:
    """A story being folded, an event at a time, at a cost that does not grow with the story.

    `updates` gathers what `evolve` is given only in part; `story` joins the two.
    """

    def __init__(self, story: Story | None = None) -> None:
        self._head = story
        self._updates = dict(story.updates) if story else {}

    def part(self, data: Data) -> Story | None:
        """The story with just the updates that these data touch."""
        if self._head is None:
            return None
        touched, _ = parts(data)
        return replace(self._head, updates={name: self._updates[name] for name in touched if name in self._updates})

    def take(self, event: Event) -> None:
        """Fold one more event in."""
        if (part := evolve(self.part(event.data), event)) is not None:
            self.put(part)

    def put(self, part: Story) -> None:
        """Take over the part that an event touched, as `evolve` has made it."""
        self._updates.update(part.updates)
        self._head = part

    @property
    def story(self) -> Story | None:
        return None if self._head is None else replace(self._head, updates=self._updates)


def fold(events: Iterable[Event]) -> Story | None:
    """The whole story that these events of one stream tell."""
    folding = Fold()
    for event in events:
        folding.take(event)
    return folding.story


def _claims_in(stances: tuple[Stance, ...] | None) -> set[str]:
    return {stance.claim for stance in stances} if stances else set()


def _open(event: Event, data: StoryOpened) -> Story:
    return Story(
        slug=event.story,
        uri=data.uri or "",
        headline=data.headline,
        label=data.label,
        summary=data.summary,
        language=data.language or "",
        status="open",
        tags=data.tags or (),
        pinned=None,
        related=(),
        opened_at=event.published_at,
        updated_at=event.published_at,
        closed_at=None,
        last_published_at=event.published_at,
        closed_by=None,
        version=event.version,
        position=event.position,
        opened=event.position,
        last_number=0,
        usable=0,
        withdrawal=None,
        updates={},
        named={},
    )


def _change(story: Story, event: Event, data: StoryChanged) -> Story:
    values: dict[str, Any] = {"updated_at": event.published_at}
    for name in ("headline", "label", "summary", "pinned"):
        if (value := getattr(data, name)) is not UNSET:
            values[name] = value
    for name in ("tags", "related"):
        if (value := getattr(data, name)) is not UNSET:
            values[name] = value or ()
    if data.status is not UNSET and data.status != story.status and story.status != "withdrawn":
        values["status"] = data.status
        values["closed_at"] = event.published_at if data.status == "closed" else None
        values["closed_by"] = None
    changed = replace(story, **values)
    if data.signal is None:
        return changed
    revision = _revision(event, data.signal, data.notice, False, story, changed, ("headline", "summary"))
    return replace(changed, revisions=(*story.revisions, revision))


def _withdraw_story(story: Story, event: Event, data: StoryWithdrawn) -> Story:
    withdrawal = Withdrawal(
        version=event.version, notice=data.notice, title=data.title, published_at=event.published_at
    )
    return replace(story, status="withdrawn", withdrawal=withdrawal, updated_at=event.published_at)


def _add(story: Story, event: Event, data: UpdateAdded) -> Story:
    name = data.update or ""
    update = Update(
        update=name,
        added=event.version,
        position=event.position,
        id=event.id,
        version=event.version,
        headline=data.headline,
        title=data.headline,
        body=data.body,
        occurred=data.occurred,
        occurred_text=data.occurred_text,
        sources=data.sources or (),
        stances=data.stances or (),
        key=bool(data.key),
        tags=data.tags or (),
        link=data.link,
        closes=bool(data.closes),
        author=event.author,
        status="usable",
        published_at=event.published_at,
        updated_at=event.published_at,
        hidden={},
    )
    story = _with(
        story,
        event,
        update,
        updated_at=event.published_at,
        usable=story.usable + 1,
        last_number=max(story.last_number, _whole_number(name)),
    )
    if not data.closes:
        return story
    return replace(story, status="closed", closed_at=event.published_at, closed_by=name)


def _revise(story: Story, event: Event, data: UpdateRevised) -> Story:
    update = story.updates.get(data.update)
    if update is None:
        return story
    given = {name: getattr(data.changes, name) for name in Changes.__struct_fields__}
    values = {name: _plain(name, value) for name, value in given.items() if value is not UNSET}
    changed = replace(update, version=event.version, **values)
    hide = bool(data.hide_before)
    revision = _revision(event, data.signal, data.notice, hide, update, changed, Changes.__struct_fields__)
    hides = hide or data.signal == "amendment"
    keeps_title = data.signal == "refile" and not (hide and "headline" in revision.before)
    changed = replace(
        changed,
        title=update.title if keeps_title else changed.headline,
        hidden={**update.hidden, **dict.fromkeys(revision.before if hides else (), event.version)},
        updated_at=event.published_at if data.signal in NEWS else update.updated_at,
        revisions=(*update.revisions, revision),
    )
    return replace(
        _with(story, event, changed),
        updated_at=event.published_at if data.signal in NEWS else story.updated_at,
    )


def _withdraw(story: Story, event: Event, data: UpdateWithdrawn) -> Story:
    update = story.updates.get(data.update)
    if update is None:
        return story
    if story.pinned == data.update:
        story = replace(story, pinned=None)
    if data.untold:
        return _undo(story, event, update)
    withdrawal = Withdrawal(
        version=event.version, notice=data.notice, title=data.title, published_at=event.published_at
    )
    withdrawn = replace(
        update, version=event.version, status="withdrawn", withdrawal=withdrawal, updated_at=event.published_at
    )
    return replace(_with(story, event, withdrawn), updated_at=event.published_at)


def _undo(story: Story, event: Event, update: Update) -> Story:
    story = replace(
        _with(story, event, replace(update, version=event.version, status="undone")),
        usable=story.usable - 1,
        # Who names such a claim again has to word it again.
        named={name: version for name, version in story.named.items() if version != update.added},
    )
    if story.closed_by != update.update:
        return story
    return replace(story, status="open", closed_at=None, closed_by=None)


def _note(story: Story, event: Event, data: NoteAdded) -> Story:
    note = Note(version=event.version, text=data.text, published_at=event.published_at)
    if data.update is None:
        return replace(story, notes=(*story.notes, note))
    update = story.updates.get(data.update)
    if update is None:
        return story
    return _with(story, event, replace(update, version=event.version, notes=(*update.notes, note)))


def _erase(story: Story, event: Event, data: PayloadErased) -> Story:
    """Nothing from before the erasure may be shown of what was erased, notes on its withdrawal included."""
    if data.update is None:
        return replace(story, status="withdrawn", withdrawal=_covering(story.withdrawal, event, data))
    update = story.updates.get(data.update)
    if update is None:
        return story
    erased = replace(update, version=event.version)
    if update.status != "undone":
        erased = replace(erased, status="withdrawn", withdrawal=_covering(update.withdrawal, event, data))
    return _with(story, event, erased)


def _covering(withdrawal: Withdrawal | None, event: Event, data: PayloadErased) -> Withdrawal:
    if withdrawal is None:
        withdrawal = Withdrawal(version=event.version, notice=None, title=None, published_at=event.published_at)
    return replace(withdrawal, erased=event.version, notice=withdrawal.notice or data.ground)


def _with(story: Story, event: Event, update: Update, **values: Any) -> Story:
    """The story with the update in it, and with these values."""
    fresh = [stance.claim for stance in update.stances if stance.claim not in story.named]
    named = {**story.named, **dict.fromkeys(fresh, event.version)} if fresh else story.named
    return replace(story, updates={**story.updates, update.update: update}, named=named, **values)


def _revision(
    event: Event,
    signal: str,
    notice: str | None,
    hide_before: bool,
    before: Update | Story,
    after: Update | Story,
    fields: tuple[str, ...],
) -> Revision:
    changed = [name for name in fields if getattr(before, name) != getattr(after, name)]
    return Revision(
        version=event.version,
        signal=signal,
        notice=notice,
        published_at=event.published_at,
        hide_before=hide_before,
        before={name: _json_value(getattr(before, name)) for name in changed},
        after={name: _json_value(getattr(after, name)) for name in changed},
    )


def _plain(name: str, value: Any) -> Any:
    if name == "key":
        return bool(value)
    return value or () if name in ("sources", "stances", "tags") else value


def _json_value(value: Any) -> Any:
    """The value as JSON gives it back."""
    return to_builtins(list(value)) if isinstance(value, tuple) else value


def _whole_number(name: str) -> int:
    """The number that an update's name is, up to HIGHEST_NUMBER; else 0."""
    return int(name) if name.isdecimal() and name.isascii() and len(name) <= len(str(HIGHEST_NUMBER)) else 0
