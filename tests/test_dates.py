"""Times in and out, and the EDTF subset: what is taken, what it covers, how it reads."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_date, get_timezone_name
from hypothesis import assume, given
from hypothesis import strategies as st

from feed import dates
from feed.dates import End, Kind, Point, Precision
from feed.errors import Invalid
from feed.languages import ENGLISH, GERMAN

with warnings.catch_warnings():
    # pyparsing warns of the grammar that edtf builds while it is imported.
    warnings.simplefilter("ignore")
    from edtf import parse_edtf

MOMENTS = st.datetimes(timezones=st.just(UTC))
OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
DAYS = st.dates().map(date.isoformat)
PLAIN = st.one_of(DAYS, DAYS.map(lambda day: day[:7]), DAYS.map(lambda day: day[:4]))
SECONDS = st.datetimes().map(lambda moment: f"{moment.replace(microsecond=0).isoformat()}Z")
QUALIFIERS = st.sampled_from(["", "?", "~", "%"])
POINTS = st.tuples(st.one_of(PLAIN, SECONDS), QUALIFIERS).map("".join)
BLANKS = st.sampled_from(["", ".."])


def ordered(first: str, last: str) -> tuple[str, str]:
    return (first, last) if first[:4] < last[:4] else (last, first)


@st.composite
def closed(draw: st.DrawFn, ends: st.SearchStrategy[str], template: str) -> str:
    """Two ends in the order of their years, which must differ, because a year is neither before nor after its days."""
    first, last = draw(ends), draw(ends)
    assume(first[:4] != last[:4])
    return template.format(*ordered(first, last))


EDTF = st.one_of(
    POINTS,
    closed(POINTS, "{}/{}"),
    closed(PLAIN, "[{}..{}]"),
    st.tuples(BLANKS, POINTS).map("/".join),
    st.tuples(POINTS, BLANKS).map("/".join),
)


def english(edtf: str, zone: tzinfo = UTC) -> str:
    return dates.describe(edtf, ENGLISH, "en", zone)


def german(edtf: str, zone: tzinfo = UTC) -> str:
    return dates.describe(edtf, GERMAN, "de", zone)


def refusal(check: Callable[[str, str], object], text: str) -> Invalid | None:
    try:
        check("occurred", text)
    except Invalid as refused:
        return refused
    return None


class TestInstant:
    @pytest.mark.parametrize(
        ("text", "stored"),
        [
            ("2023-02-03T12:00:00.000000Z", "2023-02-03T12:00:00.000000Z"),
            ("2023-02-03T12:00:00Z", "2023-02-03T12:00:00.000000Z"),
            ("2023-02-03t12:00:00z", "2023-02-03T12:00:00.000000Z"),
            ("2023-02-03t12:00:00.123456z", "2023-02-03T12:00:00.123456Z"),
            ("2023-02-03T12:00:00.5Z", "2023-02-03T12:00:00.500000Z"),
            ("2023-02-03T12:00:00.12345+01:00", "2023-02-03T11:00:00.123450Z"),
            ("2023-02-03T12:00:00.1+01:00", "2023-02-03T11:00:00.100000Z"),
            ("2023-02-03T12:00:00-00:00", "2023-02-03T12:00:00.000000Z"),
            ("2023-01-01T00:00:00+23:59", "2022-12-31T00:01:00.000000Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
            ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ],
    )
    def test_rfc3339_of_any_offset_is_stored_in_utc(self, text: str, stored: str) -> None:
        assert dates.instant("published_at", text) == stored

    @pytest.mark.parametrize(
        ("text", "advice"),
        [
            ("2023-02-03T12:00:00", "has no offset"),
            ("2023-02-03T12:00:00.5", "has no offset"),
            ("2023-02-03T12:00:00.1234567Z", "more than 6 decimals"),
            ("2016-12-31T23:59:60Z", "leap second"),
            ("2016-12-31T23:59:60.5+01:00", "leap second"),
            ("0000-01-01T00:00:00Z", "not in the calendar"),
            ("2023-02-30T00:00:00Z", "not in the calendar"),
            ("2023-13-01T00:00:00Z", "not in the calendar"),
            ("2023-02-30T00:00:00.000000Z", "not in the calendar"),
            ("0001-01-01T00:00:00+00:01", "not in the calendar"),
            ("9999-12-31T23:59:59-00:01", "not in the calendar"),
            ("2023-02-03 12:00:00Z", "no RFC 3339 time"),
            ("2023-02-03T24:00:00Z", "no RFC 3339 time"),
            ("2023-02-03T12:60:00Z", "no RFC 3339 time"),
            ("2023-02-03T12:00:00+24:00", "no RFC 3339 time"),
            ("2023-02-03T12:00:00+0100", "no RFC 3339 time"),
            ("2023-02-03T12:00Z", "no RFC 3339 time"),
            ("2023-02-03T12:00:00.Z", "no RFC 3339 time"),
            ("2023-02-03T12:00:00,5Z", "no RFC 3339 time"),
            ("20230203T120000Z", "no RFC 3339 time"),
            ("2023-02-03", "no RFC 3339 time"),
            ("٢٠٢٣-02-03T12:00:00Z", "no RFC 3339 time"),
            ("2023-02-03T12:00:00Z\n", "no RFC 3339 time"),
            (" 2023-02-03T12:00:00Z", "no RFC 3339 time"),
            ("", "no RFC 3339 time"),
        ],
    )
    def test_anything_else_is_refused_with_its_field_and_the_remedy(self, text: str, advice: str) -> None:
        with pytest.raises(Invalid, match=advice) as refused:
            dates.instant("published_at", text)
        assert refused.value.field == "published_at"

    @given(MOMENTS, OFFSETS)
    def test_a_moment_survives_writing_and_reading(self, moment: datetime, offset: tzinfo) -> None:
        stored = dates.from_datetime(moment)
        assert len(stored) == 27
        assert dates.to_datetime(stored) == moment
        assert dates.instant("f", stored) == stored
        assume(1 < moment.year < 9999)
        assert dates.instant("f", moment.astimezone(offset).isoformat()) == stored

    @given(MOMENTS, MOMENTS)
    def test_texts_are_ordered_as_the_moments_are(self, one: datetime, other: datetime) -> None:
        assert (dates.from_datetime(one) < dates.from_datetime(other)) == (one < other)

    @given(st.one_of(st.text(alphabet="0123456789-:.TtZz+ ", max_size=40), MOMENTS.map(str)))
    def test_whatever_is_accepted_is_the_moment_that_python_reads(self, text: str) -> None:
        if refused := refusal(dates.instant, text):
            assert refused.problem.startswith(repr(text))
        else:
            assert dates.to_datetime(dates.instant("f", text)) == datetime.fromisoformat(text.upper())

    @given(MOMENTS.filter(lambda moment: moment.year < 9999))
    def test_nothing_lies_between_an_instant_and_the_next(self, moment: datetime) -> None:
        following = dates.next_instant(dates.from_datetime(moment))
        assert dates.to_datetime(following) - moment == timedelta(microseconds=1)

    def test_the_last_instant_has_no_next(self) -> None:
        with pytest.raises(OverflowError):
            dates.next_instant("9999-12-31T23:59:59.999999Z")

    def test_a_naive_datetime_is_no_instant(self) -> None:
        with pytest.raises(ValueError, match="has no timezone"):
            dates.from_datetime(datetime(2023, 2, 3))  # noqa: DTZ001 - the naive one is the point


class TestOccurred:
    def test_a_single_one_has_the_same_start_and_end(self) -> None:
        point = Point(text="2023-02", qualifier="~")
        assert dates.occurred("f", "2023-02~") == dates.Occurred(kind=Kind.SINGLE, start=point, end=point)

    def test_unknown_and_open_ends_are_told_apart(self) -> None:
        assert dates.occurred("f", "/2023").start is End.UNKNOWN
        assert dates.occurred("f", "../2023").start is End.OPEN
        assert dates.occurred("f", "2023/").end is End.UNKNOWN
        assert dates.occurred("f", "2023/..").end is End.OPEN

    def test_an_interval_and_one_of_its_days_are_told_apart(self) -> None:
        interval, one_of = dates.occurred("f", "2023-02-04/2023-02-09"), dates.occurred("f", "[2023-02-04..2023-02-09]")
        assert (interval.kind, one_of.kind) == (Kind.INTERVAL, Kind.ONE_OF)
        assert (interval.start, interval.end) == (one_of.start, one_of.end)

    @pytest.mark.parametrize(
        ("text", "precision"),
        [
            ("2023", Precision.YEAR),
            ("2023-02", Precision.MONTH),
            ("2023-02-04", Precision.DAY),
            ("2022-03-24T19:11:00Z", Precision.SECOND),
        ],
    )
    def test_a_point_is_as_precise_as_it_is_written(self, text: str, precision: Precision) -> None:
        assert Point(text=text, qualifier="").precision is precision

    @pytest.mark.parametrize(
        ("edtf", "earliest", "latest"),
        [
            ("2023", "2023-01-01T00:00:00.000000Z", "2023-12-31T23:59:59.999999Z"),
            ("2024-02~", "2024-02-01T00:00:00.000000Z", "2024-02-29T23:59:59.999999Z"),
            ("1900-02", "1900-02-01T00:00:00.000000Z", "1900-02-28T23:59:59.999999Z"),
            ("2023-02-04?", "2023-02-04T00:00:00.000000Z", "2023-02-04T23:59:59.999999Z"),
            ("2022-03-24T19:11:00Z%", "2022-03-24T19:11:00.000000Z", "2022-03-24T19:11:00.999999Z"),
            ("/2023-02-13~", None, "2023-02-13T23:59:59.999999Z"),
            ("2023-02-04/", "2023-02-04T00:00:00.000000Z", None),
            ("../2023", None, "2023-12-31T23:59:59.999999Z"),
            ("2023-02/..", "2023-02-01T00:00:00.000000Z", None),
            ("2023-02-04/2023-02", "2023-02-04T00:00:00.000000Z", "2023-02-28T23:59:59.999999Z"),
            ("[2023-02-04..2023-02-09]", "2023-02-04T00:00:00.000000Z", "2023-02-09T23:59:59.999999Z"),
            ("[2023-02-04..2023-02-04]", "2023-02-04T00:00:00.000000Z", "2023-02-04T23:59:59.999999Z"),
        ],
    )
    def test_bounds_are_the_first_and_last_microsecond(
        self, edtf: str, earliest: str | None, latest: str | None
    ) -> None:
        assert dates.bounds(dates.occurred("occurred", edtf)) == (earliest, latest)

    @pytest.mark.parametrize(
        ("edtf", "reason"),
        [
            ("", "not understood"),
            ("yesterday", "not understood"),
            ("2023-2-4", "not understood"),
            ("20230204", "not understood"),
            ("2023-02-04T19:11:00", "not understood"),
            ("2023-02-04T19:11Z", "not understood"),
            ("2023-02-04T19:11:00.5Z", "not understood"),
            ("2023-02-04T19:11:00+01:00", "not understood"),
            ("2023-02-04T19:11:60Z", "not understood"),
            ("2023-02-04T24:00:00Z", "not understood"),
            ("2023-02-04t19:11:00z", "not understood"),
            ("2023-02-04~?", "not understood"),
            ("?2023", "not understood"),
            ("2023-XX", "not understood"),
            ("-0044", "not understood"),
            ("Y12023", "not understood"),
            ("2023-21", "not in the calendar"),
            ("2023-02-29", "not in the calendar"),
            ("2023-04-31T00:00:00Z", "not in the calendar"),
            ("0000", "not in the calendar"),
            ("٢٠٢٣", "not understood"),
            ("2023 ", "not understood"),
            ("2023\n", "not understood"),
            ("..", "not understood"),
            ("2022/2023/2024", "not understood"),
            ("..~/2023", "not understood"),
            ("2023/00", "not understood"),
            ("/2023-02-30", "not in the calendar"),
            ("/", "has no date"),
            ("../..", "has no date"),
            ("/..", "has no date"),
            ("2024/2023", "ends before it begins"),
            ("2023-02-09/2023-02-04", "ends before it begins"),
            ("2023-02-05~/2023-02-04?", "ends before it begins"),
            ("2023-02-04T10:00:01Z/2023-02-04T10:00:00Z", "ends before it begins"),
            ("[2023-02-09..2023-02-04]", "ends before it begins"),
            ("[..2023-02-04]", "two plain dates"),
            ("[2023-02-04..]", "two plain dates"),
            ("[2023-02-04,2023-02-09]", "two plain dates"),
            ("[2023-02-04~..2023-02-09]", "two plain dates"),
            ("[2023-02-04T10:00:00Z..2023-02-09]", "two plain dates"),
            ("[2023-02-04..2023-02-09", "two plain dates"),
            ("[2023-02-04..2023-02-30]", "not in the calendar"),
            ("{2023..2024}", "not understood"),
        ],
    )
    def test_what_is_not_in_the_subset_is_refused_with_its_field_the_reason_and_an_example(
        self, edtf: str, reason: str
    ) -> None:
        with pytest.raises(Invalid, match=reason) as refused:
            dates.occurred("changes.occurred", edtf)
        assert refused.value.field == "changes.occurred"
        assert "2023-02-04" in refused.value.problem.removeprefix(repr(edtf))

    @given(EDTF)
    def test_what_is_taken_is_written_back_as_it_was(self, edtf: str) -> None:
        found = dates.occurred("occurred", edtf)
        start, end = (part.value if isinstance(part, End) else str(part) for part in (found.start, found.end))
        written = {Kind.SINGLE: start, Kind.INTERVAL: f"{start}/{end}", Kind.ONE_OF: f"[{start}..{end}]"}
        assert written[found.kind] == edtf

    @given(EDTF)
    def test_earliest_is_never_after_latest(self, edtf: str) -> None:
        earliest, latest = dates.bounds(dates.occurred("occurred", edtf))
        assert earliest is not None or latest is not None
        assert (earliest or "") <= (latest or "9999-12-31T23:59:59.999999Z")

    @given(
        st.one_of(
            st.tuples(PLAIN, QUALIFIERS).map("".join),
            closed(st.tuples(PLAIN, QUALIFIERS).map("".join), "{}/{}"),
            closed(DAYS, "[{}..{}]"),
        )
    )
    def test_the_days_covered_are_those_of_the_edtf_library(self, edtf: str) -> None:
        earliest, latest = dates.bounds(dates.occurred("occurred", edtf))
        oracle = parse_edtf(edtf)
        for ours, theirs in ((earliest, oracle.lower_strict()), (latest, oracle.upper_strict())):
            assert ours is not None
            assert ours[:10] == f"{theirs.tm_year:04}-{theirs.tm_mon:02}-{theirs.tm_mday:02}"


class TestWords:
    @pytest.mark.parametrize(
        ("edtf", "in_english", "in_german"),
        [
            ("2023", "2023", "2023"),
            ("0045", "45", "45"),
            ("2023?", "perhaps 2023", "vielleicht 2023"),
            ("2023-05%", "perhaps about May 2023", "vielleicht etwa Mai 2023"),
            ("2023-02-04", "4 February 2023", "4. Februar 2023"),
            ("2023-02-13~", "about 13 February 2023", "etwa 13. Februar 2023"),
            ("2022-03-24T19:11:00Z", "24 March 2022, 19:11 UTC", "24. März 2022, 19:11 Uhr UTC"),
            ("2022-03-24T19:11:05Z~", "about 24 March 2022, 19:11:05 UTC", "etwa 24. März 2022, 19:11:05 Uhr UTC"),
            ("/2023-02-04", "on or before 4 February 2023", "am 4. Februar 2023 oder davor"),
            ("/2023-02-13~", "on or before about 13 February 2023", "etwa am 13. Februar 2023 oder davor"),
            ("/2023-02-13?", "perhaps on or before 13 February 2023", "vielleicht am 13. Februar 2023 oder davor"),
            ("/2023-02", "in or before February 2023", "im Februar 2023 oder davor"),
            ("/2023", "in or before 2023", "im Jahr 2023 oder davor"),
            (
                "/2022-03-24T19:11:00Z",
                "at or before 24 March 2022, 19:11 UTC",
                "am 24. März 2022, 19:11 Uhr UTC, oder davor",
            ),
            ("2023-02-04/", "on or after 4 February 2023", "am 4. Februar 2023 oder danach"),
            ("2023/", "in or after 2023", "im Jahr 2023 oder danach"),
            ("../2023-02-04", "until 4 February 2023", "bis zum 4. Februar 2023"),
            ("2023-02-04/..", "since 4 February 2023", "seit dem 4. Februar 2023"),
            ("2023-02~/..", "since about February 2023", "etwa seit Februar 2023"),
            ("2023-02-04/2023-02-09", "4 to 9 February 2023", "4. bis 9. Februar 2023"),
            ("2023-01-30/2023-02-02", "30 January to 2 February 2023", "30. Januar bis 2. Februar 2023"),
            (
                "2022-12-28/2023-01-03",
                "28 December 2022 to 3 January 2023",
                "28. Dezember 2022 bis 3. Januar 2023",
            ),
            ("2023-02-04/2023-02-04", "4 February 2023", "4. Februar 2023"),
            (
                "2023-02-04~/2023-02-09",
                "about 4 February 2023 to 9 February 2023",
                "etwa 4. Februar 2023 bis 9. Februar 2023",
            ),
            ("2023-02/2023-05", "February to May 2023", "Februar bis Mai 2023"),
            ("2022/2023?", "2022 to perhaps 2023", "2022 bis vielleicht 2023"),
            (
                "[2023-02-04..2023-02-09]",
                "on a day between 4 and 9 February 2023",
                "an einem Tag zwischen dem 4. und dem 9. Februar 2023",
            ),
            (
                "[2023-02..2023-05]",
                "on a day between February and May 2023",
                "an einem Tag zwischen Februar und Mai 2023",
            ),
        ],
    )
    def test_edtf_reads_as_a_person_would_say_it(self, edtf: str, in_english: str, in_german: str) -> None:
        assert english(edtf) == in_english
        assert german(edtf) == in_german

    @pytest.mark.parametrize(
        ("edtf", "words"),
        [
            ("2022-03-24T19:11:00Z", "24. März 2022, 20:11 Uhr MEZ"),
            ("2022-06-24T22:11:00Z", "25. Juni 2022, 00:11 Uhr MESZ"),
            ("2022-03-24T19:11:00Z/..", "seit dem 24. März 2022, 20:11 Uhr MEZ"),
            ("2022-03-24/2022-03-25", "24. bis 25. März 2022"),
        ],
    )
    def test_times_but_not_dates_are_put_into_the_zone(self, edtf: str, words: str) -> None:
        assert german(edtf, ZoneInfo("Europe/Berlin")) == words

    def test_at_the_ends_of_the_calendar_a_time_stays_in_utc(self) -> None:
        assert english("9999-12-31T23:59:59Z", ZoneInfo("Asia/Tokyo")) == "31 December 9999, 23:59:59 UTC"

    @pytest.mark.parametrize(
        ("locale", "words"),
        [
            ("de-AT", "4. Jänner 2023"),
            ("DE_ch", "4. Januar 2023"),
            ("de-XX", "4. Januar 2023"),
            ("de-x-newsroom", "4. Januar 2023"),
        ],
    )
    def test_months_are_those_of_the_place_as_far_as_babel_knows_it(self, locale: str, words: str) -> None:
        assert dates.describe("2023-01-04", GERMAN, locale, UTC) == words

    @given(EDTF, st.sampled_from([english, german]))
    def test_every_year_that_was_written_is_said(self, edtf: str, describe: Callable[[str], str]) -> None:
        said = describe(edtf)
        found = dates.occurred("occurred", edtf)
        for part in (found.start, found.end):
            if isinstance(part, Point):
                assert str(int(part.text[:4])) in said
        assert "{" not in said

    @given(st.text(alphabet="0123456789-:./TZ?~%[]", max_size=24))
    def test_what_is_refused_has_no_words(self, edtf: str) -> None:
        refused = refusal(dates.occurred, edtf)
        assume(refused)
        with pytest.raises(Invalid) as told:
            english(edtf)
        assert str(told.value) == str(refused)

    @pytest.mark.parametrize(
        ("zone", "in_english", "in_german"),
        [
            (UTC, "4 February 2023, 20:00 UTC", "4. Februar 2023, 20:00 Uhr UTC"),
            (ZoneInfo("Europe/Berlin"), "4 February 2023, 21:00 CET", "4. Februar 2023, 21:00 Uhr MEZ"),
            (ZoneInfo("Asia/Tokyo"), "5 February 2023, 05:00 JST", "5. Februar 2023, 05:00 Uhr JST"),
            (ZoneInfo("Europe/Istanbul"), "4 February 2023, 23:00 UTC+03", "4. Februar 2023, 23:00 Uhr UTC+03"),
            (
                timezone(timedelta(hours=-2)),
                "4 February 2023, 18:00 UTC-02:00",
                "4. Februar 2023, 18:00 Uhr UTC-02:00",
            ),
        ],
    )
    def test_an_instant_is_shown_in_the_zone_with_its_name_in_the_language(
        self, zone: tzinfo, in_english: str, in_german: str
    ) -> None:
        instant = "2023-02-04T20:00:59.999999Z"
        assert dates.format_instant(instant, ENGLISH, "en", zone) == in_english
        assert dates.format_instant(instant, GERMAN, "de", zone) == in_german

    def test_at_the_ends_of_the_calendar_an_instant_is_shown_in_utc(self) -> None:
        first = dates.format_instant("0001-01-01T00:00:00.000000Z", ENGLISH, "en", ZoneInfo("America/New_York"))
        assert first == "1 January 1, 00:00 UTC"

    @given(DAYS)
    def test_english_without_babel_is_that_of_babel(self, day: str) -> None:
        for text, pattern in ((day, "d MMMM y"), (day[:7], "MMMM y"), (day[:4], "y")):
            assert english(text) == format_date(date.fromisoformat(day), pattern, "en")

    @pytest.mark.parametrize("zone", [UTC, ZoneInfo("UTC"), ZoneInfo("Zulu")])
    def test_utc_without_babel_is_that_of_babel(self, zone: tzinfo) -> None:
        name = get_timezone_name(zone, "short", zone_variant="standard", locale="en")
        assert dates.format_instant("2023-02-04T20:00:00.000000Z", ENGLISH, "en", zone).endswith(f" {name}")

    def test_babel_stays_unimported_until_its_words_are_asked_for(self) -> None:
        program = (
            "import sys, datetime; from feed import dates, languages; "
            "dates.format_instant('2023-02-04T20:00:00.000000Z', languages.ENGLISH, 'en', datetime.UTC); "
            "before = 'babel' in sys.modules; "
            "dates.describe('2023', languages.GERMAN, 'de', datetime.UTC); "
            "sys.exit(not (not before and 'babel' in sys.modules))"
        )
        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
