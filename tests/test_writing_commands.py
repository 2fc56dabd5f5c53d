"""The commands that write: what they record, what they answer, and the editor."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from conftest import Site
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from feed import settings
from feed.cli import desk, documents, main, recording, updates
from feed.errors import PublishError
from feed.events import Changes as NewValues
from feed.events import NewEvent, NoteAdded, Source, Stance, StoryOpened, UpdateAdded, UpdateRevised
from feed.jsonlines import to_json
from feed.newsroom import Newsroom
from feed.story import Story, Update

ROOT = Path(settings.__file__).parents[1]
NOT_PUBLISHED = "not published yet: feed publish\n"


@pytest.fixture
def flood(site: Site) -> Site:
    """An open story with an update, and another one; nothing has been published."""
    with site.newsroom() as newsroom:
        newsroom.append(NewEvent(story="flood", data=StoryOpened(headline="The flood", label="Flood")))
        newsroom.append(NewEvent(story="flood", data=FIRST))
        newsroom.append(NewEvent(story="flat", data=StoryOpened(headline="The flat")))
    return site


FIRST = UpdateAdded(
    headline="Water rises",
    body="By a metre.",
    tags=("Elbe",),
    key=True,
    stances=(Stance(claim="safe", by="Mayor", position="asserts", text="The dam is safe"),),
)


def log_of(site: Site) -> list[dict[str, Any]]:
    with site.newsroom() as newsroom:
        return [json.loads(to_json(event)) for event in newsroom.events()]


def done(result: Result) -> Result:
    assert result.exit_code == 0, result.output
    return result


def recorded(site: Site, *args: str, input: str | None = None) -> dict[str, Any]:
    """The event that a command says, by --json, it has recorded: the log's last."""
    answer = json.loads(done(site.run(*args, "--json", input=input)).stdout)
    assert answer == log_of(site)[-1]
    return answer


def data(site: Site, *args: str, input: str | None = None) -> dict[str, Any]:
    return recorded(site, *args, input=input)["data"]


# Every command

COMMANDS: dict[str, tuple[tuple[str, ...], str, dict[str, Any]]] = {
    "open": (("open", "rain", "The rain"), "story.opened", {"headline": "The rain"}),
    "append": (("append", "flood", "Help comes"), "update.added", {"headline": "Help comes", "update": "2"}),
    "revise": (
        ("revise", "flood/1", "--correction", "--notice", "N", "--body", "B"),
        "update.revised",
        {"update": "1", "signal": "correction", "notice": "N", "changes": {"body": "B"}},
    ),
    "amend": (
        ("amend", "flood/1", "--headline", "Water falls"),
        "update.revised",
        {"update": "1", "signal": "amendment", "changes": {"headline": "Water falls"}},
    ),
    "undo": (("undo", "flood/1"), "update.withdrawn", {"update": "1", "untold": True}),
    "withdraw": (
        ("withdraw", "flood/1", "--notice", "N", "--title", "T"),
        "update.withdrawn",
        {"update": "1", "notice": "N", "title": "T"},
    ),
    "withdraw a story": (
        ("withdraw", "flood", "--notice", "N", "--title", "T"),
        "story.withdrawn",
        {"notice": "N", "title": "T"},
    ),
    "note": (("note", "flood/1", "T"), "note.added", {"text": "T", "update": "1"}),
    "note on a story": (("note", "flood", "T"), "note.added", {"text": "T"}),
    "change": (("change", "flood", "--label", "L"), "story.changed", {"label": "L"}),
    "close": (("close", "flood"), "story.changed", {"status": "closed"}),
    "reopen": (("reopen", "flood"), "story.changed", {"status": "open"}),
}
PLACE = {"append": "flood/2", "open": "rain"}
TOLD = {
    "append": "Flood: Help comes",
    "amend": "Flood: Water falls",
    "revise": "Flood: Correction: Water rises",
    "withdraw": "Flood: Withdrawn: T",
    "withdraw a story": "Withdrawn: T",
    "note": "Flood: Editor’s note: Water rises",
    "note on a story": "Flood: Editor’s note: The flood",
    "close": "Flood: Coverage ended: The flood",
    "reopen": "Flood: Coverage resumed: The flood",
}


@pytest.fixture(params=COMMANDS)
def command(request: pytest.FixtureRequest, flood: Site) -> str:
    name: str = request.param
    if name == "reopen":
        done(flood.run("close", "flood"))
    return name


