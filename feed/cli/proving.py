"""The commands that prove the log: a key, and the proof itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feed.cli.desk import Desk, echo_json, pass_desk, progress
from feed.cli.layout import counted, plain
from feed.errors import Invalid, Refused

if TYPE_CHECKING:
    from feed.checkpoint import Verifier
    from feed.verify import Fault, Older, Verdict


@click.command()
@click.option("--public", is_flag=True, help="Only print the public key of the key that is there.")
@pass_desk
def keygen(desk: Desk, public: bool) -> None:
    """Make an Ed25519 key in the file that the settings name (log.key), and print its public key.

    From then on feed publish signs the checkpoint that it writes. Give the public key to those who want to prove,
    with feed verify, that the log only grew. Keep the file out of backups of the database.

    \b
    feed keygen
    feed keygen --public > key.pub
    """
    click.echo(str(desk.newsroom.public_key() if public else desk.newsroom.make_key()))
    if not public:
        click.echo(
            f"made {desk.settings.key_file}, readable by its owner only; the line above is the public key", err=True
        )


@click.command()
@click.option(
    "--against",
    "checkpoints",
    metavar="CHECKPOINT",
    multiple=True,
    help="An older checkpoint that feed publish wrote; repeatable.",
)
@click.option("--key", metavar="PUBKEY", help="The public key that signed the checkpoints, or a file that holds it.")
@click.option("--log-only", is_flag=True, help="Leave out the read tables, which take most of the time.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@pass_desk
def verify(desk: Desk, checkpoints: Sequence[str], key: str | None, log_only: bool, as_json: bool) -> None:
    """Recompute every event's hashes, the tree over them, and the read tables; exit status 1 on any fault.

    Damage, tampering, truncation and lawful erasure are told apart. What the owner of the file has rewritten, or cut
    off, as a whole only an older checkpoint can show: keep some where he cannot reach them.

    \b
    feed verify
    feed verify --against checkpoint-of-may --against checkpoint-of-june --key key.pub
    """
    by = None if key is None else _verifier(key)
    olders = [_older(Path(file), by) for file in checkpoints]
    prove = desk.newsroom.prove if log_only else desk.newsroom.verify
    verdict = prove(olders, progress("verifying"))
    if as_json:
        echo_json(verdict)
    else:
        _say(verdict, olders)
    if verdict.faults:
        found = counted(len(verdict.faults) + verdict.more, "fault")
        raise Refused(f"{found} found: keep the file as it is, and compare it with a backup (feed restore)")


COMMANDS = (keygen, verify)


def _verifier(key: str) -> Verifier:
    from feed import checkpoint

    file = Path(key)
    try:
        return checkpoint.verifier(file.read_text() if file.is_file() else key)
    except UnicodeDecodeError:
        raise Invalid("key", f"{key} holds no public key: use what feed keygen --public prints") from None


def _older(file: Path, by: Verifier | None) -> Older:
    from feed import checkpoint
    from feed.verify import Older

    try:
        note = checkpoint.read(str(file), file.read_bytes())
    except OSError as error:
        raise Invalid("against", f"{file} cannot be read ({error.strerror}): name a checkpoint's file") from None
    return Older(str(file), note.checkpoint, None if by is None else checkpoint.is_signed(note, by))


def _say(verdict: Verdict, olders: Sequence[Older]) -> None:
    click.echo(f"{counted(verdict.size, 'event')}, root {verdict.root}")
    for first, last, erasure in verdict.erased:
        events = f"event {first}" if first == last else f"events {first} to {last}"
        click.echo(f"erased: {events}, by event {erasure}")
    for older in olders:
        if older.name in verdict.agreed:
            unsigned = "; its signature was not checked (--key)" if older.signed is None else ""
            click.echo(f"{older.name}: its {counted(older.checkpoint.size, 'event')} are the first ones here{unsigned}")
    for fault in verdict.faults:
        click.echo(plain(_fault(fault)))
    if verdict.more:
        click.echo(f"and {counted(verdict.more, 'more fault')}")
    if not verdict.faults:
        click.echo("no fault")


def _fault(fault: Fault) -> str:
    where = "" if fault.position is None else f"event {fault.position}: "
    return f"{fault.kind}: {where}{fault.problem}"
