"""The clauses of the standards that published documents must keep, each a function that takes a document's bytes.

A function raises AssertionError, which says the clause (its docstring) and every place that breaks it. Those
under FOLDER take all files of a published folder by their paths, and the address where the folder is served.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache, wraps
from typing import Any
from urllib.parse import urlsplit

import html5lib
from html5lib.constants import entities
from html5lib.html5parser import ParseError
from lxml import etree

DOCUMENT_BYTES = 250_000

ATOM_SPACE = "http://www.w3.org/2005/Atom"
THREADING = "http://purl.org/syndication/thread/1.0"
DELETED = "http://purl.org/atompub/tombstones/1.0"
HISTORY = "http://purl.org/syndication/history/1.0"
CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
ENCODED = "{http://purl.org/rss/1.0/modules/content/}encoded"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
A, THR, AT, FH = (f"{{{space}}}" for space in (ATOM_SPACE, THREADING, DELETED, HISTORY))

Find = Callable[[Any], Iterator[str]]
Files = Mapping[str, bytes]
Clause = Callable[[bytes], None]
FolderClause = Callable[[Files, str], None]


def xml(find: Find) -> Clause:
    """A clause of XML documents from a function of their root that finds what breaks it."""
    return _clause(find, root)


def json_feed(find: Find) -> Clause:
    """The same for JSON documents, from a function of the object."""
    return _clause(find, lambda document: json.loads(document))


def raw(find: Find) -> Clause:
    """The same from a function of the bytes."""
    return _clause(find, bytes)


def folder(find: Callable[[Files, str], Iterator[str]]) -> FolderClause:
    """The same for what holds between the documents of a folder."""

    @wraps(find)
    def check(files: Files, url: str) -> None:
        _refuse(find, find(files, url))

    return check


def _clause(find: Find, read: Callable[[bytes], Any]) -> Clause:
    @wraps(find)
    def check(document: bytes) -> None:
        _refuse(find, find(read(document)))

    return check


def _refuse(find: Callable[..., Any], found: Iterator[str]) -> None:
    if problems := list(found):
        raise AssertionError(f"{find.__doc__} {'; '.join(problems[:5])}")


@lru_cache(maxsize=2)
def root(document: bytes) -> Any:
    """The root element, read as a plain XML parser reads it; raises XMLSyntaxError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    return etree.fromstring(document, parser)


# All documents


@raw
def size(document: bytes) -> Iterator[str]:
    """publishing.md section 2 rule 7: a document stays under 250 KB."""
    if len(document) > DOCUMENT_BYTES:
        yield f"{len(document)} bytes"


@raw
def well_formed(document: bytes) -> Iterator[str]:
    """XML 1.0 sections 2.1, 2.8 and 4.3.3: a document is well-formed, says that it is UTF-8, and has no DTD."""
    if not re.match(rb"<\?xml version=['\"]1\.0['\"] encoding=['\"]UTF-8['\"]", document, re.IGNORECASE):
        yield "no XML declaration with encoding UTF-8"
    try:
        if root(document).getroottree().docinfo.doctype:
            yield "a document type declaration"
    except etree.XMLSyntaxError as error:
        yield str(error)


# Atom


@xml
def atom_feed(feed: Any) -> Iterator[str]:
    """RFC 4287 section 4.1.1: a feed has one id, title and updated, and at most one of what describes it."""
    if feed.tag != f"{A}feed":
        yield f"the document is {feed.tag}"
    yield from _wrong_number(feed, A, one=("id", "title", "updated"), most=("generator", "icon", "logo"))
    yield from _wrong_number(feed, A, one=(), most=("rights", "subtitle"))


@xml
def atom_entry(feed: Any) -> Iterator[str]:
    """RFC 4287 section 4.1.2: an entry has one id, title and updated, and at most one of what it says."""
    most = ("content", "published", "rights", "source", "summary")
    for entry in feed.iter(f"{A}entry"):
        yield from _wrong_number(entry, A, one=("id", "title", "updated"), most=most)


@xml
def atom_vocabulary(feed: Any) -> Iterator[str]:
    """RFC 4287 sections 4 and 6: what stands in Atom's namespace is Atom's, and where it may stand."""
    both = {"author", "category", "contributor", "id", "link", "rights", "title", "updated"}
    person = {"name", "uri", "email"}
    allowed = {
        "feed": both | {"generator", "icon", "logo", "subtitle", "entry"},
        "entry": both | {"content", "published", "source", "summary"},
        "author": person,
        "contributor": person,
    }
    for element in feed.iter(f"{A}*", "{}*"):
        parent, name = element.getparent(), etree.QName(element)
        if not name.namespace:
            yield f"{name.localname} has no namespace"
        elif parent is not None and name.localname not in allowed.get(etree.QName(parent).localname, ()):
            yield f"{name.localname} in {etree.QName(parent).localname}"


