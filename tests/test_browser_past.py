"""What did we know when: the control of a story's page, in a real browser, against what `feed show --as-of` says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import lxml.html
import pytest
from browser import Published, at_minute, embedded, newsroom, opened, timed
from conftest import DEMO
from log_fixtures import adding, line, opening

from feed.claims import status
from feed.site import prose
from feed.site.entries import when
from feed.site.voice import voice

pytestmark = pytest.mark.slow
BALLOON = "us-china-balloon-2023"
VOICE = voice("en", {}, ZoneInfo("Europe/Berlin"))
TOLD = ("correction", "clarification", "addition")

# Everything that a reader can see of the story.
READ = """() => {
  const all = (path, within = document) => [...within.querySelectorAll(path)].filter((one) => one.checkVisibility());
  const words = (one) => (one ? one.textContent.replace(/\\s+/g, " ").trim() : null);
  const first = (path, within) => words(all(path, within)[0]);
  const texts = (path, within) => all(path, within).map(words);
  const remark = (one) => {
    const paragraph = one.matches("p") ? one : one.querySelector("p");
    return [first("strong", paragraph), words(paragraph).replace(/^.*?\\): ?/, "")];
  };
  const about = document.querySelector(".feed-about");
  return {
    headline: first("h1"),
    status: all(".feed-status", about)[0].dataset.status,
    closed: all(".feed-status time", about)[0]?.dateTime ?? null,
    summary: texts(".feed-summary", about),
    topics: texts(".feed-topics a", about),
    notices: all(".feed-notice", about).map(remark),
    known: texts(".feed-known li a"),
    claims: all(".feed-claims tbody tr").map((row) => ({
      text: first("th", row), status: first("td strong", row), parties: texts("td li", row),
    })),
    updates: all("article").map((one) => ({
      update: one.id,
      headline: first("h3", one),
      published: one.querySelector(".feed-line time").dateTime,
      key: all(".feed-key", one).length > 0,
      body: first(".feed-body", one) ?? "",
      when: first(".feed-occurred", one),
      sources: all(".feed-sources li", one).map((source) => [
        first(":scope > a, :scope > bdi", source), source.querySelector("a")?.href ?? null, first("blockquote", source),
      ]),
      notices: all(".feed-notice", one).map(remark),
      notes: all(".feed-note", one).map(remark),
      said: texts(".feed-said li > bdi", one),
      link: all(".feed-more a", one)[0]?.href ?? null,
      hidden: texts(".feed-hidden", one),
    })),
    told: all(".feed-development > p:first-child > time").map((one) => one.dateTime),
    drawn: document.querySelectorAll("g[data-since]:not([hidden])").length,
  };
}"""


def same_time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def seen(page: Any) -> dict[str, Any]:
    """What the page shows."""
    found = page.evaluate(READ)
    found["closed"] = found["closed"] and same_time(found["closed"])
    found["told"] = sorted(map(same_time, found["told"]))
    for update in found["updates"]:
        update["published"] = same_time(update["published"])
    return found


def plain(markdown: str | None) -> str:
    if not markdown:
        return ""
    return " ".join(lxml.html.fragment_fromstring(prose.render(markdown), create_parent=True).text_content().split())


class Expected:
    """What a story's page has to show at a moment: what `feed show --as-of` says of it, but for what was withdrawn
    since (`gone`, by name) and for `veiled`, update, field and until when its words are hidden now."""

    def __init__(self, published: Published, slug: str, veiled: tuple[str, str, str] | None = None) -> None:
        self.published = published
        self.slug = slug
        self.veiled = veiled
        self.log = published.log(slug)
        self.now = published.show(slug)
        self.gone = {one["update"]: one for one in self.now["updates"] if one["withdrawal"]}

    def at(self, moment: str) -> dict[str, Any]:
        then = self.published.show(self.slug, moment)
        usable = [one for one in then["updates"] if one["update"] not in self.gone]
        pinned = [one for one in usable if one["update"] == then["pinned"]]
        keys = [one for one in reversed(usable) if one["key"] and one["update"] != then["pinned"]]
        label = f"{then['label']}: " if then["label"] else ""
        return {
            "headline": label + then["headline"],
            "status": then["status"],
            "closed": then["closed_at"] and same_time(then["closed_at"]),
            "summary": (then["summary"] or "").splitlines(),
            "topics": then["tags"],
            "notices": [_notice(one) for one in then["revisions"]],
            "known": [one["headline"] for one in [*pinned, *keys]],
            "claims": list(self._claims(then, usable)),
            "updates": [self._update(one, moment) for one in reversed(then["updates"])],
            "told": sorted(self._told(moment)),
            "drawn": len(then["updates"]),
        }

    def _update(self, update: dict[str, Any], moment: str) -> dict[str, Any]:
        if update["update"] in self.gone:
            return self._stub(update, moment)
        if self.veiled and self.veiled[0] == update["update"] and moment < self.veiled[2]:
            field = self.veiled[1]
            update = update | {field: None}
            hidden = [f"{VOICE.words.field(field)}: {VOICE.words.no_longer_shown}"]
        else:
            hidden = []
        occurred = VOICE.occurred(update["occurred"]) if update["occurred"] else None
        told = when(occurred, update["occurred_text"], VOICE)
        return {
            "update": update["update"],
            "headline": update["headline"],
            "published": same_time(update["published_at"]),
            "key": update["key"],
            "body": plain(update["body"]),
            "when": f"When: {told}" if told else None,
            "sources": [[one["name"], one["url"], one["quote"]] for one in update["sources"]],
            "notices": [_notice(one) for one in update["revisions"] if one["signal"] in TOLD],
            "notes": [[VOICE.words.note, one["text"]] for one in update["notes"]],
            "said": [VOICE.words.position(one["position"], one["by"]) for one in update["stances"]],
            "link": update["link"],
            "hidden": hidden,
        }

    def _stub(self, update: dict[str, Any], moment: str) -> dict[str, Any]:
        withdrawal = self.gone[update["update"]]["withdrawal"]
        since = withdrawal["published_at"]
        notes = [one for one in self.gone[update["update"]]["notes"] if since < one["published_at"] <= moment]
        return {
            "update": update["update"],
            "headline": f"Withdrawn: {withdrawal['title']}",
            "published": same_time(update["published_at"]),
            "key": False,
            "body": "",
            "when": None,
            "sources": [],
            "notices": [[VOICE.words.withdrawal, withdrawal["notice"]]],
            "notes": [[VOICE.words.note, one["text"]] for one in notes],
            "said": [],
            "link": None,
            "hidden": [],
        }

    def _claims(self, then: dict[str, Any], usable: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        stances = [(update["update"], stance) for update in usable for stance in update["stances"]]
        for claim in then["claims"]:
            counting = [stance for _, stance in stances if stance["claim"] == claim["claim"]]
            if not counting:
                continue
            latest = {one["by"]: one["position"] for one in counting}
            told = status(latest)
            assert self.gone or told == claim["status"]
            confirmed_by = tuple(sorted(by for by, position in latest.items() if position == "confirms"))
            wordings = [one["text"] for one in counting if one["text"]]
            yield {
                "text": wordings[-1] if wordings else claim["claim"],
                "status": VOICE.words.claim_status(told, confirmed_by),
                "parties": [VOICE.words.position(position, by) for by, position in latest.items()],
            }

    def _told(self, moment: str) -> Iterator[datetime]:
        """When what has a line of its own in the timeline was told."""
        status = "open"
        for event in self.log:
            data, type = event["data"], event["type"]
            before, status = status, "closed" if data.get("closes") else data.get("status", status)
            is_news = (
                data.get("signal") in TOLD
                or type in ("note.added", "update.withdrawn")
                or (type == "story.changed" and status != before)
            )
            withdrawal = self.gone.get(data.get("update", ""), {}).get("withdrawal")
            # Of what was withdrawn only that is told, and what was said since.
            is_gone = withdrawal and event["published_at"] < withdrawal["published_at"]
            if is_news and not is_gone and event["published_at"] <= moment:
                yield same_time(event["published_at"])


def _notice(revision: dict[str, Any]) -> list[str]:
    return [VOICE.words.kind(revision["signal"]), revision["notice"] or ""]


@pytest.fixture(scope="module")
def balloon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    with newsroom(tmp_path_factory.mktemp("balloon")) as published:
        published.publish(*DEMO.read_bytes().splitlines())
        yield published


def changing(**fields: Any) -> bytes:
    return line("flood", "story.changed", **fields)


def revising(update: str, signal: str = "correction", **fields: Any) -> bytes:
    return line("flood", "update.revised", update=update, signal=signal, **{"notice": f"On {update}.", **fields})


SECRET = {
    "headline": "Secret head",
    "body": "Secret *body*",
    "key": True,
    "occurred_text": "Secret day",
    "sources": [{"name": "Secret source", "quote": "Secret quote"}],
    "stances": [
        {"claim": "tainted", "by": "Secret party", "position": "asserts", "text": "Secret claim"},
        {"claim": "safe", "by": "Secret party", "position": "denies"},
    ],
    "tags": ["Dams"],
    "link": "https://example.org/Secret",
}
SAFE = {"claim": "safe", "by": "Mayor", "position": "asserts", "text": "The dam is safe"}
EVENTFUL = timed(
    opening(label="Elbe", summary="Water rises.", tags=["Elbe"]),
    adding(headline="The dam holds", stances=[SAFE], key=True, body="It *holds*.", occurred="2026-02-02?"),
    adding(**SECRET),
    changing(pinned="2"),
    revising("2", changes={"headline": "Secret second", "body": "Secret new"}),
    line("flood", "note.added", update="2", text="Secret note"),
    adding(
        body="Veiled words.",
        stances=[{"claim": "tall", "by": "Crew", "position": "asserts", "text": "It is tall"}],
        link="https://a.example/",
    ),
    changing(pinned="1", headline="The great flood"),
    revising("3", changes={"body": "Fit to print."}, hide_before=True),
    changing(status="closed"),
    changing(status="open", tags=["Elbe", "Rain"]),
    revising("1", "clarification", changes={"stances": [], "key": False}),
    changing(summary="Water falls.", signal="correction", notice="It falls."),
    line("flood", "update.withdrawn", update="2", notice="Not true.", title="an update"),
    line("flood", "note.added", update="2", text="How it came about."),
    changing(pinned=None),
    adding(headline="The end", body="Of it.", stances=[{**SAFE, "position": "confirms"}]),
    revising("4", "addition", changes={"body": "Of it. And more."}),
    revising("4", "refile", changes={"headline": "The End"}, notice=None),
    line("flood", "note.added", text="A word to readers."),
    adding(headline="That was all", closes=True),
)


@pytest.fixture(scope="module")
def eventful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """A story to which everything happens that can be undone."""
    with newsroom(tmp_path_factory.mktemp("eventful")) as published:
        published.publish(*EVENTFUL)
        yield published


VEILED = ("3", "body", at_minute(8).replace("Z", ".000000Z"))


def moments(published: Published, slug: str) -> list[str]:
    """The times of a story's events."""
    return [event["published_at"] for event in published.log(slug)]


