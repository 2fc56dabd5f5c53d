"""The templates and the files that pages load: those that ship, each overridden by a newsroom's own of the same name.

A newsroom's template reaches the one that it overrides as "shipped/NAME", to extend or include it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feed.errors import PublishError
from feed.site import prose
from feed.site.folder import is_path

if TYPE_CHECKING:
    from jinja2 import Environment

STATIC = "static"
_PACKAGE = Path(__file__).parent


class Theme:
    """`folder` holds what overrides; in it, a folder `static` what is published beside or in place of feed.css and
    feed.js. Everything raises PublishError where the folder or a template in it cannot be used."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        if folder is not None and not folder.is_dir():
            raise PublishError(folder, "there is no such folder: make it, or take publish.theme out of feed.toml")

    def render(self, template: str, **values: Any) -> str:
        """A page, or a part of one, as HTML without what HTML forbids."""
        from jinja2 import TemplateError

        try:
            return prose.legal(_environment(self._folder).get_template(template).render(values))
        except TemplateError as error:
            if self._folder is None:
                raise
            raise PublishError(self._folder, f"{_place(error, template)}: mend it, or take it away") from error

    def static(self) -> Iterator[tuple[str, bytes]]:
        """The files that pages load, with their paths in the site."""
        files = {file.name: file for file in self._static_files()}
        for name, file in sorted(files.items()):
            path = f"{STATIC}/{name}"
            if not is_path(path):
                raise PublishError(file, "cannot be published by that name: use ASCII letters, digits, '.', '_', '-'")
            yield path, self._read(file)

    def digest(self) -> bytes:
        """Changes when a file of the newsroom's own does."""
        digest = hashlib.sha256()
        files = sorted(self._folder.rglob("*")) if self._folder else ()
        for file in files:
            if self._folder and file.is_file():
                digest.update(file.relative_to(self._folder).as_posix().encode() + b"\0" + self._read(file))
        return digest.digest()

    def _static_files(self) -> Iterator[Path]:
        """The shipped ones first, so that a newsroom's take their places."""
        for folder in (_PACKAGE, self._folder):
            static = folder / STATIC if folder else None
            if static is not None and static.is_dir():
                yield from (file for file in static.iterdir() if file.is_file())

    def _read(self, file: Path) -> bytes:
        try:
            return file.read_bytes()
        except OSError as error:
            raise PublishError(file, f"cannot be read ({error.strerror}): allow this user to read it") from None


def _place(error: Exception, template: str) -> str:
    """Where a template is wrong, and how."""
    line = getattr(error, "lineno", None)
    where = getattr(error, "name", None) or template
    return f"{where}{f', line {line}' if line else ''}: {error}"


@lru_cache(maxsize=8)
def _environment(folder: Path | None) -> Environment:
    from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader, StrictUndefined

    shipped = PackageLoader("feed.site")
    own = [FileSystemLoader(folder)] if folder else []
    return Environment(
        loader=ChoiceLoader([*own, shipped, PrefixLoader({"shipped": shipped})]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
