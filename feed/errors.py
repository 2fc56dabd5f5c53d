"""What can go wrong in ways a user can repair.

    FeedError
    ├── Invalid              what came in does not have the form it must have
    │   └── InvalidLine      the same, in a numbered line of an import
    ├── Refused              a rule of the newsroom forbids it
    │   ├── Unknown          no such story or update
    │   ├── KnownId          the id stands in the log already, with other content
    │   └── Conflict         the story has moved on since the writer looked
    ├── SettingsError        a settings file says something it cannot mean
    ├── DatabaseError        the database cannot be used as it is
    ├── KeyFileError         the key file cannot be used as it is
    ├── PublishError         the folder cannot be published into as it is
    ├── HubError             the WebSub hub could not be told
    └── ServeError           the folder cannot be served as was asked

Everything else is a bug and stays a traceback.
"""

from __future__ import annotations

from collections.abc import Sequence


class FeedError(Exception):
    """The root. Its text is one sentence that says what to do instead."""


class Invalid(FeedError):
    """A value that does not have its form; `field` is the path to it as the event format writes it."""

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        self.problem = problem
        super().__init__(f"{field}: {problem}" if field else problem)


class InvalidLine(Invalid):
    """An `Invalid` or `Refused` in line `number` (1, 2, 3 …) of an import."""

    def __init__(self, number: int, cause: FeedError) -> None:
        self.number = number
        self.cause = cause
        super().__init__(f"line {number}", str(cause))


class Refused(FeedError):
    """A rule forbids it; the text says which and what to do instead."""


class Unknown(Refused):
    """No story or update of that name; `near` are names that were perhaps meant."""

    def __init__(self, what: str, name: str, *, near: Sequence[str] = (), otherwise: str = "") -> None:
        self.what = what
        self.name = name
        self.near = tuple(near)
        hint = f"did you mean {' or '.join(near)}?" if near else otherwise
        super().__init__(f"there is no {what} {name!r}" + (f": {hint}" if hint else ""))


class KnownId(Refused):
    """The log holds other content under this event id."""

    def __init__(self, event_id: str, position: int) -> None:
        self.event_id = event_id
        self.position = position
        super().__init__(
            f"the id {event_id!r} is event {position} already, with other content: give the new event an id of its own"
        )


class Conflict(Refused):
    """Someone else appended to the story meanwhile; `expected` and `found` are versions of its stream."""

    def __init__(self, story: str, expected: int, found: int) -> None:
        self.story = story
        self.expected = expected
        self.found = found
        super().__init__(
            f"story {story!r} is at version {found}, not {expected}: look at it again (feed show {story}), then repeat"
        )


class SettingsError(FeedError):
    """`file` and `key` name the place; `key` is empty where the file as a whole is meant."""

    def __init__(self, file: object, key: str, problem: str) -> None:
        self.file = str(file)
        self.key = key
        self.problem = problem
        super().__init__(": ".join(part for part in (self.file, key, problem) if part))


class DatabaseError(FeedError):
    """`database` names it; `problem` says what is wrong and what to do."""

    def __init__(self, database: str, problem: str) -> None:
        self.database = database
        self.problem = problem
        super().__init__(f"{database}: {problem}")


class KeyFileError(FeedError):
    """`file` holds the private key, or should; `problem` says what is wrong and what to do."""

    def __init__(self, file: object, problem: str) -> None:
        self.file = str(file)
        self.problem = problem
        super().__init__(f"{self.file}: {problem}")


class PublishError(FeedError):
    """`folder` is where the files were to go; `problem` says what is wrong and what to do."""

    def __init__(self, folder: object, problem: str) -> None:
        self.folder = str(folder)
        self.problem = problem
        super().__init__(f"{self.folder}: {problem}")


class HubError(FeedError):
    """`hub` is its address; `is_silent` where it gave no answer, and would give none to another topic either."""

    def __init__(self, hub: str, problem: str, *, is_silent: bool = False) -> None:
        self.hub = hub
        self.problem = problem
        self.is_silent = is_silent
        super().__init__(f"{hub}: {problem}")


class ServeError(FeedError):
    """`what` was to serve, or to be served at; `problem` says what is wrong and what to do."""

    def __init__(self, what: str, problem: str) -> None:
        self.what = what
        self.problem = problem
        super().__init__(f"{what}: {problem}")
