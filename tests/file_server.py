"""A published folder served on loopback, as any static host would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread


class Handler(SimpleHTTPRequestHandler):
    """Answers conditional requests, as http.server does, and writes down what was asked and answered."""

    server: Server

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        self.server.answers.append((self.path, int(code)))

    def log_message(self, format: str, *args: object) -> None:
        """Nothing but the answers is of interest."""


class Server(ThreadingHTTPServer):
    """Serves a folder at an ephemeral port; `answers` are the addresses asked for, each with its answer's status."""

    daemon_threads = True

    def __init__(self, folder: Path, handler: type[Handler]) -> None:
        super().__init__(("127.0.0.1", 0), partial(handler, directory=str(folder)))
        self.answers: list[tuple[str, int]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


@contextmanager
def serving(folder: Path, handler: type[Handler] = Handler) -> Iterator[Server]:
    with Server(folder, handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
