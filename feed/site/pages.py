"""A story's page: HTML that stands without styles and scripts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from feed import words
from feed.site import prose
from feed.site.addresses import MEDIA_TYPES, Addresses
from feed.site.content import machine_time
from feed.site.entries import FormatTime, neutral_title
from feed.site.feeds import Item
from feed.story import Story

if TYPE_CHECKING:
    from jinja2 import Environment


def story_page(story: Story, items: Sequence[Item], addresses: Addresses, format_time: FormatTime) -> bytes:
    """stories/SLUG/index.html, with all developments of the story, newest first, each at its anchor.

    `story` may be a part without updates. A withdrawn story's own words are not shown.
    """
    address = addresses.story(story.slug)
    page = (
        _environment()
        .get_template("story.html")
        .render(
            story=story,
            title=title(story, format_time),
            items=items,
            address=address,
            feeds=[(media_type, address + name) for name, media_type in MEDIA_TYPES.items()],
            format_time=format_time,
            machine_time=machine_time,
            words=words,
        )
    )
    return prose.legal(page).encode()


def title(story: Story, format_time: FormatTime) -> str:
    """The headline with the label before it, or what stands in place of a withdrawn one."""
    if story.withdrawal is not None:
        return words.TITLES["withdrawal"].format(title=neutral_title(story, None, format_time))
    return f"{story.label}: {story.headline}" if story.label else story.headline


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("feed.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
