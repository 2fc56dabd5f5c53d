"""The published checkpoint, its key and its signature."""

from __future__ import annotations

import hashlib
import stat
import subprocess
from base64 import b64decode, b64encode
from pathlib import Path

import log_fixtures
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from log_fixtures import Office, files_in, fill, story_of

from feed import checkpoint, merkle
from feed.checkpoint import Checkpoint, Verifier
from feed.errors import Invalid

template, office = log_fixtures.template, log_fixtures.office

PRIVATE = bytes(range(32))
FOUND = Checkpoint(origin="example.org/log", size=3, root=b"\x07" * 32)


@pytest.fixture
def filled(office: Office) -> Office:
    fill(office, story_of(4))
    return office


def published(office: Office) -> bytes:
    result = office.run("publish")
    assert result.exit_code == 0, result.output
    return (office.folder / "public/checkpoint").read_bytes()


def root(office: Office) -> bytes:
    with office.newsroom() as newsroom:
        return merkle.root(newsroom.head().frontier)


def test_without_a_key_the_checkpoint_says_origin_size_and_root(filled: Office) -> None:
    ((origin,),) = filled.rows("SELECT origin FROM log_head")
    encoded = b64encode(root(filled)).decode()
    assert published(filled).decode() == f"news.example.org/{origin}\n5\n{encoded}\n\n"


def test_with_a_key_it_is_signed_as_a_signed_note(filled: Office) -> None:
    """By the text of https://c2sp.org/signed-note, without our own code."""
    public_key = filled.run("keygen").stdout.strip()
    text, _, signature = published(filled).decode().partition("\n\n")
    dash, name, encoded = signature.rstrip("\n").split(" ")
    found, key_id, key = public_key.split("+", 2)
    raw = b64decode(key)
    assert (dash, name, raw[:1]) == ("\u2014", found, b"\x01")
    assert name == text.split("\n")[0]
    expected_id = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    assert (b64decode(encoded)[:4], key_id) == (expected_id, expected_id.hex())
    Ed25519PublicKey.from_public_bytes(raw[1:]).verify(b64decode(encoded)[4:], text.encode() + b"\n")


def test_the_same_log_and_key_give_the_same_bytes(filled: Office) -> None:
    filled.run("keygen")
    before = published(filled)
    filled.run("publish", "--all")
    assert published(filled) == before


def test_the_key_can_be_read_by_its_owner_only_and_is_never_replaced(filled: Office) -> None:
    filled.run("keygen")
    file = filled.folder / "feed.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    again = filled.run("keygen")
    assert (again.exit_code, again.stderr) == (
        1,
        f"Error: {file}: exists already: feed keygen --public prints its public key\n",
    )
    assert file.read_bytes() == before


def test_the_public_key_can_be_printed_again(filled: Office) -> None:
    assert filled.run("keygen").stdout == filled.run("keygen", "--public").stdout


def test_no_private_key_gets_into_the_database_or_the_published_folder(filled: Office) -> None:
    filled.run("keygen")
    published(filled)
    pem = (filled.folder / "feed.key").read_bytes()
    secret = b64decode(b"".join(pem.splitlines()[1:-1]))[-32:]
    files = files_in(filled.folder)
    del files["feed.key"]
    assert [name for name, content in files.items() if secret in content or pem.splitlines()[1] in content] == []


def test_a_key_inside_the_published_folder_is_refused(filled: Office) -> None:
    config = filled.config.read_text().replace('key = "feed.key"', 'key = "public/feed.key"')
    filled.config.write_text(config)
    (filled.folder / "public").mkdir()
    filled.run("keygen")
    refused = filled.run("publish")
    assert (refused.exit_code, "holds the private key (log.key)" in refused.stderr) == (1, True)
    assert sorted(files_in(filled.folder / "public")) == ["feed.key"]


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\n\n-----END PRIVATE KEY-----\n"])
def test_a_damaged_key_is_told_and_nothing_is_finished(filled: Office, content: bytes) -> None:
    (filled.folder / "feed.key").write_bytes(content)
    refused = filled.run("publish")
    assert (refused.exit_code, "feed.key: holds no Ed25519 key" in refused.stderr) == (1, True)
    assert not (filled.folder / "public/publish.json").exists()


def test_a_missing_key_has_no_public_one(filled: Office) -> None:
    refused = filled.run("keygen", "--public")
    assert refused.stderr == f"Error: {filled.folder / 'feed.key'}: there is no key: make one with feed keygen\n"


def test_what_was_written_is_read_and_its_signature_holds() -> None:
    by = Verifier(name=FOUND.origin, public=checkpoint.public_of(PRIVATE))
    note = checkpoint.read("c", checkpoint.written(FOUND, PRIVATE))
    assert note.checkpoint == FOUND
    assert checkpoint.is_signed(note, by)
    assert checkpoint.verifier(str(by)) == by
    assert not checkpoint.is_signed(checkpoint.read("c", checkpoint.written(FOUND, None)), by)
    other = Verifier(name=FOUND.origin, public=checkpoint.public_of(bytes(32)))
    assert not checkpoint.is_signed(note, other)


def test_a_signature_of_another_text_does_not_hold() -> None:
    by = Verifier(name=FOUND.origin, public=checkpoint.public_of(PRIVATE))
    forged = checkpoint.written(FOUND, PRIVATE).replace(b"\n3\n", b"\n4\n")
    assert not checkpoint.is_signed(checkpoint.read("c", forged), by)


def test_extension_lines_are_signed_and_passed_over() -> None:
    """C2SP tlog-checkpoint allows more lines, which are opaque."""
    text = FOUND.text + b"extension\n"
    by = Verifier(name=FOUND.origin, public=checkpoint.public_of(PRIVATE))
    signature = by.id + Ed25519PrivateKey.from_private_bytes(PRIVATE).sign(text)
    note = checkpoint.read("c", text + f"\n\u2014 {by.name} {b64encode(signature).decode()}\n".encode())
    assert note.checkpoint == FOUND
    assert checkpoint.is_signed(note, by)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"origin\n",
        b"origin\n1\n",
        b"origin\n-1\n" + b64encode(bytes(32)) + b"\n\n",
        b"origin\n01\n" + b64encode(bytes(32)) + b"\n\n",
        b"origin\n\n" + b64encode(bytes(32)) + b"\n\n",
        b"origin\n1\nAAAA\n\n",
        b"origin\n1\n****\n\n",
        b"\n1\n" + b64encode(bytes(32)) + b"\n\n",
        b"origin\n1\n" + b64encode(bytes(32)) + b"\n\nno signature\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(content: bytes) -> None:
    with pytest.raises(Invalid, match="c: is no checkpoint"):
        checkpoint.read("c", content)


@pytest.mark.parametrize(
    "key", ["", "name", "name+00000000+AQ==", "name+zz+" + b64encode(b"\x01" * 33).decode(), "n+1+!"]
)
def test_what_is_no_public_key_is_refused(key: str) -> None:
    with pytest.raises(Invalid, match="is no public key: use what feed keygen --public prints"):
        checkpoint.verifier(key)


def test_a_name_in_a_note_has_no_plus() -> None:
    assert checkpoint.origin("me+news@example.org", "ab") == "me%2Bnews@example.org/ab"


def test_help_does_not_load_the_library_that_signs(filled: Office, tmp_path: Path) -> None:
    program = "from feed import checkpoint, keys\nprint('cryptography' in sys.modules)"
    done = subprocess.run(log_fixtures.python(program), capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == "False\n"
