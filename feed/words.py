"""The fixed words of feeds, pages and terminal answers, in English."""

from __future__ import annotations

from feed.developments import Kind

# What stands before an entry's title, by the kind of its development.
TITLES: dict[Kind, str] = {
    "update": "{title}",
    "correction": "Correction: {title}",
    "clarification": "Clarification: {title}",
    "addition": "Added: {title}",
    "withdrawal": "Withdrawn: {title}",
    "note": "Editor’s note: {title}",
    "ended": "Coverage ended: {title}",
    "resumed": "Coverage resumed: {title}",
}
UPDATE_OF = "update of {time}"
STORY_OF = "story of {time}"
COVERAGE_ENDED = "This ends our coverage."
COVERAGE_ENDED_OF = "Our coverage of “{headline}” has ended."
COVERAGE_RESUMED_OF = "We have resumed our coverage of “{headline}”."
SAID = "It said"
NOW_SAYS = "It now says"
NOTHING = "nothing"
NO_LONGER_SHOWN = "The earlier words are no longer shown."
NOTICES: dict[str, str] = {"correction": "Correction", "clarification": "Clarification", "addition": "Added"}
NOTE = "Editor’s note"
WITHDRAWN = "Withdrawn"
OCCURRED = "When"
SOURCES = "Sources"
CLAIMS = "Claims"
LINK = "More"
READ_ON = "Read the rest"
CONFIRMED_BY = "confirmed by {parties}"
# The names of an update's fields, as a correction lists what it changed.
FIELDS: dict[str, str] = {
    "headline": "Headline",
    "summary": "Summary",
    "body": "Text",
    "occurred": "When",
    "occurred_text": "When, as told",
    "sources": "Sources",
    "stances": "Claims",
    "key": "Key update",
    "tags": "Topics",
    "link": "Link",
}
