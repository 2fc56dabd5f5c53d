"""The folder target: what a publish may count on, and what it leaves behind when it is stopped."""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from feed.errors import PublishError
from feed.site import folder as module
from feed.site.folder import Folder, Published

PUBLISHED = Published(origin="example.org/log", position=17, fingerprint="f1")
SECOND = 1_000_000_000
START = "import os, sys; from pathlib import Path; from feed.site.folder import Folder, Published\n"


@pytest.fixture
def public(tmp_path: Path) -> Path:
    return tmp_path / "public"


def files(folder: Path) -> dict[str, bytes]:
    """Every file in `folder`, hidden ones too, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def put(folder: Path, **contents: bytes) -> Folder:
    """Puts `name`.html for each name and returns the target, its lock released."""
    with Folder(folder) as target:
        for name, content in contents.items():
            target.put(f"{name}.html", content)
    return target


def refusal(folder: Path, path: str) -> str:
    with Folder(folder) as target, pytest.raises(PublishError) as caught:
        target.put(path, b"new")
    assert caught.value.folder == str(folder)
    return caught.value.problem


def started(code: str, folder: Path) -> subprocess.Popen[str]:
    """A process that runs `code` with the folder as its argument."""
    command = [sys.executable, "-c", START + code, str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@contextmanager
def ready(code: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Such a process once it has said that it is ready; killed at the end."""
    with started(code, folder) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def printed(process: subprocess.Popen[str]) -> str:
    """What the process prints; it must end by itself and well."""
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return output