@xml
def atom_authors(feed: Any) -> Iterator[str]:
    """RFC 4287 sections 3.2, 4.1.1 and 4.2.1: every entry has an author, its own or the feed's, with one name."""
    entries = feed.findall(f"{A}entry")
    if feed.find(f"{A}author") is None and not (entries and all(e.find(f"{A}author") is not None for e in entries)):
        yield "no author"
    for person in feed.iter(f"{A}author", f"{A}contributor"):
        yield from _wrong_number(person, A, one=("name",), most=("uri", "email"))
        if not (person.findtext(f"{A}name") or "").strip():
            yield "a name is blank"


@xml
def atom_alternates(feed: Any) -> Iterator[str]:
    """RFC 4287 sections 4.1.1 and 4.1.2: no two alternate links have the same type and hreflang."""
    for element in feed.iter(f"{A}feed", f"{A}entry"):
        kinds = Counter((link.get("type"), link.get("hreflang")) for link in _links(element, "alternate"))
        yield from (f"{count} of {kind} in {_name(element)}" for kind, count in kinds.items() if count > 1)
        if element.find(f"{A}content") is None and not kinds and element.tag == f"{A}entry":
            yield f"neither content nor alternate link in {_name(element)}"


@xml
def atom_links(feed: Any) -> Iterator[str]:
    """RFC 4287 section 4.2.7: a link has an address, here absolute, a registered relation, a media type and no text."""
    relations = {"alternate", "related", "self", "enclosure", "via", "hub", "current", "prev-archive", "next-archive"}
    for link in feed.iter(f"{A}link"):
        yield from _not_iri(f"href of {link.get('rel')}", link.get("href"))
        if link.get("rel", "alternate") not in relations:
            yield f"rel {link.get('rel')!r}"
        if link.get("type") is not None and not re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", link.get("type")):
            yield f"type {link.get('type')!r}"
        if len(link) or (link.text or "").strip():
            yield "a link with content"


@xml
def atom_self(feed: Any) -> Iterator[str]:
    """RFC 4287 section 4.1.1: a feed has a link to itself, and one to the page that it is of."""
    for relation, kind in (("self", "application/atom+xml"), ("alternate", "text/html")):
        kinds = [link.get("type") for link in _links(feed, relation)]
        if kinds != [kind]:
            yield f"{relation}: {kinds}"


@xml
def atom_ids(feed: Any) -> Iterator[str]:
    """RFC 4287 section 4.2.6: an id is an absolute IRI; here each stands once in a document."""
    ids = [element.text for element in feed.iter(f"{A}id")]
    for id in ids:
        yield from _not_iri("id", id)
    yield from _twice(ids)


@xml
def atom_dates(feed: Any) -> Iterator[str]:
    """RFC 4287 sections 3.3, 4.2.9 and 4.2.15: times are those of RFC 3339, with capital T and Z."""
    for element in feed.iter(f"{A}updated", f"{A}published"):
        yield from _not_rfc3339(_name(element.getparent()), element.text)


@xml
def atom_updated(feed: Any) -> Iterator[str]:
    """RFC 4287 section 4.2.15: updated is the time of the last significant change, so never before publication."""
    for entry in feed.iter(f"{A}entry"):
        published, updated = (entry.findtext(f"{A}{name}") for name in ("published", "updated"))
        if published and datetime.fromisoformat(updated) < datetime.fromisoformat(published):
            yield f"{_name(entry)} was updated before it was published"


@xml
def atom_texts(feed: Any) -> Iterator[str]:
    """RFC 4287 sections 3.1, 4.2.12 and 4.2.14: titles and subtitles are plain text, and say something."""
    for element in feed.iter(f"{A}title", f"{A}subtitle"):
        if element.get("type", "text") != "text" or len(element):
            yield f"{_name(element.getparent())} has a title of type {element.get('type')}"
        if not (element.text or "").strip():
            yield f"a title of {_name(element.getparent())} is blank"


@xml
def atom_content(feed: Any) -> Iterator[str]:
    """RFC 4287 section 4.1.3.3: content of type html has no elements, and is what may stand in a div."""
    for content in feed.iter(f"{A}content"):
        if content.get("type") != "html" or len(content) or content.get("src") is not None:
            yield f"{_name(content.getparent())} has content of type {content.get('type')}"
        yield from _not_html(_name(content.getparent()), content.text)


@xml
def atom_categories(feed: Any) -> Iterator[str]:
    """RFC 4287 section 4.2.2: a category has a term; a scheme is an IRI."""
    for category in feed.iter(f"{A}category"):
        if not (category.get("term") or "").strip():
            yield f"{_name(category.getparent())} has one without"
        if category.get("scheme") is not None:
            yield from _not_iri("scheme", category.get("scheme"))


