"""The event format: what decodes for ever, what is normal, and what is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from feed import events, text
from feed.errors import Invalid
from feed.events import (
    Changes,
    Erased,
    Event,
    NewEvent,
    NoteAdded,
    PayloadErased,
    Related,
    Source,
    Stance,
    StoryChanged,
    StoryOpened,
    StoryWithdrawn,
    UpdateAdded,
    UpdateRevised,
    UpdateWithdrawn,
    is_same,
)
from feed.jsonlines import checked, from_json, to_json

GOLDEN = Path(__file__).parent / "data" / "events-v1.jsonl"
LINES = GOLDEN.read_bytes().splitlines()
NOON = "2026-02-03T12:00:00.000000Z"
BALLOON = "\N{BALLOON}"

# The least that each type needs.
LEAST: dict[str, dict[str, Any]] = {
    "story.opened": {"headline": "H"},
    "story.changed": {},
    "story.withdrawn": {"notice": "N"},
    "update.added": {"headline": "H"},
    "update.revised": {"update": "1", "signal": "refile"},
    "update.withdrawn": {"update": "1"},
    "note.added": {"text": "T"},
    "payload.erased": {"ground": "G", "erased": [{"position": 1, "id": "e", "kept": {}}]},
}
LEAST_PART: dict[str, dict[str, Any]] = {
    "sources": {},
    "stances": {"claim": "c", "by": "B", "position": "asserts"},
    "related": {"story": "s", "rel": "related"},
}
CHANGED = ("update.added", ""), ("update.revised", "changes.")
ON_STORY = ("story.opened", ""), ("story.changed", "")

# Every text field there is, as (type, path within data), by what it may hold.
HEADLINES = [(name, f"{path}headline") for name, path in (*ON_STORY, *CHANGED)] + [
    ("story.withdrawn", "title"),
    ("update.withdrawn", "title"),
]
LABELS = [(name, "label") for name, _ in ON_STORY]
NAMES = [
    *((name, f"{path}tags[0]") for name, path in (*ON_STORY, *CHANGED)),
    *((name, f"{path}{field}") for name, path in CHANGED for field in ("occurred_text", "sources[0].name")),
    *((name, f"{path}stances[0].by") for name, path in CHANGED),
]
WORDINGS = [(name, f"{path}stances[0].text") for name, path in CHANGED]
QUOTES = [(name, f"{path}sources[0].quote") for name, path in CHANGED]
BODIES = [(name, f"{path}body") for name, path in CHANGED]
PROSE = [
    *((name, "summary") for name, _ in ON_STORY),
    *((name, "notice") for name in ("story.changed", "story.withdrawn", "update.revised", "update.withdrawn")),
    ("note.added", "text"),
]
LINKS = [(name, f"{path}{field}") for name, path in CHANGED for field in ("link", "sources[0].url")]
SLUGS = [*((name, f"{path}stances[0].claim") for name, path in CHANGED), ("story.changed", "related[0].story")]
UPDATES = [
    ("story.changed", "pinned"),
    *((name, "update") for name in ("update.added", "update.revised", "update.withdrawn", "note.added")),
]
OTHERS = [*((name, f"{path}occurred") for name, path in CHANGED), ("story.opened", "language"), ("story.opened", "uri")]
LISTS = [
    *((name, f"{path}tags") for name, path in (*ON_STORY, *CHANGED)),
    *((name, f"{path}{field}") for name, path in CHANGED for field in ("sources", "stances")),
    ("story.changed", "related"),
]

ONE_LINE = [*HEADLINES, *LABELS, *NAMES, *WORDINGS]
MANY_LINES = [*BODIES, *PROSE, *QUOTES]
TEXTS = [*ONE_LINE, *MANY_LINES, *LINKS, *SLUGS, *UPDATES, *OTHERS]
CHARACTER_LIMITS = [
    *((*field, 300) for field in HEADLINES),
    *((*field, 40) for field in LABELS),
    *((*field, 200) for field in NAMES),
    *((*field, 2_000) for field in (*QUOTES, *WORDINGS)),
]
BYTE_LIMITS = [*((*field, 256 * 1024) for field in BODIES), *((*field, 10 * 1024) for field in PROSE)]


def placed(data: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The data with a value at a path such as `changes.sources[0].name`."""
    first, _, rest = path.partition(".")
    if first.endswith("[0]"):
        name = first[:-3]
        return {**data, name: [placed(LEAST_PART[name], rest, value) if rest else value]}
    return {**data, first: placed(data.get(first, {}), rest, value) if rest else value}


def line(name: str, data: Any, **outer: Any) -> bytes:
    return json.dumps({"story": "flood", "type": name, "data": data} | outer).encode()


def with_value(name: str, path: str, value: Any) -> bytes:
    return line(name, placed(LEAST[name], path, value))


def accepted(json_line: bytes) -> NewEvent:
    return from_json(json_line)


def value_at(new: NewEvent, path: str) -> Any:
    value: Any = new.data
    for part in path.replace("[0]", ".0").split("."):
        value = value[0] if part == "0" else getattr(value, part)
    return value


def refusal(json_line: bytes) -> str:
    with pytest.raises(Invalid) as caught:
        from_json(json_line)
    return str(caught.value)


def event_of(new: NewEvent) -> Event:
    return Event(
        position=7,
        id=new.id or "some-id",
        story=new.story,
        version=3,
        recorded_at=NOON,
        published_at=new.published_at or NOON,
        author=new.author or "Desk",
        data=new.data,
        leaf=b"\x01" * 32,
    )


# The golden file


