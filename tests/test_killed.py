"""What kill -9 leaves behind."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from time import sleep

import log_fixtures
import pytest
from log_fixtures import Office, feed_command, files_in, fill, python, story_of

template, office = log_fixtures.template, log_fixtures.office

BATCH = 20
UPDATES = 1_999


def import_and_kill(office: Office, lines: list[bytes], batches: int, after: float) -> list[dict[str, int]]:
    """Kill an import that waits for more lines so many seconds after it has acknowledged so many batches.

    Returns what it has acknowledged.
    """
    command = feed_command(office, "import", "-", "--batch", str(BATCH), "--json")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"".join(lines))
        process.stdin.flush()
        printed = [process.stdout.readline() for _ in range(batches)]
        sleep(after)
        process.kill()
        printed.extend(process.stdout)
    return [json.loads(line) for line in printed if line.endswith(b"\n")]


@pytest.mark.slow
def test_an_import_killed_again_and_again_keeps_every_acknowledged_batch_and_completes(office: Office) -> None:
    lines, chance = story_of(UPDATES), random.Random(4)  # noqa: S311  # chance, no secret
    size = 0
    for _ in range(10):
        known, more = size // BATCH, chance.randrange(2, 9)
        given = lines[: (known + more) * BATCH + chance.randrange(BATCH)]
        receipts = import_and_kill(office, given, known + chance.randrange(1, more), chance.choice([0, 0.005, 0.02]))
        before, size = size, office.size()
        assert before < receipts[-1]["position"] <= size <= len(given)
        assert size % BATCH == 0
        assert sum(receipt["appended"] for receipt in receipts) <= size - before
    command = feed_command(office, "import", "-", "--batch", str(BATCH), "--json")
    ended = subprocess.run(command, input=b"".join(lines), stdout=subprocess.PIPE, check=True)
    receipts = [json.loads(line) for line in ended.stdout.splitlines()]
    assert sum(receipt["appended"] for receipt in receipts) == len(lines) - size
    assert sum(receipt["skipped"] for receipt in receipts) == size
    ids = [id for (id,) in office.rows("SELECT id FROM events ORDER BY position")]
    assert ids == [f"flood-{number}" for number in range(len(lines))]
    assert office.run("rebuild", "--check").stdout == "the read tables are what the log says\n"
    assert office.is_sound()


# Runs `feed`, and dies right after the N-th return of what stands at MODULE, NAME.
DYING = """
import os, signal
from functools import reduce
from importlib import import_module

module, path, count = sys.argv[1], sys.argv[2].split("."), int(sys.argv[3])
del sys.argv[1:4]
place = reduce(getattr, path[:-1], import_module(module))
original = getattr(place, path[-1])

def dying(*args, **kwargs):
    global count
    count -= 1
    result = original(*args, **kwargs)
    if count == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return result