@xml
def atom_languages(feed: Any) -> Iterator[str]:
    """RFC 4287 section 2: xml:lang is a language tag (RFC 3066); here the feed has one."""
    tags = [element.get(LANG) for element in feed.iter() if element is feed or element.get(LANG) is not None]
    yield from (f"{tag!r}" for tag in tags if not _is_language(tag))


@xml
def replies(document: Any) -> Iterator[str]:
    """RFC 4685 section 3: a reply has the IRI of what it replies to, not itself, and its address and media type."""
    for reply in document.iter(f"{THR}in-reply-to"):
        yield from _not_iri("ref", reply.get("ref"))
        yield from _not_iri("href", reply.get("href"))
        if reply.get("type") != "text/html":
            yield f"type {reply.get('type')!r}"
        if reply.get("ref") in (reply.getparent().findtext(f"{A}id"), reply.getparent().findtext("guid")):
            yield f"{reply.get('ref')} replies to itself"


@xml
def atom_replies(feed: Any) -> Iterator[str]:
    """RFC 4287 section 4.2.7.2: who does not know replies (RFC 4685) finds the same as a related link."""
    for entry in feed.iter(f"{A}entry"):
        replied = [reply.get("href") for reply in entry.findall(f"{THR}in-reply-to")]
        related = [link.get("href") for link in _links(entry, "related")]
        if replied != related:
            yield f"{_name(entry)} replies to {replied}, and is related to {related}"


@xml
def tombstones(feed: Any) -> Iterator[str]:
    """RFC 6721 section 3: a tombstone stands in the feed, has the id and the time, and no two are alike."""
    stones = list(feed.iter(f"{AT}deleted-entry"))
    for stone in stones:
        yield from _not_iri("ref", stone.get("ref"))
        yield from _not_rfc3339("when", stone.get("when"))
        if stone.getparent() is not feed:
            yield f"{stone.get('ref')} stands elsewhere"
    yield from _twice([(stone.get("ref"), stone.get("when")) for stone in stones])


@xml
def stubs(feed: Any) -> Iterator[str]:
    """RFC 6721 section 3: a tombstone beside the stub of its entry counts, as the stub is not newer."""
    updated = {entry.findtext(f"{A}id"): entry.findtext(f"{A}updated") for entry in feed.iter(f"{A}entry")}
    for stone in feed.iter(f"{AT}deleted-entry"):
        if stone.get("when") != updated.get(stone.get("ref")):
            yield f"{stone.get('ref')} at {stone.get('when')}, its entry at {updated.get(stone.get('ref'))}"


@xml
def archived(feed: Any) -> Iterator[str]:
    """RFC 5005 section 4: an archive document says so once and leads to the feed, and to one neighbour a side."""
    marks = feed.findall(f"{FH}archive")
    count = Counter(link.get("rel") for link in feed.findall(f"{A}link"))
    if len(marks) > 1 or any(len(mark) or mark.text or mark.attrib for mark in marks):
        yield f"{len(marks)} marks, or one with content"
    if count["current"] != len(marks):
        yield f"{count['current']} links to the current feed"
    if count["prev-archive"] > 1 or count["next-archive"] > len(marks):
        yield f"{count['prev-archive']} archives before it, {count['next-archive']} after it"


# RSS


@xml
def rss_root(rss: Any) -> Iterator[str]:
    """RSS 2.0, <rss>: its version is 2.0, and in it is one channel."""
    if rss.tag != "rss" or rss.get("version") != "2.0" or [child.tag for child in rss] != ["channel"]:
        yield f"{rss.tag} {rss.get('version')} with {[child.tag for child in rss]}"


@xml
def rss_channel(rss: Any) -> Iterator[str]:
    """RSS 2.0, channel: it has one title, link and description, none of them blank."""
    most = ("language", "copyright", "pubDate", "lastBuildDate", "generator", "docs", "ttl", "image")
    for channel in rss.iter("channel"):
        yield from _wrong_number(channel, "", one=("title", "link", "description"), most=most)
        for name in ("title", "link", "description"):
            if not (channel.findtext(name) or "").strip():
                yield f"{name} is blank"


@xml
def rss_item(rss: Any) -> Iterator[str]:
    """RSS 2.0, item: it has a title or description, and each element but category at most once."""
    for item in rss.iter("item"):
        if not ((item.findtext("title") or "").strip() or (item.findtext("description") or "").strip()):
            yield f"{_name(item)} says nothing"
        count = Counter(child.tag for child in item if child.tag != "category")
        yield from (f"{_name(item)} has {tag} {number} times" for tag, number in count.items() if number > 1)