@pytest.mark.parametrize(("story", "veiled"), [("balloon", None), ("eventful", VEILED)])
def test_the_page_shows_at_every_moment_what_feed_show_says(browser, request, story, veiled):
    published = request.getfixturevalue(story)
    slug = BALLOON if story == "balloon" else "flood"
    expected = Expected(published, slug, veiled)
    with opened(browser) as (page, watch):
        page.goto(published.story(slug))
        offered = [moment for moment, _ in embedded(page)["moments"]]
        assert set(offered) <= set(moments(published, slug))
        assert seen(page) == expected.at(offered[-1])
        for moment in reversed(offered):
            page.get_by_role("button", name="Earlier").click()
            assert seen(page) == expected.at(moment), moment
            assert VOICE.time(moment) in page.locator(".feed-then [role=status]").text_content()
        for moment in offered[1:]:
            page.get_by_role("button", name="Later").click()
            assert seen(page) == expected.at(moment), moment
        assert watch.troubles == []


def test_every_event_of_the_balloon_story_can_be_addressed(browser, balloon):
    """Between two moments stands what stood at the first of them."""
    expected = Expected(balloon, BALLOON)
    times = moments(balloon, BALLOON)
    between = [moment.replace(".000000Z", ".000001Z") for moment in times]
    with opened(browser) as (page, _):
        for moment in [*times, *between]:
            page.goto(f"{balloon.story(BALLOON)}?as-of={moment}")
            assert seen(page) == expected.at(moment), moment