def test_a_command_records_its_event_and_answers_with_place_entry_and_what_to_do_next(
    flood: Site, command: str
) -> None:
    args, of_type, expected = COMMANDS[command]
    result = done(flood.run(*args))
    *_, event = log_of(flood)
    filled = {"uri": "tag:news.example.org,2023-01-01:rain", "language": "en"} if command == "open" else {}
    assert (event["type"], event["data"]) == (of_type, expected | filled)
    assert (event["story"], event["author"]) == (args[1].partition("/")[0], "Night desk")
    place, *entry = result.stdout.splitlines()
    assert place == f"{PLACE.get(command, args[1])}  (event {event['position']})"
    assert entry[0] == (f"  {TOLD[command]}" if command in TOLD else "Subscribers get no entry of this.")
    assert result.stderr == NOT_PUBLISHED


def test_a_dry_run_answers_the_same_and_writes_nothing(flood: Site, command: str) -> None:
    args, _, _ = COMMANDS[command]
    before, files = log_of(flood), sorted(flood.folder.iterdir())
    dry = done(flood.run(*args, "--dry-run"))
    published = done(flood.run(*args, "-n", "-p"))
    assert (log_of(flood), sorted(flood.folder.iterdir())) == (before, files)
    assert dry.stderr == published.stderr == "nothing was written (dry run)\n"
    real = done(flood.run(*args))
    assert undated(dry.stdout) == undated(published.stdout) == f"would be {undated(real.stdout)}"


def undated(text: str) -> str:
    return re.sub(r"\d\d:\d\d", "HH:MM", text)


def test_a_command_appended_twice_under_one_id_is_one_event(flood: Site, command: str) -> None:
    args, _, _ = COMMANDS[command]
    first = done(flood.run(*args, "--id", "once"))
    before = log_of(flood)
    again = done(flood.run(*args, "--id", "once"))
    assert log_of(flood) == before
    assert before[-1]["id"] == "once"
    assert again.stdout.splitlines()[0] == first.stdout.splitlines()[0].replace(")", ", recorded before)")
    assert recorded(flood, *args, "--id", "once") == before[-1]


@pytest.mark.parametrize("args", [("append", "flood", "Help comes"), ("close", "flood")])
def test_a_command_publishes_right_after(flood: Site, args: tuple[str, ...]) -> None:
    result = done(flood.run(*args, "--publish"))
    assert "The feed: https://news.example.org/atom.xml\n" in result.stdout
    assert (flood.folder / "public" / "atom.xml").exists()
    assert result.stderr == ""


def test_with_json_the_answer_is_one_line_of_json_even_when_it_publishes(flood: Site) -> None:
    result = done(flood.run("append", "flood", "Help comes", "--json", "-p"))
    assert json.loads(result.stdout)["data"]["headline"] == "Help comes"
    assert "The feed: https://news.example.org/atom.xml\n" in result.stderr


def test_another_content_under_a_known_id_is_refused(flood: Site) -> None:
    done(flood.run("append", "flood", "Help comes", "--id", "once"))
    before = log_of(flood)
    result = flood.run("append", "flood", "Help goes", "--id", "once")
    assert (result.exit_code, result.stdout, result.stderr) == (
        1,
        "",
        "Error: the id 'once' is event 4 already, with other content: give the new event an id of its own\n",
    )
    assert log_of(flood) == before


# Who signs


def test_the_author_is_the_one_given_else_the_environments_else_the_settings(flood: Site) -> None:
    assert recorded(flood, "append", "flood", "One")["author"] == "Night desk"
    assert recorded(flood, "append", "flood", "Two", "--author", "Ann")["author"] == "Ann"
    runner = CliRunner(env={"FEED_AUTHOR": "Bob"})
    for args, author in (((), "Bob"), (("--author", "Ann"), "Ann")):
        result = runner.invoke(main, ["--config", str(flood.config), "append", "flood", "Three", "--json", *args])
        assert json.loads(result.stdout)["author"] == author


def test_without_any_author_the_login_name_signs(flood: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    flood.config.write_text(flood.config.read_text().replace("author =", "# author ="))
    monkeypatch.setenv("LOGNAME", "cleo")
    assert recorded(flood, "append", "flood", "One")["author"] == "cleo"
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 7)
    result = flood.run("append", "flood", "Two")
    assert (result.exit_code, result.stderr) == (
        1,
        "Error: who signs it is unknown: give --author, or write desk.author into the settings\n",
    )


# open and append


def test_open_takes_all_that_a_story_begins_with(site: Site) -> None:
    options = ("--label", "Dam", "--summary", "A crack.\n\nAnd another.", "--language", "de-AT", "--tag", "Elbe")
    assert data(site, "open", "dam", "The dam", *options, "--tag", "Dams") == {
        "headline": "The dam",
        "label": "Dam",
        "summary": "A crack.\n\nAnd another.",
        "language": "de-AT",
        "tags": ["Elbe", "Dams"],
        "uri": "tag:news.example.org,2023-01-01:dam",
    }


