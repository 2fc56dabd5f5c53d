"""Events as JSON Lines (the event format): checked on the way in, written out on the way out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, get_args

import msgspec
from msgspec import UNSET, Struct

from feed import text
from feed.dates import instant, occurred
from feed.erasure import remains
from feed.errors import Invalid, InvalidLine
from feed.events import (
    TYPES,
    Changes,
    Data,
    Erased,
    Event,
    NewEvent,
    Position,
    Related,
    Relation,
    Signal,
    Source,
    Stance,
    Status,
    StoryChanged,
    StorySignal,
    decoders,
    schema_number,
)

HEADLINE_CHARACTERS = 300
LABEL_CHARACTERS = 40
NAME_CHARACTERS = 200
QUOTE_CHARACTERS = 2_000
BODY_BYTES = 256 * 1024
PROSE_BYTES = 10 * 1024
LIST_LENGTH = 50


class _Exported(Struct, kw_only=True):
    position: int
    id: str
    story: str
    version: int
    type: str
    schema: int
    recorded_at: str
    published_at: str
    author: str | None
    data: Data | None
    leaf: str


class _ExportedErased(_Exported, kw_only=True):
    """Without author and data; `kept` is what is known of the data still (erasure.remains)."""

    kept: Data
    erased: bool = True


def to_json(event: Event) -> bytes:
    """An event as one JSON line, without the line's end."""
    facts: dict[str, Any] = {
        "position": event.position,
        "id": event.id,
        "story": event.story,
        "version": event.version,
        "type": event.type,
        "schema": schema_number(event.data),
        "recorded_at": event.recorded_at,
        "published_at": event.published_at,
        "leaf": event.leaf.hex(),
    }
    if event.erased:
        return msgspec.json.encode(_ExportedErased(**facts, author=None, data=None, kept=event.data))
    return msgspec.json.encode(_Exported(**facts, author=event.author, data=event.data))


class _Line(Struct, kw_only=True, forbid_unknown_fields=True):
    story: str
    type: str
    data: msgspec.Raw
    kept: msgspec.Raw = msgspec.Raw(b"null")
    erased: bool = False
    id: str | None = None
    published_at: str | None = None
    author: str | None = None
    # Given by the log that takes the event, so what another log gave is only checked for its form.
    position: int | None = None
    version: int | None = None
    recorded_at: str | None = None
    schema: int | None = None
    leaf: str | None = None


# What SQLite's INTEGER holds.
_HIGHEST = 2**63 - 1

_line_decoder = msgspec.json.Decoder(_Line)


def from_json(line: bytes) -> NewEvent:
    """A line of the event format, checked. Raises Invalid, which names the field."""
    if len(line) > text.LINE_BYTES:
        raise Invalid("", f"{len(line):,} bytes in one line are too many, at most {text.LINE_BYTES:,} are allowed")
    outer = _decode(_line_decoder, line, "", "an event")
    decoder = decoders.get((outer.type, 1))
    if decoder is None:
        raise Invalid("type", f"{outer.type[:100]!r} is unknown: use one of {', '.join(TYPES)}")
    published_at = None if outer.published_at is None else instant("published_at", outer.published_at)
    _check_places(outer)
    new = NewEvent(
        story=outer.story,
        data=_remaining(outer, decoder) if outer.erased else _decode(decoder, bytes(outer.data), "data", outer.type),
        id=outer.id,
        published_at=published_at,
        author=outer.author,
        erased=outer.erased,
    )
    return checked(new)


def batches(lines: Iterable[bytes], size: int) -> Iterator[list[tuple[int, NewEvent]]]:
    """The lines' events with the lines' numbers from 1, without blank ones, in lists of `size`. Raises InvalidLine."""
    numbered = ((number, _line(number, line)) for number, line in enumerate(lines, 1) if not line.isspace())
    while some := list(islice(numbered, size)):
        yield some


def _line(number: int, line: bytes) -> NewEvent:
    try:
        return from_json(line.rstrip(b"\r\n"))
    except Invalid as error:
        raise InvalidLine(number, error) from None


