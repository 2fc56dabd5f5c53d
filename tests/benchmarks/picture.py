"""The picture of growth as SVG: a small panel for each thing measured, time over the size of the log, both logarithmic.

`python -m tests.benchmarks.picture JSON SVG` draws it again from what was measured before.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import chain
from math import ceil, floor, log10
from pathlib import Path
from typing import Any, NamedTuple

# A panel's plot, the room around it, and the panels in a line, in pixels.
_WIDTH, _HEIGHT = 220, 130
_LEFT, _ABOVE, _RIGHT, _BELOW = 58, 46, 22, 34
_IN_A_LINE = 3
_FOOT = 30

_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.name { font-weight: 600; font-size: 13px }
.small { font-size: 11px; fill: #57606a }
.end { text-anchor: end }
.middle { text-anchor: middle }
.ground { fill: #ffffff }
.grid { stroke: #d8dee4; stroke-width: 1 }
.wall { fill: none; stroke: #0969da; stroke-width: 2 }
.cpu { fill: none; stroke: #bc4c00; stroke-width: 2; stroke-dasharray: 5 3 }
circle.wall { fill: #0969da }
circle.cpu { fill: #bc4c00 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.small { fill: #9da7b1 }
.ground { fill: #0d1117 }
.grid { stroke: #30363d }
.wall { stroke: #58a6ff }
.cpu { stroke: #f0883e }
circle.wall { fill: #58a6ff }
circle.cpu { fill: #f0883e }
}
"""


class Point(NamedTuple):
    """Events in the log, and what one event or one action took: microseconds where there are many in a second."""

    events: int
    wall: float
    cpu: float


class Scale(NamedTuple):
    """Powers of ten from the lowest to the highest, over so many pixels."""

    lowest: int
    highest: int
    pixels: int

    def place(self, value: float) -> float:
        return (log10(value) - self.lowest) / (self.highest - self.lowest) * self.pixels

    def powers(self) -> range:
        return range(self.lowest, self.highest + 1)


def draw(rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows of the benchmark "growth", those of one name in one panel, in the order in which they first come."""
    panels: dict[tuple[str, str], list[Point]] = {}
    for row in rows:
        if row["benchmark"] == "growth":
            many = row["unit"] == "events/s"
            point = Point(row["events"], 1e6 / row["figure"] if many else row["figure"], row["cpu"])
            panels.setdefault((row["what"], "µs an event" if many else "ms"), []).append(point)
    wide, high = _LEFT + _WIDTH + _RIGHT, _ABOVE + _HEIGHT + _BELOW
    width, height = wide * _IN_A_LINE, high * ceil(len(panels) / _IN_A_LINE) + _FOOT
    x = _across(chain.from_iterable(panels.values()))
    drawn = [
        f'<g transform="translate({number % _IN_A_LINE * wide + _LEFT} {number // _IN_A_LINE * high + _ABOVE})">'
        + _panel(name, unit, points, x)
        + "</g>"
        for number, ((name, unit), points) in enumerate(panels.items())
    ]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img"><title>Time over the number of events in the log</title><style>{_STYLE}</style>'
        f'<rect class="ground" width="{width}" height="{height}"/>'
    )
    return "\n".join([head, *drawn, _legend(height), "</svg>\n"])


def _across(points: Iterable[Point]) -> Scale:
    sizes = [point.events for point in points]
    if not sizes:
        raise SystemExit("there is nothing to draw: measure growth")
    lowest = floor(log10(min(sizes)))
    return Scale(lowest, max(ceil(log10(max(sizes))), lowest + 1), _WIDTH)


def _panel(name: str, unit: str, points: Sequence[Point], x: Scale) -> str:
    times = [time for point in points for time in (point.wall, point.cpu)]
    # Two decades at least, so that a figure's noise does not look like a slope.
    lowest = floor(log10(min(times)))
    y = Scale(lowest, max(ceil(log10(max(times))), lowest + 2), _HEIGHT)
    parts = [f'<text class="name" y="-24">{escape(name)}</text>', f'<text class="small" y="-8">{unit}</text>']
    for power in y.powers():
        at = _HEIGHT - y.place(10**power)
        parts.append(f'<path class="grid" d="M0 {at:.1f}H{_WIDTH}"/>')
        parts.append(f'<text class="small end" x="-7" y="{at + 4:.1f}">{_plain(power)}</text>')
    for power in x.powers():
        at = x.place(10**power)
        parts.append(f'<path class="grid" d="M{at:.1f} 0V{_HEIGHT}"/>')
        parts.append(f'<text class="small middle" x="{at:.1f}" y="{_HEIGHT + 17}">{_plain(power)}</text>')
    for kind in ("cpu", "wall"):
        places = [(x.place(point.events), _HEIGHT - y.place(getattr(point, kind))) for point in points]
        line = "L".join(f"{across:.1f} {down:.1f}" for across, down in places)
        parts.append(f'<path class="{kind}" d="M{line}"/>')
        parts += [f'<circle class="{kind}" cx="{across:.1f}" cy="{down:.1f}" r="3"/>' for across, down in places]
    return "".join(parts)


def _plain(power: int) -> str:
    """A power of ten, short: 0.1, 10, 1k, 1M."""
    for letter, least in (("M", 6), ("k", 3)):
        if power >= least:
            return f"{10 ** (power - least)}{letter}"
    return f"{10.0**power:g}"


def _legend(height: int) -> str:
    y = height - _FOOT // 2
    return (
        f'<path class="wall" d="M{_LEFT} {y}h26"/><text x="{_LEFT + 33}" y="{y + 4}">on the clock</text>'
        f'<path class="cpu" d="M{_LEFT + 130} {y}h26"/><text x="{_LEFT + 163}" y="{y + 4}">of CPU</text>'
        f'<text class="small" x="{_LEFT + 240}" y="{y + 4}">over the number of events in the log</text>'
    )


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    target.write_text(draw(json.loads(source.read_text())["rows"]))
