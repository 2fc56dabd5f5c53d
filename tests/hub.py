"""A WebSub hub for tests, on the loopback address: it takes what publishers tell it, and can behave badly.

WebSub leaves open how a publisher tells its hub (section 3.1); this one demands what PubSubHubbub Core 0.3 section 7.1
has, which hubs still expect, and `hub.topic` beside `hub.url`.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from time import sleep
from typing import Any
from urllib.parse import parse_qs

Answer = Callable[["_Handler"], None]


class Hub:
    """`told` are the topics in the order in which they were told, `faults` what was wrong with a request."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.faults: list[str] = []
        self.connections = 0
        self.answer: Answer = takes
        self.ends = Event()
        self.topic = ""
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.hub = self
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hub?site=1"

    def close(self) -> None:
        self.ends.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    hub: Hub

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who is told badly hangs up: that is no error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.hub.connections += 1

    def do_POST(self) -> None:
        hub = self.server.hub
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode(), strict_parsing=True)
        if self.headers["Content-Type"] != "application/x-www-form-urlencoded" or self.path != "/hub?site=1":
            hub.faults.append(f"{self.path}: {self.headers['Content-Type']}")
        if form.get("hub.mode") != ["publish"] or form.get("hub.url") != form.get("hub.topic"):
            hub.faults.append(repr(form))
        (hub.topic,) = form["hub.url"]
        hub.told.append(hub.topic)
        hub.answer(self)

    def do_GET(self) -> None:
        self.server.hub.faults.append(f"GET {self.path}")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged."""

    def say(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.flush()


def takes(handler: _Handler) -> None:
    handler.say(204)


def takes_and_closes(handler: _Handler) -> None:
    """It says nothing of closing."""
    handler.say(204)
    handler.close_connection = True


def says(status: int, **headers: str) -> Answer:
    return lambda handler: handler.say(status, Content_Length="0", **headers)


def hangs(handler: _Handler) -> None:
    handler.server.hub.ends.wait()
    handler.close_connection = True


def is_slow(seconds: float) -> Answer:
    def answer(handler: _Handler) -> None:
        sleep(seconds)
        takes(handler)

    return answer


def drips(handler: _Handler) -> None:
    """A byte of the answer now and then: each read is quick, and the answer has no end."""
    handler.wfile.write(b"HTTP/1.1 204 No Content\r\nX-Slow: ")
    with suppress(OSError):
        while not handler.server.hub.ends.wait(0.05):
            handler.wfile.write(b"x")
    handler.close_connection = True


def endless(status: int) -> Answer:
    def answer(handler: _Handler) -> None:
        handler.say(status, Content_Type="text/plain")
        handler.close_connection = True
        with suppress(OSError):
            while not handler.server.hub.ends.is_set():
                handler.wfile.write(b"x" * 65_536)

    return answer


def hangs_up(handler: _Handler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def speaks_otherwise(handler: _Handler) -> None:
    handler.wfile.write(b"220 mail.example.org ESMTP\r\n")
    handler.close_connection = True


@contextmanager
def running() -> Iterator[Hub]:
    hub = Hub()
    try:
        yield hub
    finally:
        hub.close()
