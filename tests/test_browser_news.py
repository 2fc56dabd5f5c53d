"""An open page notices new developments: sparingly, and on any static host."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Published, newsroom, opened
from log_fixtures import adding, opening

pytestmark = pytest.mark.slow

MINUTE = 60_000
FEED = "/stories/flood/feed.json"
# How often the page asks is known at once by what it calls; when an answer comes, is not.
COUNTED = "window.asked = 0; const real = fetch; window.fetch = (...all) => { window.asked += 1; return real(...all); }"
# Whether the page can be seen, as the browser tells it.
SHOWN = """(shown) => {
  Object.defineProperty(document, "hidden", { value: !shown, configurable: true });
  Object.defineProperty(document, "visibilityState", { value: shown ? "visible" : "hidden", configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


class Reader:
    """Someone who has the story's page open, and whose clock stands still until it is moved."""

    def __init__(self, page: Any, published: Published) -> None:
        self.page = page
        self.published = published
        page.clock.install(time="2026-02-04T12:00:00Z")
        page.add_init_script(COUNTED)
        page.goto(published.story())
        page.clock.pause_at("2026-02-04T12:00:10Z")
        # The page counts a minute from when it was opened.
        page.reload()

    @property
    def asked(self) -> int:
        return self.page.evaluate("asked")

    @property
    def answers(self) -> list[int]:
        """The statuses with which the server has answered."""
        return [status for path, status in self.published.server.answers if path == FEED]

    @property
    def told(self) -> str:
        return " ".join(self.page.locator(".feed-new[role=status]").text_content().split())

    def wait(self, milliseconds: int) -> None:
        self.page.clock.run_for(milliseconds)

    def hear(self, milliseconds: int = MINUTE) -> None:
        """Let so much time pass, in which the page asks once, and is answered."""
        with self.page.expect_request_finished(lambda request: request.url.endswith(FEED)):
            self.wait(milliseconds)

    def show(self, shown: bool) -> None:
        self.page.evaluate(SHOWN, shown)


@pytest.fixture
def published(tmp_path: Path) -> Iterator[Published]:
    """A site with a story of one update."""
    with newsroom(tmp_path) as found:
        publish(found, 3, opening(), adding())
        yield found


@pytest.fixture
def reader(browser: Any, published: Published) -> Iterator[Reader]:
    with opened(browser) as (page, watch):
        yield Reader(page, published)
        assert [trouble for trouble in watch.troubles if "DISCONNECTED" not in trouble] == []


def publish(published: Published, days_ago: int, *lines: bytes) -> None:
    """Publish so long ago: HTTP knows no times smaller than a second, and a browser takes what has not changed for
    long to be what it will be for a while."""
    before = changed_at(published)
    published.publish(*lines)
    for file, changed in changed_at(published).items():
        if before.get(file) != changed:
            os.utime(file, (changed - days_ago * 86_400,) * 2)


def changed_at(published: Published) -> dict[Path, float]:
    return {file: file.stat().st_mtime for file in published.public.rglob("*") if file.is_file()}


def test_new_updates_are_offered_and_shown(published, reader):
    assert reader.told == ""
    publish(published, 2, adding(headline="The second"))
    reader.hear()
    reader.page.get_by_text("1 new update").wait_for()
    assert reader.told == "1 new update Show"
    publish(published, 1, adding(headline="The third"))
    reader.hear()
    reader.page.get_by_text("2 new updates").wait_for()
    assert reader.told == "2 new updates Show"
    assert "The second" not in reader.page.locator(".feed-timeline").inner_text()
    reader.page.locator(".feed-new a").click()
    reader.page.get_by_role("heading", name="The third").wait_for()
    assert reader.page.get_by_role("heading", name="The second").is_visible()
    assert reader.told == ""


def test_a_page_asks_once_a_minute_and_whether_anything_has_changed(reader):
    reader.wait(MINUTE - 1)
    assert reader.asked == 0
    reader.hear(1)
    reader.wait(MINUTE - 1)
    assert reader.asked == 1
    reader.hear(1)
    reader.hear()
    assert reader.asked == 3
    assert reader.answers == [200, 304, 304]
    assert reader.told == ""


def test_nothing_is_asked_while_the_page_is_hidden(reader):
    reader.show(False)
    reader.wait(10 * MINUTE)
    assert reader.asked == 0
    with reader.page.expect_request_finished(lambda request: request.url.endswith(FEED)):
        reader.show(True)
    assert reader.asked == 1


def test_to_look_at_the_page_again_and_again_asks_no_oftener(reader):
    reader.hear()
    for _ in range(5):
        reader.wait(MINUTE // 10)
        reader.show(False)
        reader.show(True)
    assert reader.asked == 1


def test_without_a_connection_the_page_waits_for_the_next_minute(published, reader):
    reader.page.context.set_offline(True)
    with reader.page.expect_event("requestfailed"):
        reader.wait(MINUTE)
    publish(published, 2, adding(headline="The second"))
    reader.page.context.set_offline(False)
    reader.hear()
    reader.page.get_by_text("1 new update").wait_for()
