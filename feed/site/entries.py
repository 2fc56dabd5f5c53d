"""What a subscriber is shown of a development, before any markup: a pure value.

All of product.md section 3 that concerns what an entry says stands here; feeds, pages and the terminal
only give it a form.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from msgspec import Struct

from feed.claims import Claim, Statement, claim
from feed.dates import Instant
from feed.developments import Development, Kind, public_headline, public_tags, public_words, withdrawal_of
from feed.events import Source
from feed.site.voice import Voice
from feed.story import NEWS, Revision, Story, Update, Withdrawal
from feed.words import FIELDS

if TYPE_CHECKING:
    from feed.projections.history import Spot


class Notice(Struct, frozen=True, kw_only=True):
    """`signal` is correction, clarification or addition."""

    signal: str
    text: str
    published_at: Instant


class Wording(Struct, frozen=True, kw_only=True):
    """A field that a revision changed, in plain words; None where it said or says nothing, `hidden` where
    its older words may not be shown."""

    field: str
    before: str | None
    after: str | None
    hidden: bool = False


class Entry(Struct, frozen=True, kw_only=True):
    """One entry of a feed, for every format.

    `id` and `original` are entry ids (publishing.md section 1); `original` is that of the update which this
    entry is about, None for an update's own entry. `occurred` is in words, `body` is Markdown.
    `withdrawal` is set on stubs, which hold nothing else but title and tags of the story.
    """

    id: str
    story: str
    anchor: str
    language: str
    kind: Kind
    title: str
    author: str
    tags: tuple[str, ...]
    key: bool
    published_at: Instant
    updated_at: Instant
    original: str | None = None
    original_anchor: str | None = None
    withdrawal: Withdrawal | None = None
    statement: str | None = None
    notices: tuple[Notice, ...] = ()
    body: str | None = None
    wordings: tuple[Wording, ...] = ()
    occurred: str | None = None
    occurred_text: str | None = None
    sources: tuple[Source, ...] = ()
    claims: tuple[Claim, ...] = ()
    notes: tuple[str, ...] = ()
    link: str | None = None
    closes: bool = False


def entry(
    told: Development,
    story: Story,
    update: Update | None,
    statements: Iterable[Statement],
    voice: Voice,
) -> Entry:
    """The entry of a development, by what may be shown of it now, in the story's voice.

    `story` may be a part; `update` is the whole update that the development is about, and `statements` are
    the counting ones about the claims that it names, in the order of their places.
    """
    withdrawal = withdrawal_of(story, update)
    shown: dict[str, Any]
    if withdrawal is not None and told.version <= withdrawal.covers:
        shown = _stub(told, story, withdrawal)
    else:
        shown = _content(told, story, update, withdrawal, statements, voice)
    about = update if update is not None and told.kind != "update" else None
    return Entry(
        id=entry_id(story, told.id),
        story=story.slug,
        anchor=anchor(told),
        language=story.language,
        kind=told.kind,
        title=_title(told, story, update, withdrawal, voice),
        author=told.author,
        published_at=told.published_at,
        original=entry_id(story, about.id) if about else None,
        original_anchor=about.update if about else None,
        **shown,
    )


def entry_id(story: Story, event_id: str) -> str:
    """STORY-URI/EVENT-ID, which no other text can ever have (publishing.md section 1)."""
    return f"{story.uri}/{quote(event_id, safe='')}"


def anchor(told: Development | Spot) -> str:
    """The place on the story's page; those that the page makes for itself begin with `_`."""
    return told.update if told.kind == "update" and told.update else f"_{told.version}"


def wordings(update: Update | None, revision: Revision, voice: Voice) -> tuple[Wording, ...]:
    """What a revision of an update, or (None) of a story, changed, as far as it may be shown; of an addition's text
    only what is new is told, as its entry's own."""
    before, after = _public_words(update, revision)
    fields = [name for name in FIELDS if name in revision.before and name in after]
    if revision.signal == "addition":
        fields = [name for name in fields if name != "body"]
    return tuple(_wording(name, before, after, voice) for name in fields)


def neutral_title(story: Story, update: Update | None, voice: Voice) -> str:
    """What stands in place of the headline of what was withdrawn."""
    withdrawal = withdrawal_of(story, update)
    if withdrawal is not None and withdrawal.title:
        return withdrawal.title
    if update is None or story.withdrawal is not None:
        return voice.words.story_of.format(time=voice.time(story.opened_at))
    return voice.words.update_of.format(time=voice.time(update.published_at))


def story_title(story: Story, voice: Voice) -> str:
    """The headline with the label before it, or what stands in place of a withdrawn one."""
    if story.withdrawal is not None:
        return voice.words.with_kind("withdrawal", neutral_title(story, None, voice))
    return voice.words.with_label(story.label, story.headline) if story.label else story.headline


def when(occurred: str | None, occurred_text: str | None, voice: Voice) -> str:
    """When something happened, in our words and in those it came from; empty if neither is known."""
    told = voice.words.quoted.format(text=occurred_text) if occurred_text else ""
    return f"{occurred} ({told})" if occurred and told else occurred or told


