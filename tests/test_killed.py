"""What kill -9 leaves behind."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from time import sleep

import log_fixtures
import pytest
from log_fixtures import Office, feed_command, files_in, fill, furnish, python, story_of

template, office = log_fixtures.template, log_fixtures.office

BATCH = 20
UPDATES = 1_999


def run_and_kill(command: list[str], lines: int, after: float) -> list[bytes]:
    """Kill the process so many seconds after it has printed so many lines; returns all that it printed."""
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        printed = [process.stdout.readline() for _ in range(lines)]
        sleep(after)
        process.kill()
        printed.extend(process.stdout)
    return [one for one in printed if one.endswith(b"\n")]


def events_file(folder: Path) -> Path:
    file = folder / "events.jsonl"
    file.write_bytes(b"".join(story_of(UPDATES)))
    return file


def test_an_import_killed_again_and_again_keeps_every_acknowledged_batch_and_completes(
    office: Office, tmp_path: Path
) -> None:
    file, chance = events_file(tmp_path), random.Random(4)  # noqa: S311  # chance, no secret
    command = feed_command(office, "import", str(file), "--batch", str(BATCH), "--json")
    last, sizes = 0, set()
    for _ in range(10):
        known = last // BATCH
        printed = run_and_kill(command, known + chance.randrange(12), chance.random() / 20)
        acknowledged = max([last, *(json.loads(line)["position"] for line in printed[known:])])
        last = office.size()
        sizes.add(last)
        assert last >= acknowledged
        assert last % BATCH == 0
    assert len(sizes) > 5
    assert last < UPDATES + 1
    ended = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    answers = [json.loads(line) for line in ended.stdout.splitlines()]
    assert sum(answer["appended"] for answer in answers) == UPDATES + 1 - last
    assert sum(answer["skipped"] for answer in answers) == last
    ids = [id for (id,) in office.rows("SELECT id FROM events ORDER BY position")]
    assert ids == [f"flood-{number}" for number in range(UPDATES + 1)]
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

def dying(*args):
    global count
    count -= 1
    original(*args)
    if count == 0:
        os.kill(os.getpid(), signal.SIGKILL)

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
    file = events_file(tmp_path)
    killed = dying(office, module, name, 3, "import", str(file), "--batch", str(BATCH))
    assert (killed.returncode, len(killed.stdout.splitlines())) == (-9, 2)
    assert office.size() == 2 * BATCH
    assert office.rows("SELECT count(*) FROM payloads") == [(2 * BATCH,)]
    assert office.rows("SELECT size FROM log_head") == [(2 * BATCH,)]
    assert office.rows("SELECT position FROM projection_state") == [(2 * BATCH,)]
    assert office.run("import", str(file)).exit_code == 0
    assert office.size() == UPDATES + 1
    assert office.is_sound()


@pytest.mark.parametrize(("name", "count"), [("_begin", 1), ("_take", 2), ("_swap", 1)])
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


def test_a_killed_command_leaves_no_file_beside_the_database_once_the_next_has_run(
    office: Office, template: Path, tmp_path: Path
) -> None:
    fill(office, story_of(50))
    killed = dying(office, "feed.projections.workbench", "Workbench.save", 1, "append", "flood", "Lost")
    assert killed.returncode == -9
    assert (office.folder / "feed.db-wal").exists()
    assert office.run("stories").exit_code == 0
    assert sorted(files_in(office.folder)) == ["feed.db", "feed.toml"]
    # And what it left is the same as if it had not run.
    untouched = furnish(template, tmp_path / "untouched")
    assert office.size() == 51
    assert untouched.size() == 0
