"""The published checkpoint: by which anyone can later tell that the log only grew."""

from __future__ import annotations

from feed import checkpoint, keys, log, merkle
from feed.settings import Settings

CHECKPOINT = "checkpoint"


def signed_head(head: log.Head, settings: Settings) -> bytes:
    """Where the log stands, signed where there is a key. Raises KeyFileError."""
    origin = checkpoint.origin(settings.site.authority, head.origin)
    found = checkpoint.Checkpoint(origin=origin, size=head.size, root=merkle.root(head.frontier))
    return checkpoint.written(found, keys.private(settings.key_file))
