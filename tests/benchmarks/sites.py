"""What the site generators are given, and the plain writing of files: sides of the benchmark of a whole site."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from tests.benchmarks.measure import Watch

_HUGO_SETTINGS = """\
baseURL = "https://news.example.org/"
title = "News"
disableKinds = ["taxonomy", "term", "sitemap", "404"]
[outputs]
home = ["html", "rss", "atom", "json"]
section = ["html", "rss", "atom", "json"]
[outputFormats.rss]
mediaType = "application/rss+xml"
baseName = "rss"
[outputFormats.atom]
mediaType = "application/atom+xml"
baseName = "atom"
[outputFormats.json]
mediaType = "application/json"
baseName = "feed"
[mediaTypes."application/atom+xml"]
suffixes = ["xml"]
# An update has no page of its own, and is in its story's.
[[cascade]]
[cascade.build]
render = "never"
[cascade.target]
kind = "page"
"""
_HUGO_PAGE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ .Title }}</title>
<link rel="alternate" type="application/atom+xml" href="atom.xml">
<link rel="alternate" type="application/rss+xml" href="rss.xml">
<link rel="alternate" type="application/feed+json" href="feed.json"></head>
<body><h1>{{ .Title }}</h1>
ENTRIES<article id="{{ .File.ContentBaseName }}"><h2>{{ .Title }}</h2>
<time datetime="{{ .Date.Format "2006-01-02T15:04:05Z07:00" }}">{{ .Date.Format "2 January 2006, 15:04" }}</time>
{{ .Content }}</article>
{{ end }}</body></html>
"""
_HUGO_ATOM = """\
{{ `<?xml version="1.0" encoding="utf-8"?>` | safeHTML }}
<feed xmlns="http://www.w3.org/2005/Atom"><id>{{ .Permalink }}</id><title>{{ .Title }}</title>
<updated>{{ .Lastmod.Format "2006-01-02T15:04:05Z07:00" }}</updated><author><name>News</name></author>
ENTRIES<entry><id>{{ .CurrentSection.Permalink }}#{{ .File.ContentBaseName }}</id><title>{{ .Title }}</title>
<updated>{{ .Date.Format "2006-01-02T15:04:05Z07:00" }}</updated>
<content type="html">{{ .Content | transform.XMLEscape | safeHTML }}</content></entry>
{{ end }}</feed>
"""
_HUGO_RSS = """\
{{ `<?xml version="1.0" encoding="utf-8"?>` | safeHTML }}
<rss version="2.0"><channel><title>{{ .Title }}</title><link>{{ .Permalink }}</link>
<description>{{ .Title }}</description>
ENTRIES<item><guid isPermaLink="false">{{ .CurrentSection.Permalink }}#{{ .File.ContentBaseName }}</guid>
<title>{{ .Title }}</title>
<pubDate>{{ .Date.Format "Mon, 02 Jan 2006 15:04:05 -0700" }}</pubDate>
<description>{{ .Content | transform.XMLEscape | safeHTML }}</description></item>
{{ end }}</channel></rss>
"""
_HUGO_JSON = """\
{{- $items := slice -}}
ENTRIES{{- $items = $items | append (dict "id" (print .CurrentSection.Permalink "#" .File.ContentBaseName)
  "title" .Title "content_html" .Content
  "date_published" (.Date.Format "2006-01-02T15:04:05Z07:00")) -}}
{{- end -}}
{{- dict "version" "https://jsonfeed.org/version/1.1" "title" .Title "items" $items | jsonify -}}
"""
_HUGO_TEMPLATES = {"html": _HUGO_PAGE, "rss.xml": _HUGO_RSS, "atom.xml": _HUGO_ATOM, "json": _HUGO_JSON}
# A story's entries, and the newest fifty of all, as ours has them.
_HUGO_ENTRIES = {
    "section": "{{ range .RegularPages.ByDate.Reverse }}",
    "home": "{{ range first 50 site.RegularPages.ByDate.Reverse }}",
}

