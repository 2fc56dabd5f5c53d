"""Hostile text is shown as it was typed, and does nothing, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browser import Published, newsroom, opened
from hostile_stories import LINES, hostile_stories

pytestmark = pytest.mark.slow

TITLE = "<script>ran()</script>\"'><img src=x onerror=ran()>{{7*7}}"
# Presses and touches everything; links to other sites are not followed. Returns what should not be there at all.
TOUCH = """async () => {
  addEventListener("click", (event) => {
    if (/^(https?|mailto):/.test(event.target.closest("a")?.protocol ?? "")) event.preventDefault();
  });
  const touch = () => {
    for (const element of document.body.querySelectorAll("*")) {
      for (const name of ["mouseover", "focus", "toggle", "load", "error", "begin"]) {
        element.dispatchEvent(new Event(name, { bubbles: true }));
      }
      if (!element.closest(".feed-then")) element.click?.();
    }
  };
  const wrong = () => [...document.querySelectorAll("body *, base, head style, head meta[http-equiv=refresh]")]
    .filter((element) => /^(script|style|iframe|object|embed|base|meta|link|img|math|animate)$/.test(element.localName)
      || (element.matches("form, button, input") && !element.closest(".feed-then, .feed-subscribe"))
      || element.getAttributeNames().some((name) => /^on|^style$|^srcdoc$|^formaction$/.test(name))
      || (element.hasAttribute("href") && !/^(https?|mailto):$/.test(element.protocol)))
    .map((element) => element.outerHTML.slice(0, 100));
  const found = new Set(wrong());
  touch();
  const range = document.querySelector(".feed-then input");
  for (let moment = Number(range?.max ?? -1); moment >= 0; moment--) {
    range.value = moment;
    range.dispatchEvent(new Event("input"));
    for (const one of wrong()) found.add(one);
    // As touching everything at every moment would take long, it is done at some.
    if (moment % 8 === 0) touch();
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  return [...found];
}"""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """A site that is hostile from its title on."""
    with newsroom(tmp_path_factory.mktemp("hostile")) as found:
        config = found.site.config
        text = config.read_text(encoding="utf-8")
        assert '"Example News"' in text
        config.write_text(text.replace('"Example News"', f"'''{TITLE}'''"), encoding="utf-8")
        found.publish(*hostile_stories())
        yield found


def pages(published: Published) -> list[str]:
    return sorted(file.relative_to(published.public).as_posix() for file in published.public.rglob("*.html"))


def watched(page: Any) -> list[str]:
    """The addresses of pages on which something hostile ran, from now on."""
    runs: list[str] = []
    page.context.expose_binding("ran", lambda source: runs.append(source["frame"].url))
    return runs


@pytest.mark.parametrize("with_policy", [True, False])
def test_hostile_text_does_nothing(browser, published, with_policy):
    """The policy alone would stop most of it: without one, it is only the text itself that does nothing."""
    with opened(browser, bypass_csp=not with_policy) as (page, watch):
        runs = watched(page)
        found = {}
        for name in pages(published) if not with_policy else ("index.html", "stories/hostile/index.html"):
            page.goto(published.url + name)
            found[name] = page.evaluate(TOUCH)
        assert {name: wrong for name, wrong in found.items() if wrong} == {}
        assert (runs, watch.dialogs) == ([], 0)
        assert {address for address in watch.requests if not address.startswith(published.url)} == set()
    assert with_policy or len(found) > len(LINES)


def test_what_is_hostile_would_be_noticed(browser, published):
    with opened(browser, bypass_csp=True) as (page, watch):
        runs = watched(page)
        page.goto(published.url)
        page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"alert(1);ran()\">')")
        page.evaluate("document.body.insertAdjacentHTML('beforeend', '<a href=\"javascript:ran()\">press</a>')")
        assert len(page.evaluate(TOUCH)) == 2
        assert len(runs) >= 2
        assert watch.dialogs >= 1


def test_hostile_text_is_shown_as_it_was_typed(browser, published):
    with opened(browser) as (page, _):
        page.goto(published.url)
        assert page.title() == page.locator("h1").text_content() == TITLE
        page.goto(published.story("hostile"))
        shown = page.locator(".feed-update h3").all_text_contents()
        assert shown == [f"{of} 2" if of != LINES[1] else f"Withdrawn: {LINES[0]}" for of in reversed(LINES)]
        page.goto(published.story("hostile", "?as-of=2000-01-01"))
        assert page.locator("h1").text_content() == f"{LINES[0]}: {LINES[0]}"


@pytest.mark.parametrize(
    "asked",
    ["?as-of=%22%3E%3Cimg src=x onerror=ran()%3E", "?as-of=javascript:ran()", "#%", "#%3Cimg src=x onerror=ran()%3E"],
)
def test_a_hostile_address_does_nothing_and_breaks_nothing(browser, published, asked):
    with opened(browser, bypass_csp=True) as (page, watch):
        runs = watched(page)
        page.goto(published.story("hostile", asked))
        assert "This is how things stand now." in page.locator(".feed-then [role=status]").text_content()
        assert page.locator(".feed-then form").is_visible()
        page.evaluate("location.hash = '%'")
        page.evaluate("location.hash = '%25%'")
        assert (runs, watch.dialogs, watch.troubles) == ([], 0, [])