def _remaining(outer: _Line, decoder: msgspec.json.Decoder[Data]) -> Data:
    """What is left of an erased event's data. Raises Invalid where that is more than an erasure leaves."""
    if bytes(outer.data) != b"null" or outer.author is not None:
        raise Invalid("erased", "contradicts data or author, which an erased event has not: make them null")
    data: Data = _decode(decoder, bytes(outer.kept), "kept", outer.type)
    if remains(data) != data:
        raise Invalid("kept", "holds more than an erasure leaves of an event: take the texts out")
    return data


def from_fields(name: str, fields: dict[str, Any]) -> Data:
    """The data of an event of type `name` from plain values, as a file's front matter gives them. Raises Invalid."""
    of: type[Data] = decoders[name, 1].type
    try:
        return msgspec.convert(fields, of)
    except msgspec.ValidationError as error:
        raise _explained(b"", "", name, str(error), of) from None


def _check_places(outer: _Line) -> None:
    for name in ("position", "version", "schema"):
        number = getattr(outer, name)
        if number is not None and not 1 <= number <= _HIGHEST:
            raise Invalid(name, f"is out of range: a place in the log is a whole number from 1 to {_HIGHEST:,}")


def checked(new: NewEvent) -> NewEvent:
    """The event in its normal form, in which an empty optional field is an absent one. Raises Invalid."""
    text.slug("story", new.story)
    if new.id is not None:
        text.event_id("id", new.id)
    if new.author is not None:
        text.line("author", new.author, NAME_CHARACTERS)
    if new.erased:
        _check_fields("kept", _without_empty(new.data))
        return new
    data = _normal(new.data)
    _check_fields("data", data)
    return new if data is new.data else msgspec.structs.replace(new, data=data)


def _normal(data: Any) -> Any:
    """`data` with every empty optional value replaced by None; the same object where nothing is to do."""
    changed: dict[str, Any] = {}
    for name in data.__struct_fields__:
        value = getattr(data, name)
        if value is UNSET or value is None:
            continue
        if isinstance(value, Changes):
            if (inner := _normal(value)) is not value:
                changed[name] = inner
        elif not value and name not in _NEVER_ABSENT:
            changed[name] = None
    return msgspec.structs.replace(data, **changed) if changed else data


_NEVER_ABSENT = frozenset({"headline", "update", "notice", "text", "claim", "by", "ground", "erased"})


def _without_empty(data: Any) -> Any:
    """What remains of erased data, but for the empty texts that stand for those that must be there."""
    empty = [name for name in data.__struct_fields__ if getattr(data, name) == ""]
    return msgspec.structs.replace(data, **dict.fromkeys(empty))


def _check_fields(path: str, data: Any) -> None:
    for name in data.__struct_fields__:
        value = getattr(data, name)
        if value is None or value is UNSET or value is True:
            continue
        if (rule := _RULES.get(name)) is not None:
            rule(f"{path}.{name}", value)
        elif isinstance(value, tuple):
            _check_list(f"{path}.{name}", name, value)
        elif isinstance(value, Changes):
            _check_fields(f"{path}.{name}", value)


def _check_list(where: str, name: str, values: tuple[Any, ...]) -> None:
    if name == "erased" and not values:
        raise Invalid(where, "is empty: name the events that are erased")
    if len(values) > LIST_LENGTH and name != "erased":
        raise Invalid(where, f"{len(values)} entries are too many, at most {LIST_LENGTH} are allowed")
    for number, value in enumerate(values):
        if name == "tags":
            _name(f"{where}[{number}]", value)
        else:
            _check_part(f"{where}[{number}]", value)


def _check_part(where: str, part: Source | Stance | Related | Erased) -> None:
    match part:
        case Erased():
            text.event_id(f"{where}.id", part.id)
        case Source():
            if part.name is None and part.url is None and part.quote is None:
                raise Invalid(where, "needs a name, a url or a quote")
            if part.name is not None:
                _name(f"{where}.name", part.name)
            if part.url is not None:
                text.link(f"{where}.url", part.url)
            if part.quote is not None:
                text.quote(f"{where}.quote", part.quote, QUOTE_CHARACTERS)
        case Stance():
            text.slug(f"{where}.claim", part.claim)
            _name(f"{where}.by", part.by)
            if part.text is not None:
                text.line(f"{where}.text", part.text, QUOTE_CHARACTERS)
        case Related():
            text.slug(f"{where}.story", part.story)


