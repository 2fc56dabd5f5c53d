"""Which developments stand in which document, over many publishes."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from conftest import Site

from feed.events import (
    Changes,
    NewEvent,
    NoteAdded,
    Stance,
    StoryChanged,
    StoryOpened,
    StoryWithdrawn,
    UpdateAdded,
    UpdateRevised,
    UpdateWithdrawn,
)

ATOM = "{http://www.w3.org/2005/Atom}"
HISTORY = "{http://purl.org/syndication/history/1.0}"
HOME = "https://news.example.org/"


def grow(site: Site, updates: int, story: str = "flood", **fields: object) -> None:
    """Append updates, the story with the first of them."""
    with site.newsroom() as newsroom:
        known = story in newsroom.names()
        opening = [] if known else [NewEvent(story=story, data=StoryOpened(headline="Flood", tags=("Weather",)))]
        added = [NewEvent(story=story, data=UpdateAdded(headline="Water rises", **fields)) for _ in range(updates)]
        newsroom.append_all([*opening, *added])


def append(site: Site, data: object, story: str = "flood") -> None:
    with site.newsroom() as newsroom:
        newsroom.append(NewEvent(story=story, data=data))


def publish(site: Site) -> set[str]:
    """Publish; the paths whose bytes have changed."""
    public = site.folder / "public"
    before = contents(public)
    assert site.run("publish").exit_code == 0
    after = contents(public)
    return {path for path in after if after[path] != before.get(path)} - {"publish.json"}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def atom(site: Site, path: str) -> ElementTree.Element:
    return ElementTree.fromstring((site.folder / "public" / path).read_bytes())  # noqa: S314  # our own file


def document(site: Site, path: str) -> dict:
    return json.loads((site.folder / "public" / path).read_bytes())


def ids(feed: ElementTree.Element) -> list[str]:
    return [entry.findtext(f"{ATOM}id") for entry in feed.findall(f"{ATOM}entry")]


def link(feed: ElementTree.Element, rel: str) -> str | None:
    return next((one.get("href") for one in feed.findall(f"{ATOM}link") if one.get("rel") == rel), None)


def walk_atom(site: Site, path: str) -> list[list[str]]:
    """The ids in each document, from the feed back through its archives (RFC 5005 section 4)."""
    found = []
    while path:
        feed = atom(site, path)
        found.append(ids(feed))
        path = (link(feed, "prev-archive") or "").removeprefix(HOME)
    return found


def walk_json(site: Site, path: str) -> list[list[str]]:
    found = []
    while path:
        feed = document(site, path)
        found.append([item["id"] for item in feed["items"]])
        path = feed.get("next_url", "").removeprefix(HOME)
    return found


@pytest.mark.parametrize("folder", ["", "stories/flood/"])
@pytest.mark.parametrize("updates", [3, 49, 50, 51, 100, 137])
def test_a_subscriber_who_walks_back_gets_every_development(site, updates, folder):
    grow(site, updates)
    publish(site)
    for walk, name in ((walk_atom, "atom.xml"), (walk_json, "feed.json")):
        feed, *archives = walk(site, folder + name)
        assert len(feed) == min(updates, 50)
        assert [len(archive) for archive in archives] == [50] * (updates // 50)
        in_archives = [id for archive in archives for id in archive]
        assert len(set(in_archives)) == len(in_archives)
        assert len({*feed, *in_archives}) == updates


def test_an_archive_names_its_place(site):
    grow(site, 120)
    publish(site)
    first, second = (atom(site, f"archive/atom-0000{number}.xml") for number in (1, 2))
    assert first.find(f"{HISTORY}archive") is not None
    assert link(first, "self") == f"{HOME}archive/atom-00001.xml"
    assert link(first, "current") == link(second, "current") == f"{HOME}atom.xml"
    assert link(first, "prev-archive") is None
    assert link(first, "next-archive") == link(second, "self") == f"{HOME}archive/atom-00002.xml"
    assert link(second, "prev-archive") == link(first, "self")
    assert link(second, "next-archive") is None
    feed = atom(site, "atom.xml")
    assert feed.find(f"{HISTORY}archive") is None
    assert link(feed, "prev-archive") == link(second, "self")
    assert first.findtext(f"{ATOM}id") == feed.findtext(f"{ATOM}id")


def test_an_archive_once_written_keeps_its_set_and_its_bytes(site):
    grow(site, 100)
    publish(site)
    before = contents(site.folder / "public/archive")
    held = walk_atom(site, "archive/atom-00002.xml")
    grow(site, 49)
    changed = publish(site)
    assert not any("archive" in path for path in changed)
    assert contents(site.folder / "public/archive") == before
    grow(site, 1)
    changed = publish(site)
    # The newest of the old ones now has a newer one to point at.
    assert {path for path in changed if path.startswith("archive/")} == {
        "archive/atom-00002.xml",
        "archive/atom-00003.xml",
        "archive/feed-00003.json",
    }
    assert walk_atom(site, "archive/atom-00002.xml") == held


def test_a_correction_rewrites_the_archive_that_holds_the_original(site):
    grow(site, 120)
    publish(site)
    append(
        site,
        UpdateRevised(update="7", signal="correction", notice="It fell.", changes=Changes(headline="Water falls")),
    )
    changed = publish(site)
    archives = {path for path in changed if "archive" in path}
    assert archives == {
        "archive/atom-00001.xml",
        "archive/feed-00001.json",
        "stories/flood/archive/atom-00001.xml",
        "stories/flood/archive/feed-00001.json",
    }
    assert b"Water falls" in (site.folder / "public/archive/atom-00001.xml").read_bytes()


def test_a_withdrawn_storys_words_are_in_no_file(site):
    grow(site, 60, body="The secret word is Rumpelstilzchen.")
    grow(site, 60, story="dam")
    publish(site)
    append(site, StoryWithdrawn(notice="Not true."))
    publish(site)
    assert not any(b"Rumpelstilzchen" in content for content in contents(site.folder / "public").values())
    assert {len(archive) for archive in walk_atom(site, "stories/flood/atom.xml")} == {50}


def test_a_withdrawn_updates_words_are_in_no_file_wherever_they_stood(site):
    stance = Stance(claim="secret", by="Rumpelstilzchen", position="asserts", text="Rumpelstilzchen it is")
    grow(site, 1, body="Rumpelstilzchen", stances=(stance,), tags=("Rumpelstilzchen",), key=True)
    denial = Stance(claim="secret", by="Queen", position="denies")
    grow(site, 60, stances=(denial,))
    changes = Changes(body="Rumpelstilzchen 2")
    append(site, UpdateRevised(update="1", signal="correction", notice="Not so.", changes=changes))
    publish(site)
    append(site, UpdateWithdrawn(update="1", notice="Not true."))
    publish(site)
    files = contents(site.folder / "public")
    assert [path for path, content in files.items() if b"Rumpelstilzchen" in content] == []
    assert b"Not true." in files["archive/atom-00001.xml"]


def test_a_new_stance_rewrites_no_older_entry(site):
    grow(site, 100, stances=(Stance(claim="safe", by="Mayor", position="asserts", text="The dam is safe"),))
    publish(site)
    before = entries(site)
    grow(site, 1, stances=(Stance(claim="safe", by="Engineer", position="denies"),))
    changed = publish(site)
    assert not any("archive" in path for path in changed)
    after = entries(site)
    assert {id: after[id] for id in before if id in after} == {id: before[id] for id in before if id in after}


def entries(site: Site) -> dict[str, bytes]:
    feed = atom(site, "stories/flood/atom.xml")
    return {entry.findtext(f"{ATOM}id"): ElementTree.tostring(entry).strip() for entry in feed.findall(f"{ATOM}entry")}


def test_a_topic_feed_holds_what_carries_its_tag(site):
    grow(site, 2)
    grow(site, 3, tags=("Dike, broken",))
    publish(site)
    assert len(ids(atom(site, "topics/weather/atom.xml"))) == 5
    feed = atom(site, "topics/dike-broken/atom.xml")
    assert len(ids(feed)) == 3
    assert feed.findtext(f"{ATOM}title") == "Example News: Dike, broken"
    assert feed.findtext(f"{ATOM}id") == "tag:news.example.org,2023-01-01:/topics/dike-broken"
    assert len(document(site, "topics/dike-broken/feed.json")["items"]) == 3


def test_an_amended_tag_moves_the_development_to_its_new_topic(site):
    grow(site, 1, tags=("Dike",))
    append(site, UpdateRevised(update="1", signal="amendment", changes=Changes(tags=("Dam",))))
    publish(site)
    assert not (site.folder / "public/topics/dike").exists()
    assert len(ids(atom(site, "topics/dam/atom.xml"))) == 1


def test_the_corrections_feed_holds_corrections_clarifications_and_withdrawals(site):
    grow(site, 4)
    for signal in ("correction", "clarification", "addition", "refile"):
        changes = Changes(body=f"{signal} of the body")
        append(site, UpdateRevised(update="1", signal=signal, notice="Thus.", changes=changes))
    append(site, UpdateWithdrawn(update="2", notice="Not true."))
    publish(site)
    kinds = [item["_feed"]["kind"] for item in document(site, "corrections/feed.json")["items"]]
    assert kinds == ["withdrawal", "clarification", "correction"]


def test_the_key_feed_holds_key_updates_what_happened_to_them_and_the_end(site):
    grow(site, 1)
    grow(site, 1, key=True)
    for name in ("1", "2"):
        changes = Changes(body="More is known.")
        append(site, UpdateRevised(update=name, signal="addition", changes=changes))
    append(site, StoryChanged(status="closed"))
    publish(site)
    titles = [item["title"] for item in document(site, "key/feed.json")["items"]]
    assert titles == ["Coverage ended: Flood", "Added: Water rises", "Water rises"]


def test_empty_corrections_and_key_feeds_are_there_from_the_first_publish(site):
    grow(site, 1)
    publish(site)
    for folder in ("corrections", "key"):
        feed = atom(site, f"{folder}/atom.xml")
        assert ids(feed) == []
        assert feed.findtext(f"{ATOM}updated") == "2023-01-01T00:00:00+00:00"


def test_the_opml_lists_name_the_sites_feeds_and_the_open_stories(site):
    grow(site, 1)
    grow(site, 1, story="dam")
    grow(site, 1, story="mill")
    append(site, StoryChanged(status="closed"), story="dam")
    publish(site)
    feeds = outlines(site, "feeds.opml")
    assert feeds == [f"{HOME}atom.xml", f"{HOME}key/atom.xml", f"{HOME}corrections/atom.xml"]
    assert outlines(site, "stories.opml") == [f"{HOME}stories/mill/atom.xml", f"{HOME}stories/flood/atom.xml"]


def outlines(site: Site, path: str) -> list[str]:
    root = ElementTree.fromstring((site.folder / "public" / path).read_bytes())  # noqa: S314  # our own file
    assert root.get("version") == "2.0"
    assert root.findtext("head/title") == "Example News"
    found = root.findall("body/outline")
    assert all(one.get("type") == "rss" and one.get("text") and one.get("htmlUrl") for one in found)
    return [one.get("xmlUrl") for one in found]


@pytest.mark.slow
def test_a_publish_in_steps_ends_where_one_publish_ends(site, tmp_path_factory):
    """Whatever was published in between, the same log and the same settings give the same bytes."""
    for step in range(12):
        grow(site, 11, tags=(f"Tag {step % 3}",), key=step % 4 == 0)
        append(
            site, UpdateRevised(update=str(step * 7 + 1), signal="correction", notice="So.", changes=Changes(body="B"))
        )
        if step % 3 == 0:
            append(site, UpdateWithdrawn(update=str(step * 5 + 2), notice="Not true."))
        publish(site)
    whole = tmp_path_factory.mktemp("whole")
    assert site.run("publish", "--out", str(whole)).exit_code == 0
    stepwise, at_once = contents(site.folder / "public"), contents(whole)
    assert stepwise == at_once


@pytest.mark.slow
def test_many_stories_published_in_steps_end_where_one_publish_ends(site, tmp_path_factory):
    for step in range(26):
        stance = Stance(claim="c", by=f"P{step}", position="asserts", text="C")
        grow(site, 4, story=f"story-{step % 5}", stances=(stance,))
        if step == 20:
            changes = Changes(stances=(Stance(claim="c", by="P0", position="denies", text="No C"),))
            append(site, UpdateRevised(update="2", signal="correction", notice="So.", changes=changes), story="story-1")
        if step == 25:
            append(site, StoryWithdrawn(notice="Not true."), story="story-2")
            site.run("change", "story-3", "--headline", "New", "--label", "L")
        publish(site)
    whole = tmp_path_factory.mktemp("whole")
    assert site.run("publish", "--out", str(whole)).exit_code == 0
    assert contents(site.folder / "public") == contents(whole)


def settings_with(site: Site, section: str, line: str) -> None:
    """Put a line into a section of feed.toml."""
    text = site.config.read_text(encoding="utf-8")
    header = f"[{section}]\n"
    text = text.replace(header, header + line + "\n") if header in text else f"{text}\n{header}{line}\n"
    site.config.write_text(text, encoding="utf-8")


def test_without_pages_only_fragments_are_written_beside_the_feeds(site):
    text = site.config.read_text(encoding="utf-8")
    site.config.write_text(text.replace("pages = true", "pages = false"), encoding="utf-8")
    grow(site, 1)
    publish(site)
    files = contents(site.folder / "public")
    assert [path for path in files if path.endswith(".html")] == ["stories/flood/fragment.html"]


def test_entries_lead_where_the_settings_say(site):
    settings_with(site, "site", 'entry_link = "https://blog.example.org/{story}/#{anchor}"')
    grow(site, 1)
    publish(site)
    assert document(site, "feed.json")["items"][0]["url"] == "https://blog.example.org/flood/#1"
    assert b'href="https://blog.example.org/flood/#1"' in contents(site.folder / "public")["index.html"]


def test_a_hub_is_named_in_every_format(site):
    settings_with(site, "websub", 'hub = "https://hub.example.org/"')
    grow(site, 1)
    publish(site)
    assert link(atom(site, "atom.xml"), "hub") == "https://hub.example.org/"
    rss = (site.folder / "public/rss.xml").read_text()
    assert '<atom:link rel="hub" href="https://hub.example.org/"/>' in rss
    assert document(site, "feed.json")["hubs"] == [{"type": "WebSub", "url": "https://hub.example.org/"}]


def test_a_dry_run_lists_what_the_next_publish_would_tell(site):
    grow(site, 2)
    publish(site)
    grow(site, 1)
    append(site, StoryChanged(status="closed"))
    before = contents(site.folder / "public")
    listed = site.run("publish", "-n")
    assert [line.rpartition("  ")[2] for line in listed.stdout.splitlines()] == ["Water rises", "Coverage ended: Flood"]
    assert listed.stderr == "nothing was written (dry run)\n"
    assert contents(site.folder / "public") == before
    # What was only listed has not been told.
    assert site.run("amend", "flood/3", "--body", "Not told yet.").exit_code == 0


def published_at_once(site: Site, folder: Path) -> dict[str, bytes]:
    assert site.run("publish", "--out", str(folder)).exit_code == 0
    return contents(folder)


def test_a_story_told_anew_is_told_anew_in_its_archives_too(site, tmp_path_factory):
    grow(site, 60)
    append(site, UpdateWithdrawn(update="7", notice="Not true."))
    publish(site)
    change = ("change", "flood", "--correction", "--notice", "It was the Elbe.", "--headline", "Elbe", "--tag", "River")
    assert site.run(*change).exit_code == 0
    publish(site)
    assert atom(site, "stories/flood/archive/atom-00001.xml").findtext(f"{ATOM}title") == "Elbe"
    assert contents(site.folder / "public") == published_at_once(site, tmp_path_factory.mktemp("whole"))


def test_pages_that_are_wanted_no_longer_are_removed(site):
    grow(site, 1)
    publish(site)
    text = site.config.read_text(encoding="utf-8")
    site.config.write_text(text.replace("pages = true", "pages = false"), encoding="utf-8")
    (site.folder / "public/mine.html").write_text("a file of one's own")
    publish(site)
    pages = [path for path in contents(site.folder / "public") if path.endswith(".html")]
    assert sorted(pages) == ["mine.html", "stories/flood/fragment.html"]


def test_the_folder_of_the_database_is_not_published_into(site):
    grow(site, 1)
    refused = site.run("publish", "--out", str(site.folder))
    assert refused.exit_code == 1
    assert "holds the database, which would be published with it: name another folder" in refused.stderr
    assert not (site.folder / "atom.xml").exists()


def test_a_hidden_tag_titles_no_topic(site):
    grow(site, 1, tags=("Secret Tag",))
    publish(site)
    changes = Changes(tags=("Dike",))
    append(site, UpdateRevised(update="1", signal="correction", notice="No.", changes=changes, hide_before=True))
    publish(site)
    assert not any(b"Secret Tag" in content for content in contents(site.folder / "public").values())


def test_an_amended_tag_moves_all_that_was_said_of_the_update(site):
    grow(site, 1, tags=("Secret Tag",), key=True)
    append(site, NoteAdded(text="We are told so.", update="1"))
    append(site, UpdateRevised(update="1", signal="amendment", changes=Changes(tags=("Dike",), key=False)))
    publish(site)
    assert not any(b"ecret" in content for content in contents(site.folder / "public").values())
    assert len(ids(atom(site, "topics/dike/atom.xml"))) == 2
    assert ids(atom(site, "key/atom.xml")) == []


def test_a_dry_run_answers_in_json_too(site):
    grow(site, 1)
    (line,) = site.run("publish", "-n", "--json").stdout.splitlines()
    assert json.loads(line)["title"] == "Water rises"