@pytest.mark.parametrize("golden", LINES)
def test_a_version_1_event_decodes_and_is_written_as_it_was(golden: bytes) -> None:
    fields = json.loads(golden)
    event = replace(
        event_of(from_json(golden)),
        position=fields["position"],
        version=fields["version"],
        recorded_at=fields["recorded_at"],
        leaf=bytes.fromhex(fields["leaf"]),
    )
    assert to_json(event) == golden


@pytest.mark.parametrize("golden", LINES)
def test_what_is_stored_of_an_event_is_canonical_json_and_decodes_to_the_same(golden: bytes) -> None:
    fields, new = json.loads(golden), from_json(golden)
    payload = events.encode_payload(fields["author"], new.data)
    assert payload == rfc8785.dumps({"author": fields["author"], "data": fields["data"]})
    assert events.decode_payload(fields["type"], fields["schema"], payload) == (fields["author"], new.data)


def test_the_golden_file_holds_every_type_with_every_field() -> None:
    seen: dict[type, set[str]] = {}

    def see(value: Any) -> None:
        if isinstance(value, events.Value):
            fields = {name: getattr(value, name) for name in value.__struct_fields__}
            seen.setdefault(type(value), set()).update(name for name, of in fields.items() if of not in (None, UNSET))
            for inner in fields.values():
                see(inner)
        elif isinstance(value, tuple):
            for inner in value:
                see(inner)

    for golden in LINES:
        see(from_json(golden).data)
    assert seen == {of: set(of.__struct_fields__) for of in seen}
    assert set(seen) == {*TYPES, Changes, Source, Stance, Related, Erased}


TYPES = {
    StoryOpened: ("story.opened", 1),
    StoryChanged: ("story.changed", 1),
    StoryWithdrawn: ("story.withdrawn", 1),
    UpdateAdded: ("update.added", 1),
    UpdateRevised: ("update.revised", 1),
    UpdateWithdrawn: ("update.withdrawn", 1),
    NoteAdded: ("note.added", 1),
    PayloadErased: ("payload.erased", 1),
}


def test_the_stored_names_and_schema_numbers_are_these() -> None:
    found = {type(data): (events.type_name(data), events.schema_number(data)) for data in _one_of_each()}
    assert found == TYPES
    assert tuple(name for name, _ in TYPES.values()) == events.TYPES


def _one_of_each() -> list[events.Data]:
    return [from_json(line(name, data)).data for name, data in LEAST.items()]


# Normal forms


@pytest.mark.parametrize(
    ("name", "field", "empty"),
    [
        *(("story.opened", field, "") for field in ("label", "summary", "language", "uri")),
        *(("update.added", field, "") for field in ("body", "occurred", "occurred_text", "link")),
        *(("update.added", field, []) for field in ("sources", "stances", "tags")),
        *(("update.added", field, False) for field in ("key", "closes")),
        ("story.opened", "tags", []),
        ("story.withdrawn", "title", ""),
        ("update.withdrawn", "title", ""),
        ("update.withdrawn", "untold", False),
        ("update.revised", "hide_before", False),
    ],
)
def test_an_empty_optional_field_and_null_are_an_absent_one(name: str, field: str, empty: Any) -> None:
    absent = accepted(line(name, LEAST[name]))
    assert accepted(line(name, LEAST[name] | {field: empty})) == absent
    assert accepted(line(name, LEAST[name] | {field: None})) == absent
    assert field not in json.loads(to_json(event_of(absent)))["data"]


@pytest.mark.parametrize(
    ("name", "path", "empty"),
    [
        *((name, f"{path}tags", []) for name, path in (("story.changed", ""), ("update.revised", "changes."))),
        ("story.changed", "label", ""),
        ("story.changed", "summary", ""),
        ("story.changed", "pinned", ""),
        ("story.changed", "related", []),
        ("update.revised", "changes.body", ""),
        ("update.revised", "changes.occurred", ""),
        ("update.revised", "changes.occurred_text", ""),
        ("update.revised", "changes.sources", []),
        ("update.revised", "changes.stances", []),
        ("update.revised", "changes.key", False),
        ("update.revised", "changes.link", ""),
    ],
)
def test_in_a_change_an_empty_field_and_null_clear_and_an_absent_one_leaves(name: str, path: str, empty: Any) -> None:
    cleared = accepted(with_value(name, path, empty))
    assert cleared == accepted(with_value(name, path, None))
    assert value_at(cleared, path) is None
    assert value_at(accepted(line(name, LEAST[name] | ({"changes": {}} if "." in path else {}))), path) is UNSET
    assert from_json(to_json(event_of(cleared))).data == cleared.data


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("story.opened", "headline"),
        ("story.changed", "headline"),
        ("story.changed", "status"),
        ("story.withdrawn", "notice"),
        ("update.added", "headline"),
        ("update.revised", "update"),
        ("update.revised", "signal"),
        ("update.revised", "changes.headline"),
        ("update.withdrawn", "update"),
        ("note.added", "text"),
        ("update.added", "stances[0].claim"),
        ("update.added", "stances[0].by"),
        ("update.added", "stances[0].position"),
        ("story.changed", "related[0].story"),
        ("story.changed", "related[0].rel"),
        ("update.added", "tags[0]"),
    ],
)
def test_what_is_required_cannot_be_null(name: str, path: str) -> None:
    assert refusal(with_value(name, path, None)) == f"data.{path}: must be text, not null"


@pytest.mark.parametrize(("name", "path"), [*HEADLINES[:4], *NAMES[:4], ("note.added", "update")])
def test_what_may_not_be_empty_is_refused_empty(name: str, path: str) -> None:
    assert refusal(with_value(name, path, "")).startswith(f"data.{path}: ")