def test_withdrawn_and_hidden_words_are_in_no_file_and_at_no_moment(browser, eventful):
    for path in eventful.public.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"secret" not in content.lower(), path
            assert b"veiled" not in content.lower(), path
    with opened(browser) as (page, _):
        page.goto(eventful.story())
        for _ in embedded(page)["moments"]:
            page.get_by_role("button", name="Earlier").click()
            document = page.evaluate("document.documentElement.outerHTML").lower()
            assert "secret" not in document
            assert "veiled" not in document


@pytest.mark.parametrize(
    "asked",
    [
        "2023-02-04T20:00:00Z",
        "2023-02-04T20:00:00.000000Z",
        "2023-02-04T20:00:00.000Z",
        "2023-02-04T21:00:00%2B01:00",
    ],
)
def test_an_address_of_a_moment_can_be_passed_on_however_it_is_spelled(browser, balloon, asked):
    with opened(browser) as (page, _):
        page.goto(f"{balloon.story(BALLOON)}?as-of={asked}")
        assert seen(page) == Expected(balloon, BALLOON).at("2023-02-04T20:00:00Z")


def test_before_the_first_moment_the_first_one_is_shown(browser, balloon):
    with opened(browser) as (page, _):
        page.goto(f"{balloon.story(BALLOON)}?as-of=1999-12-31")
        assert seen(page) == Expected(balloon, BALLOON).at("2023-02-03T12:00:00Z")
        assert page.get_by_role("button", name="Earlier").is_disabled()


