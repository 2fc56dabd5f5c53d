"""Pages: what the templates are given for each, from values that were read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from markupsafe import Markup
from msgspec import Struct

from feed.dates import Instant
from feed.site import content, prose
from feed.site.addresses import FORMATS, MEDIA_TYPES, Addresses
from feed.site.embed import embedded
from feed.site.entries import Entry, story_title
from feed.site.feeds import Item
from feed.site.linked_data import Correction, LiveBlog, Post, linked_data
from feed.site.parts import INDEX
from feed.site.story_page import StoryPage
from feed.site.theme import Theme
from feed.site.voice import Voice, direction
from feed.story import Revision, Story, Update

# The whole texts stand on the page: of each only its beginning is told to search engines, and of all so much.
EXCERPT_BYTES, EXCERPTS_BYTES = 200, 15_000


class Feed(Struct, frozen=True, kw_only=True):
    """A document to subscribe to; `title` is that of the feed, `format` what readers of the page know it by."""

    format: str
    media_type: str
    title: str
    address: str


class Offer(Struct, frozen=True, kw_only=True):
    """The documents of one feed; `name` says which of several it is."""

    feeds: tuple[Feed, ...]
    name: str = ""


class Page(Struct, frozen=True, kw_only=True):
    """What every page has. `root` leads from it to the site's home, empty or ending in "/"; `offers` are for readers
    of the page, `alternates` for their programs."""

    kind: str
    language: str
    title: str
    address: str
    root: str
    offers: tuple[Offer, ...]
    alternates: tuple[Feed, ...]
    description: str = ""

    @property
    def direction(self) -> str:
        return direction(self.language)


class Leaf(Struct, frozen=True, kw_only=True):
    """A page of several that hold one list; `href` is None for the one that is looked at, `since` the moment that an
    older page of a story begins with. `rel` says that it is the next older or newer one (HTML: prev, next)."""

    words: str
    href: str | None
    rel: str = ""
    since: Instant | None = None


class Spot(Struct, frozen=True, kw_only=True):
    """An anchor of something that stands on another page, and where."""

    anchor: str
    href: str
    words: str


class Pages:
    """The pages of one site. `voice` is the site's own, `offers` are the feeds of the whole site."""

    def __init__(self, theme: Theme, addresses: Addresses, title: str, voice: Voice, offers: Sequence[Offer]) -> None:
        self.theme = theme
        self._addresses = addresses
        self._title = title
        self._voice = voice
        self._offers = tuple(offers)

    def index(
        self,
        opened: Sequence[Story],
        closed: Sequence[Story],
        items: Sequence[Item],
        topics: Mapping[str, str],
    ) -> bytes:
        """index.html. `topics` maps folders to titles."""
        page = self._page("", self._title, self._offers, "")
        links = [(name, f"{folder}/") for folder, name in topics.items()]
        return self._render("index.html", page, open=opened, closed=closed, items=items, topics=links)

    def stories(self, found: Sequence[Story], leaves: Sequence[Leaf], name: str) -> bytes:
        """stories/index.html, or an older page of the same list."""
        page = self._page(f"stories/{_bare(name)}", self._voice.words.stories, (), "../")
        return self._render("stories.html", page, found=found, pages=leaves)

    def topic(self, folder: str, title: str, items: Sequence[Item]) -> bytes:
        """topics/TOPIC/index.html: the topic's newest developments."""
        offers = (Offer(feeds=feeds_of(f"{self._addresses.url}{folder}/", title)),)
        return self._render("topic.html", self._page(f"{folder}/", title, offers, "../../"), items=items)

    def corrections(self, title: str, items: Sequence[Item], leaves: Sequence[Leaf], name: str) -> bytes:
        """corrections/index.html, or an older page of the same list."""
        offers = (Offer(feeds=feeds_of(f"{self._addresses.url}corrections/", title)),)
        page = self._page(f"corrections/{_bare(name)}", self._voice.words.corrections, offers, "../")
        return self._render("corrections.html", page, items=items, pages=leaves)

    def story(self, told: StoryPage, newest: str, spots: Sequence[Spot], *, oldest_first: bool) -> bytes:
        """A page of a story. `newest` is the id of its newest entry, `spots` are the anchors of older pages."""
        address = self._addresses.story(told.story.slug)
        name = _bare(told.links.parting.name(told.links.number))
        page = self._page(
            f"stories/{told.story.slug}/{name}",
            told.title,
            (Offer(feeds=feeds_of(address, story_title(told.story, told.voice))),),
            "../../",
            kind="article",
            language=told.story.language,
            description=told.description,
        )
        return self._render(
            "story.html",
            page,
            voice=told.voice,
            **(self._told(told, spots, oldest_first) | {"order": _order(told, oldest_first)}),
            newest=newest,
            past=_past(told),
            linked_data=_linked(told, self._addresses, self._title),
        )

    def fragment(self, told: StoryPage, spots: Sequence[Spot]) -> bytes:
        """stories/SLUG/fragment.html: the newest page without its frame, its headings one level deeper."""
        page = self._page("", told.title, (), "", language=told.story.language)
        return self._render("fragment.html", page, voice=told.voice, **self._told(told, spots, oldest_first=False))

    def _told(self, told: StoryPage, spots: Sequence[Spot], oldest_first: bool) -> dict[str, object]:
        """What page and fragment have in common."""
        return {
            "story": told,
            "moments": told.moments,
            "rows": told.rows[::-1] if oldest_first else told.rows,
            "neighbours": list(_neighbours(told, oldest_first)),
            "older": spots,
            "order": None,
        }

    def _page(
        self,
        path: str,
        title: str,
        offers: tuple[Offer, ...],
        root: str,
        *,
        kind: str = "website",
        language: str | None = None,
        description: str = "",
    ) -> Page:
        """A page at a path in the site; what is not in a language of its own is in the site's."""
        others = () if offers == self._offers else self._offers
        return Page(
            kind=kind,
            language=language or self._voice.locale.replace("_", "-"),
            title=title,
            address=self._addresses.url + path,
            root=root,
            offers=offers,
            alternates=tuple(
                feed for offer in (*offers, *others) for feed in offer.feeds if feed.media_type in MEDIA_TYPES.values()
            ),
            description=description,
        )

    def _place(self, root: str, entry: Entry) -> str:
        """Where an entry of a list leads: to its story's page, or to the site of one's own that shows it."""
        if self._addresses.entry_link is not None:
            return self._addresses.entry(entry.story, entry.anchor)
        return f"{root}stories/{entry.story}/#{entry.anchor}"

    def _render(self, template: str, page: Page, *, voice: Voice | None = None, **values: object) -> bytes:
        """The page in the site's voice, or in one of its own."""
        voice = voice or self._voice
        text = self.theme.render(
            template,
            page=page,
            site={"title": self._title},
            voice=voice,
            words=voice.words,
            machine_time=content.machine_time,
            direction=direction,
            lede=content.lede,
            title=partial(story_title, voice=voice),
            place=partial(self._place, page.root),
            **values,
        )
        return prose.legal(text).encode()