def test_append_takes_all_that_an_update_says(flood: Site) -> None:
    options = {
        "--update": "last",
        "--body": "By *two* metres.",
        "--occurred": "2026-02-02~",
        "--occurred-text": "the day before",
        "--link": "https://example.org/",
    }
    repeated = (
        "--source",
        "Operator",
        "--source",
        "Reuters <https://example.org/r>: It: rises.",
        "--tag",
        "A",
        "--tag",
        "B",
    )
    stances = ("--stance", "The Mayor denies safe", "--stance", "Operator confirms dry", "--claim", "dry=It=dry")
    flat = [text for pair in options.items() for text in pair]
    assert data(flood, "append", "flood", "Water rises", *flat, *repeated, *stances, "--key", "--close") == {
        "headline": "Water rises",
        "update": "last",
        "body": "By *two* metres.",
        "occurred": "2026-02-02~",
        "occurred_text": "the day before",
        "sources": [
            {"name": "Operator"},
            {"name": "Reuters", "url": "https://example.org/r", "quote": "It: rises."},
        ],
        "stances": [
            {"claim": "safe", "by": "The Mayor", "position": "denies"},
            {"claim": "dry", "by": "Operator", "position": "confirms", "text": "It=dry"},
        ],
        "key": True,
        "tags": ["A", "B"],
        "link": "https://example.org/",
        "closes": True,
    }
    assert flood.run("append", "flood", "H").exit_code == 1


@pytest.mark.parametrize(
    ("typed", "source"),
    [
        ("Reuters", {"name": "Reuters"}),
        ("https://example.org/a:b", {"url": "https://example.org/a:b"}),
        ("<https://example.org/>", {"url": "https://example.org/"}),
        ("<mailto:a@example.org>", {"url": "mailto:a@example.org"}),
        (": Only a quote", {"quote": "Only a quote"}),
        ("Reuters: It rises", {"name": "Reuters", "quote": "It rises"}),
        ("Reuters:It rises", {"name": "Reuters:It rises"}),
        ("<https://example.org/>: Said\nso", {"url": "https://example.org/", "quote": "Said\nso"}),
        ("  Reuters   <https://example.org/>  ", {"name": "Reuters", "url": "https://example.org/"}),
    ],
)
def test_a_source_is_typed_as_name_address_and_quote(flood: Site, typed: str, source: dict[str, str]) -> None:
    assert data(flood, "append", "flood", "H", "--source", typed)["sources"] == [source]


def test_headline_and_body_come_from_standard_input(flood: Site) -> None:
    assert data(flood, "append", "flood", "-", input="Help comes\n\nFrom *afar*.\n\nAt noon.\n") == {
        "headline": "Help comes",
        "body": "From *afar*.\n\nAt noon.",
        "update": "2",
    }
    assert data(flood, "append", "flood", "-", input="Only a headline") == {
        "headline": "Only a headline",
        "update": "3",
    }


def test_a_body_comes_from_a_file_or_standard_input(flood: Site) -> None:
    file = flood.folder / "body.md"
    file.write_text("\ufeff\nÜber *alles*.\n\n", encoding="utf-8")
    assert data(flood, "append", "flood", "H", "--body-file", str(file))["body"] == "Über *alles*."
    assert data(flood, "append", "flood", "H", "--body-file", "-", input="Piped.\n")["body"] == "Piped."


def test_words_for_a_time_are_resolved_repeated_and_kept(flood: Site) -> None:
    result = done(flood.run("append", "flood", "H", "--when", "about 13 Feb 2023", "--json"))
    said = json.loads(result.stdout)["data"]
    assert (said["occurred"], said["occurred_text"]) == ("2023-02-13~", "about 13 Feb 2023")
    assert result.stderr == "about 13 Feb 2023 is about 13 February 2023 (2023-02-13~)\n" + NOT_PUBLISHED
    both = data(flood, "append", "flood", "H", "--when", "13 Feb 2023", "--occurred-text", "on Monday")
    assert (both["occurred"], both["occurred_text"]) == ("2023-02-13", "on Monday")


DOCUMENT = """\
---
headline: Help comes
update: help
occurred: 2026-02-02
occurred_text: yesterday
sources:
- {name: Operator, url: "https://example.org/", quote: It rises}
stances:
- {claim: dry, by: Mayor, position: asserts, text: It is dry}
tags: [A, 2026]
key: true
link: https://example.org/
closes: false
id: from-file
author: Ann
---

By *two* metres.

---

More.
"""


