"""Times as people type them at a shell, in English words or as they read on a page.

A phrase must have one of the forms written out here before `dateparser` works out its day: alone it guesses a date
for almost anything ("1990s", "4", "yesterday 25:00"), and takes 3.2.2023 for March.

A time without a zone is the desk's local time. Where the clocks went back it is the earlier of the two, and where
they went forward it counts as if they had not (PEP 495, fold=0); the zone's abbreviation ("2:30 CET") tells.
"""

from __future__ import annotations

import re
import warnings
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from feed import dates
from feed.dates import Instant, Point, Precision
from feed.errors import Invalid

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?|september|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY = "(?:mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)"
_NUMBER = "(?:3[01]|[12][0-9]|0?[1-9])(?:st|nd|rd|th)?"
_YEAR = "[0-9]{4}"
_DATE = rf"(?:{_NUMBER}(?: of)? {_MONTH}|{_MONTH} {_NUMBER})(?:,? {_YEAR})?"
_DAY = (
    rf"(?:on )?(?:{_YEAR}-[0-9]{{2}}-[0-9]{{2}}|{_DATE}|(?:last |next )?{_WEEKDAY}"
    r"|yesterday|today|tomorrow|(?:the )?day before yesterday)"
)
_TIME = "(?:(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?|(?:0?[1-9]|1[0-2])(?::[0-5][0-9])? ?[ap]m|noon)"
_COUNT = "(?:[0-9]{1,4}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_CLOCK_UNIT = "(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)"


def _counted(unit: str) -> str:
    return f"(?:{_COUNT} ?{unit} ago|in {_COUNT} {unit})"


# Patterns are texts, which `re` compiles when they are first needed: to compile them all takes longer than a fold of a
# thousand events, and a moment in RFC 3339 needs one.
_ELAPSED = rf"now|(?:{_COUNT} ?{_CLOCK_UNIT} (?:and )?)?{_COUNT} ?{_CLOCK_UNIT} ago|in {_COUNT} {_CLOCK_UNIT}"


class _Form(StrEnum):
    """What a phrase names."""

    TIME = "time"
    DAY = "day"
    PART_OF_DAY = "part of a day"
    WEEK = "week"
    WEEKS_AWAY = "weeks away"
    MONTH = "month"
    YEAR = "year"


_FORMS = {
    _Form.TIME: rf"(?:{_DAY},? )?(?:at )?{_TIME}|(?:at )?{_TIME},? {_DAY}|{_ELAPSED}",
    _Form.DAY: rf"{_DAY}|{_counted('days?')}",
    _Form.PART_OF_DAY: rf"(?:{_DAY}|this) (?:morning|afternoon|evening)",
    _Form.WEEK: "(?:last|this|next) week",
    _Form.WEEKS_AWAY: _counted("weeks?"),
    _Form.MONTH: rf"(?:in )?{_MONTH}(?:,? {_YEAR})?|(?:last|this|next) month|{_counted('months?')}",
    _Form.YEAR: rf"(?:in )?{_YEAR}|(?:last|this|next) year|{_counted('years?')}",
}
_LENGTHS = {_Form.MONTH: 7, _Form.YEAR: 4}

