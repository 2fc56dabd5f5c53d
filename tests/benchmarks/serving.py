"""The benchmark of what is served: how many answers a core gives, and what memory many stories take."""

from __future__ import annotations

import http.client
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median

from tests.benchmarks.measure import PROJECT, Plan, Row, side

FEED_BYTES = 30_000
SECONDS = 3
CONNECTIONS = 16
MEMORY = 64
# What a story's files are in size, as published from some twenty updates.
STORY_FILES = {
    "index.html": 24_000,
    "fragment.html": 12_000,
    "atom.xml": 12_000,
    "rss.xml": 12_000,
    "feed.json": 12_000,
}
_PATTERN = re.compile(r"Requests/sec: +([0-9.]+)")


def serve(plan: Plan) -> Iterator[Row]:
    """A feed of 30 kB on one core, asked by wrk on another if there is one: at least 5,000 answers of 304 a second and
    4,000 of 200. Then as many stories as `events` says, asked for once each: memory within the setting.

    The memory is that of the process, and what it needs beside contents is in a row of its own.
    """
    if not shutil.which("wrk"):
        raise SystemExit("needs wrk: apt install wrk")
    folder = plan.folder / "served"
    side("ours.make", folder)
    write(folder / "public", 0)
    with serving(folder) as (port, pid):
        tag = answer(port, "/atom.xml")
        asked = {
            "304": {"If-None-Match": tag, "Accept-Encoding": "identity"},
            "200": {"Accept-Encoding": "identity"},
            "200 in gzip": {"Accept-Encoding": "gzip"},
            "200 in br": {"Accept-Encoding": "br"},
        }
        for what, fields in asked.items():
            rounds = [rate(port, pid, fields) for _ in range(plan.rounds)]
            rates, costs = zip(*rounds, strict=True)
            title = f"{what}, feed of {FEED_BYTES // 1000} kB, one core"
            yield plan.row(title, median(rates), "answers/s", median(costs))
    with serving(folder) as (_, pid):
        yield plan.row("memory of a process with nothing in it", resident(pid), "MB")
    write(folder / "public", plan.events)
    start = time.perf_counter()
    with serving(folder) as (port, pid):
        yield plan.row(f"  start with {plan.events:,} stories", (time.perf_counter() - start) * 1000, "ms")
        yield plan.row(f"  memory, of which {MEMORY} MB may be contents", resident(pid), "MB")
        ask_all(port, plan.events)
        yield plan.row("  memory when all was asked for, in two codings", resident(pid), "MB")


def write(public: Path, stories: int) -> None:
    """A folder as a publish leaves it, its files filled with what compresses like text; not waiting for the disk."""
    words = [secrets.token_hex(3) for _ in range(300)]

    def put(file: Path, size: int) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        text = " ".join(secrets.choice(words) for _ in range(size // 7 + 1))
        file.write_bytes(text.encode()[:size])

    put(public / "atom.xml", FEED_BYTES)
    for number in range(stories):
        for name, size in STORY_FILES.items():
            put(public / f"stories/story-{number}" / name, size)
    record = f'{{"origin": "{secrets.token_hex(8)}", "position": {stories}, "fingerprint": ""}}'
    (public / "publish.json").write_text(record)


@contextmanager
def serving(folder: Path) -> Iterator[tuple[int, int]]:
    """`feed serve` on the first core: its port and process."""
    config = folder / "feed.toml"
    config.write_text(re.sub(r"(?m)^memory = .*$", f"memory = {MEMORY}", config.read_text()))
    command = [*on(0), sys.executable, "-m", "feed", "--config", str(config), "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout
            line = running.stdout.readline()
            port = int(line.strip().rpartition(":")[2].strip("/"))
            answer(port, "/atom.xml")
            yield port, running.pid
        finally:
            running.terminate()
            running.wait()


def on(core: int) -> list[str]:
    """What puts a command on a core, where there are so many."""
    return ["taskset", "-c", str(core)] if shutil.which("taskset") and (os.cpu_count() or 1) > core else []


def rate(port: int, pid: int, fields: dict[str, str]) -> tuple[float, float]:
    """Answers a second to wrk, and µs of the server's CPU for each, which tells more where others use the core too."""
    given = [part for name, value in fields.items() for part in ("-H", f"{name}: {value}")]
    command = [*on(1), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}", *given, f"http://127.0.0.1:{port}/atom.xml"]
    before = used(pid)
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = _PATTERN.search(said)
    if not found or "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(said)
    return float(found[1]), (used(pid) - before) / (float(found[1]) * SECONDS) * 1e6


def answer(port: int, path: str) -> str:
    """The tag of a file."""
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        connection.request("GET", path)
        came = connection.getresponse()
        came.read()
        return came.headers["ETag"]


def ask_all(port: int, stories: int) -> None:
    """Every story's page in Brotli and its feed as it is."""
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        for number in range(stories):
            for name, coding in (("", "br"), ("atom.xml", "identity")):
                connection.request("GET", f"/stories/story-{number}/{name}", headers={"Accept-Encoding": coding})
                came = connection.getresponse()
                came.read()
                if came.status != http.client.OK:
                    raise SystemExit(f"story-{number}/{name} was answered {came.status}")


def used(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """Megabytes that a process has in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+([0-9]+)", status)[0]) / 1000
