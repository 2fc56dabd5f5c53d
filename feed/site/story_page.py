"""What a story's page shows, now and at every moment of it: slots, each filled by the template for such a part.

A page of a story that has more than one (parts.py) tells what became known while its updates did; only the newest
one says how things stand now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TypeVar

from markupsafe import escape
from msgspec import Struct

from feed.claims import Claim
from feed.dates import Instant
from feed.developments import Development, public_headline, withdrawal_of
from feed.moments import Stage, at, claims_over_time, known_over_time, stages
from feed.projections.history import Stretch
from feed.site import content
from feed.site.articles import Remark, article, gone, notes, notice, notices, withdrawal_remark
from feed.site.entries import anchor, entry, neutral_title, story_title
from feed.site.links import Links
from feed.site.picture import Mark, Picture, picture, row
from feed.site.slots import Moments, Slot, slot, within
from feed.site.theme import Theme
from feed.site.voice import Voice
from feed.story import Story, Update, Withdrawal

_State = TypeVar("_State")
# "What we know" is short: of more key updates the newest are shown.
KNOWN = 10


class Row(Struct, frozen=True, kw_only=True):
    """What stands in the timeline: an update, or what happened to one or to the story, with its kind. `anchor` is
    empty where it stands elsewhere on the page; `gone` are those of what can no longer be told."""

    kind: str
    anchor: str
    slots: tuple[Slot, ...]
    gone: tuple[str, ...] = ()


class StoryPage:
    """Page `links.number` of a story, for both orders of the timeline. `related` are the stories it is related to, as
    far as they exist."""

    def __init__(
        self, stretch: Stretch, related: Mapping[str, Story], links: Links, theme: Theme, voice: Voice
    ) -> None:
        self.story = stretch.story
        self.voice = voice
        self.links = links
        self._stretch = stretch
        self._related = related
        self._theme = theme
        self._parts: dict[str, Callable[..., str]] = {}
        self._known_parts: dict[tuple[str, Instant, str], str] = {}
        parting, number = links.parting, links.number
        self.start = self.opened_at if number == 1 else parting.moments[number - 2]
        self.end = parting.moments[number - 1] if number < parting.newest else None
        self._updates = {one.update: one for one in (*stretch.earlier, *stretch.updates)}
        # Of a story that was withdrawn nothing is left but what was said since.
        usable = () if self.story.withdrawal else self._updates.values()
        self._stages = {one.update: stages(one) for one in usable}

    @property
    def is_newest(self) -> bool:
        return self.end is None

    @property
    def title(self) -> str:
        """The headline with its label; of an older page, with its number too."""
        name = story_title(self.story, self.voice)
        return name if self.is_newest else self.voice.words.part_of.format(title=name, number=self.links.number)

    @property
    def description(self) -> str:
        """What the story is about, in one line."""
        withdrawal = self.story.withdrawal
        return " ".join(((withdrawal.notice if withdrawal else self.story.summary) or "").split())

    @property
    def opened_at(self) -> Instant:
        return self._stretch.heads[0][0]

    @property
    def updates(self) -> tuple[Update, ...]:
        """Those of this page, oldest first."""
        return self._stretch.updates

    @cached_property
    def moments(self) -> Moments:
        """When any of what stands on this page changed."""
        return Moments(self._slots, self.start, self.end)

    @property
    def _slots(self) -> Iterator[Slot]:
        """All that changes with time."""
        yield from (self.headline, self.about, *self.known, *self.claims, *self.marks)
        yield from (part for row in self.rows for part in row.slots)

    @cached_property
    def headline(self) -> Slot:
        """The story's headline with its label."""
        states = [(since, str(escape(story_title(head, self.voice)))) for since, head in self._heads]
        return slot("headline", states)

    @cached_property
    def about(self) -> Slot:
        """Status and summary, and what else is said of the story itself."""
        states = [(since, self._about(head)) for since, head in within(self._heads, self.start, self.end)]
        if self.end is not None:
            states.append((self.end, self._render("part")))
        return slot("about", states)

    @cached_property
    def known(self) -> list[Slot]:
        """What we know: the pinned update, then the key updates, newest first."""
        pins = [(since, head.pinned) for since, head in self._stretch.heads]
        shown = self._until_end(known_over_time(self._stages.values(), pins, self.start, KNOWN), ())
        first = [(since, self._known(updates[0] if updates else None)) for since, updates in shown]
        names = {one.update: one.added for _, updates in shown for one in updates[1:] if one}
        newest = sorted(names, key=names.__getitem__, reverse=True)
        others = [
            (f"known-{name}", [(since, self._known(_named(name, updates[1:]))) for since, updates in shown])
            for name in newest
        ]
        return _ever_filled([("pinned", first), *others])

    @cached_property
    def claims(self) -> list[Slot]:
        """A claim each, in the order first named."""
        return _ever_filled(
            (f"claim-{name}", [(since, self._claim(claim)) for since, claim in states])
            for name, states in self._claims.items()
        )

    @cached_property
    def rows(self) -> list[Row]:
        """The timeline, newest first."""
        updates = () if self.story.withdrawal else self._stretch.updates
        rows = [(update.added, self._update(update)) for update in updates]
        rows += [(one.version, self._development(one)) for one in self._stretch.developments if self._is_told(one)]
        return [row for _, row in sorted(rows, key=lambda pair: pair[0], reverse=True)]

    @cached_property
    def picture(self) -> Picture | None:
        """The scale on which this page's updates are drawn; None where there are none."""
        marks = [_mark(self._stages[update.update][-1], self.story, self.voice) for update in self._drawn]
        return picture(marks, story_title(self.story, self.voice), self.voice) if marks else None

    @cached_property
    def marks(self) -> list[Slot]:
        """The picture's rows, newest first."""
        scale = self.picture
        if scale is None:
            return []
        return _ever_filled(
            (
                f"mark-{update.update}",
                [
                    (stage.since, row(_mark(stage, self.story, self.voice), place, scale))
                    for stage in self._stages[update.update]
                ],
            )
            for place, update in enumerate(self._drawn)
        )

    @property
    def withdrawal(self) -> Remark | None:
        """What is said of a story that was withdrawn."""
        return withdrawal_remark(self.story, None, self.voice) if self.story.withdrawal else None

    @property
    def _drawn(self) -> list[Update]:
        return [] if self.story.withdrawal else list(reversed(self._stretch.updates))

    @cached_property
    def gone(self) -> list[str]:
        """The anchors of what is no longer told, to which addresses lead."""
        if self.story.withdrawal is None:
            return []
        told = (one for one in self._stretch.developments if _is_gone(one, self.story.withdrawal))
        return [*(one.update for one in self._stretch.updates), *map(anchor, told)]

    @property
    def _heads(self) -> Sequence[tuple[Instant, Story]]:
        """The story's own states; one that was withdrawn has had no other."""
        return [(self.start, self.story)] if self.story.withdrawal else self._stretch.heads

    @cached_property
    def _claims(self) -> dict[str, list[tuple[Instant, Claim | None]]]:
        found = claims_over_time(self._stages.values(), self._stretch.named, self.start)
        return {name: self._until_end(states, None) for name, states in found.items()}

    def _until_end(self, states: list[tuple[Instant, _State]], nothing: _State) -> list[tuple[Instant, _State]]:
        """Those of this page's time; an older page says nothing of what came after it."""
        if self.end is None:
            return states
        return [*within(states, self.start, self.end), (self.end, nothing)]

    def _about(self, head: Story) -> str:
        relations = [(one.rel, self._related[one.story]) for one in head.related if one.story in self._related]
        return self._render(
            "about",
            head=head,
            title=story_title(head, self.voice),
            withdrawal=self.withdrawal,
            notices=[notice(one, (), self.voice) for one in self.story.revisions if one.version <= head.version],
            topics=[(tag, self.links.topic(tag)) for tag in head.tags],
            related=[
                (
                    self.voice.words.relation(rel),
                    story_title(other, self.voice),
                    self.links.other(other.slug),
                    other.language,
                )
                for rel, other in relations
            ],
        )

    def _known(self, update: Update | None) -> str:
        if update is None:
            return ""
        # The list changes more often than what stands in it.
        key = (update.update, update.updated_at, update.headline)
        if key not in self._known_parts:
            href = self.links.place(update.added, update.update)
            time = self.voice.time(update.published_at)
            self._known_parts[key] = self._render("known", update=update, href=href, time=time)
        return self._known_parts[key]

    def _claim(self, claim: Claim | None) -> str:
        if claim is None:
            return ""
        words = self.voice.words
        latest = {one.by: one for one in claim.statements}
        return self._render(
            "claim",
            text=claim.text or claim.claim,
            status=claim.status,
            status_text=words.claim_status(claim.status, claim.confirmed_by),
            parties=[
                (words.position(one.position, by), self.links.place(one.place, one.update))
                for by, one in latest.items()
            ],
        )

    def _update(self, update: Update) -> Row:
        """Notices and notes are slots of their own, as otherwise every state of the update would repeat them."""
        name = update.update
        heads: list[tuple[Instant, str]] = []
        texts: list[tuple[Instant, str]] = []
        for stage in self._stages[name]:
            told = article(stage, self.story, self.voice, self.links, self._worded)
            heads.append((stage.since, self._render("update.head", article=told)))
            texts.append((stage.since, self._render("update.text", article=told)))
        between = [self._remark(one, update) for one in notices(update, self.story, self.voice)]
        if between:
            parts = [(f"update-{name}", heads), *between, (f"text-{name}", texts)]
        else:
            whole = [(since, head + text) for (since, head), (_, text) in zip(heads, texts, strict=True)]
            parts = [(f"update-{name}", whole)]
        parts += (self._remark(one, update) for one in notes(update, self.voice))
        return Row(kind="update", anchor=name, slots=tuple(_ever_filled(parts)), gone=tuple(gone(update)))

    def _remark(self, remark: Remark, update: Update) -> tuple[str, list[tuple[Instant, str]]]:
        """What was withdrawn is so at every moment."""
        since = update.published_at if remark.kind == "withdrawal" else remark.published_at
        return f"remark{remark.anchor}", [(since, self._render("remark", remark=remark))]

    def _worded(self, claim: str, moment: Instant) -> str:
        """The wording of a claim that stood at a moment; its name where none may be shown."""
        stood = at(self._claims.get(claim, []), moment)
        return (stood.text if stood else None) or claim

    def _is_told(self, told: Development) -> bool:
        """Whether anything is left of it. Of what was withdrawn only that is, and what was said since; but where an
        address leads here, so does what it leads to."""
        if self.story.withdrawal is not None:
            return told.version > self.story.withdrawal.covers
        update = self._updates.get(told.update or "")
        withdrawal = withdrawal_of(self.story, update)
        return withdrawal is None or not _is_gone(told, withdrawal) or not self._is_here(update)

    def _is_here(self, update: Update | None) -> bool:
        return update is not None and self.story.withdrawal is None and update.added >= self.links.first

    def _development(self, told: Development) -> Row:
        """A line that leads to the update that it is about, or tells what happened to the story."""
        update = self._updates.get(told.update or "")
        own = anchor(told)
        here = "" if self._is_here(update) else own
        html = self._render(
            "development",
            label=self.voice.words.kind(self._kind(told, update)),
            headline=self._headline(told, update),
            href=self.links.place(update.added, own) if update and not self.story.withdrawal else f"#{own}",
            published_at=told.published_at,
            time=self.voice.time(told.published_at),
            body=self._told_of_story(told, update),
        )
        return Row(
            kind=told.kind, anchor=here, slots=tuple(_ever_filled([(f"development{own}", [(told.published_at, html)])]))
        )

    def _kind(self, told: Development, update: Update | None) -> str:
        """What it is, or was before it was withdrawn."""
        withdrawal = withdrawal_of(self.story, update)
        return "withdrawal" if withdrawal and told.version <= withdrawal.covers else told.kind

    def _headline(self, told: Development, update: Update | None) -> str:
        if withdrawal_of(self.story, update) is not None:
            return neutral_title(self.story, update, self.voice)
        return public_headline(told, update) if update else ""

    def _told_of_story(self, told: Development, update: Update | None) -> str:
        """What is told nowhere else on the page."""
        if update is not None and self.story.withdrawal is None:
            return ""
        return content.html(entry(told, self.story, update, (), self.voice), self.voice)

    def _render(self, part: str, **values: object) -> str:
        """A part of the page: `remark` is what remark.html defines by that name, `update.head` is in update.html."""
        if part not in self._parts:
            template, _, name = part.partition(".")
            shared = {"words": self.voice.words, "voice": self.voice, "machine_time": content.machine_time}
            self._parts[part] = self._theme.part(f"{template}.html", name or template, shared)
        return self._parts[part](**values)


def _mark(stage: Stage, story: Story, voice: Voice) -> Mark:
    update = stage.update
    if update.withdrawal is not None:
        title = neutral_title(story, update, voice)
        return Mark(title=title, kind="withdrawn", published_at=update.published_at, occurred=None)
    corrected = any(one.signal in ("correction", "clarification") for one in update.revisions)
    return Mark(
        title=update.headline,
        kind="corrected" if corrected else "key" if update.key else "update",
        published_at=update.published_at,
        occurred=update.occurred,
    )


def _is_gone(told: Development, withdrawal: Withdrawal) -> bool:
    """Whether nothing is left of it but the withdrawal, which is told itself."""
    return told.version <= withdrawal.covers and told.version != withdrawal.version


def _named(name: str, updates: Iterable[Update | None]) -> Update | None:
    return next((one for one in updates if one and one.update == name), None)


def _ever_filled(states: Iterable[tuple[str, list[tuple[Instant, str]]]]) -> list[Slot]:
    """Those in which there is, or was, anything."""
    return [found for key, of_key in states if of_key and not (found := slot(key, of_key)).is_empty]
