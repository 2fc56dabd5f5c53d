"""A story's page: HTML that stands without styles and scripts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from feed.site import prose
from feed.site.addresses import MEDIA_TYPES, Addresses
from feed.site.content import machine_time
from feed.site.entries import neutral_title
from feed.site.feeds import Item
from feed.site.voice import Voice
from feed.story import Story

if TYPE_CHECKING:
    from jinja2 import Environment


def story_page(story: Story, items: Sequence[Item], addresses: Addresses, voice: Voice) -> bytes:
    """stories/SLUG/index.html, with all developments of the story, newest first, each at its anchor.

    `story` may be a part without updates. A withdrawn story's own words are not shown.
    """
    address = addresses.story(story.slug)
    page = (
        _environment()
        .get_template("story.html")
        .render(
            story=story,
            title=title(story, voice),
            items=items,
            address=address,
            feeds=[(media_type, address + name) for name, media_type in MEDIA_TYPES.items()],
            voice=voice,
            machine_time=machine_time,
        )
    )
    return prose.legal(page).encode()


def title(story: Story, voice: Voice) -> str:
    """The headline with the label before it, or what stands in place of a withdrawn one."""
    if story.withdrawal is not None:
        return voice.words.with_kind("withdrawal", neutral_title(story, None, voice))
    return voice.words.with_label(story.label, story.headline) if story.label else story.headline


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
