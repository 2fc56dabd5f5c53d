"""Data inside a page."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from markupsafe import Markup

# What could end the script element or begin a comment in it, the two separators that JavaScript takes for a line's
# end, and the controls beyond ASCII: a page writes U+0085 as a line feed, which no JSON string may hold.
_UNSAFE = re.compile("[<\u2028\u2029\x7f-\x9f]")


def embedded(value: Any) -> Markup:
    """A value as compact JSON that can stand in a script element (HTML Standard section 4.12.1.3)."""
    text = msgspec.json.encode(value).decode()
    return Markup(_UNSAFE.sub(_escaped, text))  # noqa: S704  # nothing is left that HTML could take for its own


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
