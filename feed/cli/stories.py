"""How stories look on the desk's terminal: with all that was withdrawn, and marked as such."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from feed.claims import Claim, Statement, claims_of
from feed.cli import terminal
from feed.cli.layout import ERASED, counted, listed, plain, styled, wrapped
from feed.languages import ENGLISH
from feed.site.entries import when
from feed.site.voice import Voice
from feed.story import NEWS, Note, Revision, Story, Update, Withdrawal
from feed.words import FIELDS

_COLOURS = {"disputed": "yellow", "confirmed": "green", "denied": "red", "retracted": "red"}
_RELATIONS = {"continues": "Continues", "part-of": "Part of", "related": "Related to"}
# Of the updates that a party says the same in one after the other, and of the times that it changes its position.
_MOST_NAMES = 6
_MOST_TURNS = 3
_INDENT = " " * 5


def story(story: Story, voice: Voice) -> str:
    """A whole story: what stands, who says what, and the timeline, newest last."""
    return _blocks(
        "\n".join(_head(story, voice)),
        wrapped(plain(story.summary or "")),
        "\n".join(_told_later(story, voice, "")),
        _section(ENGLISH.field("stances"), map(_claim, claims_of(story))),
        _section("Timeline", _timeline(story, voice), "\n\n"),
    )


def update(story: Story, update: Update, voice: Voice) -> str:
    """One update of a whole story, in full."""
    named = {stance.claim for stance in update.stances}
    return _blocks(
        "\n".join(_update_head(story, update, voice)),
        "\n".join(_revisions(update.revisions, voice)),
        wrapped(plain(update.body or "")),
        _section(ENGLISH.field("sources"), (terminal.source(source, "  ", voice) for source in update.sources)),
        _section(ENGLISH.field("stances"), (_claim(claim) for claim in claims_of(story) if claim.claim in named)),
        "\n".join(_around(update)),
        "\n".join(_notes(update.notes, voice, "")),
    )


def claims(story: Story, voice: Voice) -> str:
    """The claims of a whole story, each stance with the update that reports it; empty if there are none."""
    return _blocks(*("\n".join(_claim_in_full(claim, voice)) for claim in claims_of(story)))


def row(story: Story, voice: Voice) -> str:
    """A story in a list of them; it may be a part without updates."""
    facts = f"{counted(story.usable, 'update')} · {voice.time(story.updated_at)}"
    head = f"{styled(story.slug, bold=True)} · {_status(story)} · {facts}"
    return f"{wrapped(head, '', '    ')}\n{wrapped(plain(_title(story)), '    ')}"


def _blocks(*blocks: str) -> str:
    return "\n\n".join(block for block in blocks if block)


def _section(name: str, items: Iterable[str], between: str = "\n") -> str:
    text = between.join(items)
    return f"{styled(name, bold=True)}\n{text}" if text else ""


def _title(story: Story) -> str:
    headline = story.headline or ERASED
    return f"{story.label}: {headline}" if story.label else headline


def _status(story: Story) -> str:
    return styled(story.status, fg={"open": "green", "closed": "yellow", "withdrawn": "red"}[story.status])


def _head(story: Story, voice: Voice) -> Iterator[str]:
    yield wrapped(styled(_title(story), bold=True))
    since = f" since {voice.time(story.closed_at)}" if story.closed_at and story.status == "closed" else ""
    yield wrapped(f"{story.slug} · {_status(story)}{since} · {counted(story.usable, 'update')}")
    yield wrapped(f"opened {voice.time(story.opened_at)} · last news {voice.time(story.updated_at)}")
    if story.tags:
        yield wrapped(f"{ENGLISH.field('tags')}: {plain(', '.join(story.tags))}")
    for other in story.related:
        yield wrapped(f"{_RELATIONS[other.rel]}: {other.story}")
    yield from _withdrawal(story.withdrawal, voice, "")


def _timeline(story: Story, voice: Voice) -> Iterator[str]:
    for update in story.updates.values():
        if update.status != "undone":
            yield "\n".join(_timeline_item(story, update, voice))


def _timeline_item(story: Story, update: Update, voice: Voice) -> Iterator[str]:
    yield wrapped(_headline(update), f"{update.update:>3}  ", _INDENT)
    yield wrapped(" · ".join([*_badges(story, update), *_times(update, voice)]), _INDENT)
    yield from _withdrawal(update.withdrawal, voice, _INDENT)
    for source in update.sources:
        yield terminal.source(source, _INDENT, voice)
    yield from _told_later(update, voice, _INDENT)


def _update_head(story: Story, update: Update, voice: Voice) -> Iterator[str]:
    yield wrapped(f"{story.slug}/{update.update} of “{plain(_title(story))}”")
    yield wrapped(_headline(update))
    facts = [*_badges(story, update), *_times(update, voice), plain(update.author)]
    yield wrapped(" · ".join(fact for fact in facts if fact))
    yield from _withdrawal(update.withdrawal, voice, "")


def _headline(update: Update) -> str:
    return styled(update.headline or ERASED, bold=True, strikethrough=update.status == "withdrawn")


def _badges(story: Story, update: Update) -> Iterator[str]:
    if update.status == "withdrawn":
        yield styled("WITHDRAWN", fg="red", bold=True)
    if update.key:
        yield styled("KEY", fg="cyan", bold=True)
    if story.pinned == update.update:
        yield styled("PINNED", fg="cyan", bold=True)


def _times(update: Update, voice: Voice) -> Iterator[str]:
    yield f"published {voice.time(update.published_at)}"
    in_words = voice.occurred(update.occurred) if update.occurred else None
    if occurred := when(in_words, update.occurred_text, voice):
        yield f"occurred {plain(occurred)}"


def _around(update: Update) -> Iterator[str]:
    if update.tags:
        yield wrapped(f"{ENGLISH.field('tags')}: {plain(', '.join(update.tags))}")
    if update.link:
        yield wrapped(f"{ENGLISH.more}: {plain(update.link)}")
    if update.closes:
        yield "The story ends with this update."


def _withdrawal(withdrawal: Withdrawal | None, voice: Voice, indent: str) -> Iterator[str]:
    if withdrawal is None:
        return
    yield terminal.dated(ENGLISH.withdrawal, withdrawal.published_at, withdrawal.notice, voice, indent, "red")
    if withdrawal.title:
        yield wrapped(f"In public: {plain(withdrawal.title)}", indent)


def _told_later(about: Story | Update, voice: Voice, indent: str) -> Iterator[str]:
    for revision in about.revisions:
        if revision.signal in NEWS:
            label = terminal.SIGNALS[revision.signal]
            yield terminal.dated(label, revision.published_at, revision.notice, voice, indent)
    yield from _notes(about.notes, voice, indent)


def _notes(notes: Sequence[Note], voice: Voice, indent: str) -> Iterator[str]:
    for note in notes:
        yield terminal.dated(ENGLISH.note, note.published_at, note.text or ERASED, voice, indent)


def _revisions(revisions: Sequence[Revision], voice: Voice) -> Iterator[str]:
    for revision in revisions:
        fields = listed(ENGLISH.field(name).lower() for name in FIELDS if name in revision.before)
        label = f"{terminal.SIGNALS[revision.signal]}{f' [{fields}]' if fields else ''}"
        yield terminal.dated(label, revision.published_at, revision.notice, voice)


def _claim(claim: Claim) -> str:
    return f"{_claim_head(claim, '  ')}\n{wrapped('; '.join(_parties(claim)), '    ')}"


def _claim_head(claim: Claim, indent: str) -> str:
    status = styled(ENGLISH.claim_status(claim.status, claim.confirmed_by), fg=_COLOURS.get(claim.status), bold=True)
    return wrapped(f"{status} · {plain(claim.text or '')} ({claim.claim})", indent, f"{indent}  ")


def _claim_in_full(claim: Claim, voice: Voice) -> Iterator[str]:
    yield _claim_head(claim, "")
    for one in claim.statements:
        yield wrapped(f"{voice.time(one.published_at)} · {plain(one.by)} {one.position} ({one.update})", "  ", "    ")


def _parties(claim: Claim) -> Iterator[str]:
    """What each party says in turn, with the updates: "US asserts (1, 6), then retracts (9)"."""
    by_party: dict[str, list[Statement]] = {}
    for statement in claim.statements:
        by_party.setdefault(statement.by, []).append(statement)
    for party, of_party in by_party.items():
        runs = groupby(of_party, key=lambda statement: statement.position)
        turns = [f"{position} ({_few([one.update for one in run])})" for position, run in runs]
        yield f"{plain(party)} {', then '.join(turns[-_MOST_TURNS:])}"


def _few(names: list[str]) -> str:
    return ", ".join(names if len(names) <= _MOST_NAMES else [*names[:2], "…", *names[-2:]])
