"""The topic of a tag: the folder that it has in the published site."""

from __future__ import annotations

import hashlib
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.topics import topic


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("Weather", "weather"),
        ("US-China relations", "us-china-relations"),
        ("  Weather, again! ", "weather-again"),
        ("Élysée", "elysee"),
        ("Zürich", "zurich"),
        ("ﬁnance", "finance"),
        ("2026", "2026"),
    ],
)
def test_a_topic_is_the_tag_in_plain_letters(tag, expected):
    assert topic(tag) == expected


@pytest.mark.parametrize("tag", ["Straße", "Øresund", "погода", "天気", "C++", "€ zone", "½"])
def test_where_letters_or_symbols_are_lost_a_hash_keeps_tags_apart(tag):
    digest = hashlib.sha256(unicodedata.normalize("NFC", tag).casefold().encode()).hexdigest()[:8]
    assert topic(tag).endswith(digest)


def test_tags_that_differ_in_case_accents_or_punctuation_only_are_one_topic():
    assert len({topic(tag) for tag in ("Cafe", "café", "CAFÉ", "cafe!", "Cafe\u0301")}) == 1


def test_tags_that_lose_different_letters_are_different_topics():
    assert len({topic(tag) for tag in ("погода", "город", "天気", "C", "C++", "C−")}) == 6


@given(st.text(min_size=1))
def test_a_topic_is_a_name_that_a_folder_and_an_address_can_have(tag):
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", topic(tag))