def failing_fsync(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes every fsync fail as the operating system would."""

    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)


# What is written


def test_files_are_put_into_folders_that_are_made_with_their_parents(tmp_path: Path) -> None:
    public = tmp_path / "srv" / "www" / "public"
    with Folder(public) as target:
        assert target.put("stories/a-b/index.html", "ä\n".encode())
        assert target.put("atom.xml", b"<feed/>")
    assert files(public) == {"atom.xml": b"<feed/>", "stories/a-b/index.html": "ä\n".encode()}
    assert (target.files_written, target.files_unchanged) == (2, 0)


def test_unchanged_bytes_are_not_touched(public: Path) -> None:
    put(public, index=b"same")
    before = (public / "index.html").stat()
    target = put(public, index=b"same")
    after = (public / "index.html").stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )
    assert (target.files_written, target.files_unchanged) == (0, 1)


@pytest.mark.parametrize("new", [b"old.", b"Old", b"", b"o"])
def test_a_changed_file_is_replaced_as_a_whole(public: Path, new: bytes) -> None:
    put(public, index=b"old")
    with (public / "index.html").open("rb") as reader:
        target = put(public, index=new)
        assert reader.read() == b"old"
    assert files(public) == {"index.html": new}
    assert (target.files_written, target.files_unchanged) == (1, 0)


@pytest.mark.parametrize("age", [0, -10 * SECOND, 3600 * SECOND], ids=["now", "old", "future"])
def test_the_time_of_a_changed_file_steps_by_a_second_or_more(public: Path, age: int) -> None:
    put(public, index=b"old")
    file = public / "index.html"
    before = file.stat().st_mtime_ns + age
    os.utime(file, ns=(before, before))
    put(public, index=b"new")
    step = file.stat().st_mtime_ns - before
    assert SECOND <= step < 60 * SECOND
    assert (step == SECOND) == (age >= 0)


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o027, 0o640)])
def test_a_file_has_the_mode_that_the_umask_leaves(public: Path, umask: int, mode: int) -> None:
    previous = os.umask(umask)
    try:
        put(public, index=b"old")
        put(public, index=b"new")
    finally:
        os.umask(previous)
    assert (public / "index.html").stat().st_mode & 0o777 == mode


def test_each_file_is_on_disk_with_its_name_before_the_next_is_begun(
    public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def recorded_fsync(number: int) -> None:
        steps.append(f"sync {Path(f'/proc/self/fd/{number}').readlink().relative_to(public.parent)}")
        fsync(number)

    def recorded_replace(file: Path, by: Path) -> Path:
        steps.append(f"name {by.relative_to(public.parent)}")
        return replace(file, by)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(Path, "replace", recorded_replace)
    with Folder(public) as target:
        target.put("key/atom.xml", b"1")
        target.put("key/rss.xml", b"2")
    assert steps == [
        *("sync .", "sync public", "sync public", "sync public/key"),
        *("sync public/key/.atom.xml.feed-part", "name public/key/atom.xml", "sync public/key"),
        *("sync public/key/.rss.xml.feed-part", "name public/key/rss.xml", "sync public/key"),
    ]


def test_unchanged_files_are_brought_to_disk_too_for_a_killed_publish_may_not_have(
    public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Folder(public) as target:
        target.put("key/atom.xml", b"1")
    failing_fsync(errno.EIO, monkeypatch)
    with (
        Folder(public) as target,
        pytest.raises(PublishError, match=r"key/atom\.xml cannot be written \(Input/output error"),
    ):
        target.put("key/atom.xml", b"1")


# publish.json


def test_what_was_published_is_read_back(public: Path) -> None:
    with Folder(public) as target:
        assert target.published() is None
        target.finish(PUBLISHED)
        assert target.published() == PUBLISHED
    assert Folder(public).published() == PUBLISHED


def test_the_record_is_readable_utf_8_and_the_same_on_every_day(public: Path) -> None:
    with Folder(public) as target:
        target.finish(Published(origin="zürich.example/log", position=1, fingerprint="f"))
    assert (public / "publish.json").read_text(encoding="utf-8") == (
        '{\n  "origin": "zürich.example/log",\n  "position": 1,\n  "fingerprint": "f"\n}\n'
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"origin": "o", "posi',
        b"\0" * 60,
        b'{"origin": "\xff", "position": 1, "fingerprint": "f"}',
        b'{"origin": "o", "position": -1, "fingerprint": "f"}',
        b'{"origin": "o", "position": "1", "fingerprint": "f"}',
        b'{"origin": "o", "fingerprint": "f"}',
        b'{"x": ' + b"[" * 100_000,
    ],
    ids=["empty", "torn", "zeros", "not UTF-8", "negative", "other type", "key missing", "nested"],
)
def test_a_damaged_record_counts_as_none(public: Path, content: bytes) -> None:
    public.mkdir()
    (public / "publish.json").write_bytes(content)
    assert Folder(public).published() is None


def test_a_record_that_is_no_file_is_refused(public: Path) -> None:
    (public / "publish.json").mkdir(parents=True)
    with pytest.raises(PublishError, match=r"public: publish\.json is no file, and one should be there: move it away$"):
        Folder(public).published()


def test_a_record_is_not_looked_for_in_a_file(public: Path) -> None:
    public.write_bytes(b"mine")
    with pytest.raises(
        PublishError, match=r"cannot be read \(Not a directory\): a file stands where a folder should be"
    ):
        Folder(public).published()


# The lock


def test_a_second_publisher_gives_up_in_words(public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.1)
    with ready("with Folder(Path(sys.argv[1])): print('ready', flush=True); sys.stdin.read()", public) as first:
        with pytest.raises(PublishError) as caught, Folder(public):
            pass
        assert caught.value.problem == ("another publish has not finished for 0.1 s: wait for it, then publish again")
        first.communicate("")
    assert put(public, index=b"1").files_written == 1


def test_a_second_publisher_waits_for_the_first(public: Path) -> None:
    code = """
with Folder(Path(sys.argv[1])) as target:
    print("ready", flush=True)
    import time; time.sleep(0.3)
    target.finish(Published(origin="o", position=1, fingerprint="f"))
"""
    with ready(code, public), Folder(public) as target:
        published = target.published()
    assert published is not None
    assert published.position == 1


def test_two_names_of_one_folder_have_one_lock(public: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.1)
    link = tmp_path / "link"
    link.symlink_to(public)
    with Folder(public), pytest.raises(PublishError, match="another publish has not finished"), Folder(link):
        pass


def test_publishers_at_once_lose_nothing_of_each_other(public: Path) -> None:
    code = """
for _ in range(10):
    with Folder(Path(sys.argv[1])) as target:
        last = target.published()
        target.finish(Published(origin="o", position=last.position + 1 if last else 1, fingerprint="f"))
"""
    processes = [started(code, public) for _ in range(4)]
    assert [printed(process) for process in processes] == [""] * 4
    assert json.loads((public / "publish.json").read_bytes())["position"] == 40


# Stopped half-way

HANGS_IN_MID_WRITE = """
def hang(number):
    if not os.path.isdir(f"/proc/self/fd/{number}"):
        print("ready", flush=True)
        sys.stdin.read()
target = Folder(Path(sys.argv[1])).__enter__()
os.fsync = hang
target.put("index.html", b"half" * 100_000)
"""


def killed_in_mid_write(public: Path) -> None:
    put(public, index=b"old")
    with ready(HANGS_IN_MID_WRITE, public) as process:
        process.kill()
        assert process.wait(60) == -signal.SIGKILL
    assert files(public) == {"index.html": b"old", ".index.html.feed-part": b"half" * 100_000}


@pytest.mark.parametrize("content", [b"old", b"new"])
def test_the_publish_after_a_killed_one_completes_it_and_clears_up(public: Path, content: bytes) -> None:
    killed_in_mid_write(public)
    put(public, index=content)
    assert files(public) == {"index.html": content}


def test_a_file_over_the_limit_leaves_the_old_one_whole_and_nothing_beside_it(public: Path) -> None:
    put(public, index=b"old")
    code = """
import resource; from feed.errors import PublishError
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
with Folder(Path(sys.argv[1])) as target:
    try:
        target.put("index.html", b"x" * 100_000)
    except PublishError as error:
        print(error.problem, target.files_written)
"""
    assert printed(started(code, public)) == (
        "index.html cannot be written (File too large): "
        "raise the limit on the size of files (ulimit -f), then publish again 0\n"
    )
    assert files(public) == {"index.html": b"old"}


def test_an_interrupt_from_the_keyboard_leaves_nothing_beside_a_file(
    public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(public, index=b"old")

    def interrupt(_: Path, __: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        put(public, index=b"new")
    assert files(public) == {"index.html": b"old"}


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "(No space left on device): make room there, then publish again"),
        (errno.EDQUOT, "(Disk quota exceeded): make room there, then publish again"),
        (errno.EIO, "(Input/output error): publish again when that is repaired"),
        (errno.EROFS, "(Read-only file system): name another folder (publish.folder in feed.toml, or --out)"),
        (
            errno.EACCES,
            "(Permission denied): give this user the right to write there, "
            "or name another folder (publish.folder in feed.toml, or --out)",
        ),
    ],
)
def test_a_fault_of_the_disk_is_told_with_what_to_do(
    public: Path, monkeypatch: pytest.MonkeyPatch, number: int, message: str
) -> None:
    put(public, index=b"old")
    with Folder(public) as target:
        target.put("index.html", b"old")
        failing_fsync(number, monkeypatch)
        with pytest.raises(PublishError) as caught:
            target.put("index.html", b"new")
    assert caught.value.problem == f"index.html cannot be written {message}"
    assert files(public) == {"index.html": b"old"}


def test_a_file_system_that_cannot_sync_folders_is_written_to_all_the_same(
    public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def files_only(number: int) -> None:
        if stat.S_ISDIR(os.fstat(number).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        fsync(number)

    monkeypatch.setattr(os, "fsync", files_only)
    put(public, index=b"1")
    assert files(public) == {"index.html": b"1"}


# What is in the way


def test_a_file_in_place_of_the_folder_is_refused(public: Path) -> None:
    public.write_bytes(b"mine")
    with pytest.raises(PublishError, match=r"cannot be used \(File exists\): a file stands where a folder should be"):
        put(public, index=b"1")
    with pytest.raises(PublishError, match=r"cannot be used \(File exists\): a file stands where a folder should be"):
        put(public / "inside", index=b"1")
    assert public.read_bytes() == b"mine"


def test_a_file_in_place_of_a_folder_inside_is_refused(public: Path) -> None:
    public.mkdir()
    (public / "stories").write_bytes(b"mine")
    assert refusal(public, "stories/a/index.html") == "stories is a file, and a folder should be there: move it away"
    assert files(public) == {"stories": b"mine"}


def test_a_folder_in_place_of_a_file_is_refused(public: Path) -> None:
    (public / "index.html").mkdir(parents=True)
    assert refusal(public, "index.html") == "index.html is no file, and one should be there: move it away"
    assert files(public) == {}


def test_a_pipe_in_place_of_a_file_is_refused_unopened(public: Path) -> None:
    public.mkdir()
    os.mkfifo(public / "index.html")
    assert refusal(public, "index.html") == "index.html is no file, and one should be there: move it away"


@pytest.mark.parametrize("inside", [True, False])
def test_a_symbolic_link_is_refused_wherever_it_leads(public: Path, tmp_path: Path, inside: bool) -> None:
    outside = tmp_path / "outside"
    for folder in (public / "other", outside):
        folder.mkdir(parents=True)
        (folder / "index.html").write_bytes(b"mine")
    target = public / "other" if inside else outside
    (public / "key").symlink_to(target)
    (public / "atom.xml").symlink_to(target / "index.html")
    before = files(tmp_path)
    assert refusal(public, "key/index.html") == "key is a symbolic link, and none is followed: remove it"
    assert refusal(public, "key/new/atom.xml") == "key is a symbolic link, and none is followed: remove it"
    assert refusal(public, "atom.xml") == "atom.xml is a symbolic link, and none is followed: remove it"
    assert files(tmp_path) == before | {".public.lock": b""}


def test_a_link_in_place_of_a_temporary_file_is_not_followed(public: Path, tmp_path: Path) -> None:
    public.mkdir()
    mine = tmp_path / "mine"
    mine.write_bytes(b"mine")
    (public / ".index.html.feed-part").symlink_to(mine)
    put(public, index=b"new")
    assert files(public) == {"index.html": b"new"}
    assert mine.read_bytes() == b"mine"


def test_the_folder_itself_may_be_a_link(public: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(public)
    put(link, index=b"1")
    assert files(public) == {"index.html": b"1"}


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/etc/x",
        "../x",
        "a/../../x",
        "a/..",
        "./x",
        "a//x",
        "a/",
        ".x",
        "a\\..\\x",
        "C:x",
        "a\0",
        "x\n",
        "ä",
        "\ud800",
    ],
)
def test_a_path_that_is_none_is_refused(public: Path, path: str) -> None:
    assert refusal(public, path) == f"{path!r} is no path inside it: join plain ASCII names with '/'"
    assert files(public.parent) == {".public.lock": b""}
    assert list(public.iterdir()) == []


def test_a_name_that_is_too_long_is_told(public: Path) -> None:
    problem = refusal(public, "a" * 300 + "/index.html")
    assert problem.endswith("/index.html cannot be written (File name too long): publish again when that is repaired")


# remove_others

LAYOUT = [
    *("index.html", "atom.xml", "rss.xml", "feed.json", "feeds.opml", "stories.opml"),
    *("archive/atom-00001.xml", "archive/feed-100000.json"),
    *("stories/index.html", "stories/a-1/index.html", "stories/a-1/fragment.html", "stories/a-1/atom.xml"),
    *("stories/a-1/rss.xml", "stories/a-1/feed.json", "stories/a-1/archive/atom-00001.xml"),
    *("topics/-1a2b3c4d/index.html", "topics/t/atom.xml", "topics/t/rss.xml", "topics/t/feed.json"),
    *("corrections/index.html", "corrections/atom.xml", "key/atom.xml", "key/rss.xml", "key/feed.json"),
]
NOT_OURS = [
    *("publish.json", "checkpoint", "robots.txt", "about.html", ".htaccess", ".index.html.swp", "atom.xml.bak"),
    *("archive/atom-1.xml", "archive/index.html", "archive/2019/index.html", "key/index.html", "news/index.html"),
    *("stories/about.html", "stories/My Files/index.html", "stories/a-1/photo.jpg", "stories/a-1/x/index.html"),
    *("stories/a-1/archive/index.html", "topics/atom.xml", "topics/t/fragment.html", ".about.html.feed-part"),
]


def filled(public: Path, paths: list[str]) -> None:
    for path in paths:
        (public / path).parent.mkdir(parents=True, exist_ok=True)
        (public / path).write_bytes(b"x")


def test_files_of_the_layout_that_are_not_kept_are_removed_and_no_others(public: Path) -> None:
    filled(public, LAYOUT + NOT_OURS)
    with Folder(public) as target:
        assert target.remove_others({"index.html", "stories/a-1/atom.xml"}) == len(LAYOUT) - 2
    assert sorted(files(public)) == sorted([*NOT_OURS, "index.html", "stories/a-1/atom.xml"])


def test_folders_of_the_layout_that_are_emptied_are_removed_and_no_others(public: Path) -> None:
    filled(public, [*LAYOUT, "news/index.html"])
    (public / "stories" / "made-before-a-kill").mkdir()
    (public / "pictures").mkdir()
    (public / "archive" / "2019").mkdir()
    with Folder(public) as target:
        target.remove_others({"key/atom.xml"})
        assert target.put("key/rss.xml", b"1")
        assert target.put("stories/index.html", b"1")
    assert sorted(path.relative_to(public).as_posix() for path in public.rglob("*")) == [
        *("archive", "archive/2019", "key", "key/atom.xml", "key/rss.xml"),
        *("news", "news/index.html", "pictures", "stories", "stories/index.html"),
    ]


def test_a_folder_that_was_removed_can_be_put_into_again(public: Path) -> None:
    with Folder(public) as target:
        target.put("topics/t/atom.xml", b"1")
        target.remove_others(set())
        target.put("topics/t/atom.xml", b"2")
    assert files(public) == {"topics/t/atom.xml": b"2"}


def test_what_a_killed_publish_left_goes_too(public: Path) -> None:
    filled(public, ["stories/gone/.index.html.feed-part", "index.html", ".index.html.feed-part"])
    with Folder(public) as target:
        assert target.remove_others({"index.html"}) == 2
    assert files(public) == {"index.html": b"x"}
    assert [path.name for path in public.iterdir()] == ["index.html"]


def test_nothing_is_removed_through_a_symbolic_link(public: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    filled(outside, ["index.html", "a/index.html", "a/atom.xml"])
    public.mkdir()
    (public / "stories").symlink_to(outside)
    (public / "topics").mkdir()
    (public / "topics" / "t").symlink_to(outside / "a")
    (public / "index.html").symlink_to(outside / "index.html")
    with Folder(public) as target:
        assert target.remove_others(set()) == 0
    assert sorted(files(outside)) == ["a/atom.xml", "a/index.html", "index.html"]
    assert all((public / path).is_symlink() for path in ("stories", "topics/t", "index.html"))


def test_what_points_goes_before_what_it_points_at(public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(public, LAYOUT)
    removed: list[str] = []
    unlink = Path.unlink

    def recorded(file: Path, missing_ok: bool = False) -> None:
        removed.append(file.relative_to(public).as_posix())
        unlink(file, missing_ok)

    monkeypatch.setattr(Path, "unlink", recorded)
    with Folder(public) as target:
        target.remove_others({path for path in LAYOUT if not path.startswith(("stories/", "index", "archive", "atom"))})
    assert removed == [
        *("atom.xml", "stories/a-1/atom.xml", "stories/a-1/feed.json", "stories/a-1/rss.xml"),
        *("archive/atom-00001.xml", "archive/feed-100000.json", "stories/a-1/archive/atom-00001.xml"),
        *("index.html", "stories/index.html", "stories/a-1/fragment.html", "stories/a-1/index.html"),
    ]


def test_a_publish_lists_no_folder(public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def listed(*_: object) -> None:
        raise AssertionError("a folder of ten thousand stories would be listed")

    for name in ("listdir", "scandir"):
        monkeypatch.setattr(os, name, listed)
    with Folder(public) as target:
        target.put("stories/index.html", b"1")
        target.finish(PUBLISHED)
    monkeypatch.undo()
    assert sorted(files(public)) == ["publish.json", "stories/index.html"]
