"""The gate for outside text: characters, lengths, names and links.

Every check takes the field's name (as the event format writes it) and the value, returns nothing and
raises `errors.Invalid` with the place and what to do. Nothing is altered on the way in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from feed.errors import Invalid

LINE_BYTES = 2 * 1024 * 1024
DEPTH = 10
LINK_CHARACTERS = 2_000

# XML 1.0 (Fifth Edition) section 2.2, production [2] Char: what stands outside it cannot be put into a feed.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ILLEGAL_ASCII = bytes([*range(9), 11, 12, *range(14, 32)])
# Unicode Standard Annex #9: embeddings, overrides and isolates let a line read otherwise than it is stored.
_BIDI_CONTROL = re.compile("[\u202a-\u202e\u2066-\u2069]")
_LINE_BREAK = re.compile("[\n\r\x0b\x0c\x85\u2028\u2029]")
_NOT_IN_LINK = re.compile(r"[\s<>\"{}|\\^`\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

_BAD_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
_UPDATE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_EVENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:-]{0,127}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,7}")
_URI = re.compile(r"(tag|https?|urn):[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]{1,500}", re.IGNORECASE)


def prose(field: str, value: str, limit: int) -> None:
    """Text of any number of lines, at most `limit` bytes in UTF-8."""
    _characters(field, value)
    if len(value) * 4 > limit and (size := len(value.encode())) > limit:
        raise Invalid(field, f"{size:,} bytes are too many, at most {limit:,} are allowed: shorten it")
    if not value.strip():
        raise Invalid(field, "is blank: write something, or leave the field out")


def line(field: str, value: str, limit: int) -> None:
    """A label, headline, name or tag: one line of at most `limit` characters, without outer spaces."""
    # What Python calls printable has no character of those that are looked for below, and is told much faster.
    is_plain = value.isprintable()
    if not is_plain:
        _characters(field, value)
    if not value:
        raise Invalid(field, "is empty: write something, or leave the field out")
    if len(value) > limit:
        raise Invalid(field, f"{len(value):,} characters are too many, at most {limit:,} are allowed: shorten it")
    if not is_plain and (match := _LINE_BREAK.search(value)):
        raise Invalid(field, f"character {match.start() + 1} breaks the line: write it in one line")
    if value != value.strip():
        raise Invalid(field, "has spaces around it: take them out")
    if not is_plain and (match := _BIDI_CONTROL.search(value)):
        raise Invalid(
            field, f"character {match.start() + 1} is {_name(match)}, which changes the reading direction: take it out"
        )


def quote(field: str, value: str, limit: int) -> None:
    """Words of somebody, any number of lines, at most `limit` characters."""
    _characters(field, value)
    if len(value) > limit:
        raise Invalid(field, f"{len(value):,} characters are too many, at most {limit:,} are allowed: shorten it")
    if not value.strip():
        raise Invalid(field, "is blank: write something, or leave the field out")


def link(field: str, value: str) -> None:
    """An absolute http, https or mailto address (RFC 3986), at most 2,000 characters."""
    _characters(field, value)
    if len(value) > LINK_CHARACTERS:
        raise Invalid(field, f"{len(value):,} characters are too many, at most {LINK_CHARACTERS:,} are allowed")
    if match := _NOT_IN_LINK.search(value):
        raise Invalid(field, f"character {match.start() + 1} cannot stand in an address: percent-encode it")
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        raise Invalid(field, f"{value!r} is no address ({error})") from None
    whole = parts.hostname if parts.scheme in ("http", "https") else parts.path
    if parts.scheme not in ("http", "https", "mailto") or not whole:
        raise Invalid(field, f"{value!r} is no address: it must begin with http://, https:// or mailto:")
    _form(field, value, value.partition(parts.netloc)[2] if parts.netloc else value)


def _form(field: str, value: str, after_host: str) -> None:
    """RFC 3987 section 2.2: what "%", "#" and brackets may stand for in an address."""
    if match := _BAD_PERCENT.search(value):
        raise Invalid(field, f"character {match.start() + 1} is no percent-encoding: write %25 for a percent sign")
    if value.count("#") > 1 or "[" in after_host or "]" in after_host:
        raise Invalid(field, f"{value!r} is no address: percent-encode the second '#' and brackets (%23, %5B, %5D)")


def slug(field: str, value: str) -> None:
    """A story's or a claim's name."""
    _shape(field, value, _SLUG, "lower-case letters, digits and '-', at most 80, the first a letter or digit")


def update_name(field: str, value: str) -> None:
    """An update's name within its story."""
    _shape(field, value, _UPDATE, "letters, digits, '.', '_' and '-', at most 64, the first a letter or digit")


def event_id(field: str, value: str) -> None:
    """An event's id within the log."""
    _shape(field, value, _EVENT_ID, "letters, digits and '._~:-', at most 128, the first a letter or digit")


def language(field: str, value: str) -> None:
    """A language tag (BCP 47), by its form."""
    _shape(field, value, _LANGUAGE, "a language tag such as 'en' or 'de-AT'")


def uri(field: str, value: str) -> None:
    """A story's permanent uri (RFC 4151 tag, http, https or urn)."""
    _shape(field, value, _URI, "a tag:, http:, https: or urn: address of at most 500 ASCII characters")
    if value.lower().startswith("http"):
        link(field, value)
    else:
        _form(field, value, value)


def depth(json: bytes) -> int:
    """How deep the arrays and objects of a JSON text are nested; takes malformed texts too."""
    deepest = level = 0
    for bracket in re.findall(rb"[\[{\]}]", re.sub(rb'"(?:[^"\\]|\\.)*"?', b"", json, flags=re.DOTALL)):
        level += 1 if bracket in b"[{" else -1
        deepest = max(deepest, level)
    return deepest


def nearest(name: str, known: Iterable[str]) -> str:
    """What was perhaps meant by `name`; empty where nothing comes near."""
    import difflib

    return next(iter(difflib.get_close_matches(name.lower(), list(known), n=1)), "")


def _characters(field: str, value: str) -> None:
    # In what is ASCII, and most is, they are found in a tenth of the time.
    if value.isascii() and len(value.encode().translate(None, _ILLEGAL_ASCII)) == len(value):
        return
    if match := _ILLEGAL.search(value):
        raise Invalid(field, f"character {match.start() + 1} is {_name(match)}, which no feed can carry: take it out")


def _shape(field: str, value: str, pattern: re.Pattern[str], words: str) -> None:
    if not pattern.fullmatch(value):
        raise Invalid(field, f"{value[:100]!r} is not allowed: use {words}")


def _name(match: re.Match[str]) -> str:
    return f"U+{ord(match[0]):04X}"
