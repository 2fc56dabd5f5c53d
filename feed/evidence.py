"""What is wrong with an event whose hashes do not fit: a flipped bit, the mark of a failing disk, or a hand's work."""

from __future__ import annotations

from binascii import hexlify, unhexlify
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from feed import log, merkle

# Every bit of a payload is tried, at a hash of the whole each.
MOST_BYTES = 8 * 1024
_BITS = range(63)
_IN_HEADER = len(log.HEADER_COLUMNS)


class Row(NamedTuple):
    """An event as it is stored, texts as UTF-8, the commitment in hex; salt and payload are None where the payload is
    missing. What is in the header comes first, in its order."""

    commitment: bytes
    id: bytes
    position: int
    published_at: bytes
    recorded_at: bytes
    schema: int
    story: bytes
    type: bytes
    version: int
    leaf: bytes
    salt: bytes | None
    payload: bytes | None
    erased_by: int | None


def is_bound(row: Row) -> bool:
    """Whether the payload, if it is there, is the one that the header commits to."""
    return row.payload is None or hexlify(log.commit(row.salt or b"", row.payload)) == row.commitment


def leaf_of(row: Row) -> bytes:
    """The leaf that the row's header makes."""
    columns: Any = row[:_IN_HEADER]
    return merkle.leaf_hash(log.header(columns))


def altered(row: Row) -> tuple[Literal["damage", "tampering"], int, str]:
    """What a row that does not fit its hashes shows."""
    if leaf_of(row) == row.leaf:
        if _payload_was_one_bit_off(row):
            return "damage", row.position, "one bit of its payload or salt is flipped"
        return "tampering", row.position, "its payload is not the one that was recorded"
    if are_one_bit_apart(leaf_of(row), row.leaf):
        return "damage", row.position, "one bit of its leaf is flipped"
    for name in log.HEADER_COLUMNS:
        if any(leaf_of(repaired) == row.leaf for repaired in _with_flips(row, name)):
            return "damage", row.position, f"one bit of its {name} is flipped"
    return "tampering", row.position, "its header is not the one that was recorded"


def are_one_bit_apart(one: bytes, other: bytes) -> bool:
    """Whether two values differ in a single bit."""
    return len(one) == len(other) and (int.from_bytes(one) ^ int.from_bytes(other)).bit_count() == 1


def _payload_was_one_bit_off(row: Row) -> bool:
    salt, payload = row.salt or b"", row.payload or b""
    some = _flipped(payload) if len(payload) <= MOST_BYTES else ()
    return any(is_bound(row._replace(salt=right)) for right in _flipped(salt)) or any(
        is_bound(row._replace(payload=right)) for right in some
    )


def _with_flips(row: Row, name: str) -> Iterator[Row]:
    """The row with each bit of one column flipped in turn."""
    yield from (row._replace(**{name: one}) for one in _flips(name, getattr(row, name)))


def _flips(name: str, value: Any) -> Iterator[Any]:
    if name == "commitment":
        return map(hexlify, _flipped(unhexlify(value)))
    return _flipped(value) if isinstance(value, bytes) else (value ^ 1 << bit for bit in _BITS)


def _flipped(stored: bytes) -> Iterator[bytes]:
    changed = bytearray(stored)
    for at in range(len(stored)):
        for bit in range(8):
            changed[at] ^= 1 << bit
            yield bytes(changed)
            changed[at] ^= 1 << bit
