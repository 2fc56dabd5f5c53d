"""How entries and changes look on a terminal. Every function returns text in lines of its width."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click
from msgspec import UNSET, to_builtins

from feed import words
from feed.claims import Claim
from feed.cli.desk import listed
from feed.cli.layout import plain, styled, wrapped
from feed.dates import Instant
from feed.diff import Part, word_diff
from feed.events import Changes, Source
from feed.site import entries
from feed.site.entries import Entry, FormatTime, Wording
from feed.story import Revision, Update

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar as Bar

SIGNALS = {**words.NOTICES, "refile": "Refiled", "amendment": "Amended before anyone was told"}

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


def entry(entry: Entry, format_time: FormatTime) -> str:
    """An entry as a reader will show it, set off from the margin."""
    blocks = [
        _entry_head(entry, format_time),
        *_notices(entry, format_time),
        *(wrapped(plain(text), "  ") for text in (entry.statement, entry.body) if text),
        *map(_wording, entry.wordings),
        "\n".join(_grounds(entry)),
        "\n".join(_around(entry)),
    ]
    return "\n\n".join(block for block in blocks if block)


def revision(revision: Revision, format_time: FormatTime) -> str:
    """What one revision changed, word by word."""
    head = dated(SIGNALS[revision.signal], revision.published_at, revision.notice, format_time)
    hidden = ["The old words are no longer shown in public."] if revision.hide_before else []
    names = (name for name in words.FIELDS if name in revision.before)
    return "\n".join(
        [head, *hidden, *(_difference(name, revision.before[name], revision.after[name]) for name in names)]
    )


def changes(update: Update, changes: Changes) -> str:
    """What these changes would change of the update, word by word; empty if nothing."""
    given = {name: value for name in changes.__struct_fields__ if (value := getattr(changes, name)) is not UNSET}
    return "\n".join(
        _difference(name, to_builtins(getattr(update, name)), to_builtins(value))
        for name, value in given.items()
        if (getattr(update, name) or None) != (value or None)
    )


def diff(parts: Iterable[Part], indent: str = "") -> str:
    """Marked as `git diff --word-diff` does, so that it can be read without colours: `[-removed-]{+added+}`."""
    return wrapped("".join(map(_marked, parts)), indent)


def dated(
    label: str, at: Instant, text: str | None, format_time: FormatTime, indent: str = "", colour: str = "yellow"
) -> str:
    """What was said of something, and when: "Correction (13 February 2023, 10:00 UTC): …"."""
    head = f"{styled(label, fg=colour, bold=True)} ({format_time(at)})"
    return wrapped(f"{head}: {plain(text)}" if text else head, indent)


def source(source: Source, indent: str) -> str:
    """Name, address and quote, as far as there are any."""
    return wrapped(plain(entries.plain("sources", [to_builtins(source)]) or ""), indent, f"{indent}  ")


def occurred(occurred: str | None, occurred_text: str | None) -> str:
    """When something happened, in our words and in those it came from; empty if neither is known."""
    told = f"“{plain(occurred_text)}”" if occurred_text else ""
    return f"{occurred} ({told})" if occurred and told else occurred or told


def status_of(claim: Claim) -> str:
    """A claim's status; where it is confirmed, always with those who confirm it."""
    if claim.status == "confirmed":
        return words.CONFIRMED_BY.format(parties=listed(claim.confirmed_by))
    return claim.status


def tally(counts: Mapping[str, int]) -> str:
    """How many developments of each kind: "2 updates and 1 editor’s note"; empty if there are none."""
    return listed(_numbered(kind, counts[kind]) for kind in words.TITLES if counts.get(kind))


def _numbered(kind: str, number: int) -> str:
    one, several = _NOUNS.get(kind, (kind, f"{kind}s"))
    return f"{number:,} {one if number == 1 else several}"


def _marked(part: Part) -> str:
    if part.kind == "same":
        return plain(part.text)
    mark, colour = _MARKS[part.kind]
    return styled(mark.format(part.text), fg=colour)


def _difference(name: str, before: Any, after: Any) -> str:
    old, new = (entries.plain(name, value) or "" for value in (before, after))
    return f"{styled(words.FIELDS[name], bold=True)}:\n{diff(word_diff(old, new), '  ')}"


def _entry_head(entry: Entry, format_time: FormatTime) -> str:
    byline = f"{format_time(entry.published_at)} · {plain(entry.author)}"
    return f"{wrapped(styled(entry.title, bold=True), '  ')}\n{wrapped(byline, '  ')}"


def _notices(entry: Entry, format_time: FormatTime) -> Iterator[str]:
    if (withdrawal := entry.withdrawal) is not None:
        yield dated(words.WITHDRAWN, withdrawal.published_at, withdrawal.notice, format_time, "  ", "red")
    for notice in entry.notices:
        yield dated(words.NOTICES[notice.signal], notice.published_at, notice.text, format_time, "  ")


def _wording(wording: Wording) -> str:
    said = words.NO_LONGER_SHOWN if wording.hidden else f"{words.SAID}: {plain(wording.before or words.NOTHING)}"
    now = f"{words.NOW_SAYS}: {plain(wording.after or words.NOTHING)}"
    return f"  {styled(words.FIELDS[wording.field], bold=True)}\n{wrapped(said, '    ')}\n{wrapped(now, '    ')}"


def _grounds(entry: Entry) -> Iterator[str]:
    if when := occurred(entry.occurred, entry.occurred_text):
        yield wrapped(f"{words.OCCURRED}: {when}", "  ")
    if entry.sources:
        yield f"  {words.SOURCES}:"
        yield from (source(one, "    ") for one in entry.sources)
    if shown := [claim for claim in entry.claims if claim.statements]:
        yield f"  {words.CLAIMS}:"
        yield from map(_claim, shown)


def _claim(claim: Claim) -> str:
    latest = {statement.by: statement.position for statement in claim.statements}
    parties = ", ".join(f"{by} {position}" for by, position in latest.items())
    return wrapped(plain(f"{claim.text or claim.claim}: {status_of(claim)} ({parties})"), "    ", "      ")


def _around(entry: Entry) -> Iterator[str]:
    for note in entry.notes:
        yield wrapped(f"{words.NOTE}: {plain(note)}", "  ")
    if entry.link:
        yield wrapped(f"{words.LINK}: {plain(entry.link)}", "  ")
    if entry.closes:
        yield f"  {words.COVERAGE_ENDED}"
