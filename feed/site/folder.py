"""The folder that a publish writes into (publishing.md section 5).

A file is on disk, its name as well as its content, before `put` returns. So whoever puts what is pointed at before
what points at it keeps that order through kills and power cuts, and no later step has to be waited for.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Annotated, Self

import msgspec
from filelock import FileLock, Timeout

from feed.errors import PublishError

RECORD = "publish.json"
WAIT_SECONDS = 30.0

_SECOND = 1_000_000_000
_OF_TEMPORARY = re.compile(r"(^|/)\.([^/]+)\.feed-part$")

_PATH = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*")

# The table of publishing.md section 1, without what every publish writes.
_NAME = r"[a-z0-9-]+"
_FEED = r"atom\.xml|rss\.xml|feed\.json"
_PAGE = r"(?:index|part-[0-9]{5,})\.html"
_ARCHIVE = r"archive/(?:atom-[0-9]{5,}\.xml|feed-[0-9]{5,}\.json)"
_LAYOUT_FILE = re.compile(
    rf"index\.html|feeds\.opml|stories\.opml|sitemap\.xml|sitemap-[0-9]{{5,}}\.xml|{_FEED}|{_ARCHIVE}"
    rf"|stories/{_PAGE}|stories/{_NAME}/(?:{_PAGE}|oldest\.html|oldest-[0-9]{{5,}}\.html|fragment\.html|{_FEED}|{_ARCHIVE})"
    rf"|topics/{_NAME}/(?:index\.html|{_FEED})|corrections/(?:{_PAGE}|{_FEED})|key/(?:{_FEED})"
    r"|static/(?:feed\.css|feed\.js|icon\.svg)"
)
_LAYOUT_FOLDER = re.compile(
    rf"archive|stories|stories/{_NAME}(?:/archive)?|topics|topics/{_NAME}|corrections|key|static"
)

_MAKE_ROOM = "make room there, then publish again"
_ELSEWHERE = "name another folder (publish.folder in feed.toml, or --out)"
_IN_THE_WAY = f"a file stands where a folder should be: move it away, or {_ELSEWHERE}"
_ALLOW = f"give this user the right to write there, or {_ELSEWHERE}"
_ADVICE = {
    errno.ENOSPC: _MAKE_ROOM,
    errno.EDQUOT: _MAKE_ROOM,
    errno.EFBIG: "raise the limit on the size of files (ulimit -f), then publish again",
    errno.EACCES: _ALLOW,
    errno.EPERM: _ALLOW,
    errno.EROFS: _ELSEWHERE,
    errno.EEXIST: _IN_THE_WAY,
    errno.ENOTDIR: _IN_THE_WAY,
}


class Published(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `publish.json` says of the last publish that was finished: the log's origin, the position of its
    snapshot with the hex leaf of the event there, and the fingerprint of settings, templates and program."""

    origin: str
    position: Annotated[int, msgspec.Meta(ge=0)]
    fingerprint: str
    leaf: str = ""


