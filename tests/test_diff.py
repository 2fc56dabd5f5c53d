"""What is said of the change from one text to another."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feed.diff import Part, word_diff

TEXTS = st.text(alphabet="ab. \n\t", max_size=60) | st.lists(st.sampled_from(["one", "two", "three"])).map(" ".join)


def marked(before: str, after: str) -> str:
    marks = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
    return "".join(marks[part.kind].format(part.text) for part in word_diff(before, after))


def without(kind: str, parts: list[Part]) -> str:
    return "".join(part.text for part in parts if part.kind != kind)


@given(TEXTS, TEXTS)
@example(" \n a", "a \n ")
@example("\n\n", " ")
def test_both_texts_can_be_put_together_again_to_the_last_space(before: str, after: str) -> None:
    parts = word_diff(before, after)
    assert without("added", parts) == before
    assert without("removed", parts) == after


@given(TEXTS, TEXTS)
def test_no_part_is_empty_and_neighbours_differ_with_removals_first(before: str, after: str) -> None:
    kinds = [part.kind for part in word_diff(before, after) if part.text or pytest.fail("empty")]
    assert set(pairwise(kinds)) <= {
        ("same", "removed"),
        ("same", "added"),
        ("removed", "added"),
        ("removed", "same"),
        ("added", "same"),
    }


@given(TEXTS)
def test_a_text_is_the_same_as_itself(text: str) -> None:
    assert word_diff(text, text) == ([Part(kind="same", text=text)] if text else [])


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("The dam holds", "The dam broke", "The dam [-holds-]{+broke+}"),
        ("Eleven people", "Eleven people, we hear, are safe", "Eleven [-people-]{+people, we hear, are safe+}"),
        ("a b", "a b c", "a b{+ c+}"),
        ("old ", "new ", "[-old-]{+new+} "),
        ("", "new", "{+new+}"),
        ("old", "", "[-old-]"),
        ("one  two", "one two", "one[-  -]{+ +}two"),
        ("First.\n\nSecond old.", "First.\n\nSecond new.", "First.\n\nSecond [-old.-]{+new.+}"),
    ],
)
def test_words_are_marked_without_the_space_around_them(before: str, after: str, expected: str) -> None:
    assert marked(before, after) == expected


def test_a_lone_the_between_changes_is_part_of_the_change() -> None:
    before, after = "big dogs ate the slow cats today", "small horses bit the fast mice today"
    assert marked(before, after) == "[-big dogs ate the slow cats-]{+small horses bit the fast mice+} today"


def test_words_longer_than_the_changes_around_them_stay_by_themselves() -> None:
    assert marked("at 10 metres and 20 people", "at 12 metres and 25 people") == (
        "at [-10-]{+12+} metres and [-20-]{+25+} people"
    )


def test_a_change_does_not_reach_over_the_end_of_a_line_that_stayed() -> None:
    assert marked("big old dogs\nthe\nslow old cats", "small new dogs\nthe\nfast new cats") == (
        "[-big old-]{+small new+} dogs\nthe\n[-slow old-]{+fast new+} cats"
    )


def test_up_to_two_thousand_words_are_compared_by_words() -> None:
    words = [f"w{number}" for number in range(2_000)]
    before, after = " ".join(words), " ".join([*words[:-2], "x", words[-1]])
    assert [part.text for part in word_diff(before, after)[1:]] == ["w1998", "x", " w1999"]


def test_beyond_two_thousand_words_paragraphs_are_compared() -> None:
    words = [f"w{number}" for number in range(1_000)]
    before = "\n\n".join([" ".join(words), "the last one", " ".join(words), "x"])
    after = before.replace("last", "only")
    assert [part.text for part in word_diff(before, after)[1:3]] == ["the last one", "the only one"]


def test_beyond_two_thousand_paragraphs_the_whole_texts_are_compared() -> None:
    before = "\n\n".join(f"w{number}" for number in range(2_001))
    assert word_diff(before, before + ".") == [
        Part(kind="removed", text=before),
        Part(kind="added", text=before + "."),
    ]