@pytest.mark.parametrize(("name", "path"), PROSE)
@pytest.mark.parametrize("blank", [" ", "\n\t "])
def test_prose_of_blanks_only_is_refused(name: str, path: str, blank: str) -> None:
    assert refusal(with_value(name, path, blank)).startswith(f"data.{path}: is blank")


def test_a_source_needs_one_of_its_three() -> None:
    assert refusal(line("update.added", {"headline": "H", "sources": [{"name": "N"}, {}]})) == (
        "data.sources[1]: needs a name, a url or a quote"
    )


def test_what_the_log_gives_is_ignored_and_times_are_stored_in_utc() -> None:
    given = {"position": 9, "version": 8, "schema": 7, "recorded_at": "whenever", "leaf": "none"}
    new = accepted(
        line("note.added", {"text": "T"}, published_at="2026-02-03T14:00:00.5+01:30", id="a:1", author="A", **given)
    )
    assert new == NewEvent(
        story="flood", data=NoteAdded(text="T"), id="a:1", author="A", published_at="2026-02-03T12:30:00.500000Z"
    )


# Round trip

_characters = st.characters(
    exclude_categories=["Cs"], exclude_characters=[*map(chr, [*range(9), 11, 12, *range(14, 32)]), "\ufffe", "\uffff"]
)
_NOT_IN_A_LINE = dict.fromkeys([0x0A, 0x0D, 0x85, 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_line = st.text(_characters, min_size=1, max_size=30).map(lambda words: words.translate(_NOT_IN_A_LINE).strip() or "x")
_prose = st.text(_characters, max_size=40).map(lambda words: words if words.strip() else "x")
_absent = st.none()
_slug = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True)
_update = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
_link = st.sampled_from(["https://example.org/a?b=c#d", "mailto:a@example.org"])
_edtf = st.sampled_from(["2026", "2026-02~", "../2026-02-03", "[2026-02-01..2026-02-03]", "2026-02-03T12:00:00Z"])
_sources = st.lists(
    st.builds(Source, name=_line, url=_absent | _link, quote=_absent | _prose), min_size=1, max_size=3
).map(tuple)
_stances = st.lists(
    st.builds(
        Stance,
        claim=_slug,
        by=_line,
        position=st.sampled_from(["asserts", "denies", "confirms", "declines", "retracts"]),
        text=_absent | _line,
    ),
    min_size=1,
    max_size=3,
).map(tuple)
_tags = st.lists(_line, min_size=1, max_size=3).map(tuple)
_yes = st.sampled_from([None, True])
_fields: dict[str, st.SearchStrategy[Any]] = {
    "body": _prose,
    "occurred": _edtf,
    "occurred_text": _line,
    "sources": _sources,
    "stances": _stances,
    "tags": _tags,
    "link": _link,
}
_unset = st.just(UNSET)
_data = st.one_of(
    st.builds(
        StoryOpened, headline=_line, label=_absent | st.just("L"), summary=_absent | _prose, tags=_absent | _tags
    ),
    st.builds(
        StoryChanged,
        headline=_unset | _line,
        label=_unset | _absent | st.just("L"),
        summary=_unset | _absent | _prose,
        status=_unset | st.sampled_from(["open", "closed"]),
        pinned=_unset | _absent | _update,
        related=_unset | _absent | st.builds(Related, story=_slug, rel=st.just("part-of")).map(lambda one: (one,)),
    ),
    st.builds(StoryWithdrawn, notice=_prose, title=_absent | _line),
    st.builds(
        UpdateAdded,
        headline=_line,
        update=_absent | _update,
        key=_yes,
        closes=_yes,
        **{name: _absent | of for name, of in _fields.items()},
    ),
    st.builds(
        UpdateRevised,
        update=_update,
        signal=st.sampled_from(["correction", "clarification", "addition", "refile", "amendment"]),
        notice=_absent | _prose,
        hide_before=_yes,
        changes=st.builds(
            Changes,
            headline=_unset | _line,
            key=_unset | _yes,
            **{n: _unset | _absent | of for n, of in _fields.items()},
        ),
    ),
    st.builds(UpdateWithdrawn, update=_update, notice=_absent | _prose, title=_absent | _line, untold=_yes),
    st.builds(NoteAdded, text=_prose, update=_absent | _update),
)


@given(_data)
@settings(max_examples=150)
def test_what_is_written_is_read_as_the_same(data: events.Data) -> None:
    new = NewEvent(story="flood", data=data, id="some-id", published_at=NOON, author="Desk")
    assert checked(new) is new
    assert from_json(to_json(event_of(new))) == new
    payload = events.encode_payload("Desk", data)
    assert events.decode_payload(new.type, 1, payload) == ("Desk", data)
    assert payload == rfc8785.dumps(json.loads(payload))


# Limits


@pytest.mark.parametrize("character", ["a", "ß", BALLOON])
@pytest.mark.parametrize(("name", "path", "limit"), CHARACTER_LIMITS)
def test_a_line_may_be_as_long_as_its_limit_and_no_longer(name: str, path: str, limit: int, character: str) -> None:
    assert value_at(accepted(with_value(name, path, character * limit)), path) == character * limit
    assert refusal(with_value(name, path, character * (limit + 1))) == (
        f"data.{path}: {limit + 1:,} characters are too many, at most {limit:,} are allowed: shorten it"
    )


@pytest.mark.parametrize("character", ["a", "ß", BALLOON])
@pytest.mark.parametrize(("name", "path", "limit"), BYTE_LIMITS)
def test_prose_may_be_as_long_as_its_limit_in_bytes_and_no_longer(
    name: str, path: str, limit: int, character: str
) -> None:
    words = character * (limit // len(character.encode()))
    assert value_at(accepted(with_value(name, path, words)), path) == words
    assert refusal(with_value(name, path, words + "a")) == (
        f"data.{path}: {limit + 1:,} bytes are too many, at most {limit:,} are allowed: shorten it"
    )


@pytest.mark.parametrize(("name", "path"), LISTS)
def test_a_list_may_have_50_entries_and_no_more(name: str, path: str) -> None:
    entry: Any = {"tags": "T", "sources": {"name": "N"}}.get(path.removeprefix("changes."))
    entry = entry or LEAST_PART[path.removeprefix("changes.")]
    assert len(value_at(accepted(with_value(name, path, [entry] * 50)), path)) == 50
    assert refusal(with_value(name, path, [entry] * 51)) == (
        f"data.{path}: 51 entries are too many, at most 50 are allowed"
    )


@pytest.mark.parametrize(("name", "path"), SLUGS)
def test_a_slug_has_80_characters_at_most(name: str, path: str) -> None:
    _check_longest(name, path, "0" + "a-" * 39 + "z")


@pytest.mark.parametrize(("name", "path"), UPDATES)
def test_an_updates_name_has_64_characters_at_most(name: str, path: str) -> None:
    _check_longest(name, path, "Z" + ".9_-a" * 12 + "end")


def _check_longest(name: str, path: str, longest: str) -> None:
    assert value_at(accepted(with_value(name, path, longest)), path) == longest
    assert refusal(with_value(name, path, longest + "a")).startswith(f"data.{path}: '{longest[:90]}")


def test_a_storys_slug_and_an_id_and_an_author_have_limits() -> None:
    story, key, author = "a" * 80, "Z.9_~:-" * 18 + "ab", "ß" * 200
    new = accepted(line("note.added", {"text": "T"}, story=story, id=key, author=author))
    assert (new.story, new.id, new.author) == (story, key, author)
    assert refusal(line("note.added", {"text": "T"}, story=story + "a")).startswith("story: 'aaa")
    assert refusal(line("note.added", {"text": "T"}, id=key + "a")).startswith("id: 'Z.9")
    assert refusal(line("note.added", {"text": "T"}, author=author + "a")) == (
        "author: 201 characters are too many, at most 200 are allowed: shorten it"
    )


@pytest.mark.parametrize("slug", ["", "-a", "Flood", "a b", "a/b", "a_b", "ä", "a\n", "a.b", "١"])
def test_a_bad_slug_is_refused_wherever_it_stands(slug: str) -> None:
    words = "is not allowed: use lower-case letters, digits and '-', at most 80, the first a letter or digit"
    assert refusal(line("note.added", {"text": "T"}, story=slug)) == f"story: {slug!r} {words}"
    for name, path in SLUGS:
        assert refusal(with_value(name, path, slug)) == f"data.{path}: {slug!r} {words}"


@pytest.mark.parametrize("update", [".a", "_a", "a b", "a/b", "ä", "1\n", "a:b", "²"])
def test_a_bad_update_name_is_refused_wherever_it_stands(update: str) -> None:
    words = "is not allowed: use letters, digits, '.', '_' and '-', at most 64, the first a letter or digit"
    for name, path in UPDATES:
        assert refusal(with_value(name, path, update)) == f"data.{path}: {update!r} {words}"


@pytest.mark.parametrize("key", ["", "-a", "a b", "a/b", "é", "a\n", ":a"])
def test_a_bad_id_is_refused(key: str) -> None:
    assert refusal(line("note.added", {"text": "T"}, id=key)) == (
        f"id: {key!r} is not allowed: use letters, digits and '._~:-', at most 128, the first a letter or digit"
    )


def test_a_json_line_has_2_mib_at_most() -> None:
    short = line("note.added", {"text": "T"})
    assert from_json(short.ljust(text.LINE_BYTES)) == from_json(short)
    assert refusal(short.ljust(text.LINE_BYTES + 1)) == (
        "2,097,153 bytes in one line are too many, at most 2,097,152 are allowed"
    )


@pytest.mark.parametrize("nested", [b"[%s]", b'{"a":%s}', b'[{"tags":%s}]'])
@pytest.mark.parametrize("times", [11, 5_000, 100_000])
def test_a_line_is_10_deep_at_most(nested: bytes, times: int) -> None:
    before, after = nested.split(b"%s")
    levels = times * (before.count(b"{") + before.count(b"["))
    deep = before * times + b"1" + after * times
    assert refusal(deep) == f"is nested {levels} deep, at most 10 are allowed"
    for place in (b'"id":%s', b'"what":%s'):
        broken = b'{"story":"s","type":"note.added","data":{"text":"T"},' + place % deep + b"}"
        assert refusal(broken).endswith(f"is nested {levels + 1} deep, at most 10 are allowed")


@pytest.mark.parametrize("brackets", [8, 9])
def test_the_depth_is_counted_from_the_line_on(brackets: int) -> None:
    broken = refusal(b'{"story":"s","type":"update.added","data":{"tags":%s}}' % (b"[" * brackets + b"]" * brackets))
    within, beyond = "data.tags[0]: must be text, not a list", "data: is nested 11 deep, at most 10 are allowed"
    assert broken == (within if brackets == 8 else beyond)


def test_brackets_in_text_are_no_nesting() -> None:
    words = '[{"' * 3_000 + "\\"
    assert value_at(accepted(line("note.added", {"text": words})), "text") == words
    assert refusal(line("note.added", {"text": words, "what": 1})).startswith("data.what: is no field")


# Unknown and missing fields, wrong types

FIELDS = {
    "story.opened": "headline, label, summary, language, tags, uri",
    "story.changed": "headline, label, summary, status, pinned, tags, related, signal, notice",
    "story.withdrawn": "notice, title",
    "update.added": "headline, update, body, occurred, occurred_text, sources, stances, key, tags, link, closes",
    "update.revised": "update, signal, notice, changes, hide_before",
    "update.withdrawn": "update, notice, title, untold",
    "note.added": "text, update",
}
CHANGES = "headline, body, occurred, occurred_text, sources, stances, key, tags, link"


@pytest.mark.parametrize(
    ("name", "path", "known"),
    [
        *((name, "what", known) for name, known in FIELDS.items()),
        ("update.revised", "changes.what", CHANGES),
        ("update.revised", "changes.closes", CHANGES),
        *((name, f"{path}sources[0].what", "name, url, quote") for name, path in CHANGED),
        *((name, f"{path}stances[0].what", "claim, by, position, text") for name, path in CHANGED),
        ("story.changed", "related[0].what", "story, rel"),
    ],
)
def test_an_unknown_field_is_named_with_those_there_are(name: str, path: str, known: str) -> None:
    assert refusal(with_value(name, path, "x")) == f"data.{path}: is no field of {name}: there are {known}"


def test_an_unknown_field_of_the_line_itself_is_named() -> None:
    assert refusal(line("note.added", {"text": "T"}, at="now")).startswith(
        "at: is no field of an event: there are story,"
    )


@pytest.mark.parametrize("unknown", ["note.removed", "", "Note.added", "note.added ", "StoryOpened", "story.erased"])
def test_an_unknown_type_is_named_with_those_there_are(unknown: str) -> None:
    assert refusal(line(unknown, {})) == f"type: {unknown!r} is unknown: use one of {', '.join(LEAST)}"


@pytest.mark.parametrize(
    ("name", "data", "path"),
    [
        ("story.opened", {}, "headline"),
        ("story.withdrawn", {}, "notice"),
        ("update.added", {"update": "1"}, "headline"),
        ("update.revised", {"signal": "refile"}, "update"),
        ("update.revised", {"update": "1"}, "signal"),
        ("update.withdrawn", {"notice": "N"}, "update"),
        ("note.added", {}, "text"),
        ("update.added", {"headline": "H", "stances": [{"by": "B", "position": "asserts"}]}, "stances[0].claim"),
        ("update.added", {"headline": "H", "stances": [{"claim": "c", "position": "asserts"}]}, "stances[0].by"),
        ("update.added", {"headline": "H", "stances": [{"claim": "c", "by": "B"}]}, "stances[0].position"),
        ("story.changed", {"related": [{"rel": "related"}]}, "related[0].story"),
        ("story.changed", {"related": [{"story": "s", "rel": "related"}, {"story": "s"}]}, "related[1].rel"),
    ],
)
def test_a_missing_field_is_named(name: str, data: dict[str, Any], path: str) -> None:
    assert refusal(line(name, data)) == f"data.{path}: is missing"


@pytest.mark.parametrize("field", ["story", "type", "data"])
def test_a_line_without_one_of_its_three_fields_is_refused(field: str) -> None:
    whole = {"story": "flood", "type": "note.added", "data": {"text": "T"}}
    assert (
        refusal(json.dumps({name: of for name, of in whole.items() if name != field}).encode())
        == f"{field}: is missing"
    )


WRONG = {"true or false": True, "a whole number": 5, "a number": 2.5, "a list": [], "an object": {}}


@pytest.mark.parametrize(("found", "value"), WRONG.items())
@pytest.mark.parametrize(("name", "path"), TEXTS)
def test_a_text_field_takes_text_only(name: str, path: str, found: str, value: Any) -> None:
    assert refusal(with_value(name, path, value)) in (
        f"data.{path}: must be text, not {found}",
        f"data.{path}: must be text or null, not {found}",
    )


@pytest.mark.parametrize("value", ["true", 0, 1, [], {}])
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("update.added", "key"),
        ("update.added", "closes"),
        ("update.revised", "changes.key"),
        ("update.revised", "hide_before"),
        ("update.withdrawn", "untold"),
    ],
)
def test_a_yes_or_no_field_takes_true_and_false_only(name: str, path: str, value: Any) -> None:
    assert refusal(with_value(name, path, value)).startswith(f"data.{path}: must be true or false or null, not ")


