"""A story's picture shows when updates happened against when they were published, on any screen and in any page."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import html5lib
import pytest
from entry_values import ENGLISH_VOICE, GERMAN_VOICE, line_text
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from msgspec.structs import replace

from feed.dates import from_datetime
from feed.errors import Invalid
from feed.languages import ENGLISH
from feed.site import prose
from feed.site.picture import Mark, picture, row
from feed.site.scale import period
from feed.site.slots import Moments, Slot
from feed.site.theme import Theme
from feed.site.voice import Voice

KINDS = ("update", "key", "corrected", "withdrawn")
FIRST = datetime(2023, 2, 3, 12, tzinfo=UTC)
ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati")


def at(**since):
    """The moment that long after the first publication."""
    return from_datetime(FIRST + timedelta(**since))


def mark(published_at=None, occurred=None, kind="update", title="Seen"):
    return Mark(title=title, kind=kind, published_at=published_at or at(), occurred=occurred)


def over_ten_days(*marks):
    """These updates, newest first, between one of 13 February and one of 3 February 2023."""
    return (mark(at(days=10)), *marks, mark())


def drawn(marks, voice=ENGLISH_VOICE, rows=None):
    """The figure as a strict browser reads it in a page."""
    frame = picture(marks, "The balloon", voice)
    inner = [row(one, place, frame) for place, one in enumerate(marks)] if rows is None else rows
    return figure(frame, inner)


def figure(frame, rows):
    slots = [
        Slot(key=str(place), since=at(), html=html, earlier=((at(), "<title/>"),)) for place, html in enumerate(rows)
    ]
    markup = Theme(None).render("picture.html", picture=frame, rows=slots, moments=Moments(slots, at(), None))
    page = prose.legal(f"<!DOCTYPE html><title>x</title><p>Before.</p>{markup}<p>After.</p>")
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    assert [element.tag for element in tree.find("body")] == ["p", "figure", "p"]
    for element in tree.iter():
        element.tag = element.tag.removeprefix("{http://www.w3.org/2000/svg}")
    return tree.find("body/figure")


def parts(of, place=1, marks=None):
    """What is drawn for an update in a row over ten days, with its title left out."""
    marks = marks or over_ten_days(of)
    frame = picture(marks, "The balloon", ENGLISH_VOICE)
    group = figure(frame, [row(of, place, frame)]).find("svg/g[@data-slot]")
    assert group[0].tag == "title"
    return [element for element in group.iter() if element.tag not in ("g", "title")]


def shapes(elements):
    """Kinds by the elements that show them, with whether they are hollow or dashed."""
    looks = {"fill": " hollow", "stroke-dasharray": " dashed"}
    return [
        element.tag + "".join(word for name, word in looks.items() if element.get(name))
        for element in elements
        if element.get("class", "").startswith("feed-mark-")
    ]


def percents(element):
    return {name: float(value[:-1]) for name, value in element.attrib.items() if value.endswith("%")}


def day(number, hour=0):
    """Where an hour of a February day is, on a scale from the 3rd to the 14th."""
    return round(3 + 94 * (number - 3 + hour / 24) / 11, 2)


# What an update looks like


def test_what_happened_on_a_known_day_is_a_filled_shape_with_a_line_to_the_tick_of_its_publication():
    circle, lag, tick = sorted(parts(mark(at(days=4, hours=6), "2023-02-06")), key=lambda element: element.tag)
    assert shapes([circle]) == ["circle"]
    assert percents(circle)["cx"] == day(6, 12)
    assert percents(lag) == {"x1": day(6, 12), "x2": day(7, 18)}
    assert percents(tick) == {"x1": day(7, 18), "x2": day(7, 18)}


def test_of_the_day_of_publication_only_what_was_past_counts():
    assert percents(parts(mark(at(days=4), "2023-02-07"))[-1])["cx"] == day(7, 6)
    assert period("2023-02", 1_676_000_000.0).end > 1_676_000_000.0
    to_the_second = period("2023-02-07T08:00:00Z/2023-02-07T18:00:00Z", 1_675_767_600.0)
    assert to_the_second.end == 1_675_792_800.999999


def test_what_happened_at_an_unknown_time_is_a_hollow_shape_where_it_was_published():
    (circle,) = parts(mark(at(days=4)))
    assert shapes([circle]) == ["circle hollow"]
    assert percents(circle) == {"cx": day(7, 12)}


def test_what_happened_within_a_long_period_is_a_bar_over_all_that_its_date_can_mean():
    bar, shape = parts(mark(at(days=4), "[2023-02-04..2023-02-09]"))
    assert shapes([bar, shape]) == ["rect", "circle hollow"]
    assert percents(bar) == pytest.approx({"x": day(4), "width": day(10) - day(4)}, abs=0.02)
    assert percents(shape) == {"cx": day(7, 12)}


def test_a_line_joins_a_bar_to_a_publication_outside_it():
    bar, lag, _ = parts(mark(at(days=9), "2023-02-04/2023-02-07"))
    assert percents(lag) == pytest.approx({"x1": day(8), "x2": day(12, 12)}, abs=0.02)
    assert percents(bar)["x"] == day(4)


def test_several_days_are_a_bar_even_where_one_as_long_in_percent_is_a_point():
    marks = (mark(at(days=40)), mark(at(days=10), "2023-02-05/2023-02-07"), mark())
    assert shapes(parts(marks[1], marks=marks)) == ["rect", "circle hollow"]


def test_a_bar_that_goes_beyond_the_scale_goes_to_the_edge_of_the_picture():
    assert percents(parts(mark(at(days=4), "2023"))[0]) == {"x": 0, "width": 100}


@pytest.mark.parametrize(
    ("edtf", "dashes"),
    [
        ("/2023-02-06", {"x1": 0, "x2": day(7) - 4}),
        ("../2023-02-06", {"x1": 0, "x2": day(7) - 4}),
        ("2023-02-06/", {"x1": day(6) + 4, "x2": 100}),
        ("2023-02-06/..", {"x1": day(6) + 4, "x2": 100}),
    ],
)
def test_an_end_that_is_open_or_unknown_runs_out_in_dashes_to_the_edge_of_the_picture(edtf, dashes):
    elements = parts(mark(at(days=7), edtf))
    assert shapes(elements) == ["rect", "line dashed", "circle hollow"]
    assert percents(elements[1]) == pytest.approx(dashes, abs=0.02)


def test_uncertain_and_approximate_dates_have_dashed_outlines():
    for qualifier in "?~%":
        assert shapes(parts(mark(at(days=4), f"2023-02-06{qualifier}"))) == ["circle dashed"]
    assert shapes(parts(mark(at(days=9), "2023-02-04~/2023-02-07"))) == ["rect dashed", "circle hollow"]


def test_kinds_differ_by_shape_and_carry_a_class():
    seen = [parts(mark(at(days=4), "2023-02-06", kind)) for kind in KINDS[:3]]
    outlines = [elements[-1].get("d") for elements in seen]
    assert len(set(outlines)) == 3
    assert [elements[-1].get("class") for elements in seen] == [f"feed-mark-{kind}" for kind in KINDS[:3]]
    hollow = [parts(mark(at(days=4), None, kind))[-1].get("d") for kind in KINDS]
    assert hollow[:3] == outlines
    assert len(set(hollow)) == 4


def test_a_withdrawn_update_shows_only_where_it_was_published():
    assert [percents(one) for one in parts(mark(at(days=4), "2023-02-06", "withdrawn"))] == [{"x": day(7, 12)}, {}]


def test_a_shape_that_cannot_take_percents_is_moved_by_an_svg_around_it_that_does_not_clip():
    outer, inner = parts(mark(at(days=4), None, "key"))
    assert (outer.tag, outer.get("overflow"), inner.tag) == ("svg", "visible", "path")


def test_a_row_is_titled_and_small():
    frame = picture(over_ten_days(mark()), "x", ENGLISH_VOICE)
    markup = row(mark(at(days=4), "2023-02-06", title="A headline of about as many letters as they have"), 1, frame)
    assert isinstance(markup, Markup)
    assert markup.startswith("<title>A headline of about as many letters as they have</title>")
    assert len(markup) < 350


# The scale


def test_the_scale_goes_from_the_first_day_to_the_end_of_the_last():
    labels = drawn(over_ten_days()).iterfind(".//text")
    assert [(text.get("text-anchor"), text.get("x"), text.get("y"), "".join(text.itertext())) for text in labels] == [
        ("start", "3%", "11", "3 February 2023"),
        ("middle", f"{day(8):g}%", "25", "8 February 2023"),
        ("end", "97%", "11", "14 February 2023"),
    ]


def test_of_a_few_days_the_middle_one_is_named_in_the_middle():
    told = drawn([mark(at(days=4)), mark()]).iterfind(".//text")
    assert [(text.get("x"), "".join(text.itertext())) for text in told] == [
        ("3%", "3 February 2023"),
        ("50%", "6 February 2023"),
        ("97%", "9 February 2023"),
    ]


def test_what_is_outside_the_scale_has_its_place_at_the_edge():
    axis = picture(over_ten_days(), "x", ENGLISH_VOICE).axis
    assert (axis.place(axis.begin - 1), axis.place(axis.end + 1)) == (3, 97)


def test_days_are_those_of_the_sites_zone_in_the_words_of_the_language():
    late = mark(from_datetime(datetime(2023, 2, 2, 23, 30, tzinfo=UTC)))
    texts = ["".join(text.itertext()) for text in drawn([mark(at(days=10)), late], GERMAN_VOICE).iterfind(".//text")]
    assert texts == ["3. Februar 2023", "8. Februar 2023", "14. Februar 2023"]


def test_of_a_few_hours_the_times_are_named_and_the_day_once():
    told = drawn([mark(at(hours=2)), mark(at(minutes=5))], GERMAN_VOICE).iterfind(".//text")
    texts = [(text.get("x"), "".join(text.itertext())) for text in told]
    assert texts == [("3%", "13:00"), ("50%", "14:00"), ("97%", "15:00"), ("3%", "3. Februar 2023")]


def test_over_midnight_both_days_are_named():
    told = drawn([mark(at(hours=20)), mark()]).iterfind(".//text")
    assert ["".join(text.itertext()) for text in told][3:] == ["3 February 2023", "4 February 2023"]


def test_every_label_has_a_line_of_the_grid_below_it():
    tree = drawn([mark(at(hours=2)), mark(at(minutes=5))])
    lines = {line.get("x1"): float(line.get("y1")) for line in tree.iterfind("svg/g[@class='feed-axis']/line")}
    assert len(lines) == 3
    assert all(lines[text.get("x")] > float(text.get("y")) for text in tree.iterfind(".//text"))


def test_text_runs_as_its_language_does_but_time_from_left_to_right():
    tree = drawn([mark()], Voice(words=ENGLISH, locale="ar", timezone=UTC))
    assert tree.find("svg").get("direction") == "ltr"
    assert {span.get("unicode-bidi") for span in tree.iterfind(".//text/tspan")} == {"plaintext"}


def test_one_update_of_decades_ago_does_not_squeeze_the_others():
    old = mark(at(days=4), "1998-05")
    marks = over_ten_days(old)
    assert picture(marks, "x", ENGLISH_VOICE).axis == picture(over_ten_days(), "x", ENGLISH_VOICE).axis
    outer, arrow, lag, _ = parts(old, marks=marks)
    assert percents(outer) == {"x": 0}
    assert shapes([arrow]) == ["path hollow"]
    assert percents(lag)["x1"] == 3


def test_what_is_far_off_in_the_future_is_an_arrow_at_the_right():
    outer, _, lag, _ = parts(mark(at(days=4), "2031"))
    assert percents(outer) == {"x": 100}
    assert percents(lag) == {"x1": 97, "x2": day(7, 12)}


def test_an_update_of_one_and_a_half_spans_before_is_on_the_scale():
    near, far = (picture(over_ten_days(mark(at(days=4), edtf)), "x", ENGLISH_VOICE) for edtf in ("2023-01-20", "2023"))
    assert near.axis.ticks[0] == datetime(2023, 1, 20, tzinfo=UTC)
    assert far.axis.ticks[0] == datetime(2023, 2, 3, tzinfo=UTC)


def test_the_day_of_the_first_hour_does_not_squeeze_that_hour():
    frame = picture([mark(at(minutes=40), "2023-02-03"), mark()], "x", ENGLISH_VOICE)
    assert frame.axis.end - frame.axis.begin == 3_600


def test_a_single_update_is_shown_with_its_day():
    assert picture([mark(occurred="2023-02-03")], "x", ENGLISH_VOICE).axis.ticks[0] == FIRST - timedelta(hours=12)


def test_updates_within_a_minute_are_shown_with_what_happened_shortly_before():
    marks = [mark(at(minutes=1)), mark(occurred="2023-02-03T11:00:00Z")]
    assert picture(marks, "x", ENGLISH_VOICE).axis.ticks[0] == FIRST - timedelta(hours=1)


def test_what_an_update_was_earlier_is_drawn_on_the_same_scale():
    now = mark(at(days=4), "2023-02-05", "corrected")
    frame = picture(over_ten_days(now), "x", ENGLISH_VOICE)
    earlier = row(replace(now, kind="update", occurred="2023-02-06"), 1, frame)
    (circle,) = figure(frame, [earlier]).iterfind("svg/g[@data-slot]/circle")
    assert percents(circle) == {"cx": day(6, 12)}
    assert circle.get("cy") == str(frame.top + 27)
    off = figure(frame, [row(replace(now, occurred="2023-02-02"), 1, frame)]).find("svg/g[@data-slot]/svg")
    assert percents(off) == {"x": 0}


@pytest.mark.parametrize(
    ("count", "height", "size"),
    [(1, 18, 4), (40, 18, 4), (51, 14, 4), (60, 12, 3), (80, 9, 3), (90, 8, 2), (200, 6, 2)],
)
def test_rows_are_lower_where_there_are_many(count, height, size):
    frame = picture([mark()] * count, "x", ENGLISH_VOICE)
    assert (frame.row_height, frame.size) == (height, size)
    assert frame.top >= max(tick.y for tick in frame.ticks)
    assert frame.height == frame.top + count * height + 2


def test_where_clocks_are_put_back_every_publication_stays_on_the_scale():
    first, last = datetime(2023, 10, 29, 0, 5, tzinfo=UTC), datetime(2023, 10, 29, 1, 40, tzinfo=UTC)
    axis = picture([mark(from_datetime(moment)) for moment in (last, first)], "x", GERMAN_VOICE).axis
    assert axis.begin <= first.timestamp() < last.timestamp() <= axis.end


def test_the_ends_of_the_calendar_can_be_drawn():
    for moment in ("0001-01-01T00:00:00", "9999-12-31T23:59:59"):
        published = mark(f"{moment}.000000Z", moment[:10])
        assert len(drawn([published], GERMAN_VOICE).findall(".//text")) >= 3


def test_an_occurred_that_is_none_is_refused():
    with pytest.raises(Invalid, match="occurred"):
        picture([mark(occurred="yesterday")], "x", ENGLISH_VOICE)


# In words


def test_the_picture_is_described_in_words():
    marks = [mark(at(days=1), kind=kind) for kind in (*KINDS, "key")] + [mark()]
    svg = drawn(marks).find("svg")
    assert svg.get("role") == "img"
    described = {element.get("id"): element.text for element in svg if element.get("id")}
    assert svg.get("aria-labelledby").split() == list(described)
    assert list(described.values()) == [
        "The balloon: When it happened and when it was published",
        "Updates published from 3 February 2023, 12:00 UTC to 4 February 2023, 12:00 UTC: 6, "
        "key updates: 2, corrected: 1, withdrawn: 1",
    ]


def test_the_legend_explains_every_mark_that_can_be_drawn():
    items = drawn([mark()]).findall("figcaption/ul/li")
    assert ["".join(item.itertext()).strip() for item in items] == [
        "happened",
        "published",
        "published; exact time unknown",
        "happened within this period",
        "beginning or end unknown",
        "date uncertain or approximate",
        "Key update",
        "Corrected",
        "Withdrawn",
    ]
    assert all(item.find("svg").get("aria-hidden") == "true" for item in items)
    classes = {element.get("class") for item in items for element in item.iter()}
    assert {f"feed-mark-{kind}" for kind in KINDS} <= classes


def test_each_row_has_its_slot_and_may_be_empty():
    groups = drawn([mark(at(hours=1)), mark()], rows=[Markup(), Markup("<title>x</title>")]).findall("svg/g")[1:]
    assert [(group.get("data-slot"), group.get("hidden"), len(group)) for group in groups] == [
        ("0", "", 0),
        ("1", None, 1),
    ]


# Whatever the updates are


def dated(moment):
    """All sorts of dates about a moment, and some far from it."""
    first, last = (f"{moment + timedelta(days=days):%Y-%m-%d}" for days in (-2, 1))
    written = [first, last, first[:7], first[:4], f"{first}T10:00:00Z", "1066", "2900-01", f"[{first}..{last}]"]
    intervals = [f"{first}/{last}", f"/{last}", f"{last}/", f"../{first}", f"{first}/..", f"1066/{last}", "1066/1067"]
    return st.sampled_from([*(point + end for point in written[:5] for end in ("", "?")), *written[5:], *intervals])


@st.composite
def some_marks(draw):
    lengths = st.integers(0, 3_600) | st.integers(0, 10**6) | st.integers(0, 10**9)
    moment = datetime(2023, 3, 26, tzinfo=UTC) + timedelta(seconds=draw(lengths))
    marks = []
    for _ in range(draw(st.integers(1, 6))):
        moment -= timedelta(seconds=draw(lengths))
        occurred = draw(st.none() | dated(moment))
        marks.append(mark(from_datetime(moment), occurred, draw(st.sampled_from(KINDS)), draw(line_text)))
    return marks


@given(marks=some_marks(), zone=st.sampled_from(ZONES))
def test_everything_is_inside_the_picture_and_later_is_never_left_of_earlier(marks, zone):
    voice = replace(ENGLISH_VOICE, timezone=ZoneInfo(zone))
    frame, tree = picture(marks, "x", voice), drawn(marks, voice)
    for element in tree.find("svg").iter():
        places = percents(element)
        assert all(0 <= place <= 100 for place in places.values())
        assert places.get("x", 0) + (places["width"] if element.tag == "rect" else 0) <= 100.02
        assert all(0 <= float(element.get(name, 0)) <= frame.height for name in ("y", "y1", "y2", "cy"))
    places = [frame.axis.place(datetime.fromisoformat(one.published_at).timestamp()) for one in marks]
    assert all(3 <= earlier <= later <= 97 for later, earlier in pairwise([*places, 3]))
    assert {tick.place for tick in frame.ticks} == {label.place for label in frame.labels}


@given(marks=some_marks(), headline=line_text)
def test_hostile_text_is_text_and_nothing_is_styled_inline_or_loaded(marks, headline):
    frame = picture(marks, headline, ENGLISH_VOICE)
    tree = figure(frame, [row(one, place, frame) for place, one in enumerate(marks)])
    assert tree.findtext("svg/title") == prose.legal(f"{headline}: When it happened and when it was published")
    assert [title.text for title in tree.iterfind("svg/g/title")] == [prose.legal(one.title) for one in marks]
    names = {(element.tag, name) for element in tree.iter() for name in element.attrib}
    assert {tag for tag, _ in names} <= {"figure", "svg", "title", "desc", "g", "line", "rect", "circle", "path"} | {
        "text",
        "tspan",
        "ul",
    }
    assert not [name for _, name in names if re.match("on|style|href|src|filter|mask", name)]
    fills = {element.get(name) for element in tree.iter() for name in ("fill", "stroke")}
    assert fills <= {None, "none", "currentColor"}


@given(days=st.floats(0, 400), data=st.data())
def test_a_period_begins_before_it_ends(days, data):
    moment = FIRST + timedelta(days=days)
    edtf = data.draw(dated(moment))
    when = period(edtf, moment.timestamp())
    assert when.start is None or when.end is None or when.start <= when.end
    assert when.vague == edtf.endswith("?")
