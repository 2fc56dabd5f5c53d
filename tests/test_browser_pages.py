"""What readers do on pages: follow addresses, turn the order, copy a feed's address; and what pages must not do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browser import Published, newsroom, opened
from page_stories import BALLOON, all_stories

pytestmark = pytest.mark.slow

ELSEWHERE = "https://elsewhere.example.org/"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """A site with the balloon story and one of three pages."""
    with newsroom(tmp_path_factory.mktemp("pages")) as found:
        found.publish(*all_stories())
        yield found


def place(page: Any, selector: str) -> float:
    """How far below the window's upper edge an element begins."""
    return page.locator(selector).evaluate("element => element.getBoundingClientRect().top")


def target(page: Any) -> str:
    """The id of what the address leads to."""
    return page.evaluate("document.querySelector(':target')?.id")


def headings(page: Any) -> list[str]:
    return page.locator(".feed-update h3").all_text_contents()


def names(published: Published) -> list[str]:
    """The addresses of all pages; a fragment is part of another site's."""
    files = (file.relative_to(published.public) for file in published.public.rglob("*.html"))
    return sorted(file.as_posix() for file in files if file.name != "fragment.html")


# Addresses of updates


def test_an_address_of_an_update_leads_to_it(browser, published):
    with opened(browser) as (page, _):
        page.goto(published.story(BALLOON, "#3"))
        assert target(page) == "3"
        assert 0 <= place(page, "[id='3']") < page.viewport_size["height"] / 2


def test_an_update_of_an_older_page_is_found_under_its_first_address(browser, published):
    with opened(browser) as (page, _):
        page.goto(published.story("flood", "#5"))
        page.wait_for_url(published.story("flood", "part-00001.html#5"))
        assert target(page) == "5"
        assert page.locator(":target h3").text_content() == "Update 5"
        assert 0 <= place(page, "[id='5']") < page.viewport_size["height"] / 2
        page.goto(published.url)
        page.goto(published.story("flood"))
        page.evaluate("location.hash = '#150'")
        page.wait_for_url(published.story("flood", "part-00002.html#150"))
        assert page.locator(":target h3").text_content() == "Update 150"
        page.go_back()
        page.wait_for_url(published.story("flood"))


def test_without_a_script_the_first_address_shows_where_the_update_stands(browser, published):
    with opened(browser, java_script_enabled=False) as (page, _):
        page.goto(published.story("flood", "#5"))
        short = page.locator("[id='5']")
        assert short.is_visible()
        assert 0 <= short.bounding_box()["y"] < page.viewport_size["height"]
        short.click()
        page.wait_for_url(published.story("flood", "part-00001.html#5"))
        assert page.locator("[id='5'] h3").text_content() == "Update 5"


# The order of the timeline


@pytest.mark.parametrize("with_script", [True, False])
def test_a_link_turns_the_timeline_around_and_back(browser, published, with_script):
    with opened(browser, java_script_enabled=with_script) as (page, _):
        page.goto(published.story(BALLOON))
        newest_first = headings(page)
        page.locator(".feed-order a").click()
        page.wait_for_url(published.story(BALLOON, "oldest.html"))
        assert headings(page) == newest_first[::-1]
        assert len(newest_first) > 5
        page.locator(".feed-order a").click()
        page.wait_for_url(published.story(BALLOON))
        assert headings(page) == newest_first


def test_a_story_of_several_pages_is_read_from_its_first_update_to_its_last(browser, published):
    with opened(browser) as (page, _):
        page.goto(published.story("flood"))
        newest = headings(page)
        page.locator(".feed-order a").click()
        page.wait_for_url(published.story("flood", "oldest.html"))
        read = headings(page)
        for number in (2, 3):
            page.locator(".feed-parts a[rel=next]").click()
            page.wait_for_url(published.story("flood", f"oldest-{number:05}.html"))
            read += headings(page)
        assert read == [f"Update {number}" if number != 7 else "Seventh" for number in range(1, 302)]
        page.locator(".feed-order a").click()
        page.wait_for_url(published.story("flood"))
        assert headings(page) == newest == read[:-102:-1]


# Addresses of feeds


def test_the_address_of_a_feed_is_copied(browser, published):
    with opened(browser) as (page, _):
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.goto(published.story(BALLOON))
        for button in page.locator(".feed-copy").all():
            button.click()
            page.locator(".feed-copy", has_text="Copied").first.wait_for()
            assert page.evaluate("navigator.clipboard.readText()") == button.get_attribute("data-copy")
        addresses = page.locator(".feed-subscribe dd a").all_text_contents()
        assert addresses == [published.story(BALLOON, f"{name}") for name in ("atom.xml", "rss.xml", "feed.json")]


