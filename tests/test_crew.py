"""Many stories are rendered by several processes, and what is published is the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import Site
from log_fixtures import adding, files_in, line, opening

from feed import settings
from feed.projections.lists import Place
from feed.site import crew, publish
from feed.site.crew import Crew, File, Rendered

STORIES = [f"story-{number}" for number in range(6)]
HERE: list[Place] = []


@pytest.fixture
def busy(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A newsroom of six stories, on a machine of two cores where three stories are many."""
    monkeypatch.setattr(crew, "_cores", lambda: 2)
    monkeypatch.setattr(publish, "MANY", 3)
    site.fill([event for slug in STORIES for event in (opening(slug, headline=slug, tags=("News",)), adding(slug))])
    return site


@pytest.fixture
def hands(busy: Site) -> Iterator[Crew]:
    """A crew that looks at the log as it is."""
    with Crew(settings.load(busy.config)) as started:
        started.look(size(busy))
        yield started


def size(site: Site) -> int:
    """The number of events."""
    with site.newsroom() as newsroom:
        return newsroom.head().size


def otherwise(slug: str, since: int) -> Rendered:
    """What the publisher would render itself."""
    return [(f"here/{slug}", b"")], HERE


def paths(rendered: Iterator[Rendered]) -> list[set[str]]:
    """The folders of the files of each story."""
    return [{path.rsplit("/", 1)[0] for path, _ in files} for files, _ in rendered]


def alone(site: Site, monkeypatch: pytest.MonkeyPatch, folder: str) -> dict[str, bytes]:
    """What is published without a crew."""
    with monkeypatch.context() as patched:
        patched.setattr(publish, "MANY", 1_000)
        assert site.run("publish", "--out", str(site.folder / folder)).exit_code == 0
    return files_in(site.folder / folder)


def test_stories_come_in_order_from_other_processes(hands: Crew) -> None:
    assert paths(hands.render(STORIES, 0, otherwise)) == [{f"stories/{slug}"} for slug in STORIES]


def test_a_publish_of_many_writes_what_one_process_writes(busy: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[File] = []
    render = Crew.render

    def counted(*given: object) -> Iterator[Rendered]:
        for one in render(*given):  # type: ignore[arg-type]
            rendered.extend(one[0])
            yield one

    monkeypatch.setattr(Crew, "render", counted)
    assert busy.run("publish").exit_code == 0
    assert len(rendered) == len(STORIES) * 6
    assert files_in(busy.folder / "public") == alone(busy, monkeypatch, "alone")


@pytest.mark.slow
def test_what_changed_of_many_is_what_one_process_finds(busy: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert busy.run("publish").exit_code == 0
    busy.fill([line(slug, "update.withdrawn", update="1", notice="Not so.") for slug in STORIES[:4]])
    assert busy.run("publish").exit_code == 0
    assert files_in(busy.folder / "public") == alone(busy, monkeypatch, "alone")


def test_what_a_killed_process_leaves_is_rendered_by_the_publisher(hands: Crew) -> None:
    one, other = hands._hands
    one._process.kill()
    one._process.wait()
    found = paths(hands.render(STORIES, 0, otherwise))
    assert len(found) == len(STORIES)
    assert all(folders in ({f"stories/{slug}"}, {"here"}) for slug, folders in zip(STORIES, found, strict=True))
    other._process.kill()
    other._process.wait()
    assert paths(hands.render(STORIES, 0, otherwise)) == [{"here"}] * len(STORIES)


def test_a_process_that_sees_another_state_of_the_log_renders_nothing(busy: Site) -> None:
    with Crew(settings.load(busy.config)) as started:
        started.look(size(busy) - 1)
        assert paths(started.render(STORIES, 0, otherwise)) == [{"here"}] * len(STORIES)


def test_what_is_appended_later_is_not_seen(busy: Site, hands: Crew) -> None:
    busy.fill([adding(STORIES[0], headline="Unseen")])
    (files, _), *_ = hands.render(STORIES, 0, otherwise)
    assert files
    assert not any(b"Unseen" in content for _, content in files)


def test_on_one_core_there_is_no_other_process(busy: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "_cores", lambda: 1)
    with Crew(settings.load(busy.config)) as started:
        started.look(size(busy))
        assert paths(started.render(STORIES, 0, otherwise)) == [{"here"}] * len(STORIES)


def test_processes_end_with_the_publish(busy: Site) -> None:
    with Crew(settings.load(busy.config)) as started:
        processes = [hand._process for hand in started._hands]
        assert [process.poll() for process in processes] == [None, None]
    assert [process.returncode for process in processes] == [0, 0]


def test_a_template_that_is_wrong_is_told_as_by_one_process(busy: Site) -> None:
    (busy.folder / "theme").mkdir()
    (busy.folder / "theme/update.html").write_text("{% macro head(article) %}{{ nothing }}{% endmacro %}")
    busy.config.write_text(busy.config.read_text().replace("# theme =", "theme ="))
    result = busy.run("publish")
    assert result.exit_code == 1
    assert "update.html" in result.stderr
