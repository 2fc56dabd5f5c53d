"""An update on its story's page, as it stood at some moment: values for the templates update_head.html, update.html
and remark.html."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup, escape
from msgspec import Struct

from feed.dates import Instant
from feed.developments import withdrawal_of
from feed.diff import Part, word_diff
from feed.events import Source
from feed.moments import Stage
from feed.site import prose
from feed.site.content import changed_words
from feed.site.entries import Wording, neutral_title, when, wordings
from feed.site.links import Links
from feed.site.voice import Voice
from feed.story import NEWS, Note, Revision, Story, Update
from feed.words import Words

_REMOVED, _ADDED = Markup("<del>{}</del>"), Markup("<ins>{}</ins>")


class Marked(Struct, frozen=True, kw_only=True):
    """A field that was changed, what it said and what it says, with the changed words marked; `said` is None where
    that may not be shown."""

    label: str
    said: Markup | None
    says: Markup


class Remark(Struct, frozen=True, kw_only=True):
    """A notice or an editor's note, at its anchor; `time` is `published_at` in words."""

    anchor: str
    kind: str
    label: str
    published_at: Instant
    time: str
    text: str | None
    changes: tuple[Marked, ...] = ()


class Said(Struct, frozen=True, kw_only=True):
    """What a party says of a claim; `href` leads to the claim."""

    party: str
    claim: str
    href: str


class Article(Struct, frozen=True, kw_only=True):
    """`time` and `occurred` are in words. Of what was withdrawn there is only a title. `body` is clean HTML; `hidden`
    are the names of the fields whose words of then may not be shown."""

    anchor: str
    title: str
    href: str
    published_at: Instant
    time: str
    author: str = ""
    key: bool = False
    hidden: tuple[str, ...] = ()
    body: str = ""
    occurred: str = ""
    sources: tuple[Source, ...] = ()
    said: tuple[Said, ...] = ()
    link: str | None = None
    closes: bool = False
    topics: tuple[tuple[str, str | None], ...] = ()


Worded = Callable[[str, Instant], str]
"""The wording of a claim at a moment."""


def article(stage: Stage, story: Story, voice: Voice, links: Links, worded: Worded) -> Article:
    """The article of an update as it stood; `story` may be a part without updates, as it is now."""
    update = stage.update
    if withdrawal_of(story, update) is not None:
        return _withdrawn(update, story, voice, links)
    return Article(
        anchor=update.update,
        title=update.headline,
        href=links.permalink(update.update),
        published_at=update.published_at,
        time=voice.time(update.published_at),
        author=update.author,
        key=update.key,
        hidden=tuple(voice.words.field(name) for name in sorted(stage.hidden)),
        body=prose.render(update.body) if update.body else "",
        occurred=when(voice.occurred(update.occurred) if update.occurred else None, update.occurred_text, voice),
        sources=update.sources,
        said=_said(stage, voice.words, links, worded),
        link=update.link,
        closes=update.closes,
        topics=tuple((tag, links.topic(tag)) for tag in update.tags),
    )


def notices(update: Update, story: Story, voice: Voice) -> list[Remark]:
    """What is told of what was changed, or that the update was withdrawn."""
    if withdrawal_of(story, update) is not None:
        return [withdrawal_remark(story, update, voice)]
    told = [one for one in update.revisions if one.signal in NEWS]
    return [notice(one, tuple(marked(w, voice.words) for w in wordings(update, one, voice)), voice) for one in told]


def notes(update: Update, voice: Voice) -> list[Remark]:
    """The editor's notes on it; of what was withdrawn those since."""
    withdrawn = update.withdrawal.covers if update.withdrawal else 0
    return [_note(one, voice) for one in update.notes if one.version > withdrawn]


def gone(update: Update) -> list[str]:
    """The anchors of what can no longer be told of an update, to which addresses may lead."""
    withdrawn = update.withdrawal.covers if update.withdrawal else 0
    told = [one.version for one in update.revisions if one.signal in NEWS] + [note.version for note in update.notes]
    return [f"_{version}" for version in sorted(told) if version < withdrawn]


def notice(revision: Revision, changes: tuple[Marked, ...], voice: Voice) -> Remark:
    """What a revision of an update or of a story tells."""
    return Remark(
        anchor=f"_{revision.version}",
        kind=revision.signal,
        label=voice.words.kind(revision.signal),
        published_at=revision.published_at,
        time=voice.time(revision.published_at),
        text=revision.notice,
        changes=changes,
    )


def withdrawal_remark(story: Story, update: Update | None, voice: Voice) -> Remark:
    """What is said of what has been withdrawn."""
    withdrawal = withdrawal_of(story, update)
    if withdrawal is None:
        raise ValueError("nothing was withdrawn")
    return Remark(
        anchor=f"_{withdrawal.version}",
        kind="withdrawal",
        label=voice.words.withdrawal,
        published_at=withdrawal.published_at,
        time=voice.time(withdrawal.published_at),
        text=withdrawal.notice,
    )


def marked(wording: Wording, words: Words) -> Marked:
    """A changed field with its changed words marked."""
    before, after = changed_words(wording.before or words.nothing, wording.after or words.nothing)
    parts = [] if wording.hidden else word_diff(before, after)
    return Marked(
        label=words.field(wording.field),
        said=None if wording.hidden else _marks(parts, "removed", _REMOVED),
        says=_marks(parts, "added", _ADDED) if parts else _lines(after),
    )


def _note(note: Note, voice: Voice) -> Remark:
    return Remark(
        anchor=f"_{note.version}",
        kind="note",
        label=voice.words.note,
        published_at=note.published_at,
        time=voice.time(note.published_at),
        text=note.text,
    )


def _withdrawn(update: Update, story: Story, voice: Voice, links: Links) -> Article:
    return Article(
        anchor=update.update,
        title=voice.words.with_kind("withdrawal", neutral_title(story, update, voice)),
        href=links.permalink(update.update),
        published_at=update.published_at,
        time=voice.time(update.published_at),
    )


def _said(stage: Stage, words: Words, links: Links, worded: Worded) -> tuple[Said, ...]:
    return tuple(
        Said(
            party=words.position(stance.position, stance.by),
            claim=stance.text or worded(stance.claim, stage.since),
            href=links.claim(stance.claim),
        )
        for stance in stage.update.stances
    )


def _marks(parts: list[Part], kind: str, mark: Markup) -> Markup:
    """The parts that are the same, and those of this kind, each in the mark."""
    shown = (one for one in parts if one.kind in ("same", kind))
    return Markup("").join(_lines(one.text) if one.kind == "same" else mark.format(_lines(one.text)) for one in shown)


def _lines(text: str) -> Markup:
    """Plain text with its line breaks, the one at its end too."""
    return Markup("<br>\n").join(escape(line) for line in text.split("\n"))
