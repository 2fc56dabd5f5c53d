"""Telling the hub which feeds have changed (WebSub, W3C Recommendation, section 3.1: hub and publisher agree on how).

What hubs agree on is what PubSubHubbub Core 0.3 section 7.1 had: a form with `hub.mode=publish` and the topic. To our
knowledge Google's hub (pubsubhubbub.appspot.com) and Superfeedr read it from `hub.url`, others from `hub.topic`. Both
are sent, with the same value, and one topic a request, as not all take several.

The standard library's http.client is the right tool here: it follows no redirect (another place was never named in the
settings), uses no proxy and no stored password, and leaves the body of an answer unread. Its timeout is one for each
read, though, and looking up a host has none, so every request is made in a thread that is given up in time.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

from msgspec import Struct

from feed import outbox
from feed.checks import is_guarded
from feed.database import Database
from feed.errors import HubError
from feed.outbox import Waiting

# How long an answer is waited for, with all that comes before it: looking up the host, connecting, TLS.
PATIENCE_SECONDS = 3.0
# How long telling may take after a publish; what is left stays for the next one.
AFTER_PUBLISH_SECONDS = 5.0
_MOST_CHARACTERS = 200
_HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "story-feed"}

_Result = TypeVar("_Result")


class Telling(Struct, frozen=True, kw_only=True):
    """What came of telling: how many topics the hub was told of, how many are left that it may be told of, and the
    last trouble with it."""

    told: int
    left: int
    trouble: HubError | None


def tell(
    database: Database, hub: str | None, seconds: float, *, stop: Event | None = None, early: bool = False
) -> Telling:
    """Tell the hub of what is due in the outbox, for so many seconds at most, and until `stop` is set.

    With `early`, what has failed is tried again before its time. Raises DatabaseError.
    """
    with database.reading() as connection:
        topics = outbox.ready(connection) if early else outbox.due(connection, datetime.now(UTC))
    # What is for a hub of before goes with the next publish.
    topics = [one for one in topics if one.hub == hub]
    told, trouble = 0, None
    if hub and topics:
        told, trouble = _tell(database, _Talk(hub), topics, monotonic() + seconds, stop or Event())
    with database.reading() as connection:
        return Telling(told=told, left=outbox.count_ready(connection), trouble=trouble)


def _tell(
    database: Database, talk: _Talk, topics: Iterable[Waiting], end: float, stop: Event
) -> tuple[int, HubError | None]:
    """Returns how many the hub was told of, and the last trouble."""
    told, trouble = 0, None
    with closing(talk):
        for one in topics:
            patience = min(PATIENCE_SECONDS, end - monotonic())
            if patience <= 0 or stop.is_set():
                break
            try:
                talk.tell(one.topic, patience)
            except HubError as error:
                # Cut short by us: the hub may be well.
                if error.is_silent and patience < PATIENCE_SECONDS:
                    break
                trouble = error
                with database.writing() as connection:
                    outbox.put_off(connection, one, datetime.now(UTC), error.problem, silent=error.is_silent)
                if error.is_silent:
                    break
                continue
            told += 1
            with database.writing() as connection:
                outbox.told(connection, one)
    return told, trouble


def notification(topic: str) -> bytes:
    """The form that tells a hub that a topic has changed."""
    return urlencode({"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}).encode()


class _Talk:
    """What is said to one hub, through one connection as long as the hub keeps it open."""

    def __init__(self, hub: str) -> None:
        self._hub = hub
        address = urlsplit(hub)
        if not is_guarded(address) or not address.hostname:
            raise HubError(hub, "is open to others: write it with https://, or name a hub on this machine")
        kind, port = (HTTPSConnection, 443) if address.scheme == "https" else (HTTPConnection, 80)
        # Without a port http.client would look for one in an IPv6 address.
        self._connection = kind(address.hostname, address.port or port, timeout=PATIENCE_SECONDS)
        self._is_given_up = False
        self._path = (address.path or "/") + (f"?{address.query}" if address.query else "")

    def tell(self, topic: str, patience: float) -> None:
        """Tell the hub of a topic. Raises HubError."""
        try:
            status = _within(patience, lambda: self._status(notification(topic)))
        except (TimeoutError, Empty):
            self._give_up()
            raise HubError(self._hub, f"does not answer within {patience:g} s", is_silent=True) from None
        # A host name that is none is a ValueError.
        except (OSError, ValueError) as error:
            reason = str(getattr(error, "strerror", None) or error)[:_MOST_CHARACTERS]
            raise HubError(self._hub, f"cannot be reached ({reason})", is_silent=True) from None
        except HTTPException:
            raise HubError(self._hub, "does not answer as HTTP has it", is_silent=True) from None
        if 300 <= status < 400:
            raise HubError(self._hub, f"answers {status}, a redirect, and none is followed: set websub.hub anew")
        if not 200 <= status < 300:
            raise HubError(self._hub, f"answers {status}")

    def close(self) -> None:
        self._connection.close()

    def _status(self, form: bytes) -> int:
        try:
            status = self._answer(form).status
        except BaseException:
            self._connection.close()
            raise
        if self._is_given_up:
            self._connection.close()
        return status

    def _answer(self, form: bytes) -> HTTPResponse:
        """The answer, whose body is not read: what has one costs its connection."""
        kept_open = self._connection.sock is not None
        try:
            self._connection.request("POST", self._path, form, _HEADERS)
            answer = self._connection.getresponse()
        except ConnectionError:
            if not kept_open or self._is_given_up:
                raise
            # The hub may close between two requests (RFC 9112 section 9.3.1): that is no answer to this one.
            self._connection.close()
            return self._answer(form)
        if answer.length == 0:
            # Reads nothing, and says that the connection is free.
            answer.read()
        else:
            answer.close()
            self._connection.close()
        return answer

    def _give_up(self) -> None:
        """End what the thread waits for, which then closes the connection."""
        self._is_given_up = True
        waiting = self._connection.sock
        if waiting is not None:
            with suppress(OSError):
                waiting.shutdown(socket.SHUT_RDWR)


def _within(seconds: float, work: Callable[[], _Result]) -> _Result:
    """What `work` returns or raises, if it does so in time. Raises Empty where it does not; it then goes on alone."""
    outcomes: SimpleQueue[tuple[_Result | None, Exception | None]] = SimpleQueue()

    def run() -> None:
        try:
            outcomes.put((work(), None))
        except Exception as error:
            outcomes.put((None, error))

    Thread(target=run, daemon=True).start()
    result, error = outcomes.get(timeout=seconds)
    if error is not None:
        raise error
    return result  # type: ignore[return-value]  # None only where that is what `work` returns
