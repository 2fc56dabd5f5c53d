"""A story's page made in a process that does nothing else, as a side of a measurement."""

from __future__ import annotations

import gc
import time
from pathlib import Path
from zoneinfo import ZoneInfo

from feed import settings
from feed.database import open_database
from feed.projections import history
from feed.site import prose
from feed.site.addresses import Addresses
from feed.site.links import Links
from feed.site.pages import Pages
from feed.site.parts import Parting, parting
from feed.site.story_page import StoryPage
from feed.site.theme import Theme
from feed.site.voice import voice

_TIMES = 50


def live_blog(folder: str) -> dict[str, float]:
    """The page of the story "live", from what the read tables hold to its bytes: CPU seconds of the quickest of fifty,
    as whatever else the machine does adds to a figure and never takes from it; and bytes."""
    made = settings.load(Path(folder) / "feed.toml")
    database = open_database(made.database_url)
    with database.reading() as connection:
        whole, parts = history.stretch(connection, "live", 1, None), parting(history.added(connection, "live"))
    database.close()
    rounds = [_page(whole, parts, made) for _ in range(_TIMES)]
    return {"wall": min(wall for wall, _, _ in rounds), "cpu": min(cpu for _, cpu, _ in rounds), "size": rounds[0][2]}


def _page(whole: history.Stretch, parts: Parting, made: settings.Settings) -> tuple[float, float, int]:
    """Seconds, seconds of CPU, and bytes."""
    addresses = Addresses(url=made.site.url, entry_link=made.site.entry_link)
    spoken = voice(made.site.language, made.words, ZoneInfo(made.site.timezone))
    links = Links(story="live", number=1, parting=parts, addresses=addresses, relative=True, to_pages=True)
    pages = Pages(Theme(None), addresses, made.site.title, spoken, [])
    prose.render.cache_clear()
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    told = StoryPage(whole, {}, links, pages.theme, spoken)
    page = pages.story(told, "", [], oldest_first=False)
    return time.perf_counter() - wall, time.process_time() - cpu, len(page)
