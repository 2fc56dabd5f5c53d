"""Times in and out, and the subset of EDTF that says when something happened.

An `Instant` is exact: what the log and the feeds count with. An `Occurred` may be vague: a date, month, year or
date-time in UTC, each with `?` (uncertain), `~` (about) or `%` (both); `A/B` an interval, one end blank or `..`;
`[A..B]` one unknown day within. EDTF is ISO 8601-2:2019, clause 4 and annex A.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, TypeAlias

from feed.errors import Invalid

if TYPE_CHECKING:
    from babel import Locale

Instant: TypeAlias = str
"""A moment in UTC to the microsecond, always 27 characters: `2023-02-03T12:00:00.000000Z`. Compares as text."""

# The hour is limited here because `datetime.fromisoformat` takes 24:00 from Python 3.13 on.
_TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_DATE_TIME = f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[Tt]{_TIME}"
_RFC3339 = re.compile(rf"{_DATE_TIME}(?:\.[0-9]{{1,6}})?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])")
_NOT_RFC3339 = (
    (re.compile(rf"{_DATE_TIME}\.[0-9]{{7,}}.*"), "has more than 6 decimals: round it to microseconds"),
    (re.compile(rf"{_DATE_TIME}(?:\.[0-9]+)?"), "has no offset: end it with Z for UTC, or with an offset as +01:00"),
    (re.compile(r".*:60(?:\..*|[Zz+-].*)?"), "is a leap second, which is not stored: write second 59"),
)

_POINT = re.compile(rf"([0-9]{{4}}(?:-[0-9]{{2}}(?:-[0-9]{{2}}(?:T{_TIME}Z)?)?)?)([?~%]?)")
_ONE_OF = re.compile(r"\[([0-9-]+)\.\.([0-9-]+)\]")
_EXAMPLES = (
    "write for example 2023-02-04, 2023-02, 2023 or 2023-02-04T19:11:00Z, each with ~ (about), ? (perhaps) or % "
    "(both), /2023-02-04 (on or before), 2023-02-04/2023-02-09 (from, to) or [2023-02-04..2023-02-09] (a day within)"
)


class Precision(StrEnum):
    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    SECOND = "second"


class Kind(StrEnum):
    SINGLE = "single"
    INTERVAL = "interval"
    ONE_OF = "one of"


class End(Enum):
    """An end of an interval that is no date (ISO 8601-2 clause 4.4): nobody knows it, or there is none."""

    UNKNOWN = ""
    OPEN = ".."


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """A year, month, day or second in UTC; `qualifier` is `?`, `~`, `%` or nothing. It does not widen the period."""

    text: str
    qualifier: str

    @property
    def precision(self) -> Precision:
        return _PRECISION[len(self.text)]

    @property
    def earliest(self) -> Instant:
        """The first microsecond of the period."""
        text = self.text[:19]
        return text + "0000-01-01T00:00:00.000000Z"[len(text) :]

    @property
    def latest(self) -> Instant:
        """The last microsecond of the period."""
        text = self.text[:19]
        if self.precision is Precision.MONTH:
            text += f"-{monthrange(int(text[:4]), int(text[5:]))[1]}"
        return text + "0000-12-31T23:59:59.999999Z"[len(text) :]

    def __str__(self) -> str:
        return self.text + self.qualifier


@dataclass(frozen=True, kw_only=True, slots=True)
class Occurred:
    """When something happened. Of a single one `start` and `end` are the same; at most one of them is an `End`."""

    kind: Kind
    start: Point | End
    end: Point | End


@dataclass(frozen=True, kw_only=True, slots=True)
class _Words:
    """The fixed words of a language. Patterns are CLDR's (Unicode Technical Standard 35, part 4)."""

    patterns: Mapping[Precision, str]
    same_year: Mapping[Precision, str]
    same_month: str
    perhaps: str
    about: str
    single: str
    latest: str
    earliest: str
    until: str
    since: str
    interval: str
    one_of: str
    preposition: Mapping[Precision, str]
    article: Mapping[Precision, str]
    noun: Mapping[Precision, str]


_PRECISION = {4: Precision.YEAR, 7: Precision.MONTH, 10: Precision.DAY, 20: Precision.SECOND}
_NOTHING = dict.fromkeys(Precision, "")