def test_where_nothing_can_be_copied_a_button_says_so(browser, published):
    with opened(browser) as (page, watch):
        page.clock.install()
        page.add_init_script("delete Navigator.prototype.clipboard")
        page.goto(published.story(BALLOON))
        button = page.locator(".feed-copy").first
        button.click()
        assert button.text_content() == "Select the address and copy it by hand"
        page.clock.run_for(3_000)
        assert button.text_content() == "Copy"
        assert watch.troubles == []


# What pages must not do


def test_pages_ask_for_nothing_elsewhere_and_have_no_trouble(browser, published):
    """Each page, of stories also as of a moment, with all that it loads."""
    stories = [name for name in names(published) if name.startswith("stories/")]
    with opened(browser) as (page, watch):
        for name in [*names(published), *(f"{name}?as-of=2023-02-10" for name in stories)]:
            page.goto(published.url + name)
            icon = page.locator("link[rel=icon]")
            if icon.count():
                page.evaluate("address => fetch(address).then((answer) => answer.text())", icon.get_attribute("href"))
        assert watch.troubles == []
        assert {address for address in watch.requests if not address.startswith(published.url)} == set()
    answered = {path: status for path, status in published.server.answers if path.startswith("/static/")}
    assert set(answered) == {f"/static/{name}" for name in ("feed.css", "feed.js", "icon.svg")}
    assert {status for _, status in published.server.answers} <= {200, 304}


def test_no_page_runs_or_loads_what_is_put_into_it(browser, published):
    with opened(browser) as (page, watch):
        stopped = []
        page.on("requestfailed", lambda request: stopped.append((request.url, request.failure)))
        page.goto(published.story(BALLOON))
        before = page.locator("h1").evaluate("element => getComputedStyle(element).color")
        ours = set(watch.requests)
        page.evaluate(INJECT, ELSEWHERE)
        page.locator("#handled").click()
        page.locator("#led").click()
        page.locator(f"[data-blocked='{' '.join(BLOCKED)}']").wait_for()
        assert page.evaluate("window.ran") is None
        assert page.locator("h1").evaluate("element => getComputedStyle(element).color") == before
        assert {address for address, why in stopped if why == "csp"} == set(watch.requests) - ours


def test_without_a_script_pages_are_whole(browser, published):
    """They say that they show now, and offer nothing that would not work."""
    with opened(browser) as (page, _):
        page.goto(published.story(BALLOON))
        with_script = page.locator(WHOLE).all_inner_texts()
    with opened(browser, java_script_enabled=False) as (page, _):
        page.goto(published.story(BALLOON))
        assert page.locator(WHOLE).all_inner_texts() == with_script
        told = page.locator(".feed-then").inner_text()
        assert "This is how things stand now." in told
        assert "With JavaScript you can go back to any moment of this story." in told
        assert [one for one in page.locator("button, input").all() if one.is_visible()] == []
        page.goto(published.story(BALLOON, "?as-of=2023-02-04"))
        assert page.locator(WHOLE).all_inner_texts() == with_script
        page.goto(published.story("flood", "part-00001.html"))
        assert len(headings(page)) == 100


# All that a story's page tells.
WHOLE = ".feed-about, .feed-known, .feed-claims, .feed-picture, .feed-timeline"
# Everything by which a page could be made to run or load something.
INJECT = """(elsewhere) => {
  const blocked = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    blocked.push(event.effectiveDirective);
    document.body.dataset.blocked = blocked.toSorted().join(" ");
  });
  const add = (name, values) => document.body.appendChild(Object.assign(document.createElement(name), values));
  add("script", { textContent: "window.ran = 1" });
  add("script", { src: `${elsewhere}script.js` });
  add("img", { src: `${elsewhere}image.png` });
  add("style", { textContent: "h1 { color: red !important }" });
  document.querySelector("h1").setAttribute("style", "color: red");
  add("button", { id: "handled", textContent: "x" }).setAttribute("onclick", "window.ran = 1");
  add("a", { id: "led", textContent: "x", href: "javascript:window.ran = 1" });
  fetch(elsewhere).catch(() => {});
}"""
# By which rule of the page each is stopped.
BLOCKED = [
    "connect-src",
    "img-src",
    "script-src-attr",
    *["script-src-elem"] * 3,
    "style-src-attr",
    "style-src-elem",
]
