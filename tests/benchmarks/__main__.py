"""Runs the benchmarks named, or all, and prints a row for each thing measured.

In a peer's row, "ours/its" is how many times as long as the peer our own work took, and how many times the CPU: the
median of the rounds, in each of which both have their turn.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks import growth, picture, publishing, reading, serving, writing
from tests.benchmarks.measure import Plan, Row, require

ROUNDS = 5


@dataclass(frozen=True)
class Benchmark:
    """`events` is the size of the large log where --events names none; `peers` are modules of the extra [bench]."""

    run: Callable[[Plan], Iterator[Row]]
    events: int = 20_000
    peers: tuple[str, ...] = ()


BENCHMARKS = {
    "append": Benchmark(writing.append, 2_000, ("eventsourcing",)),
    "batches": Benchmark(writing.batches, peers=("eventsourcing",)),
    "import": Benchmark(writing.import_file, 200_000),
    "rebuild": Benchmark(reading.rebuild, 200_000, ("eventsourcing",)),
    "as-of": Benchmark(reading.as_of),
    "publish": Benchmark(publishing.publish),
    "site": Benchmark(publishing.site, 21_000, ("hugo", "pelican", "markdown")),
    "page": Benchmark(publishing.page),
    "verify": Benchmark(reading.verify),
    "proof": Benchmark(writing.append_with_proof),
    "serve": Benchmark(serving.serve, 10_000),
    "start": Benchmark(reading.start),
    "growth": Benchmark(growth.growth, 100_000),
}


def measured(name: str, benchmark: Benchmark, events: int | None, rounds: int) -> Iterator[Row]:
    """The rows of one benchmark, as they are ready."""
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(name=name, events=events or benchmark.events, rounds=rounds, folder=Path(folder))
        yield from benchmark.run(plan)


def main() -> None:
    chosen = _arguments()
    names = chosen.names or list(BENCHMARKS)
    require(*(peer for name in names for peer in BENCHMARKS[name].peers))
    rows: list[dict[str, Any]] = []
    print(_HEAD)
    for name in names:
        for row in measured(name, BENCHMARKS[name], chosen.events, chosen.rounds):
            print(_line(row), flush=True)
            rows.append(asdict(row))
        # After each, as what comes next may take an hour.
        if chosen.json:
            chosen.json.write_text(json.dumps({"machine": _machine(), "rows": rows}, indent=1) + "\n")
    if chosen.svg:
        chosen.svg.write_text(picture.draw(rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--events", type=int, help="the size of the large log, in place of each benchmark's own")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each side has its turn")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to a file too")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the rows of growth too")
    chosen = parser.parse_args()
    if chosen.svg and chosen.names and "growth" not in chosen.names:
        parser.error("--svg draws what growth measures: name it too")
    return chosen


_HEAD = f"{'what':<44} {'events':>9} {'figure':>16} {'CPU':>15} {'MiB':>6}  ours/its: time, CPU"


def _line(row: Row) -> str:
    of_cpu = {"events/s": "µs/event", "answers/s": "µs/answer"}.get(row.unit, "ms")
    cells = [
        f"{row.what:<44} {f'{row.events:,}' if row.events else '':>9}",
        f"{row.figure:>9,.{0 if row.figure >= 1_000 else 1}f} {row.unit}".ljust(20),
        f"{row.cpu:>8,.1f} {of_cpu}" if row.cpu is not None else "",
        f"{row.peak:.0f}" if row.peak is not None else "",
        f"{row.ratio:.2f}, {row.cpu_ratio:.2f}" if row.ratio is not None else "",
    ]
    return f"{cells[0]} {cells[1]:<19} {cells[2]:<17} {cells[3]:>4}  {cells[4]}".rstrip()


def _machine() -> dict[str, str | int | None]:
    return {"python": platform.python_version(), "system": platform.system(), "cores": os.cpu_count()}


if __name__ == "__main__":
    main()