def test_an_update_comes_from_a_document(flood: Site) -> None:
    file = flood.folder / "update.md"
    file.write_text(DOCUMENT, encoding="utf-8-sig")
    event = recorded(flood, "append", "flood", "--file", str(file))
    assert (event["id"], event["author"]) == ("from-file", "Ann")
    assert event["data"] == {
        "headline": "Help comes",
        "update": "help",
        "body": "By *two* metres.\n\n---\n\nMore.",
        "occurred": "2026-02-02",
        "occurred_text": "yesterday",
        "sources": [{"name": "Operator", "url": "https://example.org/", "quote": "It rises"}],
        "stances": [{"claim": "dry", "by": "Mayor", "position": "asserts", "text": "It is dry"}],
        "key": True,
        "tags": ["A", "2026"],
        "link": "https://example.org/",
    }


def test_what_the_options_say_goes_before_what_the_document_says(flood: Site) -> None:
    file = flood.folder / "update.md"
    file.write_text(DOCUMENT)
    options = ("--id", "given", "--author", "Bob", "--tag", "C", "--update", "other", "--no-key", "--body", "B")
    event = recorded(flood, "append", "flood", "--file", str(file), *options)
    assert (event["id"], event["author"]) == ("given", "Bob")
    said = event["data"]
    assert (said["tags"], said["update"], said["body"], said.get("key")) == (["C"], "other", "B", None)


def test_the_template_is_a_document_that_lacks_only_a_headline(flood: Site) -> None:
    fields = documents.read("template", documents.TEMPLATE)
    assert {name for name, value in fields.items() if value} == set()
    file = flood.folder / "update.md"
    file.write_text(documents.TEMPLATE.replace("headline:", "headline: H"))
    assert data(flood, "append", "flood", "--file", str(file)) == {"headline": "H", "update": "2"}


def test_a_new_party_is_pointed_out_with_those_known(flood: Site) -> None:
    append = ("append", "flood", "H", "--stance")
    assert done(flood.run(*append, "Mayor denies safe")).stderr == NOT_PUBLISHED
    assert done(flood.run(*append, "USA denies safe")).stderr == "new party: USA; known: Mayor\n" + NOT_PUBLISHED
    assert done(flood.run(*append, "US denies safe", "-n")).stderr == (
        "new party: US; known: Mayor and USA\nnothing was written (dry run)\n"
    )
    assert done(flood.run("append", "flat", "H", "--stance", "USA denies safe", "--claim", "safe=S")).stderr == (
        NOT_PUBLISHED
    )
    revised = ("revise", "flood/2", "--addition", "--stance")
    assert done(flood.run(*revised, "China denies safe")).stderr == (
        "new party: China; known: Mayor and USA\n" + NOT_PUBLISHED
    )


# revise, amend, withdraw, change


def test_a_list_that_is_given_replaces_the_list_and_an_empty_text_clears(flood: Site) -> None:
    revise = ("revise", "flood/1", "--refile")
    assert data(flood, *revise, "--tag", "Oder", "--tag", "Rhine")["changes"] == {"tags": ["Oder", "Rhine"]}
    assert data(flood, *revise, "--tag", "")["changes"] == {"tags": None}
    assert data(flood, *revise, "--stance", "Mayor denies safe")["changes"] == {
        # The claim keeps the wording that the update gave it.
        "stances": [{"claim": "safe", "by": "Mayor", "position": "denies", "text": "The dam is safe"}]
    }
    assert data(flood, *revise, "--stance", "")["changes"] == {"stances": None}
    assert data(flood, *revise, "--body", "", "--no-key")["changes"] == {"body": None, "key": None}


@pytest.mark.parametrize("signal", ["correction", "clarification", "addition", "refile"])
def test_revise_takes_each_class(flood: Site, signal: str) -> None:
    options = ("--notice", "N", "--hide-before", "--headline", "H", "--source", "Operator")
    assert data(flood, "revise", "flood/1", f"--{signal}", *options) == {
        "update": "1",
        "signal": signal,
        "notice": "N",
        "changes": {"headline": "H", "sources": [{"name": "Operator"}]},
        "hide_before": True,
    }


def test_change_takes_all_that_a_story_says_of_itself(flood: Site) -> None:
    options = ("--headline", "H", "--label", "", "--summary", "S", "--tag", "A", "--pin", "1", "--notice", "N")
    related = ("--relate", "continues flood-2020", "--relate", "part-of rain", "--relate", "related  dam")
    assert data(flood, "change", "flood", *options, *related, "--clarification") == {
        "headline": "H",
        "label": None,
        "summary": "S",
        "pinned": "1",
        "tags": ["A"],
        "related": [
            {"story": "flood-2020", "rel": "continues"},
            {"story": "rain", "rel": "part-of"},
            {"story": "dam", "rel": "related"},
        ],
        "signal": "clarification",
        "notice": "N",
    }
    cleared = ("--unpin", "--tag", "", "--relate", "", "--summary", "")
    assert data(flood, "change", "flood", *cleared) == {"summary": None, "pinned": None, "tags": None, "related": None}


