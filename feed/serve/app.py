"""The answers: files from the snapshot, the state of health, and what else can be asked (RFC 9110)."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Callable, Iterator
from html import escape
from http import HTTPStatus
from typing import BinaryIO, NamedTuple
from urllib.parse import unquote_to_bytes

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from feed.serve import conditions, headers
from feed.serve.conditions import NOT_MODIFIED, OK, Conditions
from feed.serve.encoded import SMALLEST, Encoded
from feed.serve.negotiation import BROTLI, GZIP, IDENTITY, coding
from feed.serve.shelf import File, Known, Shelf

CHUNK = 65_536
# A text larger than this is sent as it is, for it would have to be in memory as a whole to be compressed.
_LARGEST_TEXT = 8_000_000
_ASKED = {
    b"if-none-match": "none_match",
    b"if-modified-since": "modified_since",
    b"if-match": "match",
    b"if-unmodified-since": "unmodified_since",
}
_NONE = Conditions()
# Section 8.8.3.3: what differs in its coding differs in its tag.
_SUFFIXES = {IDENTITY: "", BROTLI: ".br", GZIP: ".gz"}
_SECOND = 1_000_000_000
_OWN_NOT_FOUND = "404.html"
_QUERY = re.compile(rb"[\x21-\x7e]{1,2000}")
_NOT_FOUND = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Not found</title></head>
<body><h1>Not found</h1><p>There is no such page.</p><p><a href="{home}">Home</a></p></body></html>
"""

# Whether all is well, and what is to be said of it.
Health = Callable[[], tuple[bool, dict[str, object]]]
Field = tuple[bytes, bytes]
# Status, fields, content.
Ready = tuple[int, list[Field], bytes]


class Asked(NamedTuple):
    """What a request says beside its path."""

    coding: str
    conditions: Conditions


class Answer(NamedTuple):
    """An answer but for its content; Content-Type is the first of its fields."""

    status: int
    fields: list[Field]
    tag: bytes
    coding: str


