"""The picture of a story, a timeline in SVG: when it happened against when it was published.

A row for each update. A filled shape stands where an update happened, if that is known nearly enough; else a bar
spans all that its date can mean (`feed.dates.bounds`), and the shape stands hollow where it was published. It needs
no stylesheet: colour is the text's own, kinds differ by shape. Places are in percent of the width and heights in
pixels, so that text has one size on every screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from markupsafe import Markup, escape
from msgspec import Struct

from feed.dates import Instant, to_datetime
from feed.site.scale import DAY, EDGE, Axis, Label, Period, Tick, axis, labels, percent, period, ticks
from feed.site.voice import Voice
from feed.words import Words

Kind = Literal["update", "key", "corrected", "withdrawn"]

_ROW = 18
_LOWEST_ROW = 6
_ROWS_AT_FULL_HEIGHT = 40
_POINTED_AT = 12
_HEAD = 32
_FOOT = 2
# Half a shape's width in rows at least so high, all in pixels.
_SIZES = ((14, 4), (9, 3), (0, 2))
# A period is drawn as a point up to this share of the axis, and one of a day or less up to the second share.
_POINT_SHARE = 0.03
_DAY_SHARE = 0.12
# How much of a bar that runs out is drawn solid at its known end, and how long any bar is at least, in percent.
_STUB = 4.0
_SHORTEST_BAR = 1.0

_VAGUE = ' fill-opacity=".2" stroke-dasharray="2 1.5"'
_PLAIN_BAR = ' fill-opacity=".4" stroke="none"'
_HOLLOW = ' fill="none"'


class Mark(Struct, frozen=True, kw_only=True):
    """An update as it is told at some moment; `occurred` is EDTF. A withdrawn one has its neutral title."""

    title: str
    kind: Kind
    published_at: Instant
    occurred: str | None


class Symbol(Struct, frozen=True, kw_only=True):
    """A line of the legend: the inside of an SVG of 20 by 14 pixels, and what it means."""

    html: Markup
    meaning: str


class Picture(Struct, frozen=True, kw_only=True):
    """What the rows share. In pixels: `height`, the `top` of the first row, and half a shape's width, its `size`."""

    title: str
    description: str
    height: int
    top: int
    row_height: int
    size: int
    axis: Axis
    ticks: tuple[Tick, ...]
    labels: tuple[Label, ...]
    legend: tuple[Symbol, ...]


