"""Everything on a page can be reached and used with the keyboard alone, and seen where one is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browser import Published, newsroom, opened
from page_stories import BALLOON, all_stories

pytestmark = pytest.mark.slow

# What is in focus: its place among all that can be, and whether a reader sees it there, with something around it.
FOCUS = """() => {
  const reachable = [...document.querySelectorAll("a[href], button, input, summary, [tabindex='0']")]
    .filter((element) => element.checkVisibility() && !element.disabled);
  const element = document.activeElement;
  if (element === document.body) return { all: reachable.length, index: -1 };
  const style = getComputedStyle(element);
  const seen = [...element.getClientRects()].some((box) => {
    const found = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return found !== null && (element.contains(found) || found.contains(element));
  });
  return {
    all: reachable.length,
    index: reachable.indexOf(element),
    ringed: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    seen,
    name: element.outerHTML.slice(0, 80),
  };
}"""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    with newsroom(tmp_path_factory.mktemp("keyboard")) as found:
        found.publish(*all_stories())
        yield found


def walk(page: Any, key: str) -> list[dict[str, Any]]:
    """What comes into focus until the page has been left, or something comes again."""
    seen: list[dict[str, Any]] = []
    while True:
        page.keyboard.press(key)
        found = page.evaluate(FOCUS)
        if found["index"] < 0 or found["index"] in [one["index"] for one in seen]:
            return seen
        seen.append(found)


def focus_on(page: Any, selector: str) -> Any:
    """Go there from the top of the page."""
    wanted = page.locator(selector)
    for _ in range(40):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return wanted
    raise AssertionError(f"{selector} is not reached")


def asked(page: Any) -> str | None:
    """The moment in the page's address."""
    return page.evaluate("new URL(location).searchParams.get('as-of')")


@pytest.mark.parametrize(
    ("path", "width"),
    [
        ("", 360),
        ("corrections/", 1440),
        (f"stories/{BALLOON}/", 360),
        (f"stories/{BALLOON}/?as-of=2023-02-09", 1440),
        ("stories/wide/", 1440),
    ],
)
def test_all_is_reached_in_order_and_seen_and_nothing_holds_on(browser, published, path, width):
    with opened(browser, viewport={"width": width, "height": 800}) as (page, _):
        page.goto(published.url + path)
        forth = walk(page, "Tab")
        page.reload()
        back = walk(page, "Shift+Tab")
    assert [one["index"] for one in forth] == list(range(forth[-1]["all"]))
    assert [one["index"] for one in back] == list(range(back[-1]["all"]))[::-1]
    assert [one["name"] for one in (*forth, *back) if not (one["ringed"] and one["seen"])] == []


def test_the_first_key_leads_past_the_masthead(browser, published):
    with opened(browser) as (page, _):
        page.goto(published.story(BALLOON))
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")


def test_the_slider_steps_through_the_moments(browser, published):
    with opened(browser) as (page, _):
        page.goto(published.story(BALLOON))
        slider = focus_on(page, ".feed-then input")
        last = int(slider.get_attribute("max"))
        assert slider.input_value() == str(last)
        told = []
        for key, value in [
            ("ArrowLeft", last - 1),
            ("ArrowDown", last - 2),
            ("Home", 0),
            ("ArrowRight", 1),
            ("End", last),
        ]:
            page.keyboard.press(key)
            assert slider.input_value() == str(value)
            assert (asked(page) is None) == (value == last)
            told.append(slider.get_attribute("aria-valuetext"))
            assert told[-1] in page.locator(".feed-then [role=status]").text_content()
        assert len(set(told)) == 5


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_the_buttons_step_and_leave_the_focus_where_it_can_go_on(browser, published, key):
    with opened(browser) as (page, _):
        page.goto(published.story(BALLOON))
        earlier = focus_on(page, ".feed-then [value='-1']")
        now = page.locator(".feed-then input").get_attribute("max")
        page.keyboard.press(key)
        page.keyboard.press(key)
        assert page.locator(".feed-then input").input_value() == str(int(now) - 2)
        assert earlier.evaluate("element => element === document.activeElement")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press(key)
        assert page.locator(".feed-then input").input_value() == str(int(now) - 1)
        page.keyboard.press("Tab")
        page.keyboard.press(key)
        assert page.locator(".feed-then input").input_value() == now
        assert asked(page) is None
        assert page.locator(".feed-then input").evaluate("element => element === document.activeElement")


def test_what_is_folded_up_opens(browser, published):
    with opened(browser) as (page, _):
        page.goto(published.story("flood"))
        page.locator(".feed-older summary").focus()
        assert not page.locator(".feed-older a").first.is_visible()
        page.keyboard.press("Enter")
        assert page.locator(".feed-older a").first.is_visible()
