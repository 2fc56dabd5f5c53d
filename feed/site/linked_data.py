"""What search engines are told of a story: a schema.org LiveBlogPosting as JSON-LD.

https://schema.org/LiveBlogPosting, https://schema.org/CorrectionComment, https://www.w3.org/TR/json-ld11/
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from markupsafe import Markup
from msgspec import Struct

from feed.dates import Instant
from feed.site.content import machine_time
from feed.site.embed import embedded


class Correction(Struct, frozen=True, kw_only=True):
    """The notice of a correction or a clarification."""

    text: str
    published_at: Instant


class Post(Struct, frozen=True, kw_only=True):
    """A usable update: its address with the anchor, `excerpt` as one line of plain text, corrections oldest first."""

    headline: str
    address: str
    excerpt: str
    author: str
    published_at: Instant
    updated_at: Instant
    corrections: tuple[Correction, ...] = ()


class LiveBlog(Struct, frozen=True, kw_only=True):
    """A story that is not withdrawn: `site` is the publisher's title and `home` its address.

    `language` is a BCP 47 tag, `posts` are those of the page, newest first, `corrections` those of the story itself.
    """

    headline: str
    address: str
    summary: str | None
    language: str
    site: str
    home: str
    tags: tuple[str, ...]
    opened_at: Instant
    updated_at: Instant
    closed_at: Instant | None
    corrections: tuple[Correction, ...] = ()
    posts: tuple[Post, ...] = ()


def linked_data(blog: LiveBlog) -> Markup:
    """The inside of `<script type="application/ld+json">`: compact JSON in which nothing can end the script."""
    return embedded({"@context": "https://schema.org", **_live_blog(blog)})


def _live_blog(blog: LiveBlog) -> dict[str, Any]:
    publisher = {"@type": "Organization", "name": blog.site, "url": blog.home}
    values: dict[str, Any] = {
        "@type": "LiveBlogPosting",
        "headline": blog.headline,
        "url": blog.address,
        "mainEntityOfPage": blog.address,
        "inLanguage": blog.language,
        "datePublished": machine_time(blog.opened_at),
        "dateModified": machine_time(blog.updated_at),
        "coverageStartTime": machine_time(blog.opened_at),
        "author": publisher,
        "publisher": publisher,
    }
    if blog.closed_at is not None:
        values["coverageEndTime"] = machine_time(blog.closed_at)
    optional = {
        "description": blog.summary,
        "keywords": blog.tags,
        "correction": _corrections(blog.corrections),
        "liveBlogUpdate": [_post(post, blog.site) for post in blog.posts],
    }
    return values | {name: value for name, value in optional.items() if value}


def _post(post: Post, site: str) -> dict[str, Any]:
    published, updated = machine_time(post.published_at), machine_time(post.updated_at)
    values: dict[str, Any] = {
        "@type": "BlogPosting",
        "headline": post.headline,
        "url": post.address,
        "datePublished": published,
    }
    if updated != published:
        values["dateModified"] = updated
    if post.excerpt:
        values["articleBody"] = post.excerpt
    if post.author != site:
        values["author"] = {"@type": "Person", "name": post.author}
    if post.corrections:
        values["correction"] = _corrections(post.corrections)
    return values


def _corrections(corrections: Iterable[Correction]) -> list[dict[str, str]]:
    return [
        {"@type": "CorrectionComment", "text": one.text, "datePublished": machine_time(one.published_at)}
        for one in corrections
    ]
