"""The writes of one of our works as a file, to be sent again by `raw`, which loads nothing that is here."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from tests.benchmarks import ours
from tests.statements import Statement, recorded


def record(file: str, work: str, *arguments: Any) -> None:
    """Put the writes of a function of `ours` into a file: pickled, a list a transaction, of SQL, rows and whether they
    were sent as many at once."""
    with Path(file).open("wb") as stream:

        def note(statements: list[Statement]) -> None:
            begin, *rest = statements
            if writes := [statement for statement in rest if statement.writes]:
                pickle.dump([tuple(statement) for statement in (begin, *writes)], stream)

        with recorded(note):
            getattr(ours, work)(*arguments)