@pytest.mark.parametrize("value", ["T", 1, True, {}])
@pytest.mark.parametrize(("name", "path"), LISTS)
def test_a_list_field_takes_a_list_only(name: str, path: str, value: Any) -> None:
    assert refusal(with_value(name, path, value)).startswith(f"data.{path}: must be a list or null, not ")


@pytest.mark.parametrize(
    ("name", "path", "choices"),
    [
        ("story.changed", "status", "open, closed"),
        ("story.changed", "signal", "correction, clarification"),
        ("story.changed", "related[0].rel", "continues, part-of, related"),
        ("update.revised", "signal", "correction, clarification, addition, refile, amendment"),
        ("update.added", "stances[0].position", "asserts, denies, confirms, declines, retracts"),
        ("update.revised", "changes.stances[0].position", "asserts, denies, confirms, declines, retracts"),
    ],
)
@pytest.mark.parametrize("value", ["withdrawn", "", "Open", "undone"])
def test_a_word_that_is_no_choice_is_refused_with_the_choices(name: str, path: str, choices: str, value: str) -> None:
    assert refusal(with_value(name, path, value)) == f"data.{path}: {value!r} is none of {choices}"


@pytest.mark.parametrize("data", ["T", 1, None, [], True])
def test_data_must_be_an_object(data: Any) -> None:
    assert refusal(line("note.added", data)).startswith("data: must be an object, not ")


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("story", 1, "text"),
        ("type", None, "text"),
        ("id", 1, "text or null"),
        ("author", [], "text or null"),
        ("published_at", 1675425600, "text or null"),
        ("position", "1", "a whole number or null"),
        ("version", True, "a whole number or null"),
        ("schema", 1.0, "a whole number or null"),
        ("recorded_at", 1, "text or null"),
        ("leaf", 1, "text or null"),
    ],
)
def test_a_wrong_type_in_the_line_itself_is_named(field: str, value: Any, expected: str) -> None:
    json_line = json.dumps({"story": "s", "type": "note.added", "data": {"text": "T"}} | {field: value}).encode()
    assert refusal(json_line).startswith(f"{field}: must be {expected}, not ")


