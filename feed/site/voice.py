"""How a story is told in its language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from msgspec import Struct

from feed.dates import Instant, describe, format_instant
from feed.words import Words, words_for


class Voice(Struct, frozen=True, kw_only=True):
    """Words, and dates of the same language; times are in the site's time zone."""

    words: Words
    locale: str
    timezone: tzinfo

    def time(self, instant: Instant) -> str:
        """A moment, to the minute."""
        return format_instant(instant, self.words, self.locale, self.timezone)

    def occurred(self, edtf: str) -> str:
        """When something happened."""
        return describe(edtf, self.words, self.locale, self.timezone)


def voice(language: str, tables: Mapping[str, Words], timezone: tzinfo) -> Voice:
    """The voice for a language; `tables` are the settings' words."""
    words, locale = words_for(language, tables)
    return Voice(words=words, locale=locale, timezone=timezone)