@xml
def rss_vocabulary(rss: Any) -> Iterator[str]:
    """RSS 2.0, "Extending RSS": what RSS does not describe is in a namespace."""
    both = "title link description category pubDate"
    allowed = {
        "channel": f"{both} item language copyright managingEditor webMaster lastBuildDate generator docs cloud ttl"
        " image textInput skipHours skipDays rating",
        "item": f"{both} author comments enclosure guid source",
    }
    for parent in rss.iter(*allowed):
        names = {child.tag for child in parent if not child.tag.startswith("{")}
        yield from (f"{name} in {parent.tag}" for name in names.difference(allowed[parent.tag].split()))


@xml
def rss_guid(rss: Any) -> Iterator[str]:
    """RSS Best Practices Profile, guid: every item has one, no two the same; what is no address says so."""
    for item in rss.iter("item"):
        guid = item.find("guid")
        if guid is None or not (guid.text or "").strip():
            yield f"{item.findtext('title')!r} has none"
        elif guid.get("isPermaLink") not in ("true", "false"):
            yield f"{guid.text}: isPermaLink {guid.get('isPermaLink')!r}"
        elif guid.get("isPermaLink") == "true":
            yield from _not_web("a permanent link", guid.text)
    yield from _twice([guid.text for guid in rss.iter("guid")])


@xml
def rss_dates(rss: Any) -> Iterator[str]:
    """RSS Best Practices Profile, dates: those of RFC 822, with the year in four digits and English names."""
    for element in rss.iter("pubDate", "lastBuildDate"):
        yield from _not_rfc822(element.tag, element.text)


@xml
def rss_self(rss: Any) -> Iterator[str]:
    """RSS Best Practices Profile, atom:link: the channel has one to itself, absolute, with the type of RSS."""
    found = rss.findall(f"channel/{A}link")
    if [link.get("type") for link in found if link.get("rel") == "self"] != ["application/rss+xml"]:
        yield f"{[dict(link.attrib) for link in found]}"
    for link in found:
        yield from _not_web(f"href of {link.get('rel')}", link.get("href"))
        if link.get("rel") not in ("self", "hub"):
            yield f"rel {link.get('rel')!r}"


@xml
def rss_links(rss: Any) -> Iterator[str]:
    """RSS 2.0, channel and item: a link is an address, and a category's domain an identifier."""
    for link in rss.iter("link"):
        yield from _not_web("link", link.text)
    for category in rss.iter("category"):
        if category.get("domain") is not None:
            yield from _not_iri("domain", category.get("domain"))


@xml
def rss_content(rss: Any) -> Iterator[str]:
    """RSS Best Practices Profile, content:encoded: it comes after the description, and is HTML."""
    for item in rss.iter("item"):
        tags = [child.tag for child in item]
        if ENCODED in tags:
            if "description" not in tags or tags.index("description") > tags.index(ENCODED):
                yield f"{_name(item)} has it before the description, or has none"
            yield from _not_html(_name(item), item.findtext(ENCODED))


@xml
def rss_texts(rss: Any) -> Iterator[str]:
    """RSS Best Practices Profile, title and description: HTML text, whose < and & are character references."""
    for element in rss.iter("title", "description"):
        if len(element) or "<" in (element.text or "") or _ampersands(element.text or ""):
            yield f"{element.tag} of {_name(element.getparent())}: {element.text!r}"


@xml
def rss_creator(rss: Any) -> Iterator[str]:
    """RSS Best Practices Profile, dc:creator: who has no email address is named in it, not in author."""
    for item in rss.iter("item"):
        if not (item.findtext(CREATOR) or "").strip():
            yield f"{_name(item)} has none"
        if "@" not in (item.findtext("author") or "@"):
            yield f"{_name(item)} has an author without address"


@xml
def rss_categories(rss: Any) -> Iterator[str]:
    """RSS 2.0, category: it has a value."""
    for category in rss.iter("category"):
        if not (category.text or "").strip():
            yield f"{_name(category.getparent())} has a blank one"


@xml
def rss_language(rss: Any) -> Iterator[str]:
    """RSS 2.0, language: it is a language tag."""
    for channel in rss.iter("channel"):
        if not _is_language(channel.findtext("language")):
            yield f"{channel.findtext('language')!r}"


# JSON Feed

TEXT = (str,)
_FEED_TYPES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("version", "title", "home_page_url", "feed_url", "description", "user_comment"), TEXT),
    **dict.fromkeys(("next_url", "icon", "favicon", "language"), TEXT),
    **dict.fromkeys(("authors", "hubs", "items"), (list,)),
    "expired": (bool,),
}
_ITEM_TYPES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("id", "url", "external_url", "title", "content_html", "content_text", "summary"), TEXT),
    **dict.fromkeys(("image", "banner_image", "date_published", "date_modified", "language"), TEXT),
    **dict.fromkeys(("tags", "authors", "attachments"), (list,)),
}