# The patterns are written out: CLDR's own long form of "en" is American, month first.
_WORDS = {
    "en": _Words(
        patterns=dict(zip(Precision, ("y", "MMMM y", "d MMMM y", "d MMMM y"), strict=True)),
        same_year={Precision.MONTH: "MMMM", Precision.DAY: "d MMMM"},
        same_month="d",
        perhaps="perhaps ",
        about="about ",
        single="{perhaps}{about}{date}",
        latest="{perhaps}{preposition} or before {about}{date}",
        earliest="{perhaps}{preposition} or after {about}{date}",
        until="{perhaps}until {about}{date}",
        since="{perhaps}since {about}{date}",
        interval="{start} to {end}",
        one_of="on a day between {start} and {end}",
        preposition=dict(zip(Precision, ("in", "in", "on", "at"), strict=True)),
        article=_NOTHING,
        noun=_NOTHING,
    ),
    "de": _Words(
        patterns=dict(zip(Precision, ("y", "MMMM y", "d. MMMM y", "d. MMMM y"), strict=True)),
        same_year={Precision.MONTH: "MMMM", Precision.DAY: "d. MMMM"},
        same_month="d.",
        perhaps="vielleicht ",
        about="etwa ",
        single="{perhaps}{about}{date}",
        latest="{perhaps}{about}{preposition} oder vor dem {noun}{date}",
        earliest="{perhaps}{about}{preposition} oder nach dem {noun}{date}",
        until="{perhaps}{about}bis {date}",
        since="{perhaps}{about}seit {article}{date}",
        interval="{start} bis {end}",
        one_of="an einem Tag zwischen {start} und {end}",
        preposition=dict(zip(Precision, ("im", "im", "am", "am"), strict=True)),
        article=dict(zip(Precision, ("", "", "dem ", "dem "), strict=True)),
        noun={**_NOTHING, Precision.YEAR: "Jahr "},
    ),
}


def instant(field: str, text: str) -> Instant:
    """The stored form of an RFC 3339 section 5.6 date-time with any offset and at most 6 decimals.

    Raises `Invalid` naming `field` for anything else: also for a space instead of the T, a leap second, the year
    0000, and what leaves the years 0001 to 9999 on its way to UTC.
    """
    if not _RFC3339.fullmatch(text):
        raise _no_instant(field, text)
    try:
        moment = datetime.fromisoformat(text.upper())
        return text if len(text) == 27 and text[10] == "T" and text[26] == "Z" else from_datetime(moment)
    except (ValueError, OverflowError):
        raise Invalid(
            field, f"{text!r} is not in the calendar: use a day that exists, in the years 0001 to 9999"
        ) from None


