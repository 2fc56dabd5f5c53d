"""Stories and their parts as rows of the read tables, and back."""

from __future__ import annotations

from typing import Any

from msgspec.json import Decoder, Encoder
from sqlalchemy import Row

from feed.developments import Development
from feed.events import Related, Source, Stance
from feed.story import Note, Revision, Story, Update, Withdrawal

Values = tuple[str | int | None, ...]

_encode = Encoder(order="sorted").encode
_texts = Decoder(tuple[str, ...])
_related = Decoder(tuple[Related, ...])
_sources = Decoder(tuple[Source, ...])
_hidden = Decoder(dict[str, int])
_withdrawal = Decoder(Withdrawal)
_fields = Decoder(dict[str, Any])


def story_row(story: Story, developments: int) -> Values:
    """The row of `stories`; `developments` is the number of the story's last development."""
    return (
        story.slug,
        story.uri,
        story.headline,
        story.label,
        story.summary,
        story.language,
        story.status,
        _json(story.tags),
        story.pinned,
        _json(story.related),
        story.opened_at,
        story.updated_at,
        story.closed_at,
        story.last_published_at,
        story.closed_by,
        story.version,
        story.position,
        story.opened,
        story.last_number,
        story.usable,
        _json(story.withdrawal) if story.withdrawal else None,
        developments,
    )


def story_of(row: Row[Any], *, named: dict[str, int], **parts: Any) -> Story:
    """The story of a row of `stories`, with the parts given: updates, and where wanted notes and revisions."""
    fields = row._asdict()
    del fields["developments"]
    fields["tags"] = _texts.decode(row.tags)
    fields["related"] = _related.decode(row.related)
    fields["withdrawal"] = _withdrawal.decode(row.withdrawal) if row.withdrawal else None
    return Story(**fields, named=named, **parts)


def update_row(story: str, update: Update) -> Values:
    """The row of `updates`."""
    return (
        story,
        update.update,
        update.added,
        update.position,
        update.id,
        update.version,
        update.headline,
        update.title,
        update.body,
        update.occurred,
        update.occurred_text,
        _json(update.sources),
        update.key,
        _json(update.tags),
        update.link,
        update.closes,
        update.author,
        update.status,
        update.published_at,
        update.updated_at,
        _json(update.hidden),
        _json(update.withdrawal) if update.withdrawal else None,
    )


def update_of(row: Row[Any], *, stances: tuple[Stance, ...], **parts: Any) -> Update:
    """The update of a row of `updates`, with its stances, and where wanted its notes and revisions."""
    fields = row._asdict()
    del fields["story"]
    fields["sources"] = _sources.decode(row.sources)
    fields["tags"] = _texts.decode(row.tags)
    fields["hidden"] = _hidden.decode(row.hidden)
    fields["key"] = bool(row.key)
    fields["closes"] = bool(row.closes)
    fields["withdrawal"] = _withdrawal.decode(row.withdrawal) if row.withdrawal else None
    return Update(**fields, stances=stances, **parts)


def stance_rows(story: str, update: Update) -> list[Values]:
    """The rows of `stances` of one update."""
    return [
        (story, update.update, ordinal, update.added, stance.claim, stance.by, stance.position, stance.text)
        for ordinal, stance in enumerate(update.stances)
    ]


def stance_of(row: Row[Any]) -> Stance:
    """The stance of a row of `stances`."""
    return Stance(claim=row.claim, by=row.by, position=row.position, text=row.text)


def revision_row(story: str, update: str | None, revision: Revision) -> Values:
    """The row of `revisions`; `update` is None for a revision of the story itself."""
    return (
        story,
        revision.version,
        update,
        revision.signal,
        revision.notice,
        revision.published_at,
        revision.hide_before,
        _json(revision.before),
        _json(revision.after),
    )


def revision_of(row: Row[Any]) -> Revision:
    """The revision of a row of `revisions`."""
    return Revision(
        version=row.version,
        signal=row.signal,
        notice=row.notice,
        published_at=row.published_at,
        hide_before=bool(row.hide_before),
        before=_fields.decode(row.before),
        after=_fields.decode(row.after),
    )


def note_row(story: str, update: str | None, note: Note) -> Values:
    """The row of `notes`; `update` is None for a note on the story itself."""
    return (story, note.version, update, note.text, note.published_at)


def note_of(row: Row[Any]) -> Note:
    """The note of a row of `notes`."""
    return Note(version=row.version, text=row.text, published_at=row.published_at)


def development_row(told: Development, number: int, story_number: int) -> Values:
    """The row of `developments`, with its place among all and among those of its story."""
    return (
        told.position,
        number,
        story_number,
        told.id,
        told.story,
        told.version,
        told.kind,
        told.update,
        told.headline,
        told.label,
        _json(told.tags),
        told.key,
        told.author,
        told.published_at,
    )


def tags_and_key(told: Development) -> Values:
    """What an amendment of an update changes of all the rows of `developments` that are about it."""
    return (_json(told.tags), told.key)


def development_of(row: Row[Any]) -> Development:
    """The development of a row of `developments`."""
    return Development(
        position=row.position,
        id=row.id,
        story=row.story,
        version=row.version,
        kind=row.kind,
        update=row.update,
        headline=row.headline,
        label=row.label,
        tags=_texts.decode(row.tags),
        key=bool(row.key),
        author=row.author,
        published_at=row.published_at,
    )


def _json(value: Any) -> str:
    return _encode(value).decode()
