"""How entries and changes look on a terminal. Every function returns text in lines of its width."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, get_args

import click
from msgspec import UNSET, to_builtins

from feed.claims import Claim
from feed.cli.layout import listed, plain, styled, wrapped
from feed.dates import Instant
from feed.developments import Kind
from feed.events import Changes, Source
from feed.languages import ENGLISH
from feed.site import entries
from feed.site.entries import Entry, Wording
from feed.site.voice import Voice
from feed.story import Revision, Update
from feed.words import FIELDS, Words

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar as Bar

    from feed.diff import Part

SIGNALS = {
    "correction": ENGLISH.correction,
    "clarification": ENGLISH.clarification,
    "addition": ENGLISH.addition,
    "refile": "Refiled",
    "amendment": "Amended before anyone was told",
}

_MARKS = {"removed": ("[-{}-]", "red"), "added": ("{{+{}+}}", "green")}
# Of a development's kind, one and several; of the other kinds several end in "s".
_NOUNS = {
    "note": ("editor’s note", "editor’s notes"),
    "ended": ("end of coverage", "ends of coverage"),
    "resumed": ("resumption of coverage", "resumptions of coverage"),
}


class ProgressBar:
    """Shows what is done, and of how much, on standard error; nothing where that is no terminal."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._bar: Bar[int] | None = None
        self._finished = False

    def __call__(self, done: int, total: int) -> None:
        if self._finished or not sys.stderr.isatty():
            return
        bar = self._bar = self._bar or self._begin(total)
        bar.length = total
        bar.update(done - bar.pos)
        if done >= total:
            self._finish()

    def _begin(self, total: int) -> Bar[int]:
        # While a bar is shown the cursor is not, so it has to be finished however the command ends.
        click.get_current_context().call_on_close(self._finish)
        return click.progressbar(length=total, label=self._label, file=sys.stderr)

    def _finish(self) -> None:
        if self._bar is not None and not self._finished:
            self._finished = True
            self._bar.render_finish()


def entry(entry: Entry, voice: Voice) -> str:
    """An entry as a reader will show it, in the voice of its story, set off from the margin."""
    blocks = [
        _entry_head(entry, voice),
        *_notices(entry, voice),
        *(wrapped(plain(text), "  ") for text in (entry.statement, entry.body) if text),
        *(_wording(wording, voice.words) for wording in entry.wordings),
        "\n".join(_grounds(entry, voice)),
        "\n".join(_around(entry, voice.words)),
    ]
    return "\n\n".join(block for block in blocks if block)


def revision(revision: Revision, voice: Voice) -> str:
    """What one revision changed, word by word."""
    head = dated(SIGNALS[revision.signal], revision.published_at, revision.notice, voice)
    hidden = ["The old words are no longer shown in public."] if revision.hide_before else []
    changed = (
        _difference(name, revision.before[name], revision.after[name], voice)
        for name in FIELDS
        if name in revision.before
    )
    return "\n".join([head, *hidden, *changed])


def changes(update: Update, changes: Changes, voice: Voice) -> str:
    """What these changes would change of the update, word by word; empty if nothing."""
    given = {name: value for name in changes.__struct_fields__ if (value := getattr(changes, name)) is not UNSET}
    return "\n".join(
        _difference(name, to_builtins(getattr(update, name)), to_builtins(value), voice)
        for name, value in given.items()
        if (getattr(update, name) or None) != (value or None)
    )


def diff(parts: Iterable[Part], indent: str = "") -> str:
    """Marked as `git diff --word-diff` does, so that it can be read without colours: `[-removed-]{+added+}`."""
    return wrapped("".join(map(_marked, parts)), indent)


def dated(label: str, at: Instant, text: str | None, voice: Voice, indent: str = "", colour: str = "yellow") -> str:
    """What was said of something, and when: "Correction (13 February 2023, 10:00 UTC): …"."""
    head = f"{styled(label, fg=colour, bold=True)} ({voice.time(at)})"
    return wrapped(voice.words.with_label(head, plain(text)) if text else head, indent)


def source(source: Source, indent: str, voice: Voice) -> str:
    """Name, address and quote, as far as there are any."""
    return wrapped(plain(entries.plain("sources", [to_builtins(source)], voice) or ""), indent, f"{indent}  ")


def tally(counts: Mapping[str, int]) -> str:
    """How many developments of each kind: "2 updates and 1 editor’s note"; empty if there are none."""
    return listed(_numbered(kind, counts[kind]) for kind in get_args(Kind) if counts.get(kind))


def _numbered(kind: str, number: int) -> str:
    one, several = _NOUNS.get(kind, (kind, f"{kind}s"))
    return f"{number:,} {one if number == 1 else several}"


def _marked(part: Part) -> str:
    if part.kind == "same":
        return plain(part.text)
    mark, colour = _MARKS[part.kind]
    return styled(mark.format(part.text), fg=colour)


def _difference(name: str, before: Any, after: Any, voice: Voice) -> str:
    from feed.diff import word_diff

    old, new = (entries.plain(name, value, voice) or "" for value in (before, after))
    return f"{styled(voice.words.field(name), bold=True)}:\n{diff(word_diff(old, new), '  ')}"


def _entry_head(entry: Entry, voice: Voice) -> str:
    byline = f"{voice.time(entry.published_at)} · {plain(entry.author)}"
    return f"{wrapped(styled(entry.title, bold=True), '  ')}\n{wrapped(byline, '  ')}"


def _notices(entry: Entry, voice: Voice) -> Iterator[str]:
    if (withdrawal := entry.withdrawal) is not None:
        yield dated(voice.words.withdrawal, withdrawal.published_at, withdrawal.notice, voice, "  ", "red")
    for notice in entry.notices:
        yield dated(voice.words.kind(notice.signal), notice.published_at, notice.text, voice, "  ")


def _wording(wording: Wording, words: Words) -> str:
    said = words.with_label(words.said, plain(wording.before or words.nothing))
    now = words.with_label(words.now_says, plain(wording.after or words.nothing))
    return "\n".join(
        [
            f"  {styled(words.field(wording.field), bold=True)}",
            wrapped(words.no_longer_shown if wording.hidden else said, "    "),
            wrapped(now, "    "),
        ]
    )


def _grounds(entry: Entry, voice: Voice) -> Iterator[str]:
    words = voice.words
    if occurred := entries.when(entry.occurred, entry.occurred_text, voice):
        yield wrapped(words.with_label(words.field("occurred"), plain(occurred)), "  ")
    if entry.sources:
        yield f"  {words.field('sources')}:"
        yield from (source(one, "    ", voice) for one in entry.sources)
    if shown := [claim for claim in entry.claims if claim.statements]:
        yield f"  {words.field('stances')}:"
        yield from (_claim(claim, words) for claim in shown)


def _claim(claim: Claim, words: Words) -> str:
    latest = {statement.by: statement.position for statement in claim.statements}
    parties = ", ".join(words.position(position, by) for by, position in latest.items())
    status = f"{words.claim_status(claim.status, claim.confirmed_by)} ({parties})"
    return wrapped(plain(words.with_label(claim.text or claim.claim, status)), "    ", "      ")


def _around(entry: Entry, words: Words) -> Iterator[str]:
    for note in entry.notes:
        yield wrapped(words.with_label(words.note, plain(note)), "  ")
    if entry.link:
        yield wrapped(words.with_label(words.more, plain(entry.link)), "  ")
    if entry.closes:
        yield f"  {words.coverage_ended}"
