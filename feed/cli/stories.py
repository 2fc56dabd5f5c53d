"""How stories look on the desk's terminal: with all that was withdrawn, and marked as such."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from feed import dates, words
from feed.claims import Claim, Statement, claims_of
from feed.cli import terminal
from feed.cli.desk import counted, listed
from feed.cli.layout import plain, styled, wrapped
from feed.site.entries import FormatTime
from feed.story import NEWS, Note, Revision, Story, Update, Withdrawal

_COLOURS = {"disputed": "yellow", "confirmed": "green", "denied": "red", "retracted": "red"}
_RELATIONS = {"continues": "Continues", "part-of": "Part of", "related": "Related to"}
# Of the updates that a party says the same in one after the other, and of the times that it changes its position.
_MOST_NAMES = 6
_MOST_TURNS = 3
_INDENT = " " * 5


def story(story: Story, format_time: FormatTime) -> str:
    """A whole story: what stands, who says what, and the timeline, newest last."""
    return _blocks(
        "\n".join(_head(story, format_time)),
        wrapped(plain(story.summary or "")),
        "\n".join(_told_later(story, format_time, "")),
        _section(words.CLAIMS, map(_claim, claims_of(story))),
        _section("Timeline", _timeline(story, format_time), "\n\n"),
    )


def update(story: Story, update: Update, format_time: FormatTime) -> str:
    """One update of a whole story, in full."""
    named = {stance.claim for stance in update.stances}
    return _blocks(
        "\n".join(_update_head(story, update, format_time)),
        "\n".join(_revisions(update.revisions, format_time)),
        wrapped(plain(update.body or "")),
        _section(words.SOURCES, (terminal.source(source, "  ") for source in update.sources)),
        _section(words.CLAIMS, (_claim(claim) for claim in claims_of(story) if claim.claim in named)),
        "\n".join(_around(update)),
        "\n".join(_notes(update.notes, format_time, "")),
    )


def claims(story: Story, format_time: FormatTime) -> str:
    """The claims of a whole story, each stance with the update that reports it; empty if there are none."""
    return _blocks(*("\n".join(_claim_in_full(claim, format_time)) for claim in claims_of(story)))


def row(story: Story, format_time: FormatTime) -> str:
    """A story in a list of them; it may be a part without updates."""
    facts = f"{counted(story.usable, 'update')} · {format_time(story.updated_at)}"
    head = f"{styled(story.slug, bold=True)} · {_status(story)} · {facts}"
    return f"{wrapped(head, '', '    ')}\n{wrapped(plain(_title(story)), '    ')}"


def _blocks(*blocks: str) -> str:
    return "\n\n".join(block for block in blocks if block)


def _section(name: str, items: Iterable[str], between: str = "\n") -> str:
    text = between.join(items)
    return f"{styled(name, bold=True)}\n{text}" if text else ""


def _title(story: Story) -> str:
    return f"{story.label}: {story.headline}" if story.label else story.headline


def _status(story: Story) -> str:
    return styled(story.status, fg={"open": "green", "closed": "yellow", "withdrawn": "red"}[story.status])


def _head(story: Story, format_time: FormatTime) -> Iterator[str]:
    yield wrapped(styled(_title(story), bold=True))
    since = f" since {format_time(story.closed_at)}" if story.closed_at and story.status == "closed" else ""
    yield wrapped(f"{story.slug} · {_status(story)}{since} · {counted(story.usable, 'update')}")
    yield wrapped(f"opened {format_time(story.opened_at)} · last news {format_time(story.updated_at)}")
    if story.tags:
        yield wrapped(f"{words.FIELDS['tags']}: {plain(', '.join(story.tags))}")
    for other in story.related:
        yield wrapped(f"{_RELATIONS[other.rel]}: {other.story}")
    yield from _withdrawal(story.withdrawal, format_time, "")


def _timeline(story: Story, format_time: FormatTime) -> Iterator[str]:
    for update in story.updates.values():
        if update.status != "undone":
            yield "\n".join(_timeline_item(story, update, format_time))


def _timeline_item(story: Story, update: Update, format_time: FormatTime) -> Iterator[str]:
    yield wrapped(_headline(update), f"{update.update:>3}  ", _INDENT)
    yield wrapped(" · ".join([*_badges(story, update), *_times(update, format_time)]), _INDENT)
    yield from _withdrawal(update.withdrawal, format_time, _INDENT)
    for source in update.sources:
        yield terminal.source(source, _INDENT)
    yield from _told_later(update, format_time, _INDENT)


def _update_head(story: Story, update: Update, format_time: FormatTime) -> Iterator[str]:
    yield wrapped(f"{story.slug}/{update.update} of “{plain(_title(story))}”")
    yield wrapped(_headline(update))
    yield wrapped(" · ".join([*_badges(story, update), *_times(update, format_time), plain(update.author)]))
    yield from _withdrawal(update.withdrawal, format_time, "")


def _headline(update: Update) -> str:
    return styled(update.headline, bold=True, strikethrough=update.status == "withdrawn")


def _badges(story: Story, update: Update) -> Iterator[str]:
    if update.status == "withdrawn":
        yield styled("WITHDRAWN", fg="red", bold=True)
    if update.key:
        yield styled("KEY", fg="cyan", bold=True)
    if story.pinned == update.update:
        yield styled("PINNED", fg="cyan", bold=True)


def _times(update: Update, format_time: FormatTime) -> Iterator[str]:
    yield f"published {format_time(update.published_at)}"
    in_words = dates.describe(update.occurred) if update.occurred else None
    if occurred := terminal.occurred(in_words, update.occurred_text):
        yield f"occurred {occurred}"


def _around(update: Update) -> Iterator[str]:
    if update.tags:
        yield wrapped(f"{words.FIELDS['tags']}: {plain(', '.join(update.tags))}")
    if update.link:
        yield wrapped(f"{words.LINK}: {plain(update.link)}")
    if update.closes:
        yield "The story ends with this update."


def _withdrawal(withdrawal: Withdrawal | None, format_time: FormatTime, indent: str) -> Iterator[str]:
    if withdrawal is None:
        return
    yield terminal.dated(words.WITHDRAWN, withdrawal.published_at, withdrawal.notice, format_time, indent, "red")
    if withdrawal.title:
        yield wrapped(f"In public: {plain(withdrawal.title)}", indent)


def _told_later(about: Story | Update, format_time: FormatTime, indent: str) -> Iterator[str]:
    for revision in about.revisions:
        if revision.signal in NEWS:
            label = terminal.SIGNALS[revision.signal]
            yield terminal.dated(label, revision.published_at, revision.notice, format_time, indent)
    yield from _notes(about.notes, format_time, indent)


def _notes(notes: Sequence[Note], format_time: FormatTime, indent: str) -> Iterator[str]:
    for note in notes:
        yield terminal.dated(words.NOTE, note.published_at, note.text, format_time, indent)


def _revisions(revisions: Sequence[Revision], format_time: FormatTime) -> Iterator[str]:
    for revision in revisions:
        fields = listed(name.lower() for field, name in words.FIELDS.items() if field in revision.before)
        label = f"{terminal.SIGNALS[revision.signal]}{f' [{fields}]' if fields else ''}"
        yield terminal.dated(label, revision.published_at, revision.notice, format_time)


def _claim(claim: Claim) -> str:
    return f"{_claim_head(claim, '  ')}\n{wrapped('; '.join(_parties(claim)), '    ')}"


def _claim_head(claim: Claim, indent: str) -> str:
    status = styled(terminal.status_of(claim), fg=_COLOURS.get(claim.status), bold=True)
    return wrapped(f"{status} · {plain(claim.text or '')} ({claim.claim})", indent, f"{indent}  ")


def _claim_in_full(claim: Claim, format_time: FormatTime) -> Iterator[str]:
    yield _claim_head(claim, "")
    for one in claim.statements:
        yield wrapped(f"{format_time(one.published_at)} · {plain(one.by)} {one.position} ({one.update})", "  ", "    ")


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
