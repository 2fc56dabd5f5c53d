"""What the fixed words of feeds and pages are; answers on the terminal are in English.

A word is plain text, or a template with named placeholders.
"""

from __future__ import annotations

from collections.abc import Iterable

from feed.claims import ClaimStatus
from feed.dates import Phrases
from feed.developments import Kind
from feed.events import Position, Relation

# The fields of an update that a correction can change, in the order in which it lists them.
FIELDS = (
    "headline",
    "summary",
    "body",
    "occurred",
    "occurred_text",
    "sources",
    "stances",
    "key",
    "tags",
    "link",
)


class Words(Phrases, frozen=True, kw_only=True):
    """The words of one language. Those that begin alike say what the name's rest is called: a story's `status`,
    a claim's status, what a party does, a `field` of an update."""

    labelled: str
    quoted: str
    # What stands before an entry's title and before a notice, by the kind of the development.
    correction: str
    clarification: str
    addition: str
    withdrawal: str
    note: str
    ended: str
    resumed: str
    update_of: str
    story_of: str
    coverage_ended: str
    coverage_ended_of: str
    coverage_resumed_of: str
    said: str
    now_says: str
    nothing: str
    no_longer_shown: str
    yes: str
    more: str
    read_on: str
    corrections: str
    key_updates: str
    topic_feed: str
    status_open: str
    status_closed: str
    status_withdrawn: str
    claim_disputed: str
    claim_confirmed: str
    claim_unconfirmed: str
    claim_denied: str
    claim_retracted: str
    position_asserts: str
    position_confirms: str
    position_denies: str
    position_declines: str
    position_retracts: str
    field_headline: str
    field_summary: str
    field_body: str
    field_occurred: str
    field_occurred_text: str
    field_sources: str
    field_stances: str
    field_key: str
    field_tags: str
    field_link: str
    relation_continues: str
    relation_part_of: str
    relation_related: str
    # Pages.
    skip: str
    stories: str
    open_stories: str
    closed_stories: str
    news: str
    nothing_yet: str
    nothing_corrected: str
    part_of: str
    older: str
    newer: str
    newest: str
    subscribe: str
    subscribe_how: str
    reading_lists: str
    reading_list: str
    reading_list_open: str
    copy: str
    copied: str
    copied_not: str
    closed_since: str
    known: str
    claim: str
    claim_status_heading: str
    parties: str
    timeline: str
    oldest_first: str
    newest_first: str
    older_anchors: str
    from_day: str
    picture_title: str
    picture_description: str
    picture_happened: str
    picture_published: str
    picture_hollow: str
    picture_period: str
    picture_open: str
    picture_vague: str
    picture_corrected: str
    # The control that shows a story as it stood.
    then: str
    then_now: str
    then_at: str
    then_withdrawn: str
    then_moment: str
    then_earlier: str
    then_later: str
    then_back: str
    then_script: str
    new_one: str
    new_many: str
    show: str
    changes: str

    def with_label(self, label: str, text: str) -> str:
        return self.labelled.format(label=label, text=text)

    def with_kind(self, kind: Kind, title: str) -> str:
        """An entry's title; an update's own has nothing before it."""
        return title if kind == "update" else self.with_label(self.kind(kind), title)

    def kind(self, kind: str) -> str:
        """What a development of a kind is called, or a notice with its signal."""
        return self._called(kind)

    def field(self, name: str) -> str:
        return self._called(f"field_{name}")

    def relation(self, rel: Relation) -> str:
        """How a story is related to another one."""
        return self._called(f"relation_{rel.replace('-', '_')}")

    def story_status(self, status: str) -> str:
        return self._called(f"status_{status}")

    def claim_status(self, status: ClaimStatus, confirmed_by: Iterable[str]) -> str:
        """Where a claim is confirmed, always with those who confirm it."""
        return self._called(f"claim_{status}").format(parties=", ".join(confirmed_by))

    def position(self, position: Position, party: str) -> str:
        return self._called(f"position_{position}").format(party=party)

    def _called(self, name: str) -> str:
        word: str = getattr(self, name)
        return word