# On a terminal


class Terminal:
    """A person at a terminal, whose editor does what is wanted of it."""

    def __init__(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        self.site = site
        self._monkeypatch = monkeypatch
        monkeypatch.delenv("VISUAL", raising=False)
        monkeypatch.setenv("TMPDIR", str(site.folder))
        monkeypatch.setattr("tempfile.tempdir", str(site.folder))
        for module in (desk, recording, updates):
            monkeypatch.setattr(module, "on_terminal", lambda: True)

    def edits(self, change: Callable[[str], str]) -> None:
        """Have the editor put what `change` makes of the text in its place."""

        def edit(_editor: object, names: tuple[str, ...]) -> None:
            (name,) = names
            file = Path(name)
            before = file.read_text(encoding="utf-8-sig")
            if (after := change(before)) != before:
                file.write_text(after, encoding="utf-8", errors="surrogateescape")

        self._monkeypatch.setattr("click._termui_impl.Editor.edit_files", edit)

    def kept(self, message: str) -> str:
        """The text in the file that a message names."""
        return Path(message.rstrip("\n").rpartition("Your text is kept in ")[2]).read_text(errors="surrogateescape")


@pytest.fixture
def terminal(flood: Site, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return Terminal(flood, monkeypatch)


HELP = "---\nheadline: Help comes\n---\n\nFrom afar.\n"


def test_without_a_headline_the_editor_opens_on_the_template(terminal: Terminal) -> None:
    seen = []
    terminal.edits(lambda text: seen.append(text) or HELP)  # type: ignore[func-returns-value]
    assert data(terminal.site, "append", "flood", "--tag", "A") == {
        "headline": "Help comes",
        "body": "From afar.",
        "update": "2",
        "tags": ["A"],
    }
    assert seen == [documents.TEMPLATE]


@pytest.mark.parametrize("args", [("append", "flood"), ("revise", "flood/1"), ("amend", "flood/1")])
@pytest.mark.parametrize("change", [lambda text: text, lambda text: f"\n{text}\n\n"])
def test_a_text_left_unchanged_appends_nothing(
    terminal: Terminal, args: tuple[str, ...], change: Callable[[str], str]
) -> None:
    before = log_of(terminal.site)
    terminal.edits(change)
    result = done(terminal.site.run(*args))
    assert (result.stdout, log_of(terminal.site)) == ("", before)
    assert result.stderr.endswith(", so nothing appended\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("---\nheadline:\n---\nMy text.\n", "headline: must be text, not null"),
        ("---\nheadline: H\noccurred: soon\n---\nMy text.\n", "occurred: 'soon' is not understood"),
        ("---\nheadline: [H\n---\nMy text.\n", "your text: its head is no YAML in line 3: "),
        ("---\ntrue: H\n---\nMy text.\n", "your text: a field's name is no text"),
        ("My text.\n", "your text: has no head: "),
        ("---\nheadline: H\n---\nZ\udcfcrich\n", "body: character 2 is U+DCFC, which no feed can carry: take it out"),
        ("---\nheadline: Z\udcfcrich\n---\n", "your text: its head is no YAML: "),
        ("", "your text: has no head: "),
    ],
)
def test_a_text_that_is_refused_is_kept_in_a_file(terminal: Terminal, text: str, message: str) -> None:
    before = log_of(terminal.site)
    terminal.edits(lambda _: text)
    result = terminal.site.run("append", "flood")
    assert (result.exit_code, result.stdout, log_of(terminal.site)) == (1, "", before)
    assert result.stderr.startswith(f"Error: {message}")
    assert terminal.kept(result.stderr) == text


def test_for_a_story_that_is_not_there_no_editor_opens(terminal: Terminal) -> None:
    terminal.edits(lambda _: pytest.fail("an editor opened"))
    assert terminal.site.run("append", "floot").stderr == (
        "Error: there is no story 'floot': did you mean flood or flat?\n"
    )
    assert terminal.site.run("revise", "flood/x").exit_code == 1


def test_where_the_text_was_appended_a_failed_publish_does_not_say_it_was_refused(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise PublishError("public", "the disk is full")

    monkeypatch.setattr(recording, "publish_now", fail)
    terminal.edits(lambda _: HELP)
    result = terminal.site.run("append", "flood", "-p")
    assert (result.exit_code, result.stderr) == (1, "Error: public: the disk is full\n")
    assert log_of(terminal.site)[-1]["data"]["headline"] == "Help comes"


def test_revise_opens_the_present_text_and_asks_class_and_notice(terminal: Terminal) -> None:
    seen = []

    def change(text: str) -> str:
        seen.append(text)
        return text.replace("Water rises", "Water falls").replace("a metre", "two metres")

    terminal.edits(change)
    before = log_of(terminal.site)
    result = done(terminal.site.run("revise", "flood/1", input="correction\nIt was two.\n"))
    (event,) = log_of(terminal.site)[len(before) :]
    assert event["data"] == {
        "update": "1",
        "signal": "correction",
        "notice": "It was two.",
        "changes": {"headline": "Water falls", "body": "By two metres."},
    }
    assert seen[0].startswith("---\nheadline: Water rises\noccurred: null\n")
    assert seen[0].endswith("---\n\nBy a metre.\n")
    assert "[-rises-]" in result.stderr
    assert "{+falls+}" in result.stderr
    assert "What is it (correction, clarification, addition, refile): " in result.stderr
    assert "What was wrong, and what is right (this is published): " in result.stderr


@pytest.mark.parametrize(
    ("option", "answers", "expected"),
    [
        ("--addition", "", {"signal": "addition"}),
        ("--refile", "", {"signal": "refile"}),
        ("--clarification", "It was less.\n", {"signal": "clarification", "notice": "It was less."}),
    ],
)
def test_a_class_that_was_given_is_not_asked(
    terminal: Terminal, option: str, answers: str, expected: dict[str, str]
) -> None:
    terminal.edits(lambda text: text.replace("By a metre.", "By a foot."))
    done(terminal.site.run("revise", "flood/1", option, input=answers))
    assert log_of(terminal.site)[-1]["data"] == expected | {"update": "1", "changes": {"body": "By a foot."}}


def test_amend_opens_the_present_text_and_asks_nothing(terminal: Terminal) -> None:
    terminal.edits(lambda text: text.replace("- Elbe", "- Oder").replace("key: true", "key: false"))
    done(terminal.site.run("amend", "flood/1", input=""))
    assert log_of(terminal.site)[-1]["data"] == {
        "update": "1",
        "signal": "amendment",
        "changes": {"key": None, "tags": ["Oder"]},
    }


def test_a_revision_that_is_broken_off_at_a_question_keeps_the_text(terminal: Terminal) -> None:
    before = log_of(terminal.site)
    terminal.edits(lambda text: text.replace("a metre", "a foot"))
    result = terminal.site.run("revise", "flood/1", input="correction\n")
    assert (result.exit_code, log_of(terminal.site)) == (1, before)
    assert "By a foot." in terminal.kept(result.stderr)


def test_a_field_that_cannot_be_revised_is_refused_by_name(terminal: Terminal) -> None:
    terminal.edits(lambda text: text.replace("key:", "closes: true\nkey:"))
    result = terminal.site.run("revise", "flood/1", "--refile")
    assert result.stderr.startswith(
        "Error: closes: is no field of an update that can be revised: there are headline, occurred, occurred_text,"
    )
    assert "closes: true" in terminal.kept(result.stderr)


def test_what_someone_else_revised_meanwhile_is_told_and_the_text_kept(terminal: Terminal) -> None:
    def change(text: str) -> str:
        changes = NewValues(body="By a mile.")
        with terminal.site.newsroom() as newsroom:
            newsroom.append(NewEvent(story="flood", data=UpdateRevised(update="1", signal="refile", changes=changes)))
        return text.replace("a metre", "a foot")

    terminal.edits(change)
    result = terminal.site.run("revise", "flood/1", "--refile")
    assert result.exit_code == 1
    assert "Error: someone else has revised flood/1 meanwhile: look at it (feed show)" in result.stderr
    assert "By a foot." in terminal.kept(result.stderr)
    assert log_of(terminal.site)[-1]["data"]["changes"] == {"body": "By a mile."}


def test_what_happens_to_other_updates_meanwhile_does_no_harm(terminal: Terminal) -> None:
    def change(text: str) -> str:
        with terminal.site.newsroom() as newsroom:
            newsroom.append(NewEvent(story="flood", data=UpdateAdded(headline="Help comes")))
            newsroom.append(NewEvent(story="flood", data=NoteAdded(text="T")))
        return text.replace("a metre", "a foot")

    terminal.edits(change)
    done(terminal.site.run("revise", "flood/1", "--refile"))
    assert log_of(terminal.site)[-1]["data"]["changes"] == {"body": "By a foot."}


def test_an_event_of_the_same_moment_does_no_harm(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = Newsroom.story
    notes = iter(["first", "second"])

    def look(newsroom: Newsroom, slug: str) -> Story:
        story = looked(newsroom, slug)
        if (note := next(notes, None)) is not None:
            with terminal.site.newsroom() as another:
                another.append(NewEvent(story="flood", data=NoteAdded(text=note)))
        return story

    monkeypatch.setattr(Newsroom, "story", look)
    terminal.edits(lambda text: text.replace("a metre", "a foot"))
    assert data(terminal.site, "revise", "flood/1", "--refile")["changes"] == {"body": "By a foot."}
    assert [event["type"] for event in log_of(terminal.site)[-3:]] == ["note.added", "note.added", "update.revised"]


def test_withdraw_asks_for_notice_and_neutral_title(terminal: Terminal) -> None:
    result = done(terminal.site.run("withdraw", "flood/1", "--json", input="Not true.\nReport\n"))
    assert json.loads(result.stdout)["data"] == {"update": "1", "notice": "Not true.", "title": "Report"}
    assert "Why is it withdrawn? This is published: " in result.stderr
    assert "Neutral title in place of the headline" in result.stderr
    done(terminal.site.run("withdraw", "flat", input="Not true.\n\n"))
    assert log_of(terminal.site)[-1]["data"] == {"notice": "Not true."}


def test_a_unique_beginning_of_an_open_storys_name_is_enough(terminal: Terminal) -> None:
    site = terminal.site
    result = done(site.run("append", "flo", "Help comes"))
    assert result.stdout.startswith("flood/2  (event 4)\n")
    assert result.stderr.startswith("flo is flood\n")
    assert done(site.run("note", "flo/2", "T")).stdout.startswith("flood/2  (event 5)\n")
    assert site.run("append", "fl", "H").stderr == "Error: there is no story 'fl': did you mean flood or flat?\n"


def test_the_beginning_of_a_closed_storys_name_and_a_whole_name_mean_no_other(terminal: Terminal) -> None:
    site = terminal.site
    done(site.run("close", "flood"))
    assert site.run("reopen", "flo").exit_code == 1
    assert done(site.run("reopen", "flood")).stderr == NOT_PUBLISHED
    done(site.run("open", "flo", "The flow"))
    assert done(site.run("close", "flo")).stdout.startswith("flo  (event 7)\n")
    assert site.run("append", "flo", "H").stderr == "Error: story 'flo' is closed: reopen it first (feed reopen flo)\n"


def test_without_a_terminal_a_name_must_be_whole(flood: Site) -> None:
    assert flood.run("append", "flo", "H").exit_code == 1


EDITOR = """\
#!{python}
import pathlib, sys
file = pathlib.Path(sys.argv[1])
file.write_text(file.read_text().replace("headline:", "headline: Help comes", 1) + "From afar.\\n")
"""


def test_at_a_real_terminal_the_editor_of_the_environment_is_used(flood: Site) -> None:
    editor = flood.folder / "editor"
    editor.write_text(EDITOR.format(python=sys.executable))
    editor.chmod(0o755)
    environment = {**os.environ, "EDITOR": str(editor), "PYTHONPATH": str(ROOT)}
    environment.pop("VISUAL", None)
    ours, theirs = pty.openpty()
    try:
        subprocess.run(
            [sys.executable, "-m", "feed", "--config", str(flood.config), "append", "flo"],
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.DEVNULL,
            env=environment,
            check=True,
        )
        shown = os.read(ours, 10_000).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert shown.startswith("flood/2  (event 4)\r\n")
    assert log_of(flood)[-1]["data"] == {"headline": "Help comes", "body": "From afar.", "update": "2"}


def test_an_editor_that_fails_appends_nothing(flood: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    before = log_of(flood)
    monkeypatch.setattr(updates, "on_terminal", lambda: True)
    monkeypatch.delenv("VISUAL", raising=False)
    for editor in ("false", "/no/such/editor"):
        monkeypatch.setenv("EDITOR", editor)
        result = flood.run("append", "flood")
        assert (result.exit_code, log_of(flood)) == (1, before)
        assert result.stderr.startswith(f"Error: {editor}: Editing failed")


# Documents of what is there

_AWKWARD = st.sampled_from(
    [
        "---",
        "yes",
        "null",
        "~",
        "2023-02-04",
        "12:30",
        "1e3",
        "#",
        "- a",
        "a: b",
        "'",
        '"',
        "\\",
        "{}",
        "  x",
        "\t",
        "é🎈",
    ]
)
_line = st.lists(_AWKWARD, min_size=1, max_size=3).map(lambda parts: "".join(parts).strip() or "x")
_prose = st.lists(_AWKWARD | st.sampled_from(["\n", "\r", "\x85", "\u2028", " "]), min_size=1, max_size=6).map(
    lambda parts: "".join(parts) if "".join(parts).strip() else "x"
)
_updates = st.builds(
    Update,
    update=st.just("1"),
    added=st.just(2),
    position=st.just(2),
    id=st.just("k"),
    version=st.just(2),
    headline=_line,
    title=_line,
    body=st.none() | _prose,
    occurred=st.sampled_from([None, "2023", "2023-02-04", "../2023-02"]),
    occurred_text=st.none() | _line,
    sources=st.lists(st.builds(Source, name=_line, quote=st.none() | _prose), max_size=2).map(tuple),
    stances=st.lists(
        st.builds(Stance, claim=st.just("1e3"), by=_line, position=st.just("denies"), text=st.none() | _line),
        max_size=2,
    ).map(tuple),
    key=st.booleans(),
    tags=st.lists(_line, max_size=2).map(tuple),
    link=st.none(),
    closes=st.booleans(),
    author=st.just("Desk"),
    status=st.just("usable"),
    published_at=st.just("2026-02-03T12:00:00.000000Z"),
    updated_at=st.just("2026-02-03T12:00:00.000000Z"),
    hidden=st.just({}),
)


@given(_updates)
@hypothesis_settings(max_examples=60)
def test_the_document_of_an_update_says_what_the_update_says(update: Update) -> None:
    document = documents.write(update)
    fields = documents.read("text", document)
    assert documents.differences(update, fields) == NewValues()
    for name in ("headline", "occurred", "occurred_text", "tags", "key"):
        assert (fields[name] or None) == (json.loads(json.dumps(getattr(update, name))) or None)
    retitled = documents.differences(update, fields | {"headline": "Another"})
    assert retitled == NewValues(headline="Another")


def test_a_body_with_outer_blanks_is_not_changed_by_editing_the_headline(terminal: Terminal) -> None:
    done(terminal.site.run("append", "flood", "Code", "--body", "    indented\n\nmore\n\n"))
    terminal.edits(lambda text: text.replace("headline: Code", "headline: The code"))
    done(terminal.site.run("revise", "flood/2", "--refile"))
    assert log_of(terminal.site)[-1]["data"]["changes"] == {"headline": "The code"}


def test_times_in_answers_are_the_sites(flood: Site) -> None:
    answer = done(flood.run("append", "flood", "H")).stdout
    assert re.search(rf"  \d{{1,2}} \w+ {datetime.now(UTC).year}, \d\d:\d\d CES?T · Night desk", answer)


def test_options_are_read_from_the_environment_by_the_names_that_are_typed(
    flood: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEED_APPEND_TAG", "United States\nElbe")
    monkeypatch.setenv("FEED_APPEND_JSON", "1")
    event = json.loads(flood.run("append", "flood", "Help comes").stdout)
    assert event["data"]["tags"] == ["United States", "Elbe"]


def test_after_an_undo_a_claim_has_to_be_worded_again(flood: Site) -> None:
    stance = ("--stance", "Mayor asserts bridge-closed")
    worded = (*stance, "--claim", "bridge-closed=The bridge is closed")
    name = data(flood, "append", "flood", "Bridge closed", *worded)["update"]
    assert flood.run("undo", f"flood/{name}").exit_code == 0
    refused = flood.run("append", "flood", "Bridge closed", *stance)
    assert refused.stderr == "Error: stances[0].text: is missing: claim 'bridge-closed' is new in 'flood', word it\n"
    assert flood.run("append", "flood", "Bridge closed", *worded).exit_code == 0


def test_it_has_to_be_so_too_where_an_amendment_had_taken_it_out(flood: Site) -> None:
    stance = ("--stance", "Mayor asserts bridge-closed")
    name = data(flood, "append", "flood", "Bridge closed", *stance, "--claim", "bridge-closed=It is closed")["update"]
    other = ("--stance", "Mayor asserts dam-safe", "--claim", "dam-safe=The dam is safe")
    assert flood.run("amend", f"flood/{name}", *other).exit_code == 0
    assert flood.run("undo", f"flood/{name}").exit_code == 0
    refused = flood.run("append", "flood", "Bridge closed", *stance)
    assert "claim 'bridge-closed' is new in 'flood', word it" in refused.stderr
    assert flood.run("rebuild", "--check").exit_code == 0


def test_an_editor_does_not_open_for_what_would_be_refused(terminal: Terminal) -> None:
    terminal.edits(lambda _: pytest.fail("the editor opened"))
    terminal.site.run("publish")
    result = terminal.site.run("amend", "flood/1")
    assert result.exit_code == 1
    assert "subscribers have been told flood/1" in result.stderr
    assert "Your text is kept" not in result.stderr
