"""Whether what is served is what the log has."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from feed.dates import to_datetime
from feed.errors import DatabaseError
from feed.newsroom import Newsroom
from feed.serve.shelf import Shelf
from feed.settings import Settings

# However often it is asked, the log is looked at no more often than that.
_SECONDS = 1.0

Answer = tuple[bool, dict[str, object]]


class Gauge:
    """Compares the snapshot that is served with the log. `lag` is how many seconds an event may wait for being
    published; with 0 the log, which then need not be on this machine, is not looked at."""

    def __init__(self, settings: Settings, shelf: Shelf, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._shelf = shelf
        self._clock = clock
        self._last: tuple[float, Answer] | None = None

    def __call__(self) -> Answer:
        """Whether all is well, and what to say of it."""
        now = self._clock()
        if self._last is None or now - self._last[0] >= _SECONDS:
            self._last = now, self._answer()
        return self._last[1]

    def _answer(self) -> Answer:
        published = self._shelf.snapshot.published
        if published is None:
            return False, {"status": "nothing has been published"}
        facts: dict[str, object] = {"position": published.position}
        if self._shelf.problem:
            return False, {"status": self._shelf.problem} | facts
        if not self._settings.serve.lag:
            return True, {"status": "ok"} | facts
        try:
            with Newsroom.open(self._settings) as newsroom:
                head = newsroom.head()
                waiting = next(newsroom.events(after=published.position), None)
        except DatabaseError:
            # Its text has paths, which are nobody's business.
            return False, {"status": "the log cannot be read"} | facts
        if head.origin != published.origin or head.size < published.position:
            return False, {"status": "published from another log"} | facts
        facts["behind"] = head.size - published.position
        if waiting is None:
            return True, {"status": "ok"} | facts
        lag = (datetime.now(UTC) - to_datetime(waiting.recorded_at)).total_seconds()
        facts["lag"] = round(lag, 1)
        late = lag > self._settings.serve.lag
        return not late, {"status": "behind the log" if late else "ok"} | facts