# Numbers

LONG = "9" * 400


@pytest.mark.parametrize("number", [LONG, f"-{LONG}", f"{LONG}.5", "1e400", "-1e999999999999"])
@pytest.mark.parametrize(
    ("name", "path"),
    [*TEXTS, *LISTS, ("update.added", "key"), ("update.revised", "changes"), ("update.revised", "signal")],
)
def test_a_number_out_of_range_is_refused_in_every_field_of_data(name: str, path: str, number: str) -> None:
    json_line = with_value(name, path, "NUMBER").replace(b'"NUMBER"', number.encode())
    assert refusal(json_line) == f"data.{path}: holds a number out of range"


@pytest.mark.parametrize("number", [LONG, f"-{LONG}", "9" * 5_000, "0", "-1", str(2**63)])
@pytest.mark.parametrize("field", ["position", "version", "schema"])
def test_a_place_in_the_log_is_a_number_that_a_log_can_hold(field: str, number: str) -> None:
    broken = refusal(line("note.added", {"text": "T"}, **{field: "N"}).replace(b'"N"', number.encode()))
    assert broken.startswith(f"{field}: ")
    assert "out of range" in broken
    assert accepted(line("note.added", {"text": "T"}, **{field: 2**63 - 1})).story == "flood"


@pytest.mark.parametrize("number", [LONG, "1e400", f"{LONG}.5"])
@pytest.mark.parametrize("field", ["story", "type", "id", "author", "published_at", "recorded_at", "leaf", "data"])
def test_a_number_out_of_range_is_refused_in_every_field_of_the_line(field: str, number: str) -> None:
    whole = {"story": "s", "type": "note.added", "data": {"text": "T"}} | {field: "N"}
    assert (
        refusal(json.dumps(whole).encode().replace(b'"N"', number.encode())) == f"{field}: holds a number out of range"
    )


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "01", "0x1", ".5", "+1"])
def test_what_is_no_number_in_json_is_refused(number: str) -> None:
    assert refusal(line("note.added", {"text": "N"}).replace(b'"N"', number.encode())).startswith(
        "is not JSON in UTF-8"
    )


