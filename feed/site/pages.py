"""Pages: HTML that stands without styles and scripts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

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
    """stories/SLUG/index.html: the story's developments, newest first, each at its anchor.

    `story` may be a part without updates. A withdrawn story's own words are not shown.
    """
    return _rendered("story.html", top=1, **_values(story, items, addresses, voice))


def fragment(story: Story, items: Sequence[Item], addresses: Addresses, voice: Voice) -> bytes:
    """stories/SLUG/fragment.html: the same without a page around it, its headings one level deeper."""
    return _rendered("fragment.html", top=2, **_values(story, items, addresses, voice))


def site_page(name: str, items: Sequence[Item], addresses: Addresses, voice: Voice) -> bytes:
    """index.html: what is new in all stories, with a link to each development."""
    return _rendered(
        "site.html",
        title=name,
        language=voice.locale.replace("_", "-"),
        items=items,
        address=addresses.url,
        feeds=_feeds(addresses.url),
        voice=voice,
    )


def _values(story: Story, items: Sequence[Item], addresses: Addresses, voice: Voice) -> dict[str, Any]:
    address = addresses.story(story.slug)
    return {
        "story": story,
        "title": title(story, voice),
        "items": items,
        "address": address,
        "feeds": _feeds(address),
        "voice": voice,
    }


def _feeds(folder: str) -> list[tuple[str, str]]:
    return [(media_type, folder + name) for name, media_type in MEDIA_TYPES.items()]


def _rendered(template: str, **values: Any) -> bytes:
    page = _environment().get_template(template).render(machine_time=machine_time, **values)
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