@raw
def json_text(document: bytes) -> Iterator[str]:
    """RFC 8259 sections 4, 6 and 8.1: an object in UTF-8 without mark, no name in it twice, no number that is none."""
    try:
        value = json.loads(document.decode(), object_pairs_hook=_named_once, parse_constant=_no_number)
    except ValueError as error:
        yield str(error)
    else:
        if not isinstance(value, dict):
            yield f"a {type(value).__name__}"


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if twice := list(_twice([name for name, _ in pairs])):
        raise ValueError(twice[0])
    return dict(pairs)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


@json_feed
def json_version(feed: Any) -> Iterator[str]:
    """JSON Feed 1.1, version: the address of the version."""
    if feed.get("version") != "https://jsonfeed.org/version/1.1":
        yield f"{feed.get('version')!r}"


@json_feed
def json_top(feed: Any) -> Iterator[str]:
    """JSON Feed 1.1, top-level: a title and items, and nothing of another type or an unknown name."""
    if not isinstance(feed.get("title"), str) or not feed["title"].strip() or not isinstance(feed.get("items"), list):
        yield "no title or no items"
    yield from _wrong_types(feed, _FEED_TYPES)


@json_feed
def json_addresses(feed: Any) -> Iterator[str]:
    """JSON Feed 1.1, home_page_url, feed_url, url and external_url: addresses, here absolute."""
    for name in ("home_page_url", "feed_url"):
        yield from _not_web(name, feed.get(name))
    for item in feed["items"]:
        yield from _not_web("url", item.get("url"))
        if "external_url" in item:
            yield from _not_iri("external_url", item["external_url"])


@json_feed
def json_next(feed: Any) -> Iterator[str]:
    """JSON Feed 1.1, next_url: the address of another document."""
    if "next_url" in feed:
        yield from _not_web("next_url", feed["next_url"])
        if feed["next_url"] == feed.get("feed_url"):
            yield "it is the feed's own"


@json_feed
def json_ids(feed: Any) -> Iterator[str]:
    """JSON Feed 1.1, items, id: text that no other item has."""
    ids = [item.get("id") for item in feed["items"]]
    yield from (f"{id!r}" for id in ids if not isinstance(id, str) or not id)
    yield from _twice(ids)


@json_feed
def json_items(feed: Any) -> Iterator[str]:
    """JSON Feed 1.1, items: nothing of another type or an unknown name."""
    for item in feed["items"]:
        yield from _wrong_types(item, _ITEM_TYPES)


@json_feed
def json_content(feed: Any) -> Iterator[str]:
    """JSON Feed 1.1, items, content_html: content is there, and is HTML; titles and summaries say something."""
    for item in feed["items"]:
        if "content_html" not in item and not item.get("content_text"):
            yield f"{item.get('id')} has none"
        yield from _not_html(str(item.get("id")), item.get("content_html", ""))
        yield from (f"{name} is blank" for name in ("title", "summary") if name in item and not item[name].strip())


@json_feed
def json_dates(feed: Any) -> Iterator[str]:
    """JSON Feed 1.1, date_published and date_modified: times of RFC 3339."""
    for item in feed["items"]:
        for name in {"date_published", "date_modified"} & set(item):
            yield from _not_rfc3339(f"{name} of {item.get('id')}", item[name])


@json_feed
def json_authors(feed: Any) -> Iterator[str]:
    """JSON Feed 1.1, authors: objects with a name, url or avatar; `author` is of version 1.0."""
    for holder in [feed, *feed["items"]]:
        if "author" in holder:
            yield "an author of version 1.0"
        for author in holder.get("authors", []):
            values = list(author.values()) if isinstance(author, dict) else []
            blank = [value for value in values if not isinstance(value, str) or not value.strip()]
            if not values or blank or not set(author) <= {"name", "url", "avatar"}:
                yield f"{author!r}"


@json_feed
def json_tags(feed: Any) -> Iterator[str]:
    """JSON Feed 1.1, tags: texts."""
    for item in feed["items"]:
        yield from (f"{tag!r}" for tag in item.get("tags", []) if not isinstance(tag, str) or not tag.strip())


@json_feed
def json_languages(feed: Any) -> Iterator[str]:
    """JSON Feed 1.1, language: a language tag (RFC 5646); here the feed has one."""
    tags = [feed.get("language"), *(item["language"] for item in feed["items"] if "language" in item)]
    yield from (f"{tag!r}" for tag in tags if not _is_language(tag))


@json_feed
def json_hubs(feed: Any) -> Iterator[str]:
    """JSON Feed 1.1, hubs: objects with a type and an address."""
    for hub in feed.get("hubs", []):
        if not isinstance(hub, dict) or set(hub) != {"type", "url"} or hub["type"] not in ("WebSub", "rssCloud"):
            yield f"{hub!r}"
        else:
            yield from _not_web("url", hub["url"])


