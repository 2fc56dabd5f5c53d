"""The hash tree over the log (RFC 6962 section 2.1): leaf, frontier, root.

The frontier of a tree of n leaves is the list of the roots of its perfect subtrees, largest first, one for
each bit that is set in n. It is all that appending needs.
"""

from __future__ import annotations

import hashlib

HASH_BYTES = 32

Frontier = tuple[bytes, ...]


def leaf_hash(entry: bytes) -> bytes:
    """The 32-byte hash of a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The 32-byte hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def extend(frontier: Frontier, size: int, leaf: bytes) -> Frontier:
    """The frontier after one more leaf; `size` is the number of leaves before it."""
    hashes = list(frontier)
    grow(hashes, size, leaf)
    return tuple(hashes)


def grow(hashes: list[bytes], size: int, leaf: bytes) -> None:
    """The same in place, for those who take in leaf after leaf."""
    while size & 1:
        leaf = node_hash(hashes.pop(), leaf)
        size >>= 1
    hashes.append(leaf)


def root(frontier: Frontier) -> bytes:
    """The tree's root hash; of an empty tree the hash of nothing."""
    if not frontier:
        return hashlib.sha256(b"").digest()
    *rest, accumulated = frontier
    for left in reversed(rest):
        accumulated = node_hash(left, accumulated)
    return accumulated


def pack(frontier: Frontier) -> bytes:
    """The frontier as the bytes that are stored."""
    return b"".join(frontier)


def unpack(packed: bytes) -> Frontier:
    """The frontier from its stored bytes."""
    return tuple(packed[start : start + HASH_BYTES] for start in range(0, len(packed), HASH_BYTES))
