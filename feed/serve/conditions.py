"""Whether a client has already what it asks for: conditional requests (RFC 9110 section 13)."""

from __future__ import annotations

import re
from calendar import timegm
from datetime import datetime
from functools import lru_cache
from time import gmtime
from typing import NamedTuple

OK, NOT_MODIFIED, PRECONDITION_FAILED = 200, 304, 412

# Section 8.8.3. All quantifiers are possessive: no value, however made, takes longer than its length.
_TAG = rb'(W/)?+("[\x21\x23-\x7e\x80-\xff]*+")'
_TAGS = re.compile(rb"[ \t,]*+(?:" + _TAG + rb"(?:[ \t]*+,[ \t,]*+|[ \t]*+\Z))*+")
_EACH = re.compile(_TAG)

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIME = rb"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_MONTH = rb"(?P<month>" + "|".join(_MONTHS).encode() + rb")"
_DAY = rb"(?:" + "|".join(_DAYS).encode() + rb")"
# Section 5.6.7: the form that is sent, and the two obsolete ones that a recipient must read all the same.
_FORMS = (
    re.compile(_DAY + rb", (?P<day>\d\d) " + _MONTH + rb" (?P<year>\d{4}) " + _TIME + rb" GMT"),
    re.compile(
        rb"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?P<day>\d\d)-"
        + _MONTH
        + rb"-(?P<year>\d\d) "
        + _TIME
        + rb" GMT"
    ),
    re.compile(_DAY + rb" " + _MONTH + rb" (?P<day>[ \d]\d) " + _TIME + rb" (?P<year>\d{4})"),
)


class Conditions(NamedTuple):
    """The fields of a request that state conditions, None where there is none; several of a name are joined by
    commas (section 5.3)."""

    match: bytes | None = None
    none_match: bytes | None = None
    modified_since: bytes | None = None
    unmodified_since: bytes | None = None

    def status(self, tag: bytes, modified: int) -> int:
        """OK, NOT_MODIFIED or PRECONDITION_FAILED for GET and HEAD, in the order of section 13.2.2, where the selected
        representation has this strong entity tag and was modified at this second since the epoch."""
        if self.match is not None:
            if not matches(self.match, tag, weakly=False):
                return PRECONDITION_FAILED
        elif self.unmodified_since is not None:
            since = seconds(self.unmodified_since)
            if since is not None and modified > since:
                return PRECONDITION_FAILED
        if self.none_match is not None:
            # Section 13.1.3: a date is ignored where there is a tag, for the tag tells more.
            return NOT_MODIFIED if matches(self.none_match, tag, weakly=True) else OK
        if self.modified_since is not None:
            since = seconds(self.modified_since)
            if since is not None and modified <= since:
                return NOT_MODIFIED
        return OK


def matches(listed: bytes, tag: bytes, *, weakly: bool) -> bool:
    """Whether a list of entity tags, or "*", has this strong one (sections 13.1.1, 13.1.2; comparison: 8.8.3.2).

    A value that is no list of tags matches nothing: to send what the client has is safe, to say that it has it is not.
    """
    if listed == tag:
        return True
    if listed.strip(b" \t") == b"*":
        return True
    if tag not in listed or not _TAGS.fullmatch(listed):
        return False
    return any(found[2] == tag and (weakly or not found[1]) for found in _EACH.finditer(listed))


def seconds(date: bytes) -> int | None:
    """The seconds since the epoch of an HTTP date (section 5.6.7), None where it is none."""
    found = next((match for form in _FORMS if (match := form.fullmatch(date))), None)
    if not found:
        return None
    year = int(found["year"])
    if len(found["year"]) == 2:
        year = _full_year(year)
    month = _MONTHS.index(found["month"].decode()) + 1
    clock = int(found["hour"]), int(found["minute"]), min(int(found["second"]), 59)
    try:
        moment = datetime(year, month, int(found["day"]), *clock)  # noqa: DTZ001, HTTP dates are all in UTC
    except ValueError:
        return None
    # A leap second is the last one of its minute: no clock of ours knows it.
    return timegm(moment.timetuple())


@lru_cache(maxsize=1_024)
def date(moment: int) -> bytes:
    """An HTTP date; not by strftime, which follows the locale that feedgen changes."""
    at = gmtime(moment)
    day = f"{_DAYS[at.tm_wday]}, {at.tm_mday:02} {_MONTHS[at.tm_mon - 1]} {at.tm_year:04}"
    return f"{day} {at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT".encode()


def _full_year(year: int) -> int:
    """Section 5.6.7: what would be more than 50 years ahead is the past year of the same digits."""
    this = gmtime().tm_year
    full = this - this % 100 + year
    return full - 100 if full > this + 50 else full
