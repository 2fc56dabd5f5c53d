"""Times as people type them, at 14:30:05 on Thursday 9 February 2023 in Berlin unless a test says otherwise."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from feed import dates, when
from feed.errors import Invalid
from feed.site.voice import voice

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2023, 2, 9, 14, 30, 5, 123, tzinfo=BERLIN)

WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = ["Jan", "February", "march", "Apr", "May", "June", "jul", "August", "Sept", "Oct", "November", "Dec"]
DAYS = st.one_of(
    st.sampled_from(["today", "yesterday", "the day before yesterday", "last Friday"]),
    st.sampled_from(["Mon", "on Tuesday", "wed", "Thursday", "on Fri", "Saturday", "Sunday"]),
    st.builds("{} {}".format, st.integers(1, 28), st.sampled_from(MONTHS)),
)
PAST_PHRASES = st.one_of(
    DAYS,
    st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59)),
    st.builds("{} 0:00".format, DAYS),
    st.builds("{} {} ago".format, st.integers(1, 60), st.sampled_from(["min", "hours", "days", "weeks", "months"])),
    st.sampled_from([*MONTHS, "now", "last week", "this week", "this month", "last year", "this morning"]),
)
FRAMES = st.sampled_from(["{}", "before {}", "until {}", "about {}", "perhaps {}"])
NOWS = st.integers(0, 90 * 365 * 24 * 60).map(
    lambda minutes: datetime(1980, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
ZONES = st.sampled_from([UTC, BERLIN, ZoneInfo("America/St_Johns"), ZoneInfo("Pacific/Kiritimati")])


class TestMoment:
    @pytest.mark.parametrize(
        ("text", "instant"),
        [
            ("2023-02-09T14:05:00.25+02:00", "2023-02-09T12:05:00.250000Z"),
            ("2023-02-09 14:05:00Z", "2023-02-09T14:05:00.000000Z"),
            ("14:05", "2023-02-09T13:05:00.000000Z"),
            ("at 2pm", "2023-02-09T13:00:00.000000Z"),
            ("20:00", "2023-02-08T19:00:00.000000Z"),
            ("2023-02-09 14:05", "2023-02-09T13:05:00.000000Z"),
            ("2023-02-09T14:05", "2023-02-09T13:05:00.000000Z"),
            ("2023-02-03 14:05:07", "2023-02-03T13:05:07.000000Z"),
            ("14:05 UTC", "2023-02-08T14:05:00.000000Z"),
            ("4 February 2023, 20:00 CET", "2023-02-04T19:00:00.000000Z"),
            ("4 Aug 2022, 20:00 CEST", "2022-08-04T18:00:00.000000Z"),
            ("2:00 PM", "2023-02-09T13:00:00.000000Z"),
            ("2:00 PM CET", "2023-02-09T13:00:00.000000Z"),
            ("20 min ago", "2023-02-09T13:10:05.000123Z"),
            ("1 hour and 20 minutes ago", "2023-02-09T12:10:05.000123Z"),
            ("now", "2023-02-09T13:30:05.000123Z"),
            ("yesterday 9:00", "2023-02-08T08:00:00.000000Z"),
            ("  Yesterday   at 9:00 ", "2023-02-08T08:00:00.000000Z"),
            ("noon on Wednesday", "2023-02-08T11:00:00.000000Z"),
            ("Thursday 9:00", "2023-02-09T08:00:00.000000Z"),
            ("Thursday 20:00", "2023-02-02T19:00:00.000000Z"),
        ],
    )
    def test_a_time_is_the_last_such_time_at_the_desk(self, text: str, instant: str) -> None:
        assert when.moment(text, NOW, BERLIN) == instant

    @pytest.mark.parametrize(
        ("text", "instant"),
        [
            ("2023-02-09", "2023-02-08T23:00:00.000000Z"),
            ("9 Feb", "2023-02-08T23:00:00.000000Z"),
            ("yesterday", "2023-02-07T23:00:00.000000Z"),
            ("2 days ago", "2023-02-06T23:00:00.000000Z"),
            ("Thursday", "2023-02-08T23:00:00.000000Z"),
            ("July 4, 2022", "2022-07-03T22:00:00.000000Z"),
        ],
    )
    def test_a_day_is_its_first_moment_at_the_desk(self, text: str, instant: str) -> None:
        assert when.moment(text, NOW, BERLIN) == instant

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "soon",
            "4",
            "1990s",
            "at 9",
            "3.2.2023",
            "03/02/2023",
            "yesterday 25:00",
            "yesterday at 9",
            "5 minutes",
            "30 Feb",
            "2023-02-30",
            "2023",
            "February 2023",
            "last week",
            "2 weeks ago",
            "yesterday evening",
            "before 4 Feb",
            "14:05 EST",
            "4 Feb 2023, 14:05 CEST",
            "soon 14:05 CET",
            "1 Jan 0001",
            "9999 years ago",
        ],
    )
    def test_what_names_no_moment_is_refused_with_examples(self, text: str) -> None:
        with pytest.raises(Invalid, match="is not understood: write for example 14:05") as refused:
            when.moment(text, NOW, BERLIN)
        assert refused.value.field == "time"

    def test_rfc3339_that_is_wrong_is_refused_with_its_own_reason(self) -> None:
        with pytest.raises(Invalid, match=r"^time: .*more than 6 decimals"):
            when.moment("2023-02-09T14:05:00.1234567Z", NOW, BERLIN)

    @pytest.mark.parametrize(
        ("text", "instant"),
        [
            ("29 Oct 2023 2:30", "2023-10-29T00:30:00.000000Z"),
            ("29 Oct 2023 2:30 CEST", "2023-10-29T00:30:00.000000Z"),
            ("29 Oct 2023 2:30 CET", "2023-10-29T01:30:00.000000Z"),
            ("26 Mar 2023 2:30", "2023-03-26T01:30:00.000000Z"),
            ("26 Mar 2023", "2023-03-25T23:00:00.000000Z"),
            ("27 Mar 2023", "2023-03-26T22:00:00.000000Z"),
        ],
    )
    def test_the_earlier_time_counts_where_clocks_go_back_unless_the_zone_is_said(
        self, text: str, instant: str
    ) -> None:
        assert when.moment(text, datetime(2024, 1, 1, tzinfo=BERLIN), BERLIN) == instant

    def test_elapsed_minutes_are_counted_across_a_change_of_the_clocks(self) -> None:
        now = datetime(2023, 3, 26, 1, 10, tzinfo=UTC)
        assert when.moment("20 min ago", now, BERLIN) == "2023-03-26T00:50:00.000000Z"

    def test_a_zone_without_a_name_is_enough(self) -> None:
        fixed = timezone(timedelta(hours=5, minutes=30))
        assert when.moment("yesterday 9:00", NOW, fixed) == "2023-02-08T03:30:00.000000Z"

    @given(NOWS, ZONES)
    @settings(max_examples=60)
    def test_a_time_typed_as_it_was_shown_is_the_same_minute(self, moment: datetime, zone: tzinfo) -> None:
        shown = voice("en", {}, zone).time(dates.from_datetime(moment))
        assume(not re.search("UTC[+-]", shown))
        typed = when.moment(shown, moment, zone)
        assert typed == dates.from_datetime(moment.replace(second=0, microsecond=0))


class TestOccurrence:
    @pytest.mark.parametrize(
        ("words", "edtf"),
        [
            ("2023", "2023"),
            ("in 2022", "2022"),
            ("February 2023", "2023-02"),
            ("in May", "2022-05"),
            ("february", "2023-02"),
            ("last month", "2023-01"),
            ("3 months ago", "2022-11"),
            ("last year", "2022"),
            ("on Wednesday", "2023-02-08"),
            ("Thursday", "2023-02-09"),
            ("last Thursday", "2023-02-02"),
            ("next Wednesday", "2023-02-15"),
            ("yesterday", "2023-02-08"),
            ("4 February", "2023-02-04"),
            ("on Feb 4th, 2022", "2022-02-04"),
            ("10 Feb", "2022-02-10"),
            ("29 Feb", "2020-02-29"),
            ("2 days ago", "2023-02-07"),
            ("2 weeks ago", "2023-01-26~"),
            ("yesterday evening", "2023-02-08"),
            ("this morning", "2023-02-09"),
            ("tomorrow", "2023-02-10"),
            ("in 3 days", "2023-02-12"),
            ("last week", "[2023-01-30..2023-02-05]"),
            ("this week", "[2023-02-06..2023-02-09]"),
            ("next week", "[2023-02-13..2023-02-19]"),
            ("20 min ago", "2023-02-09T13:10:00Z"),
            ("14:05", "2023-02-09T13:05:00Z"),
            ("today 20:00", "2023-02-09T19:00:00Z"),
            ("yesterday 14:05:30", "2023-02-08T13:05:30Z"),
            ("2023-02-09T14:05:30.9+02:00", "2023-02-09T12:05:30Z"),
        ],
    )
    def test_words_keep_the_precision_that_they_have(self, words: str, edtf: str) -> None:
        assert when.occurrence(words, NOW, BERLIN) == edtf

    @pytest.mark.parametrize(
        ("words", "edtf"),
        [
            ("before 4 Feb", "/2023-02-03"),
            ("before 1 March 2024", "/2024-02-29"),
            ("before February", "/2023-01"),
            ("before 2023", "/2022"),
            ("before about 4 Feb", "/2023-02-04~"),
            ("before 14:05", "/2023-02-09T13:05:00Z"),
            ("by 4 Feb", "/2023-02-04"),
            ("up to 4 Feb", "/2023-02-04"),
            ("until yesterday", "/2023-02-08"),
            ("on or before 4 Feb", "/2023-02-04"),
            ("after 4 Feb", "2023-02-05/"),
            ("after 31 Dec 2022", "2023-01-01/"),
            ("after December 2022", "2023-01/"),
            ("from 4 Feb", "2023-02-04/"),
            ("since Monday", "2023-02-06/.."),
        ],
    )
    def test_one_sided_words_leave_the_other_side_blank(self, words: str, edtf: str) -> None:
        assert when.occurrence(words, NOW, BERLIN) == edtf

    @pytest.mark.parametrize(
        ("words", "edtf"),
        [
            ("between 4 and 9 Feb", "[2023-02-04..2023-02-09]"),
            ("between 4th and 9th of February 2022", "[2022-02-04..2022-02-09]"),
            ("between Feb 4 and 9", "[2023-02-04..2023-02-09]"),
            ("sometime between Friday and Monday", "[2023-02-03..2023-02-06]"),
            ("between yesterday and today", "[2023-02-08..2023-02-09]"),
            ("from 4 to 9 Feb", "2023-02-04/2023-02-09"),
            ("4 Feb to 9 Feb 2022", "2022-02-04/2022-02-09"),
            ("from 4 Feb 2022 to 9 Feb", "2022-02-04/2022-02-09"),
            ("from 28 Dec until 3 Jan", "2022-12-28/2023-01-03"),
            ("from yesterday 14:00 to 15:30", "2023-02-08T13:00:00Z/2023-02-08T14:30:00Z"),
            ("from 14:00 to 15:30 yesterday", "2023-02-08T13:00:00Z/2023-02-08T14:30:00Z"),
            ("from Monday to tomorrow", "2023-02-06/2023-02-10"),
            ("about 4 to 9 Feb", "2023-02-04~/2023-02-09~"),
            ("from 4 Feb to about 9 Feb", "2023-02-04/2023-02-09~"),
        ],
    )
    def test_what_one_end_leaves_out_the_other_says(self, words: str, edtf: str) -> None:
        assert when.occurrence(words, NOW, BERLIN) == edtf

    @pytest.mark.parametrize(
        ("words", "edtf"),
        [
            ("about 13 Feb 2023", "2023-02-13~"),
            ("around February 2023", "2023-02~"),
            ("~ 13 Feb 2023", "2023-02-13~"),
            ("ca. 2022", "2022~"),
            ("about 14:05", "2023-02-09T13:05:00Z~"),
            ("perhaps 4 Feb", "2023-02-04?"),
            ("Maybe on Wednesday", "2023-02-08?"),
            ("possibly about May 2022", "2022-05%"),
            ("perhaps before 4 Feb", "/2023-02-03?"),
        ],
    )
    def test_doubt_becomes_a_qualifier(self, words: str, edtf: str) -> None:
        assert when.occurrence(words, NOW, BERLIN) == edtf

    @pytest.mark.parametrize("edtf", ["2023-02~", "/2023-02-13~", "[2023-02-04..2023-02-09]", "2023-02-04T19:11:00Z"])
    def test_edtf_is_taken_as_it_is(self, edtf: str) -> None:
        assert when.occurrence(edtf, NOW, BERLIN) == edtf

    @pytest.mark.parametrize(
        "words",
        [
            "",
            "soon",
            "before",
            "between 4 Feb",
            "between 4 and yesterday",
            "the 1990s",
            "4",
            "3.2.2023",
            "03/02/2023",
            "13 February?",
            "30 Feb",
            "yesterday 25:00",
            "last night",
            "about last week",
            "before last week",
            "Wednesday 9 Feb",
            "14:05 EST",
            "before 1 Jan 0001",
            "after 9999",
            "from 2 to 4 pm",
        ],
    )
    def test_what_cannot_be_resolved_is_refused_with_examples_and_the_other_options(self, words: str) -> None:
        with pytest.raises(Invalid, match=r"is not understood: .* --occurred, .* --occurred-text") as refused:
            when.occurrence(words, NOW, BERLIN)
        assert refused.value.field == "when"

    @pytest.mark.parametrize(
        ("words", "reason"),
        [
            ("from yesterday to 4 Feb", "ends before it begins"),
            ("from 28 Dec 2022 to 3 Jan", "ends before it begins"),
            ("between 14:00 and 14:20", "must have two plain dates"),
            ("perhaps between 4 and 9 Feb", "must have two plain dates"),
        ],
    )
    def test_words_whose_edtf_is_not_in_the_subset_are_refused_with_its_reason(self, words: str, reason: str) -> None:
        with pytest.raises(Invalid, match=reason) as refused:
            when.occurrence(words, NOW, BERLIN)
        assert refused.value.field == "when"

    @given(FRAMES, PAST_PHRASES, NOWS, ZONES)
    @settings(max_examples=300)
    def test_words_without_a_future_in_them_begin_no_later_than_today(
        self, frame: str, phrase: str, now: datetime, zone: tzinfo
    ) -> None:
        assume(frame == "{}" or not phrase.endswith(" week"))
        found = dates.occurred("when", when.occurrence(frame.format(phrase), now, zone))
        today = now.astimezone(zone).date().isoformat()
        for part in (found.start, found.end):
            if isinstance(part, dates.Point):
                local = dates.from_datetime(now)[:19] if part.precision is dates.Precision.SECOND else today
                assert part.text.rstrip("Z") <= local[: len(part.text)]

    @given(NOWS, st.integers(0, 6), st.times(), ZONES)
    @settings(max_examples=100)
    def test_a_weekday_is_the_last_one_that_is_not_in_the_future(
        self, now: datetime, weekday: int, at: time, zone: tzinfo
    ) -> None:
        local = now.astimezone(zone)
        day = local.date() - timedelta(days=(local.weekday() - weekday) % 7)
        assert when.occurrence(f"on {WEEKDAYS[weekday]}", now, zone) == day.isoformat()
        if day == local.date() and (at.hour, at.minute) > (local.hour, local.minute):
            day -= timedelta(days=7)
        found = when.occurrence(f"{WEEKDAYS[weekday]} {at:%H:%M}", now, zone)
        assert found == f"{dates.from_datetime(datetime.combine(day, time(at.hour, at.minute), zone))[:19]}Z"

    @given(NOWS, st.dates(date(2023, 1, 1), date(2023, 12, 31)))
    @settings(max_examples=200)
    def test_a_date_without_a_year_is_the_last_one_that_is_not_in_the_future(self, now: datetime, day: date) -> None:
        this_year = day.replace(year=now.year)
        found = this_year if this_year <= now.date() else day.replace(year=now.year - 1)
        assert when.occurrence(f"{day.day} {MONTHS[day.month - 1]}", now, UTC) == found.isoformat()

    @pytest.mark.parametrize(
        ("today", "words", "edtf"),
        [
            ("2012-01-30", "February", "2011-02"),
            ("2023-03-31", "in Feb", "2023-02"),
            ("2023-03-31", "last month", "2023-02"),
            ("2023-03-31", "February 2022", "2022-02"),
            ("2023-05-31", "3 months ago", "2023-02"),
            ("2024-02-29", "a year ago", "2023"),
            ("2024-02-29", "next year", "2025"),
            ("2023-01-31", "next month", "2023-02"),
            ("2023-02-01", "February", "2023-02"),
        ],
    )
    def test_a_month_is_found_on_days_that_it_does_not_have(self, today: str, words: str, edtf: str) -> None:
        assert when.occurrence(words, datetime.fromisoformat(f"{today}T12:00:00Z"), UTC) == edtf

    @given(NOWS, st.times(), ZONES)
    @settings(max_examples=100)
    def test_a_time_alone_is_of_today_or_yesterday(self, now: datetime, at: time, zone: tzinfo) -> None:
        local = now.astimezone(zone)
        day = local.date() - timedelta(days=(at.hour, at.minute) > (local.hour, local.minute))
        found = when.moment(f"{at:%H:%M}", now, zone)
        assert found == dates.from_datetime(datetime.combine(day, time(at.hour, at.minute), zone))

    @given(st.dates(), st.dates(), ZONES)
    @settings(max_examples=60)
    def test_days_written_in_full_are_found_on_any_day(self, one: date, other: date, zone: tzinfo) -> None:
        first, last = sorted([str(one), str(other)])
        assert when.occurrence(f"from {first} to {last}", NOW, zone) == f"{first}/{last}"
        assert when.occurrence(f"between {first} and {last}", NOW, zone) == f"[{first}..{last}]"


@pytest.mark.parametrize("phrase", ["4 Feb", "29 Feb", "yesterday 9:00", "20 min ago", "2023-02-09 14:05"])
def test_no_warning_reaches_the_caller(phrase: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert when.moment(phrase, NOW, BERLIN).endswith("Z")


def test_neither_the_clock_nor_the_zone_of_the_machine_matters_and_dateparser_waits_until_asked() -> None:
    program = (
        "import sys; from datetime import UTC, datetime; from feed import when; "
        "before = 'dateparser' in sys.modules; now = datetime(2023, 2, 9, 14, 30, tzinfo=UTC); "
        "print(before, when.moment('yesterday 9:00', now, UTC), when.occurrence('20:00', now, UTC))"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for zone in ("Asia/Tokyo", "America/Los_Angeles")
    }
    assert answers == {"False 2023-02-08T09:00:00.000000Z 2023-02-08T20:00:00Z\n"}
