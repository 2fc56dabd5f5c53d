"""The signed head of the log, as a C2SP tlog-checkpoint: a signed note of origin, size and root hash.

Formats: https://c2sp.org/tlog-checkpoint and https://c2sp.org/signed-note. Signatures are Ed25519 (RFC 8032),
which gives the same signature for the same text every time.
"""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64decode, b64encode

from msgspec import Struct

from feed.errors import Invalid

KEY_BYTES = 32
_ED25519 = b"\x01"
_DASH = "\u2014 "
_FORM = "is no checkpoint: use a file that feed publish wrote (checkpoint), unaltered"


class Checkpoint(Struct, frozen=True, kw_only=True):
    """What a log was: its first `size` events have this 32-byte `root`. `origin` ends in "/" and the log's own."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> bytes:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n".encode()


class Verifier(Struct, frozen=True, kw_only=True):
    """A public key with the name that it signs under."""

    name: str
    public: bytes

    def __str__(self) -> str:
        """The key as C2SP writes it: name, key id and key, joined by "+"."""
        return f"{self.name}+{self.id.hex()}+{b64encode(_ED25519 + self.public).decode()}"

    @property
    def id(self) -> bytes:
        """The 4 bytes by which a signature names its key."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]


class Note(Struct, frozen=True, kw_only=True):
    """A checkpoint as it was read, with its signatures: name, and key id followed by signature."""

    checkpoint: Checkpoint
    text: bytes
    signatures: tuple[tuple[str, bytes], ...]


def origin(authority: str, log_origin: str) -> str:
    """The name of a log, and of its key: no "+" and no space, as both mean something in a note."""
    return f"{authority.replace('+', '%2B')}/{log_origin}"


def public_of(private: bytes) -> bytes:
    """The public key of a 32-byte private one."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def written(checkpoint: Checkpoint, private: bytes | None) -> bytes:
    """The checkpoint as it is published; unsigned without a private key."""
    if private is None:
        return checkpoint.text + b"\n"
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    verifier = Verifier(name=checkpoint.origin, public=public_of(private))
    signature = Ed25519PrivateKey.from_private_bytes(private).sign(checkpoint.text)
    line = f"{_DASH}{verifier.name} {b64encode(verifier.id + signature).decode()}\n"
    return checkpoint.text + b"\n" + line.encode()


def read(name: str, content: bytes) -> Note:
    """A checkpoint as it was published; `name` is what messages call it. Raises Invalid."""
    try:
        text, _, lines = content.decode().partition("\n\n")
        origin, size, root, *_extensions = text.split("\n")
        checkpoint = Checkpoint(origin=origin, size=_size(size), root=b64decode(root, validate=True))
        signatures = tuple(_signature(line) for line in lines.splitlines())
    except ValueError:
        raise Invalid(name, _FORM) from None
    if not origin or len(checkpoint.root) != KEY_BYTES:
        raise Invalid(name, _FORM)
    return Note(checkpoint=checkpoint, text=f"{text}\n".encode(), signatures=signatures)


def verifier(text: str) -> Verifier:
    """A public key as feed keygen prints it. Raises Invalid."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        key = b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    found = Verifier(name=name, public=key[1:])
    if key[:1] != _ED25519 or len(found.public) != KEY_BYTES or found.id.hex() != key_id or not name:
        raise Invalid("key", f"{text.strip()[:200]!r} is no public key: use what feed keygen --public prints")
    return found


def is_signed(note: Note, by: Verifier) -> bool:
    """Whether the key has signed the note."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    public = Ed25519PublicKey.from_public_bytes(by.public)
    for name, signature in note.signatures:
        if name == by.name and signature[:4] == by.id:
            try:
                public.verify(signature[4:], note.text)
            except InvalidSignature:
                return False
            return True
    return False


def _size(digits: str) -> int:
    if not (digits.isascii() and digits.isdigit()) or (digits[0] == "0" and digits != "0"):
        raise ValueError(digits)
    return int(digits)


def _signature(line: str) -> tuple[str, bytes]:
    dash, name, encoded = line.split(" ")
    if dash != _DASH.strip():
        raise ValueError(line)
    return name, b64decode(encoded, validate=True)
