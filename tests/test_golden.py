"""The balloon story's feeds, read and approved by eye; a change of them is a change for every subscriber.

To approve a change: look at `git diff` after copying the files from a fresh `feed demo` to tests/data/balloon/.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from feed.cli import main

GOLDEN = Path(__file__).parent / "data/balloon"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("golden") / "d"
    assert CliRunner().invoke(main, ["demo", str(folder)]).exit_code == 0
    return folder / "public/stories/us-china-balloon-2023"


@pytest.mark.parametrize("name", ["atom.xml", "rss.xml", "feed.json"])
def test_the_balloon_storys_feed_is_the_approved_one(published, name):
    assert (published / name).read_text(encoding="utf-8") == (GOLDEN / name).read_text(encoding="utf-8")
