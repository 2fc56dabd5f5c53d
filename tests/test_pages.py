"""Pages as files: valid HTML, what stands on them, and which of them a publish rewrites."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import html5lib
import lxml.html
import pytest
from conftest import Site
from entry_values import line_text, prose_text
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from log_fixtures import adding, files_in, line, opening

from feed.site import prose

HOME = "https://news.example.org/"
SVG = "{http://www.w3.org/2000/svg}"


def valid(document: bytes):
    """The tree of a document that is valid for a strict parser, or of a part of one."""
    whole = document if document.startswith(b"<!DOCTYPE") else b"<!DOCTYPE html><title>x</title>" + document
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(whole)


def parsed(document: bytes):
    """The tree of a document, many times as fast."""
    return lxml.html.document_fromstring(document)


def texts(tree, path: str) -> list[str]:
    return [" ".join("".join(element.itertext()).split()) for element in tree.iterfind(path)]


def publish(site: Site) -> dict[str, bytes]:
    """What stands in the folder after a publish."""
    result = site.run("publish")
    assert result.exit_code == 0, result.output
    return files_in(site.folder / "public")


def pages_of(files: dict[str, bytes]) -> dict[str, bytes]:
    return {path: content for path, content in files.items() if path.endswith(".html")}


def revising(update: str, signal: str = "correction", **fields) -> bytes:
    return line("flood", "update.revised", update=update, signal=signal, notice="It was wrong.", **fields)


def page(site: Site, path: str = "stories/flood/index.html"):
    return parsed(publish(site)[path])


def ids(tree) -> list[str]:
    return [element.get("id") for element in tree.iter() if element.get("id")]


def broken_links(files: dict[str, bytes]) -> set[tuple[str, str]]:
    """The links of pages, by their pages, that lead to no file of the site, or to no anchor on a page of it."""
    pages = {path: content for path, content in files.items() if re.search(r"(?<!fragment)\.html$", path)}
    trees = {path: parsed(content) for path, content in pages.items()}
    anchors = {path: set(ids(tree)) for path, tree in trees.items()}
    missing = set()
    for path, tree in trees.items():
        for element in tree.iter():
            for name in ("href", "src"):
                address = urlsplit(urljoin(HOME + path, element.get(name) or "#"))
                if not address.geturl().startswith(HOME) or element.get(name) is None:
                    continue
                target = address.path.lstrip("/")
                target += "index.html" if target.endswith("/") or not target else ""
                if target not in files or (address.fragment and address.fragment not in anchors.get(target, ())):
                    missing.add((path, element.get(name)))
    return missing


# A story's page


def test_every_page_of_a_story_is_valid(balloon):
    for content in pages_of(publish(balloon)).values():
        valid(content)


def test_a_page_has_headline_status_summary_topics_and_language(site):
    site.fill(
        [opening(label="Elbe", headline="Flood & <rain>", summary="One.\n\nTwo.", tags=["A & B"], language="en-GB")]
    )
    tree = page(site)
    assert (tree.get("lang"), tree.get("dir")) == ("en-GB", "ltr")
    assert texts(tree, ".//h1") == ["Elbe: Flood & <rain>"]
    assert texts(tree, "head/title") == ["Elbe: Flood & <rain> – Example News"]
    assert texts(tree, ".//header/div/p") == ["Developing", "One.", "Two.", "Topics: A & B"]
    assert [link.get("href") for link in tree.iterfind(".//header/div/p/a")] == ["../../topics/a-b/"]


def test_a_story_in_a_language_written_from_the_right_is_laid_out_so(site):
    site.fill([opening(headline="فيضان", language="ar"), adding()])
    files = publish(site)
    assert parsed(files["stories/flood/index.html"]).get("dir") == "rtl"
    (listed,) = parsed(files["index.html"]).iterfind(".//ul[@class='feed-stories']/li")
    assert (listed.get("lang"), listed.get("dir")) == ("ar", "rtl")


def test_an_update_shows_both_its_times_sources_claims_and_link(site):
    added = adding(
        body="It *holds*.",
        author="Desk",
        published_at="2026-02-03T12:00:00Z",
        occurred="/2026-02-02",
        occurred_text="yesterday",
        sources=[{"name": "Fire brigade", "url": "https://fire.example.org/", "quote": "It holds."}],
        stances=[{"claim": "safe", "by": "Mayor", "position": "asserts", "text": "The dam is safe"}],
        link="https://example.org/more",
        key=True,
    )
    site.fill([opening(published_at="2026-02-03T11:00:00Z"), added])
    (article,) = page(site).iterfind(".//article")
    assert article.get("id") == "1"
    assert texts(article, "div/p") == [
        "3 February 2026, 13:00 CET · Desk · Key update",
        "When: on or before 2 February 2026 (“yesterday”)",
        "More: https://example.org/more",
    ]
    assert texts(article, ".//div[@class='feed-body']/p") == ["It holds."]
    assert texts(article, ".//blockquote") == ["It holds."]
    assert texts(article, "div/ul/li") == ["Mayor asserts: The dam is safe"]
    assert [link.get("href") for link in article.iterfind("div/ul/li/a")] == ["#_claim-safe"]


def test_what_we_know_is_the_pinned_update_and_then_the_newest_key_ones(site):
    site.fill([opening(), *(adding(headline=f"Key {n}", key=True) for n in range(1, 13)), adding(headline="Plain")])
    site.fill([line("flood", "story.changed", pinned="13")])
    known = texts(page(site), ".//section[@class='feed-known']/ul/li/a")
    assert known == ["Plain", *(f"Key {n}" for n in range(12, 2, -1))]


def test_claims_are_a_table_of_wording_status_and_who_says_what(balloon):
    tree = page(balloon, "stories/us-china-balloon-2023/index.html")
    rows = [texts(row, "*") for row in tree.iterfind(".//tbody/tr")]
    assert rows[0] == ["The balloon was spying for China", "disputed", "US asserts China denies"]
    assert [status for _, status, _ in rows] == [
        "disputed",
        "disputed",
        "confirmed by China",
        "unconfirmed",
        "unconfirmed",
    ]


def test_a_correction_shows_its_notice_and_marks_the_changed_words(site):
    site.fill([opening(), adding(body="To nine metres."), revising("1", changes={"body": "To eight metres."})])
    tree = page(site)
    (article,) = tree.iterfind(".//article")
    (notice,) = article.iterfind("div/div[@class='feed-notice']")
    assert notice.get("id") == "_3"
    assert texts(notice, "p")[0].endswith("): It was wrong.")
    assert texts(notice, "details/p") == ["Text", "It said: To nine metres.", "It now says: To eight metres."]
    assert (texts(notice, ".//del"), texts(notice, ".//ins")) == (["nine"], ["eight"])
    (told,) = tree.iterfind(".//div[@class='feed-development']")
    assert texts(told, "p")[0].endswith("Correction: The dam holds")
    assert told.find("p/a").get("href") == "#_3"


def test_the_other_order_is_a_page_of_its_own(site):
    site.fill([opening(), adding(headline="A"), adding(headline="B"), line("flood", "story.changed", status="closed")])
    files = publish(site)
    newest, oldest = (parsed(files[f"stories/flood/{name}.html"]) for name in ("index", "oldest"))
    assert texts(newest, ".//article/div/h3") == ["B", "A"]
    assert texts(oldest, ".//article/div/h3") == ["A", "B"]
    assert [tree.find(".//p[@class='feed-order']/a").get("href") for tree in (newest, oldest)] == ["oldest.html", "./"]
    assert oldest.find("head/link[@rel='canonical']").get("href") == f"{HOME}stories/flood/"
    assert set(ids(newest)) == set(ids(oldest))


def test_a_withdrawn_update_shows_the_notice_alone(site):
    site.fill(
        [opening(), adding(headline="Secret", body="Secret", key=True), revising("1", changes={"body": "Secret 2"})]
    )
    site.fill([line("flood", "update.withdrawn", update="1", notice="Not true.")])
    files = publish(site)
    assert not [path for path, content in files.items() if b"Secret" in content]
    (article,) = parsed(files["stories/flood/index.html"]).iterfind(".//article")
    assert article.find("div/h3/a").text.startswith("Withdrawn: update of ")
    assert texts(article, "div/div/p")[0].endswith("): Not true.")
    # Addresses of before lead to it.
    assert set(ids(article)) == {"1", "_3", "_4"}


def test_a_withdrawn_story_shows_only_the_notice_and_keeps_its_anchors(site):
    secret = {"headline": "Secret", "summary": "Secret", "label": "Secret", "tags": ["Secret"]}
    site.fill([opening(**secret), adding(headline="Secret", body="Secret"), revising("1", changes={"body": "Secret"})])
    site.fill([line("flood", "story.withdrawn", notice="All\nwrong.")])
    site.fill([line("flood", "note.added", text="How it came about.")])
    files = publish(site)
    assert not [path for path, content in files.items() if b"Secret" in content]
    tree = parsed(files["stories/flood/index.html"])
    assert texts(tree, ".//h1")[0].startswith("Withdrawn: story of ")
    assert texts(tree, ".//header/div/p")[1:] == ["All", "wrong."]
    assert {"1", "_3", "_4", "_5"} <= set(ids(tree))
    assert "How it came about." in texts(tree, ".//div[@class='feed-development']/p")
    assert not list(tree.iterfind(".//section[@class='feed-then']"))


def test_a_correction_of_the_story_itself_stands_below_its_summary(site):
    site.fill(
        [opening(summary="Nine."), line("flood", "story.changed", summary="Ten.", signal="correction", notice="Ten.")]
    )
    tree = page(site)
    assert texts(tree, ".//header/div/p[@class='feed-notice']")[0].endswith("): Ten.")
    (told,) = tree.iterfind(".//div[@class='feed-development']")
    assert told.get("id") == "_2"
    assert "Summary: It said: Nine." in texts(told, "p")


def test_a_related_story_is_linked_once_it_is_there_by_its_name_of_now(site):
    related = [{"story": "dam", "rel": "part-of"}]
    site.fill([opening(), line("flood", "story.changed", related=related)])
    assert texts(page(site), ".//ul[@class='feed-related']/li") == []
    site.fill([opening("dam", headline="The dam")])
    assert texts(page(site), ".//ul[@class='feed-related']/li") == ["Part of: The dam"]
    site.fill([line("dam", "story.changed", headline="The old dam")])
    assert texts(page(site), ".//ul[@class='feed-related']/li") == ["Part of: The old dam"]


def test_a_page_leads_to_every_feed_and_loads_only_what_is_beside_it(site):
    site.fill([opening(), adding()])
    tree = page(site)
    feeds = [link.get("href") for link in tree.iterfind("head/link[@rel='alternate']")]
    folders = ("stories/flood/", "", "key/", "corrections/")
    assert feeds == [f"{HOME}{folder}{name}" for folder in folders for name in ("atom.xml", "rss.xml", "feed.json")]
    loaded = [*tree.iterfind("head/link[@rel='stylesheet']"), *tree.iterfind("head/link[@rel='icon']")]
    assert [link.get("href") for link in loaded] == ["../../static/feed.css", "../../static/icon.svg"]
    assert [script.get("src") for script in tree.iter("script") if script.get("type") is None] == [
        "../../static/feed.js"
    ]
    # The policy would keep them from working.
    assert not [element for element in tree.iter() if element.get("style") or element.tag == "style"]


def test_structured_data_agree_with_the_log(balloon):
    tree = page(balloon, "stories/us-china-balloon-2023/index.html")
    (script,) = tree.iterfind("head/script[@type='application/ld+json']")
    blog = json.loads(script.text)
    story = json.loads(balloon.run("show", "us-china-balloon-2023", "--json").stdout)
    posts = {post["url"].partition("#")[2]: post for post in blog["liveBlogUpdate"]}
    assert list(posts) == [update["update"] for update in reversed(story["updates"])]
    assert {name: len(post.get("correction", ())) for name, post in posts.items()} == {
        update["update"]: sum(one["signal"] in ("correction", "clarification") for one in update["revisions"])
        for update in story["updates"]
    }
    assert "coverageEndTime" not in blog


def test_social_networks_are_told_what_a_page_is(site):
    site.fill([opening(headline="Flood", summary="Water\nrises."), adding()])
    named = {one.get("property"): one.get("content") for one in page(site).iterfind("head/meta") if one.get("property")}
    assert named == {
        "og:type": "article",
        "og:title": "Flood",
        "og:url": f"{HOME}stories/flood/",
        "og:site_name": "Example News",
        "og:description": "Water rises.",
    }


# Older pages


@pytest.fixture
def long(site: Site) -> Site:
    """A story of 301 updates, three pages of it, the first two full."""
    site.fill([opening(), *(adding(headline=f"Update {n}") for n in range(1, 302))])
    return site


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {path for path in before | after if before.get(path) != after.get(path)}


def test_a_story_of_two_hundred_updates_has_one_page_and_a_longer_one_has_more(site):
    site.fill([opening(), *(adding() for _ in range(200))])
    assert {path for path in publish(site) if path.startswith("stories/flood/part")} == set()
    site.fill([adding()])
    files = publish(site)
    assert texts(parsed(files["stories/flood/part-00001.html"]), ".//article/div/h3") == ["The dam holds"] * 100
    assert len(list(parsed(files["stories/flood/index.html"]).iterfind(".//article"))) == 101


def test_no_address_ever_breaks(long):
    """What has moved to an older page has a short linked anchor where it once stood."""
    long.fill([revising("7", changes={"headline": "Update seven"}), line("flood", "note.added", text="x", update="7")])
    files = publish(long)
    index = parsed(files["stories/flood/index.html"])
    entries = json.loads(files["stories/flood/archive/feed-00001.json"])["items"]
    entries += json.loads(files["stories/flood/feed.json"])["items"]
    for anchor in (entry["url"].partition("#")[2] for entry in entries):
        assert anchor in ids(index)
    moved = {one.get("id"): one.get("href") for one in index.iterfind(".//details[@class='feed-older']/p/a")}
    assert moved["1"] == "part-00001.html#1"
    assert moved["101"] == "part-00002.html#101"
    assert len(moved) == 200
    assert broken_links(files) == set()


def test_full_pages_are_never_rewritten_by_what_is_added(long):
    before = publish(long)
    long.fill([adding() for _ in range(5)])
    pages = {path for path in changed(before, publish(long)) if path.endswith(".html")}
    # Those that list the story show its last news.
    assert pages - {"index.html", "stories/index.html"} == {
        "stories/flood/index.html",
        "stories/flood/oldest-00003.html",
        "stories/flood/fragment.html",
    }


@pytest.mark.slow
def test_an_append_to_a_story_of_five_thousand_updates_rewrites_its_first_page_and_what_lists_it(site):
    site.fill([opening(), *(adding() for _ in range(5_010))])
    before = publish(site)
    site.fill([adding()])
    of_story = {"index.html", "oldest-00050.html", "fragment.html", "atom.xml", "rss.xml", "feed.json"}
    of_site = {"index.html", "stories/index.html", "sitemap-00001.xml", "atom.xml", "rss.xml", "feed.json"}
    assert changed(before, publish(site)) <= of_site | {f"stories/flood/{name}" for name in of_story} | {
        "publish.json",
        "checkpoint",
    }


def test_a_page_that_becomes_full_leaves_those_before_it_as_they_are(long):
    before = publish(long)
    long.fill([adding() for _ in range(100)])
    pages = {path for path in changed(before, publish(long)) if "stories/flood/" in path and path.endswith(".html")}
    assert pages == {
        "stories/flood/index.html",
        "stories/flood/fragment.html",
        "stories/flood/part-00003.html",
        "stories/flood/oldest-00003.html",
        "stories/flood/oldest-00004.html",
    }


def test_a_correction_rewrites_the_page_that_holds_what_it_corrects(long):
    before = publish(long)
    long.fill([revising("150", changes={"headline": "Corrected"})])
    after = publish(long)
    pages = {path for path in changed(before, after) if "/part-" in path or "/oldest" in path}
    assert pages == {f"stories/flood/{name}-00002.html" for name in ("part", "oldest")} | {
        "stories/flood/oldest-00003.html"
    }
    told = parsed(after["stories/flood/index.html"]).find(".//div[@class='feed-development']")
    assert told.get("id") == "_303"
    assert told.find("p/a").get("href") == "part-00002.html#_303"
    assert broken_links(after) == set()


def test_what_is_withdrawn_leaves_every_page_of_its_story(long):
    long.fill([revising("7", changes={"headline": "Secret", "key": True})])
    long.fill([line("flood", "story.changed", pinned="7"), *(adding() for _ in range(120))])
    assert sum(b"Secret" in content for content in publish(long).values()) > 6
    long.fill([line("flood", "update.withdrawn", update="7", notice="Not true.")])
    files = publish(long)
    assert not [path for path, content in files.items() if b"Secret" in content]
    assert broken_links(files) == set()


def test_an_older_page_shows_its_own_updates_and_leads_on(long):
    files = publish(long)
    first, second = (parsed(files[f"stories/flood/part-0000{n}.html"]) for n in (1, 2))
    assert texts(second, ".//article/div/h3")[::99] == ["Update 200", "Update 101"]
    assert texts(first, "head/title") == ["The flood (part 1) – Example News"]
    links = [[link.get("href") for link in tree.iterfind(".//nav[@class='feed-parts']//a")] for tree in (first, second)]
    assert links == [["./#101"], ["part-00001.html", "./#201"]]
    assert not list(first.iterfind(".//section[@class='feed-claims']"))


# Lists


def test_the_first_page_has_open_stories_news_closed_ones_topics_and_feeds(site):
    site.fill([opening("dam", headline="The dam", tags=["Elbe"]), adding("dam", headline="It breaks", closes=True)])
    site.fill([opening(headline="The flood"), adding(headline="Water rises", body="By *nine* metres.")])
    tree = page(site, "index.html")
    assert texts(tree, ".//h2") == ["Developing stories", "What is new", "Coverage ended lately", "Topics", "Subscribe"]
    assert texts(tree, ".//ul[@class='feed-stories']/li/p/a") == ["The flood", "The dam"]
    assert texts(tree, ".//ul[@class='feed-items']/li/p/a") == ["Water rises", "It breaks"]
    assert "By nine metres." in texts(tree, ".//ul[@class='feed-items']/li/p")
    assert texts(tree, ".//ul[@class='feed-topics']/li") == ["Elbe"]
    offered = [link.get("href") for link in tree.iterfind(".//section[@class='feed-subscribe']//dd/a")]
    assert offered[::3] == [
        f"{HOME}atom.xml",
        f"{HOME}key/atom.xml",
        f"{HOME}corrections/atom.xml",
        f"{HOME}feeds.opml",
    ]


def test_a_site_without_stories_says_so(site):
    files = publish(site)
    for path in ("index.html", "stories/index.html"):
        assert "Nothing has been published yet." in texts(parsed(files[path]), ".//main//p")
    assert texts(parsed(files["corrections/index.html"]), ".//main/p") == ["Nothing had to be corrected so far."]


def test_every_correction_stands_on_the_corrections_pages(site):
    site.fill([opening(), adding(headline="Nine metres")])
    site.fill([revising("1", changes={"headline": f"{n} metres"}) for n in range(1, 204)])
    files = publish(site)
    shown = []
    for name in ("part-00001", "index"):
        tree = parsed(files[f"corrections/{name}.html"])
        shown += texts(tree, ".//article/h2")[::-1]
        assert any(text.startswith("Headline: It said: ") for text in texts(tree, ".//article/div/p"))
    assert shown == [f"Correction: {n} metres" for n in range(1, 204)]
    before = files
    site.fill([adding(headline="Dry"), revising("2", changes={"headline": "Wet"})])
    assert "corrections/part-00001.html" not in changed(before, publish(site))
    assert broken_links(files) == set()


@pytest.mark.slow
def test_stories_stand_in_fixed_runs_by_their_opening(site):
    site.fill([opening(f"story-{n}", headline=f"Story {n}") for n in range(1, 203)])
    files = publish(site)
    listed = {
        path: texts(parsed(files[path]), ".//ul[@class='feed-stories']/li/p/a")
        for path in files
        if re.match(r"stories/[^/]*\.html", path)
    }
    assert listed["stories/part-00001.html"] == [f"Story {n}" for n in range(100, 0, -1)]
    assert listed["stories/index.html"] == [f"Story {n}" for n in range(202, 100, -1)]
    site.fill([opening("one-more"), line("story-50", "story.changed", status="closed")])
    after = publish(site)
    assert {path for path in changed(files, after) if path.startswith(("stories/part", "sitemap"))} == {
        "stories/part-00001.html",
        "sitemap-00001.xml",
        "sitemap-00003.xml",
    }
    assert broken_links(after) == set()


def test_sitemaps_name_every_story_with_its_last_news(site):
    site.fill([opening(published_at="2026-02-03T12:00:00Z")])
    files = publish(site)
    assert re.findall("<loc>(.*?)</loc>", files["sitemap.xml"].decode()) == [
        f"{HOME}sitemap-00000.xml",
        f"{HOME}sitemap-00001.xml",
    ]
    stories = files["sitemap-00001.xml"].decode()
    assert re.findall("<loc>(.*?)</loc>", stories) == [f"{HOME}stories/flood/"]
    assert re.findall("<lastmod>(.*?)</lastmod>", stories)[0].startswith("2026-02-03T12:00:00")


def test_a_topics_page_lists_its_developments(site):
    site.fill([opening(tags=["Elbe"]), adding(headline="A"), opening("dam"), adding("dam", headline="B")])
    tree = page(site, "topics/elbe/index.html")
    assert texts(tree, ".//h1") == ["Example News: Elbe"]
    assert texts(tree, ".//ul[@class='feed-items']/li/p/a") == ["A"]


# Fragments


def test_a_fragment_is_the_page_without_its_frame_and_leads_to_the_site(site):
    site.fill([opening(), *(adding(tags=["Elbe"]) for _ in range(201))])
    part = publish(site)["stories/flood/fragment.html"].decode()
    assert part.startswith('<section class="feed-story" lang="en" dir="ltr">')
    assert "<html" not in part
    tree = parsed(b"<h1>Blog</h1>" + part.encode())
    assert texts(tree, ".//h2") == ["The flood"]
    assert tree.find(".//article/div/h3/a").get("href") == f"{HOME}stories/flood/#201"
    links = {link.get("href") for link in tree.iter("a")}
    assert f"{HOME}topics/elbe/" in links
    assert f"{HOME}stories/flood/part-00001.html#1" in links
    assert not [link for link in links if not link.startswith(("#", HOME))]


def test_without_pages_a_fragment_leads_where_the_settings_say(site):
    text = site.config.read_text().replace("pages = true", "pages = false")
    text = text.replace("[desk]", 'entry_link = "https://blog.example.org/{story}/#{anchor}"\n\n[desk]')
    site.config.write_text(text)
    site.fill([opening(tags=["Elbe"]), *(adding() for _ in range(201)), revising("1", changes={"headline": "New"})])
    files = publish(site)
    assert [path for path in files if path.endswith(".html")] == ["stories/flood/fragment.html"]
    assert not [path for path in files if path.startswith(("static", "sitemap"))]
    tree = parsed(files["stories/flood/fragment.html"])
    assert {link.get("href").partition("#")[0] for link in tree.iter("a")} == {"https://blog.example.org/flood/"}


# Whatever is written


# Not shrunk, as every example is a whole publish.
@settings(max_examples=15, phases=(Phase.generate,))
@given(data=st.data())
def test_hostile_text_in_every_field_gives_valid_pages_with_nothing_active(tmp_path_factory, data):
    site = Site(tmp_path_factory.mktemp("hostile"))

    def text(strategy=line_text):
        return data.draw(strategy)

    source = {"name": text(), "quote": text(prose_text), "url": "https://example.org/?a=1&b='2'"}
    stance = {"claim": "c", "by": text(), "position": "asserts", "text": text()}
    fields = {"headline": text(), "body": text(prose_text), "occurred_text": text(), "tags": [text()]}
    site.fill(
        [
            opening(headline=text(), label=text()[:40].strip(), summary=text(prose_text), tags=[text()]),
            adding(**fields, sources=[source], stances=[stance], author=text(), key=True),
            revising("1", changes={"headline": text() + "!", "body": text(prose_text) + "!"}),
            line("flood", "note.added", update="1", text=text(prose_text)),
            line("flood", "story.changed", headline=text() + "!", signal="correction", notice=text(prose_text)),
        ]
    )
    for path, content in pages_of(publish(site)).items():
        for element in valid(content).iter():
            assert not [name for name in element.attrib if name.startswith("on")], path
            assert element.tag in ALLOWED, (path, element.tag)
            if element.tag == "script":
                assert element.get("src") or element.get("type") in ("application/ld+json", "application/json")


ALLOWED = (
    prose._TAGS
    | {
        "html",
        "head",
        "body",
        "meta",
        "title",
        "link",
        "script",
        "main",
        "section",
        "header",
        "footer",
        "nav",
        "article",
    }
    | {"div", "span", "button", "form", "input", "label", "noscript", "figure", "figcaption", "details", "summary"}
    | {f"{SVG}{name}" for name in ("svg", "title", "desc", "g", "text", "tspan", "line", "rect", "circle", "path")}
)


# The real stream


STREAM = Path(__file__).parents[2] / "shared/data/github-statuses.jsonl.gz"


@pytest.mark.slow
@pytest.mark.skipif(not STREAM.exists(), reason="the status page's stream is not there")
def test_every_page_of_the_status_page_is_valid_and_every_link_leads_somewhere(site):
    assert site.run("import", str(STREAM)).exit_code == 0
    files = publish(site)
    assert len([path for path in files if path.endswith("index.html")]) > 819
    for content in pages_of(files).values():
        valid(content)
    assert broken_links(files) == set()