# Characters

ILLEGAL = ["\0", "\x08", "\x0b", "\x0c", "\x0e", "\x1f", "\x1b", "\ufffe", "\uffff"]


@pytest.mark.parametrize("illegal", ILLEGAL, ids=lambda illegal: f"U+{ord(illegal):04X}")
def test_what_xml_cannot_carry_is_refused_in_every_text_with_its_position(illegal: str) -> None:
    for name, path in [*ONE_LINE, *MANY_LINES, *LINKS]:
        assert refusal(with_value(name, path, f"{BALLOON}{illegal}b")) == (
            f"data.{path}: character 2 is U+{ord(illegal):04X}, which no feed can carry: take it out"
        )
    for name, path in [*SLUGS, *UPDATES, *OTHERS]:
        assert refusal(with_value(name, path, f"a{illegal}b")).startswith(f"data.{path}: ")


@pytest.mark.parametrize("legal", ["\t", "\x7f", "\x84", "\ufdd0", "\U0001ffff", "\u200f", "\u0301"])
def test_what_xml_can_carry_is_kept_as_it_is(legal: str) -> None:
    for name, path in [*ONE_LINE, *MANY_LINES]:
        assert value_at(accepted(with_value(name, path, f"a{legal}b")), path) == f"a{legal}b"


def test_an_unpaired_surrogate_is_refused_with_its_position() -> None:
    for surrogate in (r"\ud800", r"\udfff", r"\uDBFF", r"\ud800A", r"\udc00\ud800", r"\\\ud83c\u0041"):
        for name, path in TEXTS:
            json_line = with_value(name, path, "SURROGATE").replace(b"SURROGATE", surrogate.encode())
            byte = json_line.index(surrogate.removeprefix(r"\\").encode()) + 1
            assert refusal(json_line) == (
                f"byte {byte} begins an unpaired surrogate (\\ud800 to \\udfff), which is no character"
            )


def test_a_pair_of_surrogates_is_one_character_and_an_escaped_backslash_begins_none() -> None:
    json_line = line("note.added", {"text": "T"}).replace(b'"T"', rb'"\uD83C\uDF88 \\ud800"')
    assert value_at(accepted(json_line), "text") == rf"{BALLOON} \ud800"
    assert refusal(json_line + b"}").startswith("is not JSON in UTF-8 (JSON is malformed: trailing")


@pytest.mark.parametrize("control", ["\u202a", "\u202e", "\u2066", "\u2069"], ids=ascii)
def test_bidirectional_controls_are_refused_in_lines_and_accepted_in_prose(control: str) -> None:
    for name, path in ONE_LINE:
        assert refusal(with_value(name, path, f"ab{control}c")) == (
            f"data.{path}: character 3 is U+{ord(control):04X}, which changes the reading direction: take it out"
        )
    for name, path in MANY_LINES:
        assert value_at(accepted(with_value(name, path, f"ab{control}c")), path) == f"ab{control}c"
    assert refusal(line("note.added", {"text": "T"}, author=f"a{control}")).startswith("author: character 2 is U+")


