"""Stories that are hard to lay out, for tests of pages in a browser."""

from __future__ import annotations

from conftest import DEMO
from log_fixtures import adding, line, opening, story_of

BALLOON = "us-china-balloon-2023"
# What a page has to break, as it offers no space to break at.
LONG = "Donaudampfschifffahrt" * 10
_ADDRESS = f"https://example.org/{LONG}"
_CELLS = "|".join(f"cell {number} with words and numbers: 1234567890" for number in range(8))
_BODY = f"""A {LONG} word.

| a | b | c | d | e | f | g | h |
|--|--|--|--|--|--|--|--|
|{_CELLS}|

```
some code {"x" * 300}
```

# Heading {LONG}

> quoted {LONG}

1. one
2. two
   - {LONG}
"""


def wide_story(story: str = "wide") -> list[bytes]:
    """Long words and addresses, tables, code and quotes, in every field that holds text."""
    added = adding(
        story,
        headline=LONG[:190],
        body=_BODY,
        author=LONG[:80],
        key=True,
        occurred="2023-02-04",
        occurred_text=LONG[:190],
        link=_ADDRESS,
        sources=[{"name": LONG[:190], "url": _ADDRESS, "quote": LONG * 2}, {"url": _ADDRESS}],
        stances=[
            {"claim": "c", "by": LONG[:100], "position": "asserts", "text": LONG},
            {"claim": "c", "by": "B", "position": "confirms"},
        ],
        tags=[LONG[:60]],
    )
    changes = {"headline": f"New {LONG}"[:190], "body": f"{_BODY}{LONG}", "link": f"{_ADDRESS}/new"}
    return [
        opening(
            story, headline=f"A story of {LONG}"[:190], summary=LONG, label=LONG[:40], tags=[LONG[:60], "Short words"]
        ),
        added,
        line(story, "update.revised", update="1", signal="correction", notice=f"It was {LONG}.", changes=changes),
        line(story, "note.added", update="1", text=LONG * 2),
        line(story, "note.added", text=LONG * 2),
        line(story, "story.changed", pinned="1", signal="correction", notice=LONG, headline=f"Of {LONG}"[:190]),
    ]


def arabic_story(story: str = "faydan") -> list[bytes]:
    """Written from the right, with an update in English, and one that is withdrawn."""
    return [
        opening(
            story,
            headline="فيضان في المدينة",
            language="ar",
            summary="ارتفع منسوب المياه في النهر بعد أيام من المطر.",
            tags=["ماء", "Water"],
        ),
        adding(
            story,
            headline="السد صامد",
            body="قال رئيس البلدية إن السد **صامد** وإن المياه تنحسر.\n\n- أولا\n- ثانيا\n\n> السد صامد",
            author="رئيس التحرير",
            key=True,
            occurred="2026-02-02",
            occurred_text="أمس",
            link="https://example.org/water?level=3",
            sources=[{"name": "البلدية", "url": "https://example.org/", "quote": "السد صامد"}],
            stances=[
                {"claim": "safe", "by": "البلدية", "position": "asserts", "text": "السد آمن"},
                {"claim": "safe", "by": "Neighbours (3)", "position": "denies"},
            ],
        ),
        adding(story, headline="A second one, in English (2)", body="The water falls."),
        adding(story, headline="ثالث"),
        line(story, "update.withdrawn", update="3", notice="ليس صحيحا"),
        line(
            story,
            "update.revised",
            update="1",
            signal="correction",
            notice="خطأ",
            changes={"headline": "السد صامد الآن"},
        ),
    ]


def all_stories() -> list[bytes]:
    """The balloon story, these, one of three pages, and corrections of some."""
    wrong = line(
        "flood", "update.revised", update="7", signal="correction", notice="Wrong.", changes={"headline": "Seventh"}
    )
    return [*DEMO.read_bytes().splitlines(), *wide_story(), *arabic_story(), *story_of(301), wrong]