@json_feed
def json_extensions(feed: Any) -> Iterator[str]:
    """JSON Feed 1.1, extensions: objects, whose names are an underscore and a letter, and have no dot."""
    for holder in [feed, *feed["items"]]:
        for name in holder:
            if name.startswith("_") and not (re.fullmatch("_[A-Za-z][^.]*", name) and isinstance(holder[name], dict)):
                yield f"{name}: {holder[name]!r}"


# OPML


@xml
def opml_root(opml: Any) -> Iterator[str]:
    """OPML 2.0, <opml>: its version is 2.0, and in it are a head and a body."""
    if opml.tag != "opml" or opml.get("version") != "2.0" or [child.tag for child in opml] != ["head", "body"]:
        yield f"{opml.tag} {opml.get('version')} with {[child.tag for child in opml]}"


@xml
def opml_head(opml: Any) -> Iterator[str]:
    """OPML 2.0, <head>: a title, and times of RFC 822."""
    if not (opml.findtext("head/title") or "").strip():
        yield "no title"
    for date in opml.iter("dateCreated", "dateModified"):
        yield from _not_rfc822(date.tag, date.text)


@xml
def opml_body(opml: Any) -> Iterator[str]:
    """OPML 2.0, <body>: one or more outlines, and nothing else."""
    if {child.tag for child in opml.find("body")} != {"outline"}:
        yield f"{[child.tag for child in opml.find('body')]}"


@xml
def opml_outlines(opml: Any) -> Iterator[str]:
    """OPML 2.0, text and subscription lists: an outline has a text; of type rss, also the feed's address."""
    for outline in opml.iter("outline"):
        if not (outline.get("text") or "").strip() or outline.get("type") != "rss":
            yield f"{dict(outline.attrib)}"
        yield from _not_web("xmlUrl", outline.get("xmlUrl"))
        if outline.get("htmlUrl") is not None:
            yield from _not_web("htmlUrl", outline.get("htmlUrl"))
    yield from _twice([outline.get("xmlUrl") for outline in opml.iter("outline")])


# Folders


@folder
def documents_are_where_they_say(files: Files, url: str) -> Iterator[str]:
    """RFC 4287 section 4.1.1, RSS Best Practices, JSON Feed 1.1: a document says the address where it is served."""
    for path, document in files.items():
        match kind(path):
            case "atom":
                address = next((link.get("href") for link in _links(root(document), "self")), None)
            case "rss":
                links = root(document).findall(f"channel/{A}link")
                address = next((link.get("href") for link in links if link.get("rel") == "self"), None)
            case "json":
                # An archive has the address of the feed whose items it holds.
                address = json.loads(document)["feed_url"]
                path = re.sub(r"archive/feed-\d+\.json$", "feed.json", path)
            case _:
                continue
        if address != url + path:
            yield f"{path} says {address}"


@folder
def archives_are_a_chain(files: Files, url: str) -> Iterator[str]:
    """RFC 5005 section 4: the archives of a feed lead to each other both ways, and from and to the feed."""
    for path, feed in _atoms(files):
        if "archive/" in path:
            continue
        newer, older = None, _target(feed, "prev-archive", url)
        walked = {path}
        while older is not None:
            if older in walked or kind(older) != "atom" or older not in files:
                yield f"{path} leads to {older}"
                break
            walked.add(older)
            document = root(files[older])
            if (_target(document, "next-archive", url), _target(document, "current", url)) != (newer, path):
                yield f"{older} does not lead to {newer} and {path}"
            if document.find(f"{FH}archive") is None or document.findtext(f"{A}id") != feed.findtext(f"{A}id"):
                yield f"{older} is no archive of {path}"
            newer, older = older, _target(document, "prev-archive", url)
        yield from (f"{path} does not lead to {name}" for name in sorted(_beside(files, path) - walked))


@folder
def pages_of_items_are_a_chain(files: Files, url: str) -> Iterator[str]:
    """JSON Feed 1.1, next_url: it leads to documents that are there, and never back."""
    for path in files:
        if kind(path) != "json":
            continue
        walked = [path]
        while address := json.loads(files[walked[-1]]).get("next_url"):
            older = address.removeprefix(url)
            if older in walked or kind(older) != "json" or older not in files:
                yield f"{walked[-1]} leads to {older}"
                break
            walked.append(older)
        if "archive/" not in path:
            yield from (f"{path} does not lead to {name}" for name in sorted(_beside(files, path) - {*walked}))


@folder
def replies_are_to_what_is_there(files: Files, url: str) -> Iterator[str]:
    """RFC 4685 section 3: what an entry replies to is an entry, and its address is that entry's."""
    addresses: dict[str, str] = {}
    for _, feed in _atoms(files):
        addresses |= {e.findtext(f"{A}id"): _links(e, "alternate")[0].get("href") for e in feed.iter(f"{A}entry")}
    for path, feed in _atoms(files):
        for reply in feed.iter(f"{THR}in-reply-to"):
            if addresses.get(reply.get("ref")) != reply.get("href"):
                yield f"{path}: {reply.get('ref')} at {reply.get('href')}"


