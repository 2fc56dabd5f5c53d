"""An entry's HTML, the same for every feed and for the story's page, and its one line of plain text."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

from markupsafe import Markup

from feed import words
from feed.claims import Claim
from feed.dates import Instant, to_datetime
from feed.events import Source
from feed.site import prose
from feed.site.entries import Entry, FormatTime, Notice, Wording
from feed.story import Withdrawal

TEXT_BYTES = 300
# Of a longer text only the changed words are shown, with so many of those around them.
_WORDING_BYTES = 1_500
_WORDS_AROUND = 20

_BLOCK = Markup("<p><strong>{}</strong>: {}</p>")
_LIST = Markup("<p><strong>{}</strong></p>\n<ul>{}</ul>")
_ITEM = Markup("<li>{}</li>")


def html(entry: Entry, format_time: FormatTime) -> str:
    """Sanitised HTML in blocks, notices first; empty where an entry has nothing to say beyond its title."""
    if entry.withdrawal is not None:
        return prose.clean(_withdrawal(entry.withdrawal, format_time))
    blocks = [*_said(entry, format_time), *_grounds(entry), *_around(entry)]
    return prose.clean("\n".join(blocks))


def machine_time(instant: Instant) -> str:
    """As HTML's `datetime` takes it, which allows no more than three decimals: to the second."""
    return to_datetime(instant).isoformat(timespec="seconds")


def text(entry: Entry, markup: str) -> str:
    """What `markup`, the entry's HTML, says, in one line of at most 300 bytes; the title where it says nothing."""
    return prose.cut(prose.plain(markup), TEXT_BYTES) or entry.title


def _said(entry: Entry, format_time: FormatTime) -> Iterable[str]:
    for notice in entry.notices:
        yield _notice(notice, format_time)
    if entry.statement:
        yield Markup("<p>{}</p>").format(_lines(entry.statement))
    if entry.body:
        yield prose.render(entry.body)
    for wording in entry.wordings:
        yield _wording(wording)


def _grounds(entry: Entry) -> Iterable[str]:
    if entry.occurred or entry.occurred_text:
        yield _BLOCK.format(words.OCCURRED, _occurred(entry.occurred, entry.occurred_text))
    if entry.sources:
        yield _LIST.format(words.SOURCES, _list(_source(source) for source in entry.sources))
    if claims := [_claim(claim) for claim in entry.claims if claim.statements]:
        yield _LIST.format(words.CLAIMS, _list(claims))


def _around(entry: Entry) -> Iterable[str]:
    for note in entry.notes:
        yield _BLOCK.format(words.NOTE, _lines(note))
    if entry.link:
        yield _BLOCK.format(words.LINK, _link(entry.link, entry.link))
    if entry.closes:
        yield Markup("<p>{}</p>").format(words.COVERAGE_ENDED)


def _notice(notice: Notice, format_time: FormatTime) -> Markup:
    return Markup("<p><strong>{}</strong> ({}): {}</p>").format(
        words.NOTICES[notice.signal], _time(notice.published_at, format_time), _lines(notice.text)
    )


def _withdrawal(withdrawal: Withdrawal, format_time: FormatTime) -> Markup:
    head = Markup("<strong>{}</strong> ({})").format(words.WITHDRAWN, _time(withdrawal.published_at, format_time))
    if not withdrawal.notice:
        return Markup("<p>{}</p>").format(head)
    return Markup("<p>{}: {}</p>").format(head, _lines(withdrawal.notice))


def _wording(wording: Wording) -> Markup:
    before, after = _changed_words(wording.before or words.NOTHING, wording.after or words.NOTHING)
    said = Markup("{}: <del>{}</del>").format(words.SAID, _lines(before))
    return Markup("<p><strong>{}</strong>: {}</p>\n<p>{}: <ins>{}</ins></p>").format(
        words.FIELDS[wording.field],
        words.NO_LONGER_SHOWN if wording.hidden else said,
        words.NOW_SAYS,
        _lines(after),
    )


def _changed_words(before: str, after: str) -> tuple[str, str]:
    """Both, without most of the words that they begin and end with alike where one is long."""
    if max(len(before.encode()), len(after.encode())) <= _WORDING_BYTES:
        return before, after
    old, new = before.split(" "), after.split(" ")
    head = max(_alike(old, new) - _WORDS_AROUND, 0)
    tail = max(_alike(old[head:][::-1], new[head:][::-1]) - _WORDS_AROUND, 0)
    return _part(old, head, tail), _part(new, head, tail)


def _alike(one: list[str], other: list[str]) -> int:
    """How many words both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _part(all_words: list[str], head: int, tail: int) -> str:
    """Without `head` words at the beginning and `tail` at the end, cut to the limit for wordings."""
    part = " ".join(all_words[head : len(all_words) - tail])
    return prose.cut(f"{'… ' if head else ''}{part}{' …' if tail else ''}", _WORDING_BYTES)


def _occurred(occurred: str | None, occurred_text: str | None) -> str:
    if not occurred_text:
        return occurred or ""
    return f"{occurred} (“{occurred_text}”)" if occurred else f"“{occurred_text}”"


def _source(source: Source) -> Markup:
    name = source.name or source.url
    who = _link(source.url, name) if source.url and name else Markup("{}").format(name or "")
    if not source.quote:
        return who
    cite = Markup(' cite="{}"').format(source.url) if source.url else ""
    quote = Markup("\n<blockquote{}><p>{}</p></blockquote>").format(cite, _lines(source.quote))
    return who + ":" + quote if who else quote


def _claim(claim: Claim) -> Markup:
    latest = {statement.by: statement.position for statement in claim.statements}
    parties = _list(Markup("{}: {}").format(by, position) for by, position in latest.items())
    return Markup("{}: <strong>{}</strong>\n<ul>{}</ul>").format(claim.text or claim.claim, _status(claim), parties)


def _status(claim: Claim) -> str:
    if claim.status == "confirmed":
        return words.CONFIRMED_BY.format(parties=", ".join(claim.confirmed_by))
    return claim.status


def _list(items: Iterable[str]) -> Markup:
    return Markup("\n").join(_ITEM.format(item) for item in items)


def _link(address: str, words_shown: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(address, words_shown)


def _lines(several: str) -> Markup:
    """Plain text with its line breaks."""
    return Markup("<br>\n").join(several.splitlines())


def _time(instant: Instant, format_time: FormatTime) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(machine_time(instant), format_time(instant))
