"""An update as a Markdown document with a YAML head: for --file, and for the editor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from feed.errors import Invalid

if TYPE_CHECKING:
    from feed.events import Changes
    from feed.story import Update

TEMPLATE = """\
---
headline:
# When it happened: 2023-02-04, 2023-02, 2023-02-04T19:11:00Z, 2023-02-13~ (about), 2023? (perhaps),
# /2023-02-04 (on or before), 2023-02-04/2023-02-09 (from, to), [2023-02-04..2023-02-09] (a day within).
occurred:
# The words in which the source says so: on Wednesday
occurred_text:
# What it rests on, a line each:  - {name: Reuters, url: https://…, quote: …}
sources:
# Who says what, a line each:  - {claim: dam-safe, by: The operator, position: asserts, text: The dam is safe}
# position is asserts, denies, confirms, declines or retracts; text words a claim that is new.
stances:
tags: []
key: false
link:
# Whether the story ends with this update.
closes: false
---

"""
_HEAD = ("headline", "occurred", "occurred_text", "sources", "stances", "tags", "key", "link")


def read(name: str, text: str) -> dict[str, Any]:
    """The fields in a document, by the names of the event format, `body` among them. Raises Invalid."""
    import frontmatter
    import yaml

    if not frontmatter.checks(text):
        raise Invalid(name, "has no head: begin with a line ---, then headline: …, then a line ---, then the text")
    try:
        head, body = frontmatter.parse(text, handler=_handler())
    except RecursionError:
        raise Invalid(name, "its head is nested too deep: write each field as the template has it") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise Invalid(name, f"its head is no YAML{where}: {getattr(error, 'problem', error)}") from None
    if not all(isinstance(field, str) for field in head):
        raise Invalid(name, "a field's name is no text: put true, false and null in quotes")
    if "body" in head:
        raise Invalid(f"{name}: body", "stands below the head: take it out of the head")
    for signed in ("id", "author"):
        if not isinstance(head.get(signed), str | None):
            raise Invalid(f"{name}: {signed}", "must be text")
    return {**head, "body": body or None}


def write(update: Update) -> str:
    """The document of an update as it is."""
    import yaml
    from msgspec import to_builtins

    values = {name: to_builtins(getattr(update, name)) for name in _HEAD}
    head = yaml.safe_dump(values, allow_unicode=True, sort_keys=False, width=10_000)
    return f"---\n{head}---\n\n{update.body or ''}\n"


def differences(update: Update, fields: Mapping[str, Any]) -> Changes:
    """What of an update these fields, the whole of a document, change. Raises Invalid."""
    from feed.events import UpdateRevised
    from feed.jsonlines import from_fields

    present = read("", write(update))
    if unknown := sorted(set(fields) - set(present)):
        raise Invalid(unknown[0], f"is no field of an update that can be revised: there are {', '.join(present)}")
    changed = {name: fields.get(name) for name in present if (fields.get(name) or None) != (present[name] or None)}
    parsed = from_fields("update.revised", {"update": update.update, "signal": "refile", "changes": changed})
    assert isinstance(parsed, UpdateRevised)  # noqa: S101  # what from_fields makes of this name
    return parsed.changes


def edit(text: str) -> str | None:
    """The text as the user's editor leaves it; None if it was left unchanged. Raises click.ClickException."""
    edited = click.edit(text.encode(), extension=".md")
    if edited is None:
        return None
    # Bytes that are no UTF-8 come along: the gate names them, and the file that the text is kept in has them again.
    after = edited.decode("utf-8-sig", "surrogateescape").replace("\r\n", "\n")
    return None if after.strip() == text.strip() else after


def _handler() -> Any:
    import yaml
    from frontmatter.default_handlers import YAMLHandler

    class Plain(yaml.SafeLoader):
        """Leaves dates and numbers as the text that they are."""

    kept = {"tag:yaml.org,2002:bool", "tag:yaml.org,2002:null"}
    made = {"tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map", None}
    # Without the others no tag written out can make a number, a time or bytes.
    Plain.yaml_constructors = {
        tag: constructor for tag, constructor in yaml.SafeLoader.yaml_constructors.items() if tag in kept | made
    }
    Plain.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag in kept]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    class Handler(YAMLHandler):
        def load(self, fm: str, **_: object) -> Any:
            return yaml.load(fm, Loader=Plain)  # noqa: S506  # a SafeLoader

    return Handler()
