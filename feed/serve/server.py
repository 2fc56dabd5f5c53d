"""Runs it all: the listening socket, the thread that takes up publishes, uvicorn."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from feed.errors import ServeError
from feed.serve import protocol
from feed.serve.app import App
from feed.serve.encoded import Encoded
from feed.serve.headers import Writer
from feed.serve.health import Gauge
from feed.serve.shelf import Shelf
from feed.settings import Settings

MEGABYTE = 1_000_000
# How often a finished publish is looked for, and a folder at work is asked whether it rests.
POLL_SECONDS = 0.15
BUSY_SECONDS = 0.02
# How long requests that are being answered may go on after SIGTERM.
DRAIN_SECONDS = 10
_BACKLOG = 1_024
_TICKS_PER_SWEEP = 10


class Server(uvicorn.Server):
    """uvicorn's, which looks after connections once a second."""

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS_PER_SWEEP == 0:
            for connection in list(self.server_state.connections):
                if isinstance(connection, protocol.Guarded):
                    connection.sweep(connection.loop.time())
        return await super().on_tick(counter)


class Service:
    """A folder that is served: made, it listens and has taken up what is published; `run` answers until SIGTERM."""

    def __init__(self, settings: Settings, host: str, port: int) -> None:
        """Raises ServeError where it cannot listen there."""
        self._socket = _listening(host, port)
        self.host, self.port = self._socket.getsockname()[:2]
        memory = settings.serve.memory * MEGABYTE
        self.shelf = Shelf(settings.public, memory * 3 // 4)
        writer = Writer(cache_control=settings.serve.cache_control, url=settings.site.url, hub=settings.websub.hub)
        gauge = Gauge(settings, self.shelf)
        self.app = App(self.shelf, writer, Encoded(memory // 4), gauge, settings.site.url)
        self._ended = False
        self._look = threading.Event()
        self._server = Server(_config(self.app))
        while not self.shelf.refresh():
            threading.Event().wait(BUSY_SECONDS)

    @property
    def url(self) -> str:
        """Where the home page is on this machine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"

    def run(self) -> None:
        """Answers until SIGTERM, SIGINT or `stop`; requests that have come are answered first."""
        protocol.Guarded.limit = _most_connections()
        thread = threading.Thread(target=self._take_up, name="feed-serve", daemon=True)
        thread.start()
        try:
            with _signals_end_quietly():
                self._server.run(sockets=[self._socket])
        finally:
            self._ended = True
            self.look()
            thread.join()

    def stop(self) -> None:
        """Ends `run`; from any thread."""
        self._server.should_exit = True

    def look(self) -> None:
        """Has a publish that has finished taken up now, and not at the next poll; from any thread."""
        self._look.set()

    def _take_up(self) -> None:
        """Takes up each publish that finishes."""
        pause = POLL_SECONDS
        while True:
            self._look.wait(pause)
            self._look.clear()
            if self._ended:
                return
            pause = POLL_SECONDS
            if not self.shelf.is_stale():
                continue
            try:
                pause = POLL_SECONDS if self.shelf.refresh() else BUSY_SECONDS
            except OSError as error:
                # What was served goes on being served; /healthz says it, and the next look may do better.
                self.shelf.problem = f"the folder cannot be read ({error.strerror})"
            else:
                self.shelf.problem = ""


def _config(app: App) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=protocol.Guarded,
        ws="none",
        lifespan="off",
        # Nothing is written of a request: who reads what is nobody's business, and a disk does not fill.
        access_log=False,
        log_config=None,
        log_level="error",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, UnicodeError) as error:
        raise ServeError(
            f"{host} port {port}", f"cannot be listened at ({_why(error)}): name others with --host and --port"
        ) from None


def _why(error: Exception) -> str:
    """The system's words, to which Python adds the address where it is in use."""
    if isinstance(error, OSError) and not isinstance(error, socket.gaierror) and error.errno:
        return os.strerror(error.errno)
    return getattr(error, "strerror", None) or str(error)


def _most_connections() -> int:
    """As many as the process may have files open, and some for the files that it serves."""
    try:
        import resource
    except ImportError:
        return protocol.CONNECTIONS
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return protocol.CONNECTIONS
    return max(min(protocol.CONNECTIONS, soft - protocol.SPARE_FILES), 1)


@contextmanager
def _signals_end_quietly() -> Iterator[None]:
    """uvicorn raises a signal once more when it has drained, which would end the process as if it had been killed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