@folder
def an_entry_is_the_same_everywhere(files: Files, url: str) -> Iterator[str]:
    """RFC 4287 section 4.2.6 and RFC 5005 section 4: what has the same id has the same title and times everywhere."""
    seen: dict[str, tuple[str, tuple[str | None, ...]]] = {}
    for path, feed in _atoms(files):
        for entry in feed.iter(f"{A}entry"):
            values = tuple(entry.findtext(f"{A}{name}") for name in ("title", "published", "updated"))
            first, others = seen.setdefault(entry.findtext(f"{A}id"), (path, values))
            if others != values:
                yield f"{_name(entry)} in {path} is not that in {first}"


@folder
def subscriptions_are_there(files: Files, url: str) -> Iterator[str]:
    """OPML 2.0, subscription lists: xmlUrl is the address of a feed, and title is that feed's."""
    for path, document in files.items():
        for outline in root(document).iter("outline") if kind(path) == "opml" else ():
            target = outline.get("xmlUrl", "").removeprefix(url)
            title = root(files[target]).findtext(f"{A}title") if target in files else None
            if title is None or title != outline.get("text"):
                yield f"{path}: {target} is titled {title!r}"


XML = (size, well_formed)
ATOM = (
    *(*XML, atom_feed, atom_entry, atom_vocabulary, atom_authors, atom_alternates, atom_links, atom_self, atom_ids),
    *(atom_dates, atom_updated, atom_texts, atom_content, atom_categories, atom_languages, replies, atom_replies),
    *(tombstones, stubs, archived),
)
RSS = (
    *(*XML, rss_root, rss_channel, rss_item, rss_vocabulary, rss_guid, rss_dates, rss_self, rss_links, rss_content),
    *(rss_texts, rss_creator, rss_categories, rss_language, replies),
)
JSON_FEED = (
    *(size, json_text, json_version, json_top, json_addresses, json_next, json_ids, json_items, json_content),
    *(json_dates, json_authors, json_tags, json_languages, json_hubs, json_extensions),
)
OPML = (*XML, opml_root, opml_head, opml_body, opml_outlines)
CLAUSES: dict[str, tuple[Clause, ...]] = {"atom": ATOM, "rss": RSS, "json": JSON_FEED, "opml": OPML}
FOLDER = (
    *(documents_are_where_they_say, archives_are_a_chain, pages_of_items_are_a_chain, replies_are_to_what_is_there),
    *(an_entry_is_the_same_everywhere, subscriptions_are_there),
)


def kind(path: str) -> str | None:
    """Which of CLAUSES the file with this path has to keep."""
    match = re.search(r"(?:^|/)(?:(atom)(?:-\d+)?\.xml|(rss)\.xml|feed(?:-\d+)?\.(json)|[a-z]+\.(opml))$", path)
    return match[match.lastindex or 0] if match else None


def check(files: Files, url: str) -> Counter[str]:
    """Every clause on every document of a published folder; returns the number of documents of each kind."""
    count: Counter[str] = Counter()
    for path, document in files.items():
        if name := kind(path):
            count[name] += 1
            for clause in CLAUSES[name]:
                try:
                    clause(document)
                except AssertionError as error:
                    raise AssertionError(f"{path}: {error}") from None
    for of_folder in FOLDER:
        of_folder(files, url)
    return count


# Forms

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_RFC822 = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4}"
    r" \d\d:\d\d:\d\d ([+-]\d{4}|GMT)",
    re.ASCII,
)
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
# RFC 3986 appendix B, and the characters of RFC 3987 section 2.2 without what its section 4.1 forbids.
_PARTS = re.compile(r"([^:/?#]+):(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_UCS = (
    r"\xa0-\u200d\u2010-\u2029\u202f-\ud7ff\uf900-\ufdcf\ufdf0-\uffef"
    + "".join(f"{chr(plane << 16)}-{chr(plane << 16 | 0xFFFD)}" for plane in range(1, 14))
    + "\U000e1000-\U000efffd"
)
_CHAR = rf"[A-Za-z0-9._~!$&'()*+,;=:@{_UCS}-]|%[0-9A-Fa-f]{{2}}"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_AUTHORITY = re.compile(rf"(?:(?:{_CHAR})*@)?(?:\[[0-9A-Fa-f:.]+\]|(?:(?![:@])(?:{_CHAR}))*)(?::[0-9]*)?")
_PATH = re.compile(rf"(?:{_CHAR}|/)*")
_QUERY = re.compile(rf"(?:{_CHAR}|[/?\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd])*")
_FRAGMENT = re.compile(rf"(?:{_CHAR}|[/?])*")