class Folder:
    """The folder as a target, put into inside `with`, which holds the lock against a second publisher; everything
    raises PublishError. `files_written` and `files_unchanged` count what was put."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files_written = 0
        self.files_unchanged = 0
        # Two names of one folder (a link, a relative path) must meet at one lock.
        self._root = Path(os.path.realpath(folder))
        # A lock of the soft kind would outlive a killed publisher.
        self._lock = FileLock(_lock_of(self._root), fallback_to_soft=False)
        self._entered: set[Path] = set()

    def __enter__(self) -> Self:
        """Makes the folder where it is missing, and waits `WAIT_SECONDS` for another publisher to finish."""
        with self._in_words("the folder cannot be used"):
            _make(self._root)
        with self._in_words(f"the lock {self._lock.lock_file} cannot be taken"):
            self._take_lock()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, traceback: TracebackType | None) -> None:
        self._lock.release()
        # What stands in the folder when it is locked again is another publisher's work.
        self._entered.clear()

    def published(self) -> Published | None:
        """The last publish that was finished; None where no record, or none that is whole, says so. Needs no lock."""
        with self._in_words(f"{RECORD} cannot be read"):
            file = self._root / RECORD
            if not self._standing(RECORD, file):
                return None
            content = file.read_bytes()
        try:
            return msgspec.json.decode(content, type=Published)
        except (ValueError, RecursionError):
            return None

    def put(self, path: str, content: bytes) -> bool:
        """Brings `content` to `path` (relative, parts apart by "/"); False where it stood there already.

        A changed file is replaced at once, its old modification time exceeded by a second or more.
        """
        with self._in_words(f"{path} cannot be written"):
            file = self._place(path)
            _temporary(file).unlink(missing_ok=True)
            old = self._standing(path, file)
            if old and _holds(file, old, content):
                self.files_unchanged += 1
                return False
            _replace(file, content, not_before=old.st_mtime_ns + _SECOND if old else 0)
        self.files_written += 1
        return True

    def holds(self, path: str, content: bytes) -> bool:
        """Whether `content` stands at `path` already."""
        with self._in_words(f"{path} cannot be read"):
            file = self._place(path)
            old = self._standing(path, file)
            return old is not None and _holds(file, old, content)

    def finish(self, published: Published) -> None:
        """Says, last of all, what the publish has brought the folder to."""
        self.put(RECORD, msgspec.json.format(msgspec.json.encode(published), indent=2) + b"\n")

    def remove_others(self, kept: Set[str]) -> int:
        """Removes the files of the layout (publishing.md section 1) whose paths are not in `kept`, what killed
        publishes left of such files, and folders of the layout that are empty; returns the number of files.

        To be called when everything in `kept` is put, before `finish`: by then nothing points at what goes.
        """
        with self._in_words("what is published no more cannot be found"):
            found = list(self._others("", kept))
        files = sorted((path for path in found if not path.endswith("/")), key=_pointing_first)
        for path in files:
            self._remove_file(path)
        for path in found:
            if path.endswith("/"):
                self._remove_if_empty(path)
        return len(files)

    def _take_lock(self) -> None:
        try:
            self._lock.acquire(timeout=WAIT_SECONDS)
        except Timeout:
            problem = f"another publish has not finished for {WAIT_SECONDS:g} s: wait for it, then publish again"
            raise PublishError(self.folder, problem) from None

    @contextmanager
    def _in_words(self, what: str) -> Iterator[None]:
        """Turns an error of the operating system into a PublishError."""
        try:
            yield
        except OSError as error:
            advice = _ADVICE.get(error.errno or 0, "publish again when that is repaired")
            raise PublishError(self.folder, f"{what} ({error.strerror or error}): {advice}") from None

    def _place(self, path: str) -> Path:
        """Where `path` is, its folder ready to be written into."""
        if not is_path(path):
            raise PublishError(self.folder, f"{path!r} is no path inside it: join plain ASCII names with '/'")
        *folders, name = path.split("/")
        folder = self._root
        self._enter(folder)
        for part in folders:
            folder = folder / part
            self._enter(folder)
        return folder / name

    def _enter(self, folder: Path) -> None:
        """Makes `folder` where it is missing and, once a publish, brings what it lists to the disk: a publish that
        was killed may have renamed a file there which this one finds unchanged."""
        if folder in self._entered:
            return
        path = folder.relative_to(self._root).as_posix()
        found = self._look(path, folder)
        if found and not stat.S_ISDIR(found.st_mode):
            raise PublishError(self.folder, f"{path} is a file, and a folder should be there: move it away")
        if not found:
            _make(folder)
        _sync(folder)
        self._entered.add(folder)

    def _standing(self, path: str, file: Path) -> os.stat_result | None:
        """The regular file at `path`, None where nothing is."""
        found = self._look(path, file)
        if found and not stat.S_ISREG(found.st_mode):
            raise PublishError(self.folder, f"{path} is no file, and one should be there: move it away")
        return found

    def _look(self, path: str, file: Path) -> os.stat_result | None:
        """What stands at `path`, None where nothing does; a symbolic link is refused, for it may lead out."""
        try:
            found = file.lstat()
        except FileNotFoundError:
            return None
        if stat.S_ISLNK(found.st_mode):
            raise PublishError(self.folder, f"{path} is a symbolic link, and none is followed: remove it")
        return found

    def _others(self, inside: str, kept: Set[str]) -> Iterator[str]:
        """Paths of files to be removed and, each after what is in it, of all folders of the layout, with "/" at the
        end; `inside` is "" or such a folder."""
        for entry in (self._root / inside).iterdir():
            path = inside + entry.name
            if entry.is_symlink():
                continue
            if entry.is_dir():
                if _LAYOUT_FOLDER.fullmatch(path):
                    yield from self._others(f"{path}/", kept)
                    yield f"{path}/"
            elif path not in kept and _LAYOUT_FILE.fullmatch(_OF_TEMPORARY.sub(r"\1\2", path)):
                yield path

    def _remove_file(self, path: str) -> None:
        file = self._root / path
        with self._in_words(f"{path} cannot be removed"):
            file.unlink()
            _sync(file.parent)

    def _remove_if_empty(self, path: str) -> None:
        folder = self._root / path
        with self._in_words(f"{path} cannot be removed"):
            if _removed(folder):
                self._entered.discard(folder)
                _sync(folder.parent)


@contextmanager
def at_rest(folder: Path) -> Iterator[bool]:
    """Keeps publishers out of a folder while it is read: False, and nothing is kept, while one is at work.

    The lock is shared by all who read and needs no right to write; where it cannot be had (none has published yet,
    or the system has no such locks) the folder is read as it stands.
    """
    root = Path(os.path.realpath(folder))
    number = _open_lock(_lock_of(root))
    if number is None:
        yield True
        return
    try:
        yield _shared(number)
    finally:
        os.close(number)


def is_path(path: str) -> bool:
    """Whether a file can be put there: relative, of plain ASCII names, none of them hidden."""
    return _PATH.fullmatch(path) is not None


def _holds(file: Path, found: os.stat_result, content: bytes) -> bool:
    return found.st_size == len(content) and file.read_bytes() == content


def _lock_of(root: Path) -> Path:
    return root.parent / f".{root.name}.lock"


def _open_lock(file: Path) -> int | None:
    try:
        return os.open(file, os.O_RDONLY)
    except OSError:
        return None


def _shared(number: int) -> bool:
    """Takes an open lock for reading; it is released when it is closed."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(number, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # Some network file systems have none.
        return True
    return True


