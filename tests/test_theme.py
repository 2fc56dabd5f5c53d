"""A newsroom's own templates and files take the places of the shipped ones, file by file."""

from __future__ import annotations

import pytest
from conftest import Site
from log_fixtures import adding, files_in, opening


@pytest.fixture
def themed(site: Site) -> Site:
    """A newsroom with a story, and an empty folder for what overrides."""
    (site.folder / "theme/static").mkdir(parents=True)
    site.config.write_text(site.config.read_text().replace("# theme =", "theme ="))
    site.fill([opening(headline="Flood"), adding(headline="Water <rises>")])
    return site


def put(site: Site, name: str, content: str) -> None:
    (site.folder / "theme" / name).write_text(content, encoding="utf-8")


def published(site: Site) -> dict[str, bytes]:
    result = site.run("publish")
    assert result.exit_code == 0, result.output
    return files_in(site.folder / "public")


def refused(site: Site) -> str:
    """What a publish answers that is refused."""
    result = site.run("publish")
    assert result.exit_code == 1
    return result.stderr


def test_a_template_takes_the_place_of_the_shipped_one(themed):
    put(themed, "footer.html", "<footer>{{ site.title }}, Main Street 1</footer>\n")
    files = published(themed)
    for path in ("index.html", "stories/flood/index.html", "corrections/index.html"):
        assert b"<footer>Example News, Main Street 1</footer>" in files[path]


def test_a_template_extends_the_shipped_one(themed):
    put(
        themed,
        "page.html",
        '{% extends "shipped/page.html" %}{% block head %}<meta name="x">{{ super() }}{% endblock %}',
    )
    page = published(themed)["stories/flood/index.html"]
    assert b'<meta name="x">' in page
    assert b"Water &lt;rises&gt;" in page


def test_a_part_of_the_page_is_shown_as_the_newsroom_has_it(themed):
    put(themed, "known.html", "{% macro known(update, href, time) %}<b>{{ update.headline }}</b>{% endmacro %}")
    themed.fill([adding(headline="<Key>", key=True)])
    assert b"<b>&lt;Key&gt;</b>" in published(themed)["stories/flood/index.html"]


def test_files_are_published_beside_the_shipped_ones_or_in_their_place(themed):
    put(themed, "static/feed.css", "body { color: red }")
    put(themed, "static/logo.svg", "<svg/>")
    files = published(themed)
    assert files["static/feed.css"] == b"body { color: red }"
    assert files["static/logo.svg"] == b"<svg/>"
    assert files["static/feed.js"]


def test_a_change_of_the_theme_is_published_without_new_events(themed):
    published(themed)
    put(themed, "footer.html", "<footer>New</footer>")
    assert b"<footer>New</footer>" in published(themed)["stories/flood/index.html"]
    put(themed, "static/feed.css", "/* new */")
    assert published(themed)["static/feed.css"] == b"/* new */"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("footer.html", "{% if %}", "footer.html, line 1: Expected an expression"),
        ("footer.html", "{{ nothing }}", "'nothing' is undefined"),
        ("footer.html", '{% include "other.html" %}', "other.html"),
        ("known.html", "{% macro other() %}{% endmacro %}", "known.html defines no macro 'known': add it"),
        ("known.html", "{% macro known() %}{% endmacro %}", "known.html"),
        ("static/a b.css", "", "cannot be published by that name"),
    ],
)
def test_what_is_wrong_with_a_theme_is_said(themed, name, content, said):
    themed.fill([adding(key=True)])
    put(themed, name, content)
    answer = refused(themed)
    assert said in answer
    assert "Traceback" not in answer
    assert not (themed.folder / "public/publish.json").exists()


def test_a_theme_that_is_not_there_is_said(site):
    site.config.write_text(site.config.read_text().replace("# theme =", "theme ="))
    assert "there is no such folder: make it, or take publish.theme out of feed.toml" in refused(site)


def test_a_template_reaches_no_file_outside_the_theme(themed):
    (themed.folder / "secret.html").write_text("secret")
    put(themed, "footer.html", '{% include "../secret.html" %}')
    assert "secret.html" in refused(themed)