@pytest.mark.parametrize("broken", ["a\nb", "a\rb", "a\x85b", "a\u2028b", "a\u2029b"], ids=ascii)
def test_a_line_break_is_refused_in_lines_and_accepted_in_prose(broken: str) -> None:
    for name, path in ONE_LINE:
        assert refusal(with_value(name, path, broken)) == (
            f"data.{path}: character 2 breaks the line: write it in one line"
        )
    for name, path in MANY_LINES:
        assert value_at(accepted(with_value(name, path, broken)), path) == broken


@pytest.mark.parametrize("spaced", [" a", "a ", "\u3000a", "a\t", " "], ids=ascii)
def test_outer_spaces_are_refused_in_lines(spaced: str) -> None:
    for name, path in ONE_LINE:
        assert refusal(with_value(name, path, spaced)) == f"data.{path}: has spaces around it: take them out"


# Links

GOOD_LINKS = [
    "http://example.org",
    "https://example.org:8443/a%20b?c=d&e=f#g",
    "HTTPS://EXAMPLE.ORG/",
    "https://user@example.org/",
    "http://[2001:db8::1]:80/",
    "http://bücher.example/straße",
    "https://xn--bcher-kva.example/",
    "mailto:desk@example.org?subject=Dam",
    "https://example.org/" + "a" * 1_980,
]
BAD_LINKS = {
    "javascript:alert(1)": "is no address: it must begin with http://, https:// or mailto:",
    "JaVaScRiPt:alert(1)": "is no address: it must begin with http://, https:// or mailto:",
    "data:text/html,x": "is no address: it must begin with http://, https:// or mailto:",
    "vbscript:x": "is no address: it must begin with http://, https:// or mailto:",
    "file:///etc/passwd": "is no address: it must begin with http://, https:// or mailto:",
    "//example.org/": "is no address: it must begin with http://, https:// or mailto:",
    "/dam": "is no address: it must begin with http://, https:// or mailto:",
    "dam.html": "is no address: it must begin with http://, https:// or mailto:",
    "example.org": "is no address: it must begin with http://, https:// or mailto:",
    "https:example.org": "is no address: it must begin with http://, https:// or mailto:",
    "http://": "is no address: it must begin with http://, https:// or mailto:",
    "http:///a": "is no address: it must begin with http://, https:// or mailto:",
    "http://:80/": "is no address: it must begin with http://, https:// or mailto:",
    "mailto:": "is no address: it must begin with http://, https:// or mailto:",
    "mailto:?subject=x": "is no address: it must begin with http://, https:// or mailto:",
    "http://example.org:99999/": "is no address (Port out of range 0-65535)",
    "http://example.org:a/": "is no address (Port could not be cast to integer value as 'a')",
    "http://[::1/": "is no address (Invalid IPv6 URL)",
}
BAD_CHARACTERS = {
    " https://example.org/": 1,
    "java\nscript:alert(1)": 5,
    "java\tscript:alert(1)": 5,
    "https://example.org/a b": 22,
    "https://example.org/\u00a0": 21,
    'https://example.org/"': 21,
    "https://example.org/\u202e": 21,
    "https://example.org/\u2066": 21,
    "https://example.org/<": 21,
    "https://example.org/\\": 21,
    "https://example.org/{x}": 21,
    "https://example.org/\x85": 21,
}


@pytest.mark.parametrize("link", GOOD_LINKS)
def test_an_address_is_kept_as_it_is(link: str) -> None:
    for name, path in LINKS:
        assert value_at(accepted(with_value(name, path, link)), path) == link


@pytest.mark.parametrize(("link", "problem"), BAD_LINKS.items())
def test_what_is_no_address_of_the_web_or_of_mail_is_refused(link: str, problem: str) -> None:
    for name, path in LINKS:
        assert refusal(with_value(name, path, link)) == f"data.{path}: {link!r} {problem}"


@pytest.mark.parametrize(("link", "number"), BAD_CHARACTERS.items())
def test_a_character_that_no_address_has_is_refused_by_its_position(link: str, number: int) -> None:
    for name, path in LINKS:
        assert refusal(with_value(name, path, link)) == (
            f"data.{path}: character {number} cannot stand in an address: percent-encode it"
        )


def test_an_address_has_2000_characters_at_most() -> None:
    for name, path in LINKS:
        assert refusal(with_value(name, path, GOOD_LINKS[-1] + "a")) == (
            f"data.{path}: 2,001 characters are too many, at most 2,000 are allowed"
        )


# Other forms


@pytest.mark.parametrize("moment", ["2023-02-03T12:00:00", "2023-02-03", "now", "2023-02-03T12:00:00.1234567Z", ""])
def test_a_time_that_is_not_rfc_3339_is_refused(moment: str) -> None:
    assert refusal(line("note.added", {"text": "T"}, published_at=moment)).startswith(f"published_at: {moment!r} ")


@pytest.mark.parametrize("edtf", ["yesterday", "2023-13", "2023-02-04/2023-02-03", "1985-XX", "../.."])
def test_a_date_outside_the_subset_is_refused_wherever_it_stands(edtf: str) -> None:
    for name, path in CHANGED:
        assert refusal(with_value(name, f"{path}occurred", edtf)).startswith(f"data.{path}occurred: '")


