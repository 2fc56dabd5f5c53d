"""How something is measured: in a process of its own, by turns with its peers, round by round.

Only the standard library is imported here, as is in the whole of the process that measures: on Linux a process begins
with the peak memory of the one that started it, which must therefore be small.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Any, Literal

PROJECT = Path(__file__).parents[2]
MIB = 2**20

Unit = Literal["events/s", "ms", "KB", "files", "answers/s", "MB"]


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Seconds of wall time and of CPU (of all the process's children too), and bytes of memory at the peak; `facts`
    are whatever else was counted."""

    wall: float
    cpu: float
    peak: int
    facts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the table. `figure` is in `unit` by the wall clock; `cpu` in µs an event or answer where the unit is
    events/s or answers/s, in ms an action elsewhere; `peak` in MiB.

    In a peer's row the ratios say how many times as long as the peer our own work takes, and how many times the CPU.
    """

    benchmark: str
    what: str
    events: int | None
    unit: Unit
    figure: float
    cpu: float | None = None
    peak: float | None = None
    ratio: float | None = None
    cpu_ratio: float | None = None


class Watch:
    """Adds up the seconds that pass inside `with`; made after garbage is gone, so that none of before is collected."""

    def __init__(self) -> None:
        gc.collect()
        self.wall = 0.0
        self.cpu = 0.0

    def __enter__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cpu += time.process_time() - self._cpu
        self.wall += time.perf_counter() - self._wall

    def figures(self, **facts: float) -> dict[str, float]:
        """What a side answers."""
        return {"wall": self.wall, "cpu": self.cpu, **facts}


Work = Callable[[], Cost]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What one benchmark was asked for: the events of its large log, its rounds, and an empty folder to work in."""

    name: str
    events: int
    rounds: int
    folder: Path

    def in_turn(self, works: Mapping[str, Work]) -> dict[str, list[Cost]]:
        """The costs of every round, in which each has its turn, so that a machine that slows down slows all."""
        costs: dict[str, list[Cost]] = {what: [] for what in works}
        for _ in range(self.rounds):
            for what, work in works.items():
                costs[what].append(work())
        return costs

    def rows(
        self, costs: Mapping[str, Sequence[Cost]], unit: Unit, *, events: int = 0, times: int = 1, memory: bool = False
    ) -> Iterator[Row]:
        """A row for each, of which the first is our own and the others are peers.

        `events` are those of the log, where its size matters; a round did as many, or where the unit is ms, so many
        actions as `times`.
        """
        ours, *_ = costs.values()
        for what, theirs in costs.items():
            is_peer = theirs is not ours
            yield Row(
                benchmark=self.name,
                what=f"  {what}" if is_peer else what,
                events=events or None,
                unit=unit,
                figure=_figure(median(cost.wall for cost in theirs), unit, events, times),
                cpu=median(cost.cpu for cost in theirs) * (1e6 / events if unit == "events/s" else 1e3 / times),
                peak=median(cost.peak for cost in theirs) / MIB if memory else None,
                ratio=_ratio([cost.wall for cost in ours], [cost.wall for cost in theirs]) if is_peer else None,
                cpu_ratio=_ratio([cost.cpu for cost in ours], [cost.cpu for cost in theirs]) if is_peer else None,
            )

    def row(self, what: str, figure: float, unit: Unit, cpu: float | None = None, *, events: int | None = None) -> Row:
        """A row of one figure that is no cost of a round's."""
        return Row(benchmark=self.name, what=what, events=events, unit=unit, figure=figure, cpu=cpu)

    @contextmanager
    def fresh(self, template: Path | None = None) -> Iterator[Path]:
        """A folder for one round, removed after it: empty, or a copy of another."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            if template is not None:
                shutil.copytree(template, folder, copy_function=_copy_to_disk, dirs_exist_ok=True)
            yield Path(folder)


def _copy_to_disk(source: str, target: str) -> None:
    """A copy that the system has still to write would slow the round that follows."""
    shutil.copy2(source, target)
    with Path(target).open("rb") as stream:
        os.fsync(stream.fileno())


def _figure(seconds: float, unit: Unit, events: int, times: int) -> float:
    return events / seconds if unit == "events/s" else seconds * 1000 / times


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return median(mine / other for mine, other in zip(ours, theirs, strict=True))


def process(*command: str | Path) -> Cost:
    """What a whole process costs."""
    return _run(command)[0]


def side(name: str, *arguments: Any) -> Cost:
    """What a function of a module of this package, as in "ours.append", says that its work costs, in a process of its
    own; paths reach it as text."""
    whole, answer = _run((sys.executable, "-m", "tests.benchmarks.side", name, json.dumps(arguments, default=str)))
    facts: dict[str, float] = json.loads(answer)
    return Cost(wall=facts.pop("wall", whole.wall), cpu=facts.pop("cpu", whole.cpu), peak=whole.peak, facts=facts)


def feed(folder: Path, *arguments: str | Path) -> Cost:
    """What a command costs in the newsroom of a folder, as a whole process."""
    return process(sys.executable, "-m", "feed", "--config", folder / "feed.toml", *arguments)


def python(code: str) -> Cost:
    """What a whole interpreter costs that runs this."""
    return process(sys.executable, "-c", code)


def require(*modules: str) -> None:
    """Ends the program, saying what to install, where a peer is missing."""
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise SystemExit(f"needs {', '.join(missing)}: pip install -e '.[bench]'")


def _environment() -> dict[str, str]:
    """In which compiled modules are kept, as an installed package has them: a peer's are, being installed."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _run(command: Sequence[str | Path]) -> tuple[Cost, bytes]:
    """The cost of a process and what it printed. Ends the program with its complaint where it fails."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as complaint:
        running = subprocess.Popen(command, cwd=PROJECT, stdout=out, stderr=complaint, env=_environment())
        _, status, used = os.wait4(running.pid, 0)
        wall = time.perf_counter() - start
        running.returncode = os.waitstatus_to_exitcode(status)
        for stream in (out, complaint):
            stream.seek(0)
        if running.returncode:
            said = complaint.read().decode(errors="replace")
            raise SystemExit(f"{' '.join(map(str, command))}\n{said}\nended with {running.returncode}")
        # In KiB on Linux, in bytes on macOS.
        peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return Cost(wall=wall, cpu=used.ru_utime + used.ru_stime, peak=peak), out.read()