class App:
    """The ASGI application. Files are answered before any routing, which would take longer than the answer; a server
    that can may ask for those that are `ready` without the ceremony of ASGI, which takes longer still."""

    def __init__(self, shelf: Shelf, writer: headers.Writer, encoded: Encoded, health: Health, home: str) -> None:
        self._shelf = shelf
        self._writer = writer
        self._encoded = encoded
        self._health = health
        self._home = home
        self._rest = Starlette(
            routes=[Route("/healthz", self._healthz, methods=["GET"])],
            exception_handlers={HTTPStatus.NOT_FOUND: self._not_found},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            # RFC 9110 section 9.1: these two are what a server of files has to know.
            if scope["method"] not in ("GET", "HEAD"):
                await _not_allowed(scope, receive, send)
                return
            path = path_of(scope["raw_path"])
            file = self._shelf.snapshot.files.get(path) if path else None
            if file is not None:
                await self._answer(file, scope, receive, send)
                return
        await self._rest(scope, receive, send)

    def ready(self, method: str, target: bytes, asked: list[Field]) -> Ready | None:
        """The answer to a request for a file, where all of it is in memory; None where `__call__` has to see to it."""
        if method not in ("GET", "HEAD"):
            return None
        path = path_of(target.partition(b"?")[0])
        file = self._shelf.snapshot.files.get(path) if path else None
        if file is None:
            return None
        # In this order: what is known may become another's when the content is given up, but not before.
        known, content = file.known, file.content
        if known is None or content is None:
            return None
        answer = self._begun(file.path, known, _asked(asked))
        if answer.status == OK and answer.coding != IDENTITY:
            content = self._encoded.kept(answer.tag)
            if content is None:
                return None
        return answer.status, *_finished(answer, content, method, len(content))

    async def _answer(self, file: File, scope: Scope, receive: Receive, send: Send) -> None:
        asked = _asked(scope["headers"])
        known, content = file.known, file.content
        if known is None or content is None:
            await self._answer_from_disk(file, asked, scope, receive, send)
            return
        answer = self._begun(file.path, known, asked)
        if answer.status == OK and answer.coding != IDENTITY:
            content = self._encoded.kept(answer.tag) or await self._encoded.made(answer.tag, answer.coding, content)
        await _send(answer, content, scope, send)

    async def _answer_from_disk(self, file: File, asked: Asked, scope: Scope, receive: Receive, send: Send) -> None:
        """The same where the content is not in memory; the file may be another since the snapshot, and is answered as
        it now is, with the tag of what it now has."""
        try:
            number, signature = await asyncio.to_thread(self._shelf.open, file.path)
        except OSError:
            await self._rest(scope, receive, send)
            return
        with os.fdopen(number, "rb") as stream:
            known = file.known
            if known is None or known.signature != signature:
                known = await asyncio.to_thread(file.learn, signature, _chunks(stream))
                stream.seek(0)
            answer = self._begun(file.path, known, asked)
            if answer.status == OK and answer.coding != IDENTITY:
                content = self._encoded.kept(answer.tag)
                if content is None:
                    content = await asyncio.to_thread(stream.read)
                    content = await self._encoded.made(answer.tag, answer.coding, content)
                await _send(answer, content, scope, send)
            elif answer.status == OK and scope["method"] == "GET":
                await _send_stream(answer, stream, known.signature.size, send)
            else:
                await _send(answer, b"", scope, send, length=known.signature.size)

    def _begun(self, path: str, known: Known, asked: Asked) -> Answer:
        """The answer to what is asked for, but for its content."""
        fields = self._writer.fields(path, known.policy)
        size = known.signature.size
        is_coded = fields[-1] == headers.VARY and SMALLEST <= size <= _LARGEST_TEXT
        chosen = asked.coding if is_coded else IDENTITY
        tag = f'"{known.digest}{_SUFFIXES[chosen]}"'.encode()
        modified = known.signature.modified // _SECOND
        status = asked.conditions.status(tag, modified) if asked.conditions is not _NONE else OK
        described = [*fields, (b"etag", tag)]
        # Section 8.8.2.1: never later than the answer itself, as a file is for a moment that was replaced twice in a
        # second. To state the present instead would give two contents one date, and newsboat takes them for one.
        if modified <= time.time():
            described.append((b"last-modified", conditions.date(modified)))
        return Answer(status, described, tag, chosen)

    async def _healthz(self, request: Request) -> Response:
        healthy, facts = await asyncio.to_thread(self._health)
        status = HTTPStatus.OK if healthy else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse(facts, status, headers={"cache-control": "no-store"})

    async def _not_found(self, request: Request, error: Exception) -> Response:
        """A folder without its slash leads to the folder; else the folder's own 404.html, or a line."""
        files = self._shelf.snapshot.files
        path = path_of(request.scope["raw_path"]) or ""
        if f"{path}/index.html" in files:
            return _to_folder(path, request.scope["query_string"])
        own = files.get(_OWN_NOT_FOUND)
        content, known = own and own.content, own and own.known
        page = content or _NOT_FOUND.format(home=escape(self._home)).encode()
        policy = known.policy if content and known else headers.POLICY
        # A story of this name may be published in a moment.
        fields = {"cache-control": "no-cache"} | _text(headers.security(policy))
        return HTMLResponse(page, HTTPStatus.NOT_FOUND, headers=fields)


def path_of(raw: bytes) -> str | None:
    """The path of the file that a request's path is for, None where it can be none.

    What is percent-encoded is the same address (RFC 3986 section 6.2.2.2), but an encoded slash is no separator.
    """
    if b"%" in raw:
        if b"%2f" in raw.lower():
            return None
        raw = unquote_to_bytes(raw)
    if not raw.startswith(b"/"):
        return None
    path = raw[1:].decode("latin-1")
    return path + "index.html" if not path or path.endswith("/") else path


def _asked(fields: list[Field]) -> Asked:
    stated: dict[str, bytes] = {}
    accepted = None
    for name, value in fields:
        if name == b"accept-encoding":
            accepted = value if accepted is None else accepted + b"," + value
        elif name in _ASKED:
            key = _ASKED[name]
            stated[key] = stated[key] + b"," + value if key in stated else value
    return Asked(coding(accepted), Conditions(**stated) if stated else _NONE)


async def _send(answer: Answer, content: bytes, scope: Scope, send: Send, *, length: int | None = None) -> None:
    """A whole answer, with the content's length or, where the content is left out, the one given."""
    fields, body = _finished(answer, content, scope["method"], len(content) if length is None else length)
    await send({"type": "http.response.start", "status": answer.status, "headers": fields})
    await send({"type": "http.response.body", "body": body})


def _finished(answer: Answer, content: bytes, method: str, length: int) -> tuple[list[Field], bytes]:
    """All fields of an answer, and what is sent after them."""
    if answer.status == OK:
        answer.fields.append((b"content-length", b"%d" % length))
        if answer.coding != IDENTITY:
            answer.fields.append((b"content-encoding", answer.coding.encode()))
        return answer.fields, b"" if method == "HEAD" else content
    # Section 15.4.5: what the client has is described already, and its caches learn the rest.
    fields = answer.fields[1:]
    if answer.status != NOT_MODIFIED:
        fields.append((b"content-length", b"0"))
    return fields, b""


async def _send_stream(answer: Answer, stream: BinaryIO, size: int, send: Send) -> None:
    """A content from the disk, of which no more is in memory than the client takes at once."""
    fields = [*answer.fields, (b"content-length", b"%d" % size)]
    await send({"type": "http.response.start", "status": OK, "headers": fields})
    left = size
    while left:
        chunk = await asyncio.to_thread(stream.read, min(CHUNK, left))
        if not chunk:
            raise OSError("the file has become shorter while it was sent")
        left -= len(chunk)
        await send({"type": "http.response.body", "body": chunk, "more_body": left > 0})
    if not size:
        await send({"type": "http.response.body", "body": b""})


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk


async def _not_allowed(scope: Scope, receive: Receive, send: Send) -> None:
    """RFC 9110 section 15.5.6."""
    fields = {"allow": "GET, HEAD"} | _text(headers.security(headers.POLICY))
    status = HTTPStatus.METHOD_NOT_ALLOWED
    await PlainTextResponse("Only GET and HEAD are answered here.\n", status, headers=fields)(scope, receive, send)


def _to_folder(path: str, query: bytes) -> Response:
    """Relative, so that it holds too where a proxy has the site under a path of its own."""
    place = path.rpartition("/")[2] + "/"
    if query and _QUERY.fullmatch(query):
        place += "?" + query.decode("ascii")
    fields = {"location": place, "cache-control": "no-cache"} | _text(headers.security(headers.POLICY))
    return Response(b"", HTTPStatus.MOVED_PERMANENTLY, headers=fields)


def _text(fields: headers.Fields) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in fields}
