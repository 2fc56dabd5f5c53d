"""The command line: parse, call the newsroom, print. No rule of the product lives here.

Modules here import sqlalchemy and what needs it inside functions, so that help and completion stay fast.
"""

from __future__ import annotations

from typing import Any

import click

from feed.cli import erasing, keeping, proving, publishing, reading, tending, threads, updates
from feed.cli.desk import Desk
from feed.cli.layout import plain
from feed.errors import FeedError

SECTIONS = {
    "Start": (tending.init, tending.demo),
    "Write": (threads.open_story, *updates.COMMANDS, *threads.COMMANDS, tending.import_events),
    "Read": reading.COMMANDS,
    "Publish and keep": (*publishing.COMMANDS, tending.upgrade, tending.rebuild),
    "Prove and protect": (*proving.COMMANDS, *keeping.COMMANDS, *erasing.COMMANDS),
}


class FeedGroup(click.Group):
    """Turns what a user can repair into one line and exit status 1, in this one place."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FeedError as error:
            raise click.ClickException(plain(str(error))) from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [command.name or "" for commands in SECTIONS.values() for command in commands]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by what they are for, in the order in which a newcomer meets them."""
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(command.name or "", command.get_short_help_str(80)) for command in commands])


class Lines(click.types.StringParamType):
    """Text that may be given more than once; in the environment one a line, as a name may have spaces."""

    envvar_list_splitter = "\n"


def name_variables(command: click.Command) -> None:
    """Name each option's variable as the option is typed: FEED_APPEND_TAG for feed append --tag."""
    for option in command.params:
        if not isinstance(option, click.Option):
            continue
        if option.multiple:
            option.type = Lines()
        if option.envvar is None:
            typed = max(option.opts, key=len).lstrip("-")
            option.envvar = f"FEED_{command.name}_{typed}".upper().replace("-", "_")


@click.group(
    cls=FeedGroup,
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
    ctx.obj = Desk(config, database)
    ctx.call_on_close(ctx.obj.close)


for section in SECTIONS.values():
    for command in section:
        name_variables(command)
        main.add_command(command)