_WITH_OFFSET = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].*(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
_WITH_ZONE = r"(.*(?::[0-9]{2}|[AaPp][Mm]|noon)) ?((?!AM|PM)[A-Z]{1,5})"
_LOCAL_T = "(?<=[0-9])t(?=[0-9])"
_RELATIVE = r"\b(?:yesterday|today|tomorrow|now|ago|last|this|next|in [0-9a-z]+ [a-z]+)\b"
_TIME_ALONE = rf"(?:at )?{_TIME}"
_MONTH_ALONE = rf"(?:in )?({_MONTH})"
_PLAIN_WEEKDAY = rf"(?<!last )(?<!next )\b{_WEEKDAY}\b"

_QUALIFIER = r"(?i:(perhaps|maybe|possibly|probably)|about|around|approximately|roughly|circa|ca\.?|~) ?\b"
_BETWEEN = r"(?i)(?:(?:on a day|some ?time) )?between (.+) and (.+)"
_FROM_TO = r"(?i)(?:from )?(?!up to)(.+?) (?:to|until|till) (.+)"
_EARLIER, _AT_LATEST, _LATER, _AT_EARLIEST, _ONGOING = (
    rf"(?i)(?:{words}) (.+)"
    for words in (
        "before",
        "(?:on|in|at) or before|by|until|till|up to|no later than|not later than",
        "after",
        "(?:on|in|at) or after|from|no earlier than|not earlier than",
        "since",
    )
)


class _Desk(Struct, frozen=True, kw_only=True):
    """Whose words are read: `now` is aware."""

    now: datetime
    timezone: tzinfo


class _Reading(Struct, frozen=True, kw_only=True):
    """What a phrase names, and its first moment, aware, in the zone that its digits are written in."""

    form: _Form
    at: datetime


def moment(text: str, now: datetime, timezone: tzinfo) -> Instant:
    """The instant that `text` means for someone who types it at `now` (aware) in `timezone`.

    RFC 3339, "14:05", "2023-02-09 14:05", "20 min ago", "yesterday 9:00". A time of day alone is the last such time.
    A day alone is its first moment, also "yesterday" and "2 days ago". Raises `Invalid` naming `time` for anything
    else, and for what names no day, as "last month".
    """
    phrase = _normal(text)
    if re.fullmatch(_WITH_OFFSET, phrase):
        return dates.instant("time", phrase.replace(" ", "T"))
    reading = _read(phrase, _Desk(now=now, timezone=timezone))
    if reading is None or reading.form not in (_Form.TIME, _Form.DAY):
        raise _no_moment(text)
    try:
        return dates.from_datetime(reading.at)
    except OverflowError:
        raise _no_moment(text) from None


def occurrence(words: str, now: datetime, timezone: tzinfo) -> str:
    """The EDTF (in the subset of `dates.occurred`) that `words` mean at `now` (aware) in `timezone`.

    A day, month or year is the desk's own; a time of day is given in UTC, to the minute unless seconds were typed.
    What names no year, month or day is the last such one, today included; only words that say so ("tomorrow",
    "in 3 days", a year) lead into the future. "before 4 Feb" ends the day before, "by" and "until" on the day;
    "after" begins the day after, "from" on the day, "since" likewise and goes on. EDTF itself is taken as it is.
    Raises `Invalid` naming `when` for everything else.
    """
    phrase = _normal(words)
    with suppress(Invalid):
        dates.occurred("when", phrase)
        return phrase
    try:
        edtf = _edtf(phrase, _Desk(now=now, timezone=timezone))
    except OverflowError:
        raise _not_understood(phrase) from None
    dates.occurred("when", edtf)
    return edtf


def _normal(text: str) -> str:
    return " ".join(text.split())


def _no_moment(text: str) -> Invalid:
    return Invalid(
        "time",
        f"{text[:100]!r} is not understood: write for example 14:05, '2023-02-09 14:05', 2023-02-09T14:05:00Z, "
        "'20 min ago' or 'yesterday 9:00'",
    )


def _not_understood(phrase: str) -> Invalid:
    return Invalid(
        "when",
        f"{phrase[:100]!r} is not understood: write for example 'on Wednesday', 'yesterday 14:05', '20 min ago', "
        "'about 13 Feb 2023', 'before 4 Feb' or 'between 4 and 9 Feb'; or say it in EDTF with --occurred, or keep only "
        "the words with --occurred-text",
    )


def _edtf(phrase: str, desk: _Desk) -> str:
    marks, phrase = _unqualified(phrase)
    if match := re.fullmatch(_BETWEEN, phrase):
        return "[{}..{}]".format(*_ends(match[1], match[2], desk, marks))
    if match := re.fullmatch(_FROM_TO, phrase):
        return "{}/{}".format(*_ends(match[1], match[2], desk, marks))
    if not marks and re.fullmatch(_FORMS[_Form.WEEK], phrase.lower()):
        return _week(phrase, desk)
    return _sided(phrase, desk, marks)


def _sided(phrase: str, desk: _Desk, marks: frozenset[str]) -> str:
    if match := re.fullmatch(_EARLIER, phrase):
        return f"/{_before(_point(match[1], desk, marks))}"
    if match := re.fullmatch(_AT_LATEST, phrase):
        return f"/{_point(match[1], desk, marks)}"
    if match := re.fullmatch(_LATER, phrase):
        return f"{_after(_point(match[1], desk, marks))}/"
    if match := re.fullmatch(_AT_EARLIEST, phrase):
        return f"{_point(match[1], desk, marks)}/"
    if match := re.fullmatch(_ONGOING, phrase):
        return f"{_point(match[1], desk, marks)}/.."
    return str(_point(phrase, desk, marks))


def _unqualified(phrase: str) -> tuple[frozenset[str], str]:
    """The qualifiers that the phrase begins with, `?` and `~`, and the rest of it."""
    marks = set()
    while match := re.match(_QUALIFIER, phrase):
        marks.add("?" if match[1] else "~")
        phrase = phrase[match.end() :]
    return frozenset(marks), phrase


def _point(phrase: str, desk: _Desk, marks: frozenset[str]) -> Point:
    more, phrase = _unqualified(phrase)
    text, form = _digits(phrase, desk)
    # Nobody counts weeks to the day.
    marks = marks | more | ({"~"} if form is _Form.WEEKS_AWAY else set())
    return Point(text=text, qualifier="%" if len(marks) == 2 else "".join(marks))


def _digits(phrase: str, desk: _Desk) -> tuple[str, _Form]:
    if re.fullmatch(_WITH_OFFSET, phrase):
        return _second(dates.instant("when", phrase.replace(" ", "T"))), _Form.TIME
    reading = _read(phrase, desk)
    if reading is None or reading.form is _Form.WEEK:
        raise _not_understood(phrase)
    if reading.form is not _Form.TIME:
        return reading.at.date().isoformat()[: _LENGTHS.get(reading.form, 10)], reading.form
    rounded = reading.at.replace(second=0) if re.fullmatch(_ELAPSED, phrase.lower()) else reading.at
    return _second(dates.from_datetime(rounded)), _Form.TIME


def _second(instant: Instant) -> str:
    return f"{instant[:19]}Z"


def _week(phrase: str, desk: _Desk) -> str:
    """One of its days, Monday to Sunday (ISO 8601); of the present week one until today."""
    reading = _read(phrase, desk)
    if reading is None:
        raise _not_understood(phrase)
    monday, today = reading.at.date(), desk.now.astimezone(desk.timezone).date()
    sunday = monday + timedelta(days=6)
    return f"[{monday}..{min(sunday, today) if monday <= today else sunday}]"


def _before(point: Point) -> Point:
    """The period before this one. What is vague, and a time of day, ends where it says: no unit precedes it."""
    if point.qualifier in ("~", "%") or point.precision is Precision.SECOND:
        return point
    previous = dates.to_datetime(point.earliest) - timedelta(microseconds=1)
    return replace(point, text=dates.from_datetime(previous)[: len(point.text)])


def _after(point: Point) -> Point:
    """The period after this one, with the exceptions of `_before`."""
    if point.qualifier in ("~", "%") or point.precision is Precision.SECOND:
        return point
    return replace(point, text=dates.next_instant(point.latest)[: len(point.text)])


def _ends(first: str, last: str, desk: _Desk, marks: frozenset[str]) -> tuple[Point, Point]:
    """The beginning is the last such day or time before the end: in "Friday to Monday" not a later Friday."""
    first, last = _shared(first, last)
    end = _point(last, desk, marks)
    reader = desk if re.search(_RELATIVE, first.lower()) else replace(desk, now=_latest(end, desk.timezone))
    return _point(first, reader, marks), end


def _latest(point: Point, timezone: tzinfo) -> datetime:
    if point.precision is Precision.SECOND:
        return dates.to_datetime(point.earliest)
    return dates.to_datetime(point.latest).replace(tzinfo=timezone)


def _shared(first: str, last: str) -> tuple[str, str]:
    """What one end leaves out, the other says: "4 and 9 Feb", "Feb 4 to 9", "yesterday 14:00 to 15:30"."""
    if _is(_NUMBER, first) and _is(_DATE, last):
        return _with(_NUMBER, first, last), last
    if _is(_NUMBER, last) and _is(_DATE, first):
        return first, _with(_NUMBER, last, first)
    if _is(_TIME, last) and re.search(_TIME, first, re.IGNORECASE):
        return first, _with(_TIME, last, first)
    if _is(_DATE, last) and _is(_DATE, first) and not re.search(_YEAR, last):
        return first, " ".join([last, *re.findall(_YEAR, first)])
    return first, last


def _is(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.IGNORECASE) is not None


def _with(pattern: str, part: str, text: str) -> str:
    return re.sub(rf"\b{pattern}\b", part, text, flags=re.IGNORECASE)


def _read(phrase: str, desk: _Desk) -> _Reading | None:
    """None for what has none of the forms, or another zone than UTC and the desk's own at that time.

    Other abbreviations are refused because they mean several zones: CST is Chicago's, Havana's and Shanghai's.
    """
    match = re.fullmatch(_WITH_ZONE, phrase)
    if not match:
        return _read_words(phrase.lower(), desk)
    if match[2] in ("UTC", "GMT", "Z"):
        return _read_words(match[1].lower(), replace(desk, timezone=UTC))
    return _read_in_zone(match[1].lower(), match[2], desk)


def _read_in_zone(phrase: str, zone: str, desk: _Desk) -> _Reading | None:
    reading = _read_words(phrase, desk)
    if reading is None:
        return None
    moments = (reading.at.replace(fold=fold) for fold in (0, 1))
    return next((replace(reading, at=at) for at in moments if at.tzname() == zone), None)


def _read_words(phrase: str, desk: _Desk) -> _Reading | None:
    phrase = re.sub(_LOCAL_T, " ", phrase)
    form = next((form for form, pattern in _FORMS.items() if re.fullmatch(pattern, phrase)), None)
    if form is None:
        return None
    # Elapsed time is counted in UTC: local clocks may have jumped since.
    zone = UTC if re.fullmatch(_ELAPSED, phrase) else desk.timezone
    found = _resolved(phrase, desk.now.astimezone(zone).replace(tzinfo=None))
    return _Reading(form=form, at=_start(form, found).replace(tzinfo=zone)) if found else None


def _start(form: _Form, found: datetime) -> datetime:
    if form is _Form.TIME:
        return found
    midnight = found.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=midnight.weekday()) if form is _Form.WEEK else midnight