def _headline(field: str, value: str) -> None:
    text.line(field, value, HEADLINE_CHARACTERS)


def _name(field: str, value: str) -> None:
    text.line(field, value, NAME_CHARACTERS)


def _prose(field: str, value: str) -> None:
    text.prose(field, value, PROSE_BYTES)


_RULES: dict[str, Callable[[str, str], object]] = {
    "headline": _headline,
    "title": _headline,
    "label": lambda field, value: text.line(field, value, LABEL_CHARACTERS),
    "occurred_text": _name,
    "summary": _prose,
    "notice": _prose,
    "ground": _prose,
    "text": _prose,
    "body": lambda field, value: text.prose(field, value, BODY_BYTES),
    "occurred": occurred,
    "link": text.link,
    "language": text.language,
    "uri": text.uri,
    "update": text.update_name,
    "pinned": text.update_name,
}


def _decode(decoder: msgspec.json.Decoder[Any], json: bytes, path: str, what: str) -> Any:
    try:
        return decoder.decode(json)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise _explained(json, path, what, str(error), decoder.type) from None


_AT = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_PLAIN = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def _explained(json: bytes, path: str, what: str, problem: str, of: Any) -> Invalid:
    # What has a path is inside the event's own object.
    if (deep := text.depth(json) + bool(path)) > text.DEPTH:
        return Invalid(path, f"is nested {deep} deep, at most {text.DEPTH} are allowed")
    if at := _AT.search(problem):
        path, problem = f"{path}{at['path']}".lstrip("."), problem[: at.start()]
    quoted = re.findall("`([^`]*)`", problem)
    if problem.startswith("Object contains unknown field"):
        known = ", ".join(_fields_at(of, path))
        return Invalid(f"{path}.{quoted[0]}".lstrip("."), f"is no field of {what}: there are {known}")
    if problem.startswith("Object missing required field"):
        return Invalid(f"{path}.{quoted[0]}".lstrip("."), "is missing")
    if problem.startswith("Expected `str` - at `key`"):
        return Invalid(path or what, "has a field whose name is no text: put the name in quotes")
    if problem.startswith("Expected"):
        expected, found = (" or ".join(_PLAIN.get(name, name) for name in names.split(" | ")) for names in quoted)
        return Invalid(path or what, f"must be {expected}, not {found}")
    if problem.startswith("Invalid enum value"):
        return Invalid(path, f"{problem.partition(' value ')[2]} is none of {', '.join(_choices(of, path))}")
    if "Number out of range" in problem:
        return Invalid(path, "holds a number out of range")
    if (byte := _unpaired(json)) is not None:
        return Invalid(path, f"byte {byte} begins an unpaired surrogate (\\ud800 to \\udfff), which is no character")
    return Invalid(path, f"is not JSON in UTF-8 ({problem})".strip())


# RFC 8259 section 7: the two halves of a pair, one of them alone, any other escape.
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F]..)|.)", re.DOTALL)


def _unpaired(json: bytes) -> int | None:
    """The number, from 1, of the byte at which a surrogate stands alone in a JSON text."""
    return next((match.start() + 1 for match in _ESCAPE.finditer(json) if match[1]), None)


def _fields_at(of: Any, path: str) -> Iterator[str]:
    """The names that may stand where `path` points inside a value of the struct `of`."""
    last = re.sub(r"\[.*", "", path.rpartition(".")[2])
    inner = {"changes": Changes, "sources": Source, "stances": Stance, "related": Related, "erased": Erased}.get(
        last, of
    )
    return iter(inner.__struct_fields__)


def _choices(of: Any, path: str) -> tuple[str, ...]:
    name = path.rpartition(".")[2]
    signals = StorySignal if of is StoryChanged else Signal
    return get_args({"position": Position, "rel": Relation, "status": Status, "signal": signals}[name])