setattr(place, path[-1], dying)
from feed.cli import main
main()
"""


def dying(office: Office, module: str, name: str, count: int, *args: str) -> subprocess.CompletedProcess[bytes]:
    command = python(DYING, module, name, count, "--config", office.config, *args)
    return subprocess.run(command, capture_output=True, check=False)


@pytest.mark.parametrize(
    ("module", "name"), [("feed.log", "Batch.write"), ("feed.projections.workbench", "Workbench.save")]
)
def test_a_batch_killed_before_its_commit_is_not_there_at_all(
    office: Office, tmp_path: Path, module: str, name: str
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"".join(story_of(UPDATES)))
    killed = dying(office, module, name, 3, "import", str(file), "--batch", str(BATCH))
    assert (killed.returncode, len(killed.stdout.splitlines())) == (-9, 2)
    assert office.size() == 2 * BATCH
    assert office.rows("SELECT count(*) FROM payloads") == [(2 * BATCH,)]
    assert office.rows("SELECT size FROM log_head") == [(2 * BATCH,)]
    assert office.rows("SELECT position FROM projection_state") == [(2 * BATCH,)]
    assert office.run("import", str(file)).exit_code == 0
    assert office.size() == UPDATES + 1
    assert office.is_sound()


def test_an_import_killed_right_after_it_has_acknowledged_a_batch_has_it(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"".join(story_of(UPDATES)))
    killed = dying(office, "click", "echo", 3, "import", str(file), "--batch", str(BATCH))
    assert (killed.returncode, len(killed.stdout.splitlines())) == (-9, 3)
    assert office.size() == 3 * BATCH
    assert office.is_sound()


@pytest.mark.parametrize(("name", "count"), [("_begin", 1), ("_folded", 2), ("_swap", 1)])
def test_a_killed_rebuild_leaves_the_tables_usable_and_the_next_one_works(
    office: Office, name: str, count: int
) -> None:
    fill(office, story_of(100))
    before = office.rows("SELECT * FROM updates")
    assert dying(office, "feed.projections.rebuild", name, count, "rebuild").returncode == (-9)
    assert office.rows("SELECT * FROM updates") == before
    assert office.run("append", "flood", "After the kill").exit_code == 0
    assert office.run("rebuild").stdout == "rebuilt from 102 events\n"
    assert office.rows("SELECT count(*) FROM updates") == [(101,)]
    assert office.rows("SELECT name FROM sqlite_master WHERE name LIKE 'rebuilt%'") == []
    assert office.rows("SELECT name FROM projection_state") == [("stories",)]
    assert office.run("rebuild", "--check").stdout == "the read tables are what the log says\n"


def test_what_a_killed_command_left_beside_the_database_is_gone_once_the_next_has_run(office: Office) -> None:
    fill(office, story_of(50))
    killed = dying(office, "feed.projections.workbench", "Workbench.save", 1, "append", "flood", "Lost")
    assert killed.returncode == -9
    assert (office.folder / "feed.db-wal").exists()
    assert "Lost" not in office.run("show", "flood").stdout
    assert sorted(files_in(office.folder)) == ["feed.db", "feed.toml"]
    assert office.size() == 51
    assert office.is_sound()


# Forks a process that appends, one event or a batch a transaction, and says which are acknowledged; kills it at some
# moment; then proves the log. It is warm already, so that a cycle costs no start of Python.
APPENDING = """
import json, os, random, select, signal, time
from pathlib import Path
from feed import settings
from feed.events import NewEvent, StoryOpened, UpdateAdded, UpdateRevised, Changes
from feed.newsroom import Newsroom

loaded = settings.load(Path(sys.argv[1]))
chance = random.Random(9)

def append(cycle, to):
    with Newsroom.open(loaded) as newsroom:
        for number in range(10_000):
            ids = [f"c{cycle}-{number}-{part}" for part in range(1 + number % 4)]
            newsroom.append_all([
                NewEvent(story=f"story-{cycle % 7}", id=id, data=UpdateAdded(headline=f"Update {id}", body="w " * 200))
                for id in ids
            ])
            os.write(to, "".join(id + "\\n" for id in ids).encode())

with Newsroom.open(loaded) as newsroom:
    for number in range(7):
        newsroom.append(NewEvent(story=f"story-{number}", data=StoryOpened(headline="A story")))
acknowledged, lost, faults = [], 0, 0
for cycle in range(int(sys.argv[2])):
    children, pipes = [], []
    for writer in range(1 + cycle % 2):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            append(cycle * 10 + writer, write)
        os.close(write)
        children.append(child)
        pipes.append(read)
    select.select(pipes, [], [])
    time.sleep(chance.uniform(0, 0.02))
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    for pipe in pipes:
        with os.fdopen(pipe) as stream:
            acknowledged += [line.strip() for line in stream if line.endswith("\\n")]
    with Newsroom.open(loaded) as newsroom:
        verdict = newsroom.verify([], lambda done, total: None)
        faults += len(verdict.faults)
with Newsroom.open(loaded) as newsroom:
    held = [event.id for event in newsroom.events()]
print(json.dumps({
    "acknowledged": len(acknowledged), "lost": len(set(acknowledged) - set(held)), "events": len(held),
    "twice": len(held) - len(set(held)), "faults": faults,
}))
"""
CYCLES = 300


@pytest.mark.slow
def test_300_kills_lose_nothing_that_was_acknowledged_and_leave_no_gap(office: Office) -> None:
    done = subprocess.run(python(APPENDING, office.config, CYCLES), capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    print(f"{CYCLES} cycles of kill -9, each with a feed verify: {found}")
    assert (found["lost"], found["twice"], found["faults"]) == (0, 0, 0)
    assert found["acknowledged"] > CYCLES
    assert office.is_sound()
