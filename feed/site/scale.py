"""The scale of a story's picture: which span of time it shows, and the three places in it that are named.

Moments are seconds since 1970 in UTC. Places are in percent of the picture's width.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from math import ceil
from typing import Literal, NamedTuple

from msgspec import Struct

from feed import dates
from feed.dates import Point, Precision, to_datetime
from feed.site.voice import Voice

Anchor = Literal["start", "middle", "end"]

# Room at either side for half a shape, in percent.
EDGE = 3.0
DAY = 86_400.0

_HOUR = 3_600.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What is earlier or later is drawn at the edge: so far from the ends of the calendar there is room to round.
_EARLIEST = datetime(2, 1, 1, tzinfo=UTC).timestamp()
_LATEST = datetime(9998, 1, 1, tzinfo=UTC).timestamp()
# How far the axis goes before the first and after the last publication, in spans between those two.
_REACH = 1.5
_UNITS = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=10))
_FEWEST_UNITS = 4
# Of fewer units than these the number is even, so that the middle one begins near the middle of the picture.
_MANY_UNITS = 10
# The baselines of the head's two lines of text, and how far below its text a line of the grid begins, in pixels.
_LINES = (11, 25)
_BELOW = 5
_ANCHORS: tuple[Anchor, ...] = ("start", "middle", "end")


class Period(NamedTuple):
    """All that a date can mean; None where an end is open or unknown. A vague one is uncertain or approximate."""

    start: float | None
    end: float | None
    vague: bool


class Axis(Struct, frozen=True, kw_only=True):
    """About from the first of `ticks` to the third, which are in the site's time zone and each begin a `unit`."""

    begin: float
    end: float
    ticks: tuple[datetime, datetime, datetime]
    unit: timedelta

    @property
    def in_days(self) -> bool:
        return self.unit == _UNITS[0]

    def place(self, moment: float) -> float:
        """Where a moment stands; at the edge, if it is outside."""
        share = (moment - self.begin) / (self.end - self.begin)
        return EDGE + (100 - 2 * EDGE) * min(max(share, 0.0), 1.0)


class Tick(Struct, frozen=True, kw_only=True):
    """A line of the grid, downward from `y` pixels."""

    place: str
    y: int


class Label(Struct, frozen=True, kw_only=True):
    """A text in the head of the picture, on the baseline `y`."""

    place: str
    y: int
    anchor: Anchor
    text: str


def percent(place: float) -> str:
    return f"{place:.4g}%"


# The scale needs every period, and so does its row again: half of the time for both goes into reading dates.
@lru_cache(maxsize=1024)
def period(edtf: str, published: float) -> Period:
    """What a date means for an update: of the day on which it was published, only what was past by then.

    Raises `Invalid` as `dates.occurred` does.
    """
    when = dates.occurred("occurred", edtf)
    start, end = (None if bound is None else to_datetime(bound).timestamp() for bound in dates.bounds(when))
    points = [point for point in (when.start, when.end) if isinstance(point, Point)]
    to_the_second = points[-1].precision is Precision.SECOND
    if end is not None and not to_the_second and 0 < end - published < DAY and (start is None or start < published):
        end = published
    return Period(start=start, end=end, vague=any(point.qualifier for point in points))


def axis(moments: Sequence[tuple[float, Period | None]], timezone: tzinfo) -> Axis:
    """The axis for updates, at least one, of which each was published at a moment and happened in a period.

    It holds every publication, and of the periods what is no further off than one and a half spans.
    """
    begin, end = _extent(moments)
    unit = next((unit for unit in _UNITS if end - begin >= _FEWEST_UNITS * unit.total_seconds()), _UNITS[-1])
    first = _begun(_local(begin, timezone), unit)
    # Of two moments in one zone this is what clocks show, so that days of 23 and 25 hours count as days.
    count = ceil((_local(end, timezone) - first) / unit)
    if count < _MANY_UNITS:
        count += count % 2
    ticks = [(first + number * unit).timestamp() for number in (0, count // 2, count)]
    # Where clocks are put back, the last one can come before the end.
    return Axis(
        begin=ticks[0],
        end=max(end, ticks[2]),
        ticks=(_local(ticks[0], timezone), _local(ticks[1], timezone), _local(ticks[2], timezone)),
        unit=unit,
    )


def labels(axis: Axis, voice: Voice) -> tuple[Label, ...]:
    """Days, the middle one below the others so that long names have room; or times of day, with days below."""
    days = [voice.occurred(moment.isoformat()[:10]) for moment in axis.ticks]
    if axis.in_days:
        named = [(0, 0, days[0]), (1, 1, days[1]), (2, 0, days[2])]
    else:
        named = [(which, 0, f"{moment:%H:%M}") for which, moment in enumerate(axis.ticks)]
        named += [(which, 1, days[which]) for which in (0, 2) if which == 0 or days[0] != days[2]]
    return tuple(_label(axis, which, _LINES[line], text) for which, line, text in named)


def ticks(labels: Sequence[Label]) -> tuple[Tick, ...]:
    """A line of the grid below each place that has labels."""
    lowest: dict[str, int] = {}
    for label in labels:
        lowest[label.place] = max(label.y, lowest.get(label.place, 0))
    return tuple(Tick(place=place, y=y + _BELOW) for place, y in lowest.items())


def _label(axis: Axis, which: int, y: int, text: str) -> Label:
    place = percent(axis.place(axis.ticks[which].timestamp()))
    return Label(place=place, y=y, anchor=_ANCHORS[which], text=text)


def _extent(moments: Sequence[tuple[float, Period | None]]) -> tuple[float, float]:
    """From the first to the last of what must be seen, at least an hour."""
    published = [moment for moment, _ in moments]
    first, last = min(published), max(published)
    span = max(last - first, _HOUR) if len(published) > 1 else DAY
    ends = [end for _, when in moments if when for end in (when.start, when.end) if end is not None]
    near = [end for end in ends if first - _REACH * span <= end <= last + _REACH * span]
    begin, end = _possible(min([first, *near])), _possible(max([last, *near]))
    missing = max(_HOUR - (end - begin), 0) / 2
    return begin - missing, end + missing


def _possible(moment: float) -> float:
    return min(max(moment, _EARLIEST), _LATEST)


def _local(moment: float, timezone: tzinfo) -> datetime:
    return (_EPOCH + timedelta(seconds=moment)).astimezone(timezone)


def _begun(moment: datetime, unit: timedelta) -> datetime:
    """When the unit began that holds a moment, by the clock."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return day + (moment - day) // unit * unit