def _resolved(phrase: str, now: datetime) -> datetime | None:
    """Local to local; what `dateparser` alone would resolve otherwise is asked of it in other words."""
    if re.fullmatch(_TIME_ALONE, phrase):
        return _last_time(phrase, now)
    if match := re.fullmatch(_MONTH_ALONE, phrase):
        # Without a day it takes today's, and looks for a year that has it: 30 January finds the February of 2008.
        return _asked(f"1 {match[1]}", now)
    match = re.search(_PLAIN_WEEKDAY, phrase)
    if match and _WEEKDAYS[now.weekday()].startswith(match[0]):
        return _this_weekday(phrase, match[0], now)
    return _asked(phrase, now)


def _this_weekday(phrase: str, weekday: str, now: datetime) -> datetime | None:
    """ "Wednesday" said on a Wednesday is today, unless its time is still to come; `dateparser` goes a week back."""
    today = _asked(phrase.replace(weekday, "today"), now)
    return today if today and today <= now else _asked(phrase, now)


def _last_time(phrase: str, now: datetime) -> datetime | None:
    """Today or yesterday. `dateparser` goes wrong by itself: "0:01" on 1 February at 0:00 is 31 December to it."""
    today = _asked(f"today {phrase}", now)
    return today - timedelta(days=1) if today and today > now else today


def _asked(phrase: str, now: datetime) -> datetime | None:
    """The zone is attached by the caller: to `dateparser` all is UTC, as it would take zones by name only."""
    import dateparser

    settings = {"RELATIVE_BASE": now, "TIMEZONE": "UTC", "PREFER_DATES_FROM": "past"}
    with warnings.catch_warnings():
        # dateparser tries formats without a year, of which Python warns from 3.13 on (scrapinghub/dateparser#1246).
        warnings.filterwarnings("ignore", "Parsing dates involving a day of month without a year", DeprecationWarning)
        found: datetime | None = dateparser.parse(phrase, languages=["en"], settings=settings)
    return found
