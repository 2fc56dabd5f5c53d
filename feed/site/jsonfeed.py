"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

from typing import Any

import msgspec

from feed.dates import Instant, to_datetime
from feed.site.addresses import JSON, archive
from feed.site.feeds import Channel, Item, fitted


def json_feed(channel: Channel) -> bytes:
    """A JSON Feed document in UTF-8; titles are plain text."""
    return fitted(channel, _json_feed)


def _json_feed(channel: Channel) -> bytes:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "home_page_url": channel.home,
        "feed_url": channel.folder + JSON,
        "description": channel.description,
        "language": channel.language,
        "authors": [{"name": channel.author}],
        "hubs": [{"type": "WebSub", "url": channel.hub}] if channel.hub else None,
        "next_url": channel.folder + archive(JSON, channel.archive.older) if channel.archive.older else None,
        "items": [_item(channel, item) for item in channel.items],
    }
    document = {name: value for name, value in document.items() if value is not None}
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def _item(channel: Channel, item: Item) -> dict[str, Any]:
    entry = item.entry
    values: dict[str, Any] = {
        "id": entry.id,
        "url": item.address,
        "external_url": entry.link,
        "title": entry.title,
        "content_html": item.html,
        "summary": item.text,
        "date_published": _time(entry.published_at),
        "date_modified": _time(entry.updated_at),
        "authors": [{"name": entry.author}] if entry.author else None,
        "tags": list(entry.tags),
        "language": entry.language if entry.language != channel.language else None,
        "_feed": _extension(item),
    }
    return {name: value for name, value in values.items() if value}


def _extension(item: Item) -> dict[str, Any]:
    """What the standard has no word for, under a name of our own ("Extensions")."""
    entry = item.entry
    values = {"kind": entry.kind, "key": entry.key, "in_reply_to": entry.original, "in_reply_to_url": item.original}
    return {name: value for name, value in values.items() if value}


def _time(instant: Instant) -> str:
    """RFC 3339, with decimals only where there are any."""
    return to_datetime(instant).isoformat()
