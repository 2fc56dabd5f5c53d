"""The published folder as a snapshot in memory, taken anew when a publish has finished."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from feed.serve.headers import policy
from feed.site.addresses import is_feed
from feed.site.folder import RECORD, Published, at_rest, is_path

# What a file costs in memory before its content is kept; measured with 60,000 files.
FILE_BYTES = 900
# A file larger than this part of the budget stays on disk, or it would put out all others.
_LARGEST = 8
# Room is made by more than is needed, or it would be made at every publish.
_ROOM = 0.9
# A folder may change once more within the tick of the clock that stamps it: as long it is looked at again.
_SETTLED_NS = 1_000_000_000

_SAFELY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


class Signature(NamedTuple):
    """What is another after a file was replaced."""

    modified: int
    size: int
    number: int


class Known(NamedTuple):
    """What is known of a file's bytes: whose they were, their hash as in an entity tag, their page's policy."""

    signature: Signature
    digest: str
    policy: str


class File:
    """A file of the folder. `content` is None where it is to be read from the disk; `known` then holds what was
    learned when it was last read, None before."""

    __slots__ = ("content", "known", "path", "signature")

    def __init__(self, path: str, signature: Signature) -> None:
        self.path = path
        self.signature = signature
        self.content: bytes | None = None
        self.known: Known | None = None

    def learn(self, signature: Signature, chunks: Iterable[bytes]) -> Known:
        """What is known from now on of the file, whose content this is. The hash is of 128 bits of SHA-256."""
        hashed = hashlib.sha256()
        beginning = b""
        for chunk in chunks:
            hashed.update(chunk)
            beginning = beginning or chunk
        digest = base64.urlsafe_b64encode(hashed.digest()[:16]).rstrip(b"=").decode()
        self.known = known = Known(signature, digest, sys.intern(policy(self.path, beginning)))
        return known


class Snapshot(NamedTuple):
    """One finished publish: its files by path, and its record, None before the first."""

    files: dict[str, File]
    published: Published | None


class _Listing(NamedTuple):
    """What a folder held when its modification time was `modified`, which is 0 where it may change unnoticed."""

    modified: int
    files: dict[str, File]
    folders: tuple[str, ...]


class Shelf:
    """Holds the newest snapshot, and takes a newer one up.

    `memory` is the budget in bytes of all contents that are kept. A snapshot is never changed but by giving up a
    content, which is then served from the disk; whoever has taken it goes on with it.
    """

    def __init__(self, folder: Path, memory: int) -> None:
        self.snapshot = Snapshot({}, None)
        self.problem = ""
        self._root = folder
        self._memory = memory
        self._record: Signature | None = None
        self._listings: dict[str, _Listing] = {}

    def is_stale(self) -> bool:
        """Whether a publish has finished since the snapshot was taken. Costs one look at one file."""
        return self._look() != self._record

    def refresh(self) -> bool:
        """Takes up the publish that has finished last; False, and nothing changes, while another is at work."""
        with at_rest(self._root) as resting:
            if not resting:
                return False
            record = self._look()
            if record is None:
                # Without a record nothing says that what stands there is whole.
                self.snapshot, self._record, self._listings = Snapshot({}, None), None, {}
                return True
            listings: dict[str, _Listing] = {}
            files, fresh = self._walk(listings)
            self._keep(files, fresh)
            published = self._published(files)
        self._record, self._listings = record, listings
        self.snapshot = Snapshot(files, published)
        return True

    def open(self, path: str) -> tuple[int, Signature]:
        """An open regular file inside the folder, to be closed; no part of its path is a link. Raises OSError."""
        *folders, name = path.split("/")
        # A path as a whole would be followed through links that came after the snapshot.
        at = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for folder in folders:
                at, above = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _SAFELY, dir_fd=at), at
                os.close(above)
            number = os.open(name, os.O_RDONLY | _SAFELY, dir_fd=at)
        finally:
            os.close(at)
        found = os.fstat(number)
        if not stat.S_ISREG(found.st_mode):
            os.close(number)
            raise FileNotFoundError(path)
        return number, _signature(found)

    def read(self, path: str) -> tuple[bytes, Signature]:
        """A whole file. Raises OSError."""
        number, signature = self.open(path)
        with os.fdopen(number, "rb") as stream:
            return stream.read(), signature

    def _look(self) -> Signature | None:
        try:
            return _signature((self._root / RECORD).lstat())
        except OSError:
            return None

    def _published(self, files: dict[str, File]) -> Published | None:
        file = files.get(RECORD)
        if file is None:
            return None
        try:
            return msgspec.json.decode(file.content or self.read(RECORD)[0], type=Published)
        except (OSError, ValueError, RecursionError):
            return None

    def _walk(self, listings: dict[str, _Listing]) -> tuple[dict[str, File], list[File]]:
        """All files, and those of them that are new or changed; fills the listings."""
        files: dict[str, File] = {}
        fresh: list[File] = []
        waiting = [""]
        while waiting:
            inside = waiting.pop()
            listing = self._listed(inside, fresh)
            if listing is None:
                continue
            listings[inside] = listing
            files.update((file.path, file) for file in listing.files.values())
            waiting.extend(f"{inside}{name}/" for name in listing.folders)
        return files, fresh

    def _listed(self, inside: str, fresh: list[File]) -> _Listing | None:
        """What a folder holds; not listed again while it has not changed, as files are replaced by renaming."""
        folder = self._root / inside
        try:
            modified = folder.stat().st_mtime_ns
            before = self._listings.get(inside)
            if before is not None and before.modified == modified:
                return before
            if time.time_ns() - modified < _SETTLED_NS:
                modified = 0
            files, folders = {}, []
            for name, found in _entries(folder):
                if stat.S_ISDIR(found.st_mode):
                    folders.append(name)
                    continue
                files[name] = file = self._file(before, inside, name, _signature(found))
                if file.known is None and file.content is None:
                    fresh.append(file)
        except OSError:
            # Removed meanwhile, or not ours to read.
            return None
        return _Listing(modified, files, tuple(folders))

    @staticmethod
    def _file(before: _Listing | None, inside: str, name: str, signature: Signature) -> File:
        known = before.files.get(name) if before else None
        return known if known and known.signature == signature else File(inside + name, signature)

    def _keep(self, files: dict[str, File], fresh: list[File]) -> None:
        """Reads the contents of fresh files, as far as there is room or room can be made."""
        budget = max(self._memory - FILE_BYTES * len(files), 0)
        largest = budget // _LARGEST
        fresh = [file for file in fresh if file.signature.size <= largest]
        used = sum(len(file.content) for file in files.values() if file.content is not None)
        if used + sum(file.signature.size for file in fresh) > budget:
            fresh = _within(files, fresh, int(budget * _ROOM))
        for file in fresh:
            try:
                content, signature = self.read(file.path)
            except OSError:
                # Served from the disk it will be answered as it then is.
                continue
            file.signature = signature
            file.learn(signature, (content,))
            file.content = content


def _within(files: dict[str, File], fresh: list[File], budget: int) -> list[File]:
    """Those of the fresh files that are worth keeping most; the contents of kept ones that are worth less go."""
    ready = {id(file) for file in fresh}
    kept = [file for file in files.values() if file.content is not None or id(file) in ready]
    kept.sort(key=_worth)
    used = 0
    chosen = []
    for file in kept:
        if used + file.signature.size > budget:
            file.content = None
            continue
        used += file.signature.size
        if id(file) in ready:
            chosen.append(file)
    return chosen


def _worth(file: File) -> tuple[int, int]:
    """Sorts what is asked for most before the rest: the site's feeds, what stands near the top, other feeds; of these
    what changed last."""
    path = file.path
    depth = path.count("/")
    rank = (depth if is_feed(path) else 2 + depth) if depth < 2 else 4 if is_feed(path) else 5
    return rank, -file.signature.modified


def _entries(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """The regular files and folders, no links among them, whose names can be in what is published."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if not is_path(entry.name):
                continue
            try:
                found = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode):
                yield entry.name, found


def _signature(found: os.stat_result) -> Signature:
    return Signature(found.st_mtime_ns, found.st_size, found.st_ino)
