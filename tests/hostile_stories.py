"""Stories all of whose fields hold what a careless page would run: `ran()` tells that it was, and so does a dialog."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from log_fixtures import adding, line, opening

ELSEWHERE = "https://elsewhere.example.org"
# In one line, and short enough for a tag.
LINES = (
    "<script>ran()</script>",
    "<script>alert(1)</script>",
    "<img src=x onerror=ran()>",
    '"><svg onload=ran()>',
    "' onmouseover='ran()' x='",
    '" autofocus onfocus="ran()" x="',
    "</script><script>ran()</script>",
    "</title></style><script>ran()</script>",
    "]]><script>ran()</script><![CDATA[",
    "--><!--<script>ran()//",
    "{{7*7}}{% if 1 %}${ran()}",
    "<a href=javascript:ran()>press</a>",
    "<iframe srcdoc='<script>top.ran()</script>'>",
    "<details open ontoggle=ran()><b><i><table>",
    f"<base href={ELSEWHERE}/>",
    f"<img src={ELSEWHERE}/a.png>",
    f"<style>@import '{ELSEWHERE}'</style>",
    "javascript:ran()",
    "&lt;script&gt;ran()&lt;/script&gt;",
    "\\u003cscript>ran()\\u003c/script>",
)
# What only text of several lines may hold, beside what Markdown makes of it.
BODY = f"""{{line}}

[press](javascript:ran()) [press](JaVaScRiPt:ran()) [press](java&#x09;script:ran()) [press](vbscript:ran())
[press](data:text/html,<script>top.ran()</script>) <javascript:ran()> [press](&#106;avascript:ran())
[press](https://example.org/ '" onmouseover="ran()') [press](//elsewhere.example.org/) [press][named]
![press](javascript:ran()) ![press]({ELSEWHERE}/b.png "\" onerror=\"ran()")

[named]: javascript:ran()

<div onclick="ran()" style="position:fixed;inset:0">press</div>

<form action="javascript:ran()"><button formaction="javascript:ran()">press</button><input autofocus onfocus=ran()>

<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror=ran()&gt;">

<svg><a xlink:href="javascript:ran()"><text>press</text></a><animate onbegin=ran() attributeName=x></svg>

`{{line}}`

\u202eran()\u202c \u2066turned \u202d around

| {{line}} |
|---|
| [press](javascript:ran()) |

<scr<script>ipt>ran()</scr</script>ipt> <b><i><table><td>not closed <a href="javascript:ran()
"""
LINK = f"{ELSEWHERE}/?'onmouseover='ran()'&amp;%22%3E%3Cscript%3Eran()%3C/script%3E"


def text(of: str) -> str:
    return BODY.replace("{line}", of)


def update(story: str, of: str, **fields: Any) -> bytes:
    """An update in which everything is hostile."""
    return adding(
        story,
        headline=of,
        body=text(of),
        author=of,
        occurred="2026-02-02",
        occurred_text=of,
        sources=[{"name": of, "url": LINK, "quote": f"{of}\n\u202e{of}"}, {"quote": of}],
        stances=[
            {"claim": "first", "by": of, "position": "asserts", "text": of},
            {"claim": "second", "by": of, "position": "confirms", "text": f"{of} 2"},
        ],
        tags=[of],
        link=LINK,
        **fields,
    )


def hostile_story(story: str = "hostile") -> Iterator[bytes]:
    """Each line in every field, and what can be done to updates and stories."""
    first, second = LINES[:2]
    yield opening(story, headline=first, label=first, summary=text(second), tags=LINES[:3])
    for number, of in enumerate(LINES, 1):
        name = str(number)
        yield update(story, of, key=True)
        changes = {"headline": f"{of} 2", "body": text(f"{of} 2"), "occurred_text": f"{of} 2", "tags": [of, "Water"]}
        yield line(story, "update.revised", update=name, signal="correction", notice=text(of), changes=changes)
        yield line(story, "note.added", update=name, text=text(of))
        yield line(story, "note.added", text=text(of), author=of)
        named = {"headline": of, "summary": text(of), "pinned": name}
        yield line(story, "story.changed", signal="correction", notice=text(of), **named)
    yield line(story, "update.withdrawn", update="2", notice=text(first), title=first)
    yield line(story, "story.changed", related=[{"story": f"{story}-gone", "rel": "related"}], label=second[:40])


def withdrawn_story(story: str) -> Iterator[bytes]:
    """Nothing of it is left but the notice and the title, which are hostile."""
    of = LINES[2]
    yield opening(story, headline=of)
    yield update(story, of)
    yield line(story, "story.withdrawn", notice=text(of), title=of)


def hostile_stories() -> list[bytes]:
    return [*withdrawn_story("hostile-gone"), *hostile_story()]