def picture(marks: Sequence[Mark], headline: str, voice: Voice) -> Picture:
    """The frame for these updates, newest first: at least one, and no more than 200 to be readable.

    Raises `Invalid` for an `occurred` that is none.
    """
    published = [_seconds(mark.published_at) for mark in marks]
    scale = axis([(at, _period(mark, at)) for mark, at in zip(marks, published, strict=True)], voice.timezone)
    named = labels(scale, voice)
    row_height = min(_ROW, max(_LOWEST_ROW, _ROW * _ROWS_AT_FULL_HEIGHT // len(marks)))
    return Picture(
        title=voice.words.with_label(headline, voice.words.picture_title),
        description=_description(marks, voice),
        height=_HEAD + row_height * len(marks) + _FOOT,
        top=_HEAD,
        row_height=row_height,
        size=next(size for height, size in _SIZES if row_height >= height),
        axis=scale,
        ticks=ticks(named),
        labels=named,
        legend=_legend(voice.words),
    )


def row(mark: Mark, place: int, picture: Picture) -> Markup:
    """The inside of a `<g>` for an update, or for what it was earlier; `place` counts the rows from the top."""
    y = picture.top + place * picture.row_height + picture.row_height // 2
    # A row that is too low to be pointed at needs no name.
    title = f"<title>{escape(mark.title)}</title>" if picture.row_height >= _POINTED_AT else ""
    published = _seconds(mark.published_at)
    drawn = _drawn(mark, published, y, picture)
    return Markup(title + drawn)  # noqa: S704 - the title is escaped, and the rest are numbers


def _seconds(instant: Instant) -> float:
    return to_datetime(instant).timestamp()


def _period(mark: Mark, published: float) -> Period | None:
    """When it happened; a withdrawn update says nothing of that any more."""
    return None if mark.occurred is None or mark.kind == "withdrawn" else period(mark.occurred, published)


def _description(marks: Sequence[Mark], voice: Voice) -> str:
    published = [mark.published_at for mark in marks]
    kinds = [mark.kind for mark in marks]
    return voice.words.picture_description.format(
        start=voice.time(min(published)),
        end=voice.time(max(published)),
        updates=len(marks),
        key=kinds.count("key"),
        corrected=kinds.count("corrected"),
        withdrawn=kinds.count("withdrawn"),
    )


def _drawn(mark: Mark, published: float, y: int, picture: Picture) -> str:
    when, scale = _period(mark, published), picture.axis
    place = scale.place(published)
    if when is None:
        return _shape(mark.kind, place, y, picture.size, _HOLLOW)
    look = _VAGUE if when.vague else ""
    point = _point(when, scale)
    if point is not None:
        at = scale.place(point)
        tick = _tick(place, y, picture.size + 2)
        return _lag(at, place, y) + tick + _shape(mark.kind, at, y, picture.size, look)
    bar, near = _bar(mark.kind, when, place, y, picture)
    return bar + _lag(near, place, y) + _shape(mark.kind, place, y, picture.size, _HOLLOW)


def _point(when: Period, scale: Axis) -> float | None:
    """Where to draw a period that is short enough: in its middle."""
    if when.start is None or when.end is None:
        return None
    length = when.end - when.start
    if length > (scale.end - scale.begin) * (_DAY_SHARE if length <= DAY else _POINT_SHARE):
        return None
    middle = (when.start + when.end) / 2
    return middle if scale.begin <= middle <= scale.end else None


def _bar(kind: Kind, when: Period, published: float, y: int, picture: Picture) -> tuple[str, float]:
    """A period as a bar, dashed where it runs out, or an arrow to where it lies, and its place nearest to another."""
    scale = picture.axis
    if when.end is not None and when.end < scale.begin:
        return _arrow(kind, 0, y, picture.size), EDGE
    if when.start is not None and when.start > scale.end:
        return _arrow(kind, 100, y, -picture.size), 100 - EDGE
    left, right = _edges(when, scale)
    look = _VAGUE if when.vague else _PLAIN_BAR
    half = picture.size - 1
    bar = (
        f'<rect class="feed-mark-{kind}" x="{percent(left)}" y="{y - half}" width="{percent(right - left)}" '
        f'height="{2 * half}"{look}/>'
    )
    if when.start is None:
        return bar + _runs_out(kind, 0, left, y), min(right, published)
    if when.end is None:
        return bar + _runs_out(kind, right, 100, y), max(left, published)
    return bar, min(max(published, left), right)


def _edges(when: Period, scale: Axis) -> tuple[float, float]:
    """Where the solid part of a bar begins and ends: it goes to the picture's edge if it ends beyond the axis."""
    left = 0 if when.start is None else _to_edge(when.start, scale)
    right = 100 if when.end is None else _to_edge(when.end, scale)
    if when.start is None:
        return max(right - _STUB, 0), right
    if when.end is None:
        return left, min(left + _STUB, 100)
    return left, max(right, left + _SHORTEST_BAR)


def _to_edge(moment: float, scale: Axis) -> float:
    if moment < scale.begin:
        return 0
    return 100 if moment > scale.end else scale.place(moment)


def _shape(kind: Kind, place: float, y: int, size: int, look: str) -> str:
    if kind == "update":
        return f'<circle class="feed-mark-update" cx="{percent(place)}" cy="{y}" r="{size}"{look}/>'
    return _path(kind, place, y, _outline(kind, size), look)


def _outline(kind: Kind, size: int) -> str:
    """A diamond, a triangle or a cross around 0, 0."""
    more = size + 1
    match kind:
        case "key":
            return f"M0-{more}L{more} 0 0 {more}-{more} 0z"
        case "corrected":
            return f"M0-{more}L{more} {size}H-{more}z"
        case _:
            return f"M-{size}-{size}L{size} {size}M{size}-{size}L-{size} {size}"


def _path(kind: Kind, place: float, y: int, outline: str, look: str) -> str:
    """Paths have no coordinates in percent: an SVG of its own moves them."""
    return (
        f'<svg x="{percent(place)}" y="{y}" overflow="visible">'
        f'<path class="feed-mark-{kind}" d="{outline}"{look}/></svg>'
    )


def _arrow(kind: Kind, place: float, y: int, size: int) -> str:
    """At the left edge to the left; at the right edge, with a negative size, to the right."""
    return _path(kind, place, y, f"M{2 * size} {-size}L{size // 2} 0 {2 * size} {size}", _HOLLOW)


def _tick(place: float, y: int, half: int) -> str:
    x = percent(place)
    return f'<line x1="{x}" y1="{y - half}" x2="{x}" y2="{y + half}"/>'


def _lag(one: float, other: float, y: int) -> str:
    if abs(one - other) < 0.5:
        return ""
    return f'<line class="feed-lag" x1="{percent(one)}" y1="{y}" x2="{percent(other)}" y2="{y}" stroke-opacity=".4"/>'


def _runs_out(kind: Kind, left: float, right: float, y: int) -> str:
    return (
        f'<line class="feed-mark-{kind}" x1="{percent(left)}" y1="{y}" x2="{percent(right)}" y2="{y}" '
        'stroke-dasharray="5 4" stroke-opacity=".6"/>'
    )


def _legend(words: Words) -> tuple[Symbol, ...]:
    symbols = (
        (_shape("update", 50, 7, 4, ""), words.picture_happened),
        (_tick(50, 7, 6), words.picture_published),
        (_shape("update", 50, 7, 4, _HOLLOW), words.picture_hollow),
        ('<rect x="5%" y="4" width="90%" height="6"' + _PLAIN_BAR + "/>", words.picture_period),
        (_runs_out("update", 0, 100, 7), words.picture_open),
        (_shape("update", 50, 7, 4, _VAGUE), words.picture_vague),
        (_shape("key", 50, 7, 4, ""), words.field("key")),
        (_shape("corrected", 50, 7, 4, ""), words.picture_corrected),
        (_shape("withdrawn", 50, 7, 4, ""), words.kind("withdrawal")),
    )
    return tuple(Symbol(html=Markup(html), meaning=meaning) for html, meaning in symbols)  # noqa: S704 - our own
