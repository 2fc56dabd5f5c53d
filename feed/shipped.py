"""What comes with the program beside its code: the settings' template and the migrations."""

from __future__ import annotations

from pathlib import Path

SETTINGS_FILE = "feed.toml"


def default_text() -> str:
    """The template that `feed init` fills in: TOML with a comment for every key."""
    return (shipped("config") / SETTINGS_FILE).read_text(encoding="utf-8")


def shipped(name: str) -> Path:
    """The folder `name` that comes with the program: inside the package (wheel) or beside it (checkout)."""
    package = Path(__file__).parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name


def example(key: str) -> str:
    """The line of the template that sets `key`; no two sections have a key in common."""
    lines = (line.removeprefix("# ") for line in default_text().splitlines())
    return next(line for line in lines if line.startswith(f"{key} = "))
