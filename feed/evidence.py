"""What is wrong with an event whose hashes do not fit: a flipped bit, the mark of a failing disk, or a hand's work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

from feed import log, merkle

# Every bit of a payload is tried, at a hash of the whole each.
MOST_BYTES = 8 * 1024
_BITS = range(63)
# The columns that are in the header stand first.
_COLUMNS = 9
_TEXTS = ("id", "story", "type", "recorded_at", "published_at", "commitment")
_INTEGERS = ("position", "version", "schema")


class Row(NamedTuple):
    """An event as it is stored, texts as UTF-8; salt and payload are None where the payload is missing."""

    position: int
    id: bytes
    story: bytes
    version: int
    type: bytes
    schema: int
    recorded_at: bytes
    published_at: bytes
    commitment: bytes
    leaf: bytes
    salt: bytes | None
    payload: bytes | None
    erased_by: int | None


def is_bound(row: Row) -> bool:
    """Whether the payload, if it is there, is the one that the header commits to."""
    return row.payload is None or log.commit(row.salt or b"", row.payload) == row.commitment


def leaf_of(row: Row) -> bytes:
    """The leaf that the row's header makes."""
    columns: Any = row[:_COLUMNS]
    return merkle.leaf_hash(log.header(*columns))


def altered(row: Row) -> tuple[Literal["damage", "tampering"], int, str]:
    """What a row that does not fit its hashes shows."""
    if leaf_of(row) == row.leaf:
        if _payload_was_one_bit_off(row):
            return "damage", row.position, "one bit of its payload or salt is flipped"
        return "tampering", row.position, "its payload is not the one that was recorded"
    if are_one_bit_apart(leaf_of(row), row.leaf):
        return "damage", row.position, "one bit of its leaf is flipped"
    for name in (*_TEXTS, *_INTEGERS):
        if any(leaf_of(repaired) == row.leaf for repaired in _with_flips(row, name)):
            return "damage", row.position, f"one bit of its {name} is flipped"
    return "tampering", row.position, "its header is not the one that was recorded"


def are_one_bit_apart(one: bytes, other: bytes) -> bool:
    """Whether two values differ in a single bit."""
    return len(one) == len(other) and (int.from_bytes(one) ^ int.from_bytes(other)).bit_count() == 1


def _payload_was_one_bit_off(row: Row) -> bool:
    salt, payload = row.salt or b"", row.payload or b""
    return _one_bit_repairs(salt, lambda right: log.commit(right, payload) == row.commitment) or (
        len(payload) <= MOST_BYTES
        and _one_bit_repairs(payload, lambda right: log.commit(salt, right) == row.commitment)
    )


def _one_bit_repairs(stored: bytes, is_right: Callable[[bytes], bool]) -> bool:
    return any(map(is_right, _flipped(stored)))


def _with_flips(row: Row, name: str) -> Iterator[Row]:
    """The row with each bit of one column flipped in turn."""
    value: Any = getattr(row, name)
    flipped: Iterator[Any] = _flipped(value) if isinstance(value, bytes) else (value ^ 1 << bit for bit in _BITS)
    for one in flipped:
        yield row._replace(**{name: one})


def _flipped(stored: bytes) -> Iterator[bytes]:
    changed = bytearray(stored)
    for at in range(len(stored)):
        for bit in range(8):
            changed[at] ^= 1 << bit
            yield bytes(changed)
            changed[at] ^= 1 << bit
