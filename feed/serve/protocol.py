"""Connections that cannot be made to hold memory: uvicorn's HTTP protocol with bounds that it does not set."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from feed.serve.app import App

# All of a request but its content (RFC 9110 section 5.4 lets a server choose).
HEAD_BYTES = 32_768
HEAD_FIELDS = 100
PIPELINED = 32
# Seconds in which a request has to have come, in which some of an answer has to be taken, and all of it.
REQUEST_SECONDS = 20.0
STALLED_SECONDS = 30.0
ANSWER_SECONDS = 300.0
# Seconds in which a client that was refused may read why.
REFUSED_SECONDS = 2.0
# In a process; what is beyond is closed at once, and a client comes again.
CONNECTIONS = 2_000
# Files that are open beside connections.
SPARE_FILES = 100


class TooLarge(Exception):
    """More of a request than is read."""


class Guarded(HttpToolsProtocol):
    """Ends a connection whose request is too large, does not come, or whose answer is not taken; `sweep` is to be
    called every second or so."""

    limit = CONNECTIONS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head_bytes = 0
        self._head_fields = 0
        self._is_in_head = True
        self._asking_since: float | None = self.loop.time()
        self._answering_since: float | None = None
        self._moved_at = 0.0
        self._left = 0
        self._refused_at: float | None = None
        self._is_answered = False
        if len(self.connections) > self.limit:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._refused_at is not None or self.transport.is_closing():
            return
        # What comes in single bytes that begin no request is as slow as a slow request.
        if self._asking_since is None:
            self._asking_since = self.loop.time()
        if self._is_in_head:
            # A field that is not yet whole is counted too: the parser keeps it.
            self._head_bytes += len(data)
        super().data_received(data)
        if self._is_in_head and self._head_bytes > HEAD_BYTES and self._refused_at is None:
            self.send_400_response("The request is too large.")

    def send_400_response(self, msg: str) -> None:
        """RFC 6585 section 5: 431 where it is the fields that are too large."""
        is_large = self._head_bytes > HEAD_BYTES or self._head_fields > HEAD_FIELDS
        status = STATUS_LINE[431 if is_large else 400]
        body = b"The request is too large.\n" if is_large else b"This is no HTTP request.\n"
        fields = b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
        if self.cycle is not None and not self.cycle.response_complete:
            # Another answer in the midst of one that has begun would be taken for its content.
            self.transport.close()
            return
        self.transport.write(status + fields % len(body) + body)
        # RFC 9112 section 9.6: where more comes than is read, closing would reset the answer too.
        self._refused_at = self.loop.time()
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head = True
        self._head_fields = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailers come here as well, and are counted with the head of their request.
        self._head_fields += 1
        if self._head_fields > HEAD_FIELDS or len(name) + len(value) > HEAD_BYTES:
            self._head_fields = HEAD_FIELDS + 1
            raise TooLarge
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._head_bytes = 0
        if len(self.pipeline) >= PIPELINED:
            raise TooLarge
        self._is_answered = self._may_be_quick() and self._answer_quickly()
        if not self._is_answered:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._is_answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._asking_since = None
        if not self._is_answered:
            super().on_message_complete()

    def _may_be_quick(self) -> bool:
        """Whether this request can be answered here and now: none before it waits, and nothing of it is special."""
        return (
            (self.cycle is None or self.cycle.response_complete)
            and not self.flow.write_paused
            and not self.expect_100_continue
            and not self.parser.should_upgrade()
            and self.parser.should_keep_alive()
            and self.parser.get_http_version() == "1.1"
        )

    def _answer_quickly(self) -> bool:
        """Answers from memory, without a task and without messages: half of the time of an answer is spent on these."""
        app = self.config.app
        ready = (
            app.ready(self.parser.get_method().decode("ascii"), self.url, self.headers)
            if isinstance(app, App)
            else None
        )
        if ready is None:
            return False
        status, fields, content = ready
        lines = [STATUS_LINE[status]]
        for name, value in (*self.server_state.default_headers, *fields):
            lines += (name, b": ", value, b"\r\n")
        lines.append(b"\r\n")
        self.transport.write(b"".join(lines))
        if content:
            self.transport.write(content)
        self.server_state.total_requests += 1
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
        return True

    def sweep(self, now: float) -> None:
        """Ends the connection if it has been waited for too long."""
        if self._asking_since is not None and now - self._asking_since > REQUEST_SECONDS:
            self.transport.abort()
            return
        if self._refused_at is not None and now - self._refused_at > REFUSED_SECONDS:
            self.transport.abort()
            return
        left = self.transport.get_write_buffer_size()
        if not left:
            self._answering_since = None
            return
        if self._answering_since is None or left != self._left:
            self._left, self._moved_at = left, now
        self._answering_since = self._answering_since or now
        if now - self._moved_at > STALLED_SECONDS or now - self._answering_since > ANSWER_SECONDS:
            self.transport.abort()
