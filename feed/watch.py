"""Publishing by itself: whenever the log has grown and then been quiet for a while.

The hold gives an editor time to amend what nobody has been told yet, and makes one publish of what a script appends in
a row. An amendment is an event too, and begins the hold anew. Whoever appends without a pause would put a publish off
for ever, so it comes after ten holds in any case; what was appended last has then had less than its hold.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic

from feed.database import file_of
from feed.errors import FeedError
from feed.newsroom import Newsroom
from feed.settings import Settings
from feed.site.publish import Report
from feed.websub import PATIENCE_SECONDS

MOST_HOLDS = 10
FIRST_DELAY = 1.0
LONGEST_DELAY = 60.0
# How often the log is looked at; what is due between two looks is published when it is due.
POLL_SECONDS = 0.2
# How often the outbox is looked at while the hub is to be told of something, and while it is not: others publish too.
TELL_SECONDS, IDLE_SECONDS = 5.0, 60.0


class Rule:
    """When to publish, by what the log's size was seen to be and when; times are seconds on one clock.

    The log counts as grown at first: the folder may be behind, or of another version's make.
    """

    def __init__(self, hold: float) -> None:
        self._hold = hold
        self._published: int | None = None
        self._size: int | None = None
        self._begun = self._grown = self._rest_until = float("-inf")
        self._failures = 0

    def look(self, size: int, now: float) -> bool:
        """Whether a publish is due, now that the log has been seen to be of this size."""
        if size != self._size:
            if not self._is_behind:
                self._begun = now
            self._size, self._grown = size, now
        return self._is_behind and now >= self._due

    def published(self, size: int) -> None:
        """A publish was finished, which shows the log up to this size."""
        # What has come meanwhile is seen, and held, from the next look on.
        self._published = self._size = size
        self._rest_until, self._failures = float("-inf"), 0

    def failed(self, now: float) -> None:
        """A publish, or a look, has failed: the next one is due after a rest, each twice as long as the one before."""
        self._rest_until = now + min(FIRST_DELAY * 2.0 ** min(self._failures, 10), LONGEST_DELAY)
        self._failures += 1

    def wait(self, now: float) -> float:
        """For how many seconds nothing is to be done, not even to look."""
        if self._rest_until > now:
            return self._rest_until - now
        return min(max(self._due - now, 0.0), POLL_SECONDS) if self._is_behind else POLL_SECONDS

    @property
    def _is_behind(self) -> bool:
        return self._size != self._published

    @property
    def _due(self) -> float:
        return max(min(self._grown + self._hold, self._begun + MOST_HOLDS * self._hold), self._rest_until)


def watch(
    settings: Settings,
    hold: float,
    stop: Event,
    published: Callable[[Report], None],
    failed: Callable[[FeedError], None],
) -> None:
    """Publish whenever the log has been quiet for `hold` seconds, and tell the hub, until `stop` is set.

    What fails is tried again, and told once until it succeeds. Both callbacks are called in this thread. A publish
    that has begun is finished before this returns.
    """
    rule, trouble = Rule(hold), _Once(failed)
    with closing(_Office(settings)) as office, closing(_Telling(settings)) as telling:
        while not stop.is_set():
            try:
                if rule.look(office.newsroom.head().size, monotonic()):
                    report = office.newsroom.publish()
                    rule.published(report.position)
                    trouble.tell(None)
                    telling.wake()
                    published(report)
            except FeedError as error:
                rule.failed(monotonic())
                trouble.tell(error)
                office.close()
            telling.pass_on(failed)
            stop.wait(rule.wait(monotonic()))


class _Once:
    """Tells of a trouble that goes on once; None means that it is over."""

    def __init__(self, tell: Callable[[FeedError], None]) -> None:
        self._tell = tell
        self._told = ""

    def tell(self, error: FeedError | None) -> None:
        if error is not None and str(error) != self._told:
            self._tell(error)
        self._told = str(error or "")


class _Office:
    """A newsroom that is kept open, as opening one costs far more than a look at the log."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._newsroom: Newsroom | None = None
        self._file: tuple[int, int] | None = None

    @property
    def newsroom(self) -> Newsroom:
        """Raises DatabaseError."""
        # The file may have been moved away: the one that was opened would be watched for ever.
        file = self._identity()
        if self._newsroom is None or file != self._file:
            self.close()
            self._newsroom, self._file = Newsroom.open(self._settings), file
        return self._newsroom

    def close(self) -> None:
        if self._newsroom is not None:
            self._newsroom.close()
        self._newsroom = None

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = file_of(self._settings.database_url).stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


class _Telling:
    """A thread that tells the hub, so that one that hangs holds up no publish."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._woken = Event()
        self._stop = Event()
        self._troubles: SimpleQueue[FeedError] = SimpleQueue()
        self._thread = Thread(target=self._run, name="websub", daemon=True) if settings.websub.hub else None
        if self._thread is not None:
            self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._woken.set()
        if self._thread is not None:
            # What is being told then stays in the outbox, and is told again.
            self._thread.join(PATIENCE_SECONDS + 1)

    def wake(self) -> None:
        """The outbox has something new."""
        self._woken.set()

    def pass_on(self, failed: Callable[[FeedError], None]) -> None:
        """Tell of the troubles that there were, in the caller's thread."""
        with suppress(Empty):
            while True:
                failed(self._troubles.get_nowait())

    def _run(self) -> None:
        trouble = _Once(self._troubles.put)
        while not self._stop.is_set():
            self._woken.clear()
            self._woken.wait(self._round(trouble))

    def _round(self, trouble: _Once) -> float:
        """Returns how long to wait for the next one."""
        try:
            with Newsroom.open(self._settings) as newsroom:
                telling = newsroom.tell_hub(IDLE_SECONDS, stop=self._stop)
        except FeedError as error:
            trouble.tell(error)
            return IDLE_SECONDS
        if telling.trouble is not None or not telling.left:
            trouble.tell(telling.trouble)
        return TELL_SECONDS if telling.left else IDLE_SECONDS
