"""The command line: parse, call the newsroom, print. No rule of the product lives here.

Help and completion stay fast: before a command is called for, nothing but click and the list of commands is imported.
The commands' modules import sqlalchemy and what needs it inside functions.
"""

from __future__ import annotations

import atexit
import gc
from typing import Any

import click

from feed.cli.listing import SECTIONS, Listed
from feed.errors import FeedError

# How many values are made before unreachable ones among them are looked for.
YOUNG_VALUES = 100_000


class FeedGroup(click.Group):
    """Loads a command when it is called for; turns what a user can repair into one line and exit status 1, in this one
    place."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, Listed) else command, rest

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FeedError as error:
            from feed.cli.layout import plain

            raise click.ClickException(plain(str(error))) from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the sections."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(command.name or "", command.get_short_help_str(80)) for command in commands])


@click.group(
    cls=FeedGroup,
    commands=[command for commands in SECTIONS.values() for command in commands],
    context_settings={"auto_envvar_prefix": "FEED", "help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Every option can be set in the environment too: FEED_CONFIG, FEED_AUTHOR, FEED_PUBLISH_OUT …",
)
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="The settings file.  [default: feed.toml in this folder]",
)
@click.option("--database", metavar="URL", help="A database in place of the one in the settings: a path or a URL.")
@click.version_option(package_name="story-feed", prog_name="feed")
@click.pass_context
def main(ctx: click.Context, config: str | None, database: str | None) -> None:
    """Follow developing news stories, and publish them as feeds.

    Start with "feed init", or look at an example first: "feed demo".
    """
    from feed.cli.desk import Desk

    _collect_seldom()
    ctx.obj = Desk(config, database)
    ctx.call_on_close(ctx.obj.close)


def _collect_seldom() -> None:
    """Look for unreachable cycles less often, and not at the end of the process, when its memory is given back anyway.

    Next to nothing of what a command makes is in cycles, and to look took a fifth of its time.
    """
    gc.set_threshold(YOUNG_VALUES)
    atexit.register(gc.freeze)