@pytest.mark.parametrize("language", ["englishlanguage", "d", "de_AT", "de-", "über"])
def test_what_is_no_language_tag_is_refused(language: str) -> None:
    assert refusal(with_value("story.opened", "language", language)) == (
        f"data.language: {language!r} is not allowed: use a language tag such as 'en' or 'de-AT'"
    )


@pytest.mark.parametrize("uri", ["flood", "javascript:x", "tag:a b", "tag:" + "a" * 501])
def test_what_is_no_permanent_uri_is_refused(uri: str) -> None:
    assert refusal(with_value("story.opened", "uri", uri)).startswith(
        f"data.uri: {uri[:100]!r} is not allowed: use a tag:"
    )


# What is no JSON


@pytest.mark.parametrize(
    ("json_line", "problem"),
    [
        (b"[1]", "an event: must be an object, not a list"),
        (b"1", "an event: must be an object, not a whole number"),
        (b"null", "an event: must be an object, not null"),
        (b'"text"', "an event: must be an object, not text"),
        (b"", "is not JSON in UTF-8 (Input data was truncated)"),
        (b"{", "is not JSON in UTF-8 (Input data was truncated)"),
        (b"{'story': 'flood'}", "is not JSON in UTF-8 (JSON is malformed: "),
        (b"\xef\xbb\xbf" + LINES[0], "is not JSON in UTF-8 (JSON is malformed: invalid character (byte 0))"),
        (LINES[0] + b" x", "is not JSON in UTF-8 (JSON is malformed: trailing characters"),
        (LINES[0] + LINES[1], "is not JSON in UTF-8 (JSON is malformed: trailing characters"),
        (b'{"story":"s","type":"note.added","data":{"text":"a\0b"}}', "is not JSON in UTF-8 (JSON is malformed: "),
        (b'{"story":"s","type":"note.added","data":{"text":"\xff"}}', "data: is not JSON in UTF-8 ('utf-8' codec"),
        (b'{"story":"\xff","type":"note.added","data":{"text":"T"}}', "is not JSON in UTF-8 ('utf-8' codec"),
        (
            b'{"story":"s","type":"note.added","data":{"text":"\xed\xa0\x80"}}',
            "data: is not JSON in UTF-8 ('utf-8' codec",
        ),
        (b'{"story":"s","type":"note.added","data":{"text":"\xc0\xaf"}}', "data: is not JSON in UTF-8 ('utf-8' codec"),
        ('{"story":"s"}'.encode("utf-16"), "is not JSON in UTF-8 (JSON is malformed: "),
    ],
)
def test_what_is_not_a_json_object_in_utf_8_is_refused(json_line: bytes, problem: str) -> None:
    assert refusal(json_line).startswith(problem)


def test_every_truncation_of_a_line_is_refused() -> None:
    for golden in LINES:
        for length in range(len(golden)):
            assert refusal(golden[:length]).startswith(("is not JSON", "data: is not JSON"))


def test_of_a_field_that_stands_twice_the_last_counts() -> None:
    twice = b'{"story":"a","story":"b","type":"note.added","data":{"text":"1"},"data":{"text":"2","text":"3"}}'
    assert from_json(twice) == NewEvent(story="b", data=NoteAdded(text="3"))


@given(
    st.binary(max_size=60)
    | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(repr).map(str.encode)
)
@settings(max_examples=100)
def test_any_other_bytes_are_refused_in_a_sentence(some: bytes) -> None:
    assert refusal(some)
    assert refusal(b'{"story":"s","type":"update.added","data":' + some + b"}")


# The same event again

STORED = event_of(
    NewEvent(
        story="flood",
        id="k",
        data=UpdateAdded(headline="H", update="1", tags=("T",)),
        published_at="2026-02-03T12:00:00.000000Z",
        author="Desk",
    )
)


@pytest.mark.parametrize(
    "again",
    [
        {"data": {"headline": "H", "tags": ["T"]}},
        {"data": {"headline": "H", "tags": ["T"], "update": "1", "body": None, "key": False, "sources": []}},
        {"data": {"headline": "H", "tags": ["T"]}, "published_at": "2026-02-03T13:00:00+01:00", "author": "Desk"},
        {"data": {"headline": "H", "tags": ["T"]}, "position": 99, "version": 98, "leaf": "other"},
    ],
)
def test_the_same_content_is_the_same_event_whatever_was_filled_in(again: dict[str, Any]) -> None:
    assert is_same(from_json(json.dumps({"story": "flood", "type": "update.added"} | again).encode()), STORED)


@pytest.mark.parametrize(
    "other",
    [
        {"story": "dam"},
        {"type": "story.opened"},
        {"data": {"headline": "H"}},
        {"data": {"headline": "H", "tags": ["T"], "update": "2"}},
        {"data": {"headline": "H", "tags": ["T"], "body": "B"}},
        {"author": "Somebody else"},
        {"published_at": "2026-02-03T12:00:00.000001Z"},
    ],
)
def test_other_content_is_another_event(other: dict[str, Any]) -> None:
    same = {"story": "flood", "type": "update.added", "data": {"headline": "H", "tags": ["T"]}}
    assert not is_same(from_json(json.dumps(same | other).encode()), STORED)


def test_of_an_opening_uri_and_language_were_filled_in() -> None:
    stored = event_of(
        NewEvent(story="flood", data=StoryOpened(headline="H", uri="tag:example.org,2026:flood", language="en"))
    )
    assert is_same(NewEvent(story="flood", data=StoryOpened(headline="H")), stored)
    assert not is_same(NewEvent(story="flood", data=StoryOpened(headline="H", language="de")), stored)
    assert not is_same(NewEvent(story="flood", data=StoryOpened(headline="H", uri="tag:example.org,2026:dam")), stored)