def feeds_of(folder: str, title: str) -> tuple[Feed, ...]:
    """The three feeds that stand in a folder, given by its address."""
    return tuple(
        Feed(format=FORMATS[file], media_type=media_type, title=title, address=folder + file)
        for file, media_type in MEDIA_TYPES.items()
    )


def _bare(name: str) -> str:
    """A file's part of an address: none for the one that a server sends for its folder."""
    return "" if name == INDEX else name


def _order(told: StoryPage, oldest_first: bool) -> Leaf | None:
    """The way to the other order of the timeline: from the newest page to the beginning of the story."""
    words, links = told.voice.words, told.links
    if not told.rows:
        return None
    if oldest_first:
        return Leaf(words=words.newest_first, href=links.page(links.number))
    return Leaf(words=words.oldest_first, href=links.page(1 if told.is_newest else links.number, oldest_first=True))


def _neighbours(told: StoryPage, oldest_first: bool) -> Iterator[Leaf]:
    """The ways to the story's other pages. An older page leads on by the address of the update that comes next, which
    stays the same wherever that stands."""
    words, links = told.voice.words, told.links
    parting, number = links.parting, links.number
    if not links.to_pages:
        return
    if not oldest_first and told.is_newest:
        yield from (_older(told, older) for older in range(number - 1, 0, -1))
        return
    if number > 1:
        yield Leaf(words=words.older, href=links.page(number - 1, oldest_first=oldest_first), rel="prev")
    if number < parting.newest:
        following = f"{links.page(parting.newest)}#{parting.updates[number - 1]}"
        next_one = links.page(number + 1, oldest_first=True) if oldest_first else following
        yield Leaf(words=words.newer, href=next_one, rel="next")


def _older(told: StoryPage, number: int) -> Leaf:
    """The way from the newest page to an older one."""
    since = told.opened_at if number == 1 else told.links.parting.moments[number - 2]
    return Leaf(
        words=told.voice.words.from_day.format(date=told.voice.day(since)),
        href=told.links.page(number),
        rel="prev" if number == told.links.number - 1 else "",
        since=since,
    )


def _past(told: StoryPage) -> Markup | None:
    """What the control needs to show the page as it stood; None where it never was otherwise."""
    if told.story.withdrawal is not None or len(told.moments.all) < 2:
        return None
    words = told.voice.words
    return embedded(
        {
            "moments": [(since, told.voice.time(since)) for since in told.moments.all],
            "slots": told.moments.past(),
            "now": words.then_now,
            "then": words.then_at,
            "withdrawn": words.then_withdrawn,
        }
    )


def _linked(told: StoryPage, addresses: Addresses, site: str) -> Markup | None:
    """What search engines are told of the page; nothing of what was withdrawn."""
    story = told.story
    if story.withdrawal is not None:
        return None
    usable = [update for update in reversed(told.updates) if update.withdrawal is None]
    excerpt = min(EXCERPT_BYTES, EXCERPTS_BYTES // max(len(usable), 1))
    return linked_data(
        LiveBlog(
            headline=story_title(story, told.voice),
            address=addresses.story(story.slug),
            summary=story.summary,
            language=story.language,
            site=site,
            home=addresses.url,
            tags=story.tags,
            opened_at=story.opened_at,
            updated_at=story.updated_at,
            closed_at=story.closed_at,
            corrections=_corrections(story.revisions),
            posts=tuple(_post(update, addresses.entry(story.slug, update.update), excerpt) for update in usable),
        )
    )


def _post(update: Update, address: str, excerpt: int) -> Post:
    return Post(
        headline=update.headline,
        address=address,
        excerpt=prose.opening(prose.render(update.body), excerpt) if update.body else "",
        author=update.author,
        published_at=update.published_at,
        updated_at=update.updated_at,
        corrections=_corrections(update.revisions),
    )


def _corrections(revisions: Iterable[Revision]) -> tuple[Correction, ...]:
    return tuple(
        Correction(text=one.notice or "", published_at=one.published_at)
        for one in revisions
        if one.signal in ("correction", "clarification")
    )
