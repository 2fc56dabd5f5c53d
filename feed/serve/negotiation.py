"""Which content coding an answer has (RFC 9110 section 12.5.3)."""

from __future__ import annotations

import re
from functools import lru_cache

IDENTITY, GZIP, BROTLI = "identity", "gzip", "br"
# What is taken where the client likes several as well: the smallest first.
OFFERED = (BROTLI, GZIP, IDENTITY)

_LONGEST = 500
_ALIASES = {b"x-gzip": b"gzip"}
_MEMBER = re.compile(rb"[ \t]*+([!#$%&'*+.^_`|~0-9A-Za-z-]++)[ \t]*+(?:;[ \t]*+[qQ]=([01](?:\.[0-9]{0,3})?)[ \t]*+)?")


def coding(accepted: bytes | None) -> str:
    """One of OFFERED for the value of Accept-Encoding, None where there is no such field.

    Without the field or with an empty one no coding is applied. Where nothing on offer is acceptable, identity is
    answered all the same, as section 12.5.3 allows: a feed that comes is worth more than a refusal.
    """
    # Whoever sends pages of codings gets none, and no place in the cache.
    if not accepted or len(accepted) > _LONGEST:
        return IDENTITY
    return _coding(accepted)


@lru_cache(maxsize=256)
def _coding(accepted: bytes) -> str:
    weights = _weights(accepted)
    others = weights.get(b"*", 0.0)
    # Identity is acceptable unless it is ruled out, and the least of what is liked unless a weight is given to it.
    least = weights.get(b"identity", others if b"*" in weights else 0.0005)
    liked = {
        BROTLI: weights.get(b"br", others),
        GZIP: weights.get(b"gzip", others),
        IDENTITY: least,
    }
    best = max(OFFERED, key=lambda name: liked[name])
    return best if liked[best] > 0 else IDENTITY


def _weights(accepted: bytes) -> dict[bytes, float]:
    """The weight (section 12.4.2) of each coding; a member that is malformed counts for nothing."""
    weights: dict[bytes, float] = {}
    for member in accepted.lower().split(b","):
        found = _MEMBER.fullmatch(member)
        if found:
            weight = float(found[2]) if found[2] else 1.0
            weights[_ALIASES.get(found[1], found[1])] = min(weight, 1.0)
    return weights
