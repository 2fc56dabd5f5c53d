"""Markdown to HTML in which nothing is active or loaded, and its shortening (publishing.md section 2 rule 7)."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from html.parser import HTMLParser

import cmarkgfm
import nh3
from cmarkgfm.cmark import Options
from markupsafe import escape

TEXT_BYTES = 4_000
# Markup is not counted as text, but a body of nothing but tags must not fill a feed either.
_CHARACTERS_PER_BYTE = 4
_DEEPEST = 1_000
_PASSES = 10
_PIECE = 1_000

# "tagfilter" shows <script>, <title> and the like as they were typed, where sanitising alone would swallow all that
# follows an unclosed one. Task lists are left as typed too, for their boxes are form controls.
_EXTENSIONS = ["table", "strikethrough", "autolink", "tagfilter"]
_TAGS = (
    {"a", "abbr", "b", "bdi", "br", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s", "samp", "small"}
    | {"strong", "sub", "sup", "time", "u", "var", "blockquote", "dd", "dl", "dt", "hr", "li", "ol", "p", "pre", "ul"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "table", "tbody", "td", "tfoot", "th", "thead", "tr"}
)
# No ids, so that none can collide with the anchors of a page.
_ATTRIBUTES = {
    "*": {"dir", "lang"},
    "a": {"href"},
    "abbr": {"title"},
    "blockquote": {"cite"},
    "ol": {"start"},
    "time": {"datetime"},
}
_VOID = {"br", "hr"}
_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    attributes=_ATTRIBUTES,
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel=None,
)
_STRIPPER = nh3.Cleaner(tags=set())

# HTML Standard section 13.2.3.5: controls and noncharacters are errors in a document. XML has no use for them either.
_NOT_HTML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_PLANE_ENDS = re.compile(
    "[" + "".join(chr(plane << 16 | last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF)) + "]"
)
# What these, and ends of lines that are no line feed, look like in UTF-8. To look for characters in a text takes six
# times as long, and hardly a text has any.
_CONTROLS = bytes([*range(9), *range(11, 32), 0x7F])
_HIGH_CONTROL = re.compile(rb"\xc2[\x80-\x9f]")
_NONCHARACTER = re.compile(rb"\xef(?:\xb7[\x90-\xaf]|\xbf[\xbe\xbf])")
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf]")
_BEYOND_FIRST_PLANE = (b"\xf0", b"\xf1", b"\xf2", b"\xf3", b"\xf4")
_NEW_LINE = re.compile("\r\n|[\r\x85]")
# cmark writes these two as bytes that are no UTF-8.
_NO_UTF8 = re.compile("&#(?:x0*fff[ef]|0*6553[45]);", re.IGNORECASE)
_START_OR_END = re.compile(r"<(/?)(?!(?:br|hr|img|input|wbr|link|meta)\b)[a-z]", re.IGNORECASE)
_TAG = re.compile(r"""<(?:"[^"]*"|[^">])*>""")
_HEADING = re.compile(r"(</?)h([1-6])\b")


# The page and several feeds of one publish ask for the same one.
@lru_cache(maxsize=1_024)
def render(markdown: str) -> str:
    """The HTML of Markdown (GitHub's: tables, strikethrough, bare addresses; raw HTML, cleaned).

    Headings are three levels deeper than written, because a page's, a section's and an entry's titles stand above
    them. What is no prose by its nesting comes as it was typed.
    """
    # Its own elements are nested as a parser nests them; only typed ones may not be.
    typed = "<" in markdown
    raw = cmarkgfm.markdown_to_html_with_extensions(
        _NO_UTF8.sub("&#xFFFD;", markdown), options=Options.CMARK_OPT_UNSAFE, extensions=_EXTENSIONS
    )
    markup = None if _is_too_deep(raw) else _settled(raw) if typed else clean(raw)
    if markup is None:
        return clean(f"<pre>{escape(markdown)}</pre>")
    return _HEADING.sub(lambda match: f"{match[1]}h{min(int(match[2]) + 3, 6)}", markup)


def clean(markup: str) -> str:
    """`markup` without all but a sober set of elements, and without relative and active links."""
    return legal(_CLEANER.clean(markup))


def legal(markup: str) -> str:
    """`markup` with U+FFFD for every character that HTML forbids, and line feeds for every line's end."""
    if not _is_suspect(markup.encode(errors="surrogatepass")):
        return markup
    return _PLANE_ENDS.sub("\ufffd", _NOT_HTML.sub("\ufffd", _NEW_LINE.sub("\n", markup)))


def plain(markup: str, size: int) -> str:
    """The text of `markup` in one line, cut to `size` bytes."""
    # Mostly so much has more than enough text.
    line = _line(markup[: size * _CHARACTERS_PER_BYTE])
    return cut(line if len(line.encode()) > size else _line(markup), size)


def opening(markup: str, size: int) -> str:
    """The beginning of what cleaned `markup` says, in one line of at most `size` bytes."""
    # Of markup, so much has more than enough text, and to parse it all would take a hundred times as long.
    beginning = html.unescape(_TAG.sub(" ", markup[: size * 4]).partition("<")[0])
    return cut(" ".join(beginning.split()), size)


def cut(text: str, size: int) -> str:
    """The beginning of `text`, whole words where it has any, in at most `size` bytes of UTF-8; then an ellipsis."""
    if len(text.encode()) <= size:
        return text
    beginning = text.encode()[: max(size - len(" …".encode()), 0)].decode(errors="ignore")
    whole = re.match(r".*(?=\s)", beginning, re.DOTALL)
    beginning = (whole[0] if whole else beginning).rstrip()
    return f"{beginning} …" if beginning else ""


def excerpt(markup: str, limit: int = TEXT_BYTES) -> tuple[str, bool]:
    """The first blocks of cleaned `markup` that hold at most `limit` bytes of text, and whether any was left out.

    Where that would leave less than half of `limit`, the beginning of the next block's text follows as a paragraph.
    """
    return (markup, False) if is_short(markup, limit) else _beginning(markup, limit)


def is_short(markup: str, limit: int) -> bool:
    """Whether it needs no cutting, however little of it is markup."""
    return len(markup.encode()) <= limit


# Three formats of several feeds ask for the same one.
@lru_cache(maxsize=128)
def _beginning(markup: str, limit: int) -> tuple[str, bool]:
    longest = limit * _CHARACTERS_PER_BYTE
    if len(markup) <= longest and len(_text(markup).encode()) <= limit:
        return markup, False
    kept: list[str] = []
    room = limit
    for block, text in _Blocks().first(markup[:longest], limit):
        size = len(text.encode())
        if not block or size > room:
            if room > limit / 2 and (words := cut(text.strip(), room)):
                kept.append(f"<p>{escape(words)}</p>")
            break
        kept.append(block)
        room -= size
    return "".join(kept).rstrip(), True


class _Blocks(HTMLParser):
    """Takes cleaned HTML, in which every element but the void ones is closed, apart into its outermost blocks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._blocks: list[tuple[str, str]] = []
        self._markup: list[str] = []
        self._text: list[str] = []
        self._depth = 0
        self._size = 0

    def first(self, markup: str, size: int) -> list[tuple[str, str]]:
        """The markup and text of the blocks with the first `size` bytes of text; of a last one that is not whole, no
        markup."""
        for start in range(0, len(markup), _PIECE):
            self.feed(markup[start : start + _PIECE])
            if self._size > size:
                break
        return [*self._blocks, ("", "".join(self._text))]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._markup.append(self.get_starttag_text() or "")
        self._depth += tag not in _VOID
        self._end_block()

    def handle_endtag(self, tag: str) -> None:
        self._markup.append(f"</{tag}>")
        self._depth -= 1
        self._end_block()

    def handle_data(self, data: str) -> None:
        self._markup.append(escape(data))
        self._text.append(data)
        self._size += len(data.encode())
        self._end_block()

    def _end_block(self) -> None:
        if not self._depth:
            self._blocks.append(("".join(self._markup), "".join(self._text)))
            self._markup, self._text = [], []


def _is_suspect(text: bytes) -> bool:
    """Whether it may hold something that HTML forbids, or an end of a line that is no line feed."""
    if len(text.translate(None, _CONTROLS)) < len(text):
        return True
    return not text.isascii() and (
        any(pattern.search(text) for pattern in (_HIGH_CONTROL, _NONCHARACTER, _SURROGATE))
        or any(lead in text for lead in _BEYOND_FIRST_PLANE)
    )


def _settled(raw: str) -> str | None:
    """`raw` cleaned until its elements are nested as a parser would nest them; None where they never are.

    Cleaning once leaves what a browser would take for other nesting, where it took out an element in between.
    """
    markup = clean(raw)
    for _ in range(_PASSES):
        before, markup = markup, clean(markup)
        if markup == before:
            return markup
    return None


def _line(markup: str) -> str:
    return " ".join(_text(markup).split())


def _text(markup: str) -> str:
    return html.unescape(_STRIPPER.clean(markup))


def _is_too_deep(raw: str) -> bool:
    """Whether elements of `raw` may be nested so deep that sanitising, which takes time by the square of it, would
    last."""
    if raw.count("<") <= _DEEPEST:
        return False
    deepest = level = 0
    for match in _START_OR_END.finditer(raw):
        level += -1 if match[1] else 1
        deepest = max(deepest, level)
    return deepest > _DEEPEST
