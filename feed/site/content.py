"""An entry's HTML, the same for every feed and for the story's page, and its one line of plain text."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import takewhile

from markupsafe import Markup, escape

from feed.claims import Claim
from feed.dates import Instant
from feed.events import Source
from feed.site import prose
from feed.site.entries import Entry, Notice, Wording, when
from feed.site.voice import Voice
from feed.story import Withdrawal
from feed.words import Words

TEXT_BYTES = 300
# Of a longer text only the changed words are shown, with so many of those around them.
_WORDING_BYTES = 1_500
_WORDS_AROUND = 20

_BLOCK = "<p>{}</p>"
_STRONG = "<strong>{}</strong>"
_LIST = "<p><strong>{}</strong></p>\n<ul>{}</ul>"
_ITEM = "<li>{}</li>"


def html(entry: Entry, voice: Voice) -> str:
    """Sanitised HTML in blocks, notices first; empty where an entry has nothing to say beyond its title."""
    if entry.withdrawal is not None:
        return prose.clean(_withdrawal(entry.withdrawal, voice))
    blocks = [*_said(entry, voice), *_grounds(entry, voice), *_around(entry, voice)]
    return prose.clean("\n".join(blocks))


def machine_time(instant: Instant) -> str:
    """As HTML's `datetime` takes it, which allows no more than three decimals: to the second."""
    return f"{instant[:19]}+00:00"


def text(entry: Entry, markup: str) -> str:
    """What `markup`, the entry's HTML, says, in one line of at most 300 bytes; the title where it says nothing."""
    return prose.plain(markup, TEXT_BYTES) or entry.title


# As for feeds.item: pages list the same ones at every publish.
@lru_cache(maxsize=1_024)
def lede(entry: Entry) -> str:
    """What an entry has to say beyond its title, in one line of at most 300 bytes: what it is about, not on what it
    rests; empty where that is nothing."""
    if entry.withdrawal is not None:
        told = entry.withdrawal.notice or ""
    elif entry.kind == "update":
        told = prose.opening(prose.render(entry.body), TEXT_BYTES) if entry.body else ""
    else:
        told = entry.statement or " ".join(notice.text for notice in entry.notices)
    return prose.cut(" ".join(told.split()), TEXT_BYTES)


def _said(entry: Entry, voice: Voice) -> Iterable[str]:
    for notice in entry.notices:
        yield _notice(notice, voice)
    if entry.statement:
        yield _fill(_BLOCK, _lines(entry.statement))
    if entry.body:
        yield prose.render(entry.body)
    for wording in entry.wordings:
        yield _wording(wording, voice.words)


def _grounds(entry: Entry, voice: Voice) -> Iterable[str]:
    words = voice.words
    if entry.occurred or entry.occurred_text:
        yield _named(words, words.field("occurred"), when(entry.occurred, entry.occurred_text, voice))
    if entry.sources:
        yield _fill(_LIST, words.field("sources"), _list(_source(source, words) for source in entry.sources))
    if claims := [_claim(claim, words) for claim in entry.claims if claim.statements]:
        yield _fill(_LIST, words.field("stances"), _list(claims))


def _around(entry: Entry, voice: Voice) -> Iterable[str]:
    words = voice.words
    for note in entry.notes:
        yield _named(words, words.note, _lines(note))
    if entry.link:
        yield _named(words, words.more, _link(entry.link, entry.link))
    if entry.closes:
        yield _fill(_BLOCK, words.coverage_ended)


def _fill(frame: str, *values: str) -> Markup:
    """A frame of ours, which holds markup as it is and plain text escaped; Markup's own format takes ten times as
    long."""
    return Markup(frame.format(*map(escape, values)))  # noqa: S704  # what is filled in is escaped


def _notice(notice: Notice, voice: Voice) -> Markup:
    head = _head(voice.words.kind(notice.signal), notice.published_at, voice)
    return _fill(_BLOCK, _labelled(voice.words, head, _lines(notice.text)))


def _withdrawal(withdrawal: Withdrawal, voice: Voice) -> Markup:
    head = _head(voice.words.withdrawal, withdrawal.published_at, voice)
    return _fill(_BLOCK, _labelled(voice.words, head, _lines(withdrawal.notice)) if withdrawal.notice else head)


def _head(label: str, instant: Instant, voice: Voice) -> Markup:
    return _fill("<strong>{}</strong> ({})", label, _time(instant, voice))


def _named(words: Words, label: str, text: str) -> Markup:
    return _fill(_BLOCK, _labelled(words, _fill(_STRONG, label), text))


def _labelled(words: Words, label: str, text: str) -> Markup:
    labelled = str(escape(words.labelled))
    return Markup(labelled.format(label=escape(label), text=escape(text)))  # noqa: S704  # both are escaped


def _wording(wording: Wording, words: Words) -> Markup:
    before, after = changed_words(wording.before or words.nothing, wording.after or words.nothing)
    said = _labelled(words, words.said, _fill("<del>{}</del>", _lines(before)))
    now = _labelled(words, words.now_says, _fill("<ins>{}</ins>", _lines(after)))
    first = _named(words, words.field(wording.field), words.no_longer_shown if wording.hidden else said)
    return Markup("\n").join([first, _fill(_BLOCK, now)])


def changed_words(before: str, after: str) -> tuple[str, str]:
    """Both wordings, without most of the words that they begin and end with alike where one is long."""
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


def _source(source: Source, words: Words) -> Markup:
    name = source.name or source.url
    who = _link(source.url, name) if source.url and name else escape(name or "")
    if not source.quote:
        return who
    cite = _fill(' cite="{}"', source.url) if source.url else ""
    quote = _fill("<blockquote{}><p>{}</p></blockquote>", cite, _lines(source.quote))
    return _labelled(words, who, quote) if who else quote


def _claim(claim: Claim, words: Words) -> Markup:
    latest = {statement.by: statement.position for statement in claim.statements}
    status = _fill(_STRONG, words.claim_status(claim.status, claim.confirmed_by))
    parties = _list(words.position(position, by) for by, position in latest.items())
    return _fill("{}\n<ul>{}</ul>", _labelled(words, claim.text or claim.claim, status), parties)


def _list(items: Iterable[str]) -> Markup:
    return Markup("\n").join(_fill(_ITEM, item) for item in items)


def _link(address: str, shown: str) -> Markup:
    return _fill('<a href="{}">{}</a>', address, shown)


def _lines(several: str) -> Markup:
    """Plain text with its line breaks."""
    return Markup("<br>\n").join(several.splitlines())


def _time(instant: Instant, voice: Voice) -> Markup:
    return _fill('<time datetime="{}">{}</time>', machine_time(instant), voice.time(instant))
