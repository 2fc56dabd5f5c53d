"""A real browser on what was published, served as any static host would."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import Site
from file_server import Server, serving

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = (360, 768, 1440)


class Published:
    """A newsroom whose site is served, under the very address that its settings name."""

    def __init__(self, site: Site, server: Server) -> None:
        self.site = site
        self.server = server
        text = site.config.read_text().replace("https://news.example.org/", server.url)
        site.config.write_text(text)

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def public(self) -> Path:
        return self.site.folder / "public"

    def publish(self, *lines: bytes) -> None:
        """Append these events, and publish."""
        self.site.fill(lines)
        result = self.site.run("publish")
        assert result.exit_code == 0, result.output

    def story(self, slug: str = "flood", name: str = "") -> str:
        """The address of a story's page."""
        return f"{self.url}stories/{slug}/{name}"

    def show(self, slug: str, as_of: str | None = None) -> dict[str, Any]:
        """What `feed show` says."""
        asked = ["--as-of", as_of] if as_of else []
        result = self.site.run("show", slug, *asked, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def log(self, slug: str) -> list[dict[str, Any]]:
        """The story's events."""
        return [json.loads(one) for one in self.site.run("log", slug, "--json").stdout.splitlines()]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's chromium, for all tests of a run."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@contextmanager
def newsroom(folder: Path) -> Iterator[Published]:
    """A newsroom in a folder, with its server."""
    with serving(folder / "public") as server:
        yield Published(Site(folder), server)


class Watch:
    """What went wrong on a browser's pages, what they asked for, and whether anything hostile ran."""

    def __init__(self, context: Any) -> None:
        self.troubles: list[str] = []
        self.requests: list[str] = []
        self.dialogs = 0
        context.on("console", self._console)
        context.on("weberror", lambda error: self.troubles.append(str(error.error)))
        context.on("request", lambda request: self.requests.append(request.url))
        context.on("dialog", self._dialog)

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(message.text)

    def _dialog(self, dialog: Any) -> None:
        self.dialogs += 1
        dialog.dismiss()


@contextmanager
def opened(browser: Any, **options: Any) -> Iterator[tuple[Any, Watch]]:
    """A page of a browser with a memory of its own, and what is seen of it."""
    context = browser.new_context(**options)
    context.set_default_timeout(10_000)
    watch = Watch(context)
    try:
        yield context.new_page(), watch
    finally:
        context.close()


def embedded(page: Any) -> dict[str, Any] | None:
    """The control's data on a page."""
    held = page.query_selector("#_past")
    return json.loads(held.text_content()) if held else None


def at_minute(number: int) -> str:
    """A time for an event: moments are a minute apart."""
    return f"2026-02-03T{12 + number // 60:02}:{number % 60:02}:00Z"


def timed(*lines: bytes) -> list[bytes]:
    """The events, each a minute after the one before."""
    events = [json.loads(one) | {"published_at": at_minute(number)} for number, one in enumerate(lines)]
    return [json.dumps(event).encode() + b"\n" for event in events]
