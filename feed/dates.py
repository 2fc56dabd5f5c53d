"""Times in and out, and the subset of EDTF that says when something happened.

An `Instant` is exact: what the log and the feeds count with. An `Occurred` may be vague: a date, month, year or
date-time in UTC, each with `?` (uncertain), `~` (about) or `%` (both); `A/B` an interval, one end blank or `..`;
`[A..B]` one unknown day within. EDTF is ISO 8601-2:2019, clause 4 and annex A.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import Enum, StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

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


class Point(Struct, frozen=True, kw_only=True):
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


class Occurred(Struct, frozen=True, kw_only=True):
    """When something happened. Of a single one `start` and `end` are the same; at most one of them is an `End`."""

    kind: Kind
    start: Point | End
    end: Point | End


class Phrases(Struct, frozen=True, kw_only=True):
    """How a language says when something happened.

    The first six are patterns of CLDR (Unicode Technical Standard 35, part 4): dates that stand alone, then what
    is left of the beginning of an interval that shares its year or month with the end. The others are templates;
    `perhaps` and `about` take the place of {perhaps} and {about} where a date is qualified so, with a space behind.
    Of those that end alike there is one for every precision.
    """

    date_year: str
    date_month: str
    date_day: str
    month_of_year: str
    day_of_year: str
    day_of_month: str
    moment: str
    perhaps: str
    about: str
    single: str
    interval: str
    before_year: str
    before_month: str
    before_day: str
    before_second: str
    after_year: str
    after_month: str
    after_day: str
    after_second: str
    until_year: str
    until_month: str
    until_day: str
    until_second: str
    since_year: str
    since_month: str
    since_day: str
    since_second: str
    one_of: str
    between_year: str
    between_month: str
    between_day: str

    def __hash__(self) -> int:
        """Of one word, as those of all would take longer than to look up what is remembered by them."""
        return hash(self.moment)


class _Manner(Struct, frozen=True, kw_only=True):
    """How dates are told: `locale` says whose names the months and time zones have."""

    phrases: Phrases
    locale: str
    timezone: tzinfo


# English, and UTC in it, are told without babel, which takes longer to import than an update takes to append.
_UNAIDED = "en"
_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905  # twelve lines as a list

_PRECISION = {4: Precision.YEAR, 7: Precision.MONTH, 10: Precision.DAY, 20: Precision.SECOND}


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
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def to_datetime(instant: Instant) -> datetime:
    """Aware, in UTC."""
    return datetime.fromisoformat(instant)


def next_instant(instant: Instant) -> Instant:
    """One microsecond later; raises `OverflowError` after the last one of the year 9999."""
    return from_datetime(to_datetime(instant) + timedelta(microseconds=1))


# A page has the same time in several places, and a day's updates the same date.
@lru_cache(maxsize=4_096)
def format_instant(instant: Instant, phrases: Phrases, locale: str, timezone: tzinfo) -> str:
    """To the minute, with the name of the timezone: "4 February 2023, 20:00 UTC".

    `locale` is a BCP 47 tag of the phrases' language. At the ends of the calendar, where local time would leave it,
    the time is given in UTC.
    """
    manner = _Manner(phrases=phrases, locale=locale, timezone=timezone)
    moment = _local(instant, timezone)
    return _moment(moment, f"{moment.hour:02}:{moment.minute:02}", manner)


# A day's updates have the same date.
@lru_cache(maxsize=4_096)
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


@lru_cache(maxsize=4_096)
def describe(edtf: str, phrases: Phrases, locale: str, timezone: tzinfo) -> str:
    """In words: "on or before about 13 February 2023"; times, but not dates, are put into the timezone.

    `locale` is a BCP 47 tag of the phrases' language. Raises `Invalid` as `occurred` does.
    """
    when = occurred("occurred", edtf)
    manner = _Manner(phrases=phrases, locale=locale, timezone=timezone)
    match when.start, when.end:
        case Point() as start, Point() as end if start == end:
            return _phrase(phrases.single, start, manner)
        case Point() as start, Point() as end:
            return _between(when.kind, start, end, manner)
        case Point() as start, end:
            return _one_sided("since" if end is End.OPEN else "after", start, manner)
        case start, Point() as end:
            return _one_sided("until" if start is End.OPEN else "before", end, manner)
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


@lru_cache(maxsize=256)
def _names(tag: str) -> Locale:
    """babel's names; those of the language where the tag says more than babel knows."""
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(tag.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale(re.split("[-_]", tag)[0].lower())


def _one_sided(bound: str, point: Point, manner: _Manner) -> str:
    return _phrase(getattr(manner.phrases, f"{bound}_{point.precision}"), point, manner)


def _between(kind: Kind, start: Point, end: Point, manner: _Manner) -> str:
    phrases, shortened = manner.phrases, _shortened(start, end, manner.phrases)
    if kind is Kind.ONE_OF:
        first, last = (getattr(phrases, f"between_{point.precision}") for point in (start, end))
        template = phrases.one_of
    else:
        first = last = phrases.single
        template = phrases.interval
    return template.format(
        start=_phrase(first, start, manner, shortened),
        end=_phrase(last, end, manner),
    )


def _shortened(start: Point, end: Point, phrases: Phrases) -> str | None:
    """The pattern for a beginning that shares its year or month with the end ("4 to 9 February 2023")."""
    if start.precision is not end.precision or start.qualifier or end.qualifier or start.text[:4] != end.text[:4]:
        return None
    if start.precision is Precision.DAY:
        return phrases.day_of_month if start.text[:7] == end.text[:7] else phrases.day_of_year
    return phrases.month_of_year if start.precision is Precision.MONTH else None


def _phrase(template: str, point: Point, manner: _Manner, pattern: str | None = None) -> str:
    phrases = manner.phrases
    return template.format(
        perhaps=f"{phrases.perhaps} " if point.qualifier in ("?", "%") else "",
        about=f"{phrases.about} " if point.qualifier in ("~", "%") else "",
        date=_date(point, manner, pattern),
    )


def _date(point: Point, manner: _Manner, pattern: str | None) -> str:
    if point.precision is Precision.SECOND:
        moment = _local(point.earliest, manner.timezone)
        return _moment(moment, f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}", manner)
    whole: str = getattr(manner.phrases, f"date_{point.precision}")
    return _day(to_datetime(point.earliest).date(), pattern or whole, manner.locale)


def _local(instant: Instant, timezone: tzinfo) -> datetime:
    moment = to_datetime(instant)
    try:
        return moment.astimezone(timezone)
    except OverflowError:
        return moment


def _moment(moment: datetime, time: str, manner: _Manner) -> str:
    day = _day(moment.date(), manner.phrases.date_day, manner.locale)
    return manner.phrases.moment.format(date=day, time=time, zone=_zone(moment, manner.locale))


def _zone(moment: datetime, locale: str) -> str:
    """ "MEZ" in German; where the language has no short name "CET", for a zone that has only a number "UTC+03",
    because "20:00 +03" reads as a sum."""
    name = moment.tzname() or ""
    if (name, locale) != ("UTC", _UNAIDED):
        name = _zone_name(moment.tzinfo, bool(moment.dst()), locale) or name
    return f"UTC{name}" if name[:1] in ("+", "-") else name


# Babel takes fifty times as long to find the words as it takes to put them together, and a page has hundreds of times.
@lru_cache(maxsize=256)
def _zone_name(zone: tzinfo | None, is_daylight: bool, locale: str) -> str | None:
    from babel.dates import get_timezone_location, get_timezone_name

    variant: Literal["daylight", "standard"] = "daylight" if is_daylight else "standard"
    names = _names(locale)
    name = get_timezone_name(zone, "short", zone_variant=variant, locale=names)
    # For want of a name babel gives the place.
    return None if name == get_timezone_location(zone, locale=names) else name


@lru_cache(maxsize=4_096)
def _day(day: date, pattern: str, locale: str) -> str:
    if locale == _UNAIDED:
        parts = {"d": f"{day.day}", "MMMM": _MONTHS[day.month - 1], "y": f"{day.year}"}
        if parts.keys() >= set(pattern.split(" ")):
            return " ".join(parts[part] for part in pattern.split(" "))
    from babel.dates import format_date

    return format_date(day, pattern, _names(locale))
