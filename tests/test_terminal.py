"""How text, entries and changes look on a terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unicodedata import combining, east_asian_width

import click
import pytest
from conftest import Site
from entry_values import ENGLISH_VOICE
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from feed.claims import Statement, claim
from feed.cli import layout, terminal
from feed.cli.layout import plain, styled, wrapped
from feed.diff import word_diff
from feed.events import Changes, NewEvent, Source, Stance, UpdateAdded, UpdateRevised, UpdateWithdrawn
from feed.site.entries import Entry, Notice, Wording
from feed.story import Withdrawal

CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
STORY = "us-china-balloon-2023"


@pytest.fixture
def _sixty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")


def entry_of(site: Site, new: NewEvent) -> str:
    with site.newsroom() as newsroom:
        entry = newsroom.rehearse(new).entry
    assert isinstance(entry, Entry)
    return click.unstyle(terminal.entry(entry, ENGLISH_VOICE))


def on_terminal(*command: str) -> str:
    """What a command writes where both its outputs are a terminal of 80 columns."""
    outside, inside = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "feed", *command], stdout=inside, stderr=inside, env=os.environ | {"COLUMNS": "80"}
    ) as process:
        os.close(inside)
        written = b"".join(_chunks(outside))
    assert process.returncode == 0
    return written.decode()


def _chunks(terminal: int) -> Iterator[bytes]:
    """What comes out of a terminal until nobody writes into it any more, which Linux says as an error."""
    try:
        while chunk := os.read(terminal, 4096):
            yield chunk
    except OSError:
        os.close(terminal)


# Text that came from outside


@given(st.text())
def test_no_text_can_drive_the_terminal(text: str) -> None:
    assert not CONTROLS.search(plain(text))


@given(st.text())
def test_other_text_stays_as_it_is(text: str) -> None:
    harmless = CONTROLS.sub("", text)
    assert plain(harmless) == harmless


def test_what_could_drive_the_terminal_is_shown_as_an_escape() -> None:
    assert plain("a\u202eb\x9b31mc\x7fd\re") == "a\\u202eb\\u009b31mc\\u007fd\\u000de"


def test_line_ends_of_other_systems_are_line_ends() -> None:
    assert plain("one\r\ntwo") == "one\ntwo"


# Wrapping


@given(st.text(alphabet="ab -1.\n\t日", max_size=300))
def test_wrapping_keeps_every_word_and_every_line_within_the_width(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "30")
        lines = wrapped(text, "  ").split("\n")
    assert " ".join(lines).split() == text.split()
    assert all(len(line) <= 30 or len(line.split()) <= 2 for line in lines)


@given(st.text(alphabet="ab -1.\t·é“", max_size=300), st.integers(1, 40))
def test_lines_of_even_characters_break_as_those_of_others_do(line: str, columns: int) -> None:
    by_word = layout._broken_by_word(line, "  1  ", "    ", columns)
    evenly = layout._broken_evenly(line, "  1  ", "    ", columns)
    assert [one.rstrip() for one in evenly] == [one.rstrip() for one in by_word]


def test_no_character_that_is_not_looked_up_is_wide_or_combining() -> None:
    assert not [one for one in map(chr, range(0x300)) if east_asian_width(one) in "WF" or combining(one)]


def test_what_reaches_no_terminal_is_not_styled(monkeypatch: pytest.MonkeyPatch) -> None:
    with click.Context(click.Command("show")):
        assert styled("water", fg="red") == "water"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with click.Context(click.Command("show")):
        assert styled("water", fg="red") == click.style("water", fg="red")


@pytest.mark.usefixtures("_sixty_columns")
def test_what_continues_a_line_hangs_under_its_text() -> None:
    item = "- " + "water " * 12
    assert wrapped(item, "* ") == f"* - {'water ' * 9}".rstrip() + f"\n    {'water ' * 3}".rstrip()


@pytest.mark.usefixtures("_sixty_columns")
def test_styles_take_no_columns() -> None:
    text = "water " * 20
    assert click.unstyle(wrapped(styled(text, fg="red"))) == wrapped(text)


@pytest.mark.usefixtures("_sixty_columns")
def test_wide_characters_take_two_columns() -> None:
    assert wrapped("水水水水水 " * 7).split("\n")[0] == " ".join(["水水水水水"] * 5)


def test_lines_are_at_most_a_hundred_columns_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert max(map(len, wrapped("word " * 100).split("\n"))) == 99


def test_an_address_longer_than_the_line_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    address = "https://example.org/a-rather-long-path"
    assert address in wrapped(f"see {address} there").split("\n")
    assert wrapped(address, "Folder  ") == f"Folder  {address}"


# Entries


def test_an_update_looks_as_a_reader_will_show_it(balloon: Site) -> None:
    data = UpdateAdded(
        headline="Debris found off the coast",
        body="Divers have found *debris*.\n\n- a wing\n- a camera",
        occurred="2023-02-14",
        occurred_text="on Tuesday",
        sources=(Source(name="Coast guard", url="https://example.org/1", quote="We found it."),),
        stances=(
            Stance(claim="spy-balloon", by="US", position="retracts"),
            Stance(claim="camera", by="US", position="asserts", text="It carried a camera"),
        ),
        link="https://example.org/more",
        closes=True,
    )
    shown = entry_of(balloon, NewEvent(story=STORY, data=data, author="Anna"))
    head, *rest = shown.split("\n\n")
    assert re.fullmatch(r"  Balloon: Debris found off the coast\n  \d+ \w+ \d{4}, \d\d:\d\d UTC · Anna", head)
    assert rest == [
        "  Divers have found *debris*.",
        "  - a wing\n  - a camera",
        "  When: 14 February 2023 (“on Tuesday”)\n"
        "  Sources:\n"
        "    Coast guard (https://example.org/1): “We found it.”\n"
        "  Claims:\n"
        "    The balloon was spying for China: denied (US retracts, China denies)\n"
        "    It carried a camera: unconfirmed (US asserts)",
        "  More: https://example.org/more\n  This ends our coverage.",
    ]


def test_a_correction_says_what_the_entry_said_and_says_now(balloon: Site) -> None:
    changes = Changes(headline="Blinken puts off his journey to China", tags=None, link="https://example.org/3")
    data = UpdateRevised(update="3", signal="correction", notice="It was put off, not called off.", changes=changes)
    _, notice, *fields = entry_of(balloon, NewEvent(story=STORY, data=data)).split("\n\n")
    assert re.fullmatch(r"  Correction \([^)]+ UTC\): It was put off, not called off\.", notice)
    assert fields == [
        "  Headline\n"
        "    It said: US Secretary of State calls off his journey to China\n"
        "    It now says: Blinken puts off his journey to China",
        "  Link\n    It said: nothing\n    It now says: https://example.org/3",
    ]


def test_hidden_words_are_not_in_the_entry(balloon: Site) -> None:
    changes = Changes(headline="Blinken puts off his journey to China")
    data = UpdateRevised(update="3", signal="correction", notice="It was wrong.", changes=changes, hide_before=True)
    shown = entry_of(balloon, NewEvent(story=STORY, data=data))
    assert "The earlier words are no longer shown.\n    It now says: Blinken puts off" in shown
    assert "calls off" not in shown


def test_a_withdrawal_shows_its_notice_and_nothing_else_of_the_update(balloon: Site) -> None:
    data = UpdateWithdrawn(update="3", notice="It was not true.", title="On a journey")
    head, notice = entry_of(balloon, NewEvent(story=STORY, data=data)).split("\n\n")
    assert head.startswith("  Balloon: Withdrawn: On a journey\n")
    assert re.fullmatch(r"  Withdrawn \([^)]+ UTC\): It was not true\.", notice)


def test_no_text_of_an_entry_can_drive_the_terminal() -> None:
    text = "\x9b31m \u202etext"
    moment = "2023-02-03T12:00:00.000000Z"
    statement = Statement(claim="c", by=text, position="asserts", text=text, update="1", place=1, published_at=moment)
    whole = Entry(
        id="x",
        story="flood",
        anchor="1",
        language="en",
        kind="update",
        title=text,
        author=text,
        tags=(),
        key=False,
        published_at=moment,
        updated_at=moment,
        withdrawal=Withdrawal(version=1, notice=text, title=text, published_at=moment),
        statement=text,
        notices=(Notice(signal="correction", text=text, published_at=moment),),
        body=text,
        wordings=(Wording(field="body", before=text, after=text),),
        occurred_text=text,
        sources=(Source(name=text, quote=text),),
        claims=(claim("c", [statement]),),
        notes=(text,),
        link=text,
    )
    shown = click.unstyle(terminal.entry(whole, ENGLISH_VOICE))
    assert not CONTROLS.search(shown)
    assert shown.count("\\u202etext") == 15


# Changes


def test_a_change_is_marked_word_by_word_and_field_by_field(balloon: Site) -> None:
    with balloon.newsroom() as newsroom:
        update = newsroom.story(STORY).updates["4"]
    changes = Changes(headline=update.headline.replace("east", "west"), key=False, tags=("Navy",))
    assert click.unstyle(terminal.changes(update, changes, ENGLISH_VOICE)) == (
        "Headline:\n  American fighter jet brings the balloon down off the [-east-]{+west+} coast\n"
        "Key update:\n  [-yes-]\n"
        "Topics:\n  {+Navy+}"
    )


def test_what_stays_as_it_is_is_no_change(balloon: Site) -> None:
    with balloon.newsroom() as newsroom:
        update = newsroom.story(STORY).updates["4"]
    same = {name: getattr(update, name) or None for name in Changes.__struct_fields__}
    assert terminal.changes(update, Changes(**same), ENGLISH_VOICE) == ""
    assert terminal.changes(update, Changes(headline=UNSET), ENGLISH_VOICE) == ""


def test_marks_are_coloured_and_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    shown = terminal.diff(word_diff("the old dam", "the rather new and big dam"), "  ")
    red, green = (
        click.style("[-old-]", fg="red"),
        [click.style(word, fg="green") for word in ["{+rather", "new", "and", "big+}"]],
    )
    assert shown == f"  the\n  {red}{green[0]}\n  {' '.join(green[1:])} dam"


def test_developments_are_counted_by_kind_in_words() -> None:
    assert terminal.tally({"note": 2, "ended": 1, "update": 1, "correction": 0, "withdrawal": 1_000}) == (
        "1 update, 1,000 withdrawals, 2 editor’s notes and 1 end of coverage"
    )
    assert terminal.tally({}) == ""


# On a real terminal


def test_colours_are_shown_on_a_terminal_and_nowhere_else(balloon: Site) -> None:
    shown = on_terminal("--config", str(balloon.config), "show", STORY)
    assert "\x1b[33m\x1b[1mdisputed\x1b[0m · The balloon was spying" in shown
    assert "\x1b" not in balloon.run("show", STORY).stdout
    assert click.unstyle(shown).replace("\r\n", "\n") == balloon.run("show", STORY).stdout


def test_progress_is_shown_on_a_terminal_which_gets_its_cursor_back(balloon: Site) -> None:
    shown = on_terminal("--config", str(balloon.config), "rebuild")
    assert "100%" in shown
    assert shown.count("\x1b[?25h") == 1
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
    assert shown.endswith("\x1b[?25h\r\nrebuilt from 18 events\r\n")


def test_progress_is_silent_where_standard_error_is_no_terminal(balloon: Site) -> None:
    assert balloon.run("rebuild").stderr == ""


def test_a_broken_off_command_gives_the_cursor_back(tmp_path: Path) -> None:
    script = tmp_path / "broken.py"
    script.write_text(
        "import click\n"
        "from feed.cli.terminal import ProgressBar\n"
        "@click.command()\n"
        "def broken():\n"
        "    ProgressBar('counting')(1, 2)\n"
        "    raise SystemExit(0)\n"
        "broken()\n"
    )
    outside, inside = pty.openpty()
    with subprocess.Popen([sys.executable, str(script)], stderr=inside, env=os.environ | {"PYTHONPATH": os.curdir}):
        os.close(inside)
        shown = b"".join(_chunks(outside))
    assert b"counting" in shown
    assert shown.endswith(b"\x1b[?25h\r\n")
