"""Where the links on a story's page, and in its fragment, lead."""

from __future__ import annotations

from msgspec import Struct

from feed.site.addresses import Addresses
from feed.site.parts import INDEX, Parting
from feed.topics import topic

CLAIM_ANCHOR = "_claim-"


class Links(Struct, frozen=True, kw_only=True):
    """From page `number` of a story. A page's links are relative, so that it can be looked at wherever its folder
    lies; those of a fragment, which stands on a page of another site, are absolute, and lead to pages only where
    the site has some (`to_pages`)."""

    story: str
    number: int
    parting: Parting
    addresses: Addresses
    relative: bool = True
    to_pages: bool = True

    @property
    def first(self) -> int:
        """The version that the page begins with."""
        return self.parting.first(self.number)

    def place(self, version: int, anchor: str) -> str:
        """To what happened with an event of the story, at its anchor."""
        return self._on(self.parting.page_of(version), anchor)

    def claim(self, name: str) -> str:
        """To a claim, which stands on the newest page."""
        return self._on(self.parting.newest, f"{CLAIM_ANCHOR}{name}")

    def page(self, number: int, *, oldest_first: bool = False) -> str | None:
        """To another page of the story."""
        if not self.to_pages:
            return None
        return f"{self._here}{self._file(self.parting.name(number, oldest_first=oldest_first))}"

    def permalink(self, anchor: str) -> str:
        """To an update on this page, by the address under which it can be passed on."""
        return f"#{anchor}" if self.relative else self.addresses.entry(self.story, anchor)

    def topic(self, tag: str) -> str | None:
        """To the page of a tag's topic."""
        return f"{self._root}topics/{topic(tag)}/" if self.to_pages else None

    def other(self, slug: str) -> str | None:
        """To another story's page."""
        return f"{self._root}stories/{slug}/" if self.to_pages else None

    def _on(self, page: int, anchor: str) -> str:
        if page == self.number:
            return f"#{anchor}"
        if not self.to_pages:
            return self.addresses.entry(self.story, anchor)
        return f"{self._here}{self._file(self.parting.name(page))}#{anchor}"

    @property
    def _here(self) -> str:
        return "" if self.relative else self.addresses.story(self.story)

    @property
    def _root(self) -> str:
        return "../../" if self.relative else self.addresses.url

    def _file(self, name: str) -> str:
        """As a server knows it, which sends the first page for the folder."""
        return name if name != INDEX else "./" if self.relative else ""
