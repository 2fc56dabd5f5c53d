"""The hash tree (RFC 6962 section 2.1)."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from feed import merkle

# The entries and roots by which implementations of Certificate Transparency are tested
# (github.com/google/certificate-transparency, cpp/merkletree/merkle_tree_test.cc).
ENTRIES = [
    bytes.fromhex(text)
    for text in [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

leaves = st.lists(st.binary(min_size=32, max_size=32), max_size=70)


def grown(leaves: list[bytes]) -> merkle.Frontier:
    """The frontier, leaf by leaf."""
    frontier: merkle.Frontier = ()
    for size, leaf in enumerate(leaves):
        frontier = merkle.extend(frontier, size, leaf)
    return frontier


def tree_hash(leaves: list[bytes]) -> bytes:
    """MTH as RFC 6962 section 2.1 defines it, over leaves that are hashed already."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + tree_hash(leaves[:split]) + tree_hash(leaves[split:])).digest()


@pytest.mark.parametrize("size", range(9))
def test_the_root_is_that_of_the_reference_vectors(size: int) -> None:
    assert merkle.root(grown([merkle.leaf_hash(entry) for entry in ENTRIES[:size]])).hex() == ROOTS[size]


def test_a_leaf_and_an_inner_node_of_the_same_bytes_differ() -> None:
    left, right = b"l" * 32, b"r" * 32
    assert merkle.leaf_hash(left + right) == hashlib.sha256(b"\x00" + left + right).digest()
    assert merkle.node_hash(left, right) == hashlib.sha256(b"\x01" + left + right).digest()


@given(leaves)
def test_the_frontiers_root_is_the_trees(leaves: list[bytes]) -> None:
    assert merkle.root(grown(leaves)) == tree_hash(leaves)


@given(leaves)
def test_the_frontier_holds_the_roots_of_the_perfect_subtrees_largest_first(leaves: list[bytes]) -> None:
    expected, start = [], 0
    for bit in reversed(range(len(leaves).bit_length())):
        if len(leaves) >> bit & 1:
            expected.append(tree_hash(leaves[start : start + (1 << bit)]))
            start += 1 << bit
    assert grown(leaves) == tuple(expected)


@given(leaves)
def test_the_stored_frontier_is_the_hashes_one_after_the_other_and_reads_back(leaves: list[bytes]) -> None:
    frontier = grown(leaves)
    packed = merkle.pack(frontier)
    assert packed == b"".join(frontier)
    assert len(packed) == 32 * len(leaves).bit_count()
    assert merkle.unpack(packed) == frontier


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40), st.data())
def test_another_leaf_anywhere_gives_another_root(leaves: list[bytes], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(leaves) - 1))
    altered = [*leaves[:at], bytes([leaves[at][0] ^ 1]) + leaves[at][1:], *leaves[at + 1 :]]
    assert merkle.root(grown(altered)) != merkle.root(grown(leaves))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 64, 65, 1000])
def test_the_root_is_that_of_another_implementation(size: int) -> None:
    other = InmemoryTree(algorithm="sha256")
    entries = [number.to_bytes(4) for number in range(size)]
    for entry in entries:
        other.append_entry(entry)
    assert merkle.root(grown([merkle.leaf_hash(entry) for entry in entries])) == other.get_root()
