"""How a story is told in its language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from functools import lru_cache

from msgspec import Struct

from feed.dates import Instant, describe, format_instant, to_datetime
from feed.languages import words_for
from feed.words import Words


class Voice(Struct, frozen=True, kw_only=True):
    """Words, and dates of the same language; times are in the site's time zone."""

    words: Words
    locale: str
    timezone: tzinfo

    def time(self, instant: Instant) -> str:
        """A moment, to the minute."""
        return format_instant(instant, self.words, self.locale, self.timezone)

    def day(self, instant: Instant) -> str:
        """The day of a moment."""
        return self.occurred(to_datetime(instant).astimezone(self.timezone).date().isoformat())

    def occurred(self, edtf: str) -> str:
        """When something happened."""
        return describe(edtf, self.words, self.locale, self.timezone)


@lru_cache(maxsize=256)
def direction(language: str) -> str:
    """HTML's `dir` for a language (BCP 47): ltr or rtl."""
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(language.replace("-", "_")).text_direction
    except (UnknownLocaleError, ValueError):
        return "ltr"


def voice(language: str, tables: Mapping[str, Words], timezone: tzinfo) -> Voice:
    """The voice for a language; `tables` are the settings' words."""
    words, locale = words_for(language, tables)
    return Voice(words=words, locale=locale, timezone=timezone)