@pytest.mark.parametrize("asked", ["", "yesterday", "2023-99-99", "<script>", "%00", "%E0%A4%A"])
def test_an_address_of_no_moment_shows_the_story_as_it_is(browser, balloon, asked):
    with opened(browser) as (page, watch):
        page.goto(f"{balloon.story(BALLOON)}?as-of={asked}")
        assert seen(page)["headline"] == "Balloon: Washington and Beijing in touch about the balloon"
        assert page.locator(".feed-then [role=status]").text_content() == VOICE.words.then_now
        assert watch.troubles == []


def test_a_moment_after_the_last_shows_what_was_known_last(browser, balloon):
    with opened(browser) as (page, _):
        page.goto(f"{balloon.story(BALLOON)}?as-of=2999-01-01")
        assert len(seen(page)["updates"]) == 11


def test_the_control_writes_the_address_and_clears_it(browser, balloon):
    home = balloon.story(BALLOON)
    with opened(browser) as (page, _):
        page.goto(f"{home}?utm=x#3")
        page.get_by_role("button", name="Earlier").click()
        assert page.url == f"{home}?utm=x&as-of=2023-02-13T10%3A10%3A00Z#3"
        before = seen(page)
        page.reload()
        assert seen(page) == before
        page.get_by_role("button", name="Back to now").click()
        assert page.url == f"{home}?utm=x#3"
        assert page.locator("[data-then]").count() == 0


def test_the_link_to_the_other_order_keeps_the_moment(browser, balloon):
    with opened(browser) as (page, _):
        page.goto(f"{balloon.story(BALLOON)}?as-of=2023-02-04T20:00:00Z")
        newest_first = seen(page)
        page.locator(".feed-order a").click()
        page.wait_for_url("**/oldest.html?as-of=*")
        oldest_first = seen(page)
        assert oldest_first["updates"] == newest_first["updates"][::-1]
        assert {**oldest_first, "updates": []} == {**newest_first, "updates": []}
        page.get_by_role("button", name="Back to now").click()
        page.locator(".feed-order a").click()
        page.wait_for_url(balloon.story(BALLOON))
