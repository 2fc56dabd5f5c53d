"""The commands that read: status, stories, show, diff, claims, log."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from typing import Any

import pytest
from conftest import Site

from feed.events import NewEvent, StoryChanged, UpdateAdded
from feed.jsonlines import to_json

STORY = "us-china-balloon-2023"
READING = [
    ("stories",),
    ("show", "flood"),
    ("show", "flood/1"),
    ("show", "flood/2"),
    ("diff", "flood/1"),
    ("claims", "flood"),
    ("log",),
]
HOSTILE = "\x9b31mred"
HOSTILE_PROSE = f"{HOSTILE} \u202etfel \u2066x\u2069 \x7f end"


def event(type: str, story: str = "flood", author: str | None = None, **data: Any) -> bytes:
    return json.dumps({"story": story, "type": type, "author": author, "data": data}).encode()


@pytest.fixture
def flood(site: Site) -> Site:
    """A short story with one of everything that can become of an update."""
    site.fill(
        [
            event("story.opened", headline="Flood on the river", label="Flood", tags=["Weather"]),
            event(
                "update.added",
                headline="The old dam holds",
                body="It holds.\n\n    really",
                key=True,
                link="https://e.org/",
            ),
            event("update.added", headline="A bridge is gone", body="The bridge at the mill."),
            event("update.added", headline="Never told"),
            event("update.withdrawn", update="3", untold=True),
            event("update.revised", update="1", signal="amendment", changes={"headline": "The old dam has held"}),
            event(
                "update.revised",
                update="1",
                signal="correction",
                notice="It is new.",
                hide_before=True,
                changes={"headline": "The new dam has held", "body": "It has held."},
            ),
            event("update.revised", update="1", signal="refile", changes={"tags": ["Dams"]}),
            event("update.revised", update="2", signal="clarification", notice="One bridge."),
            event("update.withdrawn", update="2", notice="It stands.", title="On a bridge"),
            event("note.added", update="1", text="We asked again."),
            event("note.added", text="More tomorrow."),
            event("story.changed", headline="Flood", signal="correction", notice="One river."),
            event("story.changed", status="closed"),
        ]
    )
    return site


@pytest.fixture
def hostile(site: Site) -> Site:
    """A story whose every text would drive a terminal."""
    stance = {"claim": "c", "by": HOSTILE, "position": "asserts", "text": HOSTILE}
    source = {"name": HOSTILE, "quote": HOSTILE_PROSE}
    update = {
        "headline": HOSTILE,
        "body": HOSTILE_PROSE,
        "occurred_text": HOSTILE,
        "sources": [source],
        "stances": [stance, stance | {"by": f"{HOSTILE}2", "position": "confirms"}],
        "tags": [HOSTILE],
    }
    site.fill(
        [
            event("story.opened", headline=HOSTILE, label=HOSTILE, summary=HOSTILE_PROSE, tags=[HOSTILE]),
            event("update.added", author=HOSTILE, **update),
            event("update.added", **update),
            event(
                "update.revised",
                update="1",
                signal="correction",
                notice=HOSTILE_PROSE,
                changes={"body": f"{HOSTILE_PROSE}!", "sources": [source, source], "stances": [stance]},
            ),
            event("note.added", update="1", text=HOSTILE_PROSE),
            event("note.added", text=HOSTILE_PROSE),
            event("story.changed", summary=f"{HOSTILE_PROSE}!", signal="correction", notice=HOSTILE_PROSE),
            event("update.withdrawn", update="2", notice=HOSTILE_PROSE, title=HOSTILE),
            event("story.opened", story="other", author=HOSTILE, headline="x"),
        ]
    )
    return site


def lines(site: Site, *args: str) -> list[str]:
    result = site.run(*args)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout.splitlines()


def refused(site: Site, *args: str) -> str:
    result = site.run(*args)
    assert (result.exit_code, result.stdout) == (1, "")
    return result.stderr


# show


def test_a_story_shows_headline_status_claims_and_timeline(balloon: Site) -> None:
    shown = lines(balloon, "show", STORY)
    assert shown[:5] == [
        "Balloon: Washington and Beijing in touch about the balloon",
        "us-china-balloon-2023 · open · 11 updates",
        "opened 3 February 2023, 13:00 CET · last news 13 February 2023, 11:10 CET",
        "Topics: United States, China, Espionage",
        "Related to: flying-objects-north-america-2023",
    ]
    claims = shown.index("Claims")
    assert shown[claims + 1 : claims + 3] == [
        "  disputed · The balloon was spying for China (spy-balloon)",
        "    US asserts (1, 6, 9); China denies (2)",
    ]
    timeline = "\n".join(shown[shown.index("Timeline") :])
    assert (
        "  4  American fighter jet brings the balloon down off the east coast\n"
        "     KEY · published 4 February 2023, 21:00 CET · occurred 4 February 2023\n"
        "     (“February 4th”)\n"
        "     site-34: “A US fighter jet shot down"
    ) in timeline
    assert "     KEY · PINNED · published 13 February 2023, 10:00 CET · occurred about 13" in timeline
    assert "     Correction (13 February 2023, 11:00 CET): We wrote that the balloon was" in timeline
    assert "     Editor’s note (13 February 2023, 10:10 CET): Who took part" in timeline
    assert re.findall(r"^ {1,2}(\d+)  ", timeline, re.MULTILINE) == [str(number) for number in range(1, 12)]


def test_a_confirmed_claim_names_who_confirms_it(balloon: Site) -> None:
    assert "  confirmed by China · China would not take a phone call from the US Secretary" in lines(
        balloon, "show", STORY
    )


def test_what_was_withdrawn_is_shown_and_marked(flood: Site) -> None:
    text = "\n".join(lines(flood, "show", "flood"))
    assert re.search(
        r"^  2  A bridge is gone\n     WITHDRAWN · published .*\n     Withdrawn \(.*\): It stands\.\n"
        r"     In public: On a bridge\n     Clarification \(.*\): One bridge\.$",
        text,
        re.MULTILINE,
    )
    shown = "\n".join(lines(flood, "show", "flood/2"))
    assert "\nWITHDRAWN · published " in shown
    assert "\n\nThe bridge at the mill." in shown


def test_what_was_undone_is_not_shown(flood: Site) -> None:
    assert "Never told" not in flood.run("show", "flood").stdout
    assert "no update 'flood/3'" in refused(flood, "show", "flood/3")


def test_the_timeline_leaves_out_revisions_that_are_no_news(flood: Site) -> None:
    timeline = flood.run("show", "flood").stdout
    assert "Correction (" in timeline
    assert "Amended" not in timeline
    assert "Refiled" not in timeline


def test_a_closed_story_says_since_when(flood: Site) -> None:
    assert re.fullmatch(r"flood · closed since .* CES?T · 2 updates", lines(flood, "show", "flood")[1])


def test_a_withdrawn_story_shows_its_notice_and_its_words(site: Site) -> None:
    site.fill([event("story.opened", headline="Flood"), event("story.withdrawn", notice="No flood.", title="On water")])
    shown = lines(site, "show", "flood")
    assert (shown[0], shown[1]) == ("Flood", "flood · withdrawn · 0 updates")
    assert re.fullmatch(r"Withdrawn \(.*\): No flood\.", shown[3])
    assert shown[4] == "In public: On water"


def test_corrections_and_notes_of_the_story_itself_stand_above_the_timeline(flood: Site) -> None:
    shown = "\n".join(lines(flood, "show", "flood"))
    head = shown[: shown.index("Timeline")]
    assert re.search(r"^Correction \(.*\): One river\.\nEditor’s note \(.*\): More tomorrow\.$", head, re.MULTILINE)


def test_an_update_shows_its_text_its_revisions_and_its_notes(flood: Site) -> None:
    result = flood.run("show", "flood/1")
    blocks = result.stdout.rstrip("\n").split("\n\n")
    assert blocks[0].split("\n")[:2] == ["flood/1 of “Flood: Flood”", "The new dam has held"]
    assert re.fullmatch(r"KEY · published .* · Night desk", blocks[0].split("\n")[2])
    assert re.fullmatch(
        r"Amended before anyone was told \[headline\] \(.*\)\n"
        r"Correction \[headline and text\] \(.*\): It is new\.\n"
        r"Refiled \[topics\] \(.*\)",
        blocks[1],
    )
    assert blocks[2:4] == ["It has held.", "Topics: Dams\nMore: https://e.org/"]
    assert re.fullmatch(r"Editor’s note \(.*\): We asked again\.", blocks[4])
    assert result.stderr == "the words that changed: feed diff flood/1\n"


def test_the_update_that_ends_a_story_says_so(site: Site) -> None:
    site.fill([event("story.opened", headline="x"), event("update.added", headline="y", closes=True)])
    assert lines(site, "show", "flood/1")[-1] == "The story ends with this update."


def test_an_update_shows_its_own_claims_as_the_whole_story_leaves_them(balloon: Site) -> None:
    shown = balloon.run("show", f"{STORY}/5").stdout.splitlines()
    assert shown[shown.index("Claims") + 1 :] == [
        "  confirmed by China · China would not take a phone call from the US Secretary",
        "    of Defense (declined-call)",
        "    US asserts (5); China confirms (7)",
    ]


def test_a_party_that_changes_its_position_is_shown_doing_so(site: Site) -> None:
    positions = ["asserts", "asserts", "retracts", "denies"]
    stances = [[{"claim": "c", "by": "US", "position": position, "text": "It is so"}] for position in positions]
    site.fill([event("story.opened", headline="x")])
    site.fill([event("update.added", headline="y", stances=stances[number]) for number in range(4)])
    assert "    US asserts (1, 2), then retracts (3), then denies (4)" in lines(site, "show", "flood")


def test_a_stance_repeated_in_many_updates_is_shortened(site: Site) -> None:
    stance = {"claim": "c", "by": "US", "position": "asserts", "text": "It is so"}
    site.fill([event("story.opened", headline="x")])
    site.fill([event("update.added", headline="y", stances=[stance])] * 9)
    assert "    US asserts (1, 2, …, 8, 9)" in lines(site, "show", "flood")


def test_as_of_shows_what_readers_knew_and_repeats_the_moment(balloon: Site) -> None:
    shown = lines(balloon, "show", STORY, "--as-of", "2023-02-04 00:30")
    assert shown[:4] == [
        "As readers knew it at 4 February 2023, 00:30 CET",
        "",
        "Balloon: Suspicious balloon over the United States points to China",
        "us-china-balloon-2023 · open · 3 updates",
    ]


def test_as_of_includes_the_moment_itself(balloon: Site) -> None:
    assert lines(balloon, "show", STORY, "--as-of", "2023-02-04T20:00:00Z")[3].endswith("4 updates")
    assert lines(balloon, "show", STORY, "--as-of", "2023-02-04T19:59:59.999999Z")[3].endswith("3 updates")


def test_a_moment_that_words_would_round_is_repeated_exactly(balloon: Site) -> None:
    shown = lines(balloon, "show", STORY, "--as-of", "2023-02-04T19:59:59.999999Z")
    assert shown[0] == "As readers knew it at 4 February 2023, 20:59 CET (2023-02-04T19:59:59.999999Z)"


def test_as_of_shows_an_update_with_its_text_of_then(balloon: Site) -> None:
    then = "\n".join(lines(balloon, "show", f"{STORY}/11", "--as-of", "2023-02-13T09:59:00Z"))
    assert "over the United States for one day." in then
    assert "Correction" not in then
    assert "over the United States for several days." in balloon.run("show", f"{STORY}/11").stdout


def test_as_recorded_shows_what_the_log_held(flood: Site) -> None:
    recorded = [json.loads(line)["recorded_at"] for line in flood.run("log", "--json").stdout.splitlines()]
    shown = "\n".join(lines(flood, "show", "flood", "--as-recorded", recorded[2]))
    assert shown.startswith("As the log held it at ")
    assert f"({recorded[2]})" in shown
    assert "A bridge is gone\n     published" in shown
    assert "Never told" not in shown


def test_before_its_opening_a_story_cannot_be_shown(balloon: Site) -> None:
    assert refused(balloon, "show", STORY, "--as-of", "2023-02-03T11:59:00Z") == (
        f"Error: story '{STORY}' had not been opened at 2023-02-03T11:59:00.000000Z: ask for a later moment\n"
    )


def test_before_it_was_added_an_update_cannot_be_shown(balloon: Site) -> None:
    assert refused(balloon, "show", f"{STORY}/7", "--as-of", "2023-02-04") == (
        f"Error: there is no update '{STORY}/7': feed show {STORY} lists them\n"
    )


def test_a_moment_that_is_not_understood_is_refused(balloon: Site) -> None:
    assert refused(balloon, "show", STORY, "--as-of", "lately").startswith("Error: time: 'lately' is not understood")


def test_an_unknown_name_suggests_the_nearest(flood: Site) -> None:
    assert refused(flood, "show", "flod") == "Error: there is no story 'flod': did you mean flood?\n"
    flood.fill([event("story.changed", status="open"), event("update.added", headline="x", update="evening")])
    assert refused(flood, "diff", "flood/evning") == (
        "Error: there is no update 'flood/evning': did you mean flood/evening?\n"
    )


def test_a_number_suggests_no_other_number(balloon: Site) -> None:
    assert refused(balloon, "show", f"{STORY}/12") == (
        f"Error: there is no update '{STORY}/12': feed show {STORY} lists them\n"
    )


def test_show_as_json_is_the_state_of_the_story(balloon: Site) -> None:
    story = json.loads(balloon.run("show", STORY, "--json").stdout)
    assert (story["story"], len(story["updates"]), len(story["claims"])) == (STORY, 11, 5)
    assert json.loads(balloon.run("show", f"{STORY}/4", "--json").stdout) == story["updates"][3]


def test_show_as_json_repeats_the_moment_beside_the_data(balloon: Site) -> None:
    result = balloon.run("show", STORY, "--json", "--as-of", "2023-02-04 00:30")
    assert len(json.loads(result.stdout)["updates"]) == 3
    assert result.stderr == "As readers knew it at 4 February 2023, 00:30 CET\n"


# diff


def test_diff_marks_the_words_of_every_revision(balloon: Site) -> None:
    assert "\n".join(lines(balloon, "diff", f"{STORY}/11")) == (
        "Several days over the United States, and a scandal between Washington and\n"
        "Beijing\n"
        "\n"
        "Correction (13 February 2023, 11:00 CET): We wrote that the balloon was over the\n"
        "United States for one day. That was wrong: it was there for several days.\n"
        "Headline:\n"
        "  [-One day-]{+Several days+} over the United States, and a scandal between\n"
        "  Washington and Beijing\n"
        "Text:\n"
        "  The balloon was over the United States for [-one day.-]{+several days.+} Its\n"
        "  flight led to a scandal between Washington and Beijing, and a visit of the US\n"
        "  Secretary of State to China was called off."
    )


def test_diff_tells_the_kinds_of_revision_apart(flood: Site) -> None:
    blocks = "\n".join(lines(flood, "diff", "flood/1")).split("\n\n")
    assert [block.partition(" (")[0] for block in blocks[1:3]] == ["Amended before anyone was told", "Correction"]
    assert "The old words are no longer shown in public.\n" in blocks[2]
    assert "  The [-old-]{+new+} dam has held" in blocks[2]
    assert re.fullmatch(r"Refiled \(.*\)\nTopics:\n  \{\+Dams\+\}", blocks[-1])


def test_diff_of_what_was_never_revised_says_so(balloon: Site) -> None:
    assert lines(balloon, "diff", f"{STORY}/1")[-1] == "It has not been revised."


def test_diff_of_a_story_says_how_to_name_an_update(balloon: Site) -> None:
    result = balloon.run("diff", STORY)
    assert result.exit_code == 2
    assert f"'{STORY}' names no update: write STORY/UPDATE, for example {STORY}/3" in result.stderr


# claims


def test_claims_shows_every_stance_with_its_update_and_time(balloon: Site) -> None:
    assert lines(balloon, "claims", STORY)[:6] == [
        "disputed · The balloon was spying for China (spy-balloon)",
        "  3 February 2023, 13:05 CET · US asserts (1)",
        "  3 February 2023, 19:00 CET · China denies (2)",
        "  8 February 2023, 20:00 CET · US asserts (6)",
        "  13 February 2023, 09:00 CET · US asserts (9)",
        "",
    ]


def test_claims_as_json_are_those_of_the_story(balloon: Site) -> None:
    story = json.loads(balloon.run("show", STORY, "--json").stdout)
    assert json.loads(balloon.run("claims", STORY, "--json").stdout) == story["claims"]


def test_without_claims_it_is_said_how_to_make_one(flood: Site) -> None:
    result = flood.run("claims", "flood")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "--stance 'PARTY asserts CLAIM'" in result.stderr
    assert json.loads(flood.run("claims", "flood", "--json").stdout) == []


# stories


def test_stories_lists_name_status_updates_and_headline(balloon: Site) -> None:
    balloon.fill([event("story.opened", headline="Flood on the river")])
    shown = lines(balloon, "stories")
    assert re.fullmatch(r"flood · open · 0 updates · \d+ .* CES?T", shown[0])
    assert shown[1:] == [
        "    Flood on the river",
        "us-china-balloon-2023 · open · 11 updates · 13 February 2023, 11:10 CET",
        "    Balloon: Washington and Beijing in touch about the balloon",
    ]


def test_stories_can_be_picked_by_tag_and_openness(flood: Site) -> None:
    flood.fill([event("story.opened", story="storm", headline="Storm", tags=["Weather"])])
    flood.fill([event("story.opened", story="vote", headline="Vote")])

    def named(*options: str) -> list[str]:
        return [json.loads(line)["story"] for line in flood.run("stories", "--json", *options).stdout.splitlines()]

    assert named() == ["flood", "storm", "vote"]
    assert named("--tag", "Weather") == ["flood", "storm"]
    assert named("--open") == ["storm", "vote"]
    assert named("--open", "--tag", "Weather") == ["storm"]


def test_stories_as_json_has_the_fields_of_the_event_format(flood: Site) -> None:
    (story,) = map(json.loads, flood.run("stories", "--json").stdout.splitlines())
    assert list(story) == ["story", "headline", "status", "tags", "updates", "opened_at", "updated_at", "position"]


def test_where_no_story_is_listed_it_is_said_how_to_open_one(site: Site) -> None:
    result = site.run("stories")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == 'no such story: open one with feed open STORY "HEADLINE"\n'


# log


def test_log_shows_what_each_event_says_and_both_its_times(balloon: Site) -> None:
    shown = lines(balloon, "log", "--after", "16")
    text = " ".join(" ".join(shown).split())
    assert re.match(
        rf"17 \d+ [A-Z].* CES?T · update\.revised · {STORY}/11 · Demo desk correction \(headline, body\): We wrote",
        text,
    )
    assert "We wrote that the balloon was over the United States for one day." in text
    assert "published 13 February 2023, 11:00 CET" in text


def test_log_has_words_for_every_type(flood: Site) -> None:
    text = "\n".join(lines(flood, "log"))
    facts = re.findall(r"· ([a-z]+\.[a-z]+) ·.*\n {8}(.*)", text)
    assert facts == [
        ("story.opened", "Flood on the river"),
        ("update.added", "The old dam holds"),
        ("update.added", "A bridge is gone"),
        ("update.added", "Never told"),
        ("update.withdrawn", "untold"),
        ("update.revised", "amendment (headline)"),
        ("update.revised", "correction (headline, body): It is new."),
        ("update.revised", "refile (tags)"),
        ("update.revised", "clarification: One bridge."),
        ("update.withdrawn", "It stands."),
        ("note.added", "We asked again."),
        ("note.added", "More tomorrow."),
        ("story.changed", "headline: Flood; signal: correction; notice: One river."),
        ("story.changed", "status: closed"),
    ]


def test_log_as_json_is_the_event_format_and_can_be_imported(balloon: Site) -> None:
    exported = balloon.run("log", "--json").stdout
    with balloon.newsroom() as newsroom:
        assert exported.encode().splitlines() == [to_json(one) for one in newsroom.events()]
    file = balloon.folder / "exported.jsonl"
    file.write_text(exported)
    assert "18 known already" in balloon.run("import", str(file)).stdout


def test_log_of_a_story_holds_only_its_events(flood: Site) -> None:
    flood.fill([event("story.opened", story="flood-2", headline="Another")])
    shown = [json.loads(line) for line in flood.run("log", "flood-2", "--json").stdout.splitlines()]
    assert [(one["story"], one["position"]) for one in shown] == [("flood-2", 15)]


def test_log_of_a_story_that_is_only_the_beginning_of_a_name_is_refused(flood: Site) -> None:
    assert refused(flood, "log", "floo") == "Error: there is no story 'floo': did you mean flood?\n"


def test_follow_waits_for_events_and_ends_with_ctrl_c(balloon: Site) -> None:
    command = [
        sys.executable,
        "-m",
        "feed",
        "--config",
        str(balloon.config),
        "log",
        "--json",
        "--after",
        "17",
        "--follow",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["position"] == 18
        with balloon.newsroom() as newsroom:
            newsroom.append(NewEvent(story=STORY, data=UpdateAdded(headline="And then")))
            newsroom.append(NewEvent(story=STORY, data=StoryChanged(status="closed")))
        assert [json.loads(process.stdout.readline())["position"] for _ in range(2)] == [19, 20]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr.read() == b""


def test_a_reader_that_goes_away_causes_no_traceback(site: Site) -> None:
    site.fill([event("story.opened", headline="Flood")])
    # More than a pipe holds.
    site.fill([event("update.added", headline="x", body="word " * 1_000)] * 100)
    command = [sys.executable, "-m", "feed", "--config", str(site.config), "log", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


# status


def test_status_says_what_waits_before_the_first_publish(balloon: Site) -> None:
    result = balloon.run("status")
    assert result.exit_code == 0
    assert "\nLast publish never\n" in result.stdout
    assert "\nLog          18 events\n" in result.stdout
    assert "To be told   11 updates, 1 correction, 1 clarification and 1 editor’s note\n" in result.stdout
    assert result.stderr == "not published yet: feed publish\n"


def test_status_says_when_and_where_the_last_publish_was(balloon: Site) -> None:
    balloon.run("publish")
    result = balloon.run("status")
    assert re.search(r"^Last publish \d+ .* CES?T, up to event 18$", result.stdout, re.MULTILINE)
    assert "public" in result.stdout
    assert "To be told   nothing\n" in result.stdout
    assert result.stderr == ""


def test_status_says_what_is_wrong(balloon: Site) -> None:
    balloon.run("publish")
    record = balloon.folder / "public" / "publish.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"origin": "another"}))
    assert "Problem      " in balloon.run("status").stdout
    assert "feed publish --takeover" in " ".join(balloon.run("status").stdout.split())


# Hostile text


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_no_stored_text_can_drive_the_terminal(hostile: Site, command: tuple[str, ...]) -> None:
    shown = hostile.run(*command).stdout
    assert "\\u009b31mred" in shown
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)


def test_bodies_are_shown_with_their_escapes(hostile: Site) -> None:
    assert "\\u202etfel \\u2066x\\u2069 \\u007f end!" in hostile.run("show", "flood/1").stdout
