"""Other processes that render stories, for a publish of many: Python runs on one core, and a machine has more.

They only render. Each looks at the snapshot of the log that the publisher looks at, and answers with a story's files,
which the publisher alone puts into the folder. What one of them cannot do, the publisher does itself.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

from feed import log
from feed.database import open_database
from feed.projections.lists import Place
from feed.settings import Settings

# So many stories take longer to render than a process takes to start.
MANY = 100
_MOST = 8
# How many stories for each process are rendered before they are asked for.
_AHEAD = 2

File = tuple[str, bytes]
Rendered = tuple[list[File], list[Place]]
"""A story's files that have changed, in order, and the places of its entries that were rewritten."""

_START = "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); from feed.site.crew import work; work()"


class Crew:
    """As many processes as this one may use cores, or none where that is one. Use it in a with statement."""

    def __init__(self, settings: Settings) -> None:
        self._hands: list[_Hand] = []
        self._free: SimpleQueue[_Hand] = SimpleQueue()
        cores = min(_cores(), _MOST)
        # A system that allows no more processes is left with this one.
        with suppress(OSError):
            for _ in range(cores if cores > 1 else 0):
                self._hands.append(_Hand(settings))
        # The write lock, under which they look, is not to wait for their start.
        for hand in self._hands:
            hand.answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for hand in self._hands:
            hand.dismiss()

    def look(self, size: int) -> None:
        """Let all look at the log as it is now, of this size. To be called under the write lock."""
        for hand in self._hands:
            hand.ask("look")
        for hand in self._hands:
            if hand.answer() == size:
                self._free.put(hand)

    def render(self, slugs: Iterable[str], since: int, otherwise: Callable[[str, int], Rendered]) -> Iterator[Rendered]:
        """What events after a position have changed of these stories, in order; `otherwise` renders what no other
        process could."""
        idle = self._free.qsize()
        if not idle:
            yield from (otherwise(slug, since) for slug in slugs)
            return
        waiting: deque[tuple[str, Future[Rendered | None]]] = deque()
        with ThreadPoolExecutor(idle) as threads:
            for slug in slugs:
                waiting.append((slug, threads.submit(self._rendered, slug, since)))
                if len(waiting) > idle * _AHEAD:
                    yield self._next(waiting, since, otherwise)
            while waiting:
                yield self._next(waiting, since, otherwise)

    def _rendered(self, slug: str, since: int) -> Rendered | None:
        hand = self._free.get()
        try:
            hand.ask((slug, since))
            rendered: Rendered | None = hand.answer()
            return rendered
        finally:
            self._free.put(hand)

    @staticmethod
    def _next(
        waiting: deque[tuple[str, Future[Rendered | None]]], since: int, otherwise: Callable[[str, int], Rendered]
    ) -> Rendered:
        slug, future = waiting.popleft()
        return future.result() or otherwise(slug, since)


class _Hand:
    """One process. What it cannot answer is None, and so is everything once it has ended."""

    def __init__(self, settings: Settings) -> None:
        self._process = subprocess.Popen(  # noqa: S603  # this program itself
            [sys.executable, "-c", _START], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.ask(sys.path)
        self.ask(settings)

    def ask(self, question: object) -> None:
        stdin = self._process.stdin
        with suppress(OSError, ValueError):
            if stdin:
                pickle.dump(question, stdin)
                stdin.flush()

    def answer(self) -> Any:
        stdout = self._process.stdout
        try:
            return pickle.load(stdout) if stdout else None  # noqa: S301  # what our own process says
        except (EOFError, OSError, pickle.UnpicklingError):
            return None

    def dismiss(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                with suppress(OSError):
                    stream.close()
        self._process.wait()


def work() -> None:
    """What each process does: it is asked by standard input, answers by standard output, and ends with the former."""
    from feed.site.files import Site

    # The publisher is interrupted by the same key, and dismisses all.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = _asked()
    database = open_database(settings.database_url)
    _say("ready")
    with suppress(EOFError, BrokenPipeError), database.reading() as connection:
        _asked()
        _say(log.head(connection).size)
        site = Site(connection, settings)
        while True:
            slug, since = _asked()
            try:
                _say(site.story(slug, since))
            # Whatever it is: the publisher meets the same, and tells it.
            except Exception:
                _say(None)


def _asked() -> Any:
    return pickle.load(sys.stdin.buffer)  # noqa: S301  # what our own publisher says


def _say(answer: object) -> None:
    pickle.dump(answer, sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
    sys.stdout.buffer.flush()


def _cores() -> int:
    """Those that this process may run on, where the system tells that."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
