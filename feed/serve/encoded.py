"""Contents in a content coding (RFC 9110 section 8.4.1), made when first asked for and kept while there is room."""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Callable

import brotli

from feed.serve.negotiation import BROTLI, GZIP

# Less would gain nothing but a header field.
SMALLEST = 400
# More keeps the event loop from other requests for some milliseconds, and is made in a thread.
_QUICK = 50_000

_MAKERS: dict[str, Callable[[bytes], bytes]] = {
    # Of eleven levels the fifth is as quick as gzip's sixth, and smaller.
    BROTLI: lambda content: brotli.compress(content, quality=5),
    GZIP: lambda content: gzip.compress(content, 6, mtime=0),
}


class Encoded:
    """Encoded contents by entity tag, within a budget of bytes; those that were asked for longest ago go first.

    A tag names bytes for ever, so nothing here becomes stale. For one event loop.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._used = 0
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()
        self._making: dict[bytes, asyncio.Task[bytes]] = {}

    def kept(self, tag: bytes) -> bytes | None:
        """What is there already."""
        content = self._kept.get(tag)
        if content is not None:
            self._kept.move_to_end(tag)
        return content

    async def made(self, tag: bytes, coding: str, content: bytes) -> bytes:
        """The content in this coding; once, however many ask at the same time."""
        if len(content) <= _QUICK:
            return self._keep(tag, _MAKERS[coding](content))
        task = self._making.get(tag)
        if task is None:
            task = self._making[tag] = asyncio.create_task(asyncio.to_thread(_MAKERS[coding], content))
            task.add_done_callback(lambda _: self._making.pop(tag))
        # Who leaves must not take the work from the others who wait for it.
        return self._keep(tag, await asyncio.shield(task))

    def _keep(self, tag: bytes, content: bytes) -> bytes:
        if tag not in self._kept and len(content) <= self._budget:
            self._kept[tag] = content
            self._used += len(content)
            while self._used > self._budget:
                self._used -= len(self._kept.popitem(last=False)[1])
        return content
