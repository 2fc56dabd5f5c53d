"""Pages fit their windows, wide and narrow, in the light and in the dark, and shut nobody out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import WIDTHS, Published, newsroom, opened
from page_stories import BALLOON, all_stories

pytestmark = pytest.mark.slow

SCHEMES = ("light", "dark")
FAULTS = Path(__file__).with_name("layout.js").read_text(encoding="utf-8")
# A site of one's own that includes a fragment, with the stylesheet.
AROUND = """<!DOCTYPE html>
<html lang="en"><meta name="viewport" content="width=device-width"><title>A blog</title>
<link rel="stylesheet" href="static/feed.css"><h1>A blog</h1>
"""
PAGES = [
    "",
    "stories/",
    "corrections/",
    "topics/espionage/",
    "topics/donaudampfschifffahrtdonaudampfschifffahrtdonaudampfschifffa/",
    f"stories/{BALLOON}/",
    f"stories/{BALLOON}/?as-of=2023-02-09",
    f"stories/{BALLOON}/oldest.html",
    "stories/wide/",
    "stories/wide/?as-of=2000-01-01",
    "stories/faydan/",
    "stories/faydan/?as-of=2000-01-01",
    "stories/flood/",
    "stories/flood/part-00001.html",
    "including.html",
]
# What is included on another site's page is not for axe to judge by that page; the others have their like among PAGES.
NOT_FOR_AXE = ("including.html", "stories/flood/", "stories/wide/?as-of=2000-01-01", "stories/faydan/?as-of=2000-01-01")
# How far from its parent's right edge each heading, and each line of a list of stories' own, begins.
STARTS = """() => [...document.querySelectorAll("h1, h2, h3, .feed-update p, .feed-known li a")]
  .filter((element) => element.closest("[lang=ar]") && element.checkVisibility() && !element.closest("blockquote"))
  .map((element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const inner = Math.max(...[...range.getClientRects()].map((box) => box.right));
    const block = element.closest("h1, h2, h3, p, li").getBoundingClientRect();
    return block.right - inner;
  })"""
# That of the paper and of the letters on it, between 0 and 255.
BRIGHTNESS = """() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]
  .map((color) => Math.max(...color.match(/\\d+/g).slice(0, 3)))"""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """A site of stories that are hard to lay out."""
    with newsroom(tmp_path_factory.mktemp("layout")) as found:
        found.publish(*all_stories())
        fragments = [found.public / "stories" / story / "fragment.html" for story in (BALLOON, "wide")]
        text = "".join(fragment.read_text(encoding="utf-8") for fragment in fragments)
        (found.public / "including.html").write_text(AROUND + text, encoding="utf-8")
        yield found


def visit(page: Any, address: str) -> None:
    """Open a page, and all that is folded up on it."""
    assert page.goto(address).ok
    assert page.locator("[data-then]").count() == ("as-of" in address)
    page.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true")


@pytest.mark.parametrize("path", PAGES)
def test_nothing_overlaps_is_cut_off_or_makes_a_page_scroll_sideways(browser, published, path):
    faults: dict[tuple[int, str], list[str]] = {}
    with opened(browser) as (page, _):
        visit(page, published.url + path)
        for width in WIDTHS:
            for scheme in SCHEMES:
                page.set_viewport_size({"width": width, "height": 900})
                page.emulate_media(color_scheme=scheme)
                faults[width, scheme] = page.evaluate(FAULTS)
    assert {where: found for where, found in faults.items() if found} == {}


def test_a_story_written_from_the_right_begins_there(browser, published):
    with opened(browser, viewport={"width": 768, "height": 900}) as (page, _):
        page.goto(published.story("faydan"))
        assert page.locator("html").get_attribute("dir") == "rtl"
        edges = page.evaluate(STARTS)
    assert len(edges) > 10
    assert {edge for edge in edges if abs(edge) > 1} == set()


def test_a_story_written_from_the_left_is_so_among_pages_of_another_direction(browser, published):
    with opened(browser, viewport={"width": 768, "height": 900}) as (page, _):
        page.goto(published.url)
        arabic = page.locator(".feed-stories > li[lang=ar] > p").first
        english = page.locator(".feed-stories > li[lang=en] > p").first
        assert [one.evaluate("one => getComputedStyle(one).direction") for one in (arabic, english)] == ["rtl", "ltr"]


def test_dark_pages_have_light_letters_on_dark_paper(browser, published):
    with opened(browser) as (page, _):
        page.goto(published.url)
        found = {}
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            found[scheme] = page.evaluate(BRIGHTNESS)
    assert found["light"][0] > 200 > 60 > found["light"][1]
    assert found["dark"][0] < 60 < 200 < found["dark"][1]


@pytest.mark.parametrize("path", [path for path in PAGES if path not in NOT_FOR_AXE])
def test_axe_finds_no_violation(browser, published, path):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with opened(browser) as (page, _):
        visit(page, published.url + path)
        found = {}
        for width, scheme in zip((WIDTHS[0], WIDTHS[-1]), SCHEMES, strict=True):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            found[width, scheme] = violations(axe.run(page))
    assert {where: faults for where, faults in found.items() if faults} == {}


def violations(results: Any) -> list[tuple[str, list[str]]]:
    """The rules that are broken, each with the elements that break it."""
    return [
        (broken["id"], [" ".join(map(str, node["target"])) for node in broken["nodes"]])
        for broken in results.response["violations"]
    ]
