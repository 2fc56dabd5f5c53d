"""The file that holds the private key: PEM, readable by its owner alone, never part of a database."""

from __future__ import annotations

import os
from pathlib import Path

from feed.checkpoint import public_of
from feed.errors import KeyFileError

PRIVATE_MODE = 0o600


def make(file: Path) -> bytes:
    """Make a new key in `file`, and return the public one. Raises KeyFileError, also if something is there."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_MODE)
    except FileExistsError:
        raise KeyFileError(file, "exists already: feed keygen --public prints its public key") from None
    except OSError as error:
        raise KeyFileError(file, f"cannot be made ({error.strerror}): name another file (log.key)") from None
    with os.fdopen(number, "wb") as stream:
        stream.write(pem)
        stream.flush()
        os.fsync(number)
    return private.public_key().public_bytes_raw()


def private(file: Path) -> bytes | None:
    """The 32-byte private key in `file`, None if there is no such file. Raises KeyFileError."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        pem = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KeyFileError(file, f"cannot be read ({error.strerror}): let its owner publish") from None
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(file, "holds no Ed25519 key: put the right file back, or make a key with feed keygen")
    return key.private_bytes_raw()


def public(file: Path) -> bytes:
    """The public key of the private one in `file`. Raises KeyFileError, also if there is none."""
    key = private(file)
    if key is None:
        raise KeyFileError(file, "there is no key: make one with feed keygen")
    return public_of(key)


def is_private(file: Path) -> bool:
    """Whether nobody but the owner of a file that exists may read it."""
    return file.stat().st_mode & 0o077 == 0