def from_datetime(moment: datetime) -> Instant:
    """Raises `ValueError` for a naive datetime, `OverflowError` for one outside the years 0001 to 9999 in UTC."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no timezone")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def to_datetime(instant: Instant) -> datetime:
    """Aware, in UTC."""
    return datetime.fromisoformat(instant)


def next_instant(instant: Instant) -> Instant:
    """One microsecond later; raises `OverflowError` after the last one of the year 9999."""
    return from_datetime(to_datetime(instant) + timedelta(microseconds=1))


def format_instant(instant: Instant, timezone: tzinfo, locale: str = "en") -> str:
    """To the minute, with the timezone's abbreviation: "4 February 2023, 20:00 UTC".

    `locale` is a BCP 47 tag. At the ends of the calendar, where local time would leave it, the time is given in UTC.
    """
    from babel.dates import format_date

    moment = to_datetime(instant)
    try:
        moment = moment.astimezone(timezone)
    except OverflowError:
        moment = to_datetime(instant)
    words, names = _language(locale)
    return f"{format_date(moment, words.patterns[Precision.DAY], names)}, {moment:%H:%M} {_abbreviation(moment)}"


def occurred(field: str, edtf: str) -> Occurred:
    """Raises `Invalid` naming `field` for what is not in the subset, whose end is before its beginning, or whose days
    do not exist.
    """
    if edtf.startswith("["):
        return _one_of(field, edtf)
    if "/" in edtf:
        return _interval(field, edtf)
    point = _point(field, edtf, edtf)
    return Occurred(kind=Kind.SINGLE, start=point, end=point)


def bounds(occurred: Occurred) -> tuple[Instant | None, Instant | None]:
    """The first and the last microsecond that it can mean, both inclusive; None where an end is open or unknown."""
    start, end = occurred.start, occurred.end
    return (
        start.earliest if isinstance(start, Point) else None,
        end.latest if isinstance(end, Point) else None,
    )


def describe(edtf: str, locale: str = "en") -> str:
    """In words: "on or before about 13 February 2023".

    `locale` is a BCP 47 tag; a language whose words are not here gets English words and English months. Raises
    `Invalid` as `occurred` does.
    """
    when = occurred("occurred", edtf)
    words, names = _language(locale)
    match when.start, when.end:
        case Point() as start, Point() as end if start == end:
            return _phrase(words.single, start, words, names)
        case Point() as start, Point() as end:
            return _between(when.kind, start, end, words, names)
        case Point() as start, end:
            return _phrase(words.since if end is End.OPEN else words.earliest, start, words, names)
        case start, Point() as end:
            return _phrase(words.until if start is End.OPEN else words.latest, end, words, names)
    raise AssertionError(f"{edtf!r} has no date at all")


def _no_instant(field: str, text: str) -> Invalid:
    reason = next((reason for pattern, reason in _NOT_RFC3339 if pattern.fullmatch(text)), None)
    return Invalid(field, f"{text[:100]!r} {reason or 'is no RFC 3339 time: write it as 2023-02-03T12:00:00Z'}")


def _point(field: str, edtf: str, text: str) -> Point:
    match = _POINT.fullmatch(text)
    if not match:
        raise Invalid(field, f"{edtf[:100]!r} is not understood: {_EXAMPLES}")
    point = Point(text=match[1], qualifier=match[2])
    try:
        datetime.fromisoformat(point.earliest)
    except ValueError:
        raise Invalid(field, f"{text!r} is not in the calendar: use one that exists, such as 2023-02-04") from None
    return point


def _one_of(field: str, edtf: str) -> Occurred:
    """Only plain dates, months and years stand in a set (EDTF level 2, "consecutives")."""
    match = _ONE_OF.fullmatch(edtf)
    if not match:
        raise Invalid(field, f"{edtf[:100]!r} must have two plain dates, months or years, [A..B]: {_EXAMPLES}")
    start, end = (_point(field, edtf, text) for text in match.groups())
    _in_order(field, edtf, start, end)
    return Occurred(kind=Kind.ONE_OF, start=start, end=end)


def _interval(field: str, edtf: str) -> Occurred:
    first, _, last = edtf.partition("/")
    start, end = (End(text) if text in ("", "..") else _point(field, edtf, text) for text in (first, last))
    if isinstance(start, Point) and isinstance(end, Point):
        _in_order(field, edtf, start, end)
    elif isinstance(start, End) and isinstance(end, End):
        raise Invalid(field, f"{edtf!r} has no date: give one end of it, as /2023-02-04, or leave the field out")
    return Occurred(kind=Kind.INTERVAL, start=start, end=end)


def _in_order(field: str, edtf: str, start: Point, end: Point) -> None:
    if start.earliest > end.latest:
        raise Invalid(field, f"{edtf!r} ends before it begins: put the earlier date first, as 2023-02-04/2023-02-09")


def _language(tag: str) -> tuple[_Words, Locale]:
    """The fixed words and babel's names of months, always of one language."""
    from babel import Locale, UnknownLocaleError

    language = re.split("[-_]", tag)[0].lower()
    if language not in _WORDS:
        language = tag = "en"
    try:
        return _WORDS[language], Locale.parse(tag.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return _WORDS[language], Locale(language)


def _phrase(template: str, point: Point, words: _Words, names: Locale, pattern: str | None = None) -> str:
    precision = point.precision
    return template.format(
        perhaps=words.perhaps if point.qualifier in ("?", "%") else "",
        about=words.about if point.qualifier in ("~", "%") else "",
        preposition=words.preposition[precision],
        article=words.article[precision],
        noun=words.noun[precision],
        date=_date(point, pattern or words.patterns[precision], names),
    )


def _between(kind: Kind, start: Point, end: Point, words: _Words, names: Locale) -> str:
    template, part = (
        (words.one_of, "{perhaps}{about}{article}{date}") if kind is Kind.ONE_OF else (words.interval, words.single)
    )
    return template.format(
        start=_phrase(part, start, words, names, _shortened(start, end, words)),
        end=_phrase(part, end, words, names),
    )


def _shortened(start: Point, end: Point, words: _Words) -> str | None:
    """The pattern for a beginning that shares its year or month with the end ("4 to 9 February 2023")."""
    if start.precision is not end.precision or start.qualifier or end.qualifier or start.text[:4] != end.text[:4]:
        return None
    if start.precision is Precision.DAY and start.text[:7] == end.text[:7]:
        return words.same_month
    return words.same_year.get(start.precision)


def _date(point: Point, pattern: str, names: Locale) -> str:
    from babel.dates import format_date

    moment = to_datetime(point.earliest)
    date = format_date(moment, pattern, names)
    if point.precision is not Precision.SECOND:
        return date
    return f"{date}, {moment:%H:%M:%S} UTC" if moment.second else f"{date}, {moment:%H:%M} UTC"


def _abbreviation(moment: datetime) -> str:
    """ "CET"; for a zone that has only a number "UTC+03", because "20:00 +03" reads as a sum."""
    name = f"{moment:%Z}"
    return f"UTC{name}" if name[:1] in ("+", "-") else name
