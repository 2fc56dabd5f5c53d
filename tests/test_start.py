"""How little is imported before a command works."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from feed import cli, settings
from feed.cli import main
from feed.cli.listing import SECTIONS
from feed.newsroom import Newsroom

ROOT = Path(__file__).parents[1]
LISTED = [command for commands in SECTIONS.values() for command in commands]
# Of what `feed` itself brings, beyond these help needs nothing.
FOR_HELP = {"feed", "feed.cli", "feed.cli.listing", "feed.errors"}
# What only some commands need.
SPECIAL = {
    "alembic",
    "babel",
    "cmarkgfm",
    "cryptography",
    "dateparser",
    "feedgen",
    "filelock",
    "frontmatter",
    "jinja2",
    "lxml",
    "nh3",
    "pytz",
    "sqlalchemy.orm",
    "tomlkit",
    "yaml",
}
# What an append has no use for: the other commands, publishing, the comparison of texts.
OTHERS = {"feed.cli.reading", "feed.cli.tending", "feed.site.publish", "feed.site.pages", "feed.diff", "feed.when"}


def imported(*args: str, **variables: str) -> set[str]:
    """The modules that the command has loaded when it ends."""
    program = (
        "import atexit, sys\nfrom feed.cli import main\n"
        "atexit.register(lambda: print(*sys.modules, sep='\\n', file=sys.stderr))\n"
        "main(prog_name='feed')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *args],
        cwd=ROOT,
        env=os.environ | variables,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout
    return set(done.stderr.splitlines())


def feeds(modules: set[str]) -> set[str]:
    return {name for name in modules if name.partition(".")[0] == "feed"}


def test_help_imports_no_command_and_nothing_heavy():
    modules = imported("--help")
    assert feeds(modules) == FOR_HELP
    assert not modules & {*SPECIAL, "sqlalchemy", "msgspec"}


def test_an_append_imports_only_what_it_works_with(tmp_path: Path):
    config = settings.write(tmp_path, url="https://news.example.org/", since="2023-01-01", author="Night desk")
    Newsroom.create(settings.load(config))
    opened = CliRunner().invoke(main, ["--config", str(config), "open", "flood", "Flood"], catch_exceptions=False)
    assert opened.exit_code == 0
    modules = imported("--config", str(config), "append", "flood", "The dam holds")
    assert "sqlalchemy" in modules
    assert not modules & (SPECIAL | OTHERS)


@pytest.mark.parametrize("words", ["feed ", "feed re", "feed --da"])
def test_completion_of_a_command_imports_none(words: str):
    modules = imported(_FEED_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD="1")
    assert feeds(modules) == FOR_HELP


def test_completion_of_an_option_imports_only_its_command():
    modules = imported(_FEED_COMPLETE="bash_complete", COMP_WORDS="feed stories --o", COMP_CWORD="2")
    assert feeds(modules) == FOR_HELP | {"feed.cli.reading", "feed.cli.desk", "feed.cli.layout"}


@pytest.mark.parametrize("listed", LISTED, ids=lambda listed: listed.name)
def test_what_is_listed_is_there(listed: click.Command):
    done = CliRunner().invoke(main, [listed.name or "", "--help"], prog_name="feed", catch_exceptions=False)
    assert done.output.startswith(f"Usage: feed {listed.name} [OPTIONS]")


def test_what_is_there_is_listed():
    modules = [import_module(f"feed.cli.{module.name}") for module in pkgutil.iter_modules(cli.__path__)]
    commands = [command.name for module in modules for command in getattr(module, "COMMANDS", ())]
    assert sorted(commands) == sorted(command.name for command in LISTED)


def test_a_misspelt_command_is_told_those_near_it():
    done = CliRunner().invoke(main, ["apend"])
    assert done.exit_code == 2
    assert "No such command 'apend'" in done.stderr
    assert "append" in done.stderr
