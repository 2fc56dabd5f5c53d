"""Topics: the folder that a tag has in the published site (publishing.md section 1)."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache

_OTHER = re.compile("[^a-z0-9]+")


# A newsroom has few tags, and each of its developments asks for the topics of some.
@lru_cache(maxsize=1024)
def topic(tag: str) -> str:
    """The topic of a tag; tags that differ in case, accents or punctuation only have the same.

    Where letters or symbols are lost on the way, the hash of the casefolded tag keeps different tags apart.
    """
    folded = unicodedata.normalize("NFC", tag).casefold()
    bare = "".join(char for char in unicodedata.normalize("NFKD", tag) if not unicodedata.combining(char)).lower()
    name = _OTHER.sub("-", bare).strip("-")
    if not any(_is_lost(char) for char in bare):
        return name or _hash(folded)
    return "-".join(part for part in (name, _hash(folded)) if part)


def _is_lost(char: str) -> bool:
    """Whether a letter, digit or symbol has no place in a folder's name; punctuation and spaces only part words."""
    return not _is_plain(char) and unicodedata.category(char)[0] in "LNS"


def _is_plain(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _hash(folded: str) -> str:
    return hashlib.sha256(folded.encode()).hexdigest()[:8]
