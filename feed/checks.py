"""What each setting may be. A check takes the key and the text, and returns what is meant or raises errors.Invalid."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from urllib.parse import SplitResult, urlsplit

from feed import text
from feed.errors import Invalid
from feed.shipped import example

NAME_CHARACTERS = 200
PATH_CHARACTERS = 1_000

_WEB_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[^\]]*\]|[^/?#@:\[\]]+)(?P<port>:[0-9]+)?(?P<path>/[^?#]*)?", re.IGNORECASE
)
# RFC 4151 section 2.1: authorityName, in the lower case that it recommends.
_DNS_NAME = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
_AUTHORITY = re.compile(rf"(?:[a-z0-9._-]+@)?{_DNS_NAME}")
_LOOPBACK = re.compile(r"localhost|127\.[0-9.]+|::1")
# RFC 9111 section 5.2: names, some with a number, a word or words in quotes.
_DIRECTIVE = r"[A-Za-z0-9-]+(?:=(?:[A-Za-z0-9-]+|\"[A-Za-z0-9 ,-]*\"))?"
_DIRECTIVES = re.compile(rf"{_DIRECTIVE}(?:, *{_DIRECTIVE})*")
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}|[0-9A-Fa-f:.]{2,45}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _url(key: str, value: str) -> str:
    match = _WEB_ADDRESS.fullmatch(value)
    if not match:
        raise Invalid(
            key, f"{value!r} is no web address without user name, '?' and '#': write it as in {example('url')}"
        )
    text.link(key, value)
    if not value.isascii():
        raise Invalid(key, f"{value!r} is not ASCII: write its host in Punycode (xn--…), percent-encode its path")
    place = f"{match['scheme']}://{match['host']}{match['port'] or ''}".lower()
    return place + (match["path"] or "").rstrip("/") + "/"


def _entry_link(key: str, value: str) -> str:
    # With the longest names that there are no address may be too long.
    filled = value.replace("{story}", "s" * 80).replace("{anchor}", "a" * 64)
    if not ("{story}" in value and "{anchor}" in value) or "{" in filled or "}" in filled:
        like = example("entry_link")
        raise Invalid(key, f"{value!r} must have {{story}} and {{anchor}}, and no others: write it as in {like}")
    _web_address(key, filled)
    return value


def _hub(key: str, value: str) -> str:
    address = _web_address(key, value)
    # What is told to a hub is believed: nobody may change it on its way.
    if not is_guarded(address):
        raise Invalid(key, f"{value!r} is open to others: write it with https://, or name a hub on this machine")
    return value


def _web_address(key: str, value: str) -> SplitResult:
    text.link(key, value)
    if not value.isascii():
        raise Invalid(key, f"{value!r} is not ASCII: write its host in Punycode (xn--…), percent-encode the rest")
    address = urlsplit(value)
    if address.scheme == "mailto" or "@" in address.netloc:
        raise Invalid(key, f"{value!r} is no web address without user name: begin it with https:// and the host")
    return address


def is_guarded(address: SplitResult) -> bool:
    """Whether what is sent there is safe from others: it is encrypted, or does not leave this machine."""
    on_this_machine = _LOOPBACK.fullmatch(address.hostname or "") is not None
    return address.scheme == "https" or (address.scheme == "http" and on_this_machine)


def host(url: str) -> str:
    """The host of a web address, in lower case; empty if it is none."""
    match = _WEB_ADDRESS.fullmatch(url)
    return match["host"].lower() if match else ""


def _name(key: str, value: str) -> str:
    text.line(key, value, NAME_CHARACTERS)
    return value


def _path(key: str, value: str) -> str:
    text.line(key, value, PATH_CHARACTERS)
    return value


def _timezone(key: str, value: str) -> str:
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(value)
    # A malformed name is a ValueError, the name of a folder of zones ("America") an OSError.
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        near = _nearest_zone(value)
        raise Invalid(key, f"there is no time zone {value!r}: use an IANA name such as {near!r}") from None
    return value


def _nearest_zone(name: str) -> str:
    import zoneinfo

    zones = {zone.lower(): zone for zone in sorted(zoneinfo.available_timezones())}
    return zones.get(text.nearest(name, zones), "Europe/Berlin")


def _language(key: str, value: str) -> str:
    text.language(key, value)
    return value


def _authority(key: str, value: str) -> str:
    if not _AUTHORITY.fullmatch(value):
        raise Invalid(key, f"{value!r} is not allowed: use a domain name or an email address, in lower case")
    return value


def _since(key: str, value: str) -> str:
    try:
        date.fromisoformat(value)
    except ValueError as error:
        raise Invalid(key, f"{value!r} is no date ({error}): write it as in {example('since')}") from None
    # Python reads other forms of ISO 8601 as well; a tag URI has this one (RFC 4151 section 2.1).
    if not _DATE.fullmatch(value):
        raise Invalid(key, f"{value!r} is not YYYY-MM-DD: write it as in {example('since')}")
    return value


def _cache_control(key: str, value: str) -> str:
    text.line(key, value, NAME_CHARACTERS)
    if not _DIRECTIVES.fullmatch(value):
        like = example("cache_control")
        raise Invalid(key, f"{value!r} is no list of directives: write it as in {like}")
    return value


def _listening_at(key: str, value: str) -> str:
    if not _HOST.fullmatch(value):
        raise Invalid(key, f"{value!r} is no host to listen at: write a name or an address, as in {example('host')}")
    return value


CHECKS: dict[str, Callable[[str, str], str]] = {
    "site.url": _url,
    "site.title": _name,
    "site.timezone": _timezone,
    "site.language": _language,
    "site.authority": _authority,
    "site.since": _since,
    "site.entry_link": _entry_link,
    "desk.author": _name,
    "log.database": _path,
    "log.key": _path,
    "publish.folder": _path,
    "publish.theme": _path,
    "websub.hub": _hub,
    "serve.host": _listening_at,
    "serve.cache_control": _cache_control,
}
# The least and the most that a number may be.
RANGES = {
    "serve.port": (0, 65_535),
    "serve.memory": (1, 1_000_000),
    "serve.lag": (0, 1_000_000),
}
