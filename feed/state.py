"""The state of a story as one JSON object (the event format, "The state of a story").

What is absent or erased is None or [], never left out; what was undone before anyone was told is not there.
"""

from __future__ import annotations

from typing import Any

from msgspec import to_builtins

from feed.claims import Claim, claims_of
from feed.story import Note, Revision, Story, Update, Withdrawal

Document = dict[str, Any]


def story_document(story: Story) -> Document:
    """The whole of a whole story."""
    return {
        "story": story.slug,
        "uri": story.uri,
        "headline": story.headline or None,
        "label": story.label,
        "summary": story.summary,
        "language": story.language,
        "status": story.status,
        "tags": list(story.tags),
        "pinned": story.pinned,
        "related": [{"story": other.story, "rel": other.rel} for other in story.related],
        "opened_at": story.opened_at,
        "updated_at": story.updated_at,
        "closed_at": story.closed_at,
        "version": story.version,
        "position": story.position,
        "withdrawal": _withdrawal(story.withdrawal),
        "updates": [update_document(update) for update in story.updates.values() if update.status != "undone"],
        "claims": [claim_document(claim) for claim in claims_of(story)],
        "notes": [_note(note) for note in story.notes],
        "revisions": [_revision(revision) for revision in story.revisions],
    }


def update_document(update: Update) -> Document:
    """One update of a story."""
    return {
        "update": update.update,
        "headline": update.headline or None,
        "body": update.body,
        "occurred": update.occurred,
        "occurred_text": update.occurred_text,
        "sources": [{"name": source.name, "url": source.url, "quote": source.quote} for source in update.sources],
        "stances": [
            {"claim": stance.claim, "by": stance.by, "position": stance.position, "text": stance.text}
            for stance in update.stances
        ],
        "key": update.key,
        "tags": list(update.tags),
        "link": update.link,
        "author": update.author or None,
        "status": update.status,
        "published_at": update.published_at,
        "updated_at": update.updated_at,
        "version": update.version,
        "revisions": [_revision(revision) for revision in update.revisions],
        "withdrawal": _withdrawal(update.withdrawal),
        "notes": [_note(note) for note in update.notes],
    }


def claim_document(claim: Claim) -> Document:
    """One claim with everybody's stances on it."""
    return {
        "claim": claim.claim,
        "text": claim.text,
        "status": claim.status,
        "confirmed_by": list(claim.confirmed_by),
        "stances": [
            {"by": one.by, "position": one.position, "update": one.update, "published_at": one.published_at}
            for one in claim.statements
        ],
    }


def summary_document(story: Story) -> Document:
    """One line of a list of stories; the story may be a part."""
    return {
        "story": story.slug,
        "headline": story.headline or None,
        "status": story.status,
        "tags": list(story.tags),
        "updates": story.usable,
        "opened_at": story.opened_at,
        "updated_at": story.updated_at,
        "position": story.position,
    }


def _revision(revision: Revision) -> Document:
    return {
        "signal": revision.signal,
        "notice": revision.notice,
        "published_at": revision.published_at,
        "hide_before": revision.hide_before,
        "before": to_builtins(revision.before),
        "after": to_builtins(revision.after),
    }


def _withdrawal(withdrawal: Withdrawal | None) -> Document | None:
    if withdrawal is None:
        return None
    return {"notice": withdrawal.notice, "title": withdrawal.title, "published_at": withdrawal.published_at}


def _note(note: Note) -> Document:
    return {"text": note.text or None, "published_at": note.published_at}
