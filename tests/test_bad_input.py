"""Bad input on the command line: a sentence that says what is wrong, the exit status, and a log left as it was."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import Site

from feed import settings
from feed.jsonlines import to_json

ROOT = Path(settings.__file__).parents[1]
EARLY = "2023-02-03T12:00:00Z"


def line(type: str = "update.added", story: str = "flood", *, data: Any = None, **outer: Any) -> bytes:
    data = {"headline": "Water rises"} if data is None else data
    return json.dumps({"story": story, "type": type, "data": data} | outer).encode()


def filled(site: Site) -> Site:
    """An open story with two updates, a closed one and a withdrawn one; nothing has been published."""
    site.fill(
        [
            line("story.opened", data={"headline": "The flood"}, id="flood-0", published_at=EARLY),
            line(data={"headline": "Water rises", "body": "By a metre."}, id="flood-1", published_at=EARLY),
            line(data={"headline": "Help comes"}),
            line("story.opened", "dam", data={"headline": "The dam"}),
            line("story.changed", "dam", data={"status": "closed"}),
            line("story.opened", "hoax", data={"headline": "The hoax"}),
            line("story.withdrawn", "hoax", data={"notice": "Not true."}),
        ]
    )
    return site


@pytest.fixture(scope="module")
def flood(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """One newsroom for all that is refused."""
    return filled(Site(tmp_path_factory.mktemp("flood")))


@pytest.fixture
def fresh(site: Site) -> Site:
    """A newsroom for what is written too."""
    return filled(site)


def events(site: Site) -> list[bytes]:
    with site.newsroom() as newsroom:
        return [to_json(event) for event in newsroom.events()]


def refused(site: Site, *args: str, status: int = 1, input: str | bytes | None = None) -> str:
    """What the command says when it refuses; the log is as it was, and no answer is given."""
    before = events(site)
    result = site.run(*args, input=input)  # type: ignore[arg-type]  # CliRunner takes bytes too
    assert (result.exit_code, result.stdout) == (status, "")
    assert events(site) == before
    _, error, message = result.stderr.partition("Error: ")
    assert error, result.stderr
    return message.removesuffix("\n")


def refused_import(site: Site, *lines: bytes) -> str:
    file = site.folder / "events.jsonl"
    file.write_bytes(b"".join(one + b"\n" for one in lines))
    return refused(site, "import", str(file))


def refused_document(site: Site, document: str | bytes, *args: str) -> str:
    file = site.folder / "update.md"
    file.write_bytes(document if isinstance(document, bytes) else document.encode())
    return refused(site, "append", "flood", "--file", str(file), *args).replace(f"{site.folder}/", "")


# Names

WRITING = {
    "append": ("append", "{}", "Headline"),
    "revise": ("revise", "{}/1", "--refile", "--body", "B"),
    "amend": ("amend", "{}/1", "--body", "B"),
    "undo": ("undo", "{}/1"),
    "withdraw": ("withdraw", "{}/1", "--notice", "N"),
    "withdraw all": ("withdraw", "{}", "--notice", "N"),
    "note": ("note", "{}/1", "T"),
    "note on all": ("note", "{}", "T"),
    "change": ("change", "{}", "--label", "L"),
    "close": ("close", "{}"),
    "reopen": ("reopen", "{}"),
}


@pytest.mark.parametrize("command", WRITING)
def test_an_unknown_story_is_refused_and_the_nearest_suggested(flood: Site, command: str) -> None:
    args = [arg.format("floot") for arg in WRITING[command]]
    assert refused(flood, *args) == "there is no story 'floot': did you mean flood?"
    assert refused(flood, *args, "-n") == "there is no story 'floot': did you mean flood?"


def test_where_no_story_is_near_it_is_said_how_to_open_one(flood: Site) -> None:
    assert refused(flood, "append", "election", "H") == (
        "there is no story 'election': open it first (feed open election HEADLINE)"
    )


@pytest.mark.parametrize("command", ["revise", "amend", "undo", "withdraw", "note"])
def test_an_unknown_update_is_refused_and_the_nearest_suggested(flood: Site, command: str) -> None:
    args = [arg.format("flood").replace("flood/1", "flood/11") for arg in WRITING[command]]
    assert refused(flood, *args) == "there is no update 'flood/11': did you mean flood/1 or flood/2?"


def test_where_there_is_no_update_it_is_said_how_to_list_them(flood: Site) -> None:
    assert refused(flood, "withdraw", "dam/x", "--notice", "N") == (
        "there is no update 'dam/x': feed show dam lists them"
    )


@pytest.mark.parametrize("command", ["revise", "amend", "undo"])
def test_a_story_where_an_update_is_meant_is_wrong_usage(flood: Site, command: str) -> None:
    for name in ("flood", "flood/"):
        args = [arg.replace("{}/1", name) for arg in WRITING[command]]
        assert refused(flood, *args, status=2) == f"{name!r} names no update: write STORY/UPDATE, for example flood/3"


@pytest.mark.parametrize("slug", ["Flood", "a b", "a_b", "-", "ä", "a" * 81])
def test_a_bad_slug_is_refused(site: Site, slug: str) -> None:
    assert refused(site, "open", "--", slug, "H") == (
        f"story: {slug!r} is not allowed: use lower-case letters, digits and '-', at most 80,"
        " the first a letter or digit"
    )


# Rules


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("open", "dam", "The dam"), "story 'dam' exists already and is closed: choose another name"),
        (("open", "hoax", "The hoax"), "story 'hoax' exists already and is withdrawn: choose another name"),
        (("append", "dam", "H"), "story 'dam' is closed: reopen it first (feed reopen dam)"),
        (
            ("append", "hoax", "H"),
            "story 'hoax' has been withdrawn: it takes only notes (feed note), open a new story",
        ),
        (
            ("append", "flood", "H", "--update", "1"),
            "there is an update flood/1 already: revise it (feed revise flood/1), or leave the name out",
        ),
        (
            ("revise", "flood/1", "--correction", "--body", "B"),
            "notice: is missing: a correction says what was wrong and what is right",
        ),
        (
            ("revise", "flood/1", "--clarification", "--body", "B"),
            "notice: is missing: a clarification says what was wrong and what is right",
        ),
        (
            ("change", "flood", "--correction", "--headline", "H"),
            "notice: is missing: a correction says what was wrong and what is right",
        ),
        (
            ("change", "flood", "--correction", "--notice", "N"),
            "signal: a correction of a story gives another headline or summary: add it",
        ),
        (
            ("revise", "flood/1", "--refile", "--body", "By a metre."),
            "nothing of flood/1 would change: it says this already",
        ),
        (("change", "flood"), "nothing of story 'flood' would change: it says this already"),
        (("reopen", "flood"), "nothing of story 'flood' would change: it says this already"),
        (("close", "dam"), "nothing of story 'dam' would change: it says this already"),
        (("change", "flood", "--pin", "9"), "there is no update 'flood/9': did you mean flood/2 or flood/1?"),
        (
            ("append", "flood", "H", "--stance", "Mayor asserts safe"),
            "stances[0].text: is missing: claim 'safe' is new in 'flood', word it",
        ),
    ],
)
def test_what_a_rule_forbids_is_refused(flood: Site, args: tuple[str, ...], message: str) -> None:
    assert refused(flood, *args) == message
    assert refused(flood, *args, "--dry-run") == message


def test_a_story_is_not_opened_twice(flood: Site) -> None:
    assert refused(flood, "open", "flood", "The flood") == (
        "story 'flood' is open already, since 2023-02-03T12:00:00.000000Z: append to it, or choose another name"
    )


@pytest.mark.parametrize("command", ["revise", "amend", "undo", "withdraw"])
def test_a_withdrawn_update_takes_only_notes(fresh: Site, command: str) -> None:
    assert fresh.run("withdraw", "flood/1", "--notice", "N").exit_code == 0
    assert refused(fresh, *(arg.format("flood") for arg in WRITING[command])) == (
        "flood/1 has been withdrawn: it takes only notes, append a new update"
    )
    assert fresh.run("note", "flood/1", "T").exit_code == 0


@pytest.mark.parametrize(
    ("args", "instead"),
    [
        (("amend", "flood/1", "--body", "B"), "revise it as a correction, clarification, addition or refile"),
        (("undo", "flood/1"), "withdraw it (feed withdraw flood/1 --notice TEXT)"),
    ],
)
def test_what_was_published_is_neither_amended_nor_undone(fresh: Site, args: tuple[str, ...], instead: str) -> None:
    assert fresh.run(*args, "-n").exit_code == 0
    assert fresh.run("publish").exit_code == 0
    assert refused(fresh, *args) == f"subscribers have been told flood/1: {instead}"


# Text


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("append", "flood", "a\x1b[31mb"), "headline: character 2 is U+001B, which no feed can carry: take it out"),
        (("append", "flood", "a\udcffb"), "headline: character 2 is U+DCFF, which no feed can carry: take it out"),
        (
            ("append", "flood", "H", "--body", "\ufffe"),
            "body: character 1 is U+FFFE, which no feed can carry: take it out",
        ),
        (
            ("append", "flood", "\u202eH"),
            "headline: character 1 is U+202E, which changes the reading direction: take it out",
        ),
        (("append", "flood", "a\nb"), "headline: character 2 breaks the line: write it in one line"),
        (("append", "flood", ""), "headline: is empty: write something, or leave the field out"),
        (("append", "flood", "H" * 301), "headline: 301 characters are too many, at most 300 are allowed: shorten it"),
        (
            ("append", "flood", "H", "--body", "ß" * 131_073),
            "body: 262,146 bytes are too many, at most 262,144 are allowed: shorten it",
        ),
        (
            ("append", "flood", "H", *(["--tag", "T"] * 51)),
            "tags: 51 entries are too many, at most 50 are allowed",
        ),
        (
            ("append", "flood", "H", "--link", "javascript:alert(1)"),
            "link: 'javascript:alert(1)' is no address: it must begin with http://, https:// or mailto:",
        ),
        (
            ("append", "flood", "H", "--source", "N <javascript:alert(1)>"),
            "sources[0].url: 'javascript:alert(1)' is no address: it must begin with http://, https:// or mailto:",
        ),
        (
            ("revise", "flood/1", "--refile", "--link", "data:text/html,x"),
            "link: 'data:text/html,x' is no address: it must begin with http://, https:// or mailto:",
        ),
        (
            ("open", "new", "H", "--label", "L" * 41),
            "label: 41 characters are too many, at most 40 are allowed: shorten it",
        ),
        (
            ("open", "new", "H", "--language", "english!"),
            "language: 'english!' is not allowed: use a language tag such as 'en' or 'de-AT'",
        ),
        (
            ("append", "flood", "H", "--update", "a/b"),
            "update: 'a/b' is not allowed: use letters, digits, '.', '_' and '-', at most 64,"
            " the first a letter or digit",
        ),
        (
            ("append", "flood", "H", "--id", "a b"),
            "id: 'a b' is not allowed: use letters, digits and '._~:-', at most 128, the first a letter or digit",
        ),
        (("append", "flood", "H", "--author", " A"), "author: has spaces around it: take them out"),
        (("note", "flood", "T" * 10_241), "text: 10,241 bytes are too many, at most 10,240 are allowed: shorten it"),
        (("note", "flood", " "), "text: is blank: write something, or leave the field out"),
        (("withdraw", "flood/1", "--notice", ""), "notice: is blank: write something, or leave the field out"),
    ],
)
def test_text_that_no_feed_can_carry_or_that_is_too_long_is_refused(
    flood: Site, args: tuple[str, ...], message: str
) -> None:
    assert refused(flood, *args) == message


@pytest.mark.parametrize(
    "edtf", ["soon", "2023-13-01", "2023-02-30", "2023-02-04/2023-02-03", "1985-XX", "2023-02-04T12:00"]
)
def test_a_date_outside_the_subset_is_refused(flood: Site, edtf: str) -> None:
    assert refused(flood, "append", "flood", "H", "--occurred", edtf).startswith(f"occurred: '{edtf}' ")


def test_words_that_mean_no_date_are_refused(flood: Site) -> None:
    assert refused(flood, "append", "flood", "H", "--when", "when it rained").startswith(
        "when: 'when it rained' is not understood: write for example 'on Wednesday'"
    )


# Options

NO_STANCE = "is no stance: write 'PARTY asserts CLAIM' (or denies, confirms, declines, retracts)"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--occurred", "2023", "--when", "yesterday"), "--occurred and --when say the same: give one of them"),
        (
            ("--source", "<https://e.org/> N"),
            "Invalid value: '<https://e.org/> N' is no source: write 'NAME <URL>: QUOTE', or only some of the three",
        ),
        (("--stance", "Mayor says safe"), f"Invalid value: 'Mayor says safe' {NO_STANCE}"),
        (("--stance", "asserts safe"), f"Invalid value: 'asserts safe' {NO_STANCE}"),
        (("--stance", "Mayor asserts"), f"Invalid value: 'Mayor asserts' {NO_STANCE}"),
        (("--stance", "Mayor asserts two words"), f"Invalid value: 'Mayor asserts two words' {NO_STANCE}"),
        (
            ("--claim", "safe=It is safe"),
            "Invalid value: no stance names the claim 'safe': add --stance 'PARTY asserts safe'",
        ),
        (
            ("--stance", "Mayor asserts safe", "--claim", "safe"),
            "Invalid value: 'safe' words no claim: write 'CLAIM=TEXT', for example 'spy-balloon=It was spying'",
        ),
        (
            ("--stance", "Mayor asserts safe", "--claim", "save=It is safe"),
            "Invalid value: no stance names the claim 'save': add --stance 'PARTY asserts save'",
        ),
    ],
)
def test_an_option_that_is_written_wrongly_is_wrong_usage(flood: Site, args: tuple[str, ...], message: str) -> None:
    assert refused(flood, "append", "flood", "H", *args, status=2) == message


def test_a_stance_on_a_claim_with_a_bad_name_is_refused(flood: Site) -> None:
    assert refused(flood, "append", "flood", "H", "--stance", "Mayor asserts Safe", "--claim", "Safe=x") == (
        "stances[0].claim: 'Safe' is not allowed: use lower-case letters, digits and '-', at most 80,"
        " the first a letter or digit"
    )


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("append", "flood"), 'HEADLINE is missing: give one, or "-" to read it from standard input'),
        (("append", "flood", "-", "--body", "B"), 'HEADLINE "-" reads the text too: leave out --body and --body-file'),
        (("revise", "flood/1"), "say what it is: --correction, --clarification, --addition or --refile"),
        (("revise", "flood/1", "--body", "B"), "say what it is: --correction, --clarification, --addition or --refile"),
        (("withdraw", "flood/1"), "Missing option '--notice'."),
        (("change", "flood", "--pin", "1", "--unpin"), "--pin and --unpin contradict each other: give one of them"),
        (
            ("change", "flood", "--relate", "follows dam"),
            "Invalid value: 'follows dam' relates nothing: write 'continues STORY', 'part-of STORY' or 'related STORY'",
        ),
        (
            ("change", "flood", "--relate", "continues"),
            "Invalid value: 'continues' relates nothing: write 'continues STORY', 'part-of STORY' or 'related STORY'",
        ),
    ],
)
def test_a_command_that_lacks_or_doubles_something_is_wrong_usage(
    flood: Site, args: tuple[str, ...], message: str
) -> None:
    assert refused(flood, *args, status=2, input="headline\nbody\n") == message


def test_a_body_is_given_once(flood: Site) -> None:
    file = flood.folder / "body.md"
    file.write_text("B")
    assert refused(flood, "append", "flood", "H", "--body", "B", "--body-file", str(file), status=2) == (
        "--body and --body-file say the same: give one of them"
    )


def test_a_file_that_is_not_utf_8_is_refused(flood: Site) -> None:
    file = flood.folder / "body.md"
    file.write_bytes("Zürich".encode("latin-1"))
    assert refused(flood, "append", "flood", "H", "--body-file", str(file)) == (
        f"{file}: byte 2 is not UTF-8: save it as UTF-8"
    )
    assert refused_document(flood, "---\nheadline: Zürich\n---\n".encode("latin-1")) == (
        "update.md: byte 16 is not UTF-8: save it as UTF-8"
    )
    assert "is not UTF-8: save it as UTF-8" in refused(flood, "append", "flood", "-", input=b"Z\xfcrich\n")


# Documents


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            "Water rises\n\nBy a metre.",
            "update.md: has no head: begin with a line ---, then headline: …, then a line ---, then the text",
        ),
        ("", "update.md: has no head: begin with a line ---, then headline: …, then a line ---, then the text"),
        ("---\nheadline: H\n", "headline: is missing"),
        ("---\n- headline: H\n---\n", "headline: is missing"),
        ("---\ntags: [T]\n---\nB", "headline: is missing"),
        ("---\nheadline:\n---\nB", "headline: must be text, not null"),
        ("---\nheadline: [H\n---\n", "update.md: its head is no YAML in line 3: "),
        ("---\nheadline: H\n  body: x: y\n---\n", "update.md: its head is no YAML in line 3: "),
        ("---\nheadline: \x01\n---\n", "update.md: its head is no YAML: unacceptable character #x0001"),
        ("---\nheadline: H\ntitel: T\n---\n", "titel: is no field of update.added: there are headline, update, body"),
        ("---\nheadline: H\npublished_at: 2023-02-03\n---\n", "published_at: is no field of update.added"),
        ("---\nheadline: H\nbody: B\n---\n", "update.md: body: stands below the head: take it out of the head"),
        ("---\nheadline: H\ntags: T\n---\n", "tags: must be a list or null, not text"),
        ("---\nheadline: H\nkey: 'yes'\n---\n", "key: must be true or false or null, not text"),
        ("---\nheadline: true\n---\n", "headline: must be text, not true or false"),
        ("---\nheadline: {a: b}\n---\n", "headline: must be text, not an object"),
        ("---\nheadline: H\nsources: [{name: N, link: x}]\n---\n", "sources[0].link: is no field of update.added"),
        ("---\nheadline: H\nsources: [{}]\n---\n", "sources[0]: needs a name, a url or a quote"),
        (
            "---\nheadline: H\nstances: [{claim: c, by: B, position: says}]\n---\n",
            "stances[0].position: 'says' is none of",
        ),
        ("---\nheadline: H\noccurred: 2023-13-01\n---\n", "occurred: '2023-13-01' is not in the calendar"),
        ("---\nheadline: H\nlink: javascript:alert(1)\n---\n", "link: 'javascript:alert(1)' is no address"),
        ("---\nheadline: H\nid: true\n---\n", "update.md: id: must be text"),
        ("---\nheadline: H\nauthor: [A]\n---\n", "update.md: author: must be text"),
        (
            "---\nheadline: H\ntrue: x\n---\n",
            "update.md: a field's name is no text: put true, false and null in quotes",
        ),
        ("---\nheadline: H\nsources: [{null: x}]\n---\n", "update.added: has a field whose name is no text"),
        ('---\nheadline: "\\ud800"\n---\n', "headline: character 1 is U+D800, which no feed can carry: take it out"),
        ("---\nheadline: &a [*a]\n---\n", "headline: must be text, not a list"),
        (
            "---\nheadline: !!int 9\n---\n",
            "update.md: its head is no YAML in line 2: could not determine a constructor",
        ),
        ("---\nheadline: !!binary eA==\n---\n", "update.md: its head is no YAML in line 2: could not determine"),
        (
            "---\nheadline: !!python/name:os.system x\n---\n",
            "update.md: its head is no YAML in line 2: could not determine",
        ),
        (
            "---\nheadline: " + "[" * 5_000 + "\n---\n",
            "update.md: its head is nested too deep: write each field as the template has it",
        ),
    ],
)
def test_a_document_that_is_not_understood_is_refused(flood: Site, document: str, message: str) -> None:
    assert refused_document(flood, document).startswith(message)


def test_dates_and_numbers_in_a_document_are_the_text_that_they_are(fresh: Site) -> None:
    file = fresh.folder / "update.md"
    file.write_text("---\nheadline: 2023\noccurred: 2023-02-04\noccurred_text: 12:30\nupdate: 007\n---\n")
    answer = fresh.run("append", "flood", "--file", str(file), "--json")
    assert json.loads(answer.stdout)["data"] == {
        "headline": "2023",
        "occurred": "2023-02-04",
        "occurred_text": "12:30",
        "update": "007",
    }


def test_a_headline_beside_a_document_is_wrong_usage(flood: Site) -> None:
    file = flood.folder / "update.md"
    file.write_text("---\nheadline: H\n---\n")
    assert refused(flood, "append", "flood", "H", "--file", str(file), status=2) == (
        "HEADLINE and --file say the same: give one of them"
    )


def test_a_file_that_is_not_there_is_wrong_usage(flood: Site) -> None:
    assert refused(flood, "append", "flood", "--file", "no.md", status=2) == (
        "Invalid value for '--file': 'no.md': No such file or directory"
    )
    assert refused(flood, "import", "no.jsonl", status=2) == (
        "Invalid value for 'FILE': 'no.jsonl': No such file or directory"
    )


# Imports

DEEP = b'{"story":"flood","type":"update.added","data":%s}' % (b"[" * 5_000 + b"]" * 5_000)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (b"[1]", "an event: must be an object, not a list"),
        (b'"text"', "an event: must be an object, not text"),
        (b"not json", "is not JSON in UTF-8 ("),
        (line()[:-5], "is not JSON in UTF-8 (Input data was truncated)"),
        (b"\xff", "is not JSON in UTF-8 ("),
        (line(what=1), "what: is no field of an event: there are story, type, data"),
        (line(data={"headline": "H", "what": 1}), "data.what: is no field of update.added: there are headline"),
        (line(data={"headline": "H", "\x1b[31m\u202e": 1}), r"data.\u001b[31m\u202e: is no field of update.added"),
        (line(data={}), "data.headline: is missing"),
        (line(data={"headline": 1}), "data.headline: must be text, not a whole number"),
        (line("update.exploded"), "type: 'update.exploded' is unknown: use one of story.opened"),
        (DEEP, "is nested 5001 deep, at most 10 are allowed"),
        (line(position="N").replace(b'"N"', b"9" * 400), "position: is out of range: "),
        (line(data={"headline": "N"}).replace(b'"N"', b"9" * 400), "data.headline: holds a number out of range"),
        (line(published_at="9999-01-01T00:00:00Z"), "published_at: 9999-01-01T00:00:00.000000Z is later than now ("),
        (
            line(published_at="2023-02-03T11:59:59Z"),
            "published_at: 2023-02-03T11:59:59.000000Z is before ",
        ),
        (line(published_at="2023-02-03"), "published_at: '2023-02-03' is no RFC 3339 time"),
        (line(story="floot"), "there is no story 'floot': did you mean flood?"),
        (line(story="Flood"), "story: 'Flood' is not allowed: use lower-case letters"),
        (line("story.opened", data={"headline": "The flood"}), "story 'flood' is open already"),
        (line(data={"headline": "H"}, id="flood-1"), "the id 'flood-1' is event 2 already, with other content"),
        (line("story.opened", "rain", data={"headline": "H"}, id="flood-0"), "the id 'flood-0' is event 1 already"),
        (line().ljust(2 * 1024 * 1024 + 1), "2,097,153 bytes in one line are too many, at most 2,097,152 are allowed"),
        (line().ljust(5 * 1024 * 1024), "2,097,154 bytes in one line are too many, at most 2,097,152 are allowed"),
    ],
)
def test_a_bad_line_is_refused_with_its_number_and_its_batch(flood: Site, bad: bytes, message: str) -> None:
    good = line(data={"headline": "Good"})
    assert refused_import(flood, good, b"", bad, good).startswith(f"line 3: {message}")


def test_of_a_batch_whose_line_500_is_bad_nothing_is_written(flood: Site) -> None:
    lines = [line(data={"headline": f"Update {number}"}) for number in range(1, 1_001)]
    lines[499] = line(data={"headline": "H", "link": "javascript:alert(1)"})
    assert refused_import(flood, *lines).startswith("line 500: data.link: 'javascript:alert(1)' is no address")


def test_batches_before_a_bad_line_are_written_and_acknowledged(fresh: Site) -> None:
    file = fresh.folder / "events.jsonl"
    file.write_bytes(b"\n".join([*(line(data={"headline": f"H{n}"}) for n in range(25)), b"[]"]))
    size = len(events(fresh))
    result = fresh.run("import", str(file), "--batch", "10")
    assert (result.exit_code, result.stderr) == (1, "Error: line 26: an event: must be an object, not a list\n")
    assert result.stdout.splitlines() == [
        f"10 events appended (position {size + 10})",
        f"10 events appended (position {size + 20})",
    ]
    assert len(events(fresh)) == size + 20


def test_the_same_id_twice_in_a_file_is_one_event_or_refused(fresh: Site) -> None:
    twice = line(id="new", data={"headline": "H"})
    assert refused_import(fresh, twice, line(id="new", data={"headline": "G"})).startswith(
        "line 2: the id 'new' is event 8 already, with other content: give the new event an id of its own"
    )
    file = fresh.folder / "events.jsonl"
    file.write_bytes(twice + b"\n" + twice + b"\n")
    assert fresh.run("import", str(file)).stdout == "1 event appended, 1 known already (position 8)\n"


def test_damaged_gzip_is_refused(fresh: Site) -> None:
    file = fresh.folder / "events.jsonl.gz"
    whole = gzip.compress(b"".join(line(data={"headline": f"H{n}"}) + b"\n" for n in range(500)))
    corrupt = whole[:200] + bytes(byte ^ 255 for byte in whole[200:220]) + whole[220:]
    checksum = whole[:-8] + b"\0" * 8
    for damaged in (whole[:-1], whole[: len(whole) // 2], whole[:3], corrupt, checksum, whole + b"more"):
        file.write_bytes(damaged)
        assert refused(fresh, "import", str(file)).startswith(f"{file}: is damaged or cut off gzip (")
    file.write_bytes(whole)
    assert fresh.run("import", str(file)).stdout == "500 events appended (position 507)\n"


def test_a_line_of_2_mib_can_be_imported(fresh: Site) -> None:
    file = fresh.folder / "events.jsonl"
    for end in (b"\n", b"\r\n", b""):
        file.write_bytes(line(data={"headline": "H"}).ljust(2 * 1024 * 1024) + end)
        assert fresh.run("import", str(file)).stdout.startswith("1 event appended")


def test_a_dry_run_of_an_import_refuses_in_the_same_words(flood: Site) -> None:
    file = flood.folder / "events.jsonl"
    file.write_bytes(line() + b"\n" + line(story="floot") + b"\n")
    assert refused(flood, "import", str(file), "-n") == "line 2: there is no story 'floot': did you mean flood?"


def test_standard_input_may_be_a_file_or_a_pipe(fresh: Site) -> None:
    file = fresh.folder / "events.jsonl"
    command = [sys.executable, "-m", "feed", "--config", str(fresh.config), "import", "-"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for number, size in ((8, None), (9, "piped")):
        file.write_bytes(line(data={"headline": f"H{number}"}))
        with file.open("rb") as stream:
            given = {"input": stream.read()} if size else {"stdin": stream}
            result = subprocess.run(command, **given, capture_output=True, env=environment, check=False)  # type: ignore[call-overload]
        assert (result.stdout, result.stderr) == (b"1 event appended (position %d)\n" % number, b"")


def test_nothing_to_import_is_no_error(fresh: Site) -> None:
    file = fresh.folder / "events.jsonl"
    file.write_bytes(b"\n \n")
    before = events(fresh)
    assert fresh.run("import", str(file)).exit_code == 0
    assert events(fresh) == before


@pytest.mark.parametrize("batch", ["0", "-1", "x"])
def test_a_batch_has_a_line_at_least(flood: Site, batch: str) -> None:
    assert refused(flood, "import", "-", "--batch", batch, status=2, input="").startswith("Invalid value for '--batch'")
