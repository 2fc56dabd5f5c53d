"""An update's fields, as options of the command line give them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from feed.cli.desk import Desk, pass_desk, read_text

if TYPE_CHECKING:
    from feed.events import Position, Source, Stance

R = TypeVar("R")

_SOURCE = re.compile(r"(?P<name>[^<]*?)\s*(?:<(?P<url>[^<>]*)>)?\s*(?::\s+(?P<quote>.*))?", re.DOTALL)
_STANCE = re.compile(r"(?P<by>.+?)\s+(?P<position>asserts|denies|confirms|declines|retracts)\s+(?P<claim>\S+)")

OPTIONS = (
    click.option("--body", metavar="TEXT", help="The text, in Markdown."),
    click.option(
        "--body-file",
        metavar="FILE",
        type=click.File(encoding="utf-8-sig"),
        help="The text from a file, - is standard input.",
    ),
    click.option(
        "--occurred", metavar="EDTF", help="When it happened: 2023-02-04, 2023-02, /2023-02-04, 2023-02-13~ …"
    ),
    click.option("--when", metavar="WORDS", help='The same in words: "on Wednesday", "before 4 Feb", "20 min ago".'),
    click.option("--occurred-text", metavar="TEXT", help="The words in which the source says when it happened."),
    click.option(
        "--source", "sources", metavar="'NAME <URL>: QUOTE'", multiple=True, help="What it rests on; repeatable."
    ),
    click.option(
        "--stance",
        "stances",
        metavar="'PARTY asserts CLAIM'",
        multiple=True,
        help="Who asserts, denies, confirms, declines or retracts what; repeatable.",
    ),
    click.option(
        "--claim", "claims", metavar="'CLAIM=TEXT'", multiple=True, help="Words a claim of these stances; repeatable."
    ),
    click.option("--tag", "tags", metavar="TAG", multiple=True, help="A topic; repeatable."),
    click.option("--key/--no-key", default=None, help="A key update, for those who want only the most important."),
    click.option("--link", metavar="URL", help="Where more is to be read."),
)


def update_options(command: Callable[..., R]) -> Callable[..., R]:
    """Gives a command the options for an update's fields, and hands it those given as one dict, `fields`.

    A list that is given as one empty text is an empty list.
    """

    @pass_desk
    @wraps(command)
    def with_fields(desk: Desk, /, *args: Any, **options: Any) -> R:
        given = {name: options.pop(name) for name in _NAMES}
        return command(*args, fields=_fields(desk, given), **options)

    for option in reversed(OPTIONS):
        with_fields = option(with_fields)
    return with_fields


_NAMES = (
    "body",
    "body_file",
    "occurred",
    "when",
    "occurred_text",
    "sources",
    "stances",
    "claims",
    "tags",
    "key",
    "link",
)


def _fields(desk: Desk, given: dict[str, Any]) -> dict[str, Any]:
    fields = {
        name: given[name] for name in ("body", "occurred", "occurred_text", "key", "link") if given[name] is not None
    }
    if given["body_file"]:
        _refuse_both(fields, "body", "--body and --body-file")
        fields["body"] = read_text(given["body_file"]).strip("\n")
    if given["when"]:
        _refuse_both(fields, "occurred", "--occurred and --when")
        fields["occurred"] = desk.occurrence(given["when"])
        fields.setdefault("occurred_text", given["when"])
        click.echo(f"{given['when']} is {_described(desk, fields['occurred'])}", err=True)
    if given["tags"]:
        fields["tags"] = _listed(given["tags"])
    if given["sources"]:
        fields["sources"] = tuple(source(text) for text in _listed(given["sources"]))
    if given["stances"] or given["claims"]:
        fields["stances"] = _stances(_listed(given["stances"]), given["claims"])
    return fields


def _refuse_both(fields: dict[str, Any], name: str, options: str) -> None:
    if name in fields:
        raise click.UsageError(f"{options} say the same: give one of them")


def _listed(texts: tuple[str, ...]) -> tuple[str, ...]:
    return () if texts == ("",) else texts


def _described(desk: Desk, occurred: str) -> str:
    return f"{desk.newsroom.voice.occurred(occurred)} ({occurred})"


def source(text: str) -> Source:
    """A source from "NAME <URL>: QUOTE", of which at least one part is there."""
    from feed.events import Source

    if re.match(r"https?://\S+$", text):
        return Source(url=text)
    match = _SOURCE.fullmatch(text.strip())
    if match is None:
        raise click.BadParameter(f"{text!r} is no source: write 'NAME <URL>: QUOTE', or only some of the three")
    return Source(name=match["name"] or None, url=match["url"] or None, quote=match["quote"] or None)


def _stances(texts: tuple[str, ...], claims: tuple[str, ...]) -> tuple[Stance, ...]:
    from feed.events import Stance

    wordings = dict(_wording(text) for text in claims)
    stances = []
    for typed in texts:
        match = _STANCE.fullmatch(typed.strip())
        if match is None:
            raise click.BadParameter(
                f"{typed!r} is no stance: write 'PARTY asserts CLAIM' (or denies, confirms, declines, retracts)"
            )
        position = cast("Position", match["position"])
        text = wordings.pop(match["claim"], None)
        stances.append(Stance(claim=match["claim"], by=match["by"], position=position, text=text))
    if wordings:
        name = next(iter(wordings))
        raise click.BadParameter(f"no stance names the claim {name!r}: add --stance 'PARTY asserts {name}'")
    return tuple(stances)


def _wording(text: str) -> tuple[str, str]:
    claim, equals, wording = text.partition("=")
    if not equals:
        raise click.BadParameter(
            f"{text!r} words no claim: write 'CLAIM=TEXT', for example 'spy-balloon=It was spying'"
        )
    return claim.strip(), wording.strip()
