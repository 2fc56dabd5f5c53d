"""The header fields that go with a file: media type, caching, security, links (RFC 9110, 9111, 8288)."""

from __future__ import annotations

import re
from html import unescape

from feed.site.addresses import ATOM, JSON, MEDIA_TYPES, RSS, is_feed

VARY = (b"vary", b"Accept-Encoding")
Fields = tuple[tuple[bytes, bytes], ...]

# What the shipped pages state themselves; for a page that states nothing.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'"
)
# For what is no page, yet is shown by browsers: a picture or a feed may have colours, and nothing that acts.
_PLAIN_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
# The one part of a policy that a page cannot state itself, but a header can (CSP Level 3 section 3.3).
_FRAMES = "; frame-ancestors 'self'"
_STATED = re.compile(rb'<meta http-equiv="Content-Security-Policy" content="([\x20\x21\x23-\x7e]{1,2000})">')
_HEAD_BYTES = 4_000

_UTF8 = "; charset=utf-8"
_FEED_NAMES = (
    (re.compile(r"atom(?:-[0-9]+)?\.xml"), MEDIA_TYPES[ATOM]),
    (re.compile(r"rss\.xml"), MEDIA_TYPES[RSS]),
    (re.compile(r"feed(?:-[0-9]+)?\.json"), MEDIA_TYPES[JSON]),
)
_NAMED = {"checkpoint": "text/plain"}
_TEXTS = {
    "html": "text/html",
    "css": "text/css",
    # RFC 9239.
    "js": "text/javascript",
    "mjs": "text/javascript",
    "json": "application/json",
    "opml": "text/x-opml",
    "svg": "image/svg+xml",
    "txt": "text/plain",
    "webmanifest": "application/manifest+json",
    "xml": "application/xml",
}
# What an editor or a theme may put beside; compressed as it is.
_OTHERS = {
    "avif": "image/avif",
    "gif": "image/gif",
    "ico": "image/x-icon",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "pdf": "application/pdf",
    "png": "image/png",
    "webp": "image/webp",
    "woff": "font/woff",
    "woff2": "font/woff2",
}


def media_type(path: str) -> tuple[str, bool]:
    """The value of Content-Type, and whether it is text, which is worth compressing."""
    name = path.rpartition("/")[2]
    for pattern, kind in _FEED_NAMES:
        if pattern.fullmatch(name):
            return kind + _UTF8, True
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    text = _NAMED.get(name) or _TEXTS.get(ending)
    if text:
        return text + _UTF8, True
    return _OTHERS.get(ending, "application/octet-stream"), False


def policy(path: str, content: bytes) -> str:
    """The Content-Security-Policy of a file: a page's own, so that a theme's is not narrowed by another."""
    if not path.endswith(".html"):
        return _PLAIN_POLICY + _FRAMES
    found = _STATED.search(content[:_HEAD_BYTES])
    return (unescape(found[1].decode("ascii")) if found else POLICY).rstrip("; ") + _FRAMES


class Writer:
    """Makes the fields of files for one site; those that many files have in common are made once."""

    def __init__(self, *, cache_control: str, url: str, hub: str | None) -> None:
        self._cache_control = cache_control.encode()
        self._url = url
        self._hub = hub
        self._made: dict[tuple[str, str], Fields] = {}

    def fields(self, path: str, policy: str) -> Fields:
        """All fields that do not depend on the coding; Content-Type first, for a 304 goes without it, and VARY last
        where the file is a text."""
        kind, is_text = media_type(path)
        common = self._made.get((kind, policy))
        if common is None:
            common = self._made[kind, policy] = self._common(kind, policy, is_text)
        if self._hub is None or not is_feed(path):
            return common
        # WebSub section 4: both where the topic is fetched. RFC 8288 section 3.
        link = f'<{self._hub}>; rel="hub", <{self._url}{path}>; rel="self"'
        return (common[0], (b"link", link.encode("ascii")), *common[1:])

    def _common(self, kind: str, policy: str, is_text: bool) -> Fields:
        made = [
            (b"content-type", kind.encode()),
            (b"cache-control", self._cache_control),
            # All that is served is public, and a fragment or a JSON feed is fetched by scripts of other sites.
            (b"access-control-allow-origin", b"*"),
            *security(policy),
        ]
        if is_text:
            made.append(VARY)
        return tuple(made)


def security(policy: str) -> Fields:
    """What keeps browsers from making more of an answer than it is."""
    return (
        (b"content-security-policy", policy.encode("ascii")),
        (b"referrer-policy", b"strict-origin-when-cross-origin"),
        (b"x-content-type-options", b"nosniff"),
    )
