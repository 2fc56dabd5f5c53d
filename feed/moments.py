"""What readers knew when: a story's earlier states, by what may be shown of them now (product.md section 3).

Read tables hold an update as it is, with what its revisions changed; its earlier states follow from these. A state
stands from its moment, which is included, until the next one's. What has been withdrawn or hidden since is so in
every state, and what was amended before anyone was told never stood otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from msgspec import Struct, convert
from msgspec.structs import replace

from feed.claims import Claim, Statement, claim, statements
from feed.dates import Instant
from feed.events import Event, Source, Stance
from feed.fold import Fold
from feed.story import NEWS, Story, Update

_State = TypeVar("_State")
_LISTS: dict[str, Any] = {"sources": tuple[Source, ...], "stances": tuple[Stance, ...], "tags": tuple[str, ...]}


class Stage(Struct, frozen=True, kw_only=True):
    """An update as readers knew it from `since` on, with the revisions and notes of until then.

    `hidden` names the fields whose words of then may not be shown; they are empty, but for a headline, which is
    the first that may be shown after it.
    """

    since: Instant
    update: Update
    hidden: frozenset[str] = frozenset()


class _Spoken(NamedTuple):
    """A statement, and from when until when it stood."""

    statement: Statement
    since: Instant
    until: Instant | None


def stages(update: Update) -> tuple[Stage, ...]:
    """An update's states, oldest first, the last as it is now. One that was withdrawn has only its notes since."""
    changes: list[tuple[int, Instant]] = [
        *((note.version, note.published_at) for note in update.notes),
        *((one.version, one.published_at) for one in update.revisions if one.signal != "amendment"),
    ]
    if not changes:
        return (Stage(since=update.published_at, update=update),)
    withdrawn = update.withdrawal.covers if update.withdrawal else 0
    moments = [(update.added, update.published_at), *sorted(change for change in changes if change[0] > withdrawn)]
    states = [_stage(update, version, since) for version, since in moments]
    return tuple(state for state, after in zip(states, [*states[1:], None], strict=True) if _stands(state, after))


def heads(events: Iterable[Event]) -> list[tuple[Instant, Story]]:
    """A story's own states, without its updates, from its events or those of them that change it."""
    folding, states = Fold(), []
    for event in events:
        folding.take(event)
        if (story := folding.story) is not None:
            states.append((event.published_at, replace(story, updates={})))
    return changing(states)


def claims_over_time(
    updates: Iterable[Sequence[Stage]], named: Mapping[str, int], start: Instant
) -> dict[str, list[tuple[Instant, Claim | None]]]:
    """Each claim's states by its name, in the order first named (`named`, by the event's version), from the one that
    stands at `start` on; None while nobody has a stance that counts. `updates` are in the order they were added."""
    spoken: dict[str, list[_Spoken]] = {}
    for states in updates:
        for one in _spoken(states):
            spoken.setdefault(one.statement.claim, []).append(one)
    return {
        name: changing(_claim_states(name, spoken[name], start))
        for name in sorted(spoken, key=lambda name: named.get(name, 0))
    }


def known_over_time(
    updates: Iterable[Sequence[Stage]], pins: Sequence[tuple[Instant, str | None]], start: Instant, most: int
) -> list[tuple[Instant, tuple[Update | None, ...]]]:
    """What was most important: the pinned update (None where none was), then the newest key updates beside it, `most`
    at most, newest first; from the state that stands at `start` on. `pins` are the names of the pinned ones."""
    ever = {name for _, name in pins}
    candidates = [
        states
        for states in updates
        if states[-1].update.status == "usable"
        and (states[-1].update.update in ever or any(stage.update.key for stage in states))
    ]
    candidates.reverse()
    changes = {since for since, _ in pins} | {stage.since for states in candidates for stage in states}
    return changing(
        (moment, _known(candidates, at(pins, moment), moment, most))
        for moment in sorted({max(since, start) for since in changes})
    )


def standing(states: Sequence[Stage], moment: Instant) -> Update | None:
    """An update as it stood at a moment, None before it was added."""
    return next((stage.update for stage in reversed(states) if stage.since <= moment), None)


def at(states: Sequence[tuple[Instant, _State]], moment: Instant) -> _State | None:
    """The state that stood at a moment, None before the first."""
    standing = [state for since, state in states if since <= moment]
    return standing[-1] if standing else None


def changing(states: Iterable[tuple[Instant, _State]]) -> list[tuple[Instant, _State]]:
    """The states without those that are like the one before, and of several of one moment the last."""
    by_moment = dict(states)
    if len(by_moment) == 1:
        return [*by_moment.items()]
    kept: list[tuple[Instant, _State]] = []
    for since, state in by_moment.items():
        if not kept or kept[-1][1] != state:
            kept.append((since, state))
    return kept


def _known(
    newest_first: Sequence[Sequence[Stage]], pinned: str | None, moment: Instant, most: int
) -> tuple[Update | None, ...]:
    first: Update | None = None
    keys: list[Update] = []
    for states in newest_first:
        update = standing(states, moment)
        if update is not None and update.update == pinned:
            first = update
        elif update is not None and update.key and len(keys) < most:
            keys.append(update)
    return (first, *keys)


def _stage(update: Update, version: int, since: Instant) -> Stage:
    withdrawn = update.withdrawal
    # What is no longer told has no order of its own.
    version = max(version, withdrawn.covers) if withdrawn else version
    fields, hidden = _fields(update, version)
    revisions = tuple(one for one in update.revisions if one.version <= version)
    news = [one.published_at for one in revisions if one.signal in NEWS]
    known = replace(
        update,
        **fields,
        revisions=revisions,
        notes=tuple(note for note in update.notes if note.version <= version),
        updated_at=withdrawn.published_at if withdrawn else news[-1] if news else update.published_at,
    )
    return Stage(since=since, update=known, hidden=hidden)


def _fields(update: Update, version: int) -> tuple[dict[str, Any], frozenset[str]]:
    """The fields that were otherwise after the event with `version`, and those of them whose words are hidden."""
    fields: dict[str, Any] = {}
    hidden: set[str] = set()
    for revision in reversed(update.revisions):
        if revision.version <= version:
            break
        for name, before in revision.before.items():
            if update.hidden.get(name, 0) < revision.version:
                fields[name] = convert(before, _LISTS[name]) if name in _LISTS else before
            elif revision.signal != "amendment":
                hidden.add(name)
                fields |= _nothing(name)
    return fields, frozenset(hidden)


def _nothing(name: str) -> dict[str, Any]:
    """What stands in a field whose words may not be shown."""
    if name in ("headline", "key"):
        return {}
    return {name: () if name in _LISTS else None}


def _stands(state: Stage, after: Stage | None) -> bool:
    """Whether readers could see it before the next took its place."""
    return after is None or state.since < after.since


def _spoken(states: Sequence[Stage]) -> Iterator[_Spoken]:
    for state, until in zip(states, [*(after.since for after in states[1:]), None], strict=True):
        for statement in statements([state.update]):
            yield _Spoken(statement, state.since, until)


def _claim_states(name: str, spoken: Sequence[_Spoken], start: Instant) -> Iterator[tuple[Instant, Claim | None]]:
    ends = {end for one in spoken for end in (one.since, one.until) if end is not None}
    for moment in sorted({max(end, start) for end in ends}):
        counting = [
            one.statement for one in spoken if one.since <= moment and (one.until is None or moment < one.until)
        ]
        yield moment, claim(name, counting) if counting else None
