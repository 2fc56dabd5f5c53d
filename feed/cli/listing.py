"""All commands, as help lists them; the module of each is imported when the command is called for."""

from __future__ import annotations

from importlib import import_module

import click


class Listed(click.Command):
    """A command's name and what it is for, in one line: all that help and the completion of its name need."""

    def __init__(self, name: str, module: str, summary: str) -> None:
        super().__init__(name, short_help=summary)
        self._module = module

    def load(self) -> click.Command:
        """The command itself, which its module of feed.cli has among its COMMANDS."""
        commands: tuple[click.Command, ...] = import_module(f"feed.cli.{self._module}").COMMANDS
        command = next(command for command in commands if command.name == self.name)
        _name_variables(command)
        return command


# By what they are for, in the order in which a newcomer meets them.
SECTIONS = {
    "Start": (
        Listed("init", "tending", "Set up a newsroom: settings and database."),
        Listed("demo", "tending", "Make and publish an example story."),
    ),
    "Write": (
        Listed("open", "threads", "Open a story."),
        Listed("append", "updates", "Append an update to a story."),
        Listed("revise", "updates", "Revise an update: correct, clarify, add, refile."),
        Listed("amend", "updates", "Mend an update that nobody was told yet."),
        Listed("undo", "updates", "Take back an update that nobody was told yet."),
        Listed("withdraw", "threads", "Withdraw an update, or a whole story."),
        Listed("note", "threads", "Add an editor's note."),
        Listed("change", "threads", "Change a story's headline, label, summary, tags, pin or relations."),
        Listed("close", "threads", "Close a story."),
        Listed("reopen", "threads", "Reopen a closed story."),
        Listed("import", "tending", "Append events from JSON Lines."),
    ),
    "Read": (
        Listed("status", "reading", "What waits to be published, and what is wrong."),
        Listed("stories", "reading", "List the stories."),
        Listed("show", "reading", "Show a story or an update, now or at a moment."),
        Listed("diff", "reading", "Show what was changed of an update, word by word."),
        Listed("claims", "reading", "Show who says what in a story."),
        Listed("log", "reading", "Show the events of the log."),
    ),
    "Publish and keep": (
        Listed("publish", "publishing", "Write what has changed into the published folder."),
        Listed("websub", "websub", "What the WebSub hub is still to be told of."),
        Listed("serve", "serving", "Serve the published folder to readers and browsers."),
        Listed("upgrade", "tending", "Bring an older database to this version."),
        Listed("rebuild", "tending", "Make the read tables anew from the log."),
    ),
    "Prove and protect": (
        Listed("keygen", "proving", "Make the key that signs what the log has been."),
        Listed("verify", "proving", "Prove that the log is what was recorded."),
        Listed("backup", "keeping", "Copy the database to a file, proved."),
        Listed("restore", "keeping", "Put a backup in place of the database."),
        Listed("doctor", "keeping", "Say what is wrong, and the command that repairs it."),
        Listed("erase", "erasing", "Delete the text of an update or an event, for legal duty."),
    ),
}


class _Lines(click.types.StringParamType):
    """Text that may be given more than once; in the environment one a line, as a name may have spaces."""

    envvar_list_splitter = "\n"


def _name_variables(command: click.Command) -> None:
    """Name each option's variable as the option is typed: FEED_APPEND_TAG for feed append --tag."""
    for option in command.params:
        if not isinstance(option, click.Option):
            continue
        if option.multiple:
            option.type = _Lines()
        if option.envvar is None:
            typed = max(option.opts, key=len).lstrip("-")
            option.envvar = f"FEED_{command.name}_{typed}".upper().replace("-", "_")