_PELICAN_SETTINGS = """\
PATH = "content"
OUTPUT_PATH = "output"
SITENAME = AUTHOR = "News"
SITEURL = "https://news.example.org"
TIMEZONE = "UTC"
DEFAULT_LANG = "en"
THEME = "theme"
THEME_STATIC_PATHS = []
ARTICLE_SAVE_AS = TAG_SAVE_AS = AUTHOR_SAVE_AS = ""
CATEGORY_SAVE_AS = "{slug}/index.html"
CATEGORY_FEED_ATOM = "{slug}/atom.xml"
CATEGORY_FEED_RSS = "{slug}/rss.xml"
AUTHOR_FEED_ATOM = AUTHOR_FEED_RSS = TRANSLATION_FEED_ATOM = FEED_ALL_ATOM = None
FEED_ATOM, FEED_RSS, FEED_MAX_ITEMS = "atom.xml", "rss.xml", 50
RSS_FEED_SUMMARY_ONLY = False
DIRECT_TEMPLATES = ["index"]
"""
_PELICAN_PAGE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ TITLE }}</title></head>
<body><h1>{{ TITLE }}</h1>
{% for article in ENTRIES %}<article id="{{ article.slug }}"><h2>{{ article.title }}</h2>
<time datetime="{{ article.date.isoformat() }}">{{ article.locale_date }}</time>
{{ article.content }}</article>
{% endfor %}</body></html>
"""


class Update(NamedTuple):
    """An update as a Markdown file: `text` with its quoted source."""

    number: int
    headline: str
    moment: datetime
    text: str


def for_hugo(folder: str, stories: int, updates: int) -> None:
    """A site whose sections are stories."""
    root = Path(folder)
    _write(root / "hugo.toml", _HUGO_SETTINGS)
    for kind, entries in _HUGO_ENTRIES.items():
        for suffix, template in _HUGO_TEMPLATES.items():
            _write(root / "layouts" / f"{kind}.{suffix}", template.replace("ENTRIES", entries))
    for slug, headline, told in _stories(stories, updates):
        _write(root / "content" / slug / "_index.md", f"---\ntitle: {headline}\n---\n")
        for one in told:
            head = f"---\ntitle: {one.headline}\ndate: {one.moment:%Y-%m-%dT%H:%M:%SZ}\n---\n"
            _write(root / "content" / slug / f"{one.number}.md", head + one.text)


def for_pelican(folder: str, stories: int, updates: int) -> None:
    """A site whose categories are stories."""
    root = Path(folder)
    _write(root / "pelicanconf.py", _PELICAN_SETTINGS)
    for name, title, entries in (("category", "category", "articles"), ("index", "SITENAME", "articles[:50]")):
        _write(
            root / "theme/templates" / f"{name}.html",
            _PELICAN_PAGE.replace("TITLE", title).replace("ENTRIES", entries),
        )
    for slug, _, told in _stories(stories, updates):
        for one in told:
            head = f"Title: {one.headline}\nDate: {one.moment:%Y-%m-%d %H:%M:%S}\nSlug: {slug}-{one.number}\n"
            _write(root / "content" / slug / f"{one.number}.md", f"{head}Category: {slug}\n\n{one.text}")


def write_again(folder: str, target: str) -> dict[str, float]:
    """The files of a folder written to another: each is on disk, its name too, before the next, as in our publish."""
    source, watch = Path(folder), Watch()
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        content, file = path.read_bytes(), Path(target) / path.relative_to(source)
        with watch:
            file.parent.mkdir(parents=True, exist_ok=True)
            _put(file, content)
    return watch.figures()


def _put(file: Path, content: bytes) -> None:
    temporary = file.with_name(f".{file.name}.part")
    with temporary.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(file)
    number = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(number)
    os.close(number)


def _stories(stories: int, updates: int) -> Iterator[tuple[str, str, list[Update]]]:
    """Slug, headline and updates of each story of `data.many_stories`, a minute between its updates."""
    from tests.benchmarks import data

    start = datetime(2026, 2, 4, tzinfo=UTC)
    for slug, events in groupby(data.many_stories(stories, updates), key=lambda new: new.story):
        values: list[Any] = [new.data for new in events]
        opened, *added = values
        told = [
            Update(
                number=number,
                headline=update.headline,
                moment=start + timedelta(minutes=number),
                text=f"{update.body}\n\n> {update.sources[0].quote}\n>\n> {update.sources[0].name}\n",
            )
            for number, update in enumerate(added, 1)
        ]
        yield slug, opened.headline, told


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