def _not_iri(what: str, value: str | None) -> Iterator[str]:
    """RFC 3987 section 2.2: an absolute reference, with fragment or without."""
    match = _PARTS.fullmatch(value or "")
    forms = (_SCHEME, _AUTHORITY, _PATH, _QUERY, _FRAGMENT)
    if not match or not all(form.fullmatch(part or "") for form, part in zip(forms, match.groups(), strict=True)):
        yield f"{what} is no absolute IRI: {value!r}"
    elif not (match[2] or match[3] or match[4]):
        yield f"{what} names nothing: {value!r}"


def _not_web(what: str, value: str | None) -> Iterator[str]:
    yield from _not_iri(what, value)
    if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
        yield f"{what} is no web address: {value!r}"


def _not_rfc3339(what: str, value: str | None) -> Iterator[str]:
    if not _RFC3339.fullmatch(value or "") or not _is_time(datetime.fromisoformat, value or ""):
        yield f"{what}: {value!r} is no time of RFC 3339"


def _not_rfc822(what: str, value: str | None) -> Iterator[str]:
    if not _RFC822.fullmatch(value or "") or not _is_time(parsedate_to_datetime, value or ""):
        yield f"{what}: {value!r} is no time of RFC 822"
    elif parsedate_to_datetime(value or "").strftime("%w") != str(_WEEKDAYS.index((value or "")[:3])):
        yield f"{what}: {value!r} is another day of the week"


_WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")


def _is_time(read: Callable[[str], datetime], value: str) -> bool:
    try:
        read(value)
    except ValueError:
        return False
    return True


def _is_language(value: object) -> bool:
    return isinstance(value, str) and _LANGUAGE.fullmatch(value) is not None


def _ampersands(text: str) -> list[str]:
    """The ampersands that begin no character reference of HTML."""
    found = re.findall(r"&(#\d+;|#[xX][0-9A-Fa-f]+;|[A-Za-z0-9]+;)?", text)
    return [one for one in found if not one.startswith("#") and one not in entities]


def _not_html(what: str, markup: str | None) -> Iterator[str]:
    problem = _html_problem(markup or "")
    if problem:
        yield f"{what}: {problem}"


# The same content stands in several documents.
@lru_cache(maxsize=10_000)
def _html_problem(markup: str) -> str:
    """What a validator says of what stands in a div (HTML Standard section 13.2); empty if nothing."""
    try:
        tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parseFragment(markup, container="div")
    except ParseError as error:
        return f"no HTML ({error})"
    for element in tree.iter():
        if element.tag in ("script", "style", "iframe", "object", "embed", "form", "img", "svg", "math"):
            return f"{element.tag} is active or loaded"
        for name, value in element.attrib.items():
            if name.startswith("on") or name == "style":
                return f"{name} is active"
            if name in ("href", "src", "cite") and (urlsplit(value).scheme not in ("http", "https", "mailto")):
                return f"{name} leads to {value!r}"
    return ""


def _wrong_number(parent: Any, space: str, *, one: Iterable[str], most: Iterable[str]) -> Iterator[str]:
    for name in (*one, *most):
        count = len(parent.findall(f"{space}{name}"))
        if count > 1 or (name in one and count == 0):
            yield f"{_name(parent)} has {count} {name}"


def _wrong_types(value: Mapping[str, Any], types: Mapping[str, tuple[type, ...]]) -> Iterator[str]:
    for name, part in value.items():
        if not name.startswith("_") and not isinstance(part, types.get(name, ())):
            yield f"{name}: {part!r:.100}"


def _twice(values: list[Any]) -> Iterator[str]:
    return (f"{value!r} stands {count} times" for value, count in Counter(values).items() if count > 1)


def _links(element: Any, relation: str) -> list[Any]:
    return [link for link in element.findall(f"{A}link") if link.get("rel", "alternate") == relation]


def _target(feed: Any, relation: str, url: str) -> str | None:
    """The path that the feed's first link of a relation leads to."""
    return next((link.get("href", "").removeprefix(url) for link in _links(feed, relation)), None)


def _beside(files: Files, path: str) -> set[str]:
    """The archives in the same format as the feed at `path`."""
    beside = f"{path.rpartition('/')[0]}/archive/".lstrip("/")
    return {name for name in files if name.startswith(beside) and kind(name) == kind(path)}


def _atoms(files: Files) -> Iterator[tuple[str, Any]]:
    return ((path, root(document)) for path, document in files.items() if kind(path) == "atom")


def _name(element: Any) -> str:
    """What a feed, entry, channel or item is called in a message."""
    return element.findtext(f"{A}id") or element.findtext("guid") or element.findtext("title") or element.tag
