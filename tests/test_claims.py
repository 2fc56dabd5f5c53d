"""Claims: the status that parties' stances give, whose stances count, and the wording."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.claims import Claim, claims_of, status
from feed.events import (
    Changes,
    Data,
    Event,
    Position,
    Stance,
    StoryOpened,
    StoryWithdrawn,
    UpdateAdded,
    UpdateRevised,
    UpdateWithdrawn,
)
from feed.fold import fold
from feed.story import Story

POSITIONS: tuple[Position, ...] = get_args(Position)
PARTIES = ("Mayor", "Operator", "Engineer")


def story(*history: Data) -> Story:
    """The story after its opening and these events."""
    folded = fold(
        Event(
            position=number,
            id=f"event-{number}",
            story="flood",
            version=number,
            recorded_at=at(number),
            published_at=at(number),
            author="Desk",
            data=data,
            leaf=b"",
        )
        for number, data in enumerate([StoryOpened(headline="Flood"), *history], 1)
    )
    assert folded is not None
    return folded


def at(minute: int) -> str:
    return f"2026-02-03T12:{minute:02}:00.000000Z"


def stance(by: str, position: Position, text: str | None = None, claim: str = "safe") -> Stance:
    return Stance(claim=claim, by=by, position=position, text=text)


def update(name: str, *stances: Stance) -> UpdateAdded:
    return UpdateAdded(update=name, headline="H", stances=stances)


def restated(name: str, *stances: Stance | None, **changes: Any) -> UpdateRevised:
    return UpdateRevised(update=name, signal="correction", notice="N", changes=Changes(stances=stances, **changes))


def withdrawn(name: str, *, untold: bool = False) -> UpdateWithdrawn:
    return UpdateWithdrawn(update=name, notice=None if untold else "N", untold=untold or None)


def claim(*history: Data) -> Claim:
    """The one claim of the story after these events."""
    (only,) = claims_of(story(*history))
    return only


def stands(*history: Data) -> str:
    return claim(*history).status


# The status

STATUS = [
    ({"US": "asserts"}, "unconfirmed"),
    ({"US": "confirms"}, "unconfirmed"),
    ({"US": "denies"}, "denied"),
    ({"US": "declines"}, "unconfirmed"),
    ({"US": "retracts"}, "retracted"),
    ({"US": "asserts", "China": "asserts"}, "unconfirmed"),
    ({"US": "asserts", "China": "confirms"}, "confirmed"),
    ({"US": "confirms", "China": "confirms"}, "confirmed"),
    ({"US": "asserts", "China": "denies"}, "disputed"),
    ({"US": "confirms", "China": "denies"}, "disputed"),
    ({"US": "asserts", "China": "declines"}, "unconfirmed"),
    ({"US": "asserts", "China": "retracts"}, "unconfirmed"),
    ({"US": "confirms", "China": "declines"}, "unconfirmed"),
    ({"US": "confirms", "China": "retracts"}, "unconfirmed"),
    ({"US": "denies", "China": "denies"}, "denied"),
    ({"US": "denies", "China": "declines"}, "denied"),
    ({"US": "denies", "China": "retracts"}, "denied"),
    ({"US": "declines", "China": "declines"}, "unconfirmed"),
    ({"US": "declines", "China": "retracts"}, "retracted"),
    ({"US": "retracts", "China": "retracts"}, "retracted"),
    ({"US": "asserts", "China": "confirms", "Canada": "denies"}, "disputed"),
    ({"US": "asserts", "China": "confirms", "Canada": "retracts"}, "confirmed"),
    ({"US": "asserts", "China": "asserts", "Canada": "declines"}, "unconfirmed"),
]


@pytest.mark.parametrize(("latest", "expected"), STATUS)
def test_the_status_follows_from_the_latest_positions_in_whatever_order(
    latest: dict[str, Position], expected: str
) -> None:
    for parties in permutations(latest):
        assert status({party: latest[party] for party in parties}) == expected


def in_the_words_of_the_design(latest: dict[str, str]) -> str:
    """product.md section 2, sentence by sentence, by looking at every pair of parties."""
    pairs = list(permutations(latest, 2))
    if any(latest[one] in ("asserts", "confirms") and latest[other] == "denies" for one, other in pairs):
        return "disputed"
    if any(latest[one] == "confirms" and latest[other] in ("asserts", "confirms") for one, other in pairs):
        return "confirmed"
    if any(position in ("asserts", "confirms") for position in latest.values()):
        return "unconfirmed"
    if any(position == "denies" for position in latest.values()):
        return "denied"
    if any(position == "retracts" for position in latest.values()):
        return "retracted"
    return "unconfirmed"


@pytest.mark.parametrize("parties", [1, 2, 3, 4])
def test_the_status_is_that_of_the_design_for_every_set_of_positions(parties: int) -> None:
    for positions in product(POSITIONS, repeat=parties):
        latest = dict(zip("ABCD", positions, strict=False))
        assert status(latest) == in_the_words_of_the_design(latest), latest


_stances = st.lists(
    st.builds(stance, st.sampled_from(PARTIES), st.sampled_from(POSITIONS), claim=st.sampled_from(["safe", "dry"])),
    max_size=3,
)
_steps = st.lists(st.tuples(st.sampled_from(["add", "restate", "withdraw", "undo"]), st.integers(0, 5), _stances))


@given(_steps)
@settings(max_examples=150)
def test_after_any_history_the_latest_counting_stance_of_each_party_decides(
    steps: list[tuple[str, int, list[Stance]]],
) -> None:
    history: list[Data] = []
    standing: dict[int, list[Stance]] = {}
    added = 0
    for step, number, stances in steps:
        if step == "add":
            standing[added] = stances
            history.append(update(f"u{added}", *stances))
            added += 1
        elif number in standing:
            if step == "restate":
                standing[number] = stances
                history.append(restated(f"u{number}", *stances))
            else:
                del standing[number]
                history.append(withdrawn(f"u{number}", untold=step == "undo"))
    expected: dict[str, dict[str, str]] = {}
    for number in sorted(standing):
        for one in standing[number]:
            expected.setdefault(one.claim, {})[one.by] = one.position
    found = {claim.claim: claim for claim in claims_of(story(*history))}
    assert {name: one.status for name, one in found.items()} == {
        name: in_the_words_of_the_design(latest) for name, latest in expected.items()
    }
    for name, latest in expected.items():
        assert found[name].confirmed_by == tuple(sorted(by for by, said in latest.items() if said == "confirms"))


# Whose stances count


@pytest.mark.parametrize(
    ("then", "expected"), [("denies", "denied"), ("retracts", "retracted"), ("declines", "unconfirmed")]
)
def test_of_a_party_the_latest_stance_counts(then: Position, expected: str) -> None:
    assert stands(update("1", stance("US", "confirms")), update("2", stance("US", then))) == expected


def test_a_party_that_confirms_what_it_asserted_confirms_nothing() -> None:
    assert stands(update("1", stance("US", "asserts")), update("2", stance("US", "confirms"))) == "unconfirmed"


def test_of_two_stances_of_a_party_in_one_update_the_last_counts() -> None:
    assert stands(update("1", stance("US", "asserts"), stance("US", "denies"))) == "denied"


def test_parties_are_told_apart_by_their_exact_names() -> None:
    assert stands(update("1", stance("US", "asserts"), stance("us", "denies"))) == "disputed"


def test_the_stances_of_a_withdrawn_update_do_not_count() -> None:
    both = [update("1", stance("US", "asserts")), update("2", stance("China", "denies"))]
    assert stands(*both) == "disputed"
    assert stands(*both, withdrawn("1")) == "denied"
    assert stands(*both, withdrawn("2")) == "unconfirmed"
    assert stands(*both, withdrawn("2", untold=True)) == "unconfirmed"


def test_with_a_withdrawn_update_an_earlier_stance_of_the_party_counts_again() -> None:
    changed_its_mind = [update("1", stance("US", "asserts")), update("2", stance("US", "denies"))]
    assert stands(*changed_its_mind) == "denied"
    assert stands(*changed_its_mind, withdrawn("2")) == "unconfirmed"


def test_a_claim_without_a_counting_stance_is_not_there() -> None:
    one = update("1", stance("US", "asserts", "It is safe"))
    assert claims_of(story(one, withdrawn("1"))) == []
    assert claims_of(story(one, restated("1"))) == []
    assert claims_of(story()) == []


def test_a_revised_stance_stands_in_its_updates_place() -> None:
    both = [update("1", stance("US", "asserts")), update("2", stance("US", "denies"))]
    assert stands(*both, restated("1", stance("US", "confirms"))) == "denied"
    assert stands(*both, restated("2", stance("US", "confirms"))) == "unconfirmed"
    revised = claim(*both, restated("1", stance("US", "retracts")))
    assert [(one.update, one.position, one.place, one.published_at) for one in revised.statements] == [
        ("1", "retracts", 2, at(2)),
        ("2", "denies", 3, at(3)),
    ]


def test_the_claims_of_a_withdrawn_story_are_still_the_desks() -> None:
    assert stands(update("1", stance("US", "denies")), StoryWithdrawn(notice="N")) == "denied"


# Wording and order


def test_the_latest_wording_that_stands_is_the_claims() -> None:
    first = update("1", stance("US", "asserts", "It is safe"))
    second = update("2", stance("China", "denies", "It is quite safe"))
    third = update("3", stance("US", "confirms"))
    assert claim(first).text == "It is safe"
    assert claim(first, second).text == "It is quite safe"
    assert claim(first, second, third).text == "It is quite safe"
    assert claim(first, second, third, withdrawn("2")).text == "It is safe"
    assert claim(first, third, withdrawn("1")).text is None


def test_a_rewording_in_a_revision_takes_its_updates_place() -> None:
    first = update("1", stance("US", "asserts", "It is safe"))
    second = update("2", stance("China", "denies", "It is quite safe"))
    reworded = restated("1", stance("US", "asserts", "It is very safe"))
    assert claim(first, reworded).text == "It is very safe"
    assert claim(first, second, reworded).text == "It is quite safe"


def test_claims_stand_in_the_order_in_which_they_were_first_named() -> None:
    first = update("1", stance("US", "asserts", claim="b"), stance("US", "asserts", claim="a"))
    second = update("2", stance("US", "asserts", claim="c"))
    again = update("3", stance("US", "denies", claim="b"))
    late = restated("1", stance("US", "asserts", claim="d"), stance("US", "asserts", claim="a"))
    assert [one.claim for one in claims_of(story(first, second))] == ["b", "a", "c"]
    assert [one.claim for one in claims_of(story(first, second, again, withdrawn("1")))] == ["b", "c"]
    assert [one.claim for one in claims_of(story(first, second, late))] == ["a", "c", "d"]


def test_those_who_confirm_are_named_in_order() -> None:
    three = update("1", *(stance(by, "confirms") for by in ("US", "China", "Canada")), stance("UK", "asserts"))
    assert claim(three).confirmed_by == ("Canada", "China", "US")
    assert claim(three, update("2", stance("China", "retracts"))).confirmed_by == ("Canada", "US")