def _removed(folder: Path) -> bool:
    """Removes `folder` if nothing is in it."""
    try:
        folder.rmdir()
    except OSError as error:
        # POSIX allows either for a folder that holds something.
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    return True


def _pointing_first(path: str) -> tuple[bool, bool, int, str]:
    """Sorts what points before what it points at: subscription lists and feeds, archives, pages from the top."""
    return path.endswith(".html"), "archive/" in path, path.count("/"), path


def _temporary(file: Path) -> Path:
    # Not a random name: what a killed publish left is found without listing a folder.
    return file.with_name(f".{file.name}.feed-part")


def _replace(file: Path, content: bytes, *, not_before: int) -> None:
    """Puts `content` in place of `file`; leaves `file` as it was, and nothing beside it, when that fails."""
    temporary = _temporary(file)
    try:
        _write(temporary, content, not_before=not_before)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    _sync(file.parent)


def _write(file: Path, content: bytes, *, not_before: int) -> None:
    """Makes a new file, on disk, whose modification time (in nanoseconds) is now or `not_before` if that is later."""
    # Unlike those of tempfile, a file opened so has the mode that the umask leaves: a web server must read it.
    with file.open("xb") as stream:
        stream.write(content)
        stream.flush()
        if file.stat().st_mtime_ns < not_before:
            os.utime(file, ns=(not_before, not_before))
        os.fsync(stream.fileno())


def _make(folder: Path) -> None:
    """Makes `folder` and what is missing above it, each on disk before the next is made in it."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    """Brings the names in `folder` to the disk."""
    # Windows opens no folders.
    if sys.platform == "win32":
        return
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    except OSError as error:
        # Some network file systems cannot: they keep names by means of their own.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(number)