def _title(told: Development, story: Story, update: Update | None, withdrawal: Withdrawal | None, voice: Voice) -> str:
    if withdrawal is None:
        kind, headline = told.kind, public_headline(told, update)
    else:
        kind = told.kind if told.version > withdrawal.covers else "withdrawal"
        headline = neutral_title(story, update, voice)
    title = voice.words.with_kind(kind, headline)
    # A label is the story's own words, which a withdrawn story no longer shows.
    return voice.words.with_label(told.label, title) if told.label and story.withdrawal is None else title


def _stub(told: Development, story: Story, withdrawal: Withdrawal) -> dict[str, Any]:
    kept = () if story.withdrawal else tuple(tag for tag in told.tags if tag in story.tags)
    return {"withdrawal": withdrawal, "updated_at": withdrawal.published_at, "tags": kept, "key": told.key}


def _content(
    told: Development,
    story: Story,
    update: Update | None,
    withdrawal: Withdrawal | None,
    statements: Iterable[Statement],
    voice: Voice,
) -> dict[str, Any]:
    shown: dict[str, Any] = {"updated_at": told.published_at, "tags": public_tags(told, story, update), "key": told.key}
    if withdrawal is not None:
        shown["tags"] = ()
    match told.kind:
        case "update" if update is not None:
            return shown | _update(told, update, statements, voice)
        case "correction" | "clarification" | "addition":
            revision = _with_version(update or story, told.version)
            return shown | _revision(told, update, revision, statements, voice)
        case "note":
            notes = (update or story).notes
            return shown | {"statement": next((note.text for note in notes if note.version == told.version), None)}
        case "ended":
            return shown | {"statement": voice.words.coverage_ended_of.format(headline=told.headline)}
        case _:
            return shown | {"statement": voice.words.coverage_resumed_of.format(headline=told.headline)}


def _update(told: Development, update: Update, statements: Iterable[Statement], voice: Voice) -> dict[str, Any]:
    return {
        "updated_at": update.updated_at,
        "notices": tuple(_notice(revision) for revision in update.revisions if _has_notice(revision)),
        "body": update.body,
        "occurred": voice.occurred(update.occurred) if update.occurred else None,
        "occurred_text": update.occurred_text,
        "sources": update.sources,
        "claims": _claims(told, update, statements),
        "notes": tuple(note.text for note in update.notes),
        "link": update.link,
        "closes": update.closes,
    }


def _revision(
    told: Development,
    update: Update | None,
    revision: Revision | None,
    statements: Iterable[Statement],
    voice: Voice,
) -> dict[str, Any]:
    if revision is None:
        return {}
    shown: dict[str, Any] = {"notices": (_notice(revision),) if revision.notice else ()}
    if update is not None and "stances" in revision.before:
        shown["claims"] = _claims(told, update, statements)
    if revision.signal == "addition":
        shown["body"] = _public_words(update, revision)[1].get("body")
    shown["wordings"] = wordings(update, revision, voice)
    return shown


def _claims(told: Development, update: Update, statements: Iterable[Statement]) -> tuple[Claim, ...]:
    """The update's claims with the status that what stood then gives them, so that no later stance rewrites them."""
    until = [statement for statement in statements if statement.place <= told.version]
    names = dict.fromkeys(stance.claim for stance in update.stances)
    return tuple(claim(name, (statement for statement in until if statement.claim == name)) for name in names)


def _public_words(update: Update | None, revision: Revision) -> tuple[dict[str, Any], dict[str, Any]]:
    return public_words(update, revision) if update else (revision.before, revision.after)


def _with_version(holder: Story | Update, version: int) -> Revision | None:
    return next((revision for revision in holder.revisions if revision.version == version), None)


def _has_notice(revision: Revision) -> bool:
    return revision.signal in NEWS and revision.notice is not None


def _notice(revision: Revision) -> Notice:
    return Notice(signal=revision.signal, text=revision.notice or "", published_at=revision.published_at)


def _wording(name: str, before: dict[str, Any], after: dict[str, Any], voice: Voice) -> Wording:
    return Wording(
        field=name,
        before=plain(name, before[name], voice) if name in before else None,
        after=plain(name, after[name], voice),
        hidden=name not in before,
    )


def plain(name: str, value: Any, voice: Voice) -> str | None:
    """A field's value as words for people."""
    if not value:
        return None
    match name:
        case "occurred":
            return voice.occurred(value)
        case "sources":
            return "; ".join(_source(source, voice) for source in value)
        case "stances":
            return "; ".join(_stance(stance, voice) for stance in value)
        case "tags":
            return ", ".join(value)
        case "key":
            return voice.words.yes
        case _:
            return str(value)


def _source(source: dict[str, str], voice: Voice) -> str:
    """Name, address and quote, as far as there are any."""
    name, url, quote = (source.get(part) for part in ("name", "url", "quote"))
    who = f"{name} ({url})" if name and url else name or url
    if not quote:
        return who or ""
    quoted = voice.words.quoted.format(text=quote)
    return voice.words.with_label(who, quoted) if who else quoted


def _stance(stance: dict[str, Any], voice: Voice) -> str:
    """The claim before who says what of it: no word of any language has to fit between them."""
    return f"{stance.get('text') or stance['claim']} ({voice.words.position(stance['position'], stance['by'])})"
