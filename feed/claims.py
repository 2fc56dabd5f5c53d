"""Claims: checkable sentences, and where the parties stand on them (product.md section 2, claim status).

Nothing of this is stored: a claim's wording and status follow from the stances of the usable updates,
in the order of the updates. A revised stance stands where its update stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from feed.dates import Instant
from feed.events import Position
from feed.story import Story, Update

ClaimStatus = Literal["disputed", "confirmed", "unconfirmed", "denied", "retracted"]


class Statement(Struct, frozen=True, kw_only=True):
    """A stance with the update that reports it; `place` is the version of the event that added that update."""

    claim: str
    by: str
    position: Position
    text: str | None
    update: str
    place: int
    published_at: Instant


class Claim(Struct, frozen=True, kw_only=True):
    """`text` is the latest wording that stands, None if none does; `confirmed_by` is in order of name."""

    claim: str
    text: str | None
    status: ClaimStatus
    confirmed_by: tuple[str, ...]
    statements: tuple[Statement, ...]


def statements(updates: Iterable[Update]) -> list[Statement]:
    """The stances that count, of these updates in the order they were added."""
    return [
        Statement(
            claim=stance.claim,
            by=stance.by,
            position=stance.position,
            text=stance.text,
            update=update.update,
            place=update.added,
            published_at=update.published_at,
        )
        for update in updates
        if update.status == "usable"
        for stance in update.stances
    ]


def claims(counting: Iterable[Statement]) -> list[Claim]:
    """The claims that these statements, in order, are about, in the order first named."""
    by_claim: dict[str, list[Statement]] = {}
    for statement in counting:
        by_claim.setdefault(statement.claim, []).append(statement)
    return [claim(name, of_claim) for name, of_claim in by_claim.items()]


def claims_of(story: Story) -> list[Claim]:
    """The claims of a whole story."""
    named = claims(statements(story.updates.values()))
    return sorted(named, key=lambda claim: story.named.get(claim.claim, 0))


def claim(name: str, counting: Iterable[Statement]) -> Claim:
    """One claim as these statements about it leave it."""
    counting = tuple(counting)
    latest = {statement.by: statement.position for statement in counting}
    wordings = [statement.text for statement in counting if statement.text is not None]
    return Claim(
        claim=name,
        text=wordings[-1] if wordings else None,
        status=status(latest),
        confirmed_by=tuple(sorted(by for by, position in latest.items() if position == "confirms")),
        statements=counting,
    )


def status(latest: dict[str, Position]) -> ClaimStatus:
    """What the latest positions of the parties make of a claim."""
    positions = list(latest.values())
    confirming, denying = positions.count("confirms"), positions.count("denies")
    holding = confirming + positions.count("asserts")
    if holding and denying:
        return "disputed"
    if confirming and holding > 1:
        return "confirmed"
    if holding:
        return "unconfirmed"
    if denying:
        return "denied"
    return "retracted" if "retracts" in positions else "unconfirmed"
